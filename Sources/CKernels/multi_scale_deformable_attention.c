#include "include/multi_scale_deformable_attention.h"
#include "each_isa.h"
#include "math16.h"

typedef float f32x32 __attribute__((ext_vector_type(32)));
typedef float f32x32_unaligned __attribute__((ext_vector_type(32), aligned(4)));
typedef int32_t i32x16_unaligned __attribute__((ext_vector_type(16), aligned(4)));

// What a task keeps of a query: where a point lies without its offset and how far the offset moves it, in pixels, both axes; and of a head: weight and
// token of each corner.
enum { BASE_X, BASE_Y, STEP_X, STEP_Y, WEIGHT, TOKEN = WEIGHT + 4, SCRATCH_ROWS = TOKEN + 4 };

OPSIN_INLINE size_t in_sixteens(size_t points) { return (points + 15) / 16 * 16; }

size_t opsin_multi_scale_deformable_attention_scratch(size_t points) { return SCRATCH_ROWS * in_sixteens(points) * sizeof(float); }

// Places of the points of one query: pixel = base + step * offset.
OPSIN_INLINE void place(const opsin_multi_scale_deformable_attention_arguments *a, const float *reference, float *scratch) {
    const size_t n = in_sixteens(a->points);
    const float *width = a->table + OPSIN_DEFORMABLE_WIDTH * n, *height = a->table + OPSIN_DEFORMABLE_HEIGHT * n;
    const float *factor = a->table + OPSIN_DEFORMABLE_FACTOR * n, *level = a->table + OPSIN_DEFORMABLE_LEVEL * n;
    for (size_t k = 0; k < n; k += 16) {
        f32x16 x = SPLAT(reference[0]), y = SPLAT(reference[1]), w = SPLAT(a->boxes ? reference[2] : 0), h = SPLAT(a->boxes ? reference[3] : 0);
        if (a->reference_step > 0) {
            for (size_t i = 0; i < 16; i++) {
                const float *own = reference + (size_t)level[k + i] * a->reference_step;
                x[i] = own[0], y[i] = own[1];
                if (a->boxes) w[i] = own[2], h[i] = own[3];
            }
        }
        const f32x16 across = FROM16(width + k), down = FROM16(height + k), f = FROM16(factor + k);
        AT16(scratch + BASE_X * n + k) = x * across - 0.5f;
        AT16(scratch + BASE_Y * n + k) = y * down - 0.5f;
        // Without boxes an offset is in pixels: the division by the side and the multiplication with it cancel.
        AT16(scratch + STEP_X * n + k) = a->boxes ? w * f * across : SPLAT(1);
        AT16(scratch + STEP_Y * n + k) = a->boxes ? h * f * down : SPLAT(1);
    }
}

// The softmax of `count` logits into the weight of the first corner.
OPSIN_INLINE void weigh_points(const float *logits, size_t count, float *weights) {
    f32x16 largest = SPLAT(-INFINITY), sum = SPLAT(0);
    for (size_t k = 0; k < count; k += 16) {
        f32x16 v = FROM16(logits + k);
        if (count - k < 16) load_part(logits + k, &v, count - k, -INFINITY);
        largest = MAX(largest, v);
    }
    const float m = max_lanes(&largest);
    for (size_t k = 0; k < count; k += 16) {
        f32x16 v = FROM16(logits + k);
        if (count - k < 16) load_part(logits + k, &v, count - k, -INFINITY);
        v -= m;
        exp16(&v);
        sum += v;
        AT16(weights + k) = v;
    }
    const float factor = 1.0f / sum_lanes(&sum);
    for (size_t k = 0; k < count; k += 16) AT16(weights + k) = FROM16(weights + k) * factor;
}

// floor(v) for |v| < 2^22.
#define FLOOR(v, rounded) ((rounded) - ((rounded) > (v) ? SPLAT(1) : SPLAT(0)))

