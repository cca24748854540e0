#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   STORAGE
//! axis   TILE 32x32 64x64
//! const  0 CHANNELS
//! const  1 OUTPUTS
//! const  2 PART
//! const  3 FUNCTION 0
//! const  4 SLOPE 0.0
//! const  5 NORMED false
//! const  6 EPSILON 0.0
//! const  7 SPLITS 1
#include "opsin.glsl"

// Up to three linear layers of the same input, each of PART outputs, as one product of matrices that writes to three buffers: attention's queries, keys and
// values. NORMED normalises the input's pixels over their channels on the way into shared memory (the layer norm before it; its weight and bias are in k4 and
// b4): each workgroup finds the mean and deviation of its own pixels first, whose channels it reads anyway. CHANNELS and PART are multiples of four.
layout(constant_id = 0) const uint CHANNELS = 4;
layout(constant_id = 1) const uint OUTPUTS = 4;
layout(constant_id = 2) const uint PART = 4;
layout(constant_id = 3) const uint FUNCTION = 0;
layout(constant_id = 4) const float SLOPE = 0.0;
layout(constant_id = 5) const bool NORMED = false;
layout(constant_id = 6) const float EPSILON = 0.0;
layout(constant_id = 7) const uint SPLITS = 1;
#include "activations.glsl"
#include "tile_sizes.glsl"

layout(std430, binding = 0) readonly buffer X { T4 x4[]; };
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };    // [panels, quads of channels, 4, TILE_QUADS] quads of outputs
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };   // [panels * TILE_QUADS]
layout(std430, binding = 3) writeonly buffer Y0 { T4 y0[]; };  // [PIXELS, PART / 4], as the next two
layout(std430, binding = 4) writeonly buffer Y1 { T4 y1[]; };
layout(std430, binding = 5) writeonly buffer Y2 { T4 y2[]; };
layout(std430, binding = 6) coherent buffer P { vec4 partial[]; };  // [SPLITS, PIXELS, panels * TILE_QUADS]
layout(std430, binding = 7) coherent buffer A { uint arrived[]; };  // [tiles], 0
layout(push_constant) uniform Push { uint PIXELS; };

const uint ALL_QUADS = CHANNELS / 4;

// Of the pixels that this thread loads: the first quad, what normalises it.
uint first_quad[LOADS_A];
float mean[LOADS_A], factor[LOADS_A];

void find_a(uint e, uint m) { first_quad[e] = m * ALL_QUADS; }

vec4 load_a(uint e, uint quad) {
    if (quad >= ALL_QUADS) return vec4(0.0);
    const vec4 v = vec4(x4[first_quad[e] + quad]);
    return NORMED ? (v - mean[e]) * factor[e] : v;
}

// The DEPTH neighbours that load a pixel's quads add up every DEPTH-th of them, from its first channel on, so that a large mean costs no digits.
#define PREPARE() if (NORMED) { \
    const uint d = i % DEPTH; \
    [[unroll]] for (uint e = 0; e < LOADS_A; e++) { \
        const float start = float(x4[first_quad[e]].x); \
        vec4 total = vec4(0.0); \
        for (uint q = d; q < ALL_QUADS; q += DEPTH) total += vec4(x4[first_quad[e] + q]) - start; \
        mean[e] = start + add_up(e, i, total) / float(CHANNELS); \
    } \
    [[unroll]] for (uint e = 0; e < LOADS_A; e++) { \
        vec4 total = vec4(0.0); \
        for (uint q = d; q < ALL_QUADS; q += DEPTH) { \
            const vec4 from = vec4(x4[first_quad[e] + q]) - mean[e]; \
            total += from * from; \
        } \
        factor[e] = inversesqrt(add_up(e, i, total) / float(CHANNELS) + EPSILON); \
    } \
}
#define STORE_RESULT(m, quad, value) { \
    const uint o = 4 * (quad), part = o / PART, at = ((m) * PART + o % PART) >> 2; \
    const T4 result = T4(activate(value, FUNCTION, SLOPE)); \
    if (part == 0) y0[at] = result; \
    else if (part == 1) y1[at] = result; \
    else y2[at] = result; \
}
#include "tiled_product.glsl"
