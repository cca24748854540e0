// Normalisation over the channels of each row by their root mean square: y = x / sqrt(mean(x^2) + epsilon) * weight.
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

typedef struct {
    const float *x;
    float *y; // may be x
    const float *weight;
    size_t rows, channels;
    size_t strip; // rows of a task: tasks = ceil(rows / strip)
    float epsilon;
} opsin_rms_norm_arguments;

// The task function for an instruction set.
opsin_task_fn _Nonnull opsin_rms_norm(opsin_isa isa);

#pragma clang assume_nonnull end
