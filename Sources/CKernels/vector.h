// Sixteen floats as one value, in clang's vector extensions: one body serves every instruction set.
//
// No function here takes or returns a vector, since a vector's calling convention depends on the instruction set: values go through macros, or
// through pointers to always-inlined functions, which the optimizer dissolves.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OPSIN_INLINE static inline __attribute__((always_inline))

typedef float f32x16 __attribute__((ext_vector_type(16)));
typedef int32_t i32x16 __attribute__((ext_vector_type(16)));
typedef float f32x16_unaligned __attribute__((ext_vector_type(16), aligned(4)));
typedef float f32x8 __attribute__((ext_vector_type(8)));
typedef float f32x4 __attribute__((ext_vector_type(4)));
typedef float f32x2 __attribute__((ext_vector_type(2)));
typedef float f32x8_unaligned __attribute__((ext_vector_type(8), aligned(4)));
typedef float f32x4_unaligned __attribute__((ext_vector_type(4), aligned(4)));
typedef float f32x2_unaligned __attribute__((ext_vector_type(2), aligned(4)));

// The sixteen floats at `pointer`, which may stand at any multiple of 4 bytes; also on the left of `=`.
#define FROM16(pointer) (*(const f32x16_unaligned *)(pointer))
#define AT16(pointer) (*(f32x16_unaligned *)(pointer))
#define SPLAT(value) ((f32x16)(float)(value))
// The bits of one type as the other: a cast between vectors of one size changes nothing.
#define AS_INT(v) ((i32x16)(v))
#define AS_FLOAT(v) ((f32x16)(v))

// One instruction each. When one operand is NaN, the answer is `b`: put the value that may be NaN second to keep it.
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

// The first `count` (1 to 15) floats of v, written to y and nothing behind them: at most one store each of 8, 4, 2 and 1.
OPSIN_INLINE void store_part(float *y, const f32x16 *v, size_t count) {
    const f32x8 a = count & 8 ? v->hi : v->lo;
    if (count & 8) *(f32x8_unaligned *)y = v->lo, y += 8;
    const f32x4 b = count & 4 ? a.hi : a.lo;
    if (count & 4) *(f32x4_unaligned *)y = a.lo, y += 4;
    const f32x2 c = count & 2 ? b.hi : b.lo;
    if (count & 2) *(f32x2_unaligned *)y = b.lo, y += 2;
    if (count & 1) *y = c.x;
}

// The first `count` (1 to 15) floats at x, and `rest` in the other lanes. Reads all sixteen: 64 readable bytes follow every value and parameter.
OPSIN_INLINE void load_part(const float *x, f32x16 *v, size_t count, float rest) {
    const i32x16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    *v = lanes < (int32_t)count ? FROM16(x) : SPLAT(rest);
}

// A bf16 number is the upper half of the fp32 number that it is.
typedef uint16_t u16x16 __attribute__((ext_vector_type(16)));
typedef uint32_t u32x16 __attribute__((ext_vector_type(16)));
typedef uint16_t u16x16_unaligned __attribute__((ext_vector_type(16), aligned(2)));

// Sixteen values at element `at` of x, which are fp32 or, with `half`, bf16.
OPSIN_INLINE void load_stored16(const void *x, int half, size_t at, f32x16 *v) {
    if (half) *v = AS_FLOAT(__builtin_convertvector(*(const u16x16_unaligned *)((const uint16_t *)x + at), u32x16) << 16);
    else *v = FROM16((const float *)x + at);
}

// The first `count` (1 to 16) values of v to element `at` of y: fp32 or, with `half`, bf16, rounded to the nearest, halves to even, NaN kept.
OPSIN_INLINE void store_stored16(void *y, int half, size_t at, const f32x16 *v, size_t count) {
    if (half) {
        const u32x16 bits = (u32x16)*v, rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
        const u16x16 halves = __builtin_convertvector((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16 | 0x40) : rounded, u16x16);
        uint16_t *to = (uint16_t *)y + at;
        if (count == 16) *(u16x16_unaligned *)to = halves;
        else for (size_t i = 0; i < count; i++) to[i] = halves[i];
    } else if (count == 16) {
        AT16((float *)y + at) = *v;
    } else {
        store_part((float *)y + at, v, count);
    }
}

// The sum of all lanes, added as a tree.
OPSIN_INLINE float sum_lanes(const f32x16 *v) {
    const f32x8 a = v->lo + v->hi;
    const f32x4 b = a.lo + a.hi;
    const f32x2 c = b.lo + b.hi;
    return c.x + c.y;
}

// The largest lane; any lane when one of them is NaN.
OPSIN_INLINE float max_lanes(const f32x16 *v) {
    const f32x8 a = MAX(v->lo, v->hi);
    const f32x4 b = MAX(a.lo, a.hi);
    const f32x2 c = MAX(b.lo, b.hi);
    return MAX(c.x, c.y);
}
