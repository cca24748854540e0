// The activation functions on sixteen floats, in place, and the switch that makes the function a constant of a loop.
#pragma once
#include "include/activation.h"
#include "math16.h"

// v = f(v). With a constant `activation` only that function is left. NaN stays NaN.
OPSIN_INLINE void activate16(int32_t activation, float slope, f32x16 *v) {
    const f32x16 x = *v;
    switch (activation) {
    case OPSIN_ACTIVATION_RELU: *v = MAX(SPLAT(0), x); break;
    case OPSIN_ACTIVATION_RELU6: {
        const f32x16 positive = MAX(SPLAT(0), x);
        *v = MIN(SPLAT(6.0f), positive);
        break;
    }
    case OPSIN_ACTIVATION_LEAKY_RELU: *v = x < 0.0f ? x * slope : x; break;
    case OPSIN_ACTIVATION_GELU: gelu16(v); break;
    case OPSIN_ACTIVATION_SILU: silu16(v); break;
    case OPSIN_ACTIVATION_SIGMOID: sigmoid16(v); break;
    case OPSIN_ACTIVATION_HARD_SWISH:
    case OPSIN_ACTIVATION_HARD_SIGMOID: {
        const f32x16 moved = x + 3.0f, positive = MAX(SPLAT(0), moved), gate = MIN(SPLAT(6.0f), positive);
        *v = activation == OPSIN_ACTIVATION_HARD_SWISH ? x * gate / 6.0f : gate / 6.0f;
        break;
    }
    case OPSIN_ACTIVATION_TANH: tanh16(v); break;
    case OPSIN_ACTIVATION_AT_LEAST: *v = MAX(SPLAT(slope), x); break;
    case OPSIN_ACTIVATION_AT_MOST: *v = MIN(SPLAT(slope), x); break;
    default: break;
    }
}

// Functions that are `min(max(v, low), high)`: products apply them in registers.
OPSIN_INLINE int is_clamp(int32_t activation) {
    return activation == OPSIN_ACTIVATION_RELU || activation == OPSIN_ACTIVATION_RELU6 || activation == OPSIN_ACTIVATION_AT_LEAST ||
           activation == OPSIN_ACTIVATION_AT_MOST;
}

OPSIN_INLINE float clamp_low(int32_t activation, float slope) {
    return activation == OPSIN_ACTIVATION_AT_LEAST ? slope : activation == OPSIN_ACTIVATION_AT_MOST ? -INFINITY : 0.0f;
}

OPSIN_INLINE float clamp_high(int32_t activation, float slope) {
    return activation == OPSIN_ACTIVATION_RELU6 ? 6.0f : activation == OPSIN_ACTIVATION_AT_MOST ? slope : INFINITY;
}

// Runs `loop(constant)` with the constant that `activation` is: one loop per function, no branch inside.
#define FOR_ACTIVATION(activation, loop)                                                                                                               \
    switch (activation) {                                                                                                                              \
    case OPSIN_ACTIVATION_RELU: loop(OPSIN_ACTIVATION_RELU); break;                                                                                    \
    case OPSIN_ACTIVATION_RELU6: loop(OPSIN_ACTIVATION_RELU6); break;                                                                                  \
    case OPSIN_ACTIVATION_LEAKY_RELU: loop(OPSIN_ACTIVATION_LEAKY_RELU); break;                                                                        \
    case OPSIN_ACTIVATION_GELU: loop(OPSIN_ACTIVATION_GELU); break;                                                                                    \
    case OPSIN_ACTIVATION_SILU: loop(OPSIN_ACTIVATION_SILU); break;                                                                                    \
    case OPSIN_ACTIVATION_SIGMOID: loop(OPSIN_ACTIVATION_SIGMOID); break;                                                                              \
    case OPSIN_ACTIVATION_HARD_SWISH: loop(OPSIN_ACTIVATION_HARD_SWISH); break;                                                                        \
    case OPSIN_ACTIVATION_HARD_SIGMOID: loop(OPSIN_ACTIVATION_HARD_SIGMOID); break;                                                                    \
    case OPSIN_ACTIVATION_TANH: loop(OPSIN_ACTIVATION_TANH); break;                                                                                    \
    case OPSIN_ACTIVATION_AT_LEAST: loop(OPSIN_ACTIVATION_AT_LEAST); break;                                                                            \
    case OPSIN_ACTIVATION_AT_MOST: loop(OPSIN_ACTIVATION_AT_MOST); break;                                                                             \
    default: loop(OPSIN_ACTIVATION_IDENTITY); break;                                                                                                   \
    }
