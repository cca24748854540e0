// Depthwise convolution of bytes. On x86 four neighbouring taps of a window row are interleaved, so that one product of four bytes adds them; where windows
// next to each other share their pixels, one interleaving serves two outputs, the second with weights that stand one tap further.
#include "int8_simd.h"

#if INT8_HAS_BYTES
enum { BLOCK = 4 * VECTOR };

#if OPSIN_INT8_BUILD_AVX2
INLINE X taps_of(B v) { return (X){_mm256_and_si256(v, _mm256_set1_epi16(255)), _mm256_srli_epi16(v, 8)}; }
#else
INLINE X taps_of(B v) { return v; }
#endif

// BLOCK channels of four pixels as four vectors, each of four taps a channel, channels in the order of int8_simd.h.
INLINE void interleave(const uint8_t *const *p, size_t channel, X *out) {
    const B a = load_b(p[0] + channel), b = load_b(p[1] + channel), c = load_b(p[2] + channel), d = load_b(p[3] + channel);
    const B low_ab = unpack_low8(a, b), high_ab = unpack_high8(a, b), low_cd = unpack_low8(c, d), high_cd = unpack_high8(c, d);
    out[0] = taps_of(unpack_low16(low_ab, low_cd));
    out[1] = taps_of(unpack_high16(low_ab, low_cd));
    out[2] = taps_of(unpack_low16(high_ab, high_cd));
    out[3] = taps_of(unpack_high16(high_ab, high_cd));
}

// `outputs` neighbouring pixels of y from column `ox` on, channel blocks [first, last); `p` are rows x groups x 4 pixels of x.
INLINE void tile(const opsin_int8_depthwise_arguments *q, const uint8_t *const *p, size_t rows, size_t groups, int pair, size_t outputs, size_t first,
                 size_t last, size_t pixel) {
    const size_t channels = q->window.channels, weight_bytes = (size_t)pair * rows * groups * BLOCK * 4;
    for (size_t block = first; block < last; block++) {
        const char *packed = (const char *)q->packed + block * (BLOCK * 8 + weight_bytes);
        const float *scale = (const float *)(const void *)(packed + BLOCK * 4);
        const int8_t *k = (const int8_t *)packed + BLOCK * 8, *second = k + rows * groups * BLOCK * 4;
        I sums[2][4];
        for (int i = 0; i < 4; i++) {
            sums[0][i] = load_i((const int32_t *)(const void *)packed + i * VECTOR);
            sums[1][i] = sums[0][i];
        }
        for (size_t at = 0; at < rows * groups; at++, k += BLOCK * 4, second += BLOCK * 4) {
            X taps[4];
            interleave(p + at * 4, block * BLOCK, taps);
            for (int i = 0; i < 4; i++) {
                sums[0][i] = dot(sums[0][i], taps[i], load_w(k + i * VECTOR * 4));
                if (pair == 2) sums[1][i] = dot(sums[1][i], taps[i], load_w(second + i * VECTOR * 4));
            }
        }
        const size_t channel = block * BLOCK, rest = channels - channel, count = rest < BLOCK ? rest : BLOCK;
        for (size_t o = 0; o < outputs; o++) {
            const size_t to = (pixel + o) * channels + channel;
            finish_row(sums[o], 4, scale, &q->epilogue, q->epilogue.residual ? q->epilogue.residual + to : 0, q->y + to, count);
        }
    }
}

// The pixels under `groups` x 4 columns of the window's rows, from column `left` of the map on.
INLINE void find_pixels(const opsin_int8_window *w, const uint8_t *map, int64_t top, int64_t left, size_t groups, const uint8_t **p) {
    const bool inside = left >= 0 && left + (int64_t)((4 * groups - 1) * w->dilation_x) < w->width;
    const size_t step = (size_t)w->dilation_x * w->channels;
    for (size_t u = 0; u < w->kernel_height; u++, p += groups * 4) {
        const int64_t y = top + (int64_t)(u * w->dilation_y);
        const bool exists = y >= 0 && y < w->height;
        if (exists && inside) {
            const uint8_t *at = map + ((size_t)y * w->width + (size_t)left) * w->channels;
            for (size_t v = 0; v < groups * 4; v++) p[v] = at + v * step;
            continue;
        }
        for (size_t v = 0; v < groups * 4; v++) {
            const int64_t x = left + (int64_t)(v * w->dilation_x);
            p[v] = exists && x >= 0 && x < w->width ? map + ((size_t)y * w->width + (size_t)x) * w->channels : w->zeros;
        }
    }
}

void KIND(int8_depthwise)(const void *arguments, size_t first, size_t last, void *scratch) {
    const opsin_int8_depthwise_arguments *q = arguments;
    const opsin_int8_window *w = &q->window;
    const int pair = (int)opsin_int8_depthwise_pair(OPSIN_INT8_AVX2, w);
    const size_t groups = (w->kernel_width + (size_t)pair - 1 + 3) / 4, blocks = (w->channels + BLOCK - 1) / BLOCK, lines = w->images * (size_t)w->output_height;
    const uint8_t **p = scratch;
    for (size_t task = first; task < last; task++) {
        const size_t chunk = task / lines, line = task % lines, begin = blocks * chunk / q->chunks, end = blocks * (chunk + 1) / q->chunks;
        const uint8_t *map = q->x + line / w->output_height * w->height * w->width * w->channels;
        const int64_t top = (int64_t)(line % w->output_height * w->stride_y) - w->padding_top;
        for (size_t ox = 0; ox < w->output_width; ox += (size_t)pair) {
            const size_t rest = w->output_width - ox, outputs = rest < (size_t)pair ? rest : (size_t)pair, pixel = line * w->output_width + ox;
            find_pixels(w, map, top, (int64_t)(ox * w->stride_x) - w->padding_left, groups, p);
            if (w->kernel_height == 3 && groups == 1) {
                if (pair == 2 && outputs == 2) tile(q, p, 3, 1, 2, 2, begin, end, pixel);
                else if (pair == 2) tile(q, p, 3, 1, 2, 1, begin, end, pixel);
                else tile(q, p, 3, 1, 1, 1, begin, end, pixel);
            } else if (w->kernel_height == 5 && groups == 2) {
                if (pair == 2 && outputs == 2) tile(q, p, 5, 2, 2, 2, begin, end, pixel);
                else if (pair == 2) tile(q, p, 5, 2, 2, 1, begin, end, pixel);
                else tile(q, p, 5, 2, 1, 1, begin, end, pixel);
            } else {
                if (pair == 2) tile(q, p, w->kernel_height, groups, 2, outputs, begin, end, pixel);
                else tile(q, p, w->kernel_height, groups, 1, 1, begin, end, pixel);
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
