// Mean and maximum over a sliding window, channel by channel.
#pragma once
#include "executor.h"
#include "isa.h"
#include <stdbool.h>

#pragma clang assume_nonnull begin

typedef struct {
    const float *x; // [images, height, width, channels]
    float *y;       // [images, out_height, out_width, channels]
    size_t images, height, width, channels;
    size_t out_height, out_width;
    size_t kernel_h, kernel_w, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
    bool count_includes_padding; // of the mean: its divisor is kernel_h * kernel_w everywhere
} opsin_pool2d_arguments;

// The task functions for an instruction set; a task is an output row: tasks = images * out_height.
opsin_task_fn _Nonnull opsin_average_pool2d(opsin_isa isa);
opsin_task_fn _Nonnull opsin_max_pool2d(opsin_isa isa);

#pragma clang assume_nonnull end
