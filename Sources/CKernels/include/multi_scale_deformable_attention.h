// Bilinear samples of several maps at computed places, weighted by a softmax: no sampling grid in memory.
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

// A table of one number a point; `points` rounded up to a multiple of 16 is the distance from one row to the next.
enum {
    OPSIN_DEFORMABLE_WIDTH,  // of the point's map
    OPSIN_DEFORMABLE_HEIGHT,
    OPSIN_DEFORMABLE_FIRST,  // the first token of the point's map
    OPSIN_DEFORMABLE_FACTOR, // of an offset in a box: 0.5 / points of the level
    OPSIN_DEFORMABLE_LEVEL,
    OPSIN_DEFORMABLE_ROWS
};

typedef struct {
    const float *value;      // [images, tokens, heads * size]
    const float *offsets;    // [images, queries, heads, points, 2]
    const float *logits;     // [images, queries, heads, points]
    const float *references; // [images or 1, queries, reference_stride]
    float *y;                // [images, queries, heads * size]
    const float *table;      // [OPSIN_DEFORMABLE_ROWS][points in whole sixteens]
    size_t images, queries, tokens, heads, size, points;
    size_t reference_stride; // floats of a query
    size_t reference_step;   // floats from one level to the next; 0: all levels share one
    bool boxes, repeated;    // (x, y, width, height) instead of (x, y); one image's references for all
    size_t block;            // queries of a task: tasks = images * ceil(queries / block)
} opsin_multi_scale_deformable_attention_arguments;

// The task function for an instruction set.
opsin_task_fn _Nonnull opsin_multi_scale_deformable_attention(opsin_isa isa);
// Bytes of scratch that a task needs.
size_t opsin_multi_scale_deformable_attention_scratch(size_t points);

#pragma clang assume_nonnull end
