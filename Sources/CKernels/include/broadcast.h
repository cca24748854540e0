// y = f(a + b) and y = a * b with b repeated along some dimensions.
#pragma once
#include "activation.h"
#include <stdbool.h>

#pragma clang assume_nonnull begin

// `a` and `y` are dense [dims[0], dims[1], dims[2], dims[3]]; b is read at i0 * strides[0] + ... + i3 * strides[3].
typedef struct {
    const float *a, *b;
    float *y;           // may be a
    size_t dims[4];     //
    size_t strides[4];  // of b, in elements; 0 repeats; strides[3] is 0 or 1
    size_t chunk;       // a task is `chunk` elements of a row of dims[3]: tasks = dims[0] * dims[1] * dims[2] * ceil(dims[3] / chunk)
    int32_t activation; // OPSIN_ACTIVATION_*, of add only
    float slope;        // of leaky ReLU
    bool half_a, half_y; // a or y is bf16 in memory; of multiply only
} opsin_broadcast_arguments;

// The task functions for an instruction set.
opsin_task_fn _Nonnull opsin_add(opsin_isa isa);
opsin_task_fn _Nonnull opsin_multiply(opsin_isa isa);

#pragma clang assume_nonnull end
