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
    const char *ahead; // what is fetched on the way, a line a step: a part of the next panel, which other tiles read soon
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
INLINE void KIND(rows_by_panel)(const opsin_int8_gemm_arguments *q, const uint8_t *const *segments, size_t pitch, KIND(panel) p, size_t rows, size_t n, size_t row,
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
    const int8_t *k = p.weights;
    for (size_t s = 0; s < q->shape.segments; s++) {
        for (size_t step = 0; step < q->shape.steps; step += 16, k += n * 1024) {
            _tile_loadd(4, segments[s] + step * 4, pitch);
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
    }
    I sums[64];
    _tile_stored(0, sums, n * 64);
    if (n > 1) _tile_stored(1, sums + 1, n * 64);
    if (n > 2) _tile_stored(2, sums + 2, n * 64);
    if (n > 3) _tile_stored(3, sums + 3, n * 64);
    KIND(finish_tile)(q, sums, (int)rows, (int)n, p.scale, row, column, count);
}
#else
INLINE void KIND(tile)(const opsin_int8_gemm_arguments *q, const uint8_t *const *segments, size_t pitch, KIND(panel) p, int rows, int n, size_t row,
                       size_t column, size_t count) {
    I sums[16][4];
#pragma clang loop unroll(full)
    for (int v = 0; v < n; v++) {
        const I bias = load_i(p.bias + v * VECTOR);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) sums[r][v] = bias;
    }
    const int8_t *k = p.weights;
    const char *ahead = p.ahead;
    for (size_t s = 0; s < q->shape.segments; s++) {
        // Rows three at a time off one pointer, which addressing modes reach.
        const uint8_t *rows_at[6];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r += 3) rows_at[r / 3] = segments[s] + (size_t)r * pitch;
        for (size_t step = q->shape.steps; step > 0; step--) {
            W w[4];
#pragma clang loop unroll(full)
            for (int v = 0; v < n; v++) {
                w[v] = load_w(k + v * VECTOR * 4);
                // So few rows that the weights come from far away all the time: their own stream, half a page ahead.
                if (rows <= 2 && v * VECTOR * 4 % 64 == 0) __builtin_prefetch(k + v * VECTOR * 4 + 2048);
            }
            k += n * VECTOR * 4;
            if (rows > 2) {
                __builtin_prefetch(ahead);
                ahead += 64;
            }
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) {
                const X four = load_x(rows_at[r / 3] + (size_t)(r % 3) * pitch);
#pragma clang loop unroll(full)
                for (int v = 0; v < n; v++) sums[r][v] = dot(sums[r][v], four, w[v]);
            }
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r += 3) rows_at[r / 3] += 4;
        }
    }
    const opsin_int8_epilogue *e = &q->epilogue;
    if (q->y && is_plain(e)) {
        F scale[4];
#pragma clang loop unroll(full)
        for (int v = 0; v < n; v++) scale[v] = load_f(p.scale + v * VECTOR);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) finish_plain(sums[r], n, scale, e, q->y + (row + (size_t)r) * q->columns + column, count);
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
    case r * 8 + n: KIND(tile)(q, segments, pitch, p, r, n, row, column, count); break;
#define TILES_TO_2(n) TILE(1, n) TILE(2, n)
#define TILES_TO_4(n) TILES_TO_2(n) TILE(3, n) TILE(4, n)
#define TILES_TO_6(n) TILES_TO_4(n) TILE(5, n) TILE(6, n)
#define TILES_TO_8(n) TILES_TO_6(n) TILE(7, n) TILE(8, n)
#define TILES_TO_12(n) TILES_TO_8(n) TILE(9, n) TILE(10, n) TILE(11, n) TILE(12, n)
#define TILES_TO_14(n) TILES_TO_12(n) TILE(13, n) TILE(14, n)

