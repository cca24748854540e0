// Normalisation over the pixels of an image and the channels of a group, in three steps: statistics of strips, their union, the result.
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

typedef struct {
    const float *x;
    float *y; // [images, pixels, channels], may be x
    const float *weight, *bias;
    // Written by one step, read by the next. padded = channels rounded up to 16.
    float *sums;    // [images, strips, 2, padded]: of each channel the mean of the strip, and the sum of squares around it
    float *affine;  // [images, 2, padded]: of each channel mean and factor
    size_t images, pixels, channels, groups;
    size_t strip;   // pixels of a strip: strips = ceil(pixels / strip)
    float epsilon;
} opsin_group_norm_arguments;

// Step 1, images * strips tasks: fills `sums`.
opsin_task_fn _Nonnull opsin_group_norm_sums(opsin_isa isa);
// Step 2, images * groups tasks: fills `affine`.
opsin_task_fn _Nonnull opsin_group_norm_affine(opsin_isa isa);
// Step 3, images * strips tasks: fills `y`.
opsin_task_fn _Nonnull opsin_group_norm_apply(opsin_isa isa);

#pragma clang assume_nonnull end
