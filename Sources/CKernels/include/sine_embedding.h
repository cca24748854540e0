// Sines and cosines of numbers at several frequencies.
#pragma once
#include <stdbool.h>
#include "executor.h"

#pragma clang assume_nonnull begin

typedef struct {
    const float *x;      // [count]
    float *y;            // [count, features]
    const float *factor; // [features]: radians a unit
    size_t count, features, strip;
} opsin_sine_embedding_arguments;

// y = sin(x * factor) at even features, cos at odd ones; tasks = ceil(count / strip)
void opsin_sine_embedding(const void *_Nullable arguments, size_t first, size_t last, void *_Nullable scratch);

#pragma clang assume_nonnull end
