#version 450
#extension GL_GOOGLE_include_directive : require
//! const  0 LOCAL 64
//! const  1 SUBGROUP

// y = the sum and the largest of all x as every thread of a workgroup finds them, with made-up subgroups of SUBGROUP lanes: for tests, which have one device
// and so one size of real ones.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
layout(constant_id = 1) const uint SUBGROUP = 32;
#define REDUCTION_EMULATED
#include "workgroup.glsl"

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) writeonly buffer Y { vec2 y[]; };

void main() {
    const uint i = gl_LocalInvocationIndex;
    const float sum = workgroup_sum(x[i]);
    y[i] = vec2(sum, workgroup_max(x[i]));
}
