#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   STORAGE
//! axis   TILE 8x32 32x32 64x64 128x64
//! const  0 KERNEL_H 1
//! const  1 KERNEL_W 1
//! const  2 CHANNELS
//! const  3 OUTPUTS
//! const  4 FUNCTION 0
//! const  5 SLOPE 0.0
//! const  6 RESIDUAL 0
//! const  7 GATED false
//! const  8 SPLITS 1
#include "opsin.glsl"

// conv2d.comp for GPUs, as a product of matrices that are staged in shared memory.
layout(constant_id = 0) const uint KERNEL_H = 1;
layout(constant_id = 1) const uint KERNEL_W = 1;
layout(constant_id = 2) const uint CHANNELS = 4;
layout(constant_id = 3) const uint OUTPUTS = 4;
layout(constant_id = 4) const uint FUNCTION = 0;
layout(constant_id = 5) const float SLOPE = 0.0;
layout(constant_id = 6) const uint RESIDUAL = 0;
layout(constant_id = 7) const bool GATED = false;  // x is multiplied by gate[n, c] first
layout(constant_id = 8) const uint SPLITS = 1;
#include "epilogue.glsl"

#include "tile_sizes.glsl"

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };   // [panels, taps, channels in whole quads, TILE_QUADS] quads of outputs
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [panels * TILE_QUADS]
READ_BOTH(3, r);
WRITE_BOTH(4, y);
READ_BOTH(5, gate);
layout(std430, binding = 6) coherent buffer P { vec4 partial[]; };  // [SPLITS, PIXELS, panels * TILE_QUADS]
layout(std430, binding = 7) coherent buffer A { uint arrived[]; };  // [tiles], 0
layout(push_constant) uniform Push {
    uint PIXELS, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH;
    int STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X, PAD_TOP, PAD_LEFT;
};

const uint CHANNEL_QUADS = (CHANNELS + 3) / 4, ALL_QUADS = KERNEL_H * KERNEL_W * CHANNEL_QUADS;
const bool ALIGNED = CHANNELS % 4 == 0;

// Of the pixels that this thread loads: the window's first row and column, the first pixel of the image, its gate.
ivec2 corner[LOADS_A];
uint image[LOADS_A], gate_at[LOADS_A];

void find_a(uint e, uint m) {
    const uint n = m / (OUT_HEIGHT * OUT_WIDTH), place = m % (OUT_HEIGHT * OUT_WIDTH);
    image[e] = n * HEIGHT * WIDTH;
    gate_at[e] = n * CHANNELS;
    corner[e] = ivec2(int(place / OUT_WIDTH) * STRIDE_Y - PAD_TOP, int(place % OUT_WIDTH) * STRIDE_X - PAD_LEFT);
}

vec4 load_a(uint e, uint quad) {
    if (quad >= ALL_QUADS) return vec4(0.0);
    const uint tap = quad / CHANNEL_QUADS, c = 4 * (quad % CHANNEL_QUADS);
    const ivec2 p = corner[e] + ivec2(int(tap / KERNEL_W) * DILATION_Y, int(tap % KERNEL_W) * DILATION_X);
    if (p.x < 0 || p.x >= int(HEIGHT) || p.y < 0 || p.y >= int(WIDTH)) return vec4(0.0);
    vec4 v = LOAD_QUAD(x, (image[e] + uint(p.x) * WIDTH + uint(p.y)) * CHANNELS + c, ALIGNED, CHANNELS - c);
    if (GATED) v *= LOAD_QUAD(gate, gate_at[e] + c, ALIGNED, CHANNELS - c);
    return v;
}

#include "tiled_product.glsl"
