#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! axis   REDUCTION
//! axis   TOKENS
//! const  0 LOCAL 64
//! const  1 HEAD_SIZE
//! const  2 VALUE_SIZE
#include "opsin.glsl"

// y = sum over t of softmax over t (scale * q . k[t] + bias) * v[t]: a workgroup a query and head, LOCAL keys at a time; earlier sums are rescaled when a
// larger score comes (arXiv 2205.14135, algorithm 1). No score leaves the workgroup.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
layout(constant_id = 1) const uint HEAD_SIZE = 1;
layout(constant_id = 2) const uint VALUE_SIZE = 1;
#include "workgroup.glsl"
#include "attention_tokens.glsl"

layout(std430, binding = 0) readonly buffer Q { T q[]; };
layout(std430, binding = 1) readonly buffer K { T k[]; };
layout(std430, binding = 2) readonly buffer V { T v[]; };
layout(std430, binding = 3) writeonly buffer Y { T y[]; };
layout(push_constant) uniform Push { uint IMAGES, QUERIES, KEYS, HEADS, KEY_VALUE_HEADS; float SCALE; };

shared float query[HEAD_SIZE];
shared float shares[LOCAL];
const uint PARTS = (VALUE_SIZE + LOCAL - 1) / LOCAL;  // channels of one thread

void main() {
    const uint part = FLAT_GROUP, head = part % HEADS, image = part / HEADS / QUERIES, row = part / HEADS % QUERIES, i = gl_LocalInvocationIndex;
    if (image >= IMAGES) return;
    const uint token = token_at(image, row, QUERIES), source = head / (HEADS / KEY_VALUE_HEADS), start = bias_start(head, row);
    for (uint c = i; c < HEAD_SIZE; c += LOCAL) query[c] = float(q[(token * HEADS + head) * HEAD_SIZE + c]) * SCALE;
    barrier();

    float largest = -3.402823466e38, sum = 0.0, values[PARTS];
    for (uint p = 0; p < PARTS; p++) values[p] = 0.0;
    for (uint first = 0; first < KEYS; first += LOCAL) {
        const uint t = first + i;
        float score = -3.402823466e38;
        if (t < KEYS) {
            const uint at = (token_at(image, t, KEYS) * KEY_VALUE_HEADS + source) * HEAD_SIZE;
            score = bias_at(start, t);
            for (uint c = 0; c < HEAD_SIZE; c++) score += query[c] * float(k[at + c]);
        }
        const float block = workgroup_max(score), top = isnan(block) ? block : max(largest, block), factor = exp(largest - top);
        const float share = t < KEYS ? exp(score - top) : 0.0;
        shares[i] = share;
        sum = sum * factor + workgroup_sum(share);
        largest = top;
        const uint count = min(LOCAL, KEYS - first);
        for (uint p = 0; p < PARTS; p++) {
            const uint c = p * LOCAL + i;
            values[p] *= factor;
            if (c >= VALUE_SIZE) continue;
            for (uint s = 0; s < count; s++) {
                const uint at = (token_at(image, first + s, KEYS) * KEY_VALUE_HEADS + source) * VALUE_SIZE + c;
                values[p] += shares[s] * float(v[at]);
            }
        }
    }
    for (uint p = 0; p < PARTS; p++) {
        const uint c = p * LOCAL + i;
        if (c < VALUE_SIZE) y[(token * HEADS + head) * VALUE_SIZE + c] = T(values[p] / sum);
    }
}
