// y = f(x), element by element.
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

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
#define OPSIN_ACTIVATION_AT_LEAST 10
#define OPSIN_ACTIVATION_AT_MOST 11

typedef struct {
    const float *x;
    float *y;           // may be x
    size_t count;       // elements
    size_t chunk;       // elements of a task: tasks = ceil(count / chunk)
    int32_t activation; // OPSIN_ACTIVATION_*
    float slope;        // of leaky ReLU; the bound of AT_LEAST and AT_MOST
} opsin_activation_arguments;

// The task function for an instruction set.
opsin_task_fn _Nonnull opsin_activation(opsin_isa isa);

#pragma clang assume_nonnull end
