#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   STORAGE
//! axis   FROM map expansion
//! const  0 LOCAL
//! const  1 KERNEL_H
//! const  2 KERNEL_W
//! const  3 STRIDE_Y
//! const  4 STRIDE_X
//! const  5 DILATION_Y
//! const  6 DILATION_X
//! const  7 GROUP_H
//! const  8 GROUP_W
//! const  9 GROUP_QUADS
//! const  10 ALIGNED
//! const  11 FUNCTION 0
//! const  12 SLOPE 0.0
//! const  13 RESIDUAL 0
//! const  14 INPUTS 4
//! const  15 EXPAND_FUNCTION 0
//! const  16 EXPAND_SLOPE 0.0
#include "opsin.glsl"

// depthwise_conv2d.comp with its input staged in shared memory: a workgroup makes GROUP_H x GROUP_W outputs of GROUP_QUADS quads of channels and reads what
// their windows cover once; a thread makes four channels of TILE_W x TILE_H neighbours, whose windows share rows and columns in registers. Neighbouring
// threads have neighbouring quads, so loads of both memories are of whole lines and meet different banks.
//
// FROM_EXPANSION: the map is what a pointwise convolution makes of x (the first half of an inverted bottleneck), computed where it is staged, so that it never
// is in global memory. Regions of neighbours overlap, so some of it is computed twice. A workgroup has more threads then, which the windows need not.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
layout(constant_id = 1) const uint KERNEL_H = 3;
layout(constant_id = 2) const uint KERNEL_W = 3;
layout(constant_id = 3) const uint STRIDE_Y = 1;
layout(constant_id = 4) const uint STRIDE_X = 1;
layout(constant_id = 5) const uint DILATION_Y = 1;
layout(constant_id = 6) const uint DILATION_X = 1;
layout(constant_id = 7) const uint GROUP_H = 8;
layout(constant_id = 8) const uint GROUP_W = 8;
layout(constant_id = 9) const uint GROUP_QUADS = 8;
layout(constant_id = 10) const bool ALIGNED = false;  // CHANNELS is a multiple of four
layout(constant_id = 11) const uint FUNCTION = 0;
layout(constant_id = 12) const float SLOPE = 0.0;
layout(constant_id = 13) const uint RESIDUAL = 0;
layout(constant_id = 14) const uint INPUTS = 4;           // channels of x, if it is expanded
layout(constant_id = 15) const uint EXPAND_FUNCTION = 0;
layout(constant_id = 16) const float EXPAND_SLOPE = 0.0;
#include "epilogue.glsl"
#define TILE_W 4
#define TILE_H 2
#define AT_ONCE 4

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };   // [KERNEL_H, KERNEL_W, quads]
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [quads]
READ_BOTH(3, r);
WRITE_BOTH(4, y);
#ifdef FROM_EXPANSION
layout(std430, binding = 5) readonly buffer E { T4 e4[]; };    // [quads of inputs, 4, quads]
layout(std430, binding = 6) readonly buffer F { vec4 f4[]; };  // [quads]
#endif
layout(push_constant) uniform Push {
    uint IMAGES, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH, CHANNELS;
    int PAD_TOP, PAD_LEFT;
};

// What the windows of a workgroup's outputs, and those of a thread's, cover.
const uint REGION_H = (GROUP_H - 1) * STRIDE_Y + (KERNEL_H - 1) * DILATION_Y + 1, REGION_W = (GROUP_W - 1) * STRIDE_X + (KERNEL_W - 1) * DILATION_X + 1;
const uint ROWS = (TILE_H - 1) * STRIDE_Y + (KERNEL_H - 1) * DILATION_Y + 1, COLUMNS = (TILE_W - 1) * STRIDE_X + (KERNEL_W - 1) * DILATION_X + 1;
const uint TAPS = KERNEL_H * KERNEL_W;
shared vec4 region[REGION_H * REGION_W * GROUP_QUADS];
shared vec4 taps[TAPS * GROUP_QUADS];

// Whether a tap of a window lies `at` behind its first. Unsigned: what lies before the first is beyond the last too.
bool is_tap(uint at, uint count, uint dilation) { return at % dilation == 0 && at / dilation < count; }

