// The element functions of OpsinGraph's ActivationFunction, by number: `function` is a specialization constant, so one branch survives.
#ifndef ACTIVATIONS_GLSL
#define ACTIVATIONS_GLSL
#define IDENTITY 0
#define RELU 1
#define RELU6 2
#define LEAKY_RELU 3
#define GELU 4
#define SILU 5
#define SIGMOID 6
#define HARD_SWISH 7
#define HARD_SIGMOID 8
#define TANH 9
#define AT_LEAST 10
#define AT_MOST 11

vec4 sigmoid(vec4 v) { return 1.0 / (1.0 + exp(-v)); }

// erf by Abramowitz and Stegun 7.1.26 has an error of 1.5e-7, which is one unit in the last place near 1.
vec4 erf(vec4 v) {
    const vec4 a = abs(v);
    const vec4 t = 1.0 / (1.0 + 0.3275911 * a);
    const vec4 p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    return sign(v) * (1.0 - p * exp(-a * a));
}

// clamp() that keeps NaN, as min() and max() need not.
vec4 between(vec4 v, float low, float high) { return mix(mix(v, vec4(low), lessThan(v, vec4(low))), vec4(high), greaterThan(v, vec4(high))); }

// tanh overflows in exp(2v) on some drivers; beyond 9 it is 1 in fp32.
vec4 tanh_of(vec4 v) { return tanh(between(v, -9.0, 9.0)); }

// Below -16 it is 0 in fp32, and minus infinity times 0 would be NaN.
vec4 gelu_of(vec4 v) {
    const vec4 x = mix(v, vec4(-16.0), lessThan(v, vec4(-16.0)));
    return 0.5 * x * (1.0 + erf(x * 0.70710678));
}

vec4 activate(vec4 v, uint function, float slope) {
    switch (function) {
    case RELU: return mix(v, vec4(0.0), lessThan(v, vec4(0.0)));
    case RELU6: return between(v, 0.0, 6.0);
    case LEAKY_RELU: return mix(slope * v, v, greaterThanEqual(v, vec4(0.0)));
    case GELU: return gelu_of(v);
    case SILU: return v * sigmoid(v);
    case SIGMOID: return sigmoid(v);
    case HARD_SWISH: return v * clamp(v + 3.0, 0.0, 6.0) / 6.0;
    case HARD_SIGMOID: return between(v + 3.0, 0.0, 6.0) / 6.0;
    case TANH: return tanh_of(v);
    case AT_LEAST: return mix(v, vec4(slope), lessThan(v, vec4(slope)));
    case AT_MOST: return mix(v, vec4(slope), greaterThan(v, vec4(slope)));
    }
    return v;
}
#endif
