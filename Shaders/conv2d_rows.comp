#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_shuffle : require
//! axis   STORAGE
//! axis   TILE 1x1 4x1
//! const  0 LOCAL 8
//! const  1 FUNCTION 0
//! const  2 SLOPE 0.0
//! const  3 RESIDUAL 0
//! const  4 GATED false
#include "opsin.glsl"

// The pointwise convolution of few pixels for devices whose every load is a loop over lanes (conv2d_broadcast.comp says why): a lane four outputs of TILE_W
// pixels. The eight lanes of a subgroup load 32 channels of a pixel at once and hand them round; weights, which every lane has its own of, are loaded once for
// all pixels. Channels and outputs are multiples of four.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint FUNCTION = 0;
layout(constant_id = 2) const float SLOPE = 0.0;
layout(constant_id = 3) const uint RESIDUAL = 0;
layout(constant_id = 4) const bool GATED = false;  // x is multiplied by gate[n, c] first
#include "epilogue.glsl"
#define LANES 8

layout(std430, binding = 0) readonly buffer X { T4 x4[]; };
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };    // [panels, CHANNELS, LANES] quads of outputs
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [panels, LANES]
layout(std430, binding = 3) readonly buffer R { T4 r4[]; };
layout(std430, binding = 4) writeonly buffer Y { T4 y4[]; };
layout(std430, binding = 5) readonly buffer Gate { T4 gate4[]; };
layout(push_constant) uniform Push { uint PIXELS, IMAGE_PIXELS, CHANNELS, OUTPUTS; };

void main() {
    const uint quads = OUTPUTS / 4, groups = (quads + LANES - 1) / LANES, channel_quads = CHANNELS / 4;
    const uint lane = gl_SubgroupInvocationID, part = FLAT_INDEX / LANES, panel = part % groups, q = panel * LANES + lane, m0 = part / groups * TILE_W;
    // Pixels behind the last one are computed again and not stored.
    vec4 sum[TILE_W];
    [[unroll]] for (uint t = 0; t < TILE_W; t++) sum[t] = b4[q];
    for (uint c = 0; c < channel_quads; c += LANES) {
        vec4 mine[TILE_W];
        const uint mine_at = min(c + lane, channel_quads - 1);
        [[unroll]] for (uint t = 0; t < TILE_W; t++) {
            const uint m = min(m0 + t, PIXELS - 1);
            mine[t] = vec4(x4[m * channel_quads + mine_at]);
            if (GATED) mine[t] *= vec4(gate4[m / IMAGE_PIXELS * channel_quads + mine_at]);
        }
        const uint count = min(LANES, channel_quads - c);
        for (uint i = 0; i < count; i++) {
            vec4 a[TILE_W];
            [[unroll]] for (uint t = 0; t < TILE_W; t++) a[t] = subgroupShuffle(mine[t], i);
            [[unroll]] for (uint j = 0; j < 4; j++) {
                const vec4 w = vec4(k4[(panel * CHANNELS + (c + i) * 4 + j) * LANES + lane]);
                [[unroll]] for (uint t = 0; t < TILE_W; t++) sum[t] += a[t][j] * w;
            }
        }
    }
    [[unroll]] for (uint t = 0; t < TILE_W; t++) {
        const uint m = m0 + t;
        if (m >= PIXELS || q >= quads) continue;
        const vec4 residual = RESIDUAL == RESIDUAL_NONE ? vec4(0.0) : vec4(r4[m * quads + q]);
        y4[m * quads + q] = T4(finish(sum[t], residual));
    }
}
