#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
//! axis   STORAGE
//! const  0 LOCAL 64
//! const  1 TAPS
//! const  2 ALIGNED
#include "opsin.glsl"

// y = sum over rows r and columns s of w[r] * w[s] * x[r, s], TAPS of each: four channels of an output pixel a thread. The taps are those of the CPU.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint TAPS = 1;
layout(constant_id = 2) const bool ALIGNED = false;  // CHANNELS is a multiple of four

READ_BOTH(0, x);
layout(std430, binding = 1) readonly buffer Rows { vec2 rows[]; };        // [OUT_HEIGHT, TAPS] of (index, weight)
layout(std430, binding = 2) readonly buffer Columns { vec2 columns[]; };  // [OUT_WIDTH, TAPS]
WRITE_BOTH(3, y);
layout(push_constant) uniform Push { uint IMAGES, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH, CHANNELS; };

void main() {
    const uint index = FLAT_INDEX, quads = (CHANNELS + 3) / 4, q = index % quads, pixel = index / quads;
    if (pixel >= IMAGES * OUT_HEIGHT * OUT_WIDTH) return;
    const uint line = pixel / OUT_WIDTH, j = pixel % OUT_WIDTH, image = line / OUT_HEIGHT, i = line % OUT_HEIGHT, left = CHANNELS - 4 * q;
    vec4 sum = vec4(0.0);
    [[unroll]] for (uint s = 0; s < TAPS; s++) {
        const vec2 column = columns[j * TAPS + s];
        vec4 value = vec4(0.0);
        [[unroll]] for (uint r = 0; r < TAPS; r++) {
            const vec2 row = rows[i * TAPS + r];
            const uint at = ((image * HEIGHT + uint(row.x)) * WIDTH + uint(column.x)) * CHANNELS + 4 * q;
            value += row.y * LOAD_QUAD(x, at, ALIGNED, left);
        }
        sum += column.y * value;
    }
    const uint to = pixel * CHANNELS + 4 * q;
    STORE_QUAD(y, to, ALIGNED, left, sum)
}
