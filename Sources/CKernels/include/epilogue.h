// What a convolution does to its sums before it stores them.
#pragma once
#include <stdint.h>

// The functions of OpsinGraph's ActivationFunction, in its order.
#define OPSIN_ACTIVATION_IDENTITY 0
#define OPSIN_ACTIVATION_RELU 1
#define OPSIN_ACTIVATION_RELU6 2
#define OPSIN_ACTIVATION_LEAKY_RELU 3
#define OPSIN_ACTIVATION_GELU 4
#define OPSIN_ACTIVATION_SILU 5
#define OPSIN_ACTIVATION_SIGMOID 6
#define OPSIN_ACTIVATION_HARD_SWISH 7
#define OPSIN_ACTIVATION_HARD_SIGMOID 8
#define OPSIN_ACTIVATION_TANH 9

#define OPSIN_RESIDUAL_NONE 0
#define OPSIN_RESIDUAL_AFTER 1  // f(sum) + residual
#define OPSIN_RESIDUAL_BEFORE 2 // f(sum + residual)

typedef struct {
    const float *bias;     // padded with zeros to a multiple of 16
    const float *residual; // laid out like the output; NULL without
    int32_t activation;    // OPSIN_ACTIVATION_*
    int32_t residual_mode; // OPSIN_RESIDUAL_*
    float slope;           // of leaky ReLU
} opsin_epilogue;
