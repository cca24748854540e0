#include "include/attention.h"
#if defined(__x86_64__)
#include "attention_place.h"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c,bmi,bmi2"))), apply_to = function)

// Attention with bf16 factors: both products by VDPBF16PS, two steps of the depth at once; scores, exponentials and sums are fp32.
enum {
    ROWS = 12,        // of a tile: 12 x 2 sums, two vectors of the right factor and one of the left fill the registers
    KEYS = 256,       // most keys of a block; more than that many in all are cut into blocks of
    LONG_KEYS = 128,  // these, whose packed keys and values stay in the first-level cache
    DEPTH = 256,      // most channels of a head that one pass of the first product takes
    // From row to row of tiles in scratch. Constants, so that the address of each row is one register plus a number; no powers of two, so that rows do not
    // fall into the same sets of the cache.
    STRIDE = KEYS + 16,
    PAIR_STRIDE = KEYS / 2 + 16,
};

#define LOG2E 1.44269504f

typedef struct {
    float largest[16], sum[16];
} tile_state;

// Byte offsets of the parts of a task's scratch.
typedef struct {
    size_t keys, values, queries, scores, weights, sums, states, total;
} scratch_layout;

static size_t up(size_t a, size_t to) { return (a + to - 1) / to * to; }

static scratch_layout lay_out(const opsin_attention_arguments *a) {
    const size_t value_floats = up(a->value_size, 16), tiles = (a->block + ROWS - 1) / ROWS;
    scratch_layout s = {0};
    s.values = s.keys + up(a->head_size, 32) / 2 * STRIDE * 4;
    s.queries = s.values + KEYS / 2 * value_floats * 4;
    s.scores = s.queries + ROWS * PAIR_STRIDE * 4;
    s.weights = s.scores + ROWS * STRIDE * 4;
    s.sums = s.weights + ROWS * PAIR_STRIDE * 4;
    s.states = s.sums + tiles * ROWS * value_floats * 4;
    s.total = s.states + tiles * sizeof(tile_state);
    return s;
}

// c[ROWS][vectors * 16] = start + a b, where a has rows of `steps` pairs and b rows of pairs of neighbouring steps. `start` is c times a factor a row, c, or
// zero.
typedef enum { FROM_ZERO, FROM_SUM, FROM_SCALED } start_kind;

OPSIN_INLINE void multiply_tile(const int vectors, const start_kind start, const int32_t *a, const int32_t *b, size_t b_stride, size_t steps,
                                const float *factors, float *c, size_t c_stride) {
    __m512 sums[ROWS][2];
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
#pragma unroll
        for (int j = 0; j < vectors; j++) {
            sums[i][j] = start == FROM_ZERO ? _mm512_setzero_ps() : _mm512_loadu_ps(c + i * c_stride + 16 * j);
            if (start == FROM_SCALED) sums[i][j] = _mm512_mul_ps(sums[i][j], _mm512_set1_ps(factors[i]));
        }
    }
    for (size_t p = 0; p < steps; p++, b += b_stride) {
        __m512bh w[2];
#pragma unroll
        for (int j = 0; j < vectors; j++) w[j] = (__m512bh)_mm512_loadu_si512(b + 16 * j);
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
            const __m512bh value = (__m512bh)_mm512_set1_epi32(a[i * PAIR_STRIDE + p]);
#pragma unroll
            for (int j = 0; j < vectors; j++) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], value, w[j]);
        }
    }
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
#pragma unroll
        for (int j = 0; j < vectors; j++) _mm512_storeu_ps(c + i * c_stride + 16 * j, sums[i][j]);
    }
}

OPSIN_INLINE void multiply(const start_kind start, const int32_t *a, const int32_t *b, size_t b_stride, size_t steps, const float *factors, float *c,
                           size_t c_stride, size_t columns) {
    size_t j = 0;
    for (; j + 32 <= columns; j += 32) multiply_tile(2, start, a, b + j, b_stride, steps, factors, c + j, c_stride);
    if (j < columns) multiply_tile(1, start, a, b + j, b_stride, steps, factors, c + j, c_stride);
}

// Element `at` of values that are fp32 or, with `half`, bf16.
OPSIN_INLINE const void *element(const void *x, bool half, size_t at) { return (const char *)x + at * (half ? 2 : 4); }

// The first `count` of 32 values as 16 pairs of bf16; zeros behind them.
OPSIN_INLINE __m512i pairs32(const void *x, bool half, size_t count) {
    const uint32_t real = count < 32 ? (1u << count) - 1 : UINT32_MAX;
    if (half) return _mm512_maskz_loadu_epi16(real, x);
    const float *from = x;
    return (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps((__mmask16)(real >> 16), from + 16), _mm512_maskz_loadu_ps((__mmask16)real, from));
}

