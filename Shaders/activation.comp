#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
//! const  1 FUNCTION
//! const  2 SLOPE 0.01
#include "opsin.glsl"
#include "activations.glsl"

// y = f(x), four channels a thread, in fp32.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint FUNCTION = 0;
layout(constant_id = 2) const float SLOPE = 0.01;

layout(std430, binding = 0) readonly buffer X { T4 x[]; };
layout(std430, binding = 1) writeonly buffer Y { T4 y[]; };
layout(push_constant) uniform Push { uint QUADS; };

void main() {
    const uint i = FLAT_INDEX;
    if (i < QUADS) y[i] = T4(activate(vec4(x[i]), FUNCTION, SLOPE));
}
