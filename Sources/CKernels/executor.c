#include "executor.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// How a step runs. Its tasks are cut into chunks, a few for each thread. A thread takes its own chunks first, always the same part of the tasks, so that
// what it wrote in one step is in its cache in the next. When the step is not over soon after, it takes chunks of others: a thread that the system has
// put aside holds up at most the chunk it is in. Whoever reports the last chunk opens the next step. All threads watch one word, the epoch, that changes
// with every step and run; a cursor carries the epoch it belongs to, so that a thread that comes late cannot take a chunk of another step.
enum {
    chunks_each = 4,
    pauses_between_looks = 64, // about 1 us, longer than the imbalance of most steps
    pauses_in_run = 4000,      // about 60 us, then sleep: somebody else may need the core more
    pauses_before_park = 20000, // about 300 us: back-to-back runs find the team awake
    cache_line = 128,          // two lines, because prefetchers fetch pairs
};

typedef struct {
    _Alignas(cache_line) _Atomic uint64_t cursor; // epoch << 32 | next chunk << 16 | end of the chunks
} slot;

struct opsin_team {
    uint32_t threads;
    pid_t owner;
    pthread_mutex_t turn;
    pthread_t *handles;
    slot *slots;

    // The run. Written before the epoch that publishes it; read by whoever holds a chunk of it.
    const opsin_step *steps;
    size_t count;
    char *scratch;
    size_t scratch_stride;
    uint64_t *nanoseconds;
    const opsin_stop *until;
    uint64_t step_began;

    // The open step.
    size_t index;
    uint32_t chunks;

