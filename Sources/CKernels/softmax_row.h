// Softmax of one row, for the kernels that need it.
#pragma once
#include "math16.h"

// The largest of `count` values. A NaN may get lost here; it comes back with the sum.
OPSIN_INLINE float row_max(const float *x, size_t count) {
    f32x16 m = SPLAT(-INFINITY);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const f32x16 v = FROM16(x + i);
        m = MAX(m, v);
    }
    if (i < count) {
        f32x16 v;
        load_part(x + i, &v, count - i, -INFINITY);
        m = MAX(m, v);
    }
    return max_lanes(&m);
}

OPSIN_INLINE void softmax_row(const float *x, float *y, size_t count) {
    const float m = row_max(x, count);
    f32x16 sum = SPLAT(0);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        f32x16 v = FROM16(x + i) - m;
        exp16(&v);
        sum += v;
        AT16(y + i) = v;
    }
    if (i < count) {
        f32x16 v;
        load_part(x + i, &v, count - i, -INFINITY);
        v -= m;
        exp16(&v);
        sum += v;
        store_part(y + i, &v, count - i);
    }
    // A division per element would double the time; the reciprocal costs half a unit of the last place.
    const float factor = 1.0f / sum_lanes(&sum);
    for (i = 0; i + 16 <= count; i += 16) AT16(y + i) = FROM16(y + i) * factor;
    if (i < count) {
        const f32x16 v = FROM16(y + i) * factor;
        store_part(y + i, &v, count - i);
    }
}
