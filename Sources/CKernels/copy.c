#include "include/copy.h"
#include <string.h>

void opsin_copy_rows(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_copy_rows_arguments a = *(const opsin_copy_rows_arguments *)arguments;
    const size_t rows = a.outer * a.inner, end = last * a.strip < rows ? last * a.strip : rows;
    for (size_t row = first * a.strip; row < end; row++) {
        const float *x = a.x + row / a.inner * a.x_outer + row % a.inner * a.x_inner;
        float *y = a.y + row / a.inner * a.y_outer + row % a.inner * a.y_inner;
        if (a.length >= 16) memcpy(y, x, a.length * sizeof *y);
        else for (size_t i = 0; i < a.length; i++) y[i] = x[i];
    }
}

static void fill(float *y, size_t count, float value) {
    for (size_t i = 0; i < count; i++) y[i] = value;
}

void opsin_pad(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_pad_arguments a = *(const opsin_pad_arguments *)arguments;
    const size_t out_height = a.top + a.height + a.bottom, out_row = a.left + a.row + a.right;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / out_height, i = task % out_height;
        float *y = a.y + task * out_row;
        if (i < a.top || i >= a.top + a.height) {
            fill(y, out_row, a.value);
            continue;
        }
        fill(y, a.left, a.value);
        memcpy(y + a.left, a.x + (image * a.height + i - a.top) * a.row, a.row * sizeof *y);
        fill(y + a.left + a.row, a.right, a.value);
    }
}
