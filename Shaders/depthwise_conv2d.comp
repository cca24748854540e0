#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   STORAGE
//! axis   TILE 1x1 4x1
//! const  0 LOCAL 64
//! const  1 KERNEL_H
//! const  2 KERNEL_W
//! const  3 STRIDE_X
//! const  4 ADJACENT
//! const  5 ALIGNED
//! const  6 FUNCTION 0
//! const  7 SLOPE 0.0
//! const  8 RESIDUAL 0
#include "opsin.glsl"

// y[n,i,j,c] = epilogue(b[c] + sum over u,v of x[n, i*s - p + u*d, j*s - p + v*d, c] * k[u,v,c]): four channels of TILE_W neighbours in a row a thread.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint KERNEL_H = 3;
layout(constant_id = 2) const uint KERNEL_W = 3;
layout(constant_id = 3) const uint STRIDE_X = 1;
layout(constant_id = 4) const bool ADJACENT = true;  // dilation 1: the columns of a strip are loaded once and used for every tap
layout(constant_id = 5) const bool ALIGNED = false;  // CHANNELS is a multiple of four
layout(constant_id = 6) const uint FUNCTION = 0;
layout(constant_id = 7) const float SLOPE = 0.0;
layout(constant_id = 8) const uint RESIDUAL = 0;
#include "epilogue.glsl"

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };   // [KERNEL_H, KERNEL_W, quads]
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [quads]
READ_BOTH(3, r);
WRITE_BOTH(4, y);
layout(push_constant) uniform Push {
    uint IMAGES, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH, CHANNELS;
    int STRIDE_Y, DILATION_Y, DILATION_X, PAD_TOP, PAD_LEFT;
};

const uint SPAN = (TILE_W - 1) * STRIDE_X + KERNEL_W;  // columns that a strip reads

void main() {
    const uint index = FLAT_INDEX, strips = (OUT_WIDTH + TILE_W - 1) / TILE_W, quads = (CHANNELS + 3) / 4;
    const uint q = index % quads, j0 = index / quads % strips * TILE_W, line = index / quads / strips;
    if (line >= IMAGES * OUT_HEIGHT) return;
    const uint image = line / OUT_HEIGHT, i = line % OUT_HEIGHT, left = CHANNELS - 4 * q;

    vec4 sum[TILE_W];
    [[unroll]] for (uint t = 0; t < TILE_W; t++) sum[t] = b4[q];
    for (uint u = 0; u < KERNEL_H; u++) {
        const int row = int(i) * STRIDE_Y - PAD_TOP + int(u) * DILATION_Y;
        if (row < 0 || row >= int(HEIGHT)) continue;
        const uint start = (image * HEIGHT + uint(row)) * WIDTH;
        const int first = int(j0 * STRIDE_X) - PAD_LEFT;
        if (ADJACENT) {
            vec4 w[KERNEL_W];
            [[unroll]] for (uint v = 0; v < KERNEL_W; v++) w[v] = vec4(k4[(u * KERNEL_W + v) * quads + q]);
            [[unroll]] for (uint s = 0; s < SPAN; s++) {
                const int column = first + int(s);
                const bool inside = column >= 0 && column < int(WIDTH);
                const uint at = (start + uint(inside ? column : 0)) * CHANNELS + 4 * q;
                vec4 value = LOAD_QUAD(x, at, ALIGNED, left);
                if (!inside) value = vec4(0.0);
                [[unroll]] for (uint t = 0; t < TILE_W; t++) {
                    // Unsigned: a tap before the first is beyond the last too.
                    const uint v = s - t * STRIDE_X;
                    if (v < KERNEL_W) sum[t] += value * w[v];
                }
            }
        } else {
            for (uint v = 0; v < KERNEL_W; v++) {
                const vec4 w = vec4(k4[(u * KERNEL_W + v) * quads + q]);
                [[unroll]] for (uint t = 0; t < TILE_W; t++) {
                    const int column = first + int(t * STRIDE_X) + int(v) * DILATION_X;
                    if (column < 0 || column >= int(WIDTH)) continue;
                    const uint at = (start + uint(column)) * CHANNELS + 4 * q;
                    sum[t] += LOAD_QUAD(x, at, ALIGNED, left) * w;
                }
            }
        }
    }
    [[unroll]] for (uint t = 0; t < TILE_W; t++) {
        if (j0 + t >= OUT_WIDTH) continue;
        const uint to = (line * OUT_WIDTH + j0 + t) * CHANNELS + 4 * q;
        vec4 residual = vec4(0.0);
        if (RESIDUAL != RESIDUAL_NONE) residual = LOAD_QUAD(r, to, ALIGNED, left);
        const vec4 value = finish(sum[t], residual);
        STORE_QUAD(y, to, ALIGNED, left, value)
    }
}