// The same, times `scale` before the rounding.
OPSIN_INLINE __m512i scaled_pairs32(const void *x, bool half, size_t count, __m512 scale) {
    const uint32_t real = count < 32 ? (1u << count) - 1 : UINT32_MAX;
    __m512 low, high;
    if (half) {
        const __m512i all = _mm512_maskz_loadu_epi16(real, x);
        low = (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_castsi512_si256(all)), 16);
        high = (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(all, 1)), 16);
    } else {
        low = _mm512_maskz_loadu_ps((__mmask16)real, x);
        high = _mm512_maskz_loadu_ps((__mmask16)(real >> 16), (const float *)x + 16);
    }
    return (__m512i)_mm512_cvtne2ps_pbh(_mm512_mul_ps(scale, high), _mm512_mul_ps(scale, low));
}

// v[i][lane] = v[lane][i]: rounds of interleaving the first half of the vectors with the second.
OPSIN_INLINE void transpose16(__m512i v[16]) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    for (int round = 0; round < 4; round++) {
        __m512i w[16];
#pragma unroll
        for (int i = 0; i < 8; i++) {
            w[2 * i] = _mm512_permutex2var_epi32(v[i], low, v[i + 8]);
            w[2 * i + 1] = _mm512_permutex2var_epi32(v[i], high, v[i + 8]);
        }
#pragma unroll
        for (int i = 0; i < 16; i++) v[i] = w[i];
    }
}

// to[depth / 2][keys] = pairs of the keys' channels, scaled, depth rounded up to 32; zeros behind the last key up to a multiple of 16.
static void pack_keys(const opsin_attention_arguments *a, const void *k, size_t first, size_t keys, int32_t *to) {
    const size_t stride = a->key_value_heads * a->head_size;
    const __m512 scale = _mm512_set1_ps(a->scale);
    for (size_t t = 0; t < keys; t += 16) {
        for (size_t p = 0; p < a->head_size; p += 32) {
            __m512i v[16];
            for (size_t i = 0; i < 16; i++) {
                if (t + i >= keys) {
                    v[i] = _mm512_setzero_si512();
                    continue;
                }
                v[i] = scaled_pairs32(element(k, a->half_k, place(a, first + t + i) * stride + p), a->half_k, a->head_size - p, scale);
            }
            transpose16(v);
            for (size_t i = 0; i < 16; i++) _mm512_storeu_si512(to + (p / 2 + i) * STRIDE + t, v[i]);
        }
    }
}

// to[keys / 2][value_floats] = pairs of neighbouring keys' values; zeros behind the last key and the last channel.
static void pack_values(const opsin_attention_arguments *a, const void *v, size_t first, size_t keys, size_t value_floats, int32_t *to) {
    const size_t stride = a->key_value_heads * a->value_size;
    const __m512i pairs = _mm512_set_epi16(
        31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    for (size_t t = 0; t < keys; t += 2) {
        const size_t even = place(a, first + t) * stride, odd = t + 1 < keys ? place(a, first + t + 1) * stride : even;
        const uint16_t odds = t + 1 < keys ? 0xffff : 0;
        for (size_t c = 0; c < value_floats; c += 16) {
            const size_t left = a->value_size - c;
            const __mmask16 real = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xffff), real_odd = real & odds;
            __m512i both;
            if (a->half_v) {
                const __m256i x = _mm256_maskz_loadu_epi16(real, element(v, true, even + c)), y = _mm256_maskz_loadu_epi16(real_odd, element(v, true, odd + c));
                both = _mm512_inserti64x4(_mm512_castsi256_si512(x), y, 1);
            } else {
                both = (__m512i)_mm512_cvtne2ps_pbh(
                    _mm512_maskz_loadu_ps(real_odd, element(v, false, odd + c)), _mm512_maskz_loadu_ps(real, element(v, false, even + c)));
            }
            _mm512_storeu_si512(to + t / 2 * value_floats + c, _mm512_permutexvar_epi16(pairs, both));
        }
    }
}

// Channels [p, p + depth) of a tile's rows; rows behind the last are zero.
static void pack_queries(const opsin_attention_arguments *a, const void *q, size_t first, size_t rows, size_t p, size_t depth, int32_t *to) {
    const size_t group = a->heads / a->key_value_heads;
    for (size_t i = 0; i < ROWS; i++) {
        const size_t r = first + i;
        const size_t from = (place(a, r / group) * a->heads + r % group) * a->head_size + p;
        for (size_t c = 0; c < depth; c += 32) {
            const __m512i pairs = i < rows ? pairs32(element(q, a->half_q, from + c), a->half_q, depth - c) : _mm512_setzero_si512();
            _mm512_storeu_si512(to + i * PAIR_STRIDE + c / 2, pairs);
        }
    }
}

