// The shared kernel bodies, built for neon.
#if defined(__aarch64__)
#define OPSIN_BUILD_NEON 1
#define OPSIN_SUFFIX neon
#include "include/depthwise_conv2d.h"
#include "simd.h"
#include "activation16.h"
#include "gemm_body.h"
#include "winograd_body.h"
#include "depthwise_conv2d_body.h"
#include "peak_body.h"
#endif
