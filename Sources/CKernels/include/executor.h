// Runs a list of steps on a team of threads: one wake-up a run, a spinning barrier between steps, nothing allocated and no lock taken.
#pragma once
#include <stddef.h>
#include <stdint.h>

// One kernel call over tasks [first, last) of a step. `scratch` is this thread's own memory of the size that the plan reserved, 64-byte aligned.
typedef void (*opsin_task_fn)(const void *arguments, size_t first, size_t last, void *scratch);

// A step is `tasks` independent pieces of work (row strips, tiles, heads); its arguments are a plain struct of pointers, sizes and strides.
typedef struct {
    opsin_task_fn run;
    const void *arguments;
    size_t tasks;
} opsin_step;

// What ends a run early: not 0 once somebody wants that. Any thread sets it, runs look at it before each step.
typedef uint32_t opsin_stop;
void opsin_stop_set(opsin_stop *stop);
uint32_t opsin_stop_is_set(const opsin_stop *stop);

// A team of threads that sleeps between runs. Several sessions may share one: runs then take turns (try_run says busy instead of queueing).
typedef struct opsin_team opsin_team;

// Makes a team of `threads` (1 to 256), the caller of a run being one of them. NULL when the system gives no thread.
opsin_team *opsin_team_create(uint32_t threads);
void opsin_team_destroy(opsin_team *team);
uint32_t opsin_team_threads(const opsin_team *team);

// Runs the steps in order and returns when the last one is done. `scratch` holds threads x scratch_stride bytes. With `nanoseconds` not NULL,
// nanoseconds[i] gets the wall time of step i. Takes its turn when another run is going on.
void opsin_team_run(opsin_team *team, const opsin_step *steps, size_t count, void *scratch, size_t scratch_stride, uint64_t *nanoseconds);

// The same, but no step is begun once `stop`, which may be NULL, is set.
void opsin_team_run_until(
    opsin_team *team, const opsin_stop *stop, const opsin_step *steps, size_t count, void *scratch, size_t scratch_stride, uint64_t *nanoseconds);
