// A pointwise expansion and the depthwise convolution that reads it, strip by strip: the expanded rows live in scratch, which stays in the cache.
// They are bf16 where expand.half_y says so; depthwise_task is then the one for bf16.
#pragma once
#include "depthwise_conv2d.h"
#include "gemm.h"

typedef struct {
    opsin_gemm_arguments expand;                // of the whole map; y, rows and the cut into row tiles are a block's
    opsin_depthwise_conv2d_arguments depthwise; // of the whole map, chunks 1 and no residual; x and the rows of the window are a block's
    opsin_task_fn expand_task, depthwise_task;
    size_t strips;   // of an image: tasks = images x strips x channel groups
    size_t block;    // output rows that are computed together
    size_t channels; // of a group, a multiple of 16 and of whole panels' columns; all of them where they are one group
} opsin_expand_depthwise_arguments;

// Runs on every instruction set: what it calls is chosen by the arguments.
void opsin_expand_depthwise(const void *arguments, size_t first, size_t last, void *scratch);
// The largest group of at most `most` channels; 0 when there is none.
size_t opsin_expand_depthwise_channels(const opsin_gemm_shape *shape, size_t columns, size_t most);
// Elements of the expanded rows that a block needs.
size_t opsin_expand_depthwise_floats(const opsin_expand_depthwise_arguments *arguments);
// Bytes of scratch that a task needs.
size_t opsin_expand_depthwise_scratch(const opsin_expand_depthwise_arguments *arguments);
