#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
//! const  1 OUTPUTS
//! const  2 FUNCTION 0
//! const  3 SLOPE 0.0
//! const  4 RESIDUAL 0
//! const  5 SPLITS
#include "opsin.glsl"

// y = epilogue(b + sum over SPLITS of partial): the end of conv2d_coopmat.comp where its depth was split, four outputs of a pixel a thread.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OUTPUTS = 4;
layout(constant_id = 2) const uint FUNCTION = 0;
layout(constant_id = 3) const float SLOPE = 0.0;
layout(constant_id = 4) const uint RESIDUAL = 0;
layout(constant_id = 5) const uint SPLITS = 2;
#include "epilogue.glsl"

layout(std430, binding = 0) readonly buffer P { vec4 partial[]; };  // [SPLITS, PIXELS, PITCH]
layout(std430, binding = 1) readonly buffer B { vec4 b4[]; };
READ_BOTH(2, r);
WRITE_BOTH(3, y);
layout(push_constant) uniform Push { uint PIXELS, PITCH; };

const uint QUADS = (OUTPUTS + 3) / 4;

void main() {
    const uint index = FLAT_INDEX, quad = index % QUADS, m = index / QUADS, o = 4 * quad;
    if (m >= PIXELS) return;
    vec4 sum = b4[quad];
    for (uint s = 0; s < SPLITS; s++) sum += partial[(s * PIXELS + m) * PITCH + quad];
    const uint to = m * OUTPUTS + o, left = OUTPUTS - o;
    vec4 residual = vec4(0.0);
    if (RESIDUAL != RESIDUAL_NONE) residual = LOAD_QUAD(r, to, OUTPUTS % 4 == 0, left);
    const vec4 value = finish(sum, residual);
    STORE_QUAD(y, to, OUTPUTS % 4 == 0, left, value)
}
