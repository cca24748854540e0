// One body per kernel, one build of it per instruction set, one function that picks.
//
//     OPSIN_INLINE void hard_swish(const float *x, float *y, size_t n) { ... f32x16 ... }
//     OPSIN_EACH_ISA(opsin_map_fn, hard_swish, (const float *x, float *y, size_t n), (x, y, n))
//
// makes hard_swish_generic, _avx2 and _avx512 (or _neon), each with the body inlined and compiled for that set, and
// `opsin_map_fn opsin_hard_swish(opsin_isa isa)`. A body uses plain C and the vectors below, never intrinsics; `a * b + c` becomes one FMA
// where the set has it. The kernels that need intrinsics and their own tile sizes (gemm, depthwise) use simd.h instead.
#pragma once
#include "isa.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang diagnostic ignored "-Wpsabi" // wide vectors pass only between inlined functions
#pragma STDC FP_CONTRACT ON

#define OPSIN_INLINE static inline __attribute__((always_inline))

#define OPSIN_TARGET_AVX2 __attribute__((target("avx2,fma,f16c,bmi,bmi2")))
#define OPSIN_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi,bmi2"), min_vector_width(512)))

// Sixteen floats or integers: one register with AVX-512, two with AVX2, four with NEON and SSE.
typedef float f32x16 __attribute__((vector_size(64)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));

// Unaligned loads and stores.
OPSIN_INLINE f32x16 from16(const float *p) {
    f32x16 v;
    memcpy(&v, p, sizeof v);
    return v;
}
OPSIN_INLINE void to16(float *p, f32x16 v) { memcpy(p, &v, sizeof v); }
OPSIN_INLINE f32x16 splat16(float a) { return (f32x16){a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a}; }
// `mask` lanes are all ones or all zeros, as comparisons give them.
OPSIN_INLINE f32x16 select16(i32x16 mask, f32x16 a, f32x16 b) { return (f32x16)((mask & (i32x16)a) | (~mask & (i32x16)b)); }
// The first operand where it is not the smaller (larger) one; a NaN in the second operand stays.
OPSIN_INLINE f32x16 max16(f32x16 a, f32x16 b) { return select16(a > b, a, b); }
OPSIN_INLINE f32x16 min16(f32x16 a, f32x16 b) { return select16(a < b, a, b); }
OPSIN_INLINE float sum16(f32x16 v) {
    float s[8];
    for (int i = 0; i < 8; i++) s[i] = v[i] + v[i + 8];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

#if defined(__x86_64__)
#define OPSIN_EACH_ISA(type, name, parameters, arguments)                                                                                                    \
    static void name##_generic parameters { name arguments; }                                                                                                \
    OPSIN_TARGET_AVX2 static void name##_avx2 parameters { name arguments; }                                                                                 \
    OPSIN_TARGET_AVX512 static void name##_avx512 parameters { name arguments; }                                                                             \
    type opsin_##name(opsin_isa isa) { return isa == OPSIN_ISA_AVX512 ? name##_avx512 : isa == OPSIN_ISA_AVX2 ? name##_avx2 : name##_generic; }
#elif defined(__aarch64__)
#define OPSIN_EACH_ISA(type, name, parameters, arguments)                                                                                                    \
    static void name##_generic parameters { name arguments; }                                                                                                \
    type opsin_##name(opsin_isa isa) {                                                                                                                       \
        (void)isa; /* the baseline of AArch64 has NEON */                                                                                                    \
        return name##_generic;                                                                                                                               \
    }
#else
#define OPSIN_EACH_ISA(type, name, parameters, arguments)                                                                                                    \
    static void name##_generic parameters { name arguments; }                                                                                                \
    type opsin_##name(opsin_isa isa) {                                                                                                                       \
        (void)isa;                                                                                                                                           \
        return name##_generic;                                                                                                                               \
    }
#endif
