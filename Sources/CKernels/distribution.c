#include "include/distribution.h"
#include "each_isa.h"
#include "math16.h"

// The largest of `count` values; a NaN comes back with the sum of exponentials.
OPSIN_INLINE float largest_bin(const float *x, size_t count) {
    f32x16 m = SPLAT(-INFINITY);
    for (size_t i = 0; i < count; i += 16) {
        f32x16 v;
        if (i + 16 <= count) v = FROM16(x + i);
        else load_part(x + i, &v, count - i, -INFINITY);
        m = MAX(m, v);
    }
    return max_lanes(&m);
}

// e^(x - largest) of sixteen bins from `i` on, 0 behind the last.
OPSIN_INLINE void weigh_bins(const float *x, size_t i, size_t count, float largest, f32x16 *v) {
    if (i + 16 <= count) *v = FROM16(x + i);
    else load_part(x + i, v, count - i, -INFINITY);
    *v -= largest;
    exp16(v);
}

// sum of softmax(x)[b] * distances[b]
OPSIN_INLINE float mean_distance(const float *x, const float *distances, size_t count) {
    const float largest = largest_bin(x, count);
    f32x16 sum = SPLAT(0), weighted = SPLAT(0);
    for (size_t i = 0; i < count; i += 16) {
        f32x16 v;
        weigh_bins(x, i, count, largest, &v);
        sum += v;
        weighted = v * FROM16(distances + i) + weighted;
    }
    return sum_lanes(&weighted) / sum_lanes(&sum);
}

OPSIN_INLINE void distribution_to_box(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_distribution_to_box_arguments a = *(const opsin_distribution_to_box_arguments *)arguments;
    const size_t end = last * a.strip < a.rows ? last * a.strip : a.rows;
    for (size_t row = first * a.strip; row < end; row++) {
        const float *box = a.boxes + 4 * row;
        float d[4];
        for (size_t side = 0; side < 4; side++) d[side] = mean_distance(a.x + (4 * row + side) * a.bins, a.distances, a.bins);
        for (size_t axis = 0; axis < 2; axis++) {
            const float unit = box[2 + axis] / a.scale;
            const float low = box[axis] - (0.5f * a.scale + d[axis]) * unit, high = box[axis] + (0.5f * a.scale + d[2 + axis]) * unit;
            a.y[4 * row + axis] = (low + high) * 0.5f;
            a.y[4 * row + 2 + axis] = high - low;
        }
    }
}

OPSIN_EACH_ISA(distribution_to_box, distribution_to_box)

OPSIN_INLINE void distribution_statistics(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa;
    const opsin_distribution_statistics_arguments a = *(const opsin_distribution_statistics_arguments *)arguments;
    const size_t end = last * a.strip < a.rows ? last * a.strip : a.rows;
    float *weights = scratch;
    for (size_t row = first * a.strip; row < end; row++) {
        const float *x = a.x + row * a.bins;
        float *y = a.y + row * (a.top + 1);
        const float largest = largest_bin(x, a.bins);
        f32x16 sum = SPLAT(0);
        for (size_t i = 0; i < a.bins; i += 16) {
            f32x16 v;
            weigh_bins(x, i, a.bins, largest, &v);
            sum += v;
            AT16(weights + i) = v;
        }
        const float all = sum_lanes(&sum);
        float mean = 0;
        for (size_t t = 0; t < a.top; t++) {
            size_t best = 0;
            for (size_t i = 1; i < a.bins; i++) {
                if (weights[i] > weights[best]) best = i;
            }
            y[t] = weights[best] / all;
            mean += y[t];
            weights[best] = -1;
        }
        y[a.top] = mean / (float)a.top;
    }
}

OPSIN_EACH_ISA(distribution_statistics, distribution_statistics)
