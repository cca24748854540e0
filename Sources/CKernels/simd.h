// One vector register of the instruction set that this file is compiled for (kernels_*.c), behind the same few names for all of them.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define ISA(name) JOIN(name, OPSIN_SUFFIX)

#if OPSIN_BUILD_AVX512
#include <immintrin.h>
enum { VW = 16 };
typedef __m512 V;
typedef __mmask16 M;
INLINE V load(const float *p) { return _mm512_loadu_ps(p); }
INLINE V splat(float a) { return _mm512_set1_ps(a); }
INLINE V mul_add(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
INLINE V add(V a, V b) { return _mm512_add_ps(a, b); }
// The second operand wins when it is NaN.
INLINE V larger(V bound, V v) { return _mm512_max_ps(bound, v); }
INLINE V smaller(V bound, V v) { return _mm512_min_ps(bound, v); }
INLINE void store(float *p, V v) { _mm512_storeu_ps(p, v); }
INLINE M first(size_t n) { return (M)((1u << n) - 1); }
INLINE void store_first(float *p, V v, M m) { _mm512_mask_storeu_ps(p, m, v); }
INLINE V load_first(const float *p, M m) { return _mm512_maskz_loadu_ps(m, p); }
#elif OPSIN_BUILD_AVX2
#include <immintrin.h>
enum { VW = 8 };
typedef __m256 V;
typedef __m256i M;
INLINE V load(const float *p) { return _mm256_loadu_ps(p); }
INLINE V splat(float a) { return _mm256_set1_ps(a); }
INLINE V mul_add(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
INLINE V add(V a, V b) { return _mm256_add_ps(a, b); }
INLINE V larger(V bound, V v) { return _mm256_max_ps(bound, v); }
INLINE V smaller(V bound, V v) { return _mm256_min_ps(bound, v); }
INLINE void store(float *p, V v) { _mm256_storeu_ps(p, v); }
INLINE M first(size_t n) { return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)); }
INLINE void store_first(float *p, V v, M m) { _mm256_maskstore_ps(p, m, v); }
INLINE V load_first(const float *p, M m) { return _mm256_maskload_ps(p, m); }
#else
// Four floats: NEON, SSE, or whatever the baseline has.
enum { VW = 4 };
typedef float V __attribute__((vector_size(16)));
typedef int32_t VI __attribute__((vector_size(16)));
typedef size_t M;
INLINE V load(const float *p) {
    V v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE V splat(float a) { return (V){a, a, a, a}; }
#if OPSIN_BUILD_NEON
INLINE V mul_add(V a, V b, V c) { return __builtin_elementwise_fma(a, b, c); }
#else
INLINE V mul_add(V a, V b, V c) { return a * b + c; }
#endif
INLINE V add(V a, V b) { return a + b; }
INLINE V choose(VI mask, V a, V b) { return (V)((mask & (VI)a) | (~mask & (VI)b)); }
INLINE V larger(V bound, V v) { return choose(bound > v, bound, v); }
INLINE V smaller(V bound, V v) { return choose(bound < v, bound, v); }
INLINE void store(float *p, V v) { memcpy(p, &v, sizeof v); }
INLINE M first(size_t n) { return n; }
INLINE void store_first(float *p, V v, M m) { memcpy(p, &v, m * sizeof(float)); }
INLINE V load_first(const float *p, M m) {
    V v = {0};
    memcpy(&v, p, m * sizeof(float));
    return v;
}
#endif
