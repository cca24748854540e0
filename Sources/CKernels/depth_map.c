#include "include/depth_map.h"
#include "each_isa.h"

void opsin_depth_columns(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_depth_columns_arguments a = *(const opsin_depth_columns_arguments *)arguments;
    for (size_t row = first; row < last; row++) {
        const float *x = a.x + row * a.width;
        float *y = a.y + row * a.out_width;
        for (size_t j = 0; j < a.out_width; j++) {
            const int32_t *at = a.index + 4 * j;
            const float *w = a.weight + 4 * j;
            y[j] = x[at[0]] * w[0] + x[at[1]] * w[1] + x[at[2]] * w[2] + x[at[3]] * w[3];
        }
    }
}

// Widens the range [low, high] by the lanes of v that are finite.
#define WIDEN(v, low, high)                                                                                                                                  \
    do {                                                                                                                                                     \
        const f32x16 size = AS_FLOAT(AS_INT(v) & 0x7fffffff);                                                                                                \
        low = size <= SPLAT(3.40282347e38f) ? MIN(v, low) : low;                                                                                             \
        high = size <= SPLAT(3.40282347e38f) ? MAX(v, high) : high;                                                                                          \
    } while (0)

OPSIN_INLINE void depth_row(const opsin_depth_rows_arguments *a, size_t task) {
    const float *x[4], *w = a->weight + 4 * task;
    for (size_t t = 0; t < 4; t++) x[t] = a->x + (size_t)a->index[4 * task + t] * a->width;
    float *y = a->y + task * a->stride;
    f32x16 low = SPLAT(__builtin_inff()), high = SPLAT(-__builtin_inff());
    size_t j = 0;
    for (; j + 16 <= a->width; j += 16) {
        const f32x16 v = FROM16(x[0] + j) * w[0] + FROM16(x[1] + j) * w[1] + FROM16(x[2] + j) * w[2] + FROM16(x[3] + j) * w[3];
        AT16(y + j) = v;
        WIDEN(v, low, high);
    }
    for (; j < a->width; j++) {
        y[j] = x[0][j] * w[0] + x[1][j] * w[1] + x[2][j] * w[2] + x[3][j] * w[3];
        const f32x16 v = SPLAT(y[j]);
        WIDEN(v, low, high);
    }
    const f32x16 mirrored = -low;
    a->range[2 * task] = -max_lanes(&mirrored);
    a->range[2 * task + 1] = max_lanes(&high);
}

OPSIN_INLINE void depth_rows(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa;
    (void)scratch;
    const opsin_depth_rows_arguments a = *(const opsin_depth_rows_arguments *)arguments;
    for (size_t task = first; task < last; task++) depth_row(&a, task);
}

OPSIN_EACH_ISA(depth_rows, depth_rows)
