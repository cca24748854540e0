#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! axis   SOURCE f32 f16
//! const  0 LOCAL 64
#include "opsin.glsl"
#ifdef SOURCE_F16
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define S4 f16vec4
#else
#define S4 vec4
#endif

// y = x in another width: what stands between values in fp32 and ops in fp16. Larger than 65504 becomes infinite, as everywhere in fp16.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer X { S4 x[]; };
layout(std430, binding = 1) writeonly buffer Y { T4 y[]; };
layout(push_constant) uniform Push { uint QUADS; };

void main() {
    const uint index = FLAT_INDEX;
    if (index >= QUADS) return;
    y[index] = T4(vec4(x[index]));
}
