#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : require
//! axis   STORAGE
//! axis   TILE 2x4 4x4
//! const  0 LOCAL 8
//! const  1 KERNEL_H 1
//! const  2 KERNEL_W 1
//! const  3 CHANNELS
//! const  4 OUTPUTS
//! const  5 FUNCTION 0
//! const  6 SLOPE 0.0
//! const  7 RESIDUAL 0
#include "opsin.glsl"

// conv2d.comp for devices whose every load is a loop over lanes (Mesa's llvmpipe): a lane a pixel, TILE_W of them, 4*TILE_H outputs. The eight lanes of a
// subgroup load eight weights at once and hand them round in registers, so a weight is loaded once for 8 * TILE_W pixels.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint KERNEL_H = 1;
layout(constant_id = 2) const uint KERNEL_W = 1;
layout(constant_id = 3) const uint CHANNELS = 4;
layout(constant_id = 4) const uint OUTPUTS = 4;
layout(constant_id = 5) const uint FUNCTION = 0;
layout(constant_id = 6) const float SLOPE = 0.0;
layout(constant_id = 7) const uint RESIDUAL = 0;
#include "epilogue.glsl"
#define LANES 8

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };   // [COLUMNS, KERNEL_H, KERNEL_W, channels in whole quads, TILE_H] quads of outputs
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [COLUMNS * TILE_H]
READ_BOTH(3, r);
WRITE_BOTH(4, y);
layout(push_constant) uniform Push {
    uint PIXELS, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH;
    int STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X, PAD_TOP, PAD_LEFT;
};

const uint COLUMNS = (OUTPUTS + 4 * TILE_H - 1) / (4 * TILE_H);
const uint CHANNEL_QUADS = (CHANNELS + 3) / 4;

void main() {
    // All lanes of a subgroup have the same column and stay to the end: those without a pixel compute one that exists and do not store it.
    const uint lane = gl_SubgroupInvocationID, part = FLAT_INDEX / LANES, column = part % COLUMNS, q0 = column * TILE_H;
    const uint m0 = part / COLUMNS * (LANES * TILE_W) + lane;

    vec4 sum[TILE_W][TILE_H];
    ivec2 corner[TILE_W];
    uint image[TILE_W];
    [[unroll]] for (uint t = 0; t < TILE_W; t++) {
        const uint m = min(m0 + t * LANES, PIXELS - 1), place = m % (OUT_HEIGHT * OUT_WIDTH);
        image[t] = m / (OUT_HEIGHT * OUT_WIDTH) * HEIGHT * WIDTH;
        corner[t] = ivec2(int(place / OUT_WIDTH) * STRIDE_Y - PAD_TOP, int(place % OUT_WIDTH) * STRIDE_X - PAD_LEFT);
        [[unroll]] for (uint q = 0; q < TILE_H; q++) sum[t][q] = vec4(0.0);
    }

    uint row = column * KERNEL_H * KERNEL_W * CHANNEL_QUADS * 4 * TILE_H + lane;
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
                    a[t] = LOAD_QUAD(x, at[t] + c, CHANNELS % 4 == 0, CHANNELS - c);
                    if (KERNEL_H * KERNEL_W > 1) a[t] = inside[t] > 0.0 ? a[t] : vec4(0.0);
                }
                [[unroll]] for (uint g = 0; g < 4 * TILE_H / LANES; g++) {
                    const vec4 weights = vec4(k4[row]);
                    row += LANES;
#define TAKE(i) { \
    const vec4 w = subgroupBroadcast(weights, i); \
    const uint j = (g * LANES + i) / TILE_H, q = (g * LANES + i) % TILE_H; \
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
            const uint to = m * OUTPUTS + o, left = OUTPUTS - o;
            vec4 residual = vec4(0.0);
            if (RESIDUAL != RESIDUAL_NONE) residual = LOAD_QUAD(r, to, OUTPUTS % 4 == 0, left);
            const vec4 value = finish(sum[t][q] + b4[q0 + q], residual);
            STORE_QUAD(y, to, OUTPUTS % 4 == 0, left, value)
        }
    }
}
