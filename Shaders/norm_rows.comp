#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 8
#include "opsin.glsl"

// The layer norm of norm.comp with a thread a pixel, for devices to which a barrier is a loop over the workgroup: channels in whole quads.
layout(local_size_x_id = 0) in;
layout(std430, binding = 0) readonly buffer X { T4 x4[]; };
layout(std430, binding = 1) readonly buffer Weight { vec4 weight[]; };
layout(std430, binding = 2) readonly buffer Bias { vec4 bias[]; };
layout(std430, binding = 3) writeonly buffer Y { T4 y4[]; };
layout(push_constant) uniform Push { uint PIXELS, CHANNELS; float EPSILON; };

void main() {
    const uint pixel = FLAT_INDEX, quads = CHANNELS / 4;
    if (pixel >= PIXELS) return;
    const uint base = pixel * quads;
    // From the first element, as there.
    const vec4 first = vec4(float(x4[base].x));
    vec4 sum = vec4(0.0);
    for (uint q = 0; q < quads; q++) sum += vec4(x4[base + q]) - first;
    const vec4 mean = first + dot(sum, vec4(1.0)) / float(CHANNELS);
    vec4 squares = vec4(0.0);
    for (uint q = 0; q < quads; q++) {
        const vec4 d = vec4(x4[base + q]) - mean;
        squares += d * d;
    }
    const float factor = inversesqrt(dot(squares, vec4(1.0)) / float(CHANNELS) + EPSILON);
    for (uint q = 0; q < quads; q++) y4[base + q] = T4((vec4(x4[base + q]) - mean) * factor * weight[q] + bias[q]);
}
