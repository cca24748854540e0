// Normalisation over the channels of each row: y = (x - mean) / sqrt(variance + epsilon) * weight + bias.
#pragma once
#include "executor.h"
#include "isa.h"
#include <stdbool.h>

#pragma clang assume_nonnull begin

typedef struct {
    const float *x;
    float *y; // may be x
    const float *weight, *bias;
    size_t rows, channels;
    size_t strip; // rows of a task: tasks = ceil(rows / strip)
    float epsilon;
    bool half_y; // y is bf16 in memory, and not x
} opsin_layer_norm_arguments;

// The task function for an instruction set.
opsin_task_fn _Nonnull opsin_layer_norm(opsin_isa isa);

#pragma clang assume_nonnull end
