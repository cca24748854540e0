#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   STORAGE
//! axis   TILE 1x1 4x2 8x1
//! const  0 LOCAL 64
//! const  1 KERNEL_H 1
//! const  2 KERNEL_W 1
//! const  3 CHANNELS
//! const  4 OUTPUTS
//! const  5 FUNCTION 0
//! const  6 SLOPE 0.0
//! const  7 RESIDUAL 0
//! const  8 GATED false
#include "opsin.glsl"

// y[m, o] = epilogue(b[o] + sum over u,v,c of x[n, i*s - p + u*d, j*s - p + v*d, c] * k[u, v, c, o]): TILE_W pixels x 4*TILE_H outputs a thread, in registers.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint KERNEL_H = 1;
layout(constant_id = 2) const uint KERNEL_W = 1;
layout(constant_id = 3) const uint CHANNELS = 4;
layout(constant_id = 4) const uint OUTPUTS = 4;
layout(constant_id = 5) const uint FUNCTION = 0;
layout(constant_id = 6) const float SLOPE = 0.0;
layout(constant_id = 7) const uint RESIDUAL = 0;
layout(constant_id = 8) const bool GATED = false;  // x is multiplied by gate[n, c] first; one tap
#include "epilogue.glsl"

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };   // [KERNEL_H, KERNEL_W, CHANNELS, columns * TILE_H] quads of outputs
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [columns * TILE_H]
READ_BOTH(3, r);
WRITE_BOTH(4, y);
READ_BOTH(5, gate);
layout(push_constant) uniform Push {
    uint PIXELS, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH;
    int STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X, PAD_TOP, PAD_LEFT;
};

const uint COLUMNS = (OUTPUTS + 4 * TILE_H - 1) / (4 * TILE_H);
const bool POINTWISE = KERNEL_H == 1 && KERNEL_W == 1;

void main() {
    const uint index = FLAT_INDEX;
    const uint q0 = index % COLUMNS * TILE_H, m0 = index / COLUMNS * TILE_W;
    if (m0 >= PIXELS) return;

    vec4 sum[TILE_W][TILE_H];
    ivec2 corner[TILE_W];  // the window's first row and column
    uint image[TILE_W];    // the first pixel of the image
    uint gate_at[TILE_W];
    [[unroll]] for (uint t = 0; t < TILE_W; t++) {
        const uint m = min(m0 + t, PIXELS - 1), place = m % (OUT_HEIGHT * OUT_WIDTH);
        image[t] = m / (OUT_HEIGHT * OUT_WIDTH) * HEIGHT * WIDTH;
        gate_at[t] = m / (OUT_HEIGHT * OUT_WIDTH) * CHANNELS;
        corner[t] = ivec2(int(place / OUT_WIDTH) * STRIDE_Y - PAD_TOP, int(place % OUT_WIDTH) * STRIDE_X - PAD_LEFT);
        [[unroll]] for (uint q = 0; q < TILE_H; q++) sum[t][q] = b4[q0 + q];
    }

    for (uint u = 0; u < KERNEL_H; u++) {
        for (uint v = 0; v < KERNEL_W; v++) {
            uint at[TILE_W];
            bool inside[TILE_W];
            [[unroll]] for (uint t = 0; t < TILE_W; t++) {
                const ivec2 p = corner[t] + ivec2(int(u) * DILATION_Y, int(v) * DILATION_X);
                inside[t] = p.x >= 0 && p.x < int(HEIGHT) && p.y >= 0 && p.y < int(WIDTH);
                at[t] = inside[t] ? (image[t] + uint(p.x) * WIDTH + uint(p.y)) * CHANNELS : 0;
            }
            uint row = (u * KERNEL_W + v) * CHANNELS * COLUMNS * TILE_H + q0;
            if (CHANNELS % 4 == 0) {
                for (uint c = 0; c < CHANNELS; c += 4) {
                    vec4 a[TILE_W];
                    [[unroll]] for (uint t = 0; t < TILE_W; t++) {
                        a[t] = inside[t] ? vec4(x4[(at[t] + c) >> 2]) : vec4(0.0);
                        if (GATED) a[t] *= vec4(gate4[(gate_at[t] + c) >> 2]);
                    }
                    [[unroll]] for (uint j = 0; j < 4; j++) {
                        [[unroll]] for (uint q = 0; q < TILE_H; q++) {
                            const vec4 w = vec4(k4[row + q]);
                            [[unroll]] for (uint t = 0; t < TILE_W; t++) sum[t][q] += a[t][j] * w;
                        }
                        row += COLUMNS * TILE_H;
                    }
                }
            } else {
                for (uint c = 0; c < CHANNELS; c++) {
                    float a[TILE_W];
                    [[unroll]] for (uint t = 0; t < TILE_W; t++) {
                        a[t] = inside[t] ? float(x[at[t] + c]) : 0.0;
                        if (GATED) a[t] *= float(gate[gate_at[t] + c]);
                    }
                    [[unroll]] for (uint q = 0; q < TILE_H; q++) {
                        const vec4 w = vec4(k4[row + q]);
                        [[unroll]] for (uint t = 0; t < TILE_W; t++) sum[t][q] += a[t] * w;
                    }
                    row += COLUMNS * TILE_H;
                }
            }
        }
    }

    [[unroll]] for (uint t = 0; t < TILE_W; t++) {
        [[unroll]] for (uint q = 0; q < TILE_H; q++) {
            const uint o = 4 * (q0 + q), m = m0 + t;
            if (m >= PIXELS || o >= OUTPUTS) continue;
            const uint to = m * OUTPUTS + o, left = OUTPUTS - o;
            vec4 residual = vec4(0.0);
            if (RESIDUAL != RESIDUAL_NONE) residual = LOAD_QUAD(r, to, OUTPUTS % 4 == 0, left);
            const vec4 value = finish(sum[t][q], residual);
            STORE_QUAD(y, to, OUTPUTS % 4 == 0, left, value)
        }
    }
}
