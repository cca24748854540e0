// F(4x4, 3x3), included by kernels_*.c behind gemm_body.h, whose register tiles it uses.
#pragma once
#include "winograd_scratch.h"

// v = B^T v for one column or row of a tile. Points +p and -p share an even and an odd part.
INLINE void transform_input(V v[POINTS]) {
    const V aa = splat((float)(POINT_A * POINT_A)), bb = splat((float)(POINT_B * POINT_B));
    const V product = splat((float)(POINT_A * POINT_A * POINT_B * POINT_B)), sum = splat((float)(-POINT_A * POINT_A - POINT_B * POINT_B));
    const V even_a = v[4] - bb * v[2], odd_a = v[3] - bb * v[1], even_b = v[4] - aa * v[2], odd_b = v[3] - aa * v[1];
    v[0] = mul_add(product, v[0], mul_add(sum, v[2], v[4]));
    v[5] = mul_add(product, v[1], mul_add(sum, v[3], v[5]));
    v[1] = mul_add(splat((float)POINT_A), odd_a, even_a);
    v[2] = mul_add(splat((float)-POINT_A), odd_a, even_a);
    v[3] = mul_add(splat((float)POINT_B), odd_b, even_b);
    v[4] = mul_add(splat((float)-POINT_B), odd_b, even_b);
}

// y = A^T v.
INLINE void transform_output(const V v[POINTS], V y[TILE]) {
    const V sum_a = v[1] + v[2], sum_b = v[3] + v[4], difference_a = v[1] - v[2], difference_b = v[3] - v[4];
    y[0] = v[0] + (sum_a + sum_b);
    y[1] = mul_add(splat((float)POINT_A), difference_a, splat((float)POINT_B) * difference_b);
    y[2] = mul_add(splat((float)(POINT_A * POINT_A)), sum_a, splat((float)(POINT_B * POINT_B)) * sum_b);
    y[3] = mul_add(splat((float)(POINT_A * POINT_A * POINT_A)), difference_a, mul_add(splat((float)(POINT_B * POINT_B * POINT_B)), difference_b, v[5]));
}

// Where a tile of the output is.
typedef struct {
    size_t image, row, column;
} winograd_place;

INLINE winograd_place find_tile(const opsin_window *w, size_t tile) {
    const size_t across = (w->output_width + TILE - 1) / TILE, down = (w->output_height + TILE - 1) / TILE;
    return (winograd_place){tile / across / down, tile / across % down * TILE, tile % across * TILE};
}

INLINE void next_tile(const opsin_window *w, winograd_place *p) {
    p->column += TILE;
    if (p->column < w->output_width) return;
    p->column = 0;
    p->row += TILE;
    if (p->row < w->output_height) return;
    p->row = 0;
    p->image++;
}

// The 6 x 6 pixels of a tile to its 36 positions. `at` has a pointer a pixel; inside of the map a pointer a row, pixels `pixel` floats apart.
INLINE void transform_tile(const bool inside, const float *const *at, size_t pixel, size_t channels, float *out, size_t position) {
    for (size_t c = 0; c < channels; c += VW) {
        V v[POINTS][POINTS]; // column, row
#pragma unroll
        for (int j = 0; j < POINTS; j++) {
#pragma unroll
            for (int i = 0; i < POINTS; i++) v[j][i] = load(inside ? at[i] + (size_t)j * pixel + c : at[i * POINTS + j] + c);
            transform_input(v[j]);
        }
        // The map is often larger than the caches: the pixels of the tile after the next are asked for now.
        if (inside) {
#pragma unroll
            for (int i = 0; i < POINTS; i++) {
#pragma unroll
                for (int j = 2; j < POINTS; j++) __builtin_prefetch(at[i] + (size_t)(j + 2 * TILE) * pixel + c);
            }
        }
#pragma unroll
        for (int i = 0; i < POINTS; i++) {
            V row[POINTS];
#pragma unroll
            for (int j = 0; j < POINTS; j++) row[j] = v[j][i];
            transform_input(row);
#pragma unroll
            for (int j = 0; j < POINTS; j++) store(out + (size_t)(i * POINTS + j) * position + c, row[j]);
        }
    }
}

