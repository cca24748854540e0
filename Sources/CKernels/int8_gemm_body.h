// A product of bytes in register tiles: `rows` rows of x by n vectors of columns, all sums in registers.
#include "int8_simd.h"

#if OPSIN_INT8_BUILD_AMX
// The tiles are given back, so that the kernel need not save them with the thread.
#define END_TILES                                                                                                                                      \
    if (configured) _tile_release();
#else
#define END_TILES
#endif

// Where a panel stands among the packed weights: biases [width], scales [width], then weights [steps][width][4].
typedef struct {
    const int32_t *bias;
    const float *scale;
    const int8_t *weights;
} KIND(panel);

// What is left of a tile whose sums are in memory: every epilogue that is not a clamp alone.
static void KIND(finish_tile)(const opsin_int8_gemm_arguments *q, const I *sums, int rows, int n, const float *scale, size_t row, size_t column, size_t count) {
    for (int r = 0; r < rows; r++) {
        const size_t at = (row + (size_t)r) * q->columns + column;
        if (q->y_float) {
            float values[4 * VECTOR];
            for (int v = 0; v < n; v++) {
                const F value = mul(real(sums[r * n + v]), load_f(scale + v * VECTOR));
                memcpy(values + v * VECTOR, &value, sizeof value);
            }
            // Lane by lane, vector by vector: int8_column the other way round.
            for (size_t i = 0; i < count; i++) q->y_float[at + i] = values[i / 4 % (size_t)n * VECTOR + i / (4 * (size_t)n) * 4 + i % 4];
            continue;
        }
        const uint8_t *residual = q->epilogue.residual ? q->epilogue.residual + at : 0;
        switch (n) {
        case 1: finish_row(sums + r * n, 1, scale, &q->epilogue, residual, q->y + at, count); break;
        case 2: finish_row(sums + r * n, 2, scale, &q->epilogue, residual, q->y + at, count); break;
        case 3: finish_row(sums + r * n, 3, scale, &q->epilogue, residual, q->y + at, count); break;
        default: finish_row(sums + r * n, 4, scale, &q->epilogue, residual, q->y + at, count); break;
        }
    }
}

