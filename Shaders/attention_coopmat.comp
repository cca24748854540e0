#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   MATRICES
//! axis   TOKENS
//! const  0 LOCAL
//! const  1 HEAD_SIZE
//! const  2 SUBGROUP
#define STORAGE_F16 1
#ifndef MATRICES_EMULATED
#pragma use_vulkan_memory_model
#endif
#include "opsin.glsl"

// attention.comp with fp16 storage for subgroups that multiply matrices of 16 x 16 (tensor cores); scores and sums in fp32. A workgroup takes 32 queries of
// one head, each of its two subgroups 16, and 32 keys and values at a time. Heads are multiples of 16; keys' and values' heads are equally large.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;  // 2 * SUBGROUP
layout(constant_id = 1) const uint HEAD_SIZE = 16;
layout(constant_id = 2) const uint SUBGROUP = 32;
#define SUBGROUPS 2
#define SUMS 1
#include "matrices.glsl"
#include "attention_tokens.glsl"

layout(std430, binding = 0) readonly buffer Q { f16vec4 q4[]; };
layout(std430, binding = 1) readonly buffer K { f16vec4 k4[]; };
layout(std430, binding = 2) readonly buffer V { f16vec4 v4[]; };
layout(std430, binding = 3) writeonly buffer Y { f16vec4 y4[]; };
layout(push_constant) uniform Push { uint IMAGES, QUERIES, KEYS, HEADS, KEY_VALUE_HEADS; float SCALE; };

#define ROWS 16     // queries of a subgroup
#define GROUPS SUBGROUPS
#define AT_ONCE 32  // keys
#define LOWEST -3.402823466e38
const uint HEAD_QUADS = HEAD_SIZE / 4, PITCH = HEAD_SIZE + 8;
shared float16_t queries[GROUPS * ROWS * PITCH];
shared float16_t keys[AT_ONCE * PITCH];
shared float16_t values[AT_ONCE * PITCH];
shared float scores[GROUPS * ROWS * AT_ONCE];
shared float16_t shares[GROUPS * ROWS * AT_ONCE];
shared float sums[GROUPS * ROWS * HEAD_SIZE];
shared float factors[GROUPS * ROWS];

void main() {
    const uint blocks = (QUERIES + GROUPS * ROWS - 1) / (GROUPS * ROWS), part = FLAT_GROUP, head = part % HEADS;
    const uint block = part / HEADS % blocks, image = part / HEADS / blocks, source = head / (HEADS / KEY_VALUE_HEADS);
    if (image >= IMAGES) return;
    const uint i = gl_LocalInvocationIndex, mine = SUBGROUP_ID * ROWS, first_query = block * GROUPS * ROWS;
    for (uint at = i; at < GROUPS * ROWS * HEAD_QUADS; at += LOCAL) {
        // Rows behind the last query compute it again and are not stored.
        const uint row = at / HEAD_QUADS, c = at % HEAD_QUADS, token = token_at(image, min(first_query + row, QUERIES - 1), QUERIES);
        const f16vec4 v = q4[(token * HEADS + head) * HEAD_QUADS + c];
        [[unroll]] for (uint j = 0; j < 4; j++) queries[row * PITCH + 4 * c + j] = v[j];
    }
    for (uint at = i; at < GROUPS * ROWS * HEAD_SIZE; at += LOCAL) sums[at] = 0.0;

    // Row `r` of a subgroup's scores belongs to lane r, and to lane r - SUBGROUP where that is smaller than 16.
    float largest[ROWS], total[ROWS];
    [[unroll]] for (uint e = 0; e < ROWS; e++) {
        largest[e] = LOWEST;
        total[e] = 0.0;
    }
    for (uint first = 0; first < KEYS; first += AT_ONCE) {
        barrier();
        for (uint at = i; at < AT_ONCE * HEAD_QUADS; at += LOCAL) {
            const uint row = at / HEAD_QUADS, c = at % HEAD_QUADS, token = token_at(image, min(first + row, KEYS - 1), KEYS);
            const uint from = (token * KEY_VALUE_HEADS + source) * HEAD_QUADS + c;
            const f16vec4 key = k4[from], value = v4[from];
            [[unroll]] for (uint j = 0; j < 4; j++) {
                keys[row * PITCH + 4 * c + j] = key[j];
                values[row * PITCH + 4 * c + j] = value[j];
            }
        }
        barrier();
        [[unroll]] for (uint half_of = 0; half_of < AT_ONCE; half_of += 16) {
            MATRIX_C score;
            CLEAR(score, 0)
            for (uint d = 0; d < HEAD_SIZE; d += 16) {
                MATRIX_A a;
                MATRIX_B b;
                LOAD(a, queries, mine * PITCH + d, PITCH)
                LOAD_TRANSPOSED(b, keys, half_of * PITCH + d, PITCH)
                MULTIPLY_ADD(a, queries, b, keys, score)
            }
            STORE(score, scores, mine * AT_ONCE + half_of, AT_ONCE)
        }
        barrier();
        // Online softmax (arXiv 2205.14135, algorithm 1).
        const uint count = min(AT_ONCE, KEYS - first);
        for (uint row = LANE, e = 0; row < ROWS; row += SUBGROUP, e++) {
            const uint from = (mine + row) * AT_ONCE, start = bias_start(head, min(first_query + mine + row, QUERIES - 1));
            float top = largest[e];
            for (uint t = 0; t < count; t++) {
                const float score = scores[from + t] * SCALE + bias_at(start, first + t);
                scores[from + t] = score;
                top = max(top, score);
            }
            const float factor = exp(largest[e] - top);
            float sum = 0.0;
            for (uint t = 0; t < AT_ONCE; t++) {
                const float share = t < count ? exp(scores[from + t] - top) : 0.0;
                shares[from + t] = float16_t(share);
                sum += share;
            }
            total[e] = total[e] * factor + sum;
            largest[e] = top;
            factors[mine + row] = factor;
        }
        barrier();
        for (uint at = LANE; at < ROWS * HEAD_SIZE; at += SUBGROUP) sums[mine * HEAD_SIZE + at] *= factors[mine + at / HEAD_SIZE];
        barrier();
        for (uint c = 0; c < HEAD_SIZE; c += 16) {
            MATRIX_C sum;
            LOAD_SUM(sum, 0, sums, mine * HEAD_SIZE + c, HEAD_SIZE)
            [[unroll]] for (uint t = 0; t < AT_ONCE; t += 16) {
                MATRIX_A a;
                MATRIX_B b;
                LOAD(a, shares, mine * AT_ONCE + t, AT_ONCE)
                LOAD(b, values, t * PITCH + c, PITCH)
                MULTIPLY_ADD(a, shares, b, values, sum)
            }
            STORE(sum, sums, mine * HEAD_SIZE + c, HEAD_SIZE)
        }
    }
    for (uint row = LANE, e = 0; row < ROWS; row += SUBGROUP, e++) factors[mine + row] = 1.0 / total[e];
    barrier();
    for (uint at = i; at < GROUPS * ROWS * HEAD_QUADS; at += LOCAL) {
        const uint row = at / HEAD_QUADS, c = at % HEAD_QUADS, query = first_query + row, from = row * HEAD_SIZE + 4 * c;
        if (query >= QUERIES) continue;
        const vec4 sum = vec4(sums[from], sums[from + 1], sums[from + 2], sums[from + 3]);
        y4[(token_at(image, query, QUERIES) * HEADS + head) * HEAD_QUADS + c] = f16vec4(sum * factors[row]);
    }
}
