// Copies of rows between dense tensors: Slice, Concat, Pad, Reshape. The same for every instruction set.
#pragma once
#include <stddef.h>

#pragma clang assume_nonnull begin

// Row (i, j) of outer x inner rows: `length` floats from x + i * x_outer + j * x_inner to y + i * y_outer + j * y_inner. x and y do not overlap.
typedef struct {
    const float *x;
    float *y;
    size_t outer, inner, length;
    size_t x_outer, x_inner, y_outer, y_inner; // in floats
    size_t strip;                              // rows of a task: tasks = ceil(outer * inner / strip)
} opsin_copy_rows_arguments;

void opsin_copy_rows(const void *_Nullable arguments, size_t first, size_t last, void *_Nullable scratch);

// Maps with a border of `value`.
typedef struct {
    const float *x; // [images, height, row]
    float *y;       // [images, top + height + bottom, left + row + right]
    size_t images, height, row;
    size_t top, bottom, left, right; // left and right in floats
    float value;
} opsin_pad_arguments;

// A task is an output row: tasks = images * (top + height + bottom).
void opsin_pad(const void *_Nullable arguments, size_t first, size_t last, void *_Nullable scratch);

#pragma clang assume_nonnull end
