// The int8 kernel bodies, built for Advanced SIMD with SDOT.
#if defined(__aarch64__)
#define OPSIN_INT8_BUILD_NEON_DOT 1
#define OPSIN_SUFFIX neon_dot
#include <arm_neon.h>
#include "int8_kernels.h"
#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "int8_gemm_body.h"
#include "int8_depthwise_body.h"
#include "int8_peak_body.h"
#pragma clang attribute pop
#endif
