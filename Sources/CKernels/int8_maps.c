// What stands between products of bytes: conversions, sums of two maps, means, and any function of one element as a table.
#include "each_isa.h"
#include "include/int8.h"

#pragma clang fp contract(off)

typedef uint8_t u8x16 __attribute__((ext_vector_type(16)));
typedef uint8_t u8x16_unaligned __attribute__((ext_vector_type(16), aligned(1)));
#define BYTES16(pointer) (*(const u8x16_unaligned *)(pointer))

// v rounded to the nearest integer, halves to even, within [low, high], plus zero. A NaN counts as `low`.
OPSIN_INLINE void store16(uint8_t *y, const f32x16 *v, float low, float high, int32_t zero, size_t count) {
    const f32x16 rounded = __builtin_elementwise_rint(MIN(MAX(*v, SPLAT(low)), SPLAT(high)));
    const u8x16 bytes = __builtin_convertvector(__builtin_convertvector(rounded, i32x16) + zero, u8x16);
    if (count >= 16) {
        *(u8x16_unaligned *)y = bytes;
        return;
    }
    for (size_t i = 0; i < count; i++) y[i] = bytes[i];
}

OPSIN_INLINE void load16(const uint8_t *x, int32_t zero, f32x16 *v) {
    *v = __builtin_convertvector(__builtin_convertvector(BYTES16(x), i32x16) - zero, f32x16);
}

OPSIN_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

OPSIN_INLINE void quantize(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_int8_convert_arguments *q = arguments;
    const size_t end = smaller(last * q->strip, q->count);
    for (size_t i = first * q->strip; i < end; i += 16) {
        const f32x16 v = FROM16(q->real + i) * q->inverse_scale;
        store16(q->stored + i, &v, (float)-q->zero, (float)(255 - q->zero), q->zero, end - i);
    }
}

OPSIN_INLINE void dequantize(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_int8_convert_arguments *q = arguments;
    const size_t end = smaller(last * q->strip, q->count);
    for (size_t i = first * q->strip; i < end; i += 16) {
        f32x16 v;
        load16(q->stored + i, q->zero, &v);
        v *= q->scale;
        if (end - i >= 16) AT16(q->real + i) = v;
        else store_part(q->real + i, &v, end - i);
    }
}

OPSIN_INLINE void add(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_int8_add_arguments *q = arguments;
    const size_t end = smaller(last * q->strip, q->count);
    for (size_t i = first * q->strip; i < end; i += 16) {
        f32x16 a, b;
        load16(q->a + i, q->a_zero, &a);
        load16(q->b + i, q->b_zero, &b);
        a *= q->a_scale;
        b *= q->b_scale;
        a += b;
        store16(q->y + i, &a, (float)(q->least - q->zero), (float)(q->most - q->zero), q->zero, end - i);
    }
}

OPSIN_INLINE void pool(opsin_isa isa, OPSIN_TASK_PARAMETERS) {
    (void)isa, (void)scratch;
    const opsin_int8_pool_arguments *q = arguments;
    const size_t parts = (q->channels + OPSIN_INT8_POOL_CHANNELS - 1) / OPSIN_INT8_POOL_CHANNELS;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / parts, begin = task % parts * OPSIN_INT8_POOL_CHANNELS, end = smaller(begin + OPSIN_INT8_POOL_CHANNELS, q->channels);
        const uint8_t *x = q->x + image * q->pixels * q->channels;
        for (size_t c = begin; c < end; c += 16) {
            i32x16 sum = 0;
            // Reads up to 15 bytes behind the last pixel, which are there to be read.
            for (size_t p = 0; p < q->pixels; p++) sum += __builtin_convertvector(BYTES16(x + p * q->channels + c), i32x16);
            const f32x16 v = __builtin_convertvector(sum - (int32_t)q->pixels * q->x_zero, f32x16) * q->scale;
            store16(q->y + image * q->channels + c, &v, (float)-q->zero, (float)(255 - q->zero), q->zero, end - c);
        }
    }
}

OPSIN_EACH_ISA(int8_quantize, quantize)
OPSIN_EACH_ISA(int8_dequantize, dequantize)
OPSIN_EACH_ISA(int8_add, add)
OPSIN_EACH_ISA(int8_pool, pool)

void opsin_int8_lookup(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_int8_lookup_arguments *q = arguments;
    const size_t end = smaller(last * q->strip, q->count);
    for (size_t i = first * q->strip; i < end; i++) q->y[i] = q->table[q->x[i]];
}
