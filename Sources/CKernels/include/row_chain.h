// Products and depthwise convolutions, each reading the one before, strip by strip: of the maps between them only the rows that are wanted next live, in
// scratch, which stays in the cache.
#pragma once
#include "depthwise_conv2d.h"
#include "gemm.h"

#define OPSIN_CHAIN_MOST 8 // stages of a chain

// One op of a chain. Its arguments are those of the whole map, a depthwise one's with chunks 1; dilations are 1. What changes from rows to rows (x, y,
// residual, the rows of the window, the cut into row tiles) is set when they are computed.
typedef struct {
    opsin_task_fn task;
    bool is_depthwise;
    opsin_gemm_arguments product;
    opsin_depthwise_conv2d_arguments depthwise;
    size_t input_height, input_row_bytes;
    size_t height, width, row_bytes; // of what it writes
} opsin_chain_stage;

typedef struct {
    const opsin_chain_stage *stages;
    size_t count; // 1 to OPSIN_CHAIN_MOST
    size_t images;
    size_t strips; // of an image
    size_t block;  // rows of the last map that are computed together
    // 1, or parts that the channels between a pointwise product and a depthwise convolution, which are the chain, are cut into: each a multiple of 16 and
    // whole panels' columns.
    size_t groups;
} opsin_row_chain_arguments;

// Runs on every instruction set: what it calls is chosen by the arguments. Tasks: images x strips x groups.
void opsin_row_chain(const void *arguments, size_t first, size_t last, void *scratch);
// Into how few groups a product's columns can be cut, at most `most` in each; 0 when they cannot.
size_t opsin_row_chain_groups(const opsin_gemm_shape *shape, size_t columns, size_t most);
// Bytes of the rows that live at a time.
size_t opsin_row_chain_bytes(const opsin_row_chain_arguments *arguments);
// Bytes of scratch that a task needs.
size_t opsin_row_chain_scratch(const opsin_row_chain_arguments *arguments);
