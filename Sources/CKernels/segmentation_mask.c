#include "include/segmentation_mask.h"
#include "each_isa.h"
#include "math16.h"
#include "softmax_row.h"

// No fused multiply-adds: all instruction sets and Shaders/segmentation_mask.comp then give the same mask.
#pragma clang fp contract(off)

// The lowest index of the largest of `padded` values, which `values(c)` gives sixteen at a time; below `channels` whatever NaN does.
#define LARGEST(index, padded, channels, values)                                                                                                       \
    do {                                                                                                                                               \
        i32x16 at = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, lanes = at;                                                                \
        f32x16 best;                                                                                                                                   \
        values(0, best);                                                                                                                               \
        for (size_t c_ = 16; c_ < (padded); c_ += 16) {                                                                                                \
            f32x16 v_;                                                                                                                                 \
            values(c_, v_);                                                                                                                            \
            lanes += 16;                                                                                                                               \
            at = v_ > best ? lanes : at;                                                                                                               \
            best = v_ > best ? v_ : best;                                                                                                              \
        }                                                                                                                                              \
        const float top_ = max_lanes(&best);                                                                                                           \
        const i32x16 none_ = (i32x16)0x7fffffff;                                                                                                       \
        at = best == top_ ? at : none_;                                                                                                                \
        const int32_t found_ = min_lanes(&at);                                                                                                         \
        (index) = (size_t)found_ < (channels) ? (size_t)found_ : 0;                                                                                    \
    } while (0)

OPSIN_INLINE int32_t min_lanes(const i32x16 *v) {
    typedef int32_t i32x8 __attribute__((ext_vector_type(8)));
    typedef int32_t i32x4 __attribute__((ext_vector_type(4)));
    const i32x8 a = MIN(v->lo, v->hi);
    const i32x4 b = MIN(a.lo, a.hi);
    const int32_t c = MIN(b.x, b.y), d = MIN(b.z, b.w);
    return MIN(c, d);
}

OPSIN_INLINE void pack_logits(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_pack_logits_arguments *a = arguments;
    for (size_t row = first; row < last; row++) {
        for (size_t x = 0; x < a->width; x++) {
            const float *from = a->logits + row * a->row_stride + x * a->pixel_stride;
            float *to = a->packed + (row * a->width + x) * a->padded;
            for (size_t c = 0; c < a->channels; c++) to[c] = from[c * a->channel_stride];
            for (size_t c = a->channels; c < a->padded; c++) to[c] = OPSIN_LOGIT_FILL;
            size_t label;
#define STORED(c, v) (v) = FROM16(to + (c))
            LARGEST(label, a->padded, a->channels, STORED);
#undef STORED
            a->labels[row * a->width + x] = (uint16_t)label;
        }
    }
}

OPSIN_EACH_ISA(pack_logits, pack_logits)

// The four logit vectors around a point, and how far it lies from the upper and the left ones.
typedef struct {
    const float *corner[2][2];
    float down;
} logit_cell;

// Sixteen logits at a point, in the order of operations that PyTorch has.
#define BETWEEN(cell, right, c, v)                                                                                                                     \
    do {                                                                                                                                               \
        const float down_ = (cell)->down, right_ = (right);                                                                                            \
        const f32x16 upper_ = FROM16((cell)->corner[0][0] + (c)) * (1 - right_) + FROM16((cell)->corner[0][1] + (c)) * right_;                         \
        const f32x16 lower_ = FROM16((cell)->corner[1][0] + (c)) * (1 - right_) + FROM16((cell)->corner[1][1] + (c)) * right_;                         \
        (v) = upper_ * (1 - down_) + lower_ * down_;                                                                                                   \
    } while (0)

OPSIN_INLINE size_t label_at(const opsin_segmentation_mask_arguments *a, const logit_cell *cell, size_t column) {
    const float right = a->column_weight[column];
    size_t label;
#define INTERPOLATED(c, v) BETWEEN(cell, right, c, v)
    LARGEST(label, a->padded, a->channels, INTERPOLATED);
#undef INTERPOLATED
    return label;
}

OPSIN_INLINE void fill_labels(uint16_t *mask, size_t count, size_t label) {
    for (size_t i = 0; i < count; i++) mask[i] = (uint16_t)label;
}

// Labels of the output columns [begin, end), which lie in one cell. Along a row each logit is linear there, so the columns where one is the largest are an
// interval: its end is found by halving, and what lies between needs no look.
OPSIN_INLINE void label_run(const opsin_segmentation_mask_arguments *a, const logit_cell *cell, size_t begin, size_t end, uint16_t *mask, uint32_t *counts) {
    const size_t last_label = label_at(a, cell, end - 1);
    size_t label = label_at(a, cell, begin);
    while (begin < end) {
        size_t next = end, next_label = last_label;
        if (label != last_label) {
            size_t same = begin;
            next = end - 1;
            while (next - same > 1) {
                const size_t middle = same + (next - same) / 2, found = label_at(a, cell, middle);
                if (found == label) same = middle;
                else next = middle, next_label = found;
            }
        }
        fill_labels(mask + begin, next - begin, label);
        counts[label] += (uint32_t)(next - begin);
        begin = next;
        label = next_label;
    }
}

