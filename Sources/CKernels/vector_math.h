// Functions of sixteen floats for kernels of each_isa.h: exp, erf, the activations. Polynomials, errors within a few units of the last place.
#pragma once
#include "each_isa.h"
#include "include/epilogue.h"

// exp(x): 2^n times a polynomial on [-ln2/2, ln2/2] (Taylor to degree 7, error 2e-8 relative). Below -87.3 it is 0, above 88.7 infinity; NaN stays.
OPSIN_INLINE f32x16 exp16(f32x16 x) {
    const f32x16 c = min16(splat16(88.8f), max16(splat16(-87.4f), x));
    // Adding 1.5 * 2^23 leaves the rounded integer in the low bits.
    const f32x16 shift = splat16(12582912.0f);
    const f32x16 rounded = c * 1.44269504f + shift;
    const f32x16 n = rounded - shift;
    f32x16 r = n * -0.693359375f + c;
    r = n * 2.12194440e-4f + r;
    f32x16 p = splat16(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    // Two factors, since 2^128 alone is not a float.
    const i32x16 whole = (i32x16)rounded - 0x4b400000, half = whole >> 1;
    p = p * (f32x16)((half + 127) << 23) * (f32x16)((whole - half + 127) << 23);
    return select16(x < -87.33654f, splat16(0), p);
}

OPSIN_INLINE f32x16 sigmoid16(f32x16 x) { return 1.0f / (1.0f + exp16(-x)); }

// (exp(2x) - 1) / (exp(2x) + 1) loses digits near 0; there an odd polynomial takes over (Taylor to x^9, error 4e-8 for |x| < 0.35).
OPSIN_INLINE f32x16 tanh16(f32x16 x) {
    const f32x16 e = exp16(x * 2.0f), large = 1.0f - 2.0f / (e + 1.0f);
    const f32x16 s = x * x;
    f32x16 p = splat16(62.0f / 2835);
    p = p * s - 17.0f / 315;
    p = p * s + 2.0f / 15;
    p = p * s - 1.0f / 3;
    const f32x16 small = p * s * x + x;
    return select16(s < 0.1225f, small, large);
}

// erf(x) = 1 - t * exp(-x^2 + P(t)), t = 1 / (1 + |x| / 2) (Chebyshev fit of Numerical Recipes, section 6.2, error 1.2e-7) away from 0;
// Maclaurin series where |x| < 0.5.
OPSIN_INLINE f32x16 erf16(f32x16 x) {
    const f32x16 a = max16(x, -x), t = 1.0f / (a * 0.5f + 1.0f), s = x * x;
    f32x16 p = splat16(0.17087277f);
    p = p * t - 0.82215223f;
    p = p * t + 1.48851587f;
    p = p * t - 1.13520398f;
    p = p * t + 0.27886807f;
    p = p * t - 0.18628806f;
    p = p * t + 0.09678418f;
    p = p * t + 0.37409196f;
    p = p * t + 1.00002368f;
    p = p * t - 1.26551223f;
    const f32x16 tail = 1.0f - t * exp16(p - s), large = select16(x < 0.0f, -tail, tail);
    f32x16 q = splat16(-7.57575758e-4f);
    q = q * s + 4.62962963e-3f;
    q = q * s - 2.38095238e-2f;
    q = q * s + 0.1f;
    q = q * s - 0.333333333f;
    q = q * s + 1.0f;
    return select16(a < 0.5f, q * x * 1.12837917f, large);
}

// `function` is one of OPSIN_ACTIVATION_*; the switch is outside of the caller's loop when it is a constant there.
OPSIN_INLINE f32x16 activate16(f32x16 x, int32_t function, float slope) {
    switch (function) {
    case OPSIN_ACTIVATION_RELU: return max16(splat16(0), x);
    case OPSIN_ACTIVATION_RELU6: return min16(splat16(6), max16(splat16(0), x));
    case OPSIN_ACTIVATION_LEAKY_RELU: return select16(x < 0.0f, x * slope, x);
    case OPSIN_ACTIVATION_GELU: return x * 0.5f * (1.0f + erf16(x * 0.707106781f));
    case OPSIN_ACTIVATION_SILU: return x * sigmoid16(x);
    case OPSIN_ACTIVATION_SIGMOID: return sigmoid16(x);
    case OPSIN_ACTIVATION_HARD_SWISH: return x * min16(splat16(6), max16(splat16(0), x + 3.0f)) / 6.0f;
    case OPSIN_ACTIVATION_HARD_SIGMOID: return min16(splat16(6), max16(splat16(0), x + 3.0f)) / 6.0f;
    case OPSIN_ACTIVATION_TANH: return tanh16(x);
    default: return x;
    }
}
