// The register-tile product, included by kernels_*.c with simd.h before it. `rows` x `vectors` sums stay in registers while the depth goes by.
//
// With OPSIN_BUILD_BF16 a step of the depth is a pair of bf16 values, multiplied and added in fp32 by one instruction; the rows of a tile are
// rounded to bf16 into scratch first. (AMX tiles would take the same packing; no machine to measure them on was at hand, so there is no such path.)
#include "include/gemm.h"

// The largest tiles: sums, one vector of weights per column vector and one input value must fit into the registers.
#if OPSIN_BUILD_AVX512 || OPSIN_BUILD_NEON
enum { MAX_VECTORS = 4, MAX_ROWS = 14 };
#define EACH_TILE(DO)                                                                                                                                        \
    DO(1, 1) DO(2, 1) DO(3, 1) DO(4, 1) DO(5, 1) DO(6, 1) DO(7, 1) DO(8, 1) DO(9, 1) DO(10, 1) DO(11, 1) DO(12, 1) DO(13, 1) DO(14, 1)                       \
    DO(1, 2) DO(2, 2) DO(3, 2) DO(4, 2) DO(5, 2) DO(6, 2) DO(7, 2) DO(8, 2) DO(9, 2) DO(10, 2) DO(11, 2) DO(12, 2) DO(13, 2) DO(14, 2)                       \
    DO(1, 3) DO(2, 3) DO(3, 3) DO(4, 3) DO(5, 3) DO(6, 3) DO(7, 3) DO(8, 3) DO(9, 3)                                                                         \
    DO(1, 4) DO(2, 4) DO(3, 4) DO(4, 4) DO(5, 4) DO(6, 4)
#else
enum { MAX_VECTORS = 2, MAX_ROWS = 12 };
#define EACH_TILE(DO)                                                                                                                                        \
    DO(1, 1) DO(2, 1) DO(3, 1) DO(4, 1) DO(5, 1) DO(6, 1) DO(7, 1) DO(8, 1) DO(9, 1) DO(10, 1) DO(11, 1) DO(12, 1)                                           \
    DO(1, 2) DO(2, 2) DO(3, 2) DO(4, 2) DO(5, 2) DO(6, 2)
#endif

#if OPSIN_BUILD_BF16
typedef int32_t element; // two bf16 values
typedef __m512i factors;
INLINE factors load_factors(const element *p) { return _mm512_loadu_si512(p); }
INLINE factors splat_factor(element pair) { return _mm512_set1_epi32(pair); }
INLINE V multiply_add(factors a, factors b, V sum) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b); }
#else
typedef float element;
typedef V factors;
INLINE factors load_factors(const element *p) { return load(p); }
INLINE factors splat_factor(element value) { return splat(value); }
INLINE V multiply_add(factors a, factors b, V sum) { return mul_add(a, b, sum); }
#endif

// What a tile reads and writes. Row i of group g begins at a[g * rows + i] and is `length` steps long.
typedef struct {
    const element *const *a;
    size_t groups, length;
    const void *b;
    const float *bias, *residual; // at the tile's first column; residual NULL without
    float *y;
    size_t stride; // of y and residual, in elements
    M tail;        // the columns of the last vector that exist
    const opsin_epilogue *epilogue;
} tile_arguments;

typedef void (*tile_fn)(const tile_arguments *t);

// Functions that are not a clamp: from a copy in memory, sixteen values at a time.
static __attribute__((noinline)) void activate_sums(float *sums, size_t count, const opsin_epilogue *e) {
#define ACTIVATE_ALL(function)                                                                                                                               \
    for (size_t i = 0; i < count; i += 16) {                                                                                                                 \
        f32x16 v = FROM16(sums + i);                                                                                                                         \
        activate16(function, e->slope, &v);                                                                                                                  \
        AT16(sums + i) = v;                                                                                                                                  \
    }
    FOR_ACTIVATION(e->activation, ACTIVATE_ALL)
#undef ACTIVATE_ALL
}