    _Alignas(cache_line) _Atomic uint32_t epoch;
    _Atomic uint32_t sleepers;
    _Atomic uint32_t ended; // the epoch in which the last run was over
    _Atomic bool running, stop;
    _Alignas(cache_line) _Atomic uint32_t done; // chunks of the open step
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

static uint64_t read_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t now(void) { return read_clock(CLOCK_MONOTONIC); }

static void sleep_until_change(opsin_team *team, uint32_t seen) {
    atomic_fetch_add(&team->sleepers, 1);
    while (atomic_load(&team->epoch) == seen) syscall(SYS_futex, &team->epoch, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    atomic_fetch_sub(&team->sleepers, 1);
}

// Sequentially consistent, like the sleeper's count and check: one of both sees the other.
static void publish(opsin_team *team) {
    atomic_fetch_add(&team->epoch, 1);
    if (atomic_load(&team->sleepers)) syscall(SYS_futex, &team->epoch, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void opsin_stop_set(opsin_stop *stop) { __atomic_store_n(stop, 1, __ATOMIC_RELAXED); }

uint32_t opsin_stop_is_set(const opsin_stop *stop) { return __atomic_load_n(stop, __ATOMIC_RELAXED); }

// Opens step `next` or the first one after it that has tasks; ends the run after the last one. Nobody holds a chunk.
static void open_step(opsin_team *team, size_t next) {
    while (next < team->count && team->steps[next].tasks == 0) {
        if (team->nanoseconds) team->nanoseconds[next] = 0;
        next++;
    }
    if (team->until && opsin_stop_is_set(team->until)) next = team->count;
    if (next == team->count) {
        atomic_store(&team->running, false);
        atomic_store(&team->ended, atomic_load(&team->epoch) + 1);
        publish(team);
        return;
    }
    const uint64_t epoch = (uint32_t)(atomic_load_explicit(&team->epoch, memory_order_relaxed) + 1);
    const size_t tasks = team->steps[next].tasks, most = (size_t)team->threads * chunks_each;
    const uint64_t chunks = tasks < most ? tasks : most;
    team->index = next;
    team->chunks = (uint32_t)chunks;
    atomic_store_explicit(&team->done, 0, memory_order_relaxed);
    if (team->nanoseconds) team->step_began = now();
    for (uint64_t i = 0; i < team->threads; i++) {
        const uint64_t first = chunks * i / team->threads, end = chunks * (i + 1) / team->threads;
        atomic_store_explicit(&team->slots[i].cursor, epoch << 32 | first << 16 | end, memory_order_release);
    }
    publish(team);
}

// Takes one chunk from a slot; false when it has none of this epoch left.
static bool take(slot *from, uint32_t epoch, uint32_t *chunk) {
    uint64_t cursor = atomic_load_explicit(&from->cursor, memory_order_acquire);
    do {
        *chunk = cursor >> 16 & 0xffff;
        if (cursor >> 32 != epoch || *chunk >= (cursor & 0xffff)) return false;
    } while (!atomic_compare_exchange_weak_explicit(&from->cursor, &cursor, cursor + (1 << 16), memory_order_acquire, memory_order_acquire));
    return true;
}

static void run_chunk(opsin_team *team, uint32_t thread, uint32_t chunk) {
    const opsin_step *step = &team->steps[team->index];
    const size_t first = step->tasks * chunk / team->chunks, last = step->tasks * (chunk + 1) / team->chunks;
    step->run(step->arguments, first, last, team->scratch + thread * team->scratch_stride);
}

// Counts chunks as done; the last of a step opens the next one.
static void report(opsin_team *team, uint32_t count) {
    const uint32_t chunks = team->chunks; // read before the count: afterwards the step may be another
    if (atomic_fetch_add_explicit(&team->done, count, memory_order_acq_rel) + count != chunks) return;
    if (team->nanoseconds) team->nanoseconds[team->index] = now() - team->step_began;
    open_step(team, team->index + 1);
}

// Takes part in the step of `epoch` as far as there is something to do. False when there was nothing at all.
static bool take_part(opsin_team *team, uint32_t thread, uint32_t slot_index, uint32_t epoch) {
    uint32_t chunk, count = 0;
    while (take(&team->slots[slot_index], epoch, &chunk)) {
        run_chunk(team, thread, chunk);
        count++;
    }
    if (count) report(team, count);
    return count > 0;
}

// Works on the step of `epoch` and comes back when the epoch is another one.
static void follow(opsin_team *team, uint32_t thread, uint32_t epoch) {
    take_part(team, thread, thread, epoch);
    for (uint32_t pauses = 0;;) {
        for (int i = 0; i < pauses_between_looks; i++, pauses++) {
            if (atomic_load_explicit(&team->epoch, memory_order_acquire) != epoch) return;
            relax();
        }
        const bool running = atomic_load_explicit(&team->running, memory_order_relaxed);
        for (uint32_t i = 1; running && i < team->threads; i++) {
            if (take_part(team, thread, (thread + i) % team->threads, epoch)) pauses = 0;
        }
        if (pauses >= (running ? pauses_in_run : pauses_before_park)) {
            sleep_until_change(team, epoch);
            return;
        }
    }
}

static void *work(void *argument) {
    const worker_start start = *(worker_start *)argument;
    free(argument);
    opsin_team *team = start.team;
    for (;;) {
        const uint32_t epoch = atomic_load(&team->epoch); // before `stop`, which is set before the last publication
        if (atomic_load(&team->stop)) return NULL;
        follow(team, start.index, epoch);
    }
}

static void dismiss(opsin_team *team, uint32_t started) {
    atomic_store(&team->stop, true);
    if (started) publish(team);
    for (uint32_t i = 0; i < started; i++) pthread_join(team->handles[i], NULL);
    pthread_mutex_destroy(&team->turn);
    free(team->handles);
    free(team->slots);
    free(team);
}

opsin_team *opsin_team_create(uint32_t threads) {
    if (threads < 1 || threads > 256) return NULL;
    opsin_team *team = aligned_alloc(cache_line, (sizeof(opsin_team) + cache_line - 1) / cache_line * cache_line);
    if (!team) return NULL;
    *team = (opsin_team){.threads = threads, .owner = getpid()};
    pthread_mutex_init(&team->turn, NULL);
    team->handles = calloc(threads, sizeof *team->handles);
    team->slots = aligned_alloc(cache_line, threads * sizeof(slot));
    if (!team->handles || !team->slots) {
        dismiss(team, 0);
        return NULL;
    }
    for (uint32_t i = 0; i < threads; i++) atomic_init(&team->slots[i].cursor, 0);
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

// One thread needs no team; nor has the child of a fork one behind it. A step that waits for nobody takes the time that this thread was on a core: on a busy
// machine a step of some milliseconds is otherwise never timed without somebody else's turn in it.
static void walk_alone(const opsin_stop *stop, const opsin_step *steps, size_t count, void *scratch, uint64_t *nanoseconds) {
    for (size_t i = 0; i < count; i++) {
        if (stop && opsin_stop_is_set(stop)) return;
        const uint64_t begin = nanoseconds ? read_clock(CLOCK_THREAD_CPUTIME_ID) : 0;
        if (steps[i].tasks) steps[i].run(steps[i].arguments, 0, steps[i].tasks, scratch);
        if (nanoseconds) nanoseconds[i] = read_clock(CLOCK_THREAD_CPUTIME_ID) - begin;
    }
}

void opsin_team_run(opsin_team *team, const opsin_step *steps, size_t count, void *scratch, size_t scratch_stride, uint64_t *nanoseconds) {
    opsin_team_run_until(team, NULL, steps, count, scratch, scratch_stride, nanoseconds);
}

void opsin_team_run_until(
    opsin_team *team, const opsin_stop *stop, const opsin_step *steps, size_t count, void *scratch, size_t scratch_stride, uint64_t *nanoseconds) {
    if (team->threads == 1 || team->owner != getpid()) {
        walk_alone(stop, steps, count, scratch, nanoseconds);
        return;
    }
    pthread_mutex_lock(&team->turn);
    team->steps = steps;
    team->count = count;
    team->scratch = scratch;
    team->scratch_stride = scratch_stride;
    team->nanoseconds = nanoseconds;
    team->until = stop;
    atomic_store(&team->running, true);
    open_step(team, 0);
    for (;;) {
        // By the published epoch, not by `running`: the next run may not count on while the last publication is still on its way.
        const uint32_t epoch = atomic_load(&team->epoch);
        if (epoch == atomic_load(&team->ended)) break;
        follow(team, 0, epoch);
    }
    pthread_mutex_unlock(&team->turn);
}
