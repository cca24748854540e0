/* The team that runs plans, on plain memory: what one step writes the next one reads on other threads, two callers take turns, a third thread sets a flag.
 * Says nothing of its own; ThreadSanitizer does when an order is missing. */
#include "executor.h"
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { tasks = 37, steps = 9, runs = 300, scratch_bytes = 4096, most_threads = 4 };

typedef struct {
    const float *x;
    float *y;
} step_arguments;

static opsin_team *team;
static opsin_stop stop;

/* Every value depends on all of the step before. */
static void mean_plus_one(const void *arguments, size_t first, size_t last, void *scratch) {
    const step_arguments *a = arguments;
    memset(scratch, 1, 64);
    for (size_t i = first; i < last; i++) {
        float sum = 0;
        for (int k = 0; k < tasks; k++) sum += a->x[k];
        a->y[i] = sum / tasks + 1;
    }
}

static void *call(void *wrong) {
    static _Alignas(64) char scratches[2][most_threads * scratch_bytes];
    void *scratch = scratches[wrong != NULL];
    float maps[2][tasks];
    opsin_step list[steps];
    step_arguments arguments[steps];
    uint64_t nanoseconds[steps];
    for (int run = 0; run < runs; run++) {
        memset(maps, 0, sizeof maps);
        for (int i = 0; i < steps; i++) {
            arguments[i] = (step_arguments){maps[i % 2], maps[(i + 1) % 2]};
            list[i] = (opsin_step){mean_plus_one, &arguments[i], tasks};
        }
        list[4].tasks = 0, list[5].tasks = 0; /* a step without tasks is passed over */
        opsin_team_run_until(team, run % 3 ? NULL : &stop, list, steps, scratch, scratch_bytes, run % 2 ? nanoseconds : NULL);
        if (run % 3 && maps[steps % 2][0] != steps - 2) puts("executor: a wrong value");
    }
    return NULL;
}

static void *set(void *unused) {
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        opsin_stop_set(&stop);
        sched_yield();
    }
    return NULL;
}

int main(void) {
    for (uint32_t threads = 1; threads <= most_threads; threads++) {
        team = opsin_team_create(threads);
        if (!team) return 2;
        pthread_t callers[3];
        pthread_create(&callers[0], NULL, call, NULL);
        pthread_create(&callers[1], NULL, call, &callers);
        pthread_create(&callers[2], NULL, set, NULL);
        for (int i = 0; i < 3; i++) pthread_join(callers[i], NULL);
        opsin_team_destroy(team);
    }
    return 0;
}