#if OPSIN_INT8_BUILD_AMX
// What LDTILECFG reads: sums in tiles 0 to 3, rows of x in 4, weights in 5.
typedef struct {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_configuration;

// The same on tiles. The depth is padded with zero weights to whole tiles of 64; what they meet behind a row of x does not count.
INLINE void KIND(rows_by_panel)(const opsin_int8_gemm_arguments *q, const uint8_t *x, size_t pitch, KIND(panel) p, size_t rows, size_t n, size_t row,
                                size_t column, size_t count, size_t *configured) {
    if (*configured != rows) {
        tile_configuration c = {.palette = 1};
        for (int t = 0; t < 6; t++) c.row_bytes[t] = 64, c.rows[t] = (uint8_t)(t < 5 ? rows : 16);
        _tile_loadconfig(&c);
        *configured = rows;
    }
    // Every row of sums begins with the biases: a stride of 0.
    _tile_loadd(0, p.bias, 0);
    if (n > 1) _tile_loadd(1, p.bias + 16, 0);
    if (n > 2) _tile_loadd(2, p.bias + 32, 0);
    if (n > 3) _tile_loadd(3, p.bias + 48, 0);
    for (size_t step = 0; step < q->shape.steps; step += 16) {
        const int8_t *k = p.weights + step * n * 64;
        _tile_loadd(4, x + step * 4, pitch);
        _tile_loadd(5, k, n * 64);
        _tile_dpbusd(0, 4, 5);
        if (n > 1) {
            _tile_loadd(5, k + 64, n * 64);
            _tile_dpbusd(1, 4, 5);
        }
        if (n > 2) {
            _tile_loadd(5, k + 128, n * 64);
            _tile_dpbusd(2, 4, 5);
        }
        if (n > 3) {
            _tile_loadd(5, k + 192, n * 64);
            _tile_dpbusd(3, 4, 5);
        }
    }
    I sums[64];
    _tile_stored(0, sums, n * 64);
    if (n > 1) _tile_stored(1, sums + 1, n * 64);
    if (n > 2) _tile_stored(2, sums + 2, n * 64);
    if (n > 3) _tile_stored(3, sums + 3, n * 64);
    KIND(finish_tile)(q, sums, (int)rows, (int)n, p.scale, row, column, count);
}
#else
INLINE void KIND(tile)(const opsin_int8_gemm_arguments *q, const uint8_t *x, size_t pitch, KIND(panel) p, int rows, int n, size_t row, size_t column,
                       size_t count) {
    I sums[16][4];
    // Rows three at a time off one pointer, which addressing modes reach.
    const uint8_t *rows_at[6];
    for (int r = 0; r < rows; r += 3) rows_at[r / 3] = x + (size_t)r * pitch;
#pragma clang loop unroll(full)
    for (int v = 0; v < n; v++) {
        const I bias = load_i(p.bias + v * VECTOR);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) sums[r][v] = bias;
    }
    const int8_t *k = p.weights;
    for (size_t step = q->shape.steps; step > 0; step--) {
        W w[4];
#pragma clang loop unroll(full)
        for (int v = 0; v < n; v++) w[v] = load_w(k + v * VECTOR * 4);
        k += n * VECTOR * 4;
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const X four = load_x(rows_at[r / 3] + (size_t)(r % 3) * pitch);
#pragma clang loop unroll(full)
            for (int v = 0; v < n; v++) sums[r][v] = dot(sums[r][v], four, w[v]);
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r += 3) rows_at[r / 3] += 4;
    }
    const opsin_int8_epilogue *e = &q->epilogue;
    if (!e->residual && !e->hard_swish && q->y) {
        F scale[4];
#pragma clang loop unroll(full)
        for (int v = 0; v < n; v++) scale[v] = load_f(p.scale + v * VECTOR);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            I out[4];
#pragma clang loop unroll(full)
            for (int v = 0; v < n; v++) out[v] = rounded(mul(real(sums[r][v]), scale[v]));
            store_sums(q->y + (row + (size_t)r) * q->columns + column, out, n, e, count);
        }
        return;
    }
    I kept[64];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < n; v++) kept[r * n + v] = sums[r][v];
    }
    KIND(finish_tile)(q, kept, rows, n, p.scale, row, column, count);
}

#define TILE(r, n)                                                                                                                                     \
    case r * 8 + n: KIND(tile)(q, x, pitch, p, r, n, row, column, count); break;
#define TILES_TO_2(n) TILE(1, n) TILE(2, n)
#define TILES_TO_4(n) TILES_TO_2(n) TILE(3, n) TILE(4, n)
#define TILES_TO_6(n) TILES_TO_4(n) TILE(5, n) TILE(6, n)
#define TILES_TO_8(n) TILES_TO_6(n) TILE(7, n) TILE(8, n)
#define TILES_TO_12(n) TILES_TO_8(n) TILE(9, n) TILE(10, n) TILE(11, n) TILE(12, n)
#define TILES_TO_14(n) TILES_TO_12(n) TILE(13, n) TILE(14, n)

// `rows` rows from `row` on, whose bytes begin at x, times a panel of n vectors.
INLINE void KIND(rows_by_panel)(const opsin_int8_gemm_arguments *q, const uint8_t *x, size_t pitch, KIND(panel) p, size_t rows, size_t n, size_t row,
                                size_t column, size_t count, size_t *configured) {
    (void)configured;
    switch (rows * 8 + n) {
        // As opsin_int8_gemm_plan has them.
#if OPSIN_INT8_BUILD_AVX512_VNNI || OPSIN_INT8_BUILD_NEON_DOT || OPSIN_INT8_BUILD_NEON
        TILES_TO_14(1)
        TILES_TO_12(2)
        TILES_TO_8(3)
        TILES_TO_6(4)
#elif OPSIN_INT8_BUILD_AVX_VNNI
        TILES_TO_12(1)
        TILES_TO_6(2)
        TILES_TO_4(3)
#elif OPSIN_INT8_BUILD_AVX2
        TILES_TO_8(1)
        TILES_TO_4(2)
#else
        TILES_TO_4(1)
        TILES_TO_2(2)
#endif
    default: break;
    }
}
#endif