INLINE void finish_tile(V sums[MAX_ROWS][MAX_VECTORS], const int rows, const int vectors, const tile_arguments *t) {
    const opsin_epilogue *e = t->epilogue;
    float *y = t->y;
    const float *residual = t->residual;
    const size_t stride = t->stride;
    const M tail = t->tail;
    if (residual && e->residual_mode == OPSIN_RESIDUAL_BEFORE) {
#pragma unroll
        for (int i = 0; i < rows; i++) {
#pragma unroll
            for (int j = 0; j < vectors; j++) {
                const float *r = residual + i * stride + j * VW;
                sums[i][j] = add(sums[i][j], j + 1 < vectors ? load(r) : load_first(r, tail));
            }
        }
        residual = NULL;
    }
    if (e->activation == OPSIN_ACTIVATION_RELU || e->activation == OPSIN_ACTIVATION_RELU6) {
        const V low = splat(0), high = splat(e->activation == OPSIN_ACTIVATION_RELU6 ? 6.0f : __builtin_inff());
#pragma unroll
        for (int i = 0; i < rows; i++) {
#pragma unroll
            for (int j = 0; j < vectors; j++) sums[i][j] = smaller(high, larger(low, sums[i][j]));
        }
    } else if (e->activation != OPSIN_ACTIVATION_IDENTITY) {
        _Alignas(64) float copy[(MAX_ROWS * MAX_VECTORS * VW + 15) / 16 * 16];
        const int count = rows * vectors * VW;
#pragma unroll
        for (int i = 0; i < rows; i++) {
#pragma unroll
            for (int j = 0; j < vectors; j++) store(copy + (i * vectors + j) * VW, sums[i][j]);
        }
        for (int i = count; i % 16; i++) copy[i] = 0;
        activate_sums(copy, (size_t)count, e);
#pragma unroll
        for (int i = 0; i < rows; i++) {
#pragma unroll
            for (int j = 0; j < vectors; j++) sums[i][j] = load(copy + (i * vectors + j) * VW);
        }
    }
    if (residual) {
#pragma unroll
        for (int i = 0; i < rows; i++) {
#pragma unroll
            for (int j = 0; j < vectors; j++) {
                const float *r = residual + i * stride + j * VW;
                sums[i][j] = add(sums[i][j], j + 1 < vectors ? load(r) : load_first(r, tail));
            }
        }
    }
#pragma unroll
    for (int i = 0; i < rows; i++) {
#pragma unroll
        for (int j = 0; j + 1 < vectors; j++) store(y + i * stride + j * VW, sums[i][j]);
        store_first(y + i * stride + (vectors - 1) * VW, sums[i][vectors - 1], tail);
    }
}

INLINE void tile_body(const int rows, const int vectors, const tile_arguments *t) {
    V sums[MAX_ROWS][MAX_VECTORS];
#pragma unroll
    for (int j = 0; j < vectors; j++) {
        const V bias = load(t->bias + j * VW);
#pragma unroll
        for (int i = 0; i < rows; i++) sums[i][j] = bias;
    }
    const element *b = t->b;
    const size_t length = t->length;
    for (size_t g = 0; g < t->groups; g++) {
        const element *a[MAX_ROWS];
#pragma unroll
        for (int i = 0; i < rows; i++) a[i] = t->a[g * rows + i];
#pragma unroll 2
        for (size_t k = 0; k < length; k++) {
            factors w[MAX_VECTORS];
#pragma unroll
            for (int j = 0; j < vectors; j++) w[j] = load_factors(b + j * VW);
            b += vectors * VW;
#pragma unroll
            for (int i = 0; i < rows; i++) {
                const factors value = splat_factor(a[i][k]);
#pragma unroll
                for (int j = 0; j < vectors; j++) sums[i][j] = multiply_add(value, w[j], sums[i][j]);
            }
        }
    }
    finish_tile(sums, rows, vectors, t);
}

#define DEFINE_TILE(rows, vectors)                                                                                                                           \
    static void tile_##rows##x##vectors(const tile_arguments *t) { tile_body(rows, vectors, t); }
EACH_TILE(DEFINE_TILE)

#define LIST_TILE(rows, vectors) [vectors][rows] = tile_##rows##x##vectors,
static const tile_fn tiles[MAX_VECTORS + 1][MAX_ROWS + 1] = {EACH_TILE(LIST_TILE)};

// Fills a[g * rows + i] with where row i of the product begins in group g. One group a tap; where no tap of the tile falls into the padding and
// taps of a row of the window are neighbours in memory, one group a window row, which is `kernel_width` times longer.
INLINE void point_rows(const opsin_gemm_arguments *q, size_t first_row, size_t rows, const float **a, size_t *groups, size_t *length) {
    const opsin_window *w = &q->window;
    if (w->kernel_height == 0) {
        for (size_t i = 0; i < rows; i++) a[i] = q->x + (first_row + i) * q->depth;
        *groups = 1;
        *length = q->depth;
        return;
    }
    const size_t channels = w->channels, pixels = (size_t)w->height * w->width;
    int64_t top[MAX_ROWS], left[MAX_ROWS];
    size_t image[MAX_ROWS];
    bool inside = true;
    const int64_t reach_y = (int64_t)(w->kernel_height - 1) * w->dilation_y, reach_x = (int64_t)(w->kernel_width - 1) * w->dilation_x;
    size_t column = first_row % w->output_width, row = first_row / w->output_width % w->output_height, n = first_row / w->output_width / w->output_height;
    for (size_t i = 0; i < rows; i++) {
        top[i] = (int64_t)(row * w->stride_y) - w->padding_top;
        left[i] = (int64_t)(column * w->stride_x) - w->padding_left;
        image[i] = n;
        inside &= top[i] >= 0 && left[i] >= 0 && top[i] + reach_y < w->height && left[i] + reach_x < w->width;
        if (++column == w->output_width) {
            column = 0;
            if (++row == w->output_height) {
                row = 0;
                n++;
            }
        }
    }
    if (inside && w->dilation_x == 1) {
        for (size_t ky = 0; ky < w->kernel_height; ky++) {
            for (size_t i = 0; i < rows; i++) {
                a[ky * rows + i] = q->x + (image[i] * pixels + ((size_t)top[i] + ky * w->dilation_y) * w->width + (size_t)left[i]) * channels;
            }
        }
        *groups = w->kernel_height;
        *length = w->kernel_width * channels;
        return;
    }
    for (size_t ky = 0; ky < w->kernel_height; ky++) {
        for (size_t kx = 0; kx < w->kernel_width; kx++) {
            for (size_t i = 0; i < rows; i++) {
                const int64_t iy = top[i] + (int64_t)(ky * w->dilation_y), ix = left[i] + (int64_t)(kx * w->dilation_x);
                const bool real = iy >= 0 && ix >= 0 && iy < w->height && ix < w->width;
                *a++ = real ? q->x + (image[i] * pixels + (size_t)iy * w->width + (size_t)ix) * channels : w->zeros;
            }
        }
    }
    *groups = (size_t)w->kernel_height * w->kernel_width;
    *length = channels;
}

