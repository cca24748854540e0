// A loop of independent products of bytes, included by kernels_int8_*.c.
#include "int8_simd.h"

// Operations done after `rounds` rounds; the sum goes to `sink` so that nothing is optimised away.
#if OPSIN_INT8_BUILD_AMX
double KIND(int8_peak)(size_t rounds, float *sink) {
    uint8_t bytes[1024] = {1};
    tile_configuration c = {.palette = 1};
    for (int t = 0; t < 6; t++) c.row_bytes[t] = 64, c.rows[t] = 16;
    _tile_loadconfig(&c);
    _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);
    _tile_loadd(4, bytes, 64), _tile_loadd(5, bytes, 64);
    for (size_t r = 0; r < rounds; r++) _tile_dpbusd(0, 4, 5), _tile_dpbusd(1, 4, 5), _tile_dpbusd(2, 4, 5), _tile_dpbusd(3, 4, 5);
    int32_t sums[256];
    _tile_stored(3, sums, 64);
    _tile_release();
    *sink = (float)sums[0];
    return 2.0 * 4 * 16 * 16 * 64 * (double)rounds;
}
#else
double KIND(int8_peak)(size_t rounds, float *sink) {
    enum { CHAINS = 12 };
    int8_t weights[VECTOR * 4];
    int32_t biases[VECTOR] = {0};
    memset(weights, 3, sizeof weights);
    I sums[CHAINS];
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; i++) sums[i] = load_i(biases);
    W w = load_w(weights);
    uint8_t four[4] = {1, 2, 3, 4};
    for (size_t r = 0; r < rounds; r++) {
        __asm__ volatile("" : "+m"(four), "+m"(w));
        const X x = load_x(four);
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) sums[i] = dot(sums[i], x, w);
    }
    int64_t sum = 0;
    for (int i = 0; i < CHAINS; i++) {
        int32_t lanes[VECTOR];
        memcpy(lanes, &sums[i], sizeof lanes);
        sum += lanes[0];
    }
    *sink = (float)sum;
    return 2.0 * CHAINS * VECTOR * 4 * (double)rounds;
}
#endif
