#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! const  0 LOCAL 64
//! const  1 HEADS
//! const  2 SIZE
//! const  3 POINTS
//! const  4 BOXES
#include "opsin.glsl"

// Bilinear samples of several maps at computed places, weighted by a softmax: four channels of a head of a query a thread, the threads of a head side by side,
// so that they read neighbouring channels of the same pixel. Places and weights are fp32 and stay in registers.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint HEADS = 1;
layout(constant_id = 2) const uint SIZE = 1;     // channels of a head
layout(constant_id = 3) const uint POINTS = 1;   // of all levels
layout(constant_id = 4) const bool BOXES = false;  // references are (x, y, width, height) instead of (x, y)

READ_BOTH(0, x);                                                       // [IMAGES, TOKENS, HEADS * SIZE]
layout(std430, binding = 1) readonly buffer Offsets { T offsets[]; };  // [IMAGES, QUERIES, HEADS, POINTS, 2]
layout(std430, binding = 2) readonly buffer Logits { T logits[]; };    // [IMAGES, QUERIES, HEADS, POINTS]
layout(std430, binding = 3) readonly buffer References { float references[]; };  // fp32 in every plan
layout(std430, binding = 4) readonly buffer Table { vec4 table[]; };   // [POINTS, 2]: width, height, first token, factor; level
WRITE_BOTH(5, y);                                                      // [IMAGES, QUERIES, HEADS * SIZE]
// STRIDE: numbers of a query's references, STEP: from one level's to the next one's, REPEATED: the same for all images.
layout(push_constant) uniform Push { uint IMAGES, QUERIES, TOKENS, STRIDE, STEP, REPEATED; };

void main() {
    const uint quads = (SIZE + 3) / 4, index = FLAT_INDEX, c = index % quads * 4, head = index / quads % HEADS, row = index / quads / HEADS;
    if (row >= IMAGES * QUERIES) return;
    const uint left = SIZE - c, image = row / QUERIES, channel = head * SIZE + c;
    const bool aligned = SIZE % 4 == 0;
    const uint points = (row * HEADS + head) * POINTS, reference = (REPEATED != 0 ? row % QUERIES : row) * STRIDE;

    float largest = -3.0e38;
    for (uint k = 0; k < POINTS; k++) largest = max(largest, float(logits[points + k]));
    float total = 0.0;
    vec4 sum = vec4(0.0);
    for (uint k = 0; k < POINTS; k++) {
        const float weight = exp(float(logits[points + k]) - largest);
        total += weight;
        const vec4 level = table[2 * k];
        const uint own = reference + uint(table[2 * k + 1].x) * STEP, width = uint(level.x), height = uint(level.y), first = image * TOKENS + uint(level.z);
        vec2 step = vec2(offsets[2 * (points + k)], offsets[2 * (points + k) + 1]);
        if (BOXES) step *= level.w * vec2(references[own + 2], references[own + 3]) * level.xy;
        // Far outside is as good as just outside, and no index can leave the map.
        const vec2 place = clamp(vec2(references[own], references[own + 1]) * level.xy - 0.5 + step, vec2(-2.0), level.xy + 1.0);
        const vec2 corner = floor(place), part = place - corner;
        for (uint i = 0; i < 4; i++) {
            const vec2 at = corner + vec2(i & 1, i >> 1), share = mix(1.0 - part, part, vec2(i & 1, i >> 1));
            const bool inside = all(greaterThanEqual(at, vec2(0.0))) && all(lessThan(at, level.xy));
            const uvec2 pixel = uvec2(clamp(at, vec2(0.0), level.xy - 1.0));
            const uint from = (first + pixel.y * width + pixel.x) * HEADS * SIZE + channel;
            sum += (inside ? weight * share.x * share.y : 0.0) * LOAD_QUAD(x, from, aligned, left);
        }
    }
    const uint to = row * HEADS * SIZE + channel;
    STORE_QUAD(y, to, aligned, left, sum / total)
}