// Weight and token of the four corners of each point of one head. A corner outside of its map has weight 0 and the token of one inside.
OPSIN_INLINE void find_corners(const opsin_multi_scale_deformable_attention_arguments *a, const float *offsets, float *scratch) {
    const size_t n = in_sixteens(a->points);
    const float *width = a->table + OPSIN_DEFORMABLE_WIDTH * n, *height = a->table + OPSIN_DEFORMABLE_HEIGHT * n, *start = a->table + OPSIN_DEFORMABLE_FIRST * n;
    for (size_t k = 0; k < a->points; k += 16) {
        f32x32 pairs;
        if (a->points - k >= 16) {
            pairs = *(const f32x32_unaligned *)(offsets + 2 * k);
        } else {
            // The pairs behind the last are another head's, or nobody's: at most 64 bytes may be read behind the values.
            pairs = (f32x32)(0.0f);
            for (size_t i = 0; i < 2 * (a->points - k); i++) pairs[i] = offsets[2 * k + i];
        }
        const f32x16 across = FROM16(width + k), down = FROM16(height + k), first = FROM16(start + k);
        f32x16 x = FROM16(scratch + BASE_X * n + k) + FROM16(scratch + STEP_X * n + k) * pairs.even;
        f32x16 y = FROM16(scratch + BASE_Y * n + k) + FROM16(scratch + STEP_Y * n + k) * pairs.odd;
        // Far outside is as good as just outside; NaN becomes outside too, so that no index can leave the map.
        x = MIN(MAX(x, SPLAT(-2)), across + 1.0f);
        y = MIN(MAX(y, SPLAT(-2)), down + 1.0f);
        const f32x16 nearest_x = (x + ROUNDING) - ROUNDING, nearest_y = (y + ROUNDING) - ROUNDING;
        const f32x16 left = FLOOR(x, nearest_x), top = FLOOR(y, nearest_y);
        const f32x16 right_part = x - left, bottom_part = y - top, weight = FROM16(scratch + WEIGHT * n + k);
#pragma clang loop unroll(full)
        for (size_t corner = 0; corner < 4; corner++) {
            const f32x16 column = corner & 1 ? left + 1.0f : left, row = corner & 2 ? top + 1.0f : top;
            const f32x16 share = (corner & 1 ? right_part : 1.0f - right_part) * (corner & 2 ? bottom_part : 1.0f - bottom_part);
            const f32x16 in_column = column >= 0.0f ? (column < across ? share : SPLAT(0)) : SPLAT(0);
            const f32x16 inside = row >= 0.0f ? (row < down ? in_column : SPLAT(0)) : SPLAT(0);
            const f32x16 j = MIN(MAX(column, SPLAT(0)), across - 1.0f), i = MIN(MAX(row, SPLAT(0)), down - 1.0f);
            AT16(scratch + (WEIGHT + corner) * n + k) = inside * weight;
            // Below 2^24: exact.
            *(i32x16_unaligned *)(scratch + (TOKEN + corner) * n + k) = __builtin_convertvector(first + i * across + j, i32x16);
        }
    }
}

// The weighted sum of `vectors` times sixteen channels of all corners; the last vector has `tail` of them where that is not 0.
OPSIN_INLINE void gather(size_t vectors, size_t tail, const float *value, size_t stride, const float *scratch, size_t n, size_t points, float *y) {
    f32x16 sum[2][2] = {{SPLAT(0), SPLAT(0)}, {SPLAT(0), SPLAT(0)}};
    const int32_t *tokens = (const int32_t *)(scratch + TOKEN * n);
    for (size_t k = 0; k < points; k++) {
#pragma clang loop unroll(full)
        for (size_t corner = 0; corner < 4; corner++) {
            const float weight = scratch[(WEIGHT + corner) * n + k];
            const float *x = value + (size_t)(uint32_t)tokens[corner * n + k] * stride;
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) sum[v][corner & 1] = FROM16(x + 16 * v) * weight + sum[v][corner & 1];
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        const f32x16 all = sum[v][0] + sum[v][1];
        if (tail > 0 && v + 1 == vectors) store_part(y + 16 * v, &all, tail);
        else AT16(y + 16 * v) = all;
    }
}

// The same for eight channels, half a vector: DEIMv2's heads.
OPSIN_INLINE void gather8(const float *value, size_t stride, const float *scratch, size_t n, size_t points, float *y) {
    f32x8 sum[2] = {(f32x8)(0.0f), (f32x8)(0.0f)};
    const int32_t *tokens = (const int32_t *)(scratch + TOKEN * n);
    for (size_t k = 0; k < points; k++) {
#pragma clang loop unroll(full)
        for (size_t corner = 0; corner < 4; corner++) {
            const float weight = scratch[(WEIGHT + corner) * n + k];
            const float *x = value + (size_t)(uint32_t)tokens[corner * n + k] * stride;
            sum[corner & 1] = *(const f32x8_unaligned *)x * weight + sum[corner & 1];
        }
    }
    *(f32x8_unaligned *)y = sum[0] + sum[1];
}

OPSIN_INLINE void multi_scale_deformable_attention(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa;
    const opsin_multi_scale_deformable_attention_arguments a = *(const opsin_multi_scale_deformable_attention_arguments *)arguments;
    const size_t blocks = (a.queries + a.block - 1) / a.block, n = in_sixteens(a.points), stride = a.heads * a.size;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / blocks, begin = task % blocks * a.block, end = begin + a.block < a.queries ? begin + a.block : a.queries;
        const float *value = a.value + image * a.tokens * stride;
        for (size_t query = begin; query < end; query++) {
            const size_t row = image * a.queries + query;
            place(&a, a.references + (a.repeated ? query : row) * a.reference_stride, scratch);
            for (size_t head = 0; head < a.heads; head++) {
                const size_t at = (row * a.heads + head) * a.points, channel = head * a.size;
                weigh_points(a.logits + at, a.points, (float *)scratch + WEIGHT * n);
                find_corners(&a, a.offsets + 2 * at, scratch);
                const float *x = value + channel;
                float *y = a.y + row * stride + channel;
                size_t c = 0;
                if (a.size == 8) gather8(x, stride, scratch, n, a.points, y), c = 8;
                for (; c + 32 <= a.size; c += 32) gather(2, 0, x + c, stride, scratch, n, a.points, y + c);
                if (c + 16 <= a.size) gather(1, 0, x + c, stride, scratch, n, a.points, y + c), c += 16;
                if (c < a.size) gather(1, a.size - c, x + c, stride, scratch, n, a.points, y + c);
            }
        }
    }
}

OPSIN_EACH_ISA(multi_scale_deformable_attention, multi_scale_deformable_attention)
