#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
#include "opsin.glsl"

// Rows of LENGTH elements from one place to another, two dimensions of them: what concatenations and slices are.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer X { T x[]; };
layout(std430, binding = 1) writeonly buffer Y { T y[]; };
layout(push_constant) uniform Push { uint OUTER, INNER, LENGTH, X_START, X_OUTER, X_INNER, Y_START, Y_OUTER, Y_INNER; };

void main() {
    const uint index = FLAT_INDEX, e = index % LENGTH, row = index / LENGTH, i = row % INNER, o = row / INNER;
    if (o >= OUTER) return;
    y[Y_START + o * Y_OUTER + i * Y_INNER + e] = x[X_START + o * X_OUTER + i * X_INNER + e];
}
