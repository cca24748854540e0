#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
//! const  1 SIZE 4
#include "opsin.glsl"

// y = sigmoid(delta + inverse_sigmoid(reference)): a box a thread. A reference of SIZE 2 is a point.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint SIZE = 4;

layout(std430, binding = 0) readonly buffer Delta { T4 delta[]; };
layout(std430, binding = 1) readonly buffer References { T references[]; };
layout(std430, binding = 2) writeonly buffer Y { T4 y[]; };
layout(push_constant) uniform Push { uint IMAGES, BOXES, REPEATED; float EPSILON; };

void main() {
    const uint box = FLAT_INDEX;
    if (box >= IMAGES * BOXES) return;
    const uint from = (REPEATED != 0 ? box % BOXES : box) * SIZE;
    vec4 moved = vec4(delta[box]);
    for (uint c = 0; c < SIZE; c++) {
        const float x = clamp(float(references[from + c]), 0.0, 1.0);
        moved[c] += log(max(x, EPSILON) / max(1.0 - x, EPSILON));
    }
    y[box] = T4(1.0 / (1.0 + exp(-moved)));
}
