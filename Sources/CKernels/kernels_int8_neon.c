// The int8 kernel bodies, built for the Advanced SIMD that every AArch64 has.
#if defined(__aarch64__)
#define OPSIN_INT8_BUILD_NEON 1
#define OPSIN_SUFFIX neon
#include "int8_kernels.h"
#pragma clang fp contract(off)
#include "int8_gemm_body.h"
#include "int8_depthwise_body.h"
#include "int8_peak_body.h"
#endif