// `rows` rows from `row` on, each `segments` of bytes, times a panel of n vectors.
INLINE void KIND(rows_by_panel)(const opsin_int8_gemm_arguments *q, const uint8_t *const *segments, size_t pitch, KIND(panel) p, size_t rows, size_t n, size_t row,
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

// Panel `index` of a tile of rows, the tile being number `turn` of those that read the panel in turn.
static void KIND(panel_of_tile)(const opsin_int8_gemm_arguments *q, const uint8_t *const *segments, size_t pitch, size_t rows, size_t row, size_t index, size_t turn,
                                size_t *configured) {
    const opsin_int8_shape *s = &q->shape;
    const size_t first = index * s->narrow + (index < s->wider ? index : s->wider), n = s->narrow + (index < s->wider);
    const size_t column = first * VECTOR, width = n * VECTOR, rest = q->columns - column, count = rest < width ? rest : width;
    const char *packed = (const char *)q->packed + column * (8 + 4 * (size_t)s->steps * s->segments);
    const size_t steps = (size_t)s->steps * s->segments, lines = width * 4 / 64;
    const KIND(panel) p = {(const int32_t *)(const void *)packed, (const float *)(const void *)(packed + width * 4), (const int8_t *)packed + width * 8,
                           // The first tiles of a panel fetch the next one between them; the others look at what is there already.
                           turn < lines ? packed + width * (8 + 4 * steps) + turn * steps * 64 : packed};
    KIND(rows_by_panel)(q, segments, pitch, p, rows, n, row, column, count, configured);
}

// Where the segments of a tile's rows begin: in the map, or where the window leaves it in a copy of the pixels with the padding around them.
static void KIND(find_segments)(const opsin_int8_gemm_arguments *q, size_t line, size_t column, size_t rows, const uint8_t **segments, uint8_t *copy) {
    const opsin_int8_window *w = &q->window;
    const size_t channels = w->channels, reach = (rows - 1) * w->stride_x + (w->kernel_width - 1) * (size_t)w->dilation_x + 1;
    const size_t parts = q->shape.segments / w->kernel_height, image = line / w->output_height, oy = line % w->output_height;
    const uint8_t *map = q->x + image * w->height * w->width * channels;
    const int64_t left = (int64_t)(column * w->stride_x) - w->padding_left;
    const bool inside = left >= 0 && left + (int64_t)reach <= w->width;
    for (size_t u = 0; u < w->kernel_height; u++) {
        const int64_t y = (int64_t)(oy * w->stride_y + u * w->dilation_y) - w->padding_top;
        const bool exists = y >= 0 && y < w->height;
        const uint8_t *from = map + (exists ? (size_t)y * w->width * channels : 0);
        if (exists && inside) {
            from += (size_t)left * channels;
        } else {
            const int64_t before = left < 0 ? -left : 0, end = left + (int64_t)reach < w->width ? (int64_t)reach : (int64_t)w->width - left;
            memset(copy, w->zeros[0], reach * channels);
            if (exists && end > before) memcpy(copy + (size_t)before * channels, from + (size_t)(left + before) * channels, (size_t)(end - before) * channels);
            from = copy;
            copy += (reach * channels + 127) / 64 * 64;
        }
        for (size_t v = 0; v < parts; v++) *segments++ = from + v * w->dilation_x * channels;
    }
}

void KIND(int8_gemm)(const void *arguments, size_t first, size_t last, void *scratch) {
    const opsin_int8_gemm_arguments *q = arguments;
    const opsin_int8_shape *s = &q->shape;
    size_t configured = 0;
    if (q->window.kernel_height) {
        const uint8_t **segments = scratch;
        uint8_t *copy = (uint8_t *)scratch + (s->segments * sizeof(void *) + 63) / 64 * 64;
        const size_t base = s->run / s->run_tiles, extra = s->run % s->run_tiles;
        size_t line = first / s->run_tiles, part = first % s->run_tiles;
        for (size_t t = first; t < last; t++, line += ++part == s->run_tiles, part = part == s->run_tiles ? 0 : part) {
            const size_t column = part * base + (part < extra ? part : extra), rows = base + (part < extra);
            KIND(find_segments)(q, line, column, rows, segments, copy);
            for (size_t panel = 0; panel < s->panels; panel++) {
                KIND(panel_of_tile)(q, segments, (size_t)q->window.stride_x * q->window.channels, rows, line * s->run + column, panel, SIZE_MAX, &configured);
            }
        }
        END_TILES
        return;
    }
    // Divisions cost as much as a small tile: once, then counted on.
    const size_t base = q->rows / s->tiles, extra = q->rows % s->tiles, per_block = (size_t)s->block_tiles * s->panels;
    size_t begin = first / per_block * s->block_tiles, rest = s->tiles - begin, tiles = rest < s->block_tiles ? rest : s->block_tiles;
    size_t within = first - begin * s->panels, panel = within / tiles, tile = within % tiles;
    for (size_t task = first; task < last; task++) {
        const size_t t = begin + tile, row = t * base + (t < extra ? t : extra);
        const uint8_t *x = q->x + row * q->depth;
        KIND(panel_of_tile)(q, &x, q->depth, base + (t < extra), row, panel, tile, &configured);
        if (++tile < tiles) continue;
        tile = 0;
        if (++panel < s->panels) continue;
        panel = 0, begin += tiles, rest -= tiles;
        tiles = rest < s->block_tiles ? rest : s->block_tiles;
    }
    END_TILES
}
