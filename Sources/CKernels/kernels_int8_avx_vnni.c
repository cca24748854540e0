// The int8 kernel bodies, built for AVX2 with VPDPBUSD of 256 bits.
#if defined(__x86_64__)
#define OPSIN_INT8_BUILD_AVX_VNNI 1
#define OPSIN_SUFFIX avx_vnni
#include <immintrin.h>
#include "int8_kernels.h"
#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("avxvnni,avx2,fma,bmi,bmi2"))), apply_to = function)
#include "int8_gemm_body.h"
#include "int8_depthwise_body.h"
#include "int8_peak_body.h"
#pragma clang attribute pop
#endif
