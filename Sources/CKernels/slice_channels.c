#include "include/slice_channels.h"
#include "each_isa.h"

// The even ones of the floats at x: sixteen, or eight.
#define EVEN16(x) __builtin_shufflevector(FROM16(x), FROM16((x) + 16), 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define EVEN8(x)                                                                                                                                       \
    __builtin_shufflevector(*(const f32x8_unaligned *)(x), *(const f32x8_unaligned *)((x) + 8), 0, 2, 4, 6, 8, 10, 12, 14)

OPSIN_INLINE void every_second(const float *x, float *y, size_t count) {
    size_t j = 0;
    for (; j + 16 <= count; j += 16) AT16(y + j) = EVEN16(x + 2 * j);
    if (j + 8 <= count) {
        *(f32x8_unaligned *)(y + j) = EVEN8(x + 2 * j);
        j += 8;
    }
    for (; j < count; j++) y[j] = x[2 * j];
}

OPSIN_INLINE void slice_channels(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa;
    (void)scratch;
    const opsin_slice_channels_arguments a = *(const opsin_slice_channels_arguments *)arguments;
    const size_t end = last * a.strip < a.pixels ? last * a.strip : a.pixels;
    for (size_t p = first * a.strip; p < end; p++) {
        const float *x = a.x + p * a.x_channels + a.start;
        float *y = a.y + p * a.y_channels;
        if (a.step == 2) every_second(x, y, a.count);
        else for (size_t j = 0; j < a.count; j++) y[j] = x[j * a.step];
    }
}

OPSIN_EACH_ISA(slice_channels, slice_channels)
