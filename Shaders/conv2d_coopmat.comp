#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   MATRICES
//! const  0 LOCAL
//! const  1 SUBGROUP
//! const  2 KERNEL_H 1
//! const  3 KERNEL_W 1
//! const  4 CHANNELS
//! const  5 OUTPUTS
//! const  6 FUNCTION 0
//! const  7 SLOPE 0.0
//! const  8 RESIDUAL 0
//! const  9 GATED false
//! const  10 SPLITS 1
#define STORAGE_F16 1
#ifndef MATRICES_EMULATED
#pragma use_vulkan_memory_model
#endif
#include "opsin.glsl"

// conv2d_tiled.comp with fp16 storage for subgroups that multiply matrices of 16 x 16 (tensor cores), sums in fp32: a workgroup of four subgroups makes
// 64 pixels x 64 outputs, each subgroup 32 x 32 of them.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 128;  // 4 * SUBGROUP
layout(constant_id = 1) const uint SUBGROUP = 32;
layout(constant_id = 2) const uint KERNEL_H = 1;
layout(constant_id = 3) const uint KERNEL_W = 1;
layout(constant_id = 4) const uint CHANNELS = 4;
layout(constant_id = 5) const uint OUTPUTS = 4;
layout(constant_id = 6) const uint FUNCTION = 0;
layout(constant_id = 7) const float SLOPE = 0.0;
layout(constant_id = 8) const uint RESIDUAL = 0;
layout(constant_id = 9) const bool GATED = false;  // x is multiplied by gate[n, c] first
layout(constant_id = 10) const uint SPLITS = 1;    // as in conv2d_tiled.comp
#define SUBGROUPS 4
#define SUMS 4
#include "matrices.glsl"
#include "epilogue.glsl"

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { f16vec4 k4[]; };  // [panels, taps, channels in whole quads, TILE / 4] quads of outputs
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };      // [panels * TILE / 4]
READ_BOTH(3, r);
WRITE_BOTH(4, y);
READ_BOTH(5, gate);
layout(std430, binding = 6) writeonly buffer P { vec4 partial[]; };  // [SPLITS, PIXELS, panels * TILE / 4]
layout(push_constant) uniform Push {
    uint PIXELS, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH;
    int STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X, PAD_TOP, PAD_LEFT;
};

#define TILE 64        // pixels and outputs of a workgroup
#define DEPTH 32       // channels at a time
#define PITCH_A (DEPTH + 8)
#define PITCH_B (TILE + 8)
const uint PANELS = (OUTPUTS + TILE - 1) / TILE, CHANNEL_QUADS = (CHANNELS + 3) / 4, ALL_QUADS = KERNEL_H * KERNEL_W * CHANNEL_QUADS;
const uint STAGES = (ALL_QUADS + DEPTH / 4 - 1) / (DEPTH / 4), STAGES_EACH = (STAGES + SPLITS - 1) / SPLITS;
const bool ALIGNED = CHANNELS % 4 == 0;

shared float16_t tile_a[TILE * PITCH_A];
shared float16_t tile_b[DEPTH * PITCH_B];
shared float sums[4 * 16 * 16];  // a matrix a subgroup, on the way to the epilogue

vec4 load_a(uint m, uint quad) {
    if (quad >= ALL_QUADS || m >= PIXELS) return vec4(0.0);
    const uint n = m / (OUT_HEIGHT * OUT_WIDTH), place = m % (OUT_HEIGHT * OUT_WIDTH), tap = quad / CHANNEL_QUADS, c = 4 * (quad % CHANNEL_QUADS);
    const int row = int(place / OUT_WIDTH) * STRIDE_Y - PAD_TOP + int(tap / KERNEL_W) * DILATION_Y;
    const int column = int(place % OUT_WIDTH) * STRIDE_X - PAD_LEFT + int(tap % KERNEL_W) * DILATION_X;
    if (row < 0 || row >= int(HEIGHT) || column < 0 || column >= int(WIDTH)) return vec4(0.0);
    vec4 v = LOAD_QUAD(x, ((n * HEIGHT + uint(row)) * WIDTH + uint(column)) * CHANNELS + c, ALIGNED, CHANNELS - c);
    if (GATED) v *= LOAD_QUAD(gate, n * CHANNELS + c, ALIGNED, CHANNELS - c);
    return v;
}

