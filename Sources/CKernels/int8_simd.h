// One vector of 32-bit sums and its products of bytes for the kind that this file is compiled for (kernels_int8_*.c), behind the same names for all.
//
// A vector consists of lanes of 128 bits, within which x86 packs and unpacks. Columns of a panel of `n` vectors therefore lie in this order: lane by lane,
// in a lane vector by vector, four columns of each; so that n packed vectors are n * 4 neighbouring bytes of every lane (int8_column below).
#pragma once
#include "include/int8.h"
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define KIND(name) JOIN(name, OPSIN_SUFFIX)

#if OPSIN_INT8_BUILD_AVX512_VNNI
#include <immintrin.h>
enum { LANES = 4 };
typedef __m512i I;
typedef __m512 F;
typedef __m512i X, W;
INLINE X load_x(const uint8_t *p) {
    int32_t four;
    memcpy(&four, p, 4);
    return _mm512_set1_epi32(four);
}
INLINE W load_w(const int8_t *p) { return _mm512_loadu_si512(p); }
INLINE I dot(I sum, X x, W w) { return _mm512_dpbusd_epi32(sum, x, w); }
INLINE I load_i(const int32_t *p) { return _mm512_loadu_si512(p); }
INLINE F load_f(const float *p) { return _mm512_loadu_ps(p); }
INLINE F splat(float v) { return _mm512_set1_ps(v); }
INLINE F real(I v) { return _mm512_cvtepi32_ps(v); }
INLINE I rounded(F v) { return _mm512_cvtps_epi32(v); }
INLINE F mul(F a, F b) { return _mm512_mul_ps(a, b); }
INLINE F add(F a, F b) { return _mm512_add_ps(a, b); }
INLINE F larger(F a, F b) { return _mm512_max_ps(a, b); }
INLINE F smaller(F a, F b) { return _mm512_min_ps(a, b); }
INLINE I minus(I a, int32_t b) { return _mm512_sub_epi32(a, _mm512_set1_epi32(b)); }
// Bytes: 64 at a time.
typedef __m512i B;
INLINE B load_b(const void *p) { return _mm512_loadu_si512(p); }
INLINE B unpack_low8(B a, B b) { return _mm512_unpacklo_epi8(a, b); }
INLINE B unpack_high8(B a, B b) { return _mm512_unpackhi_epi8(a, b); }
INLINE B unpack_low16(B a, B b) { return _mm512_unpacklo_epi16(a, b); }
INLINE B unpack_high16(B a, B b) { return _mm512_unpackhi_epi16(a, b); }
INLINE B zero_b(void) { return _mm512_setzero_si512(); }
INLINE B pack32(I a, I b) { return _mm512_packs_epi32(a, b); }
INLINE B pack16(B a, B b) { return _mm512_packus_epi16(a, b); }
INLINE B plus16(B a, int32_t v) { return _mm512_adds_epi16(a, _mm512_set1_epi16((int16_t)v)); }
INLINE B clamp_b(B v, uint8_t least, uint8_t most) {
    return _mm512_min_epu8(_mm512_max_epu8(v, _mm512_set1_epi8((char)least)), _mm512_set1_epi8((char)most));
}
INLINE void store_b(uint8_t *p, B v, size_t count) { _mm512_mask_storeu_epi8(p, count >= 64 ? ~0ull : (1ull << count) - 1, v); }
INLINE B gather_lanes(B v, int n) {
    if (n == 4) return v;
    const __m512i one = _mm512_setr_epi32(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m512i two = _mm512_setr_epi32(0, 1, 4, 5, 8, 9, 12, 13, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m512i three = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0);
    return _mm512_permutexvar_epi32(n == 1 ? one : n == 2 ? two : three, v);
}
INLINE B spread_lanes(B v, int n) {
    if (n == 4) return v;
    const __m512i one = _mm512_setr_epi32(0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0);
    const __m512i two = _mm512_setr_epi32(0, 1, 0, 0, 2, 3, 0, 0, 4, 5, 0, 0, 6, 7, 0, 0);
    const __m512i three = _mm512_setr_epi32(0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11, 0);
    return _mm512_permutexvar_epi32(n == 1 ? one : n == 2 ? two : three, v);
}
#define INT8_HAS_BYTES 1
#elif OPSIN_INT8_BUILD_AVX2 || OPSIN_INT8_BUILD_AVX_VNNI
#include <immintrin.h>
enum { LANES = 2 };
typedef __m256i I;
typedef __m256 F;
#if OPSIN_INT8_BUILD_AVX_VNNI
typedef __m256i X, W;
INLINE X load_x(const uint8_t *p) {
    int32_t four;
    memcpy(&four, p, 4);
    return _mm256_set1_epi32(four);
}
INLINE W load_w(const int8_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
INLINE I dot(I sum, X x, W w) { return _mm256_dpbusd_avx_epi32(sum, x, w); }
#else
// Bytes 0 and 2 of each four as words, and bytes 1 and 3: VPMADDWD then multiplies and adds without saturating.
typedef struct {
    __m256i even, odd;
} X, W;
INLINE X load_x(const uint8_t *p) {
    int32_t four;
    memcpy(&four, p, 4);
    const __m256i v = _mm256_set1_epi32(four);
    return (X){_mm256_and_si256(v, _mm256_set1_epi16(255)), _mm256_srli_epi16(v, 8)};
}
INLINE W load_w(const int8_t *p) {
    const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
    return (W){_mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8), _mm256_srai_epi16(v, 8)};
}
INLINE I dot(I sum, X x, W w) {
    return _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_madd_epi16(x.even, w.even), _mm256_madd_epi16(x.odd, w.odd)));
}
#endif
INLINE I load_i(const int32_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
INLINE F load_f(const float *p) { return _mm256_loadu_ps(p); }
INLINE F splat(float v) { return _mm256_set1_ps(v); }
INLINE F real(I v) { return _mm256_cvtepi32_ps(v); }
INLINE I rounded(F v) { return _mm256_cvtps_epi32(v); }
INLINE F mul(F a, F b) { return _mm256_mul_ps(a, b); }
INLINE F add(F a, F b) { return _mm256_add_ps(a, b); }
INLINE F larger(F a, F b) { return _mm256_max_ps(a, b); }
INLINE F smaller(F a, F b) { return _mm256_min_ps(a, b); }
INLINE I minus(I a, int32_t b) { return _mm256_sub_epi32(a, _mm256_set1_epi32(b)); }
// Bytes: 32 at a time.
typedef __m256i B;
INLINE B load_b(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
INLINE B unpack_low8(B a, B b) { return _mm256_unpacklo_epi8(a, b); }
INLINE B unpack_high8(B a, B b) { return _mm256_unpackhi_epi8(a, b); }
INLINE B unpack_low16(B a, B b) { return _mm256_unpacklo_epi16(a, b); }
INLINE B unpack_high16(B a, B b) { return _mm256_unpackhi_epi16(a, b); }
INLINE B zero_b(void) { return _mm256_setzero_si256(); }
INLINE B pack32(I a, I b) { return _mm256_packs_epi32(a, b); }
INLINE B pack16(B a, B b) { return _mm256_packus_epi16(a, b); }
INLINE B plus16(B a, int32_t v) { return _mm256_adds_epi16(a, _mm256_set1_epi16((int16_t)v)); }
INLINE B clamp_b(B v, uint8_t least, uint8_t most) {
    return _mm256_min_epu8(_mm256_max_epu8(v, _mm256_set1_epi8((char)least)), _mm256_set1_epi8((char)most));
}
INLINE void store_b(uint8_t *p, B v, size_t count) {
    if (count >= 32) {
        _mm256_storeu_si256((__m256i *)(void *)p, v);
        return;
    }
    __m128i half = _mm256_castsi256_si128(v);
    if (count & 16) {
        _mm_storeu_si128((__m128i *)(void *)p, half);
        half = _mm256_extracti128_si256(v, 1);
        p += 16;
    }
    uint8_t rest[16];
    _mm_storeu_si128((__m128i *)(void *)rest, half);
    if (count & 8) memcpy(p, rest, 8);
    if (count & 4) memcpy(p + (count & 8), rest + (count & 8), 4);
    for (size_t i = count & 12; i < (count & 15); i++) p[i] = rest[i];
}
INLINE B gather_lanes(B v, int n) {
    if (n == 4) return v;
    const __m256i one = _mm256_setr_epi32(0, 4, 0, 0, 0, 0, 0, 0), two = _mm256_setr_epi32(0, 1, 4, 5, 0, 0, 0, 0);
    const __m256i three = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 0, 0);
    return _mm256_permutevar8x32_epi32(v, n == 1 ? one : n == 2 ? two : three);
}
INLINE B spread_lanes(B v, int n) {
    if (n == 4) return v;
    const __m256i one = _mm256_setr_epi32(0, 0, 0, 0, 1, 0, 0, 0), two = _mm256_setr_epi32(0, 1, 0, 0, 2, 3, 0, 0);
    const __m256i three = _mm256_setr_epi32(0, 1, 2, 0, 3, 4, 5, 0);
    return _mm256_permutevar8x32_epi32(v, n == 1 ? one : n == 2 ? two : three);
}
#define INT8_HAS_BYTES 1
#elif OPSIN_INT8_BUILD_NEON || OPSIN_INT8_BUILD_NEON_DOT
#include <arm_neon.h>
enum { LANES = 1 };
typedef int32x4_t I;
typedef float32x4_t F;
// SDOT and SMULL take signed bytes: x - 128. The packed biases hold the 128 times the weights that are missing then.
typedef int8x16_t X, W;
INLINE X load_x(const uint8_t *p) {
    uint32_t four;
    memcpy(&four, p, 4);
    return vreinterpretq_s8_u32(vdupq_n_u32(four ^ 0x80808080u));
}
INLINE W load_w(const int8_t *p) { return vld1q_s8(p); }
#if OPSIN_INT8_BUILD_NEON_DOT
INLINE I dot(I sum, X x, W w) { return vdotq_s32(sum, x, w); }
#else
INLINE I dot(I sum, X x, W w) {
    const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w)), high = vmull_high_s8(x, w);
    return vaddq_s32(sum, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
}
#endif
INLINE I load_i(const int32_t *p) { return vld1q_s32(p); }
INLINE F load_f(const float *p) { return vld1q_f32(p); }
INLINE F splat(float v) { return vdupq_n_f32(v); }
INLINE F real(I v) { return vcvtq_f32_s32(v); }
INLINE I rounded(F v) { return vcvtnq_s32_f32(v); }
INLINE F mul(F a, F b) { return vmulq_f32(a, b); }
INLINE F add(F a, F b) { return vaddq_f32(a, b); }
INLINE F larger(F a, F b) { return vmaxq_f32(a, b); }
INLINE F smaller(F a, F b) { return vminq_f32(a, b); }
INLINE I minus(I a, int32_t b) { return vsubq_s32(a, vdupq_n_s32(b)); }
#else
#include <math.h>
enum { LANES = 1 };
typedef int32_t I __attribute__((vector_size(16)));
typedef float F __attribute__((vector_size(16)));
typedef struct {
    int32_t at[4];
} X;
typedef struct {
    I at[4]; // byte i of each column
} W;
INLINE X load_x(const uint8_t *p) { return (X){{p[0], p[1], p[2], p[3]}}; }
INLINE W load_w(const int8_t *p) {
    W w;
    for (int i = 0; i < 4; i++) w.at[i] = (I){p[i], p[4 + i], p[8 + i], p[12 + i]};
    return w;
}
INLINE I dot(I sum, X x, W w) {
    for (int i = 0; i < 4; i++) sum += (I){x.at[i], x.at[i], x.at[i], x.at[i]} * w.at[i];
    return sum;
}
INLINE I load_i(const int32_t *p) {
    I v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE F load_f(const float *p) {
    F v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE F splat(float v) { return (F){v, v, v, v}; }
INLINE F real(I v) { return __builtin_convertvector(v, F); }
INLINE I rounded(F v) {
    I y;
    for (int i = 0; i < 4; i++) y[i] = (int32_t)rintf(v[i]);
    return y;
}
INLINE F mul(F a, F b) { return a * b; }
INLINE F add(F a, F b) { return a + b; }
INLINE F larger(F a, F b) {
    for (int i = 0; i < 4; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
    return a;
}
INLINE F smaller(F a, F b) {
    for (int i = 0; i < 4; i++) a[i] = a[i] < b[i] ? a[i] : b[i];
    return a;
}
INLINE I minus(I a, int32_t b) { return a - (I){b, b, b, b}; }
#endif

enum { VECTOR = 4 * LANES };

// The n vectors of sums, already rounded, as bytes: the first `count` of 4 * LANES * n. Without `clamps` the ends are those of a byte.
#if INT8_HAS_BYTES
INLINE void store_sums(uint8_t *y, const I *sums, int n, const opsin_int8_epilogue *e, bool clamps, size_t count) {
    const B low = plus16(pack32(sums[0], sums[n > 1 ? 1 : 0]), e->zero);
    const B high = n > 2 ? plus16(pack32(sums[2], sums[n > 3 ? 3 : 2]), e->zero) : low;
    const B bytes = pack16(low, high);
    store_b(y, gather_lanes(clamps ? clamp_b(bytes, e->least, e->most) : bytes, n), count);
}
// The reverse: 4 * LANES * n bytes (as many are readable) as n vectors of integers.
INLINE void load_bytes(const uint8_t *x, I *values, int n) {
    const B v = spread_lanes(load_b(x), n), none = zero_b(), low = unpack_low8(v, none), high = unpack_high8(v, none);
    values[0] = unpack_low16(low, none);
    if (n > 1) values[1] = unpack_high16(low, none);
    if (n > 2) values[2] = unpack_low16(high, none);
    if (n > 3) values[3] = unpack_high16(high, none);
}
#else
INLINE void store_sums(uint8_t *y, const I *sums, int n, const opsin_int8_epilogue *e, bool clamps, size_t count) {
    const int32_t least = clamps ? e->least : 0, most = clamps ? e->most : 255;
    for (size_t i = 0; i < count && i < (size_t)n * VECTOR; i++) {
        const int32_t v = sums[i / VECTOR][i % VECTOR] + e->zero;
        y[i] = (uint8_t)(v < least ? least : v > most ? most : v);
    }
}
INLINE void load_bytes(const uint8_t *x, I *values, int n) {
    for (int v = 0; v < n; v++) values[v] = (I){x[4 * v], x[4 * v + 1], x[4 * v + 2], x[4 * v + 3]};
}
#endif

// Whether a multiplication and the ends of a byte are all that follows the sums: then that happens in registers.
INLINE bool is_plain(const opsin_int8_epilogue *e) { return !e->residual && !e->hard_swish && e->least == 0 && e->most == 255; }

INLINE void finish_plain(const I *sums, int n, const F *scale, const opsin_int8_epilogue *e, uint8_t *y, size_t count) {
    I out[4];
#pragma clang loop unroll(full)
    for (int v = 0; v < n; v++) out[v] = rounded(mul(real(sums[v]), scale[v]));
    store_sums(y, out, n, e, false, count);
}

// Sums to what is stored of them, one row of n vectors, whatever follows them.
INLINE void finish_row(const I *sums, int n, const float *scale, const opsin_int8_epilogue *e, const uint8_t *residual, uint8_t *y, size_t count) {
    I out[4], added[4];
    if (residual) load_bytes(residual, added, n);
#pragma clang loop unroll(full)
    for (int v = 0; v < n; v++) {
        F value = mul(real(sums[v]), load_f(scale + v * VECTOR));
        if (e->hard_swish) {
            const F gate = smaller(larger(add(value, splat(3)), splat(0)), splat(6));
            value = mul(mul(mul(value, gate), splat(1.0f / 6)), splat(e->inverse_scale));
        }
        if (residual) value = add(value, mul(real(minus(added[v], e->residual_zero)), splat(e->residual_scale)));
        out[v] = rounded(value);
    }
    store_sums(y, out, n, e, true, count);
}
