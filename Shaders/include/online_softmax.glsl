// Softmax over keys that come AT_ONCE at a time: what was summed before a larger score came is rescaled (arXiv 2205.14135, algorithm 1).
#ifndef ONLINE_SOFTMAX_GLSL
#define ONLINE_SOFTMAX_GLSL
#define LOWEST -3.402823466e38

// Makes shares of the first `count` scores, and 0 of the others; answers the factor of the values that were summed before.
float take_scores(inout float score[AT_ONCE], uint count, inout float largest, inout float total) {
    float top = largest;
    [[unroll]] for (uint i = 0; i < AT_ONCE; i++) {
        if (i >= count) score[i] = LOWEST;
        top = max(top, score[i]);
    }
    const float factor = exp(largest - top);
    total *= factor;
    [[unroll]] for (uint i = 0; i < AT_ONCE; i++) {
        score[i] = i < count ? exp(score[i] - top) : 0.0;
        total += score[i];
    }
    largest = top;
    return factor;
}
#endif
