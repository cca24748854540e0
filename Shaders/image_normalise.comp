#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
#include "opsin.glsl"

// From resized 8-bit samples to a model's input, a pixel a thread: cut out, filled up around the image, one table of 256 values a channel, zeros as padding.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer X { uint x[]; };  // four samples a word
layout(std430, binding = 1) readonly buffer Tables { float tables[]; };  // [3, 256]
layout(std430, binding = 2) writeonly buffer Y { T y[]; };  // [height, WIDTH, 3]
// The crop stands at PAD_TOP, PAD_LEFT of y; the image's ROWS x COLUMNS pixels at TOP, LEFT of the crop, the colour FILL (8 bits a channel) around them.
layout(push_constant) uniform Push {
    uint PIXELS, WIDTH, PAD_TOP, PAD_LEFT, CROP_HEIGHT, CROP_WIDTH, TOP, LEFT, ROWS, COLUMNS, X_OFFSET, X_ROW, CHANNELS, SWAPPED, FILL;
};

void main() {
    const uint pixel = FLAT_INDEX;
    if (pixel >= PIXELS) return;
    // Below 0 is far above every size.
    const uint i = pixel / WIDTH - PAD_TOP, j = pixel % WIDTH - PAD_LEFT, row = i - TOP, column = j - LEFT;
    const bool padded = i >= CROP_HEIGHT || j >= CROP_WIDTH, filled = row >= ROWS || column >= COLUMNS;
    for (uint c = 0; c < 3; c++) {
        uint level = FILL >> (8 * c) & 255u;
        if (!padded && !filled) {
            const uint channel = CHANNELS == 1 ? 0 : SWAPPED != 0 ? 2 - c : c;
            const uint at = X_OFFSET + row * X_ROW + column * CHANNELS + channel;
            level = x[at >> 2] >> ((at & 3u) * 8u) & 255u;
        }
        y[pixel * 3 + c] = T(padded ? 0.0 : tables[c * 256 + level]);
    }
}
