// A depth map at another size: torch's bicubic interpolation of one plane, columns first, then rows, with the range of what came out.
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

// Columns: row by row of `x`, each output is a sum of four inputs of its row.
typedef struct {
    const float *x; // [rows, width]
    float *y;       // [rows, out_width]
    size_t width, out_width;
    const int32_t *index; // [out_width, 4]: which inputs, 0 to width - 1
    const float *weight;  // [out_width, 4]
} opsin_depth_columns_arguments;

// A task is a row. The same for every instruction set.
void opsin_depth_columns(const void *_Nullable arguments, size_t first, size_t last, void *_Nullable scratch);

// Rows: each output row is a sum of four rows of `x`.
typedef struct {
    const float *x; // [rows of x, width]
    float *y;       // [tasks, stride], of which the first `width` of each row are written
    size_t width, stride;
    const int32_t *index; // [tasks, 4]: which rows of x
    const float *weight;  // [tasks, 4]
    float *range;         // [tasks, 2]: least and largest finite value of a row; +infinity and -infinity where there is none
} opsin_depth_rows_arguments;

// The task function for an instruction set. A task is an output row.
opsin_task_fn _Nonnull opsin_depth_rows(opsin_isa isa);

#pragma clang assume_nonnull end
