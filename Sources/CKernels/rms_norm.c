#include "include/rms_norm.h"
#include "each_isa.h"

// The sum of squares, in two vectors of partial sums.
OPSIN_INLINE float row_squares(const float *x, size_t count) {
    f32x16 sum[2] = {SPLAT(0), SPLAT(0)};
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        for (size_t j = 0; j < 2; j++) {
            const f32x16 v = FROM16(x + i + 16 * j);
            sum[j] = v * v + sum[j];
        }
    }
    for (; i + 16 <= count; i += 16) {
        const f32x16 v = FROM16(x + i);
        sum[0] = v * v + sum[0];
    }
    if (i < count) {
        f32x16 v;
        load_part(x + i, &v, count - i, 0);
        sum[1] = v * v + sum[1];
    }
    const f32x16 all = sum[0] + sum[1];
    return sum_lanes(&all);
}

OPSIN_INLINE void rms_norm(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_rms_norm_arguments a = *(const opsin_rms_norm_arguments *)arguments;
    const size_t end = last * a.strip < a.rows ? last * a.strip : a.rows, n = a.channels;
    for (size_t row = first * a.strip; row < end; row++) {
        const float *x = a.x + row * n;
        float *y = a.y + row * n;
        const float factor = 1.0f / sqrtf(row_squares(x, n) / (float)n + a.epsilon);
        size_t c = 0;
        for (; c + 16 <= n; c += 16) AT16(y + c) = FROM16(x + c) * factor * FROM16(a.weight + c);
        if (c == n) continue;
        const f32x16 v = FROM16(x + c) * factor * FROM16(a.weight + c);
        store_part(y + c, &v, n - c);
    }
}

OPSIN_EACH_ISA(rms_norm, rms_norm)
