// The team: each task of each step once, steps in their order, on one to three threads.
#include "check.h"
#include <stdatomic.h>

enum { steps = 12, runs = 60 };

typedef struct {
    _Atomic uint32_t *open;  // the step that runs, 0 before any
    _Atomic uint32_t *wrong; // what was out of order
    _Atomic uint32_t counts[64];
    uint32_t index, tasks;
} counted;

// Counts its tasks. A task that runs when a later step has begun is wrong, and so is scratch that another thread has written.
static void count_tasks(const void *arguments, size_t first, size_t last, void *scratch) {
    counted *c = (counted *)(uintptr_t)arguments;
    *(uint32_t *)scratch = c->index; // each thread has memory of its own
    for (size_t i = first; i < last; i++) {
        atomic_fetch_add_explicit(&c->counts[i], 1, memory_order_relaxed);
        uint32_t before = atomic_load_explicit(c->open, memory_order_relaxed);
        if (before > c->index) atomic_fetch_add(c->wrong, 1);
        while (before < c->index && !atomic_compare_exchange_weak(c->open, &before, c->index)) {}
    }
    if (*(uint32_t *)scratch != c->index) atomic_fetch_add(c->wrong, 1);
}

void check_executor(void) {
    static const uint32_t sizes[] = {1, 2, 3, 5, 0, 7, 12, 13, 31, 64};
    for (uint32_t threads = 1; threads <= 3; threads++) {
        opsin_team *team = opsin_team_create(threads);
        if (!team) {
            verdict(false, "no team of %u threads", threads);
            return;
        }
        _Alignas(64) static char scratch[3 * 64];
        for (uint32_t round = 0; round < runs; round++) {
            static counted pieces[steps];
            static opsin_step list[steps];
            _Atomic uint32_t open = 0, wrong = 0;
            uint64_t nanoseconds[steps];
            for (uint32_t i = 0; i < steps; i++) {
                pieces[i] = (counted){.open = &open, .wrong = &wrong, .index = i, .tasks = sizes[(i + round) % 10]};
                list[i] = (opsin_step){count_tasks, &pieces[i], pieces[i].tasks};
            }
            opsin_team_run(team, list, steps, scratch, 64, round % 2 ? nanoseconds : NULL);
            uint32_t bad = atomic_load(&wrong);
            for (uint32_t i = 0; i < steps; i++) {
                for (uint32_t t = 0; t < 64; t++) bad += atomic_load(&pieces[i].counts[t]) != (t < pieces[i].tasks);
            }
            verdict(bad == 0, "executor, %u threads, run %u: %u tasks missing, doubled or out of order", threads, round, bad);
        }
        verdict(opsin_team_threads(team) == threads, "a team of %u threads says %u", threads, opsin_team_threads(team));
        opsin_team_destroy(team);
    }
}
