#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! axis   REDUCTION
//! const  0 LOCAL 64
#include "opsin.glsl"

// y = x / sqrt(mean(x^2) + epsilon) * weight[c] over the channels of a pixel, a workgroup a pixel.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
#include "workgroup.glsl"

layout(std430, binding = 0) readonly buffer X { T x[]; };
layout(std430, binding = 1) readonly buffer Weight { float weight[]; };
layout(std430, binding = 2) writeonly buffer Y { T y[]; };
layout(push_constant) uniform Push { uint PIXELS, CHANNELS; float EPSILON; };

void main() {
    const uint pixel = FLAT_GROUP;
    if (pixel >= PIXELS) return;
    const uint row = pixel * CHANNELS;
    float squares = 0.0;
    for (uint c = gl_LocalInvocationIndex; c < CHANNELS; c += LOCAL) squares += float(x[row + c]) * float(x[row + c]);
    const float factor = inversesqrt(workgroup_sum(squares) / float(CHANNELS) + EPSILON);
    for (uint c = gl_LocalInvocationIndex; c < CHANNELS; c += LOCAL) y[row + c] = T(float(x[row + c]) * factor * weight[c]);
}
