// Where attention's tokens stand, and the biases of their scores: what its kernels share.
#pragma once
#include "include/attention.h"
#include "vector.h"

// How many tokens stand between the first token of an image or window and token t of it.
OPSIN_INLINE size_t place(const opsin_attention_arguments *a, size_t t) {
    const uint32_t columns = (uint32_t)a->windows.columns;
    return columns ? (uint32_t)t / columns * (size_t)columns * a->windows.across + (uint32_t)t % columns : t;
}

// The tokens of all images and windows before the first of window `w`, counted over all images.
OPSIN_INLINE size_t window_start(const opsin_attention_arguments *a, size_t w, size_t tokens) {
    if (!a->windows.columns) return w * tokens;
    const size_t across = a->windows.across;
    return w / across * across * tokens + w % across * a->windows.columns;
}

// Floats of a head's table of biases.
OPSIN_INLINE size_t bias_table(const opsin_attention_arguments *a) {
    return a->windows.columns ? (2 * (a->keys / a->windows.columns) - 1) * (2 * a->windows.columns - 1) : 0;
}

// Scores of a tile of `tile` rows, `stride` floats apart, before the product: the biases of its rows' keys, which start at key `first_key` of the window.
OPSIN_INLINE void start_with_bias(const opsin_attention_arguments *a, const float *bias, size_t first, size_t rows, size_t first_key, size_t keys,
                                  float *scores, size_t tile, size_t stride) {
    const uint32_t columns = (uint32_t)a->windows.columns, height = (uint32_t)a->keys / columns, width = 2 * columns - 1;
    const uint32_t first_row = (uint32_t)first_key / columns, first_column = (uint32_t)first_key % columns;
    uint32_t query_row = (uint32_t)first / columns, query_column = (uint32_t)first % columns;
    for (size_t i = 0; i < tile; i++) {
        const float *from = bias + (size_t)(height - 1 - query_row + first_row) * width + columns - 1 - query_column;
        float *to = scores + i * stride;
        // Runs are written in order: what a store of sixteen writes too much the next one overwrites, or nobody reads.
        size_t end = columns - first_column < keys ? columns - first_column : keys;
        for (size_t t = 0; t < end; t += 16) AT16(to + t) = FROM16(from + first_column + t);
        while (end < keys) {
            const size_t begin = end;
            from += width;
            end = begin + columns < keys ? begin + columns : keys;
            AT16(to + begin) = FROM16(from);
            for (size_t t = begin + 16; t < end; t += 16) AT16(to + t) = FROM16(from + t - begin);
        }
        // Rows behind the last are computed too, with the last one's biases, and dropped.
        if (i + 1 < rows && ++query_column == columns) query_column = 0, query_row++;
    }
}