void main() {
    const uint group = FLAT_GROUP, panel = group % PANELS, split = group / PANELS % SPLITS, m0 = group / PANELS / SPLITS * TILE;
    const uint i = gl_LocalInvocationIndex;
    if (m0 >= PIXELS) return;
    const uint part = SUBGROUP_ID, row0 = part / 2 * 32, column0 = part % 2 * 32;  // the subgroup's rows and columns of the tile
    MATRIX_C sum[2][2];
    [[unroll]] for (uint h = 0; h < 2; h++) {
        [[unroll]] for (uint w = 0; w < 2; w++) CLEAR(sum[h][w], 2 * h + w)
    }
    const uint end = min((split + 1) * STAGES_EACH, STAGES);
    for (uint stage = split * STAGES_EACH; stage < end; stage++) {
        const uint first = stage * (DEPTH / 4);
        barrier();
        for (uint at = i; at < TILE * DEPTH / 4; at += LOCAL) {
            const uint m = at / (DEPTH / 4), d = at % (DEPTH / 4);
            const f16vec4 v = f16vec4(load_a(m0 + m, first + d));
            [[unroll]] for (uint j = 0; j < 4; j++) tile_a[m * PITCH_A + 4 * d + j] = v[j];
        }
        for (uint at = i; at < DEPTH * TILE / 4; at += LOCAL) {
            const uint d = at / (TILE / 4), o = at % (TILE / 4);
            const f16vec4 v = first + d / 4 < ALL_QUADS ? k4[(panel * ALL_QUADS + first) * TILE + at] : f16vec4(0.0);
            [[unroll]] for (uint j = 0; j < 4; j++) tile_b[d * PITCH_B + 4 * o + j] = v[j];
        }
        barrier();
        [[unroll]] for (uint d = 0; d < DEPTH; d += 16) {
            MATRIX_A a[2];
            MATRIX_B b[2];
            [[unroll]] for (uint h = 0; h < 2; h++) LOAD(a[h], tile_a, (row0 + 16 * h) * PITCH_A + d, PITCH_A)
            [[unroll]] for (uint w = 0; w < 2; w++) LOAD(b[w], tile_b, d * PITCH_B + column0 + 16 * w, PITCH_B)
            [[unroll]] for (uint h = 0; h < 2; h++) {
                [[unroll]] for (uint w = 0; w < 2; w++) MULTIPLY_ADD(a[h], tile_a, b[w], tile_b, sum[h][w])
            }
        }
    }
    [[unroll]] for (uint h = 0; h < 2; h++) {
        [[unroll]] for (uint w = 0; w < 2; w++) {
            barrier();
            STORE(sum[h][w], sums, part * 256, 16)
            barrier();
            for (uint at = LANE; at < 64; at += SUBGROUP) {
                const uint m = m0 + row0 + 16 * h + at / 4, quad = (panel * TILE + column0) / 4 + 4 * w + at % 4, o = 4 * quad;
                if (m >= PIXELS || o >= OUTPUTS) continue;
                const uint to = m * OUTPUTS + o, left = OUTPUTS - o, from = part * 256 + at * 4;
                const vec4 products = vec4(sums[from], sums[from + 1], sums[from + 2], sums[from + 3]);
                if (SPLITS > 1) {
                    partial[(split * PIXELS + m) * (PANELS * TILE / 4) + quad] = products;
                    continue;
                }
                vec4 residual = vec4(0.0);
                if (RESIDUAL != RESIDUAL_NONE) residual = LOAD_QUAD(r, to, OUTPUTS % 4 == 0, left);
                const vec4 value = finish(products + b4[quad], residual);
                STORE_QUAD(y, to, OUTPUTS % 4 == 0, left, value)
            }
        }
    }
}
