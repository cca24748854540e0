// The product with bf16 factors on AMX tiles, and the same on tiles that C emulates: this file is built twice.
#if defined(__x86_64__)
#define OPSIN_BUILD_AVX512 1
#define OPSIN_BUILD_BF16 1
#define OPSIN_BUILD_AMX 1
#ifndef OPSIN_AMX_EMULATED
#define OPSIN_SUFFIX amx
#endif
#include <immintrin.h>
#include "include/gemm.h"
#if OPSIN_AMX_EMULATED
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#else
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c,bmi,bmi2,amx-tile,amx-bf16"))),              \
                             apply_to = function)
#endif
#include "simd.h"
#include "activation16.h"
#include "gemm_body.h"
#pragma clang attribute pop
#endif
