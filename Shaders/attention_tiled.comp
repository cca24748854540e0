#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   STORAGE
//! axis   TOKENS
//! const  0 LOCAL 32
//! const  1 HEAD_QUADS
//! const  2 VALUE_QUADS
#include "opsin.glsl"

// attention.comp for small heads of whole quads: a thread a query of one head, sums in registers; a workgroup loads AT_ONCE keys and values once for all of
// its queries.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 32;
layout(constant_id = 1) const uint HEAD_QUADS = 1;
layout(constant_id = 2) const uint VALUE_QUADS = 1;
#define AT_ONCE 16

layout(std430, binding = 0) readonly buffer Q { T4 q4[]; };
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };
layout(std430, binding = 2) readonly buffer V { T4 v4[]; };
layout(std430, binding = 3) writeonly buffer Y { T4 y4[]; };
layout(push_constant) uniform Push { uint IMAGES, QUERIES, KEYS, HEADS, KEY_VALUE_HEADS; float SCALE; };
#include "attention_tokens.glsl"
#include "online_softmax.glsl"

shared vec4 keys[AT_ONCE * HEAD_QUADS];
shared vec4 values[AT_ONCE * VALUE_QUADS];

void main() {
    const uint blocks = (QUERIES + LOCAL - 1) / LOCAL, part = FLAT_GROUP, head = part % HEADS, block = part / HEADS % blocks, image = part / HEADS / blocks;
    if (image >= IMAGES) return;
    const uint i = gl_LocalInvocationIndex, source = head / (HEADS / KEY_VALUE_HEADS);
    // Threads behind the last query compute it again and do not store it: they are needed to load keys.
    const uint row = min(block * LOCAL + i, QUERIES - 1), token = token_at(image, row, QUERIES), start = bias_start(head, row);
    vec4 query[HEAD_QUADS], sum[VALUE_QUADS];
    [[unroll]] for (uint c = 0; c < HEAD_QUADS; c++) query[c] = vec4(q4[(token * HEADS + head) * HEAD_QUADS + c]) * SCALE;
    [[unroll]] for (uint c = 0; c < VALUE_QUADS; c++) sum[c] = vec4(0.0);
    float largest = LOWEST, total = 0.0;

    for (uint first = 0; first < KEYS; first += AT_ONCE) {
        barrier();
        for (uint at = i; at < AT_ONCE * HEAD_QUADS; at += LOCAL) {
            const uint key = token_at(image, min(first + at / HEAD_QUADS, KEYS - 1), KEYS);
            keys[at] = vec4(k4[(key * KEY_VALUE_HEADS + source) * HEAD_QUADS + at % HEAD_QUADS]);
        }
        for (uint at = i; at < AT_ONCE * VALUE_QUADS; at += LOCAL) {
            const uint key = token_at(image, min(first + at / VALUE_QUADS, KEYS - 1), KEYS);
            values[at] = vec4(v4[(key * KEY_VALUE_HEADS + source) * VALUE_QUADS + at % VALUE_QUADS]);
        }
        barrier();

        float score[AT_ONCE];
        [[unroll]] for (uint t = 0; t < AT_ONCE; t++) {
            score[t] = bias_at(start, min(first + t, KEYS - 1));
            [[unroll]] for (uint c = 0; c < HEAD_QUADS; c++) score[t] += dot(query[c], keys[t * HEAD_QUADS + c]);
        }
        const float factor = take_scores(score, KEYS - first, largest, total);
        [[unroll]] for (uint c = 0; c < VALUE_QUADS; c++) {
            sum[c] *= factor;
            [[unroll]] for (uint t = 0; t < AT_ONCE; t++) sum[c] += score[t] * values[t * VALUE_QUADS + c];
        }
    }

    if (block * LOCAL + i >= QUERIES) return;
    [[unroll]] for (uint c = 0; c < VALUE_QUADS; c++) y4[(token * HEADS + head) * VALUE_QUADS + c] = T4(sum[c] / total);
}
