#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
#include "opsin.glsl"

// y = sin(x * factor) at even features, cos at odd ones: a feature a thread.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer X { T x[]; };
layout(std430, binding = 1) readonly buffer Factors { float factors[]; };
layout(std430, binding = 2) writeonly buffer Y { T y[]; };
layout(push_constant) uniform Push { uint COUNT, FEATURES; };

void main() {
    const uint index = FLAT_INDEX;
    if (index >= COUNT * FEATURES) return;
    const uint j = index % FEATURES;
    const float angle = float(x[index / FEATURES]) * factors[j];
    y[index] = T((j & 1) == 0 ? sin(angle) : cos(angle));
}
