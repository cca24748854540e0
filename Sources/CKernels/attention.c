#include "include/attention.h"
#include "attention_place.h"
#include "each_isa.h"
#include "math16.h"

// Keys of a block, and channels of a head that one pass of the first product takes.
#define KEYS 128
#define DEPTH 128
// Floats between rows of every tile in scratch. A constant, so that the address of each row of a tile is one register plus a number; not a power of
// two, so that the rows do not fall into the same sets of the cache.
#define STRIDE 144
// Rows of the largest tile.
#define MOST_ROWS 12

// Tiles hold their sums in registers: 12 x 32 floats of 32 AVX-512 registers, 6 x 16 of 16 AVX2 (or 32 NEON) ones, 3 x 16 of 16 SSE ones.
OPSIN_INLINE size_t tile_rows(opsin_isa isa) { return isa == OPSIN_ISA_AVX512 ? 12 : isa == OPSIN_ISA_GENERIC ? 3 : 6; }
OPSIN_INLINE size_t tile_vectors(opsin_isa isa) { return isa == OPSIN_ISA_AVX512 ? 2 : 1; }

size_t opsin_attention_tile(opsin_isa isa) { return tile_rows(isa); }

// What a product starts from: zero, what is there, or what is there times a factor a row.
typedef enum { FROM_ZERO, FROM_SUM, FROM_SCALED } start_kind;

// c[rows][vectors * 16] = start + a[rows][depth] * b[depth][vectors * 16]; a and c are tiles with rows STRIDE and c_stride apart.
OPSIN_INLINE void multiply_tile(size_t rows, size_t vectors, start_kind start, const float *a, const float *b, size_t b_stride, size_t depth,
                                const float *factors, float *c, size_t c_stride) {
    f32x16 sum[MOST_ROWS][2];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (size_t j = 0; j < vectors; j++) {
            sum[i][j] = start == FROM_ZERO ? SPLAT(0) : FROM16(c + i * c_stride + 16 * j);
            if (start == FROM_SCALED) sum[i][j] *= factors[i];
        }
    }
    for (size_t p = 0; p < depth; p++, b += b_stride) {
        f32x16 u[2];
#pragma clang loop unroll(full)
        for (size_t j = 0; j < vectors; j++) u[j] = FROM16(b + 16 * j);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows; i++) {
            const f32x16 w = SPLAT(a[i * STRIDE + p]);
#pragma clang loop unroll(full)
            for (size_t j = 0; j < vectors; j++) sum[i][j] = w * u[j] + sum[i][j];
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (size_t j = 0; j < vectors; j++) AT16(c + i * c_stride + 16 * j) = sum[i][j];
    }
}

// All columns (a multiple of 16) of a product, in tiles; `start` is a constant.
OPSIN_INLINE void multiply_columns(opsin_isa isa, start_kind start, const float *a, const float *b, size_t b_stride, size_t depth, const float *factors,
                                   float *c, size_t c_stride, size_t columns) {
    const size_t rows = tile_rows(isa), vectors = tile_vectors(isa);
    size_t j = 0;
    for (; j + 16 * vectors <= columns; j += 16 * vectors) multiply_tile(rows, vectors, start, a, b + j, b_stride, depth, factors, c + j, c_stride);
    for (; j < columns; j += 16) multiply_tile(rows, 1, start, a, b + j, b_stride, depth, factors, c + j, c_stride);
}

OPSIN_INLINE void multiply_rows(opsin_isa isa, start_kind start, const float *a, const float *b, size_t b_stride, size_t depth, const float *factors, float *c,
                                size_t c_stride, size_t columns) {
    switch (start) {
    case FROM_ZERO: multiply_columns(isa, FROM_ZERO, a, b, b_stride, depth, factors, c, c_stride, columns); break;
    case FROM_SUM: multiply_columns(isa, FROM_SUM, a, b, b_stride, depth, factors, c, c_stride, columns); break;
    case FROM_SCALED: multiply_columns(isa, FROM_SCALED, a, b, b_stride, depth, factors, c, c_stride, columns); break;
    }
}