void main() {
    const uint quads = (CHANNELS + 3) / 4, slices = (quads + GROUP_QUADS - 1) / GROUP_QUADS;
    const uint across = (OUT_WIDTH + GROUP_W - 1) / GROUP_W, down = (OUT_HEIGHT + GROUP_H - 1) / GROUP_H;
    const uint group = FLAT_GROUP, q0 = group % slices * GROUP_QUADS, place = group / slices, image = place / across / down, i = gl_LocalInvocationIndex;
    if (image >= IMAGES) return;
    const uint i0 = place / across % down * GROUP_H, j0 = place % across * GROUP_W;
    const int top = int(i0 * STRIDE_Y) - PAD_TOP, first = int(j0 * STRIDE_X) - PAD_LEFT;

#ifdef FROM_EXPANSION
    // A thread expands one quad of channels of AT_ONCE pixels, so that it loads a weight once for all of them.
    const uint expanded = min(q0 + i % GROUP_QUADS, quads - 1), step = LOCAL / GROUP_QUADS;
    for (uint p0 = i / GROUP_QUADS; p0 < REGION_H * REGION_W; p0 += AT_ONCE * step) {
        vec4 made[AT_ONCE];
        uint from[AT_ONCE];
        bool exists[AT_ONCE];
        [[unroll]] for (uint t = 0; t < AT_ONCE; t++) {
            const uint p = p0 + t * step;
            const int row = top + int(p / REGION_W), column = first + int(p % REGION_W);
            exists[t] = p < REGION_H * REGION_W && row >= 0 && row < int(HEIGHT) && column >= 0 && column < int(WIDTH);
            from[t] = exists[t] ? ((image * HEIGHT + uint(row)) * WIDTH + uint(column)) * INPUTS : 0;
            made[t] = f4[expanded];
        }
        for (uint c = 0; c < INPUTS; c += 4) {
            vec4 w[4];
            [[unroll]] for (uint j = 0; j < 4; j++) w[j] = vec4(e4[(c + j) * quads + expanded]);
            [[unroll]] for (uint t = 0; t < AT_ONCE; t++) {
                const vec4 v = LOAD_QUAD(x, from[t] + c, INPUTS % 4 == 0, INPUTS - c);
                [[unroll]] for (uint j = 0; j < 4; j++) made[t] += v[j] * w[j];
            }
        }
        [[unroll]] for (uint t = 0; t < AT_ONCE; t++) {
            const uint p = p0 + t * step;
            // Beyond the image there is nothing to expand: what the windows see there is 0, not what a bias would make of it.
            if (p < REGION_H * REGION_W) region[p * GROUP_QUADS + i % GROUP_QUADS] = exists[t] ? activate(made[t], EXPAND_FUNCTION, EXPAND_SLOPE) : vec4(0.0);
        }
    }
#else
    for (uint at = i; at < REGION_H * REGION_W * GROUP_QUADS; at += LOCAL) {
        const uint q = q0 + at % GROUP_QUADS;
        const int row = top + int(at / GROUP_QUADS / REGION_W), column = first + int(at / GROUP_QUADS % REGION_W);
        vec4 value = vec4(0.0);
        if (q < quads && row >= 0 && row < int(HEIGHT) && column >= 0 && column < int(WIDTH)) {
            value = LOAD_QUAD(x, ((image * HEIGHT + uint(row)) * WIDTH + uint(column)) * CHANNELS + 4 * q, ALIGNED, CHANNELS - 4 * q);
        }
        region[at] = value;
    }
#endif
    for (uint at = i; at < TAPS * GROUP_QUADS; at += LOCAL) {
        taps[at] = vec4(k4[at / GROUP_QUADS * quads + min(q0 + at % GROUP_QUADS, quads - 1)]);
    }
    barrier();

    const uint lane = i % GROUP_QUADS, q = q0 + lane, tile = i / GROUP_QUADS;
    const uint h0 = tile / (GROUP_W / TILE_W) * TILE_H, t0 = tile % (GROUP_W / TILE_W) * TILE_W, left = CHANNELS - 4 * q;
    if (q >= quads) return;
#ifdef FROM_EXPANSION
    if (h0 >= GROUP_H) return;  // one of those that only expand
#endif
    vec4 sum[TILE_H][TILE_W];
    [[unroll]] for (uint h = 0; h < TILE_H; h++) {
        [[unroll]] for (uint t = 0; t < TILE_W; t++) sum[h][t] = b4[q];
    }
    [[unroll]] for (uint s = 0; s < ROWS; s++) {
        if (!is_tap(s, KERNEL_H, DILATION_Y) && !is_tap(s - STRIDE_Y, KERNEL_H, DILATION_Y)) continue;
        vec4 value[COLUMNS];
        [[unroll]] for (uint p = 0; p < COLUMNS; p++) value[p] = region[((h0 * STRIDE_Y + s) * REGION_W + t0 * STRIDE_X + p) * GROUP_QUADS + lane];
        [[unroll]] for (uint h = 0; h < TILE_H; h++) {
            if (!is_tap(s - h * STRIDE_Y, KERNEL_H, DILATION_Y)) continue;
            [[unroll]] for (uint v = 0; v < KERNEL_W; v++) {
                const vec4 w = taps[((s - h * STRIDE_Y) / DILATION_Y * KERNEL_W + v) * GROUP_QUADS + lane];
                [[unroll]] for (uint t = 0; t < TILE_W; t++) sum[h][t] += value[t * STRIDE_X + v * DILATION_X] * w;
            }
        }
    }
    [[unroll]] for (uint h = 0; h < TILE_H; h++) {
        [[unroll]] for (uint t = 0; t < TILE_W; t++) {
            const uint row = i0 + h0 + h, column = j0 + t0 + t;
            if (row >= OUT_HEIGHT || column >= OUT_WIDTH) continue;
            const uint to = ((image * OUT_HEIGHT + row) * OUT_WIDTH + column) * CHANNELS + 4 * q;
            vec4 residual = vec4(0.0);
            if (RESIDUAL != RESIDUAL_NONE) residual = LOAD_QUAD(r, to, ALIGNED, left);
            const vec4 value = finish(sum[h][t], residual);
            STORE_QUAD(y, to, ALIGNED, left, value)
        }
    }
}
