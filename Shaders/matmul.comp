#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
#include "opsin.glsl"

// y[m,i,j] = scale * sum over l of a[m,i,l] * b[m,l,j], one element a thread; the steps of b say whether it is transposed.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer A { T a[]; };
layout(std430, binding = 1) readonly buffer B { T b[]; };
layout(std430, binding = 2) writeonly buffer Y { T y[]; };
layout(push_constant) uniform Push { uint MATRICES, ROWS, COLUMNS, INNER, STEP_INNER, STEP_COLUMN; float SCALE; };

void main() {
    const uint index = FLAT_INDEX, j = index % COLUMNS, line = index / COLUMNS, m = line / ROWS;
    if (m >= MATRICES) return;
    float sum = 0.0;
    for (uint l = 0; l < INNER; l++) sum += float(a[line * INNER + l]) * float(b[m * INNER * COLUMNS + l * STEP_INNER + j * STEP_COLUMN]);
    y[index] = T(SCALE * sum);
}
