#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_shuffle : require
//! axis   STORAGE
//! axis   TOKENS
//! const  0 LOCAL 8
//! const  1 HEAD_QUADS
//! const  2 VALUE_QUADS
#include "opsin.glsl"

// attention.comp for devices whose every load is a loop over lanes (conv2d_broadcast.comp says why): a lane two queries of one head; the eight lanes of a
// subgroup load a quad of channels of eight keys at once and hand them round in registers. Sizes of heads are multiples of four.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint HEAD_QUADS = 1;
layout(constant_id = 2) const uint VALUE_QUADS = 1;
#define LANES 8
#define AT_ONCE LANES
#define PER_LANE 2
#include "attention_tokens.glsl"
#include "online_softmax.glsl"

layout(std430, binding = 0) readonly buffer Q { T4 q4[]; };
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };
layout(std430, binding = 2) readonly buffer V { T4 v4[]; };
layout(std430, binding = 3) writeonly buffer Y { T4 y4[]; };
layout(push_constant) uniform Push { uint IMAGES, QUERIES, KEYS, HEADS, KEY_VALUE_HEADS; float SCALE; };

#define ALL_LANES(TAKE) TAKE(0) TAKE(1) TAKE(2) TAKE(3) TAKE(4) TAKE(5) TAKE(6) TAKE(7)

void main() {
    const uint lane = gl_SubgroupInvocationID, blocks = (QUERIES + LANES * PER_LANE - 1) / (LANES * PER_LANE);
    const uint part = FLAT_INDEX / LANES, head = part % HEADS, block = part / HEADS % blocks, image = min(part / HEADS / blocks, IMAGES - 1);
    const uint source = head / (HEADS / KEY_VALUE_HEADS);
    vec4 query[PER_LANE][HEAD_QUADS], sum[PER_LANE][VALUE_QUADS];
    float largest[PER_LANE], total[PER_LANE];
    uint start[PER_LANE];
    [[unroll]] for (uint p = 0; p < PER_LANE; p++) {
        // Lanes behind the last query compute it again and do not store it.
        const uint row = min(block * LANES * PER_LANE + p * LANES + lane, QUERIES - 1), token = token_at(image, row, QUERIES);
        start[p] = bias_start(head, row);
        [[unroll]] for (uint c = 0; c < HEAD_QUADS; c++) query[p][c] = vec4(q4[(token * HEADS + head) * HEAD_QUADS + c]) * SCALE;
        [[unroll]] for (uint c = 0; c < VALUE_QUADS; c++) sum[p][c] = vec4(0.0);
        largest[p] = LOWEST;
        total[p] = 0.0;
    }

    for (uint first = 0; first < KEYS; first += LANES) {
        const uint key = token_at(image, min(first + lane, KEYS - 1), KEYS);
        float score[PER_LANE][LANES];
        [[unroll]] for (uint p = 0; p < PER_LANE; p++) {
            [[unroll]] for (uint i = 0; i < LANES; i++) score[p][i] = bias_at(start[p], min(first + i, KEYS - 1));
        }
        [[unroll]] for (uint c = 0; c < HEAD_QUADS; c++) {
            const vec4 mine = vec4(k4[(key * KEY_VALUE_HEADS + source) * HEAD_QUADS + c]);
#define SCORE(i) { \
    const vec4 k = subgroupShuffle(mine, i); \
    [[unroll]] for (uint p = 0; p < PER_LANE; p++) score[p][i] += dot(query[p][c], k); \
}
            ALL_LANES(SCORE)
        }
        [[unroll]] for (uint p = 0; p < PER_LANE; p++) {
            const float factor = take_scores(score[p], KEYS - first, largest[p], total[p]);
            [[unroll]] for (uint c = 0; c < VALUE_QUADS; c++) sum[p][c] *= factor;
        }
        [[unroll]] for (uint c = 0; c < VALUE_QUADS; c++) {
            const vec4 mine = vec4(v4[(key * KEY_VALUE_HEADS + source) * VALUE_QUADS + c]);
#define WEIGH(i) { \
    const vec4 v = subgroupShuffle(mine, i); \
    [[unroll]] for (uint p = 0; p < PER_LANE; p++) sum[p][c] += score[p][i] * v; \
}
            ALL_LANES(WEIGH)
        }
    }

    if (part >= HEADS * blocks * IMAGES) return;
    [[unroll]] for (uint p = 0; p < PER_LANE; p++) {
        const uint row = block * LANES * PER_LANE + p * LANES + lane;
        if (row >= QUERIES) continue;
        const uint to = (token_at(image, row, QUERIES) * HEADS + head) * VALUE_QUADS;
        [[unroll]] for (uint c = 0; c < VALUE_QUADS; c++) y4[to + c] = T4(sum[p][c] / total[p]);
    }
}
