#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   STORAGE
//! axis   TILE 1x1 4x1 4x2
//! const  0 LOCAL 64
//! const  1 KERNEL_H
//! const  2 KERNEL_W
//! const  3 STEP_X
//! const  4 STEP_Y
//! const  5 NARROW
//! const  6 ALIGNED
//! const  7 FUNCTION 0
//! const  8 SLOPE 0.0
//! const  9 RESIDUAL 0
#include "opsin.glsl"

// y[n,i,j,c] = epilogue(b[c] + sum over u,v of x[n, i*s - p + u*d, j*s - p + v*d, c] * k[u,v,c]): four channels of TILE_W x TILE_H outputs a thread. The
// outputs of a tile are GAP apart, so that their windows share columns and rows whatever the dilation: with GAP = d / gcd(s, d) the windows of neighbours are
// STEP = s / gcd(s, d) taps apart.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint KERNEL_H = 3;
layout(constant_id = 2) const uint KERNEL_W = 3;
layout(constant_id = 3) const uint STEP_X = 1;
layout(constant_id = 4) const uint STEP_Y = 1;
layout(constant_id = 5) const bool NARROW = true;    // a row of weights fits into registers, so that each column is loaded once
layout(constant_id = 6) const bool ALIGNED = false;  // CHANNELS is a multiple of four
layout(constant_id = 7) const uint FUNCTION = 0;
layout(constant_id = 8) const float SLOPE = 0.0;
layout(constant_id = 9) const uint RESIDUAL = 0;
#include "epilogue.glsl"

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
    const uint index = FLAT_INDEX, q = index % quads, image = index / quads / across / down;
    if (image >= IMAGES) return;
    const uint j0 = first_of(index / quads % across, TILE_W, GAP_X), i0 = first_of(index / quads / across % down, TILE_H, GAP_Y);
    const int top = int(i0) * STRIDE_Y - PAD_TOP, first = int(j0) * STRIDE_X - PAD_LEFT;
    const uint left = CHANNELS - 4 * q;

    vec4 sum[TILE_H][TILE_W];
    [[unroll]] for (uint h = 0; h < TILE_H; h++) {
        [[unroll]] for (uint t = 0; t < TILE_W; t++) sum[h][t] = b4[q];
    }
    for (uint s = 0; s < ROWS; s++) {
        const int row = top + int(s) * DILATION_Y;
        if (row < 0 || row >= int(HEIGHT)) continue;
        const uint start = (image * HEIGHT + uint(row)) * WIDTH;
        if (NARROW) {
            vec4 w[TILE_H][KERNEL_W];
            [[unroll]] for (uint h = 0; h < TILE_H; h++) {
                // Unsigned: a tap before the first is beyond the last too.
                const uint u = s - h * STEP_Y;
                const bool exists = TILE_H == 1 || u < KERNEL_H;
                [[unroll]] for (uint v = 0; v < KERNEL_W; v++) w[h][v] = exists ? vec4(k4[(u * KERNEL_W + v) * quads + q]) : vec4(0.0);
            }
            [[unroll]] for (uint p = 0; p < COLUMNS; p++) {
                const int column = first + int(p) * DILATION_X;
                const bool inside = column >= 0 && column < int(WIDTH);
                const uint at = (start + uint(inside ? column : 0)) * CHANNELS + 4 * q;
                vec4 value = LOAD_QUAD(x, at, ALIGNED, left);
                if (!inside) value = vec4(0.0);
                [[unroll]] for (uint t = 0; t < TILE_W; t++) {
                    const uint v = p - t * STEP_X;
                    if (v >= KERNEL_W) continue;
                    [[unroll]] for (uint h = 0; h < TILE_H; h++) sum[h][t] += value * w[h][v];
                }
            }
        } else {
            [[unroll]] for (uint h = 0; h < TILE_H; h++) {
                const uint u = s - h * STEP_Y;
                if (u >= KERNEL_H) continue;
                for (uint v = 0; v < KERNEL_W; v++) {
                    const vec4 w = vec4(k4[(u * KERNEL_W + v) * quads + q]);
                    [[unroll]] for (uint t = 0; t < TILE_W; t++) {
                        const int column = first + int(t * STEP_X + v) * DILATION_X;
                        if (column < 0 || column >= int(WIDTH)) continue;
                        sum[h][t] += LOAD_QUAD(x, (start + uint(column)) * CHANNELS + 4 * q, ALIGNED, left) * w;
                    }
                }
            }
        }
    }
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
