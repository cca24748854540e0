// The walk over output rows that both pools share: which taps of a window are inside of the map.
#pragma once
#include "each_isa.h"
#include "include/pool2d.h"

// The taps [first, last) of a window that lie in [0, extent), for a window whose first tap is at `at - pad`.
typedef struct {
    size_t first, last;
} tap_range;

OPSIN_INLINE tap_range taps_inside(size_t at, size_t pad, size_t kernel, size_t dilation, size_t extent) {
    tap_range r;
    r.first = at < pad ? (pad - at + dilation - 1) / dilation : 0;
    // Tap t is inside while at + t * dilation < extent + pad.
    r.last = at < extent + pad ? (extent + pad - at + dilation - 1) / dilation : 0;
    if (r.last > kernel) r.last = kernel;
    if (r.first > r.last) r.first = r.last;
    return r;
}

// Up to sixteen channels of one output pixel. `x` is the pixel of the first tap that is inside; steps are in floats; `count` channels are stored.
OPSIN_INLINE void pool_channels(int maximum, const float *x, size_t taps_y, size_t taps_x, size_t step_y, size_t step_x, float factor, float *y, size_t count) {
    f32x16 v = maximum ? SPLAT(-INFINITY) : SPLAT(0);
    for (size_t i = 0; i < taps_y; i++) {
        for (size_t j = 0; j < taps_x; j++) {
            const f32x16 u = FROM16(x + i * step_y + j * step_x);
            // A NaN enters by the second test and stays since nothing is larger than it.
            if (maximum) v = ((v < u) | (u != u)) ? u : v;
            else v += u;
        }
    }
    if (!maximum) v *= factor;
    if (count >= 16) AT16(y) = v;
    else store_part(y, &v, count);
}

OPSIN_INLINE void pool_rows(int maximum, const opsin_pool2d_arguments *a, size_t first, size_t last) {
    const size_t c16 = a->channels / 16 * 16, row_floats = a->width * a->channels;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / a->out_height, oy = task % a->out_height * a->stride_y;
        const tap_range ty = taps_inside(oy, a->pad_top, a->kernel_h, a->dilation_y, a->height);
        const float *image_x = a->x + image * a->height * row_floats;
        for (size_t j = 0; j < a->out_width; j++) {
            const size_t ox = j * a->stride_x;
            const tap_range tx = taps_inside(ox, a->pad_left, a->kernel_w, a->dilation_x, a->width);
            const size_t rows = ty.last - ty.first, columns = tx.last - tx.first;
            const size_t counted = a->count_includes_padding ? a->kernel_h * a->kernel_w : rows * columns;
            const float factor = 1.0f / (float)(counted ? counted : 1);
            // With no tap inside there is no such pixel: keep the pointer at the map's first.
            const float *x = image_x;
            if (rows && columns) x += (oy + ty.first * a->dilation_y - a->pad_top) * row_floats + (ox + tx.first * a->dilation_x - a->pad_left) * a->channels;
            float *y = a->y + (task * a->out_width + j) * a->channels;
            const size_t step_y = a->dilation_y * row_floats, step_x = a->dilation_x * a->channels;
            for (size_t c = 0; c < c16; c += 16) pool_channels(maximum, x + c, rows, columns, step_y, step_x, factor, y + c, 16);
            if (c16 < a->channels) pool_channels(maximum, x + c16, rows, columns, step_y, step_x, factor, y + c16, a->channels - c16);
        }
    }
}
