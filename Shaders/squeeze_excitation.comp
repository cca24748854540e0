#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! axis   SUMMED alone together
//! const  0 LOCAL 64
//! const  1 CHANNELS
//! const  2 SQUEEZED
//! const  3 OUTPUTS
//! const  4 REDUCE_FUNCTION
//! const  5 REDUCE_SLOPE 0.0
//! const  6 FUNCTION
//! const  7 SLOPE 0.0
//! const  8 GROUPS 1
#include "opsin.glsl"
#include "activations.glsl"

// y[n] = g(b2 + W2 f(b1 + W1 mean of x[n])): a workgroup an image, or GROUPS of them where a map is large: each sums up its share of the pixels and counts
// itself at its image, and the last one to come adds these sums up, in the order of the groups, and goes on. Nobody waits for anybody; the counter is 0 again
// afterwards (tiled_product.glsl does the same). Threads share the pixels and the first layer's channels, and add their parts up in shared memory.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
layout(constant_id = 1) const uint CHANNELS = 4;
layout(constant_id = 2) const uint SQUEEZED = 1;
layout(constant_id = 3) const uint OUTPUTS = 4;
layout(constant_id = 4) const uint REDUCE_FUNCTION = 0;
layout(constant_id = 5) const float REDUCE_SLOPE = 0.0;
layout(constant_id = 6) const uint FUNCTION = 0;
layout(constant_id = 7) const float SLOPE = 0.0;
layout(constant_id = 8) const uint GROUPS = 1;

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K1 { T4 k1[]; };    // [quads of channels, squeezed], four channels each
layout(std430, binding = 2) readonly buffer B1 { float b1[]; };
layout(std430, binding = 3) readonly buffer K2 { T4 k2[]; };    // [squeezed, quads of outputs]
layout(std430, binding = 4) readonly buffer B2 { vec4 b2[]; };
WRITE_BOTH(5, y);
#ifdef SUMMED_TOGETHER
layout(std430, binding = 6) coherent buffer P { vec4 partial[]; };  // [IMAGES, GROUPS, quads]
layout(std430, binding = 7) coherent buffer A { uint arrived[]; };  // [IMAGES], 0
shared uint before;
#endif
layout(push_constant) uniform Push { uint IMAGES, PIXELS; };

const uint QUADS = (CHANNELS + 3) / 4, OUT_QUADS = (OUTPUTS + 3) / 4;
// Sums that are made at once, and threads that share each.
const uint MEANS = QUADS < LOCAL ? QUADS : LOCAL, MEAN_PARTS = LOCAL / MEANS;
const uint SUMS = SQUEEZED < LOCAL ? SQUEEZED : LOCAL, SUM_PARTS = LOCAL / SUMS;
shared vec4 parts[LOCAL];
shared vec4 mean[QUADS];
shared float squeezed[SQUEEZED];

// Sums of every `step`-th of `count` rows from row `start` on, quad by quad; `store` keeps one.
#define ADD_UP(start, step, count, load, store) \
    for (uint first = 0; first < QUADS; first += MEANS) { \
        const uint q = first + i % MEANS, part = i / MEANS; \
        vec4 sum = vec4(0.0); \
        if (q < QUADS && part < MEAN_PARTS) { \
            for (uint p = (start) * MEAN_PARTS + part; p < (count); p += (step) * MEAN_PARTS) sum += load; \
        } \
        parts[i] = sum; \
        barrier(); \
        if (q < QUADS && part == 0) { \
            for (uint p = 1; p < MEAN_PARTS; p++) sum += parts[p * MEANS + i]; \
            store; \
        } \
        barrier(); \
    }
#define PIXEL(p, q) LOAD_QUAD(x, (image * PIXELS + (p)) * CHANNELS + 4 * (q), CHANNELS % 4 == 0, CHANNELS - 4 * (q))

void main() {
    const uint group = FLAT_GROUP, image = group / GROUPS, i = gl_LocalInvocationIndex;
    if (image >= IMAGES) return;

#ifdef SUMMED_TOGETHER
    ADD_UP(group % GROUPS, GROUPS, PIXELS, PIXEL(p, q), partial[group * QUADS + q] = sum)
    memoryBarrierBuffer();
    barrier();
    if (i == 0) before = atomicAdd(arrived[image], 1);
    barrier();
    if (before != GROUPS - 1) return;
    memoryBarrierBuffer();
    if (i == 0) arrived[image] = 0;
    ADD_UP(0, 1, GROUPS, partial[(image * GROUPS + p) * QUADS + q], mean[q] = sum / float(PIXELS))
#else
    ADD_UP(0, 1, PIXELS, PIXEL(p, q), mean[q] = sum / float(PIXELS))
#endif

    for (uint first = 0; first < SQUEEZED; first += SUMS) {
        const uint r = first + i % SUMS, part = i / SUMS;
        float sum = 0.0;
        if (r < SQUEEZED && part < SUM_PARTS) {
            for (uint q = part; q < QUADS; q += SUM_PARTS) sum += dot(mean[q], vec4(k1[q * SQUEEZED + r]));
        }
        parts[i].x = sum;
        barrier();
        if (r < SQUEEZED && part == 0) {
            sum += b1[r];
            for (uint p = 1; p < SUM_PARTS; p++) sum += parts[p * SUMS + i].x;
            squeezed[r] = activate(vec4(sum), REDUCE_FUNCTION, REDUCE_SLOPE).x;
        }
        barrier();
    }

    for (uint q = i; q < OUT_QUADS; q += LOCAL) {
        vec4 sum = b2[q];
        for (uint r = 0; r < SQUEEZED; r++) sum += squeezed[r] * vec4(k2[r * OUT_QUADS + q]);
        const uint to = image * OUTPUTS + 4 * q, left = OUTPUTS - 4 * q;
        const vec4 value = activate(sum, FUNCTION, SLOPE);
        STORE_QUAD(y, to, OUTPUTS % 4 == 0, left, value)
    }
}
