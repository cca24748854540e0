// Depthwise convolution of bytes. On x86 four rows of a column are interleaved, so that one product of four bytes adds the taps of a column; the columns of a
// row of outputs are interleaved once, into the first-level cache, for all windows that they lie under. Where rows of outputs are neighbours, one
// interleaving serves two of them, the second with weights that stand one tap lower.
#include "int8_simd.h"

#if INT8_HAS_BYTES
enum { BLOCK = 4 * VECTOR };

#if OPSIN_INT8_BUILD_AVX2
INLINE X taps_of(B v) { return (X){_mm256_and_si256(v, _mm256_set1_epi16(255)), _mm256_srli_epi16(v, 8)}; }
#else
INLINE X taps_of(B v) { return v; }
#endif
INLINE void keep_b(uint8_t *p, B v) { memcpy(p, &v, sizeof v); }

// BLOCK bytes of four rows as four vectors, each of four taps a byte, in the order of int8_simd.h.
INLINE void interleave(const uint8_t *p0, const uint8_t *p1, const uint8_t *p2, const uint8_t *p3, uint8_t *to) {
    const B a = load_b(p0), b = load_b(p1), c = load_b(p2), d = load_b(p3);
    const B low_ab = unpack_low8(a, b), high_ab = unpack_high8(a, b), low_cd = unpack_low8(c, d), high_cd = unpack_high8(c, d);
    keep_b(to, unpack_low16(low_ab, low_cd));
    keep_b(to + BLOCK, unpack_high16(low_ab, low_cd));
    keep_b(to + 2 * BLOCK, unpack_low16(high_ab, high_cd));
    keep_b(to + 3 * BLOCK, unpack_high16(high_ab, high_cd));
}

// A column of which some pixels are outside: the padding's byte there.
static void KIND(interleave_edge)(const opsin_int8_window *w, const uint8_t *const *from, const bool *exists, int64_t x, size_t fold, uint8_t *to) {
    uint8_t edge[4][BLOCK];
    const uint8_t *rows[4];
    for (size_t t = 0; t < 4; t++) {
        memset(edge[t], w->zeros[0], BLOCK);
        rows[t] = edge[t];
        for (size_t p = 0; p < fold && fold > 1 && exists[t]; p++) {
            const int64_t pixel = x + (int64_t)p;
            if (pixel >= 0 && pixel < w->width) memcpy(edge[t] + p * w->channels, from[t] + (size_t)pixel * w->channels, w->channels);
        }
    }
    interleave(rows[0], rows[1], rows[2], rows[3], to);
}

// Every column of the map that the outputs of a row, or of a pair of rows, need, interleaved: columns x groups x 4 vectors.
INLINE void interleave_columns(const opsin_int8_window *w, const uint8_t *map, int64_t top, size_t channel, size_t columns, size_t groups, size_t rows,
                               size_t fold, uint8_t *to) {
    const size_t channels = w->channels, pitch = w->width * channels, next = groups * BLOCK * 4, left = w->padding_left;
    // Columns [first, last) lie inside of the map with all pixels of their fold.
    const size_t end = w->width + left + 1 > fold ? w->width + left + 1 - fold : 0;
    const size_t first = left < columns ? left : columns, last = end < first ? first : end < columns ? end : columns;
    for (size_t g = 0; g < groups; g++, to += BLOCK * 4) {
        const uint8_t *from[4];
        bool exists[4];
        size_t step[4];
        for (size_t t = 0; t < 4; t++) {
            const int64_t y = top + (int64_t)((4 * g + t) * w->dilation_y);
            exists[t] = 4 * g + t < rows && y >= 0 && y < w->height;
            from[t] = exists[t] ? map + (size_t)y * pitch + channel : w->zeros + channel;
            step[t] = exists[t] ? channels : 0;
        }
        for (size_t c = 0; c < first; c++) KIND(interleave_edge)(w, from, exists, (int64_t)c - (int64_t)left, fold, to + c * next);
        const uint8_t *p0 = from[0], *p1 = from[1], *p2 = from[2], *p3 = from[3];
        const size_t s0 = step[0], s1 = step[1], s2 = step[2], s3 = step[3];
        uint8_t *place = to + first * next;
        for (size_t c = first; c < last; c++, place += next) {
            interleave(p0, p1, p2, p3, place);
            p0 += s0, p1 += s1, p2 += s2, p3 += s3;
        }
        for (size_t c = last; c < columns; c++) KIND(interleave_edge)(w, from, exists, (int64_t)c - (int64_t)left, fold, to + c * next);
    }
}

