// The shared kernel bodies, built for avx512.
#if defined(__x86_64__)
#define OPSIN_BUILD_AVX512 1
#define OPSIN_SUFFIX avx512
#include <immintrin.h>
#include "include/depthwise_conv2d.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#include "simd.h"
#include "activation16.h"
#include "gemm_body.h"
#include "winograd_body.h"
#include "depthwise_conv2d_body.h"
#include "peak_body.h"
#pragma clang attribute pop
#endif
