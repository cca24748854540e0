// The shared kernel bodies, built for the compiler's baseline.
#define OPSIN_BUILD_GENERIC 1
#define OPSIN_SUFFIX generic
#include "include/depthwise_conv2d.h"
#include "simd.h"
#include "activation16.h"
#include "gemm_body.h"
#include "winograd_body.h"
#include "depthwise_conv2d_body.h"
#include "peak_body.h"
