#include "image_resize_kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Most coefficients of one axis.
#define LARGEST_TABLE ((int64_t)1 << 27)

static double sinc(double x) {
    if (x == 0.0) return 1.0;
    x *= M_PI;
    return sin(x) / x;
}

static double filter_value(opsin_filter filter, double x) {
    switch (filter) {
    case OPSIN_FILTER_BOX: return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
    case OPSIN_FILTER_BILINEAR: x = fabs(x); return x < 1.0 ? 1.0 - x : 0.0;
    case OPSIN_FILTER_HAMMING:
        x = fabs(x);
        if (x == 0.0) return 1.0;
        if (x >= 1.0) return 0.0;
        x *= M_PI;
        return sin(x) / x * (0.54 + 0.46 * cos(x));
    case OPSIN_FILTER_BICUBIC: // Keys' cubic with a = -0.5
        x = fabs(x);
        if (x < 1.0) return ((-0.5 + 2.0) * x - (-0.5 + 3.0)) * x * x + 1;
        if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * -0.5;
        return 0.0;
    case OPSIN_FILTER_LANCZOS: return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
    default: return 0.0;
    }
}

static double filter_support(opsin_filter filter) {
    switch (filter) {
    case OPSIN_FILTER_BOX: return 0.5;
    case OPSIN_FILTER_BILINEAR:
    case OPSIN_FILTER_HAMMING: return 1.0;
    case OPSIN_FILTER_BICUBIC: return 2.0;
    default: return 3.0;
    }
}

// Splits the rounded coefficients of one output for the kernels.
static void quantize(opsin_resize_axis *axis, int32_t output, const double *weights) {
    const size_t at = (size_t)output * (size_t)axis->stride, plane = (size_t)axis->count * (size_t)axis->stride;
    for (int32_t i = 0; i < axis->taps[output]; i++) {
        const int32_t c = (int32_t)(weights[i] * (1 << OPSIN_RESIZE_PRECISION) + (weights[i] < 0 ? -0.5 : 0.5));
        axis->high[at + (size_t)i] = (int16_t)(c >> 12);
        axis->low[at + (size_t)i] = (int16_t)(c & 4095);
        if (!axis->digits) continue;
        const int8_t d0 = (int8_t)c;
        const int8_t d1 = (int8_t)((c - d0) >> 8);
        const int32_t d2 = (c - d0 - 256 * d1) >> 16;
        if (d2 < -128 || d2 > 127) {
            free(axis->digits);
            axis->digits = NULL;
            continue;
        }
        axis->digits[at + (size_t)i] = d0;
        axis->digits[plane + at + (size_t)i] = d1;
        axis->digits[2 * plane + at + (size_t)i] = (int8_t)d2;
    }
}

// Memory for `count` outputs of `stride` coefficients. The weights of float samples are kept, those of 8-bit ones are made in `line` and quantized.
static opsin_resize_axis *allocate(int64_t count, int64_t stride, bool fixed, double **line) {
    opsin_resize_axis *axis = calloc(1, sizeof *axis);
    if (!axis) return NULL;
    const size_t cells = (size_t)(stride * count);
    axis->count = (int32_t)count;
    axis->stride = (int32_t)stride;
    axis->start = malloc((size_t)count * sizeof(int32_t));
    axis->taps = malloc((size_t)count * sizeof(int32_t));
    if (fixed) {
        axis->high = calloc(cells, sizeof(int16_t));
        axis->low = calloc(cells, sizeof(int16_t));
        axis->digits = calloc(cells * 3, 1);
        *line = calloc((size_t)stride, sizeof(double));
    } else {
        axis->weights = calloc(cells, sizeof(double));
    }
    if (axis->start && axis->taps && (fixed ? axis->high && axis->low && *line : axis->weights != NULL)) return axis;
    free(*line);
    opsin_resize_axis_destroy(axis);
    return NULL;
}

opsin_resize_axis *opsin_resize_axis_create(int32_t inputs, float from, float to, int32_t outputs, int32_t first, int32_t count, opsin_filter filter,
                                            bool fixed) {
    if (inputs < 1 || outputs < 1 || count < 1 || first < 0 || first > outputs - count) return NULL;
    if (filter < OPSIN_FILTER_BOX || filter > OPSIN_FILTER_LANCZOS || !(from >= 0 && to > from && to <= (float)inputs)) return NULL;
    const double scale = (double)(to - from) / outputs, stretch = scale < 1.0 ? 1.0 : scale, support = filter_support(filter) * stretch;
    const double reserved = ceil(support) * 2 + 1;
    if (reserved > (double)LARGEST_TABLE) return NULL;
    const int64_t size = (int64_t)reserved, stride = (size + 15) / 16 * 16;
    if (stride * count > LARGEST_TABLE) return NULL;
    double *line = NULL;
    opsin_resize_axis *axis = allocate(count, stride, fixed, &line);
    if (!axis) return NULL;

    axis->source_first = inputs;
    for (int32_t i = 0; i < count; i++) {
        const double center = from + (first + i + 0.5) * scale;
        int32_t begin = (int32_t)(center - support + 0.5), end = (int32_t)(center + support + 0.5);
        if (begin < 0) begin = 0;
        if (begin > inputs - 1) begin = inputs - 1;
        if (end > inputs) end = inputs;
        int32_t taps = end > begin ? end - begin : 0;
        if (taps > size) taps = (int32_t)size;
        double *w = fixed ? line : axis->weights + (size_t)i * (size_t)stride, sum = 0.0;
        for (int32_t t = 0; t < taps; t++) {
            w[t] = filter_value(filter, ((double)(t + begin) - center + 0.5) * (1.0 / stretch));
            sum += w[t];
        }
        if (sum != 0.0) {
            for (int32_t t = 0; t < taps; t++) w[t] /= sum;
        }
        axis->start[i] = begin;
        axis->taps[i] = taps;
        if (begin < axis->source_first) axis->source_first = begin;
        if (begin + taps > axis->source_last) axis->source_last = begin + taps;
        if (fixed) quantize(axis, i, w);
    }
    if (axis->source_last <= axis->source_first) axis->source_last = axis->source_first + 1;
    free(line);
    return axis;
}

void opsin_resize_axis_destroy(opsin_resize_axis *axis) {
    if (!axis) return;
    free(axis->start);
    free(axis->taps);
    free(axis->high);
    free(axis->low);
    free(axis->digits);
    free(axis->weights);
    free(axis);
}

// The position is a running sum in double: adding the step and multiplying by it differ in the last bit, which now and then is another sample.
void opsin_resize_nearest_positions(int32_t inputs, float from, float to, int32_t outputs, int32_t first, int32_t count, int32_t *positions) {
    const double step = (double)(to - from) / outputs;
    double x = from + step * 0.5;
    for (int64_t i = 0; i < (int64_t)first + count; i++, x += step) {
        if (i < first) continue;
        positions[i - first] = x < 0.0 || x >= (double)inputs ? -1 : (int32_t)x;
    }
}