#if OPSIN_BUILD_BF16
// Rounds the rows of a tile to bf16, group after group, into `strip`, and points `a` to them: one group of pairs.
INLINE void round_rows(const float **a, size_t rows, size_t groups, size_t length, size_t depth, uint16_t *strip) {
    const size_t stride = (depth + 1) / 2 * 2;
    for (size_t i = 0; i < rows; i++) {
        uint16_t *out = strip + i * stride;
        for (size_t g = 0; g < groups; g++) {
            const float *in = a[g * rows + i];
            size_t k = 0;
            for (; k + 16 <= length; k += 16, out += 16) _mm256_storeu_si256((__m256i *)out, (__m256i)_mm512_cvtneps_pbh(load(in + k)));
            if (k < length) {
                const M rest = first(length - k);
                _mm256_mask_storeu_epi16(out, rest, (__m256i)_mm512_cvtneps_pbh(load_first(in + k, rest)));
                out += length - k;
            }
        }
        if (depth % 2) *out = 0;
    }
    for (size_t i = 0; i < rows; i++) a[i] = (const float *)(strip + i * stride);
}
#endif

// Which rows and which panel a task is. Row blocks are outermost, then panels, then the row tiles of the block.
typedef struct {
    size_t first_row, rows, tile, vectors, first_vector;
} task_place;

INLINE task_place place_of(const opsin_gemm_shape *s, size_t all_rows, size_t task) {
    const size_t per_block = (size_t)s->block_tiles * s->panels, block = task / per_block, inside = task % per_block;
    const size_t first_tile = block * s->block_tiles, left = s->tiles - first_tile, tiles_here = left < s->block_tiles ? left : s->block_tiles;
    const size_t panel = inside / tiles_here, tile = first_tile + inside % tiles_here;
    const size_t begin = all_rows * tile / s->tiles, end = all_rows * (tile + 1) / s->tiles;
    return (task_place){begin, end - begin, tile, s->narrow + (panel < s->wider), panel * s->narrow + (panel < s->wider ? panel : s->wider)};
}

void ISA(gemm)(const void *arguments, size_t first_task, size_t last_task, void *scratch) {
    const opsin_gemm_arguments *q = arguments;
    const opsin_gemm_shape *s = &q->shape;
    const float **a = scratch;
    size_t groups = 0, length = 0, known_tile = SIZE_MAX;
    const M whole = first(VW);
#if OPSIN_BUILD_BF16
    const size_t steps = (q->depth + 1) / 2;
#else
    const size_t steps = q->depth;
#endif
    for (size_t task = first_task; task < last_task; task++) {
        const task_place p = place_of(s, q->rows, task);
        if (p.tile != known_tile) {
            point_rows(q, p.first_row, p.rows, a, &groups, &length);
#if OPSIN_BUILD_BF16
            const size_t taps = q->window.kernel_height ? (size_t)q->window.kernel_height * q->window.kernel_width : 1;
            round_rows(a, p.rows, groups, length, q->depth, (uint16_t *)(a + taps * s->tile_rows));
            groups = 1;
            length = steps;
#endif
            known_tile = p.tile;
        }
        const size_t column = p.first_vector * VW, width = p.vectors * VW, left = q->columns - column;
        const tile_arguments t = {
            .a = (const element *const *)a,
            .groups = groups,
            .length = length,
            .b = (const element *)q->weights + column * steps,
            .bias = q->epilogue.bias + column,
            .residual = q->epilogue.residual ? q->epilogue.residual + p.first_row * q->columns + column : NULL,
            .y = q->y + p.first_row * q->columns + column,
            .stride = q->columns,
            .tail = left < width ? first(left - (p.vectors - 1) * VW) : whole,
            .epilogue = &q->epilogue,
        };
        tiles[p.vectors][p.rows](&t);
    }
}
