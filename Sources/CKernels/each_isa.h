// One function per instruction set out of one always-inlined body, and the function that picks.
#pragma once
#include "executor.h"
#include "isa.h"
#include "vector.h"

#define OPSIN_TASK_PARAMETERS const void *arguments, size_t first, size_t last, void *scratch

// `body(isa, arguments, first, last, scratch)` gets the instruction set as a constant, for tile sizes.
#if defined(__x86_64__)
#define OPSIN_EACH_ISA(name, body)                                                                                                                     \
    static void name##_generic(OPSIN_TASK_PARAMETERS) { body(OPSIN_ISA_GENERIC, arguments, first, last, scratch); }                                    \
    __attribute__((target("avx2,fma,f16c"))) static void name##_avx2(OPSIN_TASK_PARAMETERS) {                                                          \
        body(OPSIN_ISA_AVX2, arguments, first, last, scratch);                                                                                         \
    }                                                                                                                                                  \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))) static void name##_avx512(OPSIN_TASK_PARAMETERS) {                               \
        body(OPSIN_ISA_AVX512, arguments, first, last, scratch);                                                                                       \
    }                                                                                                                                                  \
    opsin_task_fn opsin_##name(opsin_isa isa) {                                                                                                        \
        return isa == OPSIN_ISA_AVX512 ? name##_avx512 : isa == OPSIN_ISA_AVX2 ? name##_avx2 : name##_generic;                                         \
    }
#elif defined(__aarch64__)
#define OPSIN_EACH_ISA(name, body)                                                                                                                     \
    static void name##_neon(OPSIN_TASK_PARAMETERS) { body(OPSIN_ISA_NEON, arguments, first, last, scratch); }                                          \
    opsin_task_fn opsin_##name(opsin_isa isa) {                                                                                                        \
        (void)isa; /* Advanced SIMD is AArch64's baseline: plain vectors compile to it. */                                                             \
        return name##_neon;                                                                                                                            \
    }
#else
#define OPSIN_EACH_ISA(name, body)                                                                                                                     \
    static void name##_generic(OPSIN_TASK_PARAMETERS) { body(OPSIN_ISA_GENERIC, arguments, first, last, scratch); }                                    \
    opsin_task_fn opsin_##name(opsin_isa isa) {                                                                                                        \
        (void)isa;                                                                                                                                     \
        return name##_generic;                                                                                                                         \
    }
#endif
