#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
#include "opsin.glsl"

// A key a token, an integer that orders as its highest score does: -0 is 0, NaN is above everything.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer Scores { T scores[]; };
layout(std430, binding = 1) writeonly buffer Keys { uint keys[]; };
// The classes FROM to TO, TO excluded, count.
layout(push_constant) uniform Push { uint TOKENS, CLASSES, FROM, TO; };

void main() {
    const uint token = FLAT_INDEX;
    if (token >= TOKENS) return;
    uint best = 0;
    for (uint c = FROM; c < TO; c++) {
        const uint bits = floatBitsToUint(float(scores[token * CLASSES + c])), magnitude = bits & 0x7FFFFFFFu;
        const uint key = magnitude == 0 ? 0x80000000u : (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
        best = max(best, magnitude > 0x7F800000u ? 0xFFFFFFFFu : key);
    }
    keys[token] = best;
}
