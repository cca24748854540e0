// The register tiles of gemm_body.h, and what is done to sums before they are stored.
#pragma once
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
enum { BF16_FACTORS = 1 };
typedef int32_t element; // two bf16 values
typedef __m512i factors;
INLINE factors load_factors(const element *p) { return _mm512_loadu_si512(p); }
INLINE factors splat_factor(element pair) { return _mm512_set1_epi32(pair); }
INLINE V multiply_add(factors a, factors b, V sum) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b); }
#else
enum { BF16_FACTORS = 0 };
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
    const float *start; // sums that others began, rows of two vectors; NULL without
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
INLINE V gelu(const bool half, V v) {
    const bool rough = half || BF16_FACTORS;
    const float(*table)[16] = rough ? gelu_table_short : gelu_table;
    const int powers = rough ? sizeof gelu_table_short / sizeof *gelu_table_short : sizeof gelu_table / sizeof *gelu_table;
    // Adding and subtracting ROUNDING leaves the number of the table's column in the low bits, which is where the permutation looks.
    const V t = _mm512_min_ps(splat(6.0f), _mm512_abs_ps(v)), shifted = mul_add(t, splat(32.0f / 13), splat(ROUNDING));
    const V r = _mm512_fnmadd_ps(_mm512_sub_ps(shifted, splat(ROUNDING)), splat(13.0f / 32), t);
    const __m512i column = _mm512_castps_si512(shifted);
    V p = splat(0);
#pragma unroll
    for (int power = powers - 1; power >= 0; power--) p = mul_add(p, r, _mm512_permutexvar_ps(column, load(table[power])));
    return _mm512_sub_ps(larger(splat(0), v), p);
}
#endif

// Where sums that were copied to memory go: a grid of vectors, `row_step` and `column_step` elements apart.
typedef struct {
    float *y; // bf16 with `half`
    const float *residual; // added behind the activation; NULL without
    size_t row_step, column_step;
    M inner, last; // what is stored of each vector, and of the last one of a row
    bool half;
    const opsin_epilogue *epilogue;
} destination;

#if OPSIN_BUILD_AVX512
INLINE V activated(const int32_t function, float slope, const bool half, V v) {
    if (function == OPSIN_ACTIVATION_GELU) return gelu(half, v);
    f32x16 x = (f32x16)v;
    activate16(function, slope, &x);
    return (V)x;
}
#else
// Registers of other sizes: sixteen values of the copy at a time first.
static void activate_copy(float *copy, size_t count, const opsin_epilogue *e) {
#define ACTIVATE_ALL(function)                                                                                                                               \
    for (size_t i = 0; i < count; i += 16) {                                                                                                                 \
        f32x16 v = FROM16(copy + i);                                                                                                                         \
        activate16(function, e->slope, &v);                                                                                                                  \
        AT16(copy + i) = v;                                                                                                                                  \
    }
    FOR_ACTIVATION(e->activation, ACTIVATE_ALL)
#undef ACTIVATE_ALL
}
INLINE V activated(int32_t function, float slope, bool half, V v) {
    (void)function, (void)slope, (void)half;
    return v;
}
#endif

INLINE void store_finished(float *y, size_t at, const bool half, V v, M mask) {
#if OPSIN_BUILD_AVX512
    if (half) {
        store_half((uint16_t *)y + at, v, mask);
        return;
    }
#else
    (void)half;
#endif
    store_first(y + at, v, mask);
}

INLINE void finish_rows(const int32_t function, const bool half, const bool residual, const float *copy, size_t rows, size_t columns, const destination *to) {
    const destination d = *to; // stores of vectors could be to `to`
    const float slope = d.epilogue->slope;
    for (size_t i = 0; i < rows; i++) {
        size_t at = i * d.row_step;
        for (size_t left = columns; left > 0; left--, at += d.column_step, copy += VW) {
            const M mask = left > 1 ? d.inner : d.last;
            V v = activated(function, slope, half, load(copy));
            if (residual) v = add(v, load_first(d.residual + at, mask));
            store_finished(d.y, at, half, v, mask);
        }
    }
}

INLINE void finish_vectors(const int32_t function, const float *copy, size_t rows, size_t columns, const destination *to) {
    if (to->residual) finish_rows(function, to->half, true, copy, rows, columns, to);
    else if (to->half) finish_rows(function, true, false, copy, rows, columns, to);
    else finish_rows(function, false, false, copy, rows, columns, to);
}

// Functions that are not a clamp: from a copy in memory to y, since registers have no room for what they need beside a tile's sums.
static __attribute__((noinline)) void finish_copy(float *copy, size_t rows, size_t columns, const destination *to) {
#if OPSIN_BUILD_AVX512
#define FINISH(function) finish_vectors(function, copy, rows, columns, to)
    FOR_ACTIVATION(to->epilogue->activation, FINISH)
#undef FINISH
#else
    const size_t count = rows * columns * VW;
    for (size_t i = count; i % 16; i++) copy[i] = 0;
    activate_copy(copy, count, to->epilogue);
    finish_vectors(OPSIN_ACTIVATION_IDENTITY, copy, rows, columns, to);
#endif
}

INLINE void add_residual(V sums[MAX_ROWS][MAX_VECTORS], const int rows, const int vectors, const float *residual, size_t stride, M tail) {
#pragma unroll
    for (int i = 0; i < rows; i++) {
#pragma unroll
        for (int j = 0; j < vectors; j++) {
            const float *r = residual + i * stride + j * VW;
            sums[i][j] = add(sums[i][j], j + 1 < vectors ? load(r) : load_first(r, tail));
        }
    }
}

INLINE void finish_tile(V sums[MAX_ROWS][MAX_VECTORS], const int rows, const int vectors, const tile_arguments *t) {
    const opsin_epilogue *e = t->epilogue;
    float *y = t->y;
    const float *residual = t->residual;
    const size_t stride = t->stride;
    const M tail = t->tail;
    if (residual && e->residual_mode == OPSIN_RESIDUAL_BEFORE) {
        add_residual(sums, rows, vectors, residual, stride, tail);
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
#pragma unroll
        for (int i = 0; i < rows; i++) {
#pragma unroll
            for (int j = 0; j < vectors; j++) store(copy + (i * vectors + j) * VW, sums[i][j]);
        }
        const destination to = {y, residual, stride, VW, first(VW), tail, t->half, e};
        finish_copy(copy, (size_t)rows, (size_t)vectors, &to);
        return;
    }
    if (residual) add_residual(sums, rows, vectors, residual, stride, tail);
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

INLINE void begin_sums(V sums[MAX_ROWS][MAX_VECTORS], const int rows, const int vectors, const tile_arguments *t) {
#pragma unroll
    for (int j = 0; j < vectors; j++) {
        const V start = load(t->bias + j * VW);
#pragma unroll
        for (int i = 0; i < rows; i++) sums[i][j] = start;
    }
#if OPSIN_BUILD_AMX
    if (!t->start) return;
#pragma unroll
    for (int i = 0; i < rows; i++) {
#pragma unroll
        for (int j = 0; j < vectors; j++) sums[i][j] = add(sums[i][j], load(t->start + (i * 2 + j) * VW));
    }
#endif
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
    begin_sums(sums, rows, vectors, t);
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
    begin_sums(sums, rows, vectors, t);
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
