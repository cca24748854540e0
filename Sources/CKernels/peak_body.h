// A loop of independent multiply-adds, included by kernels_*.c with simd.h before it.
#if OPSIN_BUILD_AVX512 || OPSIN_BUILD_NEON
enum { PEAK_CHAINS = 24 };
#else
enum { PEAK_CHAINS = 12 };
#endif
#if defined(__x86_64__)
#define PEAK_OPERAND(v) "+v"(v)
#elif defined(__aarch64__)
#define PEAK_OPERAND(v) "+w"(v)
#else
#define PEAK_OPERAND(v) "+m"(v)
#endif

#if !OPSIN_BUILD_BF16
// Returns the operations done, after `rounds` rounds; the sum goes to `sink` so that nothing is optimised away.
double ISA(peak_fma)(size_t rounds, float *sink) {
    V sums[PEAK_CHAINS];
#pragma unroll
    for (int i = 0; i < PEAK_CHAINS; i++) sums[i] = splat((float)i);
    V a = splat(0.5f), b = splat(0.25f);
    for (size_t r = 0; r < rounds; r++) {
        __asm__ volatile("" : PEAK_OPERAND(a), PEAK_OPERAND(b)); // the compiler must not see that the factors never change
#pragma unroll
        for (int i = 0; i < PEAK_CHAINS; i++) sums[i] = mul_add(a, sums[i], b);
    }
    V sum = sums[0];
#pragma unroll
    for (int i = 1; i < PEAK_CHAINS; i++) sum = add(sum, sums[i]);
    store_first(sink, sum, first(1));
    return 2.0 * PEAK_CHAINS * VW * (double)rounds;
}

#else
// The same with pairs of bf16, fp32 sums.
double peak_dot_avx512_bf16(size_t rounds, float *sink) {
    V sums[PEAK_CHAINS];
#pragma unroll
    for (int i = 0; i < PEAK_CHAINS; i++) sums[i] = splat((float)i);
    __m512i a = _mm512_set1_epi32(0x3f003f00), b = _mm512_set1_epi32(0x3e803e80);
    for (size_t r = 0; r < rounds; r++) {
        __asm__ volatile("" : "+v"(a), "+v"(b));
#pragma unroll
        for (int i = 0; i < PEAK_CHAINS; i++) sums[i] = _mm512_dpbf16_ps(sums[i], (__m512bh)a, (__m512bh)b);
    }
    V sum = sums[0];
#pragma unroll
    for (int i = 1; i < PEAK_CHAINS; i++) sum = add(sum, sums[i]);
    store_first(sink, sum, first(1));
    return 4.0 * PEAK_CHAINS * VW * (double)rounds;
}
#endif
