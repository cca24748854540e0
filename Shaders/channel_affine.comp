#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
//! const  1 CHANNELS
#include "opsin.glsl"

// y = x * scale[c] + shift[c], four channels a thread.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint CHANNELS = 4;

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer Scale { vec4 scale[]; };
layout(std430, binding = 2) readonly buffer Shift { vec4 shift[]; };
WRITE_BOTH(3, y);
layout(push_constant) uniform Push { uint PIXELS; };

void main() {
    const uint quads = (CHANNELS + 3) / 4, index = FLAT_INDEX, q = index % quads, pixel = index / quads;
    if (pixel >= PIXELS) return;
    const uint at = pixel * CHANNELS + 4 * q, left = CHANNELS - 4 * q;
    const vec4 value = LOAD_QUAD(x, at, CHANNELS % 4 == 0, left) * scale[q] + shift[q];
    STORE_QUAD(y, at, CHANNELS % 4 == 0, left, value)
}