// Reads up to a vector behind the channels of a pixel; what it makes of that nobody reads.
static void transform_strip(const opsin_winograd_arguments *q, const winograd_layout *l, size_t first, size_t count, float *out) {
    const opsin_window *w = &q->window;
    winograd_place p = find_tile(w, first);
    for (size_t t = 0; t < count; t++, next_tile(w, &p), out += l->pitch) {
        const float *image = q->x + p.image * w->height * w->width * w->channels;
        const int64_t top = (int64_t)p.row - w->padding_top, left = (int64_t)p.column - w->padding_left;
        const float *at[POSITIONS];
        if (top >= 0 && left >= 0 && top + POINTS <= w->height && left + POINTS <= w->width) {
            for (int i = 0; i < POINTS; i++) at[i] = image + ((size_t)(top + i) * w->width + (size_t)left) * w->channels;
            transform_tile(true, at, w->channels, w->channels, out, l->input_position);
            continue;
        }
        for (int i = 0; i < POSITIONS; i++) {
            const int64_t y = top + i / POINTS, x = left + i % POINTS;
            at[i] = y >= 0 && x >= 0 && y < w->height && x < w->width ? image + ((size_t)y * w->width + (size_t)x) * w->channels : w->zeros;
        }
        transform_tile(false, at, 0, w->channels, out, l->input_position);
    }
}

// The products of a strip's `count` tiles with one panel's weights, `vectors` wide, position by position.
static void multiply_strip(const opsin_winograd_arguments *q, const winograd_layout *l, const float *in, size_t count, const float *weights, size_t vectors,
                           float *out) {
    static const float zeros[MAX_VECTORS * VW];
    static const opsin_epilogue plain = {.residual_mode = OPSIN_RESIDUAL_BEFORE};
    const size_t depth = q->window.channels, width = vectors * VW, most = q->shape.product.tile_rows, turns = (count + most - 1) / most;
    const size_t chains = (depth + CHAIN - 1) / CHAIN;
    for (size_t position = 0; position < POSITIONS; position++, in += l->input_position, out += l->output_position, weights += depth * width) {
        for (size_t chain = 0; chain < chains; chain++) {
            const size_t begin = depth * chain / chains, end = depth * (chain + 1) / chains;
            for (size_t turn = 0; turn < turns; turn++) {
                const size_t row = count * turn / turns, rows = count * (turn + 1) / turns - row;
                const float *a = in + row * l->pitch + begin;
                float *sums = out + row * width;
                const tile_arguments t = {
                    .a = &a, .groups = 1, .length = end - begin, .row_stride = l->pitch * sizeof(float), .step = sizeof(float),
                    .b = weights + begin * width,
                    // The row tiles that share a panel fetch the next position's between them.
                    .ahead = (const char *)(weights + depth * width + begin * width) + (turn < vectors ? turn : 0) * (end - begin) * 64,
                    .bias = zeros, .residual = chain ? sums : NULL, .y = sums, .stride = width, .tail = first(VW), .epilogue = &plain,
                };
                strided_tiles[vectors][rows](&t);
            }
        }
    }
}

// One vector of channels of a tile's 4 x 4 outputs, of which `rows` x `columns` exist; `whole` says all of them and all channels.
INLINE void finish_outputs(const bool whole, V v[TILE][TILE], const opsin_epilogue *e, const float *residual, float *y, size_t row_stride, size_t stride,
                           size_t rows, size_t columns, M tail) {
    if (e->activation != OPSIN_ACTIVATION_IDENTITY || residual) {
        const bool before = residual && e->residual_mode == OPSIN_RESIDUAL_BEFORE, clamps = is_clamp(e->activation);
        _Alignas(64) float copy[TILE * TILE * VW];
        const V low = splat(clamps ? clamp_low(e->activation, e->slope) : 0), high = splat(clamps ? clamp_high(e->activation, e->slope) : 0);
        for (int after = 0; after < 2; after++) {
            if (residual && before == !after) {
#pragma unroll
                for (int i = 0; i < TILE; i++) {
#pragma unroll
                    for (int j = 0; j < TILE; j++) {
                        if (!whole && ((size_t)i >= rows || (size_t)j >= columns)) continue;
                        const float *r = residual + (size_t)i * row_stride + (size_t)j * stride;
                        v[i][j] = add(v[i][j], whole ? load(r) : load_first(r, tail));
                    }
                }
            }
            if (after) break;
            if (clamps) {
#pragma unroll
                for (int i = 0; i < TILE * TILE; i++) v[i / TILE][i % TILE] = smaller(high, larger(low, v[i / TILE][i % TILE]));
            } else if (e->activation != OPSIN_ACTIVATION_IDENTITY) {
                const size_t down = whole || rows > TILE ? TILE : rows, across = whole || columns > TILE ? TILE : columns;
#pragma unroll
                for (int i = 0; i < TILE; i++) {
#pragma unroll
                    for (int j = 0; j < TILE; j++) {
                        if ((size_t)i < down && (size_t)j < across) store(copy + ((size_t)i * across + (size_t)j) * VW, v[i][j]);
                    }
                }
                const M mask = whole ? first(VW) : tail;
                const destination to = {y, before ? NULL : residual, row_stride, stride, mask, mask, false, e};
                finish_copy(copy, down, across, &to);
                return;
            }
        }
    }
#pragma unroll
    for (int i = 0; i < TILE; i++) {
#pragma unroll
        for (int j = 0; j < TILE; j++) {
            if (!whole && ((size_t)i >= rows || (size_t)j >= columns)) continue;
            float *to = y + (size_t)i * row_stride + (size_t)j * stride;
            if (whole) store(to, v[i][j]);
            else store_first(to, v[i][j], tail);
        }
    }
}

