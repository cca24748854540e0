#include "expand_depthwise.h"
#include <string.h>

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

size_t opsin_expand_depthwise_floats(const opsin_expand_depthwise_arguments *a) {
    const opsin_window *w = &a->depthwise.window;
    return ((a->block - 1) * w->stride_y + w->kernel_height) * w->width * a->channels;
}

size_t opsin_expand_depthwise_channels(const opsin_gemm_shape *s, size_t columns, size_t most) {
    if (columns <= most) return columns;
    // Panels of two widths would make groups of two sizes.
    if (s->wider != 0 || columns % 16 != 0) return 0;
    const size_t width = (size_t)s->narrow * s->vector;
    for (size_t channels = most / 16 * 16; channels >= 16; channels -= 16) {
        if (columns % channels == 0 && channels % width == 0) return channels;
    }
    return 0;
}

static size_t x_bytes(const opsin_expand_depthwise_arguments *a) { return a->expand.half_x ? 2 : 4; }
static size_t row_bytes(const opsin_expand_depthwise_arguments *a) { return a->expand.half_y ? 2 : 4; }
static size_t y_bytes(const opsin_expand_depthwise_arguments *a) { return a->depthwise.half_y ? 2 : 4; }

// Behind the last row stand what vectors may read too much, and what the two kernels need.
static size_t rows_bytes(const opsin_expand_depthwise_arguments *a) { return (opsin_expand_depthwise_floats(a) + 47) / 32 * 32 * row_bytes(a); }

size_t opsin_expand_depthwise_scratch(const opsin_expand_depthwise_arguments *a) {
    const size_t expand = opsin_gemm_scratch_bytes(&a->expand), depthwise = opsin_depthwise_conv2d_scratch_bytes(&a->depthwise);
    return rows_bytes(a) + (expand > depthwise ? expand : depthwise);
}

// The whole map's arguments for channels [first, first + a->channels).
static opsin_expand_depthwise_arguments of_group(const opsin_expand_depthwise_arguments *whole, size_t first) {
    opsin_expand_depthwise_arguments a = *whole;
    opsin_gemm_arguments *e = &a.expand;
    opsin_depthwise_conv2d_arguments *d = &a.depthwise;
    if (a.channels == d->window.channels) return a;
    const size_t width = (size_t)e->shape.narrow * e->shape.vector, rows = e->shape.bf16 ? (e->depth + 1) / 2 : e->depth;
    e->weights = (const float *)e->weights + first * rows;
    e->shape.panels = (uint32_t)(a.channels / width);
    e->columns = a.channels;
    e->epilogue.bias += first;
    d->y_channels = d->window.channels;
    d->y = (float *)((char *)d->y + first * y_bytes(whole));
    d->weights += first * d->window.kernel_height * d->window.kernel_width;
    d->epilogue.bias += first;
    d->window.channels = (uint32_t)a.channels;
    return a;
}

// Expands input rows [first, last) of an image into `to`.
static void expand_rows(const opsin_expand_depthwise_arguments *a, size_t image, size_t first, size_t last, char *to, void *scratch) {
    const opsin_window *w = &a->depthwise.window;
    opsin_gemm_arguments q = a->expand;
    q.x = (const float *)((const char *)q.x + (image * w->height + first) * w->width * q.depth * x_bytes(a));
    q.y = (float *)to;
    q.rows = (last - first) * w->width;
    q.shape.run = (uint32_t)q.rows;
    q.shape.tiles = q.shape.run_tiles = (uint32_t)((q.rows + q.shape.tile_rows - 1) / q.shape.tile_rows);
    q.shape.block_tiles = (uint32_t)smaller(q.shape.block_tiles, q.shape.tiles);
    a->expand_task(&q, 0, (size_t)q.shape.tiles * q.shape.panels, scratch);
}

// Output rows [first, last) of an image.
static void compute_strip(const opsin_expand_depthwise_arguments *a, size_t image, size_t first, size_t last, char *rows, void *scratch) {
    const opsin_window *w = &a->depthwise.window;
    const size_t bytes = (size_t)w->width * w->channels * row_bytes(a), stride = w->stride_y, pad = w->padding_top;
    size_t low = 0, high = 0; // input rows in `rows`
    for (size_t begin = first; begin < last; begin += a->block) {
        const size_t end = smaller(begin + a->block, last);
        const size_t top = begin * stride, need_low = top > pad ? smaller(top - pad, w->height) : 0;
        const size_t reach = (end - 1) * stride + w->kernel_height, need_high = smaller(reach > pad ? reach - pad : 0, w->height);
        if (begin == first) high = need_low;
        // Rows that the last block read too move to the front.
        if (high > need_low && need_low > low) memmove(rows, rows + (need_low - low) * bytes, (high - need_low) * bytes);
        if (high < need_low) high = need_low;
        low = need_low;
        if (need_high > high) expand_rows(a, image, high, need_high, rows + (high - low) * bytes, scratch);
        if (need_high > high) high = need_high;

        opsin_depthwise_conv2d_arguments q = a->depthwise;
        q.x = (const float *)rows;
        q.y = (float *)((char *)q.y + (image * w->output_height + begin) * w->output_width * (q.y_channels ? q.y_channels : w->channels) * y_bytes(a));
        q.images = 1;
        q.window.height = (uint32_t)(high - low);
        q.window.output_height = (uint32_t)(end - begin);
        q.window.padding_top = (uint32_t)(top < pad ? pad - top : 0);
        a->depthwise_task(&q, 0, opsin_depthwise_conv2d_tasks(&q), scratch);
    }
}

void opsin_expand_depthwise(const void *arguments, size_t first, size_t last, void *scratch) {
    const opsin_expand_depthwise_arguments *whole = arguments;
    const size_t height = whole->depthwise.window.output_height, groups = whole->depthwise.window.channels / whole->channels;
    void *rest = (char *)scratch + rows_bytes(whole);
    for (size_t task = first; task < last; task++) {
        const size_t image = task / groups / whole->strips, strip = task / groups % whole->strips;
        const opsin_expand_depthwise_arguments a = of_group(whole, task % groups * whole->channels);
        compute_strip(&a, image, height * strip / a.strips, height * (strip + 1) / a.strips, scratch, rest);
    }
}
