// y[r, c] = x[r, c] * scale[c] + shift[c].
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

typedef struct {
    const float *x;
    float *y; // may be x
    const float *scale, *shift;
    size_t rows, channels;
    size_t strip; // rows of a task: tasks = ceil(rows / strip)
} opsin_batch_norm_arguments;

// The task function for an instruction set.
opsin_task_fn _Nonnull opsin_batch_norm(opsin_isa isa);

#pragma clang assume_nonnull end
