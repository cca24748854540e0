#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   CONFIDENCE without with
//! const  0 LOCAL 64
#include "opsin.glsl"

// The label of each pixel of a photo out of a coarse map of logits: interpolated first, the largest taken after that, ties to the lowest. Two pixels a
// thread, which are a word of the mask; no logits at the photo's size are stored anywhere. Roundings are those of CKernels/segmentation_mask.c: `precise`
// keeps products and sums apart.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer Packed { vec4 packed[]; };   // [HEIGHT, WIDTH, QUADS], see segmentation_cells.comp
layout(std430, binding = 1) readonly buffer Labels { uint labels[]; };   // [HEIGHT, WIDTH]
layout(std430, binding = 2) readonly buffer Rows { vec2 rows[]; };       // of each row of the photo: the row of cells before it, how far to the next
layout(std430, binding = 3) readonly buffer Columns { vec2 columns[]; };
layout(std430, binding = 4) writeonly buffer Y { uint y[]; };            // two labels of 16 bits
#ifdef CONFIDENCE_WITH
layout(std430, binding = 5) writeonly buffer Confidence { float confidence[]; };  // the probability of the label, 0 outside
#endif
// What the model saw of the photo: rows FIRST_ROW to END_ROW - 1, columns alike. The rest is 65535.
layout(push_constant) uniform Push {
    uint PIXELS, OUT_WIDTH, HEIGHT, WIDTH, CHANNELS, QUADS, FIRST_ROW, END_ROW, FIRST_COLUMN, END_COLUMN;
};

const uint OUTSIDE = 65535;

// Four logits at a point, in the order of operations that PyTorch has.
vec4 between(uvec4 at, float right, float down) {
    precise vec4 upper = packed[at.x] * (1.0 - right) + packed[at.y] * right;
    precise vec4 lower = packed[at.z] * (1.0 - right) + packed[at.w] * right;
    precise vec4 v = upper * (1.0 - down) + lower * down;
    return v;
}

uint label_at(uint pixel) {
    const uint i = pixel / OUT_WIDTH, j = pixel % OUT_WIDTH;
    if (i < FIRST_ROW || i >= END_ROW || j < FIRST_COLUMN || j >= END_COLUMN) {
#ifdef CONFIDENCE_WITH
        confidence[pixel] = 0.0;
#endif
        return OUTSIDE;
    }
    const vec2 row = rows[i], column = columns[j];
    const uint upper = uint(row.x), left = uint(column.x), lower = min(upper + 1, HEIGHT - 1), right = min(left + 1, WIDTH - 1);
    const uvec4 cells = uvec4(upper * WIDTH + left, upper * WIDTH + right, lower * WIDTH + left, lower * WIDTH + right);
#ifndef CONFIDENCE_WITH
    // What is the largest at all four corners is so at every point between them: interpolation weighs the corners, and no weight is negative.
    const uint corner = labels[cells.x];
    if (corner == labels[cells.y] && corner == labels[cells.z] && corner == labels[cells.w]) return corner;
#endif
    const uvec4 at = cells * QUADS;
    uint label = 0;
    float best = between(at, column.y, row.y).x;
    float sum = 0.0;
    for (uint q = 0; q < QUADS; q++) {
        const vec4 v = between(at + q, column.y, row.y);
        const float most = max(max(v.x, v.y), max(v.z, v.w));
#ifdef CONFIDENCE_WITH
        // Softmax as it goes: what was summed is rescaled when a larger logit comes.
        const float top = max(best, most);
        const vec4 shares = exp(v - top);
        sum = sum * exp(best - top) + shares.x + shares.y + shares.z + shares.w;
#endif
        if (most > best) {
            best = most;
            label = q * 4 + (v.x == most ? 0u : v.y == most ? 1u : v.z == most ? 2u : 3u);
        }
    }
#ifdef CONFIDENCE_WITH
    confidence[pixel] = 1.0 / sum;
#endif
    return label < CHANNELS ? label : 0u;
}

void main() {
    const uint word = FLAT_INDEX, pixel = 2 * word;
    if (pixel >= PIXELS) return;
    const uint first = label_at(pixel), second = pixel + 1 < PIXELS ? label_at(pixel + 1) : 0u;
    y[word] = first | second << 16;
}
