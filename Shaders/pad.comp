#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
#include "opsin.glsl"

// y = x inside, VALUE around it, one element a thread.
layout(local_size_x_id = 0) in;

layout(std430, binding = 0) readonly buffer X { T x[]; };
layout(std430, binding = 1) writeonly buffer Y { T y[]; };
layout(push_constant) uniform Push { uint IMAGES, HEIGHT, WIDTH, CHANNELS, OUT_HEIGHT, OUT_WIDTH, TOP, LEFT; float VALUE; };

void main() {
    const uint index = FLAT_INDEX, c = index % CHANNELS, pixel = index / CHANNELS, image = pixel / (OUT_HEIGHT * OUT_WIDTH);
    if (image >= IMAGES) return;
    // Unsigned: what is above or left of the image is beyond its end too.
    const uint i = pixel / OUT_WIDTH % OUT_HEIGHT - TOP, j = pixel % OUT_WIDTH - LEFT;
    y[index] = i < HEIGHT && j < WIDTH ? x[((image * HEIGHT + i) * WIDTH + j) * CHANNELS + c] : T(VALUE);
}
