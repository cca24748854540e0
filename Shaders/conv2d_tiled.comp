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

// conv2d.comp for GPUs: an implicit product of matrices. A workgroup makes TILE_W pixels x TILE_H outputs; its threads load DEPTH quads of channels of both
// factors into shared memory at a time, while they multiply those before. With SPLITS the depth is shared by as many workgroups, whose sums
// conv2d_reduce.comp adds up: small maps have too few tiles to fill a GPU.
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

// Pixels and quads of outputs of one thread, threads side by side along both, quads of channels at a time.
#if TILE_W == 8
#define ROWS 1
#define QUADS 1
#define DEPTH 8
#elif TILE_W == 32
#define ROWS 4
#define QUADS 1
#define DEPTH 4
#elif TILE_W == 64
#define ROWS 4
#define QUADS 2
#define DEPTH 4
#else
#define ROWS 8
#define QUADS 2
#define DEPTH 4
#endif
#define TILE_QUADS (TILE_H / 4)
#define THREADS_Q (TILE_QUADS / QUADS)
#define THREADS_R (TILE_W / ROWS)
#define THREADS (THREADS_Q * THREADS_R)
#define LOADS_A (TILE_W * DEPTH / THREADS)
#define LOADS_B (4 * DEPTH * TILE_QUADS / THREADS)
layout(local_size_x = THREADS) in;

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };   // [panels, taps, channels in whole quads, TILE_QUADS] quads of outputs
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [panels * TILE_QUADS]
READ_BOTH(3, r);
WRITE_BOTH(4, y);
READ_BOTH(5, gate);
layout(std430, binding = 6) writeonly buffer P { vec4 partial[]; };  // [SPLITS, PIXELS, panels * TILE_QUADS]
layout(push_constant) uniform Push {
    uint PIXELS, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH;
    int STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X, PAD_TOP, PAD_LEFT;
};

const uint PANELS = (OUTPUTS + TILE_H - 1) / TILE_H, CHANNEL_QUADS = (CHANNELS + 3) / 4, ALL_QUADS = KERNEL_H * KERNEL_W * CHANNEL_QUADS;
const uint STAGES = (ALL_QUADS + DEPTH - 1) / DEPTH, STAGES_EACH = (STAGES + SPLITS - 1) / SPLITS;
const bool ALIGNED = CHANNELS % 4 == 0;

// One quad more a row: neighbouring rows then lie in different banks.
#define PITCH (DEPTH + 1)
shared vec4 tile_a[TILE_W * PITCH];
shared vec4 tile_b[4 * DEPTH * TILE_QUADS];

// Of the pixels that this thread loads: the window's first row and column, the first pixel of the image, its gate.
ivec2 corner[LOADS_A];
uint image[LOADS_A], gate_at[LOADS_A];

vec4 load_a(uint e, uint quad) {
    if (quad >= ALL_QUADS) return vec4(0.0);
    const uint tap = quad / CHANNEL_QUADS, c = 4 * (quad % CHANNEL_QUADS);
    const ivec2 p = corner[e] + ivec2(int(tap / KERNEL_W) * DILATION_Y, int(tap % KERNEL_W) * DILATION_X);
    if (p.x < 0 || p.x >= int(HEIGHT) || p.y < 0 || p.y >= int(WIDTH)) return vec4(0.0);
    vec4 v = LOAD_QUAD(x, (image[e] + uint(p.x) * WIDTH + uint(p.y)) * CHANNELS + c, ALIGNED, CHANNELS - c);
    if (GATED) v *= LOAD_QUAD(gate, gate_at[e] + c, ALIGNED, CHANNELS - c);
    return v;
}

