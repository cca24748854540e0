#include "image_resize_kernels.h"

#include <stdlib.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

// One target row of the horizontal pass, any number of channels.
static void horizontal_row(const opsin_resize_pass *p, const uint8_t *row, uint8_t *to) {
    const opsin_resize_axis *axis = p->axis;
    const int32_t channels = p->channels;
    for (int32_t x = 0; x < axis->count; x++) {
        const uint8_t *from = row + (size_t)(axis->start[x] - p->source_origin) * (size_t)channels;
        const int16_t *high = axis->high + (size_t)x * (size_t)axis->stride, *low = axis->low + (size_t)x * (size_t)axis->stride;
        for (int32_t c = 0; c < channels; c++) {
            int32_t sum = OPSIN_RESIZE_HALF;
            for (int32_t t = 0; t < axis->taps[x]; t++) sum += from[t * channels + c] * (high[t] * 4096 + low[t]);
            *to++ = opsin_resize_clip(sum);
        }
    }
}

void opsin_resize_vertical_row(const opsin_resize_pass *p, int32_t y, int32_t column) {
    const opsin_resize_axis *axis = p->axis;
    const int16_t *high = axis->high + (size_t)y * (size_t)axis->stride, *low = axis->low + (size_t)y * (size_t)axis->stride;
    const uint8_t *from = (const uint8_t *)p->source + (size_t)(axis->start[y] - p->source_origin) * p->source_stride;
    uint8_t *to = (uint8_t *)p->target + (size_t)y * p->target_stride;
    for (; column < p->columns; column++) {
        int32_t sum = OPSIN_RESIZE_HALF;
        for (int32_t t = 0; t < axis->taps[y]; t++) sum += from[(size_t)t * p->source_stride + (size_t)column] * (high[t] * 4096 + low[t]);
        to[column] = opsin_resize_clip(sum);
    }
}

