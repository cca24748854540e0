// The int8 kernel bodies, built for AVX2, which multiplies words.
#if defined(__x86_64__)
#define OPSIN_INT8_BUILD_AVX2 1
#define OPSIN_SUFFIX avx2
#include <immintrin.h>
#include "int8_kernels.h"
#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#include "int8_gemm_body.h"
#include "int8_depthwise_body.h"
#include "int8_peak_body.h"
#pragma clang attribute pop
#endif
