#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! axis   REDUCTION
//! const  0 LOCAL 64
#include "opsin.glsl"

// y = (x - mean) / sqrt(variance + epsilon) * weight[c] + bias[c] over the pixels of an image and the channels of a group, a workgroup a group.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
#include "workgroup.glsl"

layout(std430, binding = 0) readonly buffer X { T x[]; };
layout(std430, binding = 1) readonly buffer Weight { float weight[]; };
layout(std430, binding = 2) readonly buffer Bias { float bias[]; };
layout(std430, binding = 3) writeonly buffer Y { T y[]; };
// A layer norm is one image a pixel, one group.
layout(push_constant) uniform Push { uint IMAGES, PIXELS, GROUPS, CHANNELS; float EPSILON; };

void main() {
    const uint part = FLAT_GROUP, image = part / GROUPS, group = part % GROUPS;
    if (image >= IMAGES) return;
    const uint width = CHANNELS / GROUPS, count = PIXELS * width, base = image * PIXELS * CHANNELS + group * width;
    // Everything is taken from the first element, so that a mean that is large beside the deviation costs no digits.
    const float first = float(x[base]);
    float sum = 0.0;
    for (uint e = gl_LocalInvocationIndex; e < count; e += LOCAL) sum += float(x[base + e / width * CHANNELS + e % width]) - first;
    const float mean = workgroup_sum(sum) / float(count);
    float squares = 0.0;
    for (uint e = gl_LocalInvocationIndex; e < count; e += LOCAL) {
        const float d = float(x[base + e / width * CHANNELS + e % width]) - first - mean;
        squares += d * d;
    }
    const float factor = inversesqrt(workgroup_sum(squares) / float(count) + EPSILON);
    for (uint e = gl_LocalInvocationIndex; e < count; e += LOCAL) {
        const uint at = base + e / width * CHANNELS + e % width, c = group * width + e % width;
        y[at] = T((float(x[at]) - first - mean) * factor * weight[c] + bias[c]);
    }
}
