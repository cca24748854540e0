#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
#include "opsin.glsl"

// A box from the mean distances of its four sides, two threads a box: one for left and right, one for top and bottom.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;

layout(std430, binding = 0) readonly buffer X { T x[]; };                  // [ROWS, 4, BINS]: logits of left, top, right, bottom
layout(std430, binding = 1) readonly buffer Boxes { T boxes[]; };          // [ROWS, 4]: centre and size
layout(std430, binding = 2) readonly buffer Distances { float distances[]; };  // [BINS]
layout(std430, binding = 3) writeonly buffer Y { T y[]; };                 // [ROWS, 4]: centre and size
layout(push_constant) uniform Push { uint ROWS, BINS; float SCALE; };

// sum of softmax(x)[b] * distances[b] over the bins from `at` on.
float mean_distance(uint at) {
    float largest = -3.402823466e38;
    for (uint b = 0; b < BINS; b++) largest = max(largest, float(x[at + b]));
    float sum = 0.0, weighted = 0.0;
    for (uint b = 0; b < BINS; b++) {
        const float e = exp(float(x[at + b]) - largest);
        sum += e;
        weighted += e * distances[b];
    }
    return weighted / sum;
}

void main() {
    const uint index = FLAT_INDEX, row = index / 2, axis = index % 2;
    if (row >= ROWS) return;
    const float before = mean_distance((4 * row + axis) * BINS), behind = mean_distance((4 * row + 2 + axis) * BINS);
    const float centre = float(boxes[4 * row + axis]), unit = float(boxes[4 * row + 2 + axis]) / SCALE;
    const float low = centre - (0.5 * SCALE + before) * unit, high = centre + (0.5 * SCALE + behind) * unit;
    y[4 * row + axis] = T((low + high) * 0.5);
    y[4 * row + 2 + axis] = T(high - low);
}
