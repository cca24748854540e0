// Every step-th channel of each pixel: what half of ShuffleNet's channels do between blocks.
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

// y[p, j] = x[p, start + j * step]; 64 readable bytes follow the last pixel of x.
typedef struct {
    const float *x; // [pixels, x_channels]
    float *y;       // [pixels, y_channels], of which the first `count` of each pixel are written
    size_t pixels, x_channels, y_channels;
    size_t start, count, step;
    size_t strip; // pixels of a task: tasks = ceil(pixels / strip)
} opsin_slice_channels_arguments;

// The task function for an instruction set.
opsin_task_fn _Nonnull opsin_slice_channels(opsin_isa isa);

#pragma clang assume_nonnull end
