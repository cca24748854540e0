// Softmax over the channels of each row, in fp32.
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

typedef struct {
    const float *x;
    float *y; // may be x
    size_t rows, channels;
    size_t strip; // rows of a task: tasks = ceil(rows / strip)
} opsin_softmax_arguments;

// The task function for an instruction set.
opsin_task_fn _Nonnull opsin_softmax(opsin_isa isa);

#pragma clang assume_nonnull end
