#include "include/resize.h"
#include "each_isa.h"

// y = sum over t of weight[t] * x[t], `count` floats. Scalar at the end: a map of one or three channels would waste most of a vector.
OPSIN_INLINE void weigh(size_t taps, const float *const *x, const float *weight, float *y, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        f32x16 v = FROM16(x[0] + i) * weight[0];
        for (size_t t = 1; t < taps; t++) v = FROM16(x[t] + i) * weight[t] + v;
        AT16(y + i) = v;
    }
    for (; i < count; i++) {
        float v = x[0][i] * weight[0];
        for (size_t t = 1; t < taps; t++) v = x[t][i] * weight[t] + v;
        y[i] = v;
    }
}

OPSIN_INLINE size_t pitch_of(const opsin_resize_arguments *a) { return a->y_channels ? a->y_channels : a->channels; }

// The same for maps of one channel, where an output is as many products as taps and nothing else.
OPSIN_INLINE void resize_points(size_t taps, const opsin_resize_arguments *a, const float *line, float *y) {
    const float *index = a->column_index, *weight = a->column_weight;
    for (size_t j = 0; j < a->out_width; j++) {
        float v = line[(int32_t)index[j * taps]] * weight[j * taps];
        for (size_t t = 1; t < taps; t++) v = line[(int32_t)index[j * taps + t]] * weight[j * taps + t] + v;
        y[j] = v;
    }
}

// One output row from `line`, the weighted sum of input rows.
OPSIN_INLINE void resize_columns(size_t taps, const opsin_resize_arguments *a, const float *line, float *y) {
    for (size_t j = 0; j < a->out_width; j++) {
        const float *x[4];
        for (size_t t = 0; t < taps; t++) x[t] = line + (size_t)a->column_index[j * taps + t] * a->channels;
        weigh(taps, x, a->column_weight + j * taps, y + j * pitch_of(a), a->channels);
    }
}

OPSIN_INLINE void resize_row(size_t taps, const opsin_resize_arguments *a, size_t task, float *line) {
    const size_t image = task / a->out_height, i = task % a->out_height, row = a->width * a->channels;
    const float *x[4];
    for (size_t t = 0; t < taps; t++) x[t] = a->x + (image * a->height + (size_t)a->row_index[i * taps + t]) * row;
    weigh(taps, x, a->row_weight + i * taps, line, row);
    float *y = a->y + task * a->out_width * pitch_of(a);
    if (pitch_of(a) == 1) resize_points(taps, a, line, y);
    else resize_columns(taps, a, line, y);
}

OPSIN_INLINE void nearest_row(const opsin_resize_arguments *a, size_t task) {
    const size_t image = task / a->out_height, i = task % a->out_height;
    const float *x = a->x + (image * a->height + (size_t)a->row_index[i]) * a->width * a->channels;
    float *y = a->y + task * a->out_width * pitch_of(a);
    for (size_t j = 0; j < a->out_width; j++) {
        const float *pixel = x + (size_t)a->column_index[j] * a->channels;
        if (a->channels >= 16) memcpy(y + j * pitch_of(a), pixel, a->channels * sizeof *y);
        else for (size_t c = 0; c < a->channels; c++) y[j * pitch_of(a) + c] = pixel[c];
    }
}

OPSIN_INLINE void resize(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa;
    const opsin_resize_arguments a = *(const opsin_resize_arguments *)arguments;
    for (size_t task = first; task < last; task++) {
        if (a.taps == 1) nearest_row(&a, task);
        else if (a.taps == 2) resize_row(2, &a, task, scratch);
        else resize_row(4, &a, task, scratch);
    }
}

OPSIN_EACH_ISA(resize, resize)
