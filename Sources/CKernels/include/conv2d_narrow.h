// Convolution to one or two channels, such as the last layer of a depth head: a product would leave most of its vectors' columns empty. Here the vectors run
// along the input's channels, and the taps of a window row are one run of them.
#pragma once
#include "gemm.h"

#pragma clang assume_nonnull begin

// Most output channels.
#define OPSIN_NARROW_OUTPUTS 2

typedef struct {
    const float *x; // [images, height, width, channels]; 64 readable bytes follow
    float *y;       // [images, output_height, output_width, outputs]
    const float *weights; // [outputs][kernel_height][padded run], from opsin_conv2d_narrow_pack
    opsin_epilogue epilogue;
    opsin_window window; // dilation_x 1
    size_t images, outputs;
} opsin_conv2d_narrow_arguments;

// Floats of the packed weights.
size_t opsin_conv2d_narrow_packed(const opsin_window *window, size_t outputs);
void opsin_conv2d_narrow_pack(const opsin_window *window, const opsin_stored_weights *weights, float *packed);

// The task function for an instruction set. A task is an output row: tasks = images * output_height.
opsin_task_fn _Nonnull opsin_conv2d_narrow(opsin_isa isa);

#pragma clang assume_nonnull end
