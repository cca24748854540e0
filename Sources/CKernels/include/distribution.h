// Distributions over the distances of a box's sides: their means as a box, and how peaked they are.
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

typedef struct {
    const float *x;         // [rows, 4, bins]: logits of left, top, right, bottom
    const float *boxes;     // [rows, 4]: centre and size of the boxes that are refined
    float *y;               // [rows, 4]: centre and size of the new boxes
    const float *distances; // [bins], zeros behind them up to a multiple of 16
    size_t rows, bins;
    size_t strip; // rows of a task: tasks = ceil(rows / strip)
    float scale;
} opsin_distribution_to_box_arguments;

typedef struct {
    const float *x; // [rows, bins]
    float *y;       // [rows, top + 1]: the largest probabilities, largest first, and their mean
    size_t rows, bins, top;
    size_t strip; // rows of a task: tasks = ceil(rows / strip)
} opsin_distribution_statistics_arguments;

// The task functions for an instruction set. A task of statistics needs scratch for `bins` floats, rounded up to 16.
opsin_task_fn _Nonnull opsin_distribution_to_box(opsin_isa isa);
opsin_task_fn _Nonnull opsin_distribution_statistics(opsin_isa isa);

#pragma clang assume_nonnull end
