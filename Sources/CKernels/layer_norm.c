#include "include/layer_norm.h"
#include "each_isa.h"

// The sum of x[i] - shift, or with `squared` of its square, in four vectors of partial sums.
OPSIN_INLINE float row_sum(int squared, const float *x, float shift, size_t count) {
    f32x16 sum[4] = {SPLAT(0), SPLAT(0), SPLAT(0), SPLAT(0)};
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
        for (size_t j = 0; j < 4; j++) {
            const f32x16 v = FROM16(x + i + 16 * j) - shift;
            sum[j] = squared ? v * v + sum[j] : sum[j] + v;
        }
    }
    for (; i + 16 <= count; i += 16) {
        const f32x16 v = FROM16(x + i) - shift;
        sum[0] = squared ? v * v + sum[0] : sum[0] + v;
    }
    if (i < count) {
        f32x16 v;
        load_part(x + i, &v, count - i, shift);
        v -= shift;
        sum[1] = squared ? v * v + sum[1] : sum[1] + v;
    }
    const f32x16 all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    return sum_lanes(&all);
}

OPSIN_INLINE void norm_rows(int half_y, size_t first, size_t last, const opsin_layer_norm_arguments a) {
    const size_t end = last * a.strip < a.rows ? last * a.strip : a.rows, n = a.channels;
    for (size_t row = first * a.strip; row < end; row++) {
        const float *x = a.x + row * n;
        // Two passes over a row that stays in the cache: the variance of a large mean must not cancel. Summing differences to the first element
        // keeps the mean exact to a rounding when the values are close together.
        const float mean = x[0] + row_sum(0, x, x[0], n) / (float)n;
        const float factor = 1.0f / sqrtf(row_sum(1, x, mean, n) / (float)n + a.epsilon);
        for (size_t c = 0; c < n; c += 16) {
            const f32x16 v = (FROM16(x + c) - mean) * factor * FROM16(a.weight + c) + FROM16(a.bias + c);
            store_stored16(a.y, half_y, row * n + c, &v, n - c < 16 ? n - c : 16);
        }
    }
}

OPSIN_INLINE void layer_norm(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_layer_norm_arguments *a = arguments;
    if (a->half_y) norm_rows(1, first, last, *a);
    else norm_rows(0, first, last, *a);
}

OPSIN_EACH_ISA(layer_norm, layer_norm)
