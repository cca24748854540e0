// Convolution of 3x3 windows at step 1 by Winograd's F(4x4, 3x3): a quarter of the products, as 36 small matrix products over a strip of tiles that stays in
// the second-level cache.
#pragma once
#include "gemm.h"

// How the tiles of 4 x 4 outputs (the last ones of a row or column cut off) are shared out: tasks = strips x groups.
typedef struct {
    opsin_gemm_shape product; // of a strip's tiles with the weights of one position: panels, and the most rows of a register tile
    uint32_t strips;          // of all tiles of all images, row by row
    uint32_t strip_tiles;     // of the longest strip
    uint32_t groups;          // of panels; each transforms its strip's input anew
} opsin_winograd_shape;

typedef struct {
    const float *x; // dense
    float *y;
    const float *weights; // from opsin_winograd_pack, 64-byte aligned
    opsin_epilogue epilogue;
    size_t images, outputs;
    opsin_window window; // 3x3, step and dilation 1
    opsin_winograd_shape shape;
    size_t y_pitch; // floats from a pixel of y to the next; 0: dense. Only without a residual.
} opsin_winograd_arguments;

opsin_winograd_shape opsin_winograd_plan(opsin_isa isa, size_t images, size_t outputs, const opsin_window *window, uint32_t threads);
// Whether it takes less time than the implicit product. OPSIN_CPU_DISABLE=winograd says no, everywhere.
bool opsin_winograd_pays(size_t outputs, const opsin_window *window);

// Floats of packed weights: 36 for each pair of channels.
size_t opsin_winograd_packed(const opsin_winograd_shape *shape, size_t outputs, size_t inputs);
// Transforms in double precision, rounded once.
void opsin_winograd_pack(const opsin_winograd_shape *shape, const opsin_stored_weights *weights, float *packed);

opsin_task_fn opsin_winograd(opsin_isa isa);
// Bytes of scratch that a task needs.
size_t opsin_winograd_scratch_bytes(const opsin_winograd_arguments *arguments);
