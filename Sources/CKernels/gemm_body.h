// The register-tile product, included by kernels_*.c with simd.h before it. `rows` x `vectors` sums stay in registers while the depth goes by.
//
// With OPSIN_BUILD_BF16 a step of the depth is a pair of bf16 values, multiplied and added in fp32 by one instruction; the rows of a tile are
// rounded to bf16 into scratch first, where they are not stored so. (AMX tiles would take the same packing; no machine to measure them on was at hand, so there is no such path.)
#include "gelu_table.h"
#include "kernels.h"

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

// What a tile reads and writes. Group g of a strided tile begins at a[g], its row i `row_stride` bytes further each; row i of group g of a pointed tile
// begins at a[g * rows + i]. A group is `length` steps long.
typedef struct {
    const element *const *a;
    size_t groups, length, row_stride;
    size_t step; // bytes from an element of a row to the next, of strided tiles
    const element *b;
    const char *ahead;            // weights that are wanted soon
    const float *bias, *residual; // at the tile's first column; residual NULL without
    float *y;
    size_t stride; // of y and residual, in elements
    M tail;        // the columns of the last vector that exist
    bool half;     // y is rounded to bf16: where a kernel of this file reads it next
    const opsin_epilogue *epilogue;
} tile_arguments;

typedef void (*tile_fn)(const tile_arguments *t);

#if OPSIN_BUILD_AVX512
// Rounds to bf16, halves to even, as VCVTNEPS2BF16 does; NaN stays NaN.
INLINE void store_half(uint16_t *p, V v, M m) {
#if OPSIN_BUILD_BF16
    const __m256i half = (__m256i)_mm512_cvtneps_pbh(v);
#else
    const __m512i bits = _mm512_castps_si512(v), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd), 16);
    const __m256i half = _mm512_cvtepi32_epi16(_mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), _mm512_set1_epi32(0x7fc0)));
#endif
    _mm256_mask_storeu_epi16(p, m, half);
}

// GELU as max(v, 0) - t * Q(t), t = |v|, the second summand from a table of polynomials: one permutation of a register looks up sixteen coefficients.
// Absolute error below 3e-8 + half a unit of the last place, below 1e-5 where the answer is rounded to bf16 next; 0 for minus infinity, NaN for NaN.
// A third of gelu16's time (AMD EPYC 9005: 1.7 ns against 4.3 for sixteen values; 1.25 with the short table), which was a quarter of a MOAT block's.
#if OPSIN_BUILD_BF16
#define GELU_TABLE gelu_table_short
#else
#define GELU_TABLE gelu_table
#endif
INLINE V gelu(V v) {
    // Adding and subtracting ROUNDING leaves the number of the table's column in the low bits, which is where the permutation looks.
    const V t = _mm512_min_ps(splat(6.0f), _mm512_abs_ps(v)), shifted = mul_add(t, splat(32.0f / 13), splat(ROUNDING));
    const V r = _mm512_fnmadd_ps(_mm512_sub_ps(shifted, splat(ROUNDING)), splat(13.0f / 32), t);
    const __m512i column = _mm512_castps_si512(shifted);
    V p = splat(0);
#pragma unroll
    for (int power = sizeof(GELU_TABLE) / sizeof(*GELU_TABLE) - 1; power >= 0; power--) {
        p = mul_add(p, r, _mm512_permutexvar_ps(column, load(GELU_TABLE[power])));
    }
    return _mm512_sub_ps(larger(splat(0), v), p);
}
#endif

