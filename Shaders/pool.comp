#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
//! const  1 CHANNELS
//! const  2 MODE
#include "opsin.glsl"

// The largest or the mean value of each window, four channels a thread. The mean is over what lies in the image (1) or over the whole window (2).
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint CHANNELS = 4;
layout(constant_id = 2) const uint MODE = 0;
#define MODE_MAX 0
#define MODE_MEAN 1
#define MODE_MEAN_OF_WINDOW 2

READ_BOTH(0, x);
WRITE_BOTH(1, y);
layout(push_constant) uniform Push {
    uint IMAGES, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH, KERNEL_H, KERNEL_W;
    int STRIDE_Y, STRIDE_X, DILATION_Y, DILATION_X, PAD_TOP, PAD_LEFT;
};

const uint QUADS = (CHANNELS + 3) / 4;
const bool ALIGNED = CHANNELS % 4 == 0;

void main() {
    const uint index = FLAT_INDEX, q = index % QUADS, pixel = index / QUADS;
    if (pixel >= IMAGES * OUT_HEIGHT * OUT_WIDTH) return;
    const uint image = pixel / (OUT_HEIGHT * OUT_WIDTH), place = pixel % (OUT_HEIGHT * OUT_WIDTH), left = CHANNELS - 4 * q;
    const ivec2 corner = ivec2(int(place / OUT_WIDTH) * STRIDE_Y - PAD_TOP, int(place % OUT_WIDTH) * STRIDE_X - PAD_LEFT);

    vec4 value = vec4(MODE == MODE_MAX ? uintBitsToFloat(0xff800000u) : 0.0);  // minus infinity
    uint count = 0;
    // A finite pixel in or beside the window.
    const uvec2 near = uvec2(clamp(corner, ivec2(0), ivec2(int(HEIGHT) - 1, int(WIDTH) - 1)));
    const uint beside = ((image * HEIGHT + near.x) * WIDTH + near.y) * CHANNELS + 4 * q;
    const vec4 pixelBeside = LOAD_QUAD(x, beside, ALIGNED, left);
    const vec4 first = mix(vec4(0.0), pixelBeside, lessThan(abs(pixelBeside), vec4(1e30)));
    for (uint u = 0; u < KERNEL_H; u++) {
        const int row = corner.x + int(u) * DILATION_Y;
        if (row < 0 || row >= int(HEIGHT)) continue;
        // Rows are summed apart, and from a number that is near them: one sum over a large map would lose digits.
        vec4 sum = vec4(0.0);
        for (uint v = 0; v < KERNEL_W; v++) {
            const int column = corner.y + int(v) * DILATION_X;
            if (column < 0 || column >= int(WIDTH)) continue;
            const uint at = ((image * HEIGHT + uint(row)) * WIDTH + uint(column)) * CHANNELS + 4 * q;
            const vec4 element = LOAD_QUAD(x, at, ALIGNED, left);
            // NaN wins, as max() need not let it.
            if (MODE == MODE_MAX) value = mix(mix(value, element, greaterThan(element, value)), element, isnan(element));
            sum += element - first;
            count++;
        }
        if (MODE != MODE_MAX) value += sum;
    }
    if (MODE == MODE_MEAN) value = first + value / float(max(count, 1u));
    if (MODE == MODE_MEAN_OF_WINDOW) value = (float(count) * first + value) / float(KERNEL_H * KERNEL_W);
    const uint to = pixel * CHANNELS + 4 * q;
    STORE_QUAD(y, to, ALIGNED, left, value)
}
