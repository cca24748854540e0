#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   DIRECTION across down
//! const  0 LOCAL 64
#include "opsin.glsl"

// One pass of Pillow's resize over 8-bit samples, to the bit: y = clip((half + sum over taps of x * weight) >> 22). Four samples a thread, which are a word.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer X { uint x[]; };           // four samples a word
layout(std430, binding = 1) readonly buffer Spans { ivec2 spans[]; };  // of each output along the axis: its first input, how many
layout(std430, binding = 2) readonly buffer Weights { int weights[]; };  // [outputs, STRIDE], 22 bits behind the point
layout(std430, binding = 3) writeonly buffer Y { uint y[]; };
// ROW: samples of a row of y. X_OFFSET: the first sample of x that counts. X_ROW: samples from a row of x to the next.
layout(push_constant) uniform Push { uint SAMPLES, ROW, CHANNELS, STRIDE, X_OFFSET, X_ROW; };

uint sample_at(uint i) { return x[i >> 2] >> ((i & 3u) * 8u) & 255u; }

uint result(uint at) {
    const uint row = at / ROW, column = at % ROW;
#ifdef DIRECTION_DOWN
    const uint place = row, from = X_OFFSET + column, distance = X_ROW;
#else
    const uint place = column / CHANNELS, from = X_OFFSET + row * X_ROW + column % CHANNELS, distance = CHANNELS;
#endif
    const ivec2 span = spans[place];
    const uint first = from + uint(span.x) * distance;
    int sum = 1 << 21;
    for (uint t = 0; t < uint(span.y); t++) sum += int(sample_at(first + t * distance)) * weights[place * STRIDE + t];
    return uint(clamp(sum >> 22, 0, 255));
}

void main() {
    const uint word = FLAT_INDEX;
    if (word * 4 >= SAMPLES) return;
    uint four = 0;
    for (uint i = 0; i < 4; i++) {
        if (word * 4 + i < SAMPLES) four |= result(word * 4 + i) << (8 * i);
    }
    y[word] = four;
}
