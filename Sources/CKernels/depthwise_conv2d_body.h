// Depthwise convolution, included by kernels_*.c with simd.h before it. A tile of output pixels x one vector of channels stays in registers; every
// input vector is loaded once and multiplied into each output that it reaches. Channels are the inner loop, so that memory is read in long runs.
//
// With OPSIN_BUILD_BF16 the input is bf16 in memory, and with AVX-512 the output where the arguments say so; weights, products and sums are fp32.
#include "include/depthwise_conv2d.h"

enum { TILE_PIXELS = 14 };

#if OPSIN_BUILD_BF16
typedef uint16_t stored;
// A bf16 number is the upper half of the fp32 number that it is.
INLINE V load_stored(const stored *p) { return (V)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16); }
#else
typedef float stored;
INLINE V load_stored(const stored *p) { return load(p); }
#endif

typedef struct {
    const stored *x;           // first input pixel of the window; NULL: use `table`
    const stored *const *table; // one pointer per input pixel of the tile, row by row; pixels of the padding point to zeros
    size_t row_stride, pixel_stride; // of x, from tap to tap
    const float *weights;
    const float *residual;
    float *y;
    bool half; // y is bf16
    size_t output_row_stride, output_stride; // of y, from row to row and from column to column of the tile
    size_t first_channel, last_channel;
    const opsin_epilogue *epilogue;
} depthwise_tile;

typedef void (*depthwise_fn)(const depthwise_tile *t);

INLINE void finish_pixels(V sums[TILE_PIXELS], const int rows, const int columns, const depthwise_tile *t, size_t c, size_t offset[2]) {
    const opsin_epilogue *e = t->epilogue;
    const size_t left = t->last_channel - c;
    const M tail = first(left < VW ? left : VW);
    const bool before = e->residual_mode == OPSIN_RESIDUAL_BEFORE, after = e->residual_mode == OPSIN_RESIDUAL_AFTER;
    if (before) {
#pragma unroll
        for (int i = 0; i < rows * columns; i++) {
            sums[i] = add(sums[i], load_first(t->residual + offset[i / columns] + (size_t)(i % columns) * t->output_stride + c, tail));
        }
    }
    if (is_clamp(e->activation)) {
        const V low = splat(clamp_low(e->activation, e->slope)), high = splat(clamp_high(e->activation, e->slope));
#pragma unroll
        for (int i = 0; i < rows * columns; i++) sums[i] = smaller(high, larger(low, sums[i]));
    } else if (e->activation != OPSIN_ACTIVATION_IDENTITY) {
        _Alignas(64) float copy[(TILE_PIXELS * VW + 15) / 16 * 16];
#pragma unroll
        for (int i = 0; i < rows * columns; i++) store(copy + i * VW, sums[i]);
        float *y = t->half ? (float *)((uint16_t *)t->y + c) : t->y + c;
        const destination to = {y, after ? t->residual + c : NULL, t->output_row_stride, t->output_stride, tail, tail, t->half, e};
        finish_copy(copy, (size_t)rows, (size_t)columns, &to);
        return;
    }
    if (after) {
#pragma unroll
        for (int i = 0; i < rows * columns; i++) {
            sums[i] = add(sums[i], load_first(t->residual + offset[i / columns] + (size_t)(i % columns) * t->output_stride + c, tail));
        }
    }
#if OPSIN_BUILD_AVX512
    if (t->half) {
        uint16_t *y = (uint16_t *)t->y;
#pragma unroll
        for (int i = 0; i < rows * columns; i++) store_half(y + offset[i / columns] + (size_t)(i % columns) * t->output_stride + c, sums[i], tail);
        return;
    }
#endif
#pragma unroll
    for (int i = 0; i < rows * columns; i++) store_first(t->y + offset[i / columns] + (size_t)(i % columns) * t->output_stride + c, sums[i], tail);
}

