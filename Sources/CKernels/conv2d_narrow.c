#include "include/conv2d_narrow.h"
#include "activation16.h"
#include "each_isa.h"
#include "kernels.h"

// The taps of a window row, one after the other, and zeros up to a whole vector.
static size_t padded_run(const opsin_window *w) { return ((size_t)w->kernel_width * w->channels + 15) / 16 * 16; }

// A vector more, of zeros: at the borders taps are read one by one, each in whole vectors.
size_t opsin_conv2d_narrow_packed(const opsin_window *w, size_t outputs) { return outputs * w->kernel_height * padded_run(w) + 16; }

void opsin_conv2d_narrow_pack(const opsin_window *w, const opsin_stored_weights *stored, float *packed) {
    const size_t run = padded_run(w);
    for (size_t o = 0; o < stored->outputs; o++) {
        for (size_t ky = 0; ky < w->kernel_height; ky++) {
            float *row = packed + (o * w->kernel_height + ky) * run;
            for (size_t i = 0; i < run; i++) {
                const size_t kx = i / w->channels, c = i % w->channels;
                row[i] = kx < w->kernel_width ? opsin_stored_value(stored, o, c, ky * w->kernel_width + kx) : 0.0f;
            }
        }
    }
    memset(packed + stored->outputs * w->kernel_height * run, 0, 16 * sizeof *packed);
}

// sums[p] += the product of `count` weights with as many floats from x + p * step on, lane by lane.
OPSIN_INLINE void add_run(const size_t pixels, const float *x, size_t step, const float *k, size_t count, f32x16 *sums) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const f32x16 w = FROM16(k + i);
        for (size_t p = 0; p < pixels; p++) sums[p] = FROM16(x + p * step + i) * w + sums[p];
    }
    if (i == count) return;
    // What lies behind the run may be anything, also no number.
    const f32x16 w = FROM16(k + i);
    for (size_t p = 0; p < pixels; p++) {
        f32x16 v;
        load_part(x + p * step + i, &v, count - i, 0);
        sums[p] = v * w + sums[p];
    }
}

// `pixels` outputs from column ox on, whose windows lie inside of the map from left to right.
OPSIN_INLINE void inside(const size_t pixels, const opsin_conv2d_narrow_arguments *a, const float *image, int64_t top, size_t ox, size_t output, float *out) {
    const opsin_window *w = &a->window;
    const size_t run = padded_run(w), step = (size_t)w->stride_x * w->channels;
    f32x16 sums[8];
    for (size_t p = 0; p < pixels; p++) sums[p] = SPLAT(0);
    const float *column = image + (ox * w->stride_x - w->padding_left) * w->channels;
    for (size_t ky = 0; ky < w->kernel_height; ky++) {
        const int64_t iy = top + (int64_t)(ky * w->dilation_y);
        if (iy < 0 || iy >= w->height) continue;
        const float *k = a->weights + (output * w->kernel_height + ky) * run;
        add_run(pixels, column + (size_t)iy * w->width * w->channels, step, k, (size_t)w->kernel_width * w->channels, sums);
    }
    for (size_t p = 0; p < pixels; p++) out[p] = sum_lanes(&sums[p]);
}

// One output whose window reaches over the left or right edge.
OPSIN_INLINE float at_edge(const opsin_conv2d_narrow_arguments *a, const float *image, int64_t top, size_t ox, size_t output) {
    const opsin_window *w = &a->window;
    const size_t run = padded_run(w);
    const int64_t left = (int64_t)(ox * w->stride_x) - w->padding_left, width = w->width;
    const int64_t begin = left < 0 ? -left : 0, end = left + w->kernel_width > width ? width - left : w->kernel_width;
    f32x16 sum = SPLAT(0);
    for (size_t ky = 0; ky < w->kernel_height && begin < end; ky++) {
        const int64_t iy = top + (int64_t)(ky * w->dilation_y);
        if (iy < 0 || iy >= w->height) continue;
        for (int64_t kx = begin; kx < end; kx++) {
            const float *x = image + (iy * width + left + kx) * (int64_t)w->channels;
            // Weights of one tap need not end with a vector: what is read behind them multiplies zeros.
            add_run(1, x, 0, a->weights + (output * w->kernel_height + ky) * run + (size_t)kx * w->channels, w->channels, &sum);
        }
    }
    return sum_lanes(&sum);
}

OPSIN_INLINE void finish(const opsin_conv2d_narrow_arguments *a, const float *sums, size_t output, size_t count, size_t at) {
    const opsin_epilogue *e = &a->epilogue;
    for (size_t i = 0; i < count; i += 16) {
        const size_t part = count - i < 16 ? count - i : 16;
        float lanes[16] = {0};
        for (size_t p = 0; p < part; p++) {
            lanes[p] = sums[i + p] + e->bias[output];
            if (e->residual_mode == OPSIN_RESIDUAL_BEFORE) lanes[p] += e->residual[at + (i + p) * a->outputs];
        }
        f32x16 v = FROM16(lanes);
#define ACTIVATE(function) activate16(function, e->slope, &v)
        FOR_ACTIVATION(e->activation, ACTIVATE)
#undef ACTIVATE
        AT16(lanes) = v;
        for (size_t p = 0; p < part; p++) {
            if (e->residual_mode == OPSIN_RESIDUAL_AFTER) lanes[p] += e->residual[at + (i + p) * a->outputs];
            a->y[at + (i + p) * a->outputs] = lanes[p];
        }
    }
}

enum { SUMS = 128 };

OPSIN_INLINE void narrow_row(const size_t pixels, const opsin_conv2d_narrow_arguments *a, size_t task) {
    const opsin_window *w = &a->window;
    const size_t n = task / w->output_height, oy = task % w->output_height;
    const int64_t top = (int64_t)(oy * w->stride_y) - w->padding_top;
    const float *image = a->x + n * w->height * w->width * w->channels;
    // Columns [begin, end) read no padding left or right.
    const size_t span = (size_t)w->width + w->padding_left;
    size_t begin = (w->padding_left + w->stride_x - 1) / w->stride_x, end = span >= w->kernel_width ? (span - w->kernel_width) / w->stride_x + 1 : 0;
    if (end > w->output_width) end = w->output_width;
    if (begin > end) begin = end;
    for (size_t output = 0; output < a->outputs; output++) {
        float sums[SUMS];
        size_t from = 0;
        for (size_t ox = 0; ox < w->output_width;) {
            if (ox >= begin && ox + pixels <= end) {
                inside(pixels, a, image, top, ox, output, sums + ox - from);
                ox += pixels;
            } else if (ox >= begin && ox < end) {
                inside(1, a, image, top, ox, output, sums + ox - from);
                ox++;
            } else {
                sums[ox - from] = at_edge(a, image, top, ox, output);
                ox++;
            }
            if (ox - from + pixels > SUMS || ox == w->output_width) {
                finish(a, sums, output, ox - from, ((size_t)task * w->output_width + from) * a->outputs + output);
                from = ox;
            }
        }
    }
}

OPSIN_INLINE void conv2d_narrow(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)scratch;
    const opsin_conv2d_narrow_arguments a = *(const opsin_conv2d_narrow_arguments *)arguments;
    // As many sums as registers hold beside what they are made of.
    for (size_t task = first; task < last; task++) {
        if (isa == OPSIN_ISA_AVX512) narrow_row(8, &a, task);
        else narrow_row(isa == OPSIN_ISA_GENERIC ? 1 : 4, &a, task);
    }
}

OPSIN_EACH_ISA(conv2d_narrow, conv2d_narrow)
