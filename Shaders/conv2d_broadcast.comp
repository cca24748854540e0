#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_shuffle : require
//! axis   STORAGE
//! axis   TILE 2x4 4x4 4x8 4x16
//! const  0 LOCAL 8
//! const  1 POINTWISE
//! const  2 ALIGNED_IN
//! const  3 FUNCTION 0
//! const  4 SLOPE 0.0
//! const  5 RESIDUAL 0
//! const  6 GATE 0
#include "opsin.glsl"

// conv2d.comp for devices whose every load is a loop over lanes (Mesa's llvmpipe): a lane a pixel, TILE_W of them, 4*TILE_H outputs of a multiple of four.
// The eight lanes of a subgroup load eight weights at once and hand them round in registers, so a weight is loaded once for 8 * TILE_W pixels: by shuffles,
// which are one instruction there, while a broadcast searches for the first active lane. The sums of a quad of outputs stay in registers for four channels.
// Shapes are push constants, because there a pipeline costs a tenth of a second to compile.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool POINTWISE = false;    // one tap, step 1, no padding
layout(constant_id = 2) const bool ALIGNED_IN = false;   // CHANNELS is a multiple of four
layout(constant_id = 3) const uint FUNCTION = 0;
layout(constant_id = 4) const float SLOPE = 0.0;
layout(constant_id = 5) const uint RESIDUAL = 0;
layout(constant_id = 6) const uint GATE = 0;             // x is multiplied by gate[n, c] first; one tap, whole quads
#define GATE_NONE 0
#define GATE_OF_SUBGROUP 1  // all lanes have pixels of one image, so that it is the weights that are multiplied
#define GATE_OF_LANE 2
#include "epilogue.glsl"
#define LANES 8

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };   // [columns, KERNEL_H, KERNEL_W, quads of channels, TILE_H, 4] quads of outputs
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [columns * TILE_H]
layout(std430, binding = 3) readonly buffer R { T4 r4[]; };
layout(std430, binding = 4) writeonly buffer Y { T4 y4[]; };
READ_BOTH(5, gate);
layout(push_constant) uniform Push {
    uint PIXELS, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH;
    int STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X, PAD_TOP, PAD_LEFT;
    uint KERNEL_H, KERNEL_W, CHANNELS, OUTPUTS;
};

void main() {
    // All lanes of a subgroup have the same column and stay to the end: those without a pixel compute one that exists and do not store it.
    const uint columns = (OUTPUTS + 4 * TILE_H - 1) / (4 * TILE_H), channel_quads = (CHANNELS + 3) / 4;
    const uint lane = gl_SubgroupInvocationID, part = FLAT_INDEX / LANES, column = part % columns, q0 = column * TILE_H;
    const uint m0 = part / columns * (LANES * TILE_W) + lane;

    vec4 sum[TILE_W][TILE_H];
    ivec2 corner[TILE_W];
    uint image[TILE_W], gate_at[TILE_W];
    [[unroll]] for (uint t = 0; t < TILE_W; t++) {
        const uint m = min(m0 + t * LANES, PIXELS - 1), place = m % (OUT_HEIGHT * OUT_WIDTH);
        image[t] = m / (OUT_HEIGHT * OUT_WIDTH) * HEIGHT * WIDTH;
        gate_at[t] = m / (OUT_HEIGHT * OUT_WIDTH) * CHANNELS;
        corner[t] = ivec2(int(place / OUT_WIDTH) * STRIDE_Y - PAD_TOP, int(place % OUT_WIDTH) * STRIDE_X - PAD_LEFT);
        [[unroll]] for (uint q = 0; q < TILE_H; q++) sum[t][q] = vec4(0.0);
    }

    uint row = column * KERNEL_H * KERNEL_W * channel_quads * 4 * TILE_H + lane;
    for (uint u = 0; u < KERNEL_H; u++) {
        for (uint v = 0; v < KERNEL_W; v++) {
            uint at[TILE_W];
            float inside[TILE_W];
            [[unroll]] for (uint t = 0; t < TILE_W; t++) {
                const ivec2 p = corner[t] + ivec2(int(u) * DILATION_Y, int(v) * DILATION_X);
                const bool exists = p.x >= 0 && p.x < int(HEIGHT) && p.y >= 0 && p.y < int(WIDTH);
                inside[t] = exists ? 1.0 : 0.0;
                at[t] = exists ? (image[t] + uint(p.x) * WIDTH + uint(p.y)) * CHANNELS : 0;
            }
            for (uint c = 0; c < CHANNELS; c += 4) {
                vec4 a[TILE_W];
                [[unroll]] for (uint t = 0; t < TILE_W; t++) {
                    a[t] = LOAD_QUAD(x, at[t] + c, ALIGNED_IN, CHANNELS - c);
                    if (!POINTWISE) a[t] = inside[t] > 0.0 ? a[t] : vec4(0.0);
                    if (GATE == GATE_OF_LANE) a[t] *= vec4(gate4[(gate_at[t] + c) >> 2]);
                }
                [[unroll]] for (uint g = 0; g < 4 * TILE_H / LANES; g++) {
                    vec4 weights = vec4(k4[row]);
                    if (GATE == GATE_OF_SUBGROUP) weights *= float(gate[gate_at[0] + c + lane % 4]);
                    row += LANES;
#define TAKE(i) { \
    const vec4 w = subgroupShuffle(weights, i); \
    const uint q = (g * LANES + i) / 4, j = i % 4; \
    [[unroll]] for (uint t = 0; t < TILE_W; t++) sum[t][q] += a[t][j] * w; \
}
                    TAKE(0) TAKE(1) TAKE(2) TAKE(3) TAKE(4) TAKE(5) TAKE(6) TAKE(7)
                }
            }
        }
    }

    [[unroll]] for (uint t = 0; t < TILE_W; t++) {
        [[unroll]] for (uint q = 0; q < TILE_H; q++) {
            const uint o = 4 * (q0 + q), m = m0 + t * LANES;
            if (m >= PIXELS || o >= OUTPUTS) continue;
            const uint to = (m * OUTPUTS + o) >> 2;
            const vec4 residual = RESIDUAL == RESIDUAL_NONE ? vec4(0.0) : vec4(r4[to]);
            y4[to] = T4(finish(sum[t][q] + b4[q0 + q], residual));
        }
    }
}
