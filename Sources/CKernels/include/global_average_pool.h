// The mean of each channel over all pixels of an image.
#pragma once
#include "executor.h"
#include "isa.h"
#include <stdbool.h>

#pragma clang assume_nonnull begin

typedef struct {
    const float *x; // [images, pixels, channels]
    float *y;       // [images, channels]
    size_t images, pixels, channels;
    bool half_x; // x is bf16 in memory
} opsin_global_average_pool_arguments;

// Channels of a task: tasks = images * ceil(channels / OPSIN_GLOBAL_AVERAGE_POOL_CHANNELS).
#define OPSIN_GLOBAL_AVERAGE_POOL_CHANNELS 64

// The task function for an instruction set.
opsin_task_fn _Nonnull opsin_global_average_pool(opsin_isa isa);

#pragma clang assume_nonnull end
