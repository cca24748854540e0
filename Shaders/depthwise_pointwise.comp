#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   STORAGE
//! axis   TILE 32x32 64x64 128x64
//! const  0 KERNEL_H
//! const  1 KERNEL_W
//! const  2 CHANNELS
//! const  3 OUTPUTS
//! const  4 FUNCTION 0
//! const  5 SLOPE 0.0
//! const  6 RESIDUAL 0
//! const  7 DEPTHWISE_FUNCTION 0
//! const  8 DEPTHWISE_SLOPE 0.0
//! const  9 SPLITS 1
#include "opsin.glsl"

// A depthwise convolution and the pointwise one behind it: a product of matrices whose first factor is convolved on its way into shared memory, so that it
// never is in global memory. For outputs of few tiles side by side, each of which convolves again.
layout(constant_id = 0) const uint KERNEL_H = 3;
layout(constant_id = 1) const uint KERNEL_W = 3;
layout(constant_id = 2) const uint CHANNELS = 4;
layout(constant_id = 3) const uint OUTPUTS = 4;
layout(constant_id = 4) const uint FUNCTION = 0;
layout(constant_id = 5) const float SLOPE = 0.0;
layout(constant_id = 6) const uint RESIDUAL = 0;
layout(constant_id = 7) const uint DEPTHWISE_FUNCTION = 0;
layout(constant_id = 8) const float DEPTHWISE_SLOPE = 0.0;
layout(constant_id = 9) const uint SPLITS = 1;
#include "epilogue.glsl"
#include "tile_sizes.glsl"

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };   // [panels, channels in whole quads, TILE_QUADS] quads of outputs
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [panels * TILE_QUADS]
READ_BOTH(3, r);
WRITE_BOTH(4, y);
layout(std430, binding = 5) readonly buffer D { T4 d4[]; };    // [KERNEL_H, KERNEL_W, quads]
layout(std430, binding = 6) readonly buffer E { vec4 e4[]; };  // [quads]
layout(std430, binding = 7) coherent buffer P { vec4 partial[]; };  // [SPLITS, PIXELS, panels * TILE_QUADS]
layout(std430, binding = 8) coherent buffer A { uint arrived[]; };  // [tiles], 0
layout(push_constant) uniform Push {
    uint PIXELS, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH;
    int STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X, PAD_TOP, PAD_LEFT;
};

const uint ALL_QUADS = (CHANNELS + 3) / 4;
const bool ALIGNED = CHANNELS % 4 == 0;

// Of the pixels that this thread convolves: the window's first row and column, the first pixel of the image.
ivec2 corner[LOADS_A];
uint image[LOADS_A];

void find_a(uint e, uint m) {
    const uint place = m % (OUT_HEIGHT * OUT_WIDTH);
    image[e] = m / (OUT_HEIGHT * OUT_WIDTH) * HEIGHT * WIDTH;
    corner[e] = ivec2(int(place / OUT_WIDTH) * STRIDE_Y - PAD_TOP, int(place % OUT_WIDTH) * STRIDE_X - PAD_LEFT);
}

vec4 load_a(uint e, uint quad) {
    if (quad >= ALL_QUADS) return vec4(0.0);
    vec4 sum = e4[quad];
    for (uint u = 0; u < KERNEL_H; u++) {
        const int row = corner[e].x + int(u) * DILATION_Y;
        if (row < 0 || row >= int(HEIGHT)) continue;
        for (uint v = 0; v < KERNEL_W; v++) {
            const int column = corner[e].y + int(v) * DILATION_X;
            if (column < 0 || column >= int(WIDTH)) continue;
            const uint at = (image[e] + uint(row) * WIDTH + uint(column)) * CHANNELS + 4 * quad;
            sum += LOAD_QUAD(x, at, ALIGNED, CHANNELS - 4 * quad) * vec4(d4[(u * KERNEL_W + v) * ALL_QUADS + quad]);
        }
    }
    return existing(activate(sum, DEPTHWISE_FUNCTION, DEPTHWISE_SLOPE), CHANNELS - 4 * quad);
}

#include "tiled_product.glsl"
