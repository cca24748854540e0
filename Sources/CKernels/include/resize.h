// Rows and columns of a map by interpolation: each output row is a sum of input rows (into scratch), each output column one of columns of that.
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

typedef struct {
    const float *x; // [images, height, width, channels]
    float *y;       // [images, out_height, out_width, channels]
    size_t images, height, width, channels, out_height, out_width;
    size_t taps; // 1 (nearest), 2 (bilinear) or 4 (bicubic)
    // [out_height, taps] and [out_width, taps]: which input row or column, as exact whole floats in range, and its weight.
    const float *row_index, *row_weight, *column_index, *column_weight;
    size_t y_channels; // floats from a pixel of y to the next, when y lies inside of a larger map; 0: as many as channels
} opsin_resize_arguments;

// The task function for an instruction set. A task is an output row: tasks = images * out_height. Scratch: width * channels + 16 floats.
opsin_task_fn _Nonnull opsin_resize(opsin_isa isa);

#pragma clang assume_nonnull end
