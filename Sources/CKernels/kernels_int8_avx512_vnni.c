// The int8 kernel bodies, built for AVX-512 with VPDPBUSD.
#if defined(__x86_64__)
#define OPSIN_INT8_BUILD_AVX512_VNNI 1
#define OPSIN_SUFFIX avx512_vnni
#include <immintrin.h>
#include "int8_kernels.h"
#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,bmi,bmi2"))), apply_to = function)
#include "int8_gemm_body.h"
#include "int8_depthwise_body.h"
#include "int8_peak_body.h"
#pragma clang attribute pop
#endif