void main() {
    const uint group = FLAT_GROUP, panel = group % PANELS, split = group / PANELS % SPLITS, m0 = group / PANELS / SPLITS * TILE_W;
    if (m0 >= PIXELS) return;
    const uint i = gl_LocalInvocationIndex, column = i % THREADS_Q, row = i / THREADS_Q;
    [[unroll]] for (uint e = 0; e < LOADS_A; e++) {
        // Rows behind the last pixel compute it again and are not stored.
        const uint m = min(m0 + i / DEPTH + e * (THREADS / DEPTH), PIXELS - 1), n = m / (OUT_HEIGHT * OUT_WIDTH), place = m % (OUT_HEIGHT * OUT_WIDTH);
        image[e] = n * HEIGHT * WIDTH;
        gate_at[e] = n * CHANNELS;
        corner[e] = ivec2(int(place / OUT_WIDTH) * STRIDE_Y - PAD_TOP, int(place % OUT_WIDTH) * STRIDE_X - PAD_LEFT);
    }
    vec4 sum[ROWS][QUADS];
    [[unroll]] for (uint t = 0; t < ROWS; t++) {
        [[unroll]] for (uint q = 0; q < QUADS; q++) sum[t][q] = vec4(0.0);
    }

    const uint first = split * STAGES_EACH, end = min(first + STAGES_EACH, STAGES);
    vec4 next_a[LOADS_A], next_b[LOADS_B];
#define FETCH(stage) { \
    [[unroll]] for (uint e = 0; e < LOADS_A; e++) next_a[e] = load_a(e, (stage) * DEPTH + i % DEPTH); \
    [[unroll]] for (uint e = 0; e < LOADS_B; e++) { \
        const uint at = (stage) * (4 * DEPTH * TILE_QUADS) + i + e * THREADS; \
        next_b[e] = at < ALL_QUADS * 4 * TILE_QUADS ? vec4(k4[panel * (ALL_QUADS * 4 * TILE_QUADS) + at]) : vec4(0.0); \
    } \
}
    if (first < end) FETCH(first)
    for (uint stage = first; stage < end; stage++) {
        [[unroll]] for (uint e = 0; e < LOADS_A; e++) tile_a[(i / DEPTH + e * (THREADS / DEPTH)) * PITCH + i % DEPTH] = next_a[e];
        [[unroll]] for (uint e = 0; e < LOADS_B; e++) tile_b[i + e * THREADS] = next_b[e];
        barrier();
        if (stage + 1 < end) FETCH(stage + 1)
        [[unroll]] for (uint d = 0; d < DEPTH; d++) {
            vec4 a[ROWS];
            [[unroll]] for (uint t = 0; t < ROWS; t++) a[t] = tile_a[(row + t * THREADS_R) * PITCH + d];
            [[unroll]] for (uint j = 0; j < 4; j++) {
                [[unroll]] for (uint q = 0; q < QUADS; q++) {
                    const vec4 w = tile_b[(4 * d + j) * TILE_QUADS + column + q * THREADS_Q];
                    [[unroll]] for (uint t = 0; t < ROWS; t++) sum[t][q] += a[t][j] * w;
                }
            }
        }
        barrier();
    }

    [[unroll]] for (uint t = 0; t < ROWS; t++) {
        [[unroll]] for (uint q = 0; q < QUADS; q++) {
            const uint quad = panel * TILE_QUADS + column + q * THREADS_Q, o = 4 * quad, m = m0 + row + t * THREADS_R;
            if (m >= PIXELS || o >= OUTPUTS) continue;
            if (SPLITS > 1) {
                partial[(split * PIXELS + m) * (PANELS * TILE_QUADS) + quad] = sum[t][q];
                continue;
            }
            const uint to = m * OUTPUTS + o, left = OUTPUTS - o;
            vec4 residual = vec4(0.0);
            if (RESIDUAL != RESIDUAL_NONE) residual = LOAD_QUAD(r, to, OUTPUTS % 4 == 0, left);
            const vec4 value = finish(sum[t][q] + b4[quad], residual);
            STORE_QUAD(y, to, OUTPUTS % 4 == 0, left, value)
        }
    }
}