// Panel `index` of a tile of rows.
static void KIND(panel_of_tile)(const opsin_int8_gemm_arguments *q, const uint8_t *x, size_t pitch, size_t rows, size_t row, size_t index, size_t *configured) {
    const opsin_int8_shape *s = &q->shape;
    const size_t first = index * s->narrow + (index < s->wider ? index : s->wider), n = s->narrow + (index < s->wider);
    const size_t column = first * VECTOR, width = n * VECTOR, rest = q->columns - column, count = rest < width ? rest : width;
    const char *packed = (const char *)q->packed + column * (8 + 4 * (size_t)s->steps);
    const KIND(panel) p = {(const int32_t *)(const void *)packed, (const float *)(const void *)(packed + width * 4), (const int8_t *)packed + width * 8};
    KIND(rows_by_panel)(q, x, pitch, p, rows, n, row, column, count, configured);
}

// The rows of a tile under the window, tap by tap, as rows of 4 * steps bytes.
static void KIND(gather)(const opsin_int8_gemm_arguments *q, size_t row, size_t rows, uint8_t *to) {
    const opsin_int8_window *w = &q->window;
    const size_t pitch = 4 * (size_t)q->shape.steps, run = w->channels;
    for (size_t r = row; r < row + rows; r++, to += pitch) {
        const size_t ox = r % w->output_width, oy = r / w->output_width % w->output_height, image = r / w->output_width / w->output_height;
        const uint8_t *map = q->x + image * w->height * w->width * run;
        uint8_t *at = to;
        const int64_t left = (int64_t)(ox * w->stride_x) - w->padding_left;
        const bool inside = w->dilation_x == 1 && left >= 0 && left + w->kernel_width <= w->width;
        for (size_t u = 0; u < w->kernel_height; u++) {
            const int64_t y = (int64_t)(oy * w->stride_y + u * w->dilation_y) - w->padding_top;
            const bool exists = y >= 0 && y < w->height;
            if (exists && inside) {
                memcpy(at, map + ((size_t)y * w->width + (size_t)left) * run, w->kernel_width * run);
                at += w->kernel_width * run;
                continue;
            }
            for (size_t v = 0; v < w->kernel_width; v++, at += run) {
                const int64_t x = left + (int64_t)(v * w->dilation_x);
                memcpy(at, exists && x >= 0 && x < w->width ? map + ((size_t)y * w->width + (size_t)x) * run : w->zeros, run);
            }
        }
        while (at < to + pitch) *at++ = 0;
    }
}

void KIND(int8_gemm)(const void *arguments, size_t first, size_t last, void *scratch) {
    const opsin_int8_gemm_arguments *q = arguments;
    const opsin_int8_shape *s = &q->shape;
    size_t configured = 0;
    if (q->window.kernel_height) {
        for (size_t t = first; t < last; t++) {
            const size_t row = q->rows * t / s->tiles, rows = q->rows * (t + 1) / s->tiles - row;
            KIND(gather)(q, row, rows, scratch);
            for (size_t panel = 0; panel < s->panels; panel++) KIND(panel_of_tile)(q, scratch, 4 * (size_t)s->steps, rows, row, panel, &configured);
        }
        END_TILES
        return;
    }
    for (size_t task = first; task < last; task++) {
        const size_t block = task / ((size_t)s->block_tiles * s->panels), begin = block * s->block_tiles;
        const size_t rest = s->tiles - begin, tiles = rest < s->block_tiles ? rest : s->block_tiles;
        const size_t within = task - begin * s->panels, panel = within / tiles, t = begin + within % tiles;
        const size_t row = q->rows * t / s->tiles, rows = q->rows * (t + 1) / s->tiles - row;
        KIND(panel_of_tile)(q, q->x + row * q->depth, q->depth, rows, row, panel, &configured);
    }
    END_TILES
}
