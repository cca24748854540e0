// Boxes moved by what a head predicts: y = sigmoid(delta + inverse_sigmoid(reference)).
#pragma once
#include <stdbool.h>
#include "executor.h"

#pragma clang assume_nonnull begin

typedef struct {
    const float *delta;     // [images, boxes, 4]
    const float *reference; // [images or 1, boxes, size]
    float *y;               // [images, boxes, 4], may be delta
    size_t images, boxes;
    size_t size; // of a reference: 4, or 2 for a point
    bool repeated;
    size_t strip; // boxes of a task: tasks = images * ceil(boxes / strip)
    float epsilon;
} opsin_box_refinement_arguments;

// One build serves every instruction set: a few thousand numbers.
void opsin_box_refinement(const void *_Nullable arguments, size_t first, size_t last, void *_Nullable scratch);

#pragma clang assume_nonnull end
