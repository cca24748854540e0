// The product with bf16 factors, built for AVX-512 with VDPBF16PS, and the depthwise convolution of what it stores in bf16.
#if defined(__x86_64__)
#define OPSIN_BUILD_AVX512 1
#define OPSIN_BUILD_BF16 1
#define OPSIN_SUFFIX avx512_bf16
#include <immintrin.h>
#include "include/depthwise_conv2d.h"
#include "include/gemm.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#include "simd.h"
#include "activation16.h"
#include "gemm_body.h"
#include "depthwise_conv2d_body.h"
#include "peak_body.h"
#pragma clang attribute pop
#endif
