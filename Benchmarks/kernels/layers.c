// Times convolution layers by shape against the FMA peak of the same run, and checks each against a plain loop.
//
//     clang -O2 -D_GNU_SOURCE -ISources/CKernels/include Sources/CKernels/*.c Benchmarks/kernels/layers.c -lpthread -lm -o /tmp/layers
//     /tmp/layers [threads [isa [bf16]]] < layers.txt
//
// A line of input: `conv|dw  height channels outputs kernel stride [count]`.
#include "CKernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static float *room(size_t count) {
    float *p = aligned_alloc(64, (count * 4 + 4096 + 63) / 64 * 64);
    memset(p, 0, count * 4 + 4096);
    return p;
}
static uint32_t state = 1;
static float noise(void) {
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 16777216.0f - 0.5f;
}
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv) {
    const uint32_t threads = argc > 1 ? (uint32_t)atoi(argv[1]) : 1;
    const opsin_cpu_features f = opsin_cpu_detect();
    const opsin_isa isa = argc > 2 ? (opsin_isa)atoi(argv[2]) : f.avx512 ? OPSIN_ISA_AVX512 : f.avx2 ? OPSIN_ISA_AVX2 : OPSIN_ISA_GENERIC;
    const bool bf16 = argc > 3;
    opsin_team *team = opsin_team_create(threads);
    const double peak = bf16 ? opsin_peak_bf16(threads) : opsin_peak_fp32(isa, threads);
    printf("threads %u, isa %d, peak %.1f GFLOP/s, bf16 %.1f GFLOP/s, read %.1f GB/s, cores %u\n", threads, isa, peak * 1e-9,
           opsin_peak_bf16(threads) * 1e-9, opsin_peak_read(threads) * 1e-9, opsin_cpu_available());
    char kind[16];
    unsigned side, c, n, k, s;
    double total = 0, ideal = 0;
    char line[200];
    while (fgets(line, sizeof line, stdin)) {
        unsigned count = 1;
        if (sscanf(line, "%15s %u %u %u %u %u %u", kind, &side, &c, &n, &k, &s, &count) < 6) continue;
        const bool depthwise = kind[0] == 'd';
        const unsigned out = (side + 2 * (k / 2) - k) / s + 1;
        const size_t depth = depthwise ? k * k : (size_t)k * k * c, rows = (size_t)out * out;
        float *x = room((size_t)side * side * c), *y = room(rows * n), *weights = room(depth * n), *bias = room(n + 64), *zeros = room(c + 64);
        for (size_t i = 0; i < (size_t)side * side * c; i++) x[i] = noise();
        for (size_t i = 0; i < depth * n; i++) weights[i] = noise();
        for (size_t i = 0; i < n; i++) bias[i] = noise();
        memset(y, 0xff, rows * n * 4);
        const opsin_window window = {side, side, c, out, out, k, k, s, s, 1, 1, k / 2, k / 2, zeros};
        const opsin_stored_weights stored = {.data = weights, .outputs = n, .inputs = depthwise ? 1 : c, .taps = k * k, .output_stride = depth,
                                             .input_stride = k * k, .tap_stride = 1};
        opsin_gemm_arguments gemm = {.x = x, .y = y, .epilogue = {.bias = bias, .activation = OPSIN_ACTIVATION_RELU}, .rows = rows, .columns = n, .depth = depth};
        opsin_depthwise_conv2d_arguments dw = {.x = x, .y = y, .epilogue = gemm.epilogue, .window = window, .images = 1};
        opsin_step step;
        void *packed;
        char name[64];
        if (depthwise) {
            opsin_depthwise_conv2d_plan(&dw, threads);
            dw.weights = packed = room(k * k * opsin_depthwise_conv2d_padded(n));
            opsin_depthwise_conv2d_pack(&stored, packed);
            step = (opsin_step){opsin_depthwise_conv2d(isa), &dw, opsin_depthwise_conv2d_tasks(&dw)};
            snprintf(name, sizeof name, "%ux%u chunks %u", dw.tile_rows, dw.tile_columns, dw.chunks);
        } else {
            gemm.shape = opsin_gemm_plan(isa, bf16, rows, n, depth, k > 1 || s > 1 ? &window : NULL);
            if (k > 1 || s > 1) gemm.window = window;
            gemm.weights = packed = room(opsin_gemm_packed_bytes(&gemm.shape, n, depth) / 4);
            opsin_gemm_pack(&gemm.shape, &stored, packed);
            step = (opsin_step){opsin_gemm(isa, bf16), &gemm, (size_t)gemm.shape.tiles * gemm.shape.panels};
            snprintf(name, sizeof name, "%ux%u(+%u) tiles %u block %u", gemm.shape.tile_rows, gemm.shape.narrow * gemm.shape.vector, gemm.shape.wider,
                     gemm.shape.tiles, gemm.shape.block_tiles);
        }
        char *scratch = aligned_alloc(64, threads * (1 << 20));
        double best = 1e9;
        const double begin = now();
        for (int repeat = 0; repeat < 2000 && (repeat < 10 || now() - begin < 0.15); repeat++) {
            uint64_t t[1];
            opsin_team_run(team, &step, 1, scratch, 1 << 20, t);
            const double seconds = 1e-9 * (double)t[0];
            if (seconds < best) best = seconds;
        }
        double worst = 0;
        for (int probe = 0; probe < 2000; probe++) {
            const size_t r = probe < 20 ? (size_t)probe % rows : (size_t)(noise() * 0.999 * rows + rows / 2.0) % rows;
            const size_t o = probe < 20 ? n - 1 : (size_t)((noise() + 0.5) * n) % n;
            double sum = bias[o];
            for (unsigned ky = 0; ky < k; ky++) {
                for (unsigned kx = 0; kx < k; kx++) {
                    const int iy = (int)(r / out * s + ky) - (int)(k / 2), ix = (int)(r % out * s + kx) - (int)(k / 2);
                    if (iy < 0 || ix < 0 || iy >= (int)side || ix >= (int)side) continue;
                    const float *p = x + ((size_t)iy * side + (size_t)ix) * c;
                    if (depthwise) sum += (double)p[o] * weights[o * depth + ky * k + kx];
                    else for (unsigned i = 0; i < c; i++) sum += (double)p[i] * weights[o * depth + i * k * k + ky * k + kx];
                }
            }
            const double error = fabs((sum > 0 ? sum : 0) - y[r * n + o]);
            if (!(error <= worst)) worst = error;
        }
        const double flops = 2.0 * (double)rows * n * depth;
        total += best * count;
        ideal += flops / peak * count;
        printf("%-4s %3u %4u->%4u k%u s%u x%-2u %8.1f us %5.1f%%  error %.1e  %s\n", kind, side, c, n, k, s, count, best * 1e6, 100 * flops / best / peak, worst, name);
        free(x); free(y); free(weights); free(bias); free(zeros); free(packed); free(scratch);
    }
    printf("total %.3f ms, at peak %.3f ms\n", total * 1e3, ideal * 1e3);
    opsin_team_destroy(team);
    return 0;
}
