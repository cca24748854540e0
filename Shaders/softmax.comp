#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! axis   REDUCTION
//! const  0 LOCAL 64
#include "opsin.glsl"

// y = exp(x - max) / sum of exp(x - max) over the channels of a pixel, a workgroup a pixel.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
#include "workgroup.glsl"

layout(std430, binding = 0) readonly buffer X { T x[]; };
layout(std430, binding = 1) writeonly buffer Y { T y[]; };
layout(push_constant) uniform Push { uint PIXELS, CHANNELS; };

void main() {
    const uint pixel = FLAT_GROUP;
    if (pixel >= PIXELS) return;
    const uint row = pixel * CHANNELS;
    float largest = -3.402823466e38;
    for (uint c = gl_LocalInvocationIndex; c < CHANNELS; c += LOCAL) largest = max(largest, float(x[row + c]));
    largest = workgroup_max(largest);
    float sum = 0.0;
    for (uint c = gl_LocalInvocationIndex; c < CHANNELS; c += LOCAL) sum += exp(float(x[row + c]) - largest);
    sum = workgroup_sum(sum);
    for (uint c = gl_LocalInvocationIndex; c < CHANNELS; c += LOCAL) y[row + c] = T(exp(float(x[row + c]) - largest) / sum);
}
