// The rows of the tokens with the highest scores, best first.
#pragma once
#include <stdbool.h>
#include "executor.h"

#pragma clang assume_nonnull begin

typedef struct {
    const float *scores; // [images, tokens, classes]
    const float *rows;   // [images or 1, tokens, length]
    float *y;            // [images, count, length]
    uint32_t *keys;      // [images, tokens]
    uint64_t *best;      // [images, count]: key, then the complement of the token
    size_t images, tokens, classes, count, length;
    size_t class_from, class_to; // the classes of which the highest counts
    bool repeated;
    size_t strip; // tokens of a task of the first step, rows of a task of the last
} opsin_top_k_gather_arguments;

// Three steps: keys that order as the scores do (tasks = images * ceil(tokens / strip)), the best of each image (tasks = images), their rows
// (tasks = images * ceil(count / strip)).
void opsin_top_k_keys(const void *_Nullable arguments, size_t first, size_t last, void *_Nullable scratch);
void opsin_top_k_select(const void *_Nullable arguments, size_t first, size_t last, void *_Nullable scratch);
void opsin_top_k_rows(const void *_Nullable arguments, size_t first, size_t last, void *_Nullable scratch);

#pragma clang assume_nonnull end
