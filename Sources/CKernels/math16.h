// exp, sigmoid, tanh, GELU and their like on sixteen floats, in place. ActivationTests sweeps over the errors that are named here.
//
// Polynomials are minimax fits (Lawson's reweighted least squares in double precision).
#pragma once
#include "vector.h"

// Adding and subtracting 1.5 * 2^23 rounds to an integer, halves to even; the low bits of the sum are that integer.
#define ROUNDING 12582912.0f

// v = 2^v for v <= 0 (relative error below 1.3e-7), 0 below -126, NaN for NaN. For softmax: its arguments are never positive.
OPSIN_INLINE void exp2_nonpositive16(f32x16 *v) {
    const f32x16 x = MAX(SPLAT(-126.0f), *v);
    const f32x16 shifted = x + ROUNDING;
    const f32x16 r = x - (shifted - ROUNDING);
    f32x16 p = r * 1.5353362e-4f + 1.3398874e-3f;
    p = p * r + 9.6184369e-3f;
    p = p * r + 5.5503324e-2f;
    p = p * r + 2.4022648e-1f;
    p = p * r + 6.9314718e-1f;
    p = p * r + 1.0f;
    // 2^n: the integer goes into the exponent, what stands above it is shifted out.
    const f32x16 y = p * AS_FLOAT((AS_INT(shifted) << 23) + (127 << 23));
    *v = *v < SPLAT(-126.0f) ? SPLAT(0) : y;
}

// v = e^v, relative error below 1.5e-7; infinity above 88.73, subnormal results below -87.33, 0 below -103.97, NaN for NaN.
OPSIN_INLINE void exp16(f32x16 *v) {
    f32x16 x = MIN(SPLAT(89.0f), *v);
    x = MAX(SPLAT(-104.5f), x);
    const f32x16 shifted = x * 1.44269504f + ROUNDING;
    const f32x16 n = shifted - ROUNDING;
    // ln 2 in two parts; the first has 15 bits, so that its product with n is exact.
    f32x16 r = x - n * 0.693145752f;
    r = r - n * 1.42860677e-6f;
    f32x16 p = r * 1.3814613e-3f + 8.3687101e-3f;
    p = p * r + 4.1668389e-2f;
    p = p * r + 1.6666521e-1f;
    p = p * r + 4.9999994e-1f;
    p = p * r * r + r + 1.0f;
    // 2^n in two factors: neither leaves the range of normal numbers, the product may.
    const i32x16 exponent = AS_INT(shifted) - AS_INT(SPLAT(ROUNDING));
    const i32x16 half = exponent >> 1;
    *v = p * AS_FLOAT((half + 127) << 23) * AS_FLOAT((exponent - half + 127) << 23);
}

// v = 1 / (1 + e^-v), relative error below 2e-7 above -87; below it 0 or subnormal.
OPSIN_INLINE void sigmoid16(f32x16 *v) {
    f32x16 e = -*v;
    exp16(&e);
    *v = 1.0f / (1.0f + e);
}

// v = v / (1 + e^-v), relative error below 2e-7 above -87; below -88.73, where e^-v is infinite, -0.
OPSIN_INLINE void silu16(f32x16 *v) {
    f32x16 e = -*v;
    exp16(&e);
    *v = *v / (1.0f + e);
}

// v = tanh(v), relative error below 2e-7.
OPSIN_INLINE void tanh16(f32x16 *v) {
    const f32x16 x = *v, t = x < 0.0f ? -x : x;
    f32x16 e = t * 2.0f;
    exp16(&e);
    const f32x16 large = 1.0f - 2.0f / (e + 1.0f);
    const f32x16 s = x * x;
    f32x16 p = s * -5.5151642e-3f + 2.0469420e-2f;
    p = p * s - 5.3688023e-2f;
    p = p * s + 1.3330831e-1f;
    p = p * s - 3.3333260e-1f;
    *v = t < 0.65f ? x + x * s * p : (x < 0.0f ? -large : large);
}

// v = v * (1 + erf(v / sqrt 2)) / 2, absolute error below 1e-7 + half a unit of the last place.
//
// As max(v, 0) - t * Q(t) with t = |v| and Q the upper tail of the normal distribution: log2 Q is smooth, a polynomial of degree 8, and the second
// summand is at most 0.17, so that nothing cancels and nothing is divided. Minus infinity gives 0, its limit.
OPSIN_INLINE void gelu16(f32x16 *v) {
    const f32x16 x = *v, a = x < 0.0f ? -x : x, t = MIN(SPLAT(16.0f), a);
    f32x16 p = t * -5.1044361e-7f + 8.4643855e-6f;
    p = p * t - 2.0767131e-5f;
    p = p * t - 5.9634686e-4f;
    p = p * t + 7.7763055e-3f;
    p = p * t - 5.3115528e-2f;
    p = p * t - 4.5892298e-1f;
    p = p * t - 1.1511658f;
    p = p * t - 9.9999583e-1f;
    exp2_nonpositive16(&p);
    *v = MAX(SPLAT(0), x) - t * p;
}
