#include "executor.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    spins_in_barrier = 4000,   // about 40 us of pauses: longer than any step's imbalance while nobody else uses the cores
    spins_before_park = 20000, // about 200 us: back-to-back runs find the team awake
    cache_line = 128,          // two lines, because prefetchers fetch pairs
};

struct opsin_team {
    // Read-mostly: the run that is going on.
    const opsin_step *steps;
    size_t count;
    char *scratch;
    size_t scratch_stride;
    uint64_t *nanoseconds;
    uint32_t threads;
    pid_t owner;
    bool stop;
    pthread_mutex_t turn;
    pthread_t *handles;

    // A futex word each, on lines of their own: which run (generation) and which step (phase) may go on, and who sleeps there.
    _Alignas(cache_line) _Atomic uint32_t generation;
    _Atomic uint32_t parked;
    _Alignas(cache_line) _Atomic uint32_t phase;
    _Atomic uint32_t sleepers;
    _Alignas(cache_line) _Atomic uint32_t arrived;
};

typedef struct {
    opsin_team *team;
    uint32_t index;
} worker_start;

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void futex_wait(_Atomic uint32_t *word, uint32_t seen) { syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0); }
static void futex_wake_all(_Atomic uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }

// Waits until `word` is no longer `seen`: pauses first, then sleeps, so that two teams on the same cores do not burn each other's time.
static void wait_for_change(_Atomic uint32_t *word, uint32_t seen, _Atomic uint32_t *waiting, int spins) {
    for (int i = 0; i < spins; i++) {
        if (atomic_load_explicit(word, memory_order_acquire) != seen) return;
        relax();
    }
    atomic_fetch_add(waiting, 1);
    while (atomic_load(word) == seen) futex_wait(word, seen);
    atomic_fetch_sub(waiting, 1);
}

static void change(_Atomic uint32_t *word, _Atomic uint32_t *waiting) {
    atomic_fetch_add(word, 1); // sequentially consistent, like the waiter's increment and check: one of both sees the other
    if (atomic_load(waiting)) futex_wake_all(word);
}

static void barrier(opsin_team *team) {
    const uint32_t phase = atomic_load_explicit(&team->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1 == team->threads) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        change(&team->phase, &team->sleepers);
    } else {
        wait_for_change(&team->phase, phase, &team->sleepers, spins_in_barrier);
    }
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Walks the list as thread `index`: its share of a step is one contiguous range.
static void walk(opsin_team *team, uint32_t index) {
    // Copies: after the last barrier the next run may already be writing the team's fields.
    const opsin_step *steps = team->steps;
    const size_t count = team->count, threads = team->threads;
    void *scratch = team->scratch + index * team->scratch_stride;
    uint64_t *nanoseconds = index == 0 ? team->nanoseconds : NULL;
    uint64_t begin = nanoseconds ? now() : 0;
    for (size_t i = 0; i < count; i++) {
        const opsin_step *step = &steps[i];
        const size_t first = step->tasks * index / threads, last = step->tasks * (index + 1) / threads;
        if (first < last) step->run(step->arguments, first, last, scratch);
        barrier(team);
        if (nanoseconds) {
            const uint64_t end = now();
            nanoseconds[i] = end - begin;
            begin = end;
        }
    }
}

static void *work(void *argument) {
    const worker_start start = *(worker_start *)argument;
    free(argument);
    opsin_team *team = start.team;
    for (uint32_t seen = 0;; seen++) {
        wait_for_change(&team->generation, seen, &team->parked, spins_before_park);
        if (team->stop) return NULL;
        walk(team, start.index);
    }
}

static void dismiss(opsin_team *team, uint32_t started) {
    team->stop = true;
    change(&team->generation, &team->parked);
    for (uint32_t i = 0; i < started; i++) pthread_join(team->handles[i], NULL);
    pthread_mutex_destroy(&team->turn);
    free(team->handles);
    free(team);
}

opsin_team *opsin_team_create(uint32_t threads) {
    if (threads < 1 || threads > 256) return NULL;
    opsin_team *team = aligned_alloc(cache_line, (sizeof(opsin_team) + cache_line - 1) / cache_line * cache_line);
    if (!team) return NULL;
    *team = (opsin_team){.threads = threads, .owner = getpid()};
    pthread_mutex_init(&team->turn, NULL);
    team->handles = calloc(threads, sizeof *team->handles);
    if (!team->handles) {
        dismiss(team, 0);
        return NULL;
    }
    for (uint32_t i = 1; i < threads; i++) {
        worker_start *start = malloc(sizeof *start);
        if (start) *start = (worker_start){team, i};
        if (!start || pthread_create(&team->handles[i - 1], NULL, work, start) != 0) {
            free(start);
            dismiss(team, i - 1);
            return NULL;
        }
    }
    return team;
}

void opsin_team_destroy(opsin_team *team) {
    if (!team) return;
    // After a fork the child has the memory, but not the threads: nobody to join.
    dismiss(team, team->owner == getpid() ? team->threads - 1 : 0);
}

uint32_t opsin_team_threads(const opsin_team *team) { return team->threads; }

// One thread needs no barrier; nor does the child of a fork, which has no team behind it.
static void walk_alone(const opsin_step *steps, size_t count, void *scratch, uint64_t *nanoseconds) {
    for (size_t i = 0; i < count; i++) {
        const uint64_t begin = nanoseconds ? now() : 0;
        if (steps[i].tasks) steps[i].run(steps[i].arguments, 0, steps[i].tasks, scratch);
        if (nanoseconds) nanoseconds[i] = now() - begin;
    }
}

void opsin_team_run(opsin_team *team, const opsin_step *steps, size_t count, void *scratch, size_t scratch_stride, uint64_t *nanoseconds) {
    if (team->threads == 1 || team->owner != getpid()) {
        walk_alone(steps, count, scratch, nanoseconds);
        return;
    }
    pthread_mutex_lock(&team->turn);
    team->steps = steps;
    team->count = count;
    team->scratch = scratch;
    team->scratch_stride = scratch_stride;
    team->nanoseconds = nanoseconds;
    change(&team->generation, &team->parked);
    walk(team, 0);
    pthread_mutex_unlock(&team->turn);
}
