// Convolution of every channel with its own kernel.
#pragma once
#include "gemm.h"

typedef struct {
    const float *x; // [images, height, width, channels]
    float *y;       // [images, output_height, output_width, channels]; not the residual's bytes, since tiles may overlap
    const float *weights; // [channels / 16][taps][16], from opsin_depthwise_conv2d_pack
    opsin_epilogue epilogue;
    opsin_window window;
    uint32_t images;
    uint32_t tile_rows;    // output rows of a task, 1 or 2, the dilation apart
    uint32_t tile_columns; // output columns computed together: 1, 4 or 7; 0: a window without kernels of its own
    uint32_t chunks;       // parts that the channels are cut into
    bool half_y;           // y is bf16 in memory; with AVX-512
    uint32_t y_channels;   // floats from one pixel of y to the next, when y has more channels than x; 0: as many
} opsin_depthwise_conv2d_arguments;

// Chooses tile_rows, tile_columns and chunks from the window, the images and the threads.
void opsin_depthwise_conv2d_plan(opsin_depthwise_conv2d_arguments *arguments, uint32_t threads);

// From an output row or column to the next one of a tile: the dilation, whose taps then are neighbours. Rows and columns that far apart are a phase, and
// a phase is a dense convolution of its own. 1 for a window without kernels of its own.
static inline size_t opsin_depthwise_conv2d_step(const opsin_depthwise_conv2d_arguments *arguments) {
    return arguments->tile_columns ? arguments->window.dilation_y : 1;
}

// Row tiles of one phase, those of the one with the most rows.
size_t opsin_depthwise_conv2d_phase_tiles(const opsin_depthwise_conv2d_arguments *arguments);

// How many tasks there are: chunks x images x phases x row tiles.
size_t opsin_depthwise_conv2d_tasks(const opsin_depthwise_conv2d_arguments *arguments);
size_t opsin_depthwise_conv2d_scratch_bytes(const opsin_depthwise_conv2d_arguments *arguments);

// Channels rounded up to 16, which is what weights and bias are padded to.
size_t opsin_depthwise_conv2d_padded(size_t channels);

// Packs into [padded / 16][taps][16]; `inputs` of the weights is 1.
void opsin_depthwise_conv2d_pack(const opsin_stored_weights *weights, float *packed);

opsin_task_fn opsin_depthwise_conv2d(opsin_isa isa);
// For an x that is bf16 in memory, on machines with AVX512_BF16; weights, products and sums are fp32 all the same.
opsin_task_fn opsin_depthwise_conv2d_bf16(void);