// 2^v for v <= 0, relative error below 1e-4, a twentieth of bf16's unit; 0 for minus infinity. A minimax polynomial for 2 to the power of v's fraction.
OPSIN_INLINE __m512 exp2_rough(__m512 v) {
    const __m512 r = _mm512_reduce_ps(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    __m512 p = _mm512_fmadd_ps(r, _mm512_set1_ps(7.802419e-2f), _mm512_set1_ps(2.2606721e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.9583374e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.9992517e-1f));
    return _mm512_scalef_ps(p, v);
}

// Scores of a tile's rows to exponentials relative to each row's largest so far, as pairs of bf16; `factors` are what everything before is multiplied with.
static void soften_tile(float *scores, size_t rows, size_t keys, tile_state *state, float *factors, int32_t *weights) {
    const size_t whole = keys / 16 * 16;
    float largest[16] = {0}, sums[16] = {0};
    for (size_t i = 0; i < rows; i++) {
        float *s = scores + i * STRIDE;
        if (whole < keys) {
            const __mmask16 real = (__mmask16)((1u << (keys - whole)) - 1);
            _mm512_storeu_ps(s + whole, _mm512_mask_loadu_ps(_mm512_set1_ps(-INFINITY), real, s + whole));
        }
        __m512 m = _mm512_set1_ps(state->largest[i]);
        for (size_t t = 0; t < keys; t += 16) m = _mm512_max_ps(m, _mm512_loadu_ps(s + t));
        largest[i] = _mm512_reduce_max_ps(m);
    }
    for (size_t i = 0; i < rows; i++) {
        const float *s = scores + i * STRIDE;
        const __m512 factor = _mm512_set1_ps(LOG2E), shift = _mm512_set1_ps(largest[i] * LOG2E);
        __m512 sum = _mm512_setzero_ps();
        for (size_t t = 0; t < keys; t += 32) {
            const __m512 x = exp2_rough(_mm512_fmsub_ps(_mm512_loadu_ps(s + t), factor, shift));
            const __m512 y = t + 16 < keys ? exp2_rough(_mm512_fmsub_ps(_mm512_loadu_ps(s + t + 16), factor, shift)) : _mm512_setzero_ps();
            sum = _mm512_add_ps(sum, _mm512_add_ps(x, y));
            _mm512_storeu_si512(weights + i * PAIR_STRIDE + t / 2, (__m512i)_mm512_cvtne2ps_pbh(y, x));
        }
        sums[i] = _mm512_reduce_add_ps(sum);
    }
    // Minus infinity before the first block gives 0, and two of them, which have no difference, 1.
    const __m512 before = _mm512_loadu_ps(state->largest), now = _mm512_loadu_ps(largest);
    const __m512 power = exp2_rough(_mm512_mul_ps(_mm512_sub_ps(before, now), _mm512_set1_ps(LOG2E)));
    const __m512 ratio = _mm512_mask_mov_ps(power, _mm512_cmp_ps_mask(before, now, _CMP_EQ_OQ), _mm512_set1_ps(1.0f));
    _mm512_storeu_ps(factors, ratio);
    _mm512_storeu_ps(state->sum, _mm512_fmadd_ps(_mm512_loadu_ps(state->sum), ratio, _mm512_loadu_ps(sums)));
    _mm512_storeu_ps(state->largest, now);
}

// Adds a block of keys to the sums of a tile of rows.
static void attend_tile(const opsin_attention_arguments *a, const scratch_layout *l, char *scratch, const void *q, size_t first, size_t rows,
                        size_t first_key, size_t keys, const float *bias, float *sums, tile_state *state) {
    const size_t padded = up(keys, 16), value_floats = up(a->value_size, 16);
    const int32_t *k = (const int32_t *)(scratch + l->keys), *v = (const int32_t *)(scratch + l->values);
    int32_t *queries = (int32_t *)(scratch + l->queries), *weights = (int32_t *)(scratch + l->weights);
    float *scores = (float *)(scratch + l->scores), factors[16];
    if (rows > ROWS) rows = ROWS;
    for (size_t p = 0; p < a->head_size; p += DEPTH) {
        const size_t depth = a->head_size - p < DEPTH ? a->head_size - p : DEPTH, steps = (depth + 1) / 2;
        pack_queries(a, q, first, rows, p, depth, queries);
        if (bias && p == 0) start_with_bias(a, bias, first, rows, first_key, keys, scores, ROWS, STRIDE);
        if (bias || p) multiply(FROM_SUM, queries, k + p / 2 * STRIDE, STRIDE, steps, NULL, scores, STRIDE, padded);
        else multiply(FROM_ZERO, queries, k, STRIDE, steps, NULL, scores, STRIDE, padded);
    }
    soften_tile(scores, rows, keys, state, factors, weights);
    if (first_key) multiply(FROM_SCALED, weights, v, value_floats, (keys + 1) / 2, factors, sums, value_floats, value_floats);
    else multiply(FROM_ZERO, weights, v, value_floats, (keys + 1) / 2, NULL, sums, value_floats, value_floats);
}

// One task: `rows` rows from `first` of one key-value head of one image or window.
static void attend(const opsin_attention_arguments *a, const scratch_layout *l, char *scratch, size_t window, size_t head, size_t first, size_t rows) {
    const size_t group = a->heads / a->key_value_heads, value_floats = up(a->value_size, 16);
    const size_t query_start = window_start(a, window, a->queries), key_start = window_start(a, window, a->keys);
    const void *q = element(a->q, a->half_q, (query_start * a->heads + head * group) * a->head_size);
    const void *k = element(a->k, a->half_k, (key_start * a->key_value_heads + head) * a->head_size);
    const void *v = element(a->v, a->half_v, (key_start * a->key_value_heads + head) * a->value_size);
    const size_t y = (query_start * a->heads + head * group) * a->value_size;
    float *sums = (float *)(scratch + l->sums);
    const float *bias = a->windows.bias ? a->windows.bias + head * bias_table(a) : NULL;
    tile_state *states = (tile_state *)(scratch + l->states);
    for (size_t i = 0; i * ROWS < rows; i++) {
        _mm512_storeu_ps(states[i].largest, _mm512_set1_ps(-INFINITY));
        _mm512_storeu_ps(states[i].sum, _mm512_setzero_ps());
    }
    // Rows of the last tile that do not exist multiply what is there.
    memset(scratch + l->weights, 0, ROWS * PAIR_STRIDE * 4);
    const size_t most = a->keys <= KEYS ? KEYS : LONG_KEYS;
    for (size_t t = 0; t < a->keys; t += most) {
        const size_t keys = a->keys - t < most ? a->keys - t : most;
        pack_keys(a, k, t, keys, (int32_t *)(scratch + l->keys));
        pack_values(a, v, t, keys, value_floats, (int32_t *)(scratch + l->values));
        for (size_t i = 0; i < rows; i += ROWS) {
            attend_tile(a, l, scratch, q, first + i, rows - i, t, keys, bias, sums + i * value_floats, states + i / ROWS);
        }
    }
    for (size_t i = 0; i < rows; i++) {
        const size_t r = first + i;
        const __m512 factor = _mm512_set1_ps(1.0f / states[i / ROWS].sum[i % ROWS]);
        void *to = (void *)element(a->y, a->half_y, y + (place(a, r / group) * a->heads + r % group) * a->value_size);
        for (size_t c = 0; c < a->value_size; c += 16) {
            const size_t left = a->value_size - c;
            const __mmask16 real = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xffff);
            const __m512 value = _mm512_mul_ps(factor, _mm512_loadu_ps(sums + i * value_floats + c));
            if (a->half_y) _mm256_mask_storeu_epi16((uint16_t *)to + c, real, (__m256i)_mm512_cvtneps_pbh(value));
            else _mm512_mask_storeu_ps((float *)to + c, real, value);
        }
    }
}

static void attention_bf16(const void *arguments, size_t first, size_t last, void *scratch) {
    const opsin_attention_arguments *a = arguments;
    const scratch_layout layout = lay_out(a);
    const size_t rows = a->queries * (a->heads / a->key_value_heads), blocks = (rows + a->block - 1) / a->block;
    for (size_t task = first; task < last; task++) {
        const size_t begin = task % blocks * a->block, rest = rows - begin, pair = task / blocks;
        attend(a, &layout, scratch, pair / a->key_value_heads, pair % a->key_value_heads, begin, rest < a->block ? rest : a->block);
    }
}
#pragma clang attribute pop

opsin_task_fn opsin_attention_bf16(void) { return attention_bf16; }
size_t opsin_attention_bf16_scratch(const opsin_attention_arguments *arguments) { return lay_out(arguments).total; }
#else
// No machine without VDPBF16PS gets so far.
opsin_task_fn opsin_attention_bf16(void) { return opsin_attention(OPSIN_ISA_GENERIC); }
size_t opsin_attention_bf16_scratch(const opsin_attention_arguments *arguments) { return opsin_attention_scratch(arguments); }
#endif