// Functions that are not a clamp: from a copy in memory, sixteen values at a time.
static __attribute__((noinline)) void activate_sums(float *sums, size_t count, const opsin_epilogue *e) {
#if OPSIN_BUILD_AVX512
    if (e->activation == OPSIN_ACTIVATION_GELU) {
        for (size_t i = 0; i < count; i += 16) store(sums + i, gelu(load(sums + i)));
        return;
    }
#endif
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
    if (is_clamp(e->activation)) {
        const V low = splat(clamp_low(e->activation, e->slope)), high = splat(clamp_high(e->activation, e->slope));
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
#if OPSIN_BUILD_AVX512
    if (t->half) {
        uint16_t *half = (uint16_t *)y;
#pragma unroll
        for (int i = 0; i < rows; i++) {
#pragma unroll
            for (int j = 0; j < vectors; j++) store_half(half + i * stride + j * VW, sums[i][j], j + 1 < vectors ? first(VW) : tail);
        }
        return;
    }
#endif
#pragma unroll
    for (int i = 0; i < rows; i++) {
#pragma unroll
        for (int j = 0; j + 1 < vectors; j++) store(y + i * stride + j * VW, sums[i][j]);
        store_first(y + i * stride + (vectors - 1) * VW, sums[i][vectors - 1], tail);
    }
}

INLINE void begin_sums(V sums[MAX_ROWS][MAX_VECTORS], const int rows, const int vectors, const float *bias) {
#pragma unroll
    for (int j = 0; j < vectors; j++) {
        const V start = load(bias + j * VW);
#pragma unroll
        for (int i = 0; i < rows; i++) sums[i][j] = start;
    }
}

// Asks for the residual while the depth goes by: whoever wrote it did so an op or more ago, so it is in an outer cache.
INLINE void fetch_residual(const int rows, const int vectors, const tile_arguments *t) {
    if (!t->residual) return;
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors; j += 16 / VW) __builtin_prefetch(t->residual + (size_t)i * t->stride + j * VW);
    }
}

// Rows at equal distances, which is nearly always: three rows share a pointer, so that pointers never leave the registers.
INLINE void strided_tile(const int rows, const int vectors, const tile_arguments *t) {
    V sums[MAX_ROWS][MAX_VECTORS];
    begin_sums(sums, rows, vectors, t->bias);
    fetch_residual(rows, vectors, t);
    const element *b = t->b;
    const char *ahead = t->ahead;
    const size_t length = t->length, row_stride = t->row_stride, step = t->step;
    for (size_t g = 0; g < t->groups; g++) {
        const char *a[(MAX_ROWS + 2) / 3];
#pragma unroll
        for (int i = 0; i < rows; i += 3) a[i / 3] = (const char *)t->a[g] + (size_t)i * row_stride;
#pragma unroll 4
        for (size_t k = 0; k < length; k++) {
            factors w[MAX_VECTORS];
#pragma unroll
            for (int j = 0; j < vectors; j++) w[j] = load_factors(b + j * VW);
            b += vectors * VW;
            __builtin_prefetch(ahead, 0, 2);
            ahead += 64;
#pragma unroll
            for (int i = 0; i < rows; i++) {
                const factors value = splat_factor(*(const element *)(a[i / 3] + (size_t)(i % 3) * row_stride));
#pragma unroll
                for (int j = 0; j < vectors; j++) sums[i][j] = multiply_add(value, w[j], sums[i][j]);
            }
#pragma unroll
            for (int i = 0; i < rows; i += 3) {
                a[i / 3] += step;
                // Hides that the pointers are multiples of one stride apart: the compiler would derive each row from the one before and spill.
                __asm__ volatile("" : "+r"(a[i / 3]));
            }
        }
    }
    finish_tile(sums, rows, vectors, t);
}

