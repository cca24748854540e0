#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
//! const  1 CHANNELS
#include "opsin.glsl"

// Sums of every PARTS-th pixel of an image, four channels a thread, in fp32: the first half of a mean over a map that is too large for one workgroup.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint CHANNELS = 4;

READ_BOTH(0, x);
layout(std430, binding = 1) writeonly buffer Y { vec4 y[]; };  // [IMAGES, PARTS, quads]
layout(push_constant) uniform Push { uint IMAGES, PIXELS, PARTS; };

const uint QUADS = (CHANNELS + 3) / 4;

void main() {
    const uint index = FLAT_INDEX, q = index % QUADS, part = index / QUADS % PARTS, image = index / QUADS / PARTS;
    if (image >= IMAGES) return;
    vec4 sum = vec4(0.0);
    for (uint p = part; p < PIXELS; p += PARTS) sum += LOAD_QUAD(x, (image * PIXELS + p) * CHANNELS + 4 * q, CHANNELS % 4 == 0, CHANNELS - 4 * q);
    y[index] = sum;
}
