// The int8 kernel bodies, built for the compiler's baseline.
#define OPSIN_SUFFIX generic
#include "int8_kernels.h"
#pragma clang fp contract(off)
#include "int8_gemm_body.h"
#include "int8_depthwise_body.h"
#include "int8_peak_body.h"
