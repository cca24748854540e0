#include "peak.h"
#include "executor.h"
#include "int8_kernels.h"
#include "kernels.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef double (*peak_fn)(size_t rounds, float *sink);

typedef struct {
    peak_fn run;
    size_t rounds;
    double *operations; // one a task
    const float *bytes; // for reading: tasks x `count` floats
    size_t count;
} peak_arguments;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run_operations(const void *arguments, size_t first, size_t last, void *scratch) {
    const peak_arguments *q = arguments;
    (void)scratch;
    for (size_t i = first; i < last; i++) {
        float sink[16];
        q->operations[i] = q->run(q->rounds, sink);
    }
}

static void read_memory(const void *arguments, size_t first, size_t last, void *scratch) {
    typedef int64_t lanes __attribute__((vector_size(64)));
    const peak_arguments *q = arguments;
    (void)scratch;
    for (size_t i = first; i < last; i++) {
        const lanes *p = (const lanes *)(q->bytes + i * q->count);
        lanes a = {0}, b = {0}, c = {0}, d = {0};
        for (size_t j = 0; j < q->count / 16; j += 4) {
            a ^= p[j];
            b ^= p[j + 1];
            c ^= p[j + 2];
            d ^= p[j + 3];
        }
        a ^= b ^ c ^ d;
        __asm__ volatile("" : : "m"(a));
        q->operations[i] = (double)q->count * sizeof(float);
    }
}

// The best of several runs of one task a thread.
static double measure(uint32_t threads, opsin_task_fn run, peak_arguments arguments) {
    opsin_team *team = opsin_team_create(threads);
    double *operations = calloc(threads, sizeof *operations);
    double best = 0;
    if (team && operations) {
        arguments.operations = operations;
        const opsin_step step = {run, &arguments, threads};
        for (int repeat = 0; repeat < 8; repeat++) {
            const double begin = now();
            opsin_team_run(team, &step, 1, NULL, 0, NULL);
            const double seconds = now() - begin;
            double sum = 0;
            for (uint32_t i = 0; i < threads; i++) sum += operations[i];
            if (seconds > 0 && sum / seconds > best) best = sum / seconds;
        }
    }
    free(operations);
    opsin_team_destroy(team);
    return best;
}

double opsin_peak_fp32(opsin_isa isa, uint32_t threads) {
    peak_fn run = peak_fma_generic;
#if defined(__x86_64__)
    if (isa == OPSIN_ISA_AVX512) run = peak_fma_avx512;
    if (isa == OPSIN_ISA_AVX2) run = peak_fma_avx2;
#elif defined(__aarch64__)
    if (isa == OPSIN_ISA_NEON) run = peak_fma_neon;
#endif
    return measure(threads, run_operations, (peak_arguments){.run = run, .rounds = 200000});
}

double opsin_peak_bf16(uint32_t threads) {
#if defined(__x86_64__)
    if (opsin_cpu_detect().avx512_bf16) return measure(threads, run_operations, (peak_arguments){.run = peak_dot_avx512_bf16, .rounds = 200000});
#endif
    (void)threads;
    return 0;
}

double opsin_peak_int8(opsin_isa isa, uint32_t threads) {
    peak_fn run = int8_peak_generic;
    switch (opsin_int8_best(isa)) {
#if defined(__x86_64__)
    case OPSIN_INT8_AMX: run = int8_peak_amx; break;
    case OPSIN_INT8_AVX512_VNNI: run = int8_peak_avx512_vnni; break;
    case OPSIN_INT8_AVX_VNNI: run = int8_peak_avx_vnni; break;
    case OPSIN_INT8_AVX2: run = int8_peak_avx2; break;
#elif defined(__aarch64__)
    case OPSIN_INT8_NEON_DOT: run = int8_peak_neon_dot; break;
    case OPSIN_INT8_NEON: run = int8_peak_neon; break;
#endif
    default: break;
    }
    return measure(threads, run_operations, (peak_arguments){.run = run, .rounds = 200000});
}

double opsin_peak_read(uint32_t threads) {
    const size_t count = (64u << 20) / sizeof(float);
    float *bytes = aligned_alloc(64, threads * count * sizeof(float));
    if (!bytes) return 0;
    memset(bytes, 1, threads * count * sizeof(float));
    const double best = measure(threads, read_memory, (peak_arguments){.bytes = bytes, .count = count});
    free(bytes);
    return best;
}