// One row of sums that are in memory.
static void KIND(finish_pixel)(const opsin_int8_depthwise_arguments *q, const I *sums, const float *scale, size_t y, size_t count) {
    finish_row(sums, 4, scale, &q->epilogue, q->epilogue.residual ? q->epilogue.residual + y : 0, q->y + y, count);
}

// `wide` neighbouring outputs of `pair` rows from interleaved columns; `next` and `reach` are columns to the next output and to the next tap.
INLINE void tile(const opsin_int8_depthwise_arguments *q, const char *packed, const uint8_t *columns, size_t next, size_t reach, size_t kernel,
                 size_t groups, int pair, int wide, size_t rows, size_t y, size_t row_bytes, size_t step, size_t count) {
    const float *scale = (const float *)(const void *)(packed + BLOCK * 4);
    const int8_t *k = (const int8_t *)packed + BLOCK * 8;
    I sums[4][4]; // row by row, output by output
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        const I bias = load_i((const int32_t *)(const void *)packed + i * VECTOR);
#pragma clang loop unroll(full)
        for (int o = 0; o < pair * wide; o++) sums[o][i] = bias;
    }
    for (size_t v = 0; v < kernel; v++) {
        for (size_t g = 0; g < groups; g++, k += pair * BLOCK * 4) {
            const uint8_t *first = columns + (v * reach * groups + g) * BLOCK * 4, *second = first + next * groups * BLOCK * 4;
#pragma clang loop unroll(full)
            for (int i = 0; i < 4; i++) {
                const X a = taps_of(load_b(first + i * BLOCK)), b = wide > 1 ? taps_of(load_b(second + i * BLOCK)) : a;
#pragma clang loop unroll(full)
                for (int o = 0; o < pair; o++) {
                    const W weights = load_w(k + (o * 4 + i) * VECTOR * 4);
                    sums[o * wide][i] = dot(sums[o * wide][i], a, weights);
                    if (wide > 1) sums[o * wide + 1][i] = dot(sums[o * wide + 1][i], b, weights);
                }
            }
        }
    }
    if (is_plain(&q->epilogue)) {
        F factors[4];
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) factors[i] = load_f(scale + i * VECTOR);
#pragma clang loop unroll(full)
        for (int o = 0; o < pair * wide; o++) {
            if ((size_t)(o / wide) < rows) {
                finish_plain(sums[o], 4, factors, &q->epilogue, q->y + y + (size_t)(o / wide) * row_bytes + (size_t)(o % wide) * step, count);
            }
        }
        return;
    }
    I kept[4][4];
    memcpy(kept, sums, sizeof(I) * 4 * (size_t)(pair * wide));
    for (size_t o = 0; o < rows * (size_t)wide; o++) KIND(finish_pixel)(q, kept[o], scale, y + o / (size_t)wide * row_bytes + o % (size_t)wide * step, count);
}

// The outputs of one band of rows for one block of channels.
INLINE void band(const opsin_int8_depthwise_arguments *q, const char *packed, const uint8_t *columns, size_t kernel, size_t groups, int pair, size_t fold,
                 size_t rows, size_t y, size_t count) {
    const opsin_int8_window *w = &q->window;
    const size_t row_bytes = (size_t)w->output_width * w->channels, step = fold * w->channels, next = fold * w->stride_x, all = w->output_width / fold;
    const size_t bytes = next * groups * BLOCK * 4;
    size_t ox = 0;
    for (; ox + 2 <= all; ox += 2) {
        tile(q, packed, columns + ox * bytes, next, w->dilation_x, kernel, groups, pair, 2, rows, y + ox * step, row_bytes, step, count);
    }
    for (; ox < all; ox++) tile(q, packed, columns + ox * bytes, next, w->dilation_x, kernel, groups, pair, 1, rows, y + ox * step, row_bytes, step, count);
    const size_t rest = w->output_width - all * fold;
    if (rest) tile(q, packed, columns + ox * bytes, next, w->dilation_x, kernel, groups, pair, 1, rows, y + ox * step, row_bytes, step, rest * w->channels);
}