INLINE void depthwise_tile_body(const int kernel, const int stride, const int rows, const int columns, const bool table, const depthwise_tile *t) {
    const int input_rows = (rows - 1) * stride + kernel, input_columns = (columns - 1) * stride + kernel;
    size_t offset[2] = {0, t->output_row_stride};
    for (size_t c = t->first_channel; c < t->last_channel; c += VW) {
        V sums[TILE_PIXELS];
        const V bias = load(t->epilogue->bias + c);
#pragma unroll
        for (int i = 0; i < rows * columns; i++) sums[i] = bias;
        const float *weights = t->weights + c / 16 * (size_t)(kernel * kernel * 16) + c % 16;
#pragma unroll
        for (int r = 0; r < input_rows; r++) {
            const stored *row = table ? NULL : t->x + (size_t)r * t->row_stride + c;
#pragma unroll
            for (int s = 0; s < input_columns; s++) {
                const V x = load_stored(table ? t->table[r * input_columns + s] + c : row + (size_t)s * t->pixel_stride);
#pragma unroll
                for (int i = 0; i < rows; i++) {
                    const int ky = r - i * stride;
#pragma unroll
                    for (int j = 0; j < columns; j++) {
                        const int kx = s - j * stride;
                        if (ky >= 0 && ky < kernel && kx >= 0 && kx < kernel) {
                            sums[i * columns + j] = mul_add(x, load(weights + (ky * kernel + kx) * 16), sums[i * columns + j]);
                        }
                    }
                }
            }
        }
        finish_pixels(sums, rows, columns, t, c, offset);
    }
}

// kernel, stride, rows, columns
#define EACH_DEPTHWISE_OF(DO, k, s) DO(k, s, 1, 1) DO(k, s, 1, 4) DO(k, s, 1, 7) DO(k, s, 2, 1) DO(k, s, 2, 4) DO(k, s, 2, 7)
#define EACH_DEPTHWISE(DO)                                                                                                                                   \
    EACH_DEPTHWISE_OF(DO, 3, 1) EACH_DEPTHWISE_OF(DO, 3, 2) EACH_DEPTHWISE_OF(DO, 5, 1) EACH_DEPTHWISE_OF(DO, 5, 2) EACH_DEPTHWISE_OF(DO, 7, 1)

#define DEFINE_DEPTHWISE(k, s, r, w)                                                                                                                         \
    static void depthwise_##k##s##s##_##r##x##w(const depthwise_tile *t) { depthwise_tile_body(k, s, r, w, false, t); }                                      \
    static void depthwise_##k##s##s##_##r##x##w##_table(const depthwise_tile *t) { depthwise_tile_body(k, s, r, w, true, t); }
EACH_DEPTHWISE(DEFINE_DEPTHWISE)

typedef struct {
    depthwise_fn inside, table;
} depthwise_pair;
#define LIST_DEPTHWISE(k, s, r, w) [k / 2][s][r][w] = {depthwise_##k##s##s##_##r##x##w, depthwise_##k##s##s##_##r##x##w##_table},
static const depthwise_pair depthwise_tiles[4][3][3][8] = {EACH_DEPTHWISE(LIST_DEPTHWISE)};

// Points to the input pixels of a tile that starts at (top, left); the steps are those from tap to tap.
INLINE void fill_table(const opsin_window *w, const stored *image, int64_t top, int64_t left, size_t rows, size_t columns, size_t step_y, size_t step_x,
                       const stored **table) {
    for (size_t r = 0; r < rows; r++) {
        const int64_t iy = top + (int64_t)(r * step_y);
        for (size_t s = 0; s < columns; s++) {
            const int64_t ix = left + (int64_t)(s * step_x);
            const bool real = iy >= 0 && ix >= 0 && iy < w->height && ix < w->width;
            *table++ = real ? image + ((size_t)iy * w->width + (size_t)ix) * w->channels : (const stored *)w->zeros;
        }
    }
}

