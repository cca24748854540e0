#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
#include "opsin.glsl"

// A map of logits as segmentation_mask.comp wants it: fp32, channels filled up to whole quads, and the label that is the largest of each cell. A cell a
// thread.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer X { T x[]; };                // [CELLS, CHANNELS]
layout(std430, binding = 1) writeonly buffer Packed { vec4 packed[]; };  // [CELLS, QUADS]
layout(std430, binding = 2) writeonly buffer Labels { uint labels[]; };  // [CELLS]
layout(push_constant) uniform Push { uint CELLS, CHANNELS, QUADS; };

// Below every logit, and still finite between two of its kind.
const float FILL = -3.0e38;

void main() {
    const uint cell = FLAT_INDEX;
    if (cell >= CELLS) return;
    uint label = 0;
    float best = float(x[cell * CHANNELS]);
    for (uint q = 0; q < QUADS; q++) {
        vec4 quad = vec4(FILL);
        for (uint i = 0; i < 4; i++) {
            const uint c = q * 4 + i;
            if (c >= CHANNELS) break;
            const float v = float(x[cell * CHANNELS + c]);
            quad[i] = v;
            if (v > best) {
                best = v;
                label = c;
            }
        }
        packed[cell * QUADS + q] = quad;
    }
    labels[cell] = label;
}
