#include "gemm.h"
#include "kernels.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
static bool works;
static pthread_once_t tried = PTHREAD_ONCE_INIT;

enum { ROWS = 41, DEPTH = 82, COLUMNS = 50 }; // no multiples of a tile

// A product on the tiles against the same by VDPBF16PS: sums differ in their order only.
static bool agree(opsin_task_fn product) {
    _Alignas(64) static float weights[COLUMNS * DEPTH], x[ROWS * DEPTH + 16], bias[64], y[2][ROWS * COLUMNS], packed[64 * DEPTH / 2 + 64], scratch[8192];
    for (int i = 0; i < COLUMNS * DEPTH; i++) weights[i] = (float)(i * 37 % 101 - 50) / 64;
    for (int i = 0; i < ROWS * DEPTH; i++) x[i] = (float)(i * 53 % 89 - 44) / 32;
    for (int i = 0; i < COLUMNS; i++) bias[i] = (float)i;
    const opsin_stored_weights stored = {
        .data = weights, .type = OPSIN_STORED_FLOAT32, .outputs = COLUMNS, .inputs = DEPTH, .taps = 1,
        .output_stride = DEPTH, .input_stride = 1, .tap_stride = 1,
    };
    for (int tiles = 0; tiles < 2; tiles++) {
        opsin_gemm_arguments q = {.x = x, .y = y[tiles], .weights = packed, .epilogue = {.bias = bias}, .rows = ROWS, .columns = COLUMNS, .depth = DEPTH};
        q.shape = opsin_gemm_plan_tiles(tiles, ROWS, COLUMNS, DEPTH, NULL);
        if (opsin_gemm_scratch_bytes(&q) > sizeof scratch || opsin_gemm_packed_bytes(&q.shape, COLUMNS, DEPTH) > sizeof packed) return false;
        opsin_gemm_pack(&q.shape, &stored, packed);
        (tiles ? product : gemm_avx512_bf16)(&q, 0, (size_t)q.shape.tiles * q.shape.panels, scratch);
    }
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        if (!(fabsf(y[0][i] - y[1][i]) <= 1e-3f)) return false;
    }
    return true;
}

static void try_tiles(void) {
    const char *disabled = getenv("OPSIN_CPU_DISABLE");
    works = opsin_cpu_detect().amx_bf16 && !(disabled && strstr(disabled, "amx")) && agree(gemm_amx);
}

bool opsin_amx_works(void) {
    pthread_once(&tried, try_tiles);
    return works;
}

opsin_task_fn opsin_gemm_amx_emulated(void) { return gemm_amx_emulated; }
#else
bool opsin_amx_works(void) { return false; }
opsin_task_fn opsin_gemm_amx_emulated(void) { return gemm_generic; }
#endif
