// The int8 product on AMX tiles: 16 rows of x, 64 of the depth, 16 columns a tile; sums are finished by AVX-512.
//
// No machine at hand had the tiles when this was written: it passed the checks of Tests/NeonTests/int8.c with the tile instructions emulated in C, and the
// instructions themselves ran nowhere. They are used only where CPUID lists AMX-INT8, Linux granted the tile state, and a product of known numbers came out
// right in this process (opsin_int8_amx_works).
#if defined(__x86_64__)
#define OPSIN_INT8_BUILD_AVX512_VNNI 1
#define OPSIN_INT8_BUILD_AMX 1
#define OPSIN_SUFFIX amx
#include <immintrin.h>
#include "int8_kernels.h"
#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("amx-tile,amx-int8,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,bmi,bmi2"))), apply_to = function)
#include "int8_gemm_body.h"
#include "int8_peak_body.h"

bool opsin_int8_amx_works(void) {
    // 17 rows by 70 deep by 65 columns: every tile has a rest.
    enum { ROWS = 17, DEPTH = 70, COLUMNS = 65 };
    static uint8_t x[ROWS * DEPTH + 64], y[ROWS * COLUMNS], expected[ROWS * COLUMNS];
    static int8_t k[COLUMNS * DEPTH];
    static _Alignas(64) char packed[(COLUMNS + 63) * (8 + 512)];
    float scale[COLUMNS];
    int32_t bias[COLUMNS];
    for (int i = 0; i < ROWS * DEPTH; i++) x[i] = (uint8_t)(i * 37 + i / 7);
    for (int i = 0; i < COLUMNS * DEPTH; i++) k[i] = (int8_t)(i * 53 % 255 - 127);
    for (int o = 0; o < COLUMNS; o++) scale[o] = 1.0f / 8192, bias[o] = o * 1000 - 30000;
    opsin_int8_gemm_arguments q = {.x = x, .y = y, .packed = packed, .rows = ROWS, .columns = COLUMNS, .depth = DEPTH};
    q.epilogue = (opsin_int8_epilogue){.zero = 128, .least = 0, .most = 255};
    q.shape = opsin_int8_gemm_plan(OPSIN_INT8_AMX, ROWS, COLUMNS, DEPTH, NULL);
    if (opsin_int8_gemm_packed_bytes(&q.shape, COLUMNS) > sizeof packed) return false;
    const opsin_int8_weights w = {.data = k, .outputs = COLUMNS, .inputs = DEPTH, .taps = 1, .output_stride = DEPTH, .input_stride = 1, .tap_stride = 1,
                                  .scale = scale, .bias = bias, .zero = 3};
    opsin_int8_gemm_pack(&q.shape, &w, packed);
    int8_gemm_amx(&q, 0, opsin_int8_gemm_tasks(&q), NULL);
    for (int r = 0; r < ROWS; r++) {
        for (int o = 0; o < COLUMNS; o++) {
            int32_t sum = bias[o];
            for (int i = 0; i < DEPTH; i++) sum += (x[r * DEPTH + i] - 3) * k[o * DEPTH + i];
            const int32_t v = _mm_cvtss_si32(_mm_set_ss((float)sum * scale[o])) + 128;
            expected[r * COLUMNS + o] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
    }
    return memcmp(y, expected, sizeof y) == 0;
}
#pragma clang attribute pop
#endif
