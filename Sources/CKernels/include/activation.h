// y = f(x), element by element.
#pragma once
#include "epilogue.h"
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

typedef struct {
    const float *x;
    float *y;           // may be x
    size_t count;       // elements
    size_t chunk;       // elements of a task: tasks = ceil(count / chunk)
    int32_t activation; // OPSIN_ACTIVATION_*
    float slope;        // of leaky ReLU
} opsin_activation_arguments;

// The task function for an instruction set.
opsin_task_fn _Nonnull opsin_activation(opsin_isa isa);

#pragma clang assume_nonnull end