void KIND(int8_depthwise)(const void *arguments, size_t first, size_t last, void *scratch) {
    const opsin_int8_depthwise_arguments *q = arguments;
    const opsin_int8_window *w = &q->window;
    const size_t pair = opsin_int8_depthwise_pair(w), fold = opsin_int8_depthwise_fold(BLOCK, w), groups = opsin_int8_depthwise_groups(w);
    const size_t blocks = (w->channels + BLOCK - 1) / BLOCK, bands = (w->output_height + pair - 1) / pair, lines = w->images * bands;
    const size_t block_bytes = BLOCK * 8 + pair * w->kernel_width * groups * BLOCK * 4, columns = opsin_int8_depthwise_columns(w, fold);
    for (size_t task = first; task < last; task++) {
        const size_t chunk = task / lines, line = task % lines, image = line / bands, oy = line % bands * pair;
        const size_t rows = w->output_height - oy < pair ? w->output_height - oy : pair;
        const uint8_t *map = q->x + image * w->height * w->width * w->channels;
        const int64_t top = (int64_t)(oy * w->stride_y) - w->padding_top;
        for (size_t block = blocks * chunk / q->chunks; block < blocks * (chunk + 1) / q->chunks; block++) {
            const size_t channel = block * BLOCK, rest = w->channels - channel, count = fold > 1 ? fold * w->channels : rest < BLOCK ? rest : BLOCK;
            const size_t y = (image * w->output_height + oy) * w->output_width * w->channels + channel;
            const char *packed = (const char *)q->packed + block * block_bytes;
            interleave_columns(w, map, top, channel, columns, groups, w->kernel_height + (pair - 1), fold, scratch);
            if (w->kernel_width == 3 && groups == 1) {
                if (pair == 2) band(q, packed, scratch, 3, 1, 2, fold, rows, y, count);
                else band(q, packed, scratch, 3, 1, 1, fold, rows, y, count);
            } else if (w->kernel_width == 5 && groups == 2) {
                if (pair == 2) band(q, packed, scratch, 5, 2, 2, fold, rows, y, count);
                else band(q, packed, scratch, 5, 2, 1, fold, rows, y, count);
            } else {
                if (pair == 2) band(q, packed, scratch, w->kernel_width, groups, 2, fold, rows, y, count);
                else band(q, packed, scratch, w->kernel_width, groups, 1, fold, rows, y, count);
            }
        }
    }
}
#else
// Tap by tap: a product of a byte and a signed byte fits 16 bits.
enum { BLOCK = 16 };
typedef uint8_t u8x16 __attribute__((ext_vector_type(16), aligned(1)));
typedef int16_t s16x16 __attribute__((ext_vector_type(16)));
typedef int16_t s16x16_unaligned __attribute__((ext_vector_type(16), aligned(2)));
typedef int32_t s32x16 __attribute__((ext_vector_type(16)));
typedef int32_t s32x16_unaligned __attribute__((ext_vector_type(16), aligned(4)));

void KIND(int8_depthwise)(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_int8_depthwise_arguments *q = arguments;
    const opsin_int8_window *w = &q->window;
    const size_t blocks = (w->channels + BLOCK - 1) / BLOCK, lines = w->images * (size_t)w->output_height;
    const size_t taps = (size_t)w->kernel_height * w->kernel_width, block_bytes = BLOCK * 8 + taps * BLOCK * 2;
    for (size_t task = first; task < last; task++) {
        const size_t chunk = task / lines, line = task % lines, begin = blocks * chunk / q->chunks, end = blocks * (chunk + 1) / q->chunks;
        const uint8_t *map = q->x + line / w->output_height * w->height * w->width * w->channels;
        const int64_t top = (int64_t)(line % w->output_height * w->stride_y) - w->padding_top;
        for (size_t block = begin; block < end; block++) {
            const char *packed = (const char *)q->packed + block * block_bytes;
            const float *scale = (const float *)(const void *)(packed + BLOCK * 4);
            const int16_t *k = (const int16_t *)(const void *)(packed + BLOCK * 8);
            const size_t channel = block * BLOCK, rest = w->channels - channel, count = rest < BLOCK ? rest : BLOCK;
            for (size_t ox = 0; ox < w->output_width; ox++) {
                s32x16 sum = *(const s32x16_unaligned *)(const void *)packed;
                for (size_t u = 0; u < w->kernel_height; u++) {
                    const int64_t y = top + (int64_t)(u * w->dilation_y);
                    for (size_t v = 0; v < w->kernel_width; v++) {
                        const int64_t x = (int64_t)(ox * w->stride_x + v * w->dilation_x) - w->padding_left;
                        const bool exists = y >= 0 && y < w->height && x >= 0 && x < w->width;
                        const uint8_t *from = exists ? map + ((size_t)y * w->width + (size_t)x) * w->channels : w->zeros;
                        const s16x16 pixel = __builtin_convertvector(*(const u8x16 *)(from + channel), s16x16);
                        const s16x16 product = pixel * *(const s16x16_unaligned *)(k + (u * w->kernel_width + v) * BLOCK);
                        sum += __builtin_convertvector(product, s32x16);
                    }
                }
                I sums[4];
                memcpy(sums, &sum, sizeof sums);
                const size_t to = (line * w->output_width + ox) * w->channels + channel;
                finish_row(sums, 4, scale, &q->epilogue, q->epilogue.residual ? q->epilogue.residual + to : 0, q->y + to, count);
            }
        }
    }
}
#endif
