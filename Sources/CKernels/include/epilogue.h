// What a convolution does to its sums before it stores them.
#pragma once
#include "activation.h"

#define OPSIN_RESIDUAL_NONE 0
#define OPSIN_RESIDUAL_AFTER 1  // f(sum) + residual
#define OPSIN_RESIDUAL_BEFORE 2 // f(sum + residual)

typedef struct {
    const float *bias;     // padded with zeros to a multiple of 16
    const float *residual; // laid out like the output; NULL without
    int32_t activation;    // OPSIN_ACTIVATION_*
    int32_t residual_mode; // OPSIN_RESIDUAL_*
    float slope;           // of leaky ReLU, or the bound of a clamp
} opsin_epilogue;
