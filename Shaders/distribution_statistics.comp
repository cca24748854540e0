#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
#include "opsin.glsl"

// The TOP largest probabilities of a distribution, largest first, and their mean: a thread a distribution.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;

layout(std430, binding = 0) readonly buffer X { T x[]; };   // [ROWS, BINS]: logits
layout(std430, binding = 1) writeonly buffer Y { T y[]; };  // [ROWS, TOP + 1]
layout(push_constant) uniform Push { uint ROWS, BINS, TOP; };

void main() {
    const uint row = FLAT_INDEX, at = row * BINS, to = row * (TOP + 1);
    if (row >= ROWS) return;
    float largest = -3.402823466e38;
    for (uint b = 0; b < BINS; b++) largest = max(largest, float(x[at + b]));
    float sum = 0.0;
    for (uint b = 0; b < BINS; b++) sum += exp(float(x[at + b]) - largest);
    // The next in order is the largest logit behind the last one that was taken, equal ones by index.
    float mean = 0.0, limit = 0.0;
    uint taken = 0;
    for (uint t = 0; t < TOP; t++) {
        float best = 0.0;
        uint place = BINS;
        for (uint b = 0; b < BINS; b++) {
            const float v = float(x[at + b]);
            const bool open = t == 0 || v < limit || (v == limit && b > taken);
            if (open && (place == BINS || v > best)) {
                best = v;
                place = b;
            }
        }
        limit = best;
        taken = place;
        const float p = exp(best - largest) / sum;
        mean += p;
        y[to + t] = T(p);
    }
    y[to + TOP] = T(mean / float(TOP));
}