// The probability of the largest logit for the columns [begin, end) of one cell, sixteen columns at a time: along the row each logit is a line.
OPSIN_INLINE void confidence_run(const opsin_segmentation_mask_arguments *a, const logit_cell *cell, size_t begin, size_t end, float *confidence) {
    for (size_t x = begin; x < end; x += 16) {
        const size_t count = end - x < 16 ? end - x : 16;
        _Alignas(64) float right[16] = {0};
        for (size_t i = 0; i < count; i++) right[i] = a->column_weight[x + i];
        const f32x16 t = FROM16(right);
        const float down = cell->down;
        f32x16 most = SPLAT(-INFINITY), sum = SPLAT(0);
        for (int pass = 0; pass < 2; pass++) {
            for (size_t c = 0; c < a->channels; c++) {
                const float left = cell->corner[0][0][c] * (1 - down) + cell->corner[1][0][c] * down;
                const float far = cell->corner[0][1][c] * (1 - down) + cell->corner[1][1][c] * down;
                f32x16 v = t * (far - left) + left;
                if (pass == 0) {
                    most = MAX(most, v);
                } else {
                    v -= most;
                    exp16(&v);
                    sum += v;
                }
            }
        }
        const f32x16 share = 1.0f / sum;
        if (count == 16) AT16(confidence + x) = share;
        else store_part(confidence + x, &share, count);
    }
}

OPSIN_INLINE void probability_run(const opsin_segmentation_mask_arguments *a, const logit_cell *cell, size_t begin, size_t end, float *probabilities) {
    for (size_t x = begin; x < end; x++) {
        float *to = probabilities + x * a->channels;
        for (size_t c = 0; c < a->channels; c += 16) {
            f32x16 v;
            BETWEEN(cell, a->column_weight[x], c, v);
            if (c + 16 <= a->channels) AT16(to + c) = v;
            else store_part(to + c, &v, a->channels - c);
        }
        softmax_row(to, to, a->channels);
    }
}

OPSIN_INLINE void mask_row(const opsin_segmentation_mask_arguments *a, size_t row, uint32_t *counts) {
    uint16_t *mask = a->mask + row * a->out_width;
    float *confidence = a->confidence ? a->confidence + row * a->out_width : NULL;
    float *probabilities = a->probabilities ? a->probabilities + row * a->out_width * a->channels : NULL;
    const bool seen = row >= a->first_row && row < a->end_row;
    const size_t first = seen ? a->first_column : a->out_width, end = seen ? a->end_column : a->out_width;
    fill_labels(mask, first, OPSIN_LABEL_OUTSIDE);
    fill_labels(mask + end, a->out_width - end, OPSIN_LABEL_OUTSIDE);
    if (confidence) {
        memset(confidence, 0, first * sizeof(float));
        memset(confidence + end, 0, (a->out_width - end) * sizeof(float));
    }
    if (probabilities) {
        memset(probabilities, 0, first * a->channels * sizeof(float));
        memset(probabilities + end * a->channels, 0, (a->out_width - end) * a->channels * sizeof(float));
    }
    if (!seen) return;
    const size_t upper = a->row_index[row], lower = upper + 1 < a->height ? upper + 1 : upper;
    for (size_t column = 0; column < a->width; column++) {
        const size_t from = a->column_start[column], to = a->column_start[column + 1];
        if (from == to) continue;
        const size_t next = column + 1 < a->width ? column + 1 : column;
        const size_t corner[4] = {upper * a->width + column, upper * a->width + next, lower * a->width + column, lower * a->width + next};
        const logit_cell cell = {
            {{a->packed + corner[0] * a->padded, a->packed + corner[1] * a->padded}, {a->packed + corner[2] * a->padded, a->packed + corner[3] * a->padded}},
            a->row_weight[row],
        };
        // What is the largest at all four corners is so at every point between them: interpolation weighs the corners, and no weight is negative.
        const uint16_t label = a->labels[corner[0]];
        if (label == a->labels[corner[1]] && label == a->labels[corner[2]] && label == a->labels[corner[3]]) {
            fill_labels(mask + from, to - from, label);
            counts[label] += (uint32_t)(to - from);
        } else {
            label_run(a, &cell, from, to, mask, counts);
        }
        if (confidence) confidence_run(a, &cell, from, to, confidence);
        if (probabilities) probability_run(a, &cell, from, to, probabilities);
    }
}

OPSIN_INLINE void segmentation_mask(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_segmentation_mask_arguments *a = arguments;
    for (size_t task = first; task < last; task++) {
        const size_t end = (task + 1) * a->strip < a->out_height ? (task + 1) * a->strip : a->out_height;
        for (size_t row = task * a->strip; row < end; row++) mask_row(a, row, a->counts + task * a->channels);
    }
}

OPSIN_EACH_ISA(segmentation_mask, segmentation_mask)

// Masks are made of runs: whole vectors are skipped while they hold the label of the pixel before.
OPSIN_INLINE void label_counts(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_label_counts_arguments *a = arguments;
    for (size_t task = first; task < last; task++) {
        uint32_t *counts = a->counts + task * a->channels;
        const size_t end = (task + 1) * a->strip < a->pixels ? (task + 1) * a->strip : a->pixels;
        for (size_t i = task * a->strip; i < end;) {
            const uint16_t label = a->mask[i];
            uint16_t same[32];
            fill_labels(same, 32, label);
            size_t next = i + 1;
            while (next + 32 <= end && memcmp(a->mask + next, same, sizeof same) == 0) next += 32;
            while (next < end && a->mask[next] == label) next++;
            if (label < a->channels) counts[label] += (uint32_t)(next - i);
            i = next;
        }
    }
}

OPSIN_EACH_ISA(label_counts, label_counts)
