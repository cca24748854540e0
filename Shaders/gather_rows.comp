#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
#include "opsin.glsl"

// y[i] = x[indices[i]], rows of LENGTH elements; an element a thread.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer X { T x[]; };                 // [images, TOKENS, LENGTH]
layout(std430, binding = 1) readonly buffer Indices { uint indices[]; };  // [IMAGES, COUNT]
layout(std430, binding = 2) writeonly buffer Y { T y[]; };                // [IMAGES, COUNT, LENGTH]
layout(push_constant) uniform Push { uint IMAGES, COUNT, LENGTH, TOKENS, REPEATED; };

void main() {
    const uint index = FLAT_INDEX, row = index / LENGTH;
    if (row >= IMAGES * COUNT) return;
    const uint image = REPEATED != 0 ? 0 : row / COUNT;
    y[index] = x[(image * TOKENS + min(indices[row], TOKENS - 1)) * LENGTH + index % LENGTH];
}
