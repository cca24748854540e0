#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   STORAGE
//! axis   REDUCTION
//! const  0 LOCAL 256
//! const  1 CHANNELS
//! const  2 OUTPUTS
//! const  3 FUNCTION 0
//! const  4 SLOPE 0.0
//! const  5 NORMED false
//! const  6 EPSILON 0.0
#include "opsin.glsl"

// y[n] = f(b + W mean of x[n]): a global mean and the layer behind it, or with NORMED the layer norm between them too, whose weight and bias are in k4 and b4.
// A workgroup makes QUADS_MADE quads of an image's outputs and finds the mean by itself: its map, the last of a classifier, is small and lies in the
// device's cache, so that reading it once a workgroup takes less time than another dispatch. Threads share the pixels, then the channels.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 256;  // a power of two, at least QUADS_MADE
layout(constant_id = 1) const uint CHANNELS = 4;
layout(constant_id = 2) const uint OUTPUTS = 4;
layout(constant_id = 3) const uint FUNCTION = 0;
layout(constant_id = 4) const float SLOPE = 0.0;
layout(constant_id = 5) const bool NORMED = false;
layout(constant_id = 6) const float EPSILON = 0.0;
#include "activations.glsl"
#include "workgroup.glsl"
#define QUADS_MADE 8

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer K { T4 k4[]; };    // [panels, channels in whole quads, QUADS_MADE] quads of outputs
layout(std430, binding = 2) readonly buffer B { vec4 b4[]; };  // [panels * QUADS_MADE]
WRITE_BOTH(3, y);
layout(push_constant) uniform Push { uint IMAGES, PIXELS; };

const uint QUADS = (CHANNELS + 3) / 4, PANELS = (OUTPUTS + 4 * QUADS_MADE - 1) / (4 * QUADS_MADE);
// Quads of channels that are summed at once, and threads that share each.
const uint MEANS = QUADS < LOCAL ? QUADS : LOCAL, MEAN_PARTS = LOCAL / MEANS, SUM_PARTS = LOCAL / QUADS_MADE;
shared vec4 parts[LOCAL];
shared vec4 mean[QUADS];

// The sum over all channels of what is left of `from` and beyond it, or of its squares.
float over_channels(uint i, float from, bool squared) {
    float sum = 0.0;
    for (uint q = i; q < QUADS; q += LOCAL) {
        const vec4 d = existing(mean[q] - from, CHANNELS - 4 * q);
        sum += dot(d, squared ? d : vec4(1.0));
    }
    return workgroup_sum(sum);
}

void main() {
    const uint group = FLAT_GROUP, panel = group % PANELS, image = group / PANELS, i = gl_LocalInvocationIndex;
    if (image >= IMAGES) return;

    for (uint first = 0; first < QUADS; first += MEANS) {
        const uint q = first + i % MEANS, part = i / MEANS;
        vec4 sum = vec4(0.0);
        if (q < QUADS && part < MEAN_PARTS) {
            for (uint p = part; p < PIXELS; p += MEAN_PARTS) {
                sum += LOAD_QUAD(x, (image * PIXELS + p) * CHANNELS + 4 * q, CHANNELS % 4 == 0, CHANNELS - 4 * q);
            }
        }
        parts[i] = sum;
        barrier();
        if (q < QUADS && part == 0) {
            for (uint p = 1; p < MEAN_PARTS; p++) sum += parts[p * MEANS + i];
            mean[q] = sum / float(PIXELS);
        }
        barrier();
    }
    if (NORMED) {
        // From the first channel on, so that a mean that is large beside the deviation costs no digits.
        const float first = mean[0].x, centre = first + over_channels(i, first, false) / float(CHANNELS);
        const float factor = inversesqrt(over_channels(i, centre, true) / float(CHANNELS) + EPSILON);
        for (uint q = i; q < QUADS; q += LOCAL) mean[q] = (mean[q] - centre) * factor;
        barrier();
    }

    const uint made = i % QUADS_MADE;
    vec4 sum = vec4(0.0);
    for (uint q = i / QUADS_MADE; q < QUADS; q += SUM_PARTS) {
        const vec4 a = existing(mean[q], CHANNELS - 4 * q);
        [[unroll]] for (uint j = 0; j < 4; j++) sum += a[j] * vec4(k4[((panel * QUADS + q) * 4 + j) * QUADS_MADE + made]);
    }
    parts[i] = sum;
    barrier();
    const uint quad = panel * QUADS_MADE + made, o = 4 * quad;
    if (i >= QUADS_MADE || o >= OUTPUTS) return;
    sum += b4[quad];
    for (uint p = 1; p < SUM_PARTS; p++) sum += parts[p * QUADS_MADE + made];
    const uint to = image * OUTPUTS + o, left = OUTPUTS - o;
    const vec4 value = activate(sum, FUNCTION, SLOPE);
    STORE_QUAD(y, to, OUTPUTS % 4 == 0, left, value)
}