opsin_isa opsin_resize_isa(void) {
#if defined(__x86_64__)
    const char *forced = getenv("OPSIN_CPU_ISA");
    const bool below512 = forced && (strcmp(forced, "avx2") == 0 || strcmp(forced, "generic") == 0);
    if (forced && strcmp(forced, "generic") == 0) return OPSIN_ISA_GENERIC;
    if (!below512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni"))
        return OPSIN_ISA_AVX512;
    if (__builtin_cpu_supports("avx2")) return OPSIN_ISA_AVX2;
#endif
    return OPSIN_ISA_GENERIC;
}

static int32_t last_row(const opsin_resize_pass *p, size_t last) {
    const size_t row = last * (size_t)p->rows_per_task;
    return row < (size_t)p->rows ? (int32_t)row : p->rows;
}

static void horizontal_u8(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_resize_pass *p = arguments;
    int32_t y = (int32_t)(first * (size_t)p->rows_per_task);
    const int32_t end = last_row(p, last);
#if defined(__x86_64__)
    // Kernels read whole vectors behind the last tap: rows near the end of the memory take the plain path.
    const size_t reach = (size_t)(p->axis->source_last - p->source_origin) * (size_t)p->channels + OPSIN_RESIZE_OVERREAD + 16 * (size_t)p->channels;
    opsin_resize_rows_fn *kernel = NULL;
    if (p->channels == 3 && p->isa == OPSIN_ISA_AVX512 && p->axis->digits) kernel = opsin_resize_horizontal_rgb_avx512;
    else if (p->channels == 3 && p->isa >= OPSIN_ISA_AVX2) kernel = opsin_resize_horizontal_rgb_avx2;
    else if (p->channels == 1 && p->isa >= OPSIN_ISA_AVX2) kernel = opsin_resize_horizontal_gray_avx2;
    while (kernel && y < end) {
        const uint8_t *rows[4];
        uint8_t *to[4];
        int32_t count = 0;
        for (; count < 4 && y + count < end; count++) {
            rows[count] = (const uint8_t *)p->source + (size_t)(y + count) * p->source_stride;
            to[count] = (uint8_t *)p->target + (size_t)(y + count) * p->target_stride;
            if ((size_t)((const uint8_t *)p->source_end - rows[count]) < reach) break;
        }
        if (count == 0) break;
        for (int32_t i = count; i < 4; i++) rows[i] = rows[0];
        kernel(p, rows, to, count);
        y += count;
    }
#endif
    for (; y < end; y++) horizontal_row(p, (const uint8_t *)p->source + (size_t)y * p->source_stride, (uint8_t *)p->target + (size_t)y * p->target_stride);
}

static void vertical_u8(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_resize_pass *p = arguments;
    const int32_t end = last_row(p, last);
    for (int32_t y = (int32_t)(first * (size_t)p->rows_per_task); y < end; y++) {
#if defined(__x86_64__)
        if (p->isa == OPSIN_ISA_AVX512 && p->axis->digits) opsin_resize_vertical_row_avx512(p, y);
        else if (p->isa >= OPSIN_ISA_AVX2) opsin_resize_vertical_row_avx2(p, y);
        else opsin_resize_vertical_row(p, y, 0);
#else
        opsin_resize_vertical_row(p, y, 0);
#endif
    }
}

static void horizontal_f32(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_resize_pass *p = arguments;
    const opsin_resize_axis *axis = p->axis;
    const int32_t end = last_row(p, last), channels = p->channels;
    for (int32_t y = (int32_t)(first * (size_t)p->rows_per_task); y < end; y++) {
        const float *row = (const float *)(const void *)((const uint8_t *)p->source + (size_t)y * p->source_stride);
        float *to = (float *)(void *)((uint8_t *)p->target + (size_t)y * p->target_stride);
        for (int32_t x = 0; x < axis->count; x++) {
            const float *from = row + (size_t)(axis->start[x] - p->source_origin) * (size_t)channels;
            const double *weights = axis->weights + (size_t)x * (size_t)axis->stride;
            for (int32_t c = 0; c < channels; c++) {
                double sum = 0.0;
                for (int32_t t = 0; t < axis->taps[x]; t++) sum += from[t * channels + c] * weights[t];
                *to++ = (float)sum;
            }
        }
    }
}

static void vertical_f32(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_resize_pass *p = arguments;
    const opsin_resize_axis *axis = p->axis;
    const int32_t end = last_row(p, last);
    for (int32_t y = (int32_t)(first * (size_t)p->rows_per_task); y < end; y++) {
        const uint8_t *from = (const uint8_t *)p->source + (size_t)(axis->start[y] - p->source_origin) * p->source_stride;
        float *to = (float *)(void *)((uint8_t *)p->target + (size_t)y * p->target_stride);
        const double *weights = axis->weights + (size_t)y * (size_t)axis->stride;
        for (int32_t x = 0; x < p->columns; x++) {
            double sum = 0.0;
            for (int32_t t = 0; t < axis->taps[y]; t++) sum += ((const float *)(const void *)(from + (size_t)t * p->source_stride))[x] * weights[t];
            to[x] = (float)sum;
        }
    }
}

opsin_task_fn opsin_resize_task(bool vertical, bool fixed) {
    if (vertical) return fixed ? vertical_u8 : vertical_f32;
    return fixed ? horizontal_u8 : horizontal_f32;
}

void opsin_resize_strip(void *strips, const uint8_t *pixels, size_t stride, uint32_t first, uint32_t count) {
    const opsin_resize_strips *s = strips;
    opsin_resize_pass pass = s->pass;
    pass.source = pixels;
    pass.source_end = pixels + stride * count + OPSIN_RESIZE_SLACK;
    pass.source_stride = stride;
    pass.target = (uint8_t *)pass.target + (size_t)(first - s->first) * pass.target_stride;
    pass.rows = pass.rows_per_task = (int32_t)count;
    horizontal_u8(&pass, 0, 1, NULL);
}

void opsin_image_lookup(const uint8_t *pixels, size_t count, uint32_t channels, const float *tables, float *out) {
    if (channels == 3) {
        for (size_t i = 0; i < count; i++, pixels += 3, out += 3) {
            out[0] = tables[pixels[0]];
            out[1] = tables[256 + pixels[1]];
            out[2] = tables[512 + pixels[2]];
        }
        return;
    }
    for (size_t i = 0; i < count; i++) {
        for (uint32_t c = 0; c < channels; c++) *out++ = tables[256 * c + *pixels++];
    }
}