// The products of a strip, one panel of columns from `column` on, to outputs.
static void finish_strip(const opsin_winograd_arguments *q, const winograd_layout *l, const float *in, size_t first_tile, size_t count, size_t column,
                         size_t vectors) {
    const opsin_window *w = &q->window;
    const size_t stride = q->y_pitch ? q->y_pitch : q->outputs, row_stride = w->output_width * stride;
    winograd_place p = find_tile(w, first_tile);
    for (size_t t = 0; t < count; t++, next_tile(w, &p), in += vectors * VW) {
        const size_t rows = w->output_height - p.row, columns = w->output_width - p.column;
        const size_t at = ((p.image * w->output_height + p.row) * w->output_width + p.column) * stride + column;
        for (size_t j = 0; j < vectors; j++) {
            V between[POINTS][TILE], v[TILE][TILE];
            const V bias = load(q->epilogue.bias + column + j * VW);
            float *y = q->y + at + j * VW;
            // The next tile's outputs, which are often in memory only, are asked for to be written to.
            for (size_t i = 0; i < TILE; i++) {
                for (size_t x = TILE; x < 2 * TILE; x++) __builtin_prefetch(y + i * row_stride + x * stride, 1);
            }
#pragma unroll
            for (int x = 0; x < POINTS; x++) {
                V m[POINTS];
#pragma unroll
                for (int i = 0; i < POINTS; i++) m[i] = load(in + (size_t)(i * POINTS + x) * l->output_position + j * VW);
                transform_output(m, between[x]);
            }
#pragma unroll
            for (int i = 0; i < TILE; i++) {
                V m[POINTS];
#pragma unroll
                for (int x = 0; x < POINTS; x++) m[x] = between[x][i];
                transform_output(m, v[i]);
#pragma unroll
                for (int x = 0; x < TILE; x++) v[i][x] = add(v[i][x], bias);
            }
            const size_t left = q->outputs - column - j * VW;
            const float *residual = q->epilogue.residual ? q->epilogue.residual + at + j * VW : NULL;
            if (rows >= TILE && columns >= TILE && left >= VW) {
                finish_outputs(true, v, &q->epilogue, residual, y, row_stride, stride, TILE, TILE, first(VW));
            } else {
                finish_outputs(false, v, &q->epilogue, residual, y, row_stride, stride, rows, columns, first(left < VW ? left : VW));
            }
        }
    }
}

void ISA(winograd)(const void *arguments, size_t first_task, size_t last_task, void *scratch) {
    const opsin_winograd_arguments *q = arguments;
    const opsin_winograd_shape *s = &q->shape;
    const opsin_window *w = &q->window;
    const winograd_layout l = winograd_lay_out(s, w->channels);
    const size_t tiles = q->images * ((w->output_height + TILE - 1) / TILE) * ((w->output_width + TILE - 1) / TILE);
    float *in = scratch, *products = in + l.input_floats;
    for (size_t task = first_task; task < last_task; task++) {
        const size_t strip = task % s->strips, group = task / s->strips, panels = s->product.panels;
        const size_t begin = tiles * strip / s->strips, count = tiles * (strip + 1) / s->strips - begin;
        transform_strip(q, &l, begin, count, in);
        for (size_t panel = panels * group / s->groups; panel < panels * (group + 1) / s->groups; panel++) {
            const size_t wider = s->product.wider, vectors = s->product.narrow + (panel < wider);
            const size_t column = (panel * s->product.narrow + (panel < wider ? panel : wider)) * VW;
            multiply_strip(q, &l, in, count, q->weights + column * w->channels * POSITIONS, vectors, products);
            finish_strip(q, &l, products, begin, count, column, vectors);
        }
    }
}