// to[p][t] = from[t][p] * scale for 16 x 16 floats: four rounds of interleaving the first half of the vectors with the second.
OPSIN_INLINE void transpose16(f32x16 *v, float scale, float *to, size_t rows) {
    for (int round = 0; round < 4; round++) {
        f32x16 w[16];
#pragma clang loop unroll(full)
        for (int i = 0; i < 8; i++) {
            w[2 * i] = __builtin_shufflevector(v[i], v[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            w[2 * i + 1] = __builtin_shufflevector(v[i], v[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) v[i] = w[i];
    }
    if (rows >= 16) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < 16; i++) AT16(to + i * STRIDE) = v[i] * scale;
    } else {
        for (size_t i = 0; i < rows; i++) AT16(to + i * STRIDE) = v[i] * scale;
    }
}

// to[depth][keys rounded up to 16] = the keys' channels, transposed and scaled; zeros behind the last key.
OPSIN_INLINE void pack_keys(const opsin_attention_arguments *a, const float *k, size_t first, size_t keys, float *to) {
    const size_t stride = a->key_value_heads * a->head_size, depth = a->head_size;
    for (size_t t = 0; t < keys; t += 16) {
        const float *from[16];
        for (size_t i = 0; i < 16; i++) from[i] = k + place(a, first + (t + i < keys ? t + i : t)) * stride;
        for (size_t p = 0; p < depth; p += 16) {
            f32x16 v[16];
            // Lanes behind the last channel read another head's, or what follows the tensor, and are not stored.
            for (size_t i = 0; i < 16; i++) v[i] = t + i < keys ? FROM16(from[i] + p) : SPLAT(0);
            transpose16(v, a->scale, to + p * STRIDE + t, depth - p);
        }
    }
}

// Copies `depth` channels of a tile's rows; rows behind the last are zero, so that the product needs no test.
OPSIN_INLINE void pack_queries(opsin_isa isa, const opsin_attention_arguments *a, const float *q, size_t first, size_t rows, size_t depth, float *to) {
    const size_t group = a->heads / a->key_value_heads;
    for (size_t i = 0; i < tile_rows(isa); i++) {
        const size_t r = first + i;
        const float *from = q + (place(a, r / group) * a->heads + r % group) * a->head_size;
        for (size_t p = 0; p < depth; p += 16) AT16(to + i * STRIDE + p) = i < rows ? FROM16(from + p) : SPLAT(0);
    }
}

// What the rows of a tile remember between blocks of keys, one lane a row: the largest score so far, and the sum of exponentials relative to it.
typedef struct {
    float largest[16], sum[16];
} tile_state;

// e^x = 2^(x * LOG2E)
#define LOG2E 1.44269504f

// Scores of a tile's rows to exponentials relative to each row's largest so far, in place; `factors` are what everything before must be multiplied with.
OPSIN_INLINE void soften_tile(opsin_isa isa, float *scores, size_t keys, tile_state *state, float *factors) {
    const size_t whole = keys / 16 * 16;
    const i32x16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    float largest[16] = {0}, sums[16] = {0};
    for (size_t i = 0; i < tile_rows(isa); i++) {
        float *s = scores + i * STRIDE;
        if (whole < keys) AT16(s + whole) = lanes < (int32_t)(keys - whole) ? FROM16(s + whole) : SPLAT(-INFINITY);
        f32x16 m = SPLAT(state->largest[i]);
        for (size_t t = 0; t < keys; t += 16) {
            const f32x16 v = FROM16(s + t);
            m = MAX(m, v);
        }
        largest[i] = max_lanes(&m);
    }
    for (size_t i = 0; i < tile_rows(isa); i++) {
        float *s = scores + i * STRIDE;
        f32x16 sum = SPLAT(0);
        for (size_t t = 0; t < keys; t += 16) {
            // The difference first: the exponent's rounding is then relative to the distance from the largest score, not to the score.
            f32x16 v = (FROM16(s + t) - largest[i]) * LOG2E;
            exp2_nonpositive16(&v);
            sum += v;
            AT16(s + t) = v;
        }
        sums[i] = sum_lanes(&sum);
    }
    // Minus infinity before the first block gives 0, and two of them, which have no difference, 1.
    const f32x16 before = FROM16(state->largest), now = FROM16(largest);
    f32x16 ratio = (before - now) * LOG2E;
    exp2_nonpositive16(&ratio);
    ratio = before == now ? SPLAT(1.0f) : ratio;
    AT16(factors) = ratio;
    AT16(state->sum) = FROM16(state->sum) * ratio + FROM16(sums);
    AT16(state->largest) = now;
}

// Where the parts of a task's scratch begin, in floats; each is a multiple of 16 floats long.
typedef struct {
    size_t keys, queries, scores, sums, states, values, total;
} scratch_layout;

OPSIN_INLINE void lay_out(const opsin_attention_arguments *a, scratch_layout *s) {
    const size_t value_floats = (a->value_size + 15) / 16 * 16, block = (a->block + MOST_ROWS + 15) / 16 * 16;
    s->keys = 0;
    s->queries = s->keys + (a->head_size + 15) / 16 * 16 * STRIDE;
    s->scores = s->queries + 16 * STRIDE;
    s->sums = s->scores + 16 * STRIDE;
    s->states = s->sums + block * value_floats;
    s->values = s->states + (block / 3 + 1) * (sizeof(tile_state) / sizeof(float)); // no tile has fewer rows than 3
    s->total = s->values + KEYS * value_floats;
}

size_t opsin_attention_scratch(const opsin_attention_arguments *arguments) {
    scratch_layout s;
    lay_out(arguments, &s);
    return s.total * sizeof(float);
}

// Adds a block of keys to the sums of a tile of rows.
OPSIN_INLINE void attend_tile(opsin_isa isa, const opsin_attention_arguments *a, const scratch_layout *l, float *scratch, const float *q, size_t first,
                              size_t rows, size_t first_key, size_t keys, const float *bias, const float *values, float *sums, tile_state *state) {
    const size_t padded = (keys + 15) / 16 * 16, value_floats = (a->value_size + 15) / 16 * 16;
    float *queries = scratch + l->queries, *scores = scratch + l->scores;
    float factors[16];
    for (size_t p = 0; p < a->head_size; p += DEPTH) {
        const size_t depth = a->head_size - p < DEPTH ? a->head_size - p : DEPTH;
        pack_queries(isa, a, q + p, first, rows, depth, queries);
        if (bias && p == 0) start_with_bias(a, bias, first, rows, first_key, keys, scores, tile_rows(isa), STRIDE);
        multiply_rows(isa, bias || p ? FROM_SUM : FROM_ZERO, queries, scratch + l->keys + p * STRIDE, STRIDE, depth, NULL, scores, STRIDE, padded);
    }
    soften_tile(isa, scores, keys, state, factors);
    const size_t value_stride = values == scratch + l->values ? value_floats : a->key_value_heads * a->value_size;
    multiply_rows(isa, first_key ? FROM_SCALED : FROM_ZERO, scores, values, value_stride, keys, factors, sums, value_floats, value_floats);
}

// One task: `rows` rows from `first` of one key-value head of one image or window.
OPSIN_INLINE void attend(opsin_isa isa, const opsin_attention_arguments *a, const scratch_layout *l, float *scratch, size_t window, size_t head, size_t first,
                         size_t rows) {
    const size_t group = a->heads / a->key_value_heads, step = tile_rows(isa), value_floats = (a->value_size + 15) / 16 * 16;
    const size_t k_stride = a->key_value_heads * a->head_size, v_stride = a->key_value_heads * a->value_size;
    const size_t query_start = window_start(a, window, a->queries), key_start = window_start(a, window, a->keys);
    const float *q = a->q + (query_start * a->heads + head * group) * a->head_size;
    const float *k = a->k + key_start * k_stride + head * a->head_size, *v = a->v + key_start * v_stride + head * a->value_size;
    float *y = a->y + (query_start * a->heads + head * group) * a->value_size;
    const float *bias = a->windows.bias ? a->windows.bias + head * bias_table(a) : NULL;
    tile_state *states = (tile_state *)(scratch + l->states);
    for (size_t i = 0; i * step < rows; i++) {
        AT16(states[i].largest) = SPLAT(-INFINITY);
        AT16(states[i].sum) = SPLAT(0);
    }

    for (size_t t = 0; t < a->keys; t += KEYS) {
        const size_t keys = a->keys - t < KEYS ? a->keys - t : KEYS;
        pack_keys(a, k, t, keys, scratch + l->keys);
        // Rows of values that are far apart would fall into the same sets of the cache: bring them together, once for all tiles.
        const float *values = v + t * v_stride;
        if (v_stride != value_floats || a->windows.columns) {
            float *to = scratch + l->values;
            for (size_t i = 0; i < keys; i++) {
                const float *from = v + place(a, t + i) * v_stride;
                for (size_t c = 0; c < value_floats; c += 16) AT16(to + i * value_floats + c) = FROM16(from + c);
            }
            values = to;
        }
        for (size_t i = 0; i < rows; i += step) {
            attend_tile(isa, a, l, scratch, q, first + i, rows - i, t, keys, bias, values, scratch + l->sums + i * value_floats, states + i / step);
        }
    }
    for (size_t i = 0; i < rows; i++) {
        const size_t r = first + i;
        const float *sums = scratch + l->sums + i * value_floats, factor = 1.0f / states[i / step].sum[i % step];
        float *to = y + (place(a, r / group) * a->heads + r % group) * a->value_size;
        size_t c = 0;
        for (; c + 16 <= a->value_size; c += 16) AT16(to + c) = FROM16(sums + c) * factor;
        if (c == a->value_size) continue;
        const f32x16 rest = FROM16(sums + c) * factor;
        store_part(to + c, &rest, a->value_size - c);
    }
}

OPSIN_INLINE void attention(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    const opsin_attention_arguments a = *(const opsin_attention_arguments *)arguments;
    scratch_layout layout;
    lay_out(&a, &layout);
    const size_t rows = a.queries * (a.heads / a.key_value_heads), blocks = (rows + a.block - 1) / a.block;
    for (size_t task = first; task < last; task++) {
        const size_t begin = task % blocks * a.block, rest = rows - begin, pair = task / blocks;
        attend(isa, &a, &layout, scratch, pair / a.key_value_heads, pair % a.key_value_heads, begin, rest < a.block ? rest : a.block);
    }
}

OPSIN_EACH_ISA(attention, attention)
