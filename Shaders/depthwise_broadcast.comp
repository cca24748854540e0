#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_shuffle : require
//! axis   STORAGE
//! axis   TILE 4x2 4x4
//! const  0 LOCAL 8
//! const  1 KERNEL_H
//! const  2 KERNEL_W
//! const  3 STEP_X
//! const  4 STEP_Y
//! const  5 ALIGNED
//! const  6 FUNCTION 0
//! const  7 SLOPE 0.0
//! const  8 RESIDUAL 0
#include "opsin.glsl"

// depthwise_conv2d.comp for devices whose every load is a loop over lanes (conv2d_broadcast.comp says why): the eight lanes of a subgroup have eight tiles of
// the same four channels, load a row of the weights at once and hand it round in registers, so that a weight is loaded once for all of their outputs. The
// window is at most eight wide. Nothing branches before the stores: under a branch that driver searches for the lanes that are active.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint KERNEL_H = 3;
layout(constant_id = 2) const uint KERNEL_W = 3;
layout(constant_id = 3) const uint STEP_X = 1;
layout(constant_id = 4) const uint STEP_Y = 1;
layout(constant_id = 5) const bool ALIGNED = false;  // CHANNELS is a multiple of four
layout(constant_id = 6) const uint FUNCTION = 0;
layout(constant_id = 7) const float SLOPE = 0.0;
layout(constant_id = 8) const uint RESIDUAL = 0;
#include "epilogue.glsl"
#define LANES 8

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };   // [KERNEL_H, KERNEL_W, quads]
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [quads]
READ_BOTH(3, r);
WRITE_BOTH(4, y);
layout(push_constant) uniform Push {
    uint IMAGES, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH, CHANNELS, GAP_Y, GAP_X;
    int STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X, PAD_TOP, PAD_LEFT;
};
#include "interleaving.glsl"

void main() {
    const uint across = tiles(OUT_WIDTH, TILE_W, GAP_X), down = tiles(OUT_HEIGHT, TILE_H, GAP_Y), quads = (CHANNELS + 3) / 4;
    const uint lane = gl_SubgroupInvocationID, part = FLAT_INDEX / LANES, q = part % quads, count = IMAGES * across * down;
    // Lanes and subgroups behind the last tile compute it again and do not store it.
    const uint tile = part / quads * LANES + lane, known = min(tile, count - 1), image = known / across / down, left = CHANNELS - 4 * q;
    const uint j0 = first_of(known % across, TILE_W, GAP_X), i0 = first_of(known / across % down, TILE_H, GAP_Y);
    const int top = int(i0) * STRIDE_Y - PAD_TOP, first = int(j0) * STRIDE_X - PAD_LEFT;

    vec4 w[KERNEL_H][KERNEL_W], sum[TILE_H][TILE_W];
    [[unroll]] for (uint u = 0; u < KERNEL_H; u++) {
        const vec4 mine = vec4(k4[(u * KERNEL_W + min(lane, KERNEL_W - 1)) * quads + q]);
        [[unroll]] for (uint v = 0; v < KERNEL_W; v++) w[u][v] = subgroupShuffle(mine, v);
    }
    const vec4 bias = b4[q];
    [[unroll]] for (uint h = 0; h < TILE_H; h++) {
        [[unroll]] for (uint t = 0; t < TILE_W; t++) sum[h][t] = bias;
    }
    [[unroll]] for (uint s = 0; s < ROWS; s++) {
        const int row = top + int(s) * DILATION_Y;
        const bool exists = row >= 0 && row < int(HEIGHT);
        const uint start = (image * HEIGHT + uint(exists ? row : 0)) * WIDTH;
        [[unroll]] for (uint p = 0; p < COLUMNS; p++) {
            const int column = first + int(p) * DILATION_X;
            const bool inside = exists && column >= 0 && column < int(WIDTH);
            const uint at = (start + uint(inside ? column : 0)) * CHANNELS + 4 * q;
            const vec4 loaded = LOAD_QUAD(x, at, ALIGNED, left), value = mix(vec4(0.0), loaded, bvec4(inside));
            [[unroll]] for (uint t = 0; t < TILE_W; t++) {
                // Unsigned: a tap before the first is beyond the last too.
                const uint v = p - t * STEP_X;
                if (v >= KERNEL_W) continue;
                [[unroll]] for (uint h = 0; h < TILE_H; h++) {
                    const uint u = s - h * STEP_Y;
                    if (u < KERNEL_H) sum[h][t] += value * w[u][v];
                }
            }
        }
    }
    if (tile >= count) return;
    [[unroll]] for (uint h = 0; h < TILE_H; h++) {
        [[unroll]] for (uint t = 0; t < TILE_W; t++) {
            const uint i = i0 + h * GAP_Y, j = j0 + t * GAP_X;
            if (i >= OUT_HEIGHT || j >= OUT_WIDTH) continue;
            const uint to = ((image * OUT_HEIGHT + i) * OUT_WIDTH + j) * CHANNELS + 4 * q;
            vec4 residual = vec4(0.0);
            if (RESIDUAL != RESIDUAL_NONE) residual = LOAD_QUAD(r, to, ALIGNED, left);
            const vec4 value = finish(sum[h][t], residual);
            STORE_QUAD(y, to, ALIGNED, left, value)
        }
    }
}