// Any window, one output pixel at a time.
static void depthwise_any(const opsin_window *w, const stored *const *table, const depthwise_tile *t) {
    const size_t taps = (size_t)w->kernel_height * w->kernel_width;
    size_t offset[2] = {0, 0};
    for (size_t c = t->first_channel; c < t->last_channel; c += VW) {
        V sums[TILE_PIXELS] = {load(t->epilogue->bias + c)};
        const float *weights = t->weights + c / 16 * taps * 16 + c % 16;
        for (size_t tap = 0; tap < taps; tap++) sums[0] = mul_add(load_stored(table[tap] + c), load(weights + tap * 16), sums[0]);
        finish_pixels(sums, 1, 1, t, c, offset);
    }
}

void ISA(depthwise_conv2d)(const void *arguments, size_t first_task, size_t last_task, void *scratch) {
    const opsin_depthwise_conv2d_arguments *q = arguments;
    const opsin_window *w = &q->window;
    const size_t channels = w->channels, y_channels = q->y_channels ? q->y_channels : channels;
    const size_t step = opsin_depthwise_conv2d_step(q), phase_tiles = opsin_depthwise_conv2d_phase_tiles(q);
    const size_t row_tiles = phase_tiles * step, per_chunk = row_tiles * q->images;
    const size_t columns = q->tile_columns ? q->tile_columns : 1, blocks = (channels + 15) / 16;
    const stored **table = scratch;
    for (size_t task = first_task; task < last_task; task++) {
        const size_t chunk = task / per_chunk, n = task % per_chunk / row_tiles, tile = task % row_tiles;
        const size_t oy = tile / phase_tiles + tile % phase_tiles * q->tile_rows * step;
        if (oy >= w->output_height) continue; // a phase with fewer rows than the first
        const size_t below = (w->output_height - oy + step - 1) / step, rows = q->tile_rows <= below ? q->tile_rows : below;
        const stored *image = (const stored *)q->x + n * w->height * w->width * channels;
        const size_t end_channel = (chunk + 1) * blocks / q->chunks * 16;
        depthwise_tile t = {
            .row_stride = (size_t)w->width * channels * step,
            .pixel_stride = channels * step,
            .weights = q->weights,
            .output_row_stride = (size_t)w->output_width * y_channels * step,
            .output_stride = y_channels * step,
            .first_channel = chunk * blocks / q->chunks * 16,
            .last_channel = end_channel < channels ? end_channel : channels,
            .epilogue = &q->epilogue,
            .half = q->half_y,
        };
        const int64_t top = (int64_t)(oy * w->stride_y) - w->padding_top;
        for (size_t phase = 0; phase < step && phase < w->output_width; phase++) {
            const size_t across = (w->output_width - phase + step - 1) / step;
            for (size_t next = 0; next < across; next += columns) {
                // The last tile of a row moves back to end with the row; what it shares with the tile before is computed twice, to the same values.
                const size_t ox = phase + (next + columns <= across ? next : across - columns) * step;
                const size_t at = ((n * w->output_height + oy) * w->output_width + ox) * y_channels;
                t.y = q->half_y ? (float *)((uint16_t *)q->y + at) : q->y + at;
                t.residual = q->epilogue.residual ? q->epilogue.residual + at : NULL;
                const int64_t left = (int64_t)(ox * w->stride_x) - w->padding_left;
                if (q->tile_columns == 0) {
                    fill_table(w, image, top, left, w->kernel_height, w->kernel_width, w->dilation_y, w->dilation_x, table);
                    depthwise_any(w, table, &t);
                    continue;
                }
                const depthwise_pair pair = depthwise_tiles[w->kernel_height / 2][w->stride_y][rows][columns];
                const size_t input_rows = (rows - 1) * w->stride_y + w->kernel_height, input_columns = (columns - 1) * w->stride_x + w->kernel_width;
                const int64_t bottom = top + (int64_t)((input_rows - 1) * step), right = left + (int64_t)((input_columns - 1) * step);
                if (top >= 0 && left >= 0 && bottom < w->height && right < w->width) {
                    t.x = image + ((size_t)top * w->width + (size_t)left) * channels;
                    pair.inside(&t);
                } else {
                    fill_table(w, image, top, left, input_rows, input_columns, step, step, table);
                    t.table = table;
                    pair.table(&t);
                }
            }
        }
    }
}
