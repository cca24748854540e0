#version 450
#extension GL_GOOGLE_include_directive : require
//! const  0 LOCAL 256
//! const  1 COUNT

// The COUNT tokens with the largest keys of an image, best first, of equal keys the earlier: a workgroup an image. A radix select finds the smallest
// (key, complement of the token) that belongs to them, one digit of eight bits a round; then each one's rank is counted.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 256;
layout(constant_id = 1) const uint COUNT = 1;

layout(std430, binding = 0) readonly buffer Keys { uint keys[]; };         // [images, TOKENS]
layout(std430, binding = 1) writeonly buffer Indices { uint indices[]; };  // [images, COUNT]
layout(push_constant) uniform Push { uint TOKENS; };

shared uint bins[256];
shared uint wanted;      // how many of the tokens that share the digits found so far belong to the best
shared uvec2 threshold;  // the digits found so far, zeros behind them
shared uint found;
shared uvec2 best[COUNT];

bool above(uvec2 a, uvec2 b) { return a.x > b.x || (a.x == b.x && a.y > b.y); }

void main() {
    const uint i = gl_LocalInvocationIndex, first = gl_WorkGroupID.x * TOKENS;
    if (i == 0) {
        wanted = COUNT;
        threshold = uvec2(0);
        found = 0;
    }
    for (uint round = 0; round < 8; round++) {
        const uint shift = 24 - 8 * (round & 3);
        // Bits of the digits that are known; a shift by 32 is undefined.
        const uint known = shift == 24 ? 0u : 0xFFFFFFFFu << (shift + 8);
        for (uint bin = i; bin < 256; bin += LOCAL) bins[bin] = 0;
        barrier();
        const uvec2 prefix = threshold;
        for (uint token = i; token < TOKENS; token += LOCAL) {
            const uvec2 value = uvec2(keys[first + token], ~token);
            const bool matches = round < 4 ? (value.x & known) == prefix.x : value.x == prefix.x && (value.y & known) == prefix.y;
            if (matches) atomicAdd(bins[((round < 4 ? value.x : value.y) >> shift) & 255u], 1);
        }
        barrier();
        if (i == 0) {
            uint digit = 255;
            while (digit > 0 && bins[digit] < wanted) {
                wanted -= bins[digit];
                digit--;
            }
            if (round < 4) threshold.x |= digit << shift;
            else threshold.y |= digit << shift;
        }
        barrier();
    }
    for (uint token = i; token < TOKENS; token += LOCAL) {
        const uvec2 value = uvec2(keys[first + token], ~token);
        if (!above(threshold, value)) {
            const uint at = atomicAdd(found, 1);
            if (at < COUNT) best[at] = value;
        }
    }
    barrier();
    for (uint at = i; at < COUNT; at += LOCAL) {
        const uvec2 value = best[at];
        uint rank = 0;
        for (uint other = 0; other < COUNT; other++) rank += above(best[other], value) ? 1 : 0;
        indices[gl_WorkGroupID.x * COUNT + rank] = ~value.y;
    }
}
