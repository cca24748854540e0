#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
//! const  1 OPERATION
//! const  2 FUNCTION 0
//! const  3 SLOPE 0.0
//! const  4 ALIGNED
#include "opsin.glsl"
#include "activations.glsl"

// y = f(a + b) or f(a * b) with b repeated over the dimensions where its stride is 0; four channels a thread.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OPERATION = 0;
layout(constant_id = 2) const uint FUNCTION = 0;
layout(constant_id = 3) const float SLOPE = 0.0;
layout(constant_id = 4) const bool ALIGNED = false;  // channels are a multiple of four
#define OPERATION_ADD 0
#define OPERATION_MULTIPLY 1

READ_BOTH(0, a);
READ_BOTH(1, b);
WRITE_BOTH(2, y);
// Extents of y; steps of b in elements, 0 where it is repeated.
layout(push_constant) uniform Push { uint IMAGES, HEIGHT, WIDTH, CHANNELS, STEP_N, STEP_H, STEP_W, STEP_C; };

void main() {
    const uint quads = (CHANNELS + 3) / 4, index = FLAT_INDEX, c = index % quads * 4, pixel = index / quads;
    if (pixel >= IMAGES * HEIGHT * WIDTH) return;
    const uint w = pixel % WIDTH, h = pixel / WIDTH % HEIGHT, n = pixel / WIDTH / HEIGHT, left = CHANNELS - c;
    const uint at = pixel * CHANNELS + c, other = n * STEP_N + h * STEP_H + w * STEP_W + c * STEP_C;
    const vec4 first = LOAD_QUAD(a, at, ALIGNED, left);
    vec4 second = vec4(b[other]);
    if (STEP_C != 0) second = LOAD_QUAD(b, other, ALIGNED, left);
    const vec4 value = activate(OPERATION == OPERATION_ADD ? first + second : first * second, FUNCTION, SLOPE);
    STORE_QUAD(y, at, ALIGNED, left, value)
}