// Rows anywhere: a tile that crosses the end of an output row, or whose taps fall into the padding.
INLINE void pointed_tile(const int rows, const int vectors, const tile_arguments *t) {
    V sums[MAX_ROWS][MAX_VECTORS];
    begin_sums(sums, rows, vectors, t->bias);
    fetch_residual(rows, vectors, t);
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
#define DEFINE_POINTED(rows, vectors)                                                                                                                        \
    static void pointed_##rows##x##vectors(const tile_arguments *t) { pointed_tile(rows, vectors, t); }
EACH_TILE(DEFINE_POINTED)
#define LIST_POINTED(rows, vectors) [vectors][rows] = pointed_##rows##x##vectors,
static const tile_fn pointed_tiles[MAX_VECTORS + 1][MAX_ROWS + 1] = {EACH_TILE(LIST_POINTED)};

#define DEFINE_STRIDED(rows, vectors)                                                                                                                        \
    static void strided_##rows##x##vectors(const tile_arguments *t) { strided_tile(rows, vectors, t); }
EACH_TILE(DEFINE_STRIDED)
#define LIST_STRIDED(rows, vectors) [vectors][rows] = strided_##rows##x##vectors,
static const tile_fn strided_tiles[MAX_VECTORS + 1][MAX_ROWS + 1] = {EACH_TILE(LIST_STRIDED)};

// One stretch of a tile's rows that one kernel call computes.
typedef struct {
    size_t first, rows; // within the tile
    size_t groups, length;
    size_t skipped; // steps of the depth before the first group: taps above the input
    bool strided;
    const float **a;
} segment;

typedef struct {
    segment segments[3];
    size_t count, row_stride; // row_stride in bytes, of strided segments
} tile_rows;

// Adds rows [first, last) tap by tap; taps in the padding read zeros.
static void point_rows(const opsin_window *w, const float *x, size_t first_row, size_t first, size_t last, const float **a, tile_rows *out) {
    const size_t rows = last - first, channels = w->channels;
    out->segments[out->count++] = (segment){first, rows, (size_t)w->kernel_height * w->kernel_width, channels, 0, false, a};
    for (size_t i = 0; i < rows; i++) {
        const size_t row = first_row + first + i, ox = row % w->output_width, oy = row / w->output_width % w->output_height;
        const float *image = x + row / w->output_width / w->output_height * w->height * w->width * channels;
        const int64_t top = (int64_t)(oy * w->stride_y) - w->padding_top, left = (int64_t)(ox * w->stride_x) - w->padding_left;
        const float **place = a + i;
        for (size_t ky = 0; ky < w->kernel_height; ky++) {
            const int64_t iy = top + (int64_t)(ky * w->dilation_y);
            for (size_t kx = 0; kx < w->kernel_width; kx++, place += rows) {
                const int64_t ix = left + (int64_t)(kx * w->dilation_x);
                *place = iy >= 0 && ix >= 0 && iy < w->height && ix < w->width ? image + ((size_t)iy * w->width + (size_t)ix) * channels : w->zeros;
            }
        }
    }
}

// Columns [begin, end) of the output, which read no padding left or right.
typedef struct {
    size_t begin, end;
} inside_columns;

static inside_columns find_inside(const opsin_window *w) {
    if (w->kernel_height == 0) return (inside_columns){0, 0};
    const size_t reach = (size_t)(w->kernel_width - 1) * w->dilation_x, span = (size_t)w->width + w->padding_left;
    return (inside_columns){(w->padding_left + w->stride_x - 1) / w->stride_x, span > reach ? (span - reach - 1) / w->stride_x + 1 : 0};
}

// Adds columns [first, last), counted from ox, of output row `row`, which all lie inside: one group a window row that exists, or a tap where taps are
// apart.
INLINE void stride_rows(const opsin_window *w, const float *x, size_t row, size_t ox, size_t first, size_t last, const float **a, tile_rows *out) {
    const size_t n = row / w->output_height, oy = row - n * w->output_height, channels = w->channels;
    const int64_t top = (int64_t)(oy * w->stride_y) - w->padding_top;
    const float *start = x + (n * w->height * w->width + (ox + first) * w->stride_x - w->padding_left) * channels;
    const bool joined = w->dilation_x == 1;
    segment s = {first, last - first, 0, joined ? w->kernel_width * channels : channels, 0, true, a};
    for (size_t ky = 0; ky < w->kernel_height; ky++) {
        const int64_t iy = top + (int64_t)(ky * w->dilation_y);
        if (iy < 0) s.skipped += w->kernel_width * channels;
        if (iy < 0 || iy >= w->height) continue;
        const float *line = start + (size_t)iy * w->width * channels;
        for (size_t kx = 0; kx < (joined ? 1 : w->kernel_width); kx++) a[s.groups++] = line + kx * w->dilation_x * channels;
    }
    out->row_stride = w->stride_x * channels * sizeof(float);
    out->segments[out->count++] = s;
}

// Where the tile's rows, [first_row, first_row + rows) of the product, are in the input. `table` has room for taps x tile_rows pointers a segment. `whole`
// wants one segment with all of the depth: rows that are rounded next, what lies in the padding as zeros.
INLINE void find_rows(const opsin_gemm_arguments *q, const inside_columns *inside, bool whole, size_t run, size_t first_row, size_t rows, const float **table,
                      tile_rows *out) {
    const opsin_window *w = &q->window;
    out->count = 0;
    if (w->kernel_height == 0) {
        const size_t pitch = q->x_pitch ? q->x_pitch : q->depth;
        table[0] = q->x + first_row * pitch;
        out->segments[out->count++] = (segment){0, rows, 1, q->depth, 0, true, table};
        out->row_stride = pitch * sizeof(float);
        return;
    }
    if (q->shape.run != w->output_width) {
        point_rows(w, q->x, first_row, 0, rows, table, out);
        return;
    }
    const size_t ox = first_row - run * w->output_width;
    const size_t begin = inside->begin > ox ? inside->begin - ox : 0;
    const size_t end = inside->end > ox ? (inside->end - ox < rows ? inside->end - ox : rows) : 0;
    if (whole) {
        if (begin == 0 && end == rows) {
            stride_rows(w, q->x, run, ox, begin, end, table, out);
            if (out->segments[0].groups * out->segments[0].length == q->depth) return;
            out->count = 0;
        }
        point_rows(w, q->x, first_row, 0, rows, table, out);
        return;
    }
    // Few channels: a pointed tile has too little to do between pointers, so only the pixels at the border take it.
    if (begin < end && (w->channels < 16 || (begin == 0 && end == rows))) {
        const size_t room = (size_t)w->kernel_height * w->kernel_width * q->shape.tile_rows;
        if (begin > 0) point_rows(w, q->x, first_row, 0, begin, table, out);
        stride_rows(w, q->x, run, ox, begin, end, table + room, out);
        if (end < rows) point_rows(w, q->x, first_row, end, rows, table + 2 * room, out);
    } else {
        point_rows(w, q->x, first_row, 0, rows, table, out);
    }
}

#if OPSIN_BUILD_BF16
// Rounds the rows of a tile to bf16, group after group, into `strip`, and makes that the tile's one segment.
static void round_rows(tile_rows *tile, size_t depth, const float **table, uint16_t *strip) {
    const segment s = tile->segments[0];
    const size_t stride = (depth + 1) / 2 * 2;
    for (size_t i = 0; i < s.rows; i++) {
        uint16_t *out = strip + i * stride;
        for (size_t g = 0; g < s.groups; g++) {
            const float *in = s.strided ? (const float *)((const char *)s.a[g] + i * tile->row_stride) : s.a[g * s.rows + i];
            size_t k = 0;
            for (; k + 16 <= s.length; k += 16, out += 16) _mm256_storeu_si256((__m256i *)out, (__m256i)_mm512_cvtneps_pbh(load(in + k)));
            if (k < s.length) {
                const M rest = first(s.length - k);
                _mm256_mask_storeu_epi16(out, rest, (__m256i)_mm512_cvtneps_pbh(load_first(in + k, rest)));
                out += s.length - k;
            }
        }
        if (depth % 2) *out = 0;
    }
    table[0] = (const float *)strip;
    tile->segments[0] = (segment){0, s.rows, 1, (depth + 1) / 2, 0, true, table};
    tile->row_stride = stride * sizeof(uint16_t);
}
#endif

// Which rows and which panel a task is. Row blocks are outermost, then panels, then the row tiles of the block. Divisions, which cost as much as a
// good part of a small tile, happen once in `seek`; `advance` only counts.
typedef struct {
    size_t tile, turn, tiles_here, panel; // turn: of the block's `tiles_here` row tiles
    size_t run, part;                     // part of the run that the tile is
    size_t block_tile, block_run, block_part; // at the block's first tile
    size_t narrow_rows, wider_parts;          // rows of a tile, and how many tiles of a run have one more
} cursor;

INLINE void enter_block(const opsin_gemm_shape *s, cursor *c, size_t tile) {
    const size_t left = s->tiles - tile;
    c->block_tile = c->tile = tile;
    c->tiles_here = left < s->block_tiles ? left : s->block_tiles;
    c->block_run = c->run = tile / s->run_tiles;
    c->block_part = c->part = tile % s->run_tiles;
    c->turn = c->panel = 0;
}

INLINE void step_tile(const opsin_gemm_shape *s, cursor *c) {
    c->tile++;
    c->turn++;
    if (++c->part == s->run_tiles) {
        c->part = 0;
        c->run++;
    }
}

INLINE cursor seek(const opsin_gemm_shape *s, size_t task) {
    const size_t per_block = (size_t)s->block_tiles * s->panels;
    cursor c = {.narrow_rows = s->run / s->run_tiles, .wider_parts = s->run % s->run_tiles};
    enter_block(s, &c, task / per_block * s->block_tiles);
    c.panel = task % per_block / c.tiles_here;
    for (size_t turn = task % per_block % c.tiles_here; turn > 0; turn--) step_tile(s, &c);
    return c;
}

INLINE void advance(const opsin_gemm_shape *s, cursor *c) {
    step_tile(s, c);
    if (c->turn < c->tiles_here) return;
    if (++c->panel == s->panels) {
        if (c->tile < s->tiles) enter_block(s, c, c->tile);
        return;
    }
    c->tile = c->block_tile;
    c->run = c->block_run;
    c->part = c->block_part;
    c->turn = 0;
}

INLINE size_t rows_of(const cursor *c) { return c->narrow_rows + (c->part < c->wider_parts); }
INLINE size_t first_row_of(const opsin_gemm_shape *s, const cursor *c) {
    return c->run * s->run + c->part * c->narrow_rows + (c->part < c->wider_parts ? c->part : c->wider_parts);
}

// Computes rows [first_row, ...) x one panel for the stretch of rows that `part` is.
INLINE void run_segment(const opsin_gemm_arguments *q, const cursor *c, size_t steps, size_t first_row, const segment *part, size_t row_stride) {
    const opsin_gemm_shape *s = &q->shape;
    const size_t vectors = s->narrow + (c->panel < s->wider), width = vectors * VW;
    const size_t column = (c->panel * s->narrow + (c->panel < s->wider ? c->panel : s->wider)) * VW, left = q->columns - column;
    const size_t pitch = q->y_pitch ? q->y_pitch : q->columns, at = (first_row + part->first) * pitch + column;
    const element *b = (const element *)q->weights + column * steps;
    const tile_arguments t = {
        .a = (const element *const *)part->a,
        .groups = part->groups,
        .length = part->length,
        .row_stride = row_stride,
        .step = (q->x_step ? q->x_step : 1) * sizeof(element),
        .b = b + part->skipped * width,
        // The row tiles that share a panel fetch the next one between them.
        .ahead = (const char *)(b + steps * width) + (c->turn < vectors ? c->turn : 0) * steps * 64,
        .bias = q->epilogue.bias + column,
        .residual = q->epilogue.residual ? q->epilogue.residual + at : NULL,
        .y = q->half_y ? (float *)((uint16_t *)q->y + at) : q->y + at,
        .stride = pitch,
        .tail = first(left < width ? left - (vectors - 1) * VW : VW),
        .half = q->half_y,
        .epilogue = &q->epilogue,
    };
    (part->strided ? strided_tiles : pointed_tiles)[vectors][part->rows](&t);
}

void ISA(gemm)(const void *arguments, size_t first_task, size_t last_task, void *scratch) {
    const opsin_gemm_arguments *q = arguments;
    const opsin_gemm_shape *s = &q->shape;
    const float **table = scratch;
    cursor c = seek(s, first_task);
#if OPSIN_BUILD_BF16
    const size_t steps = (q->depth + 1) / 2;
    uint16_t *strip = (uint16_t *)(table + opsin_gemm_pointers(q));
    // Pairs of bf16 in memory are elements of half as many channels, found like floats; others are rounded first.
    const bool rounds = !q->half_x;
    opsin_gemm_arguments pairs;
    if (q->half_x && q->window.kernel_height) {
        pairs = *q;
        pairs.depth /= 2;
        pairs.window.channels /= 2;
        q = &pairs;
    }
#else
    const size_t steps = q->depth;
    const bool rounds = false;
#endif
    if (!rounds && q->window.kernel_height == 0) {
        const size_t row_bytes = (q->x_pitch ? q->x_pitch : steps) * sizeof(element);
        for (size_t task = first_task; task < last_task; task++, advance(s, &c)) {
            const size_t first_row = first_row_of(s, &c);
            const float *a = (const float *)((const char *)q->x + first_row * row_bytes);
            const segment part = {0, rows_of(&c), 1, steps, 0, true, &a};
            run_segment(q, &c, steps, first_row, &part, row_bytes);
        }
        return;
    }
    const inside_columns inside = find_inside(&q->window);
    tile_rows rows = {.count = 0};
    size_t known_tile = SIZE_MAX;
    for (size_t task = first_task; task < last_task; task++, advance(s, &c)) {
        const size_t first_row = first_row_of(s, &c);
        if (c.tile != known_tile) {
            find_rows(q, &inside, rounds, c.run, first_row, rows_of(&c), table, &rows);
#if OPSIN_BUILD_BF16
            if (rounds) round_rows(&rows, q->depth, table, strip);
#endif
            known_tile = c.tile;
        }
        for (size_t i = 0; i < rows.count; i++) run_segment(q, &c, steps, first_row, &rows.segments[i], rows.row_stride);
    }
}
