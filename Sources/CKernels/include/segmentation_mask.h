// From a coarse map of logits to a label for each pixel of the photo: logits are interpolated first, the largest is taken after that, and no map of logits
// at the photo's size ever exists.
#pragma once
#include "executor.h"
#include "isa.h"

#pragma clang assume_nonnull begin

// The label of a pixel that the model did not see.
#define OPSIN_LABEL_OUTSIDE 0xFFFFu
// What fills the channels up to a multiple of 16: below every logit, and still finite between two of its kind.
#define OPSIN_LOGIT_FILL (-3.0e38f)

typedef struct {
    const float *logits;        // in the caller's layout
    size_t height, width, channels;
    size_t row_stride, pixel_stride, channel_stride; // of logits, in floats
    size_t padded;              // channels rounded up to 16
    float *packed;              // [height, width, padded], filled up with OPSIN_LOGIT_FILL
    uint16_t *labels;           // [height, width]: the largest of each, ties to the lowest index
} opsin_pack_logits_arguments;

// A task is a row of logits: tasks = height.
opsin_task_fn _Nonnull opsin_pack_logits(opsin_isa isa);

typedef struct {
    const float *packed;      // as opsin_pack_logits writes it
    const uint16_t *labels;
    size_t height, width, channels, padded;
    size_t out_height, out_width, strip; // strip: output rows of a task
    // Output row i lies between logit rows row_index[i] and the one below, row_weight[i] of the way; columns alike.
    const uint32_t *row_index, *column_index;
    const float *row_weight, *column_weight;
    // Output columns whose lower logit column is c: [column_start[c], column_start[c + 1]). [width + 1], ascending.
    const uint32_t *column_start;
    size_t first_row, end_row, first_column, end_column; // what the model saw of the output; column_start lies inside
    uint16_t *mask;                     // [out_height, out_width]
    float *_Nullable confidence;        // [out_height, out_width]: the probability of the label, 0 outside
    float *_Nullable probabilities;     // [out_height, out_width, channels], 0 outside; 64 writable bytes follow
    uint32_t *counts;                   // [tasks, channels]: pixels of each label, zeroed
} opsin_segmentation_mask_arguments;

// A task is a strip of output rows: tasks = ceil(out_height / strip).
opsin_task_fn _Nonnull opsin_segmentation_mask(opsin_isa isa);

typedef struct {
    const uint16_t *mask;
    size_t pixels, strip, channels; // strip: pixels of a task
    uint32_t *counts;               // [tasks, channels]: pixels of each label, zeroed
} opsin_label_counts_arguments;

// A task is a strip of pixels: tasks = ceil(pixels / strip).
opsin_task_fn _Nonnull opsin_label_counts(opsin_isa isa);

#pragma clang assume_nonnull end
