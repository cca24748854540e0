// Pillow's resampling, to the bit: coefficients in double, 22-bit fixed point for 8-bit samples, rounding and clipping between the passes.
// A resize is one or two passes over row strips; each pass is an `opsin_task_fn`, so that a team of threads can run it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor.h"
#include "isa.h"

typedef enum {
    OPSIN_FILTER_NEAREST = 0,
    OPSIN_FILTER_BOX = 1,
    OPSIN_FILTER_BILINEAR = 2,
    OPSIN_FILTER_HAMMING = 3,
    OPSIN_FILTER_BICUBIC = 4,
    OPSIN_FILTER_LANCZOS = 5,
} opsin_filter;

// The coefficients of one axis for the outputs [first, first + count) of all the outputs of the resize.
typedef struct {
    int32_t count;
    int32_t stride;                    // coefficients reserved for an output, a multiple of 16, zero behind the last tap
    int32_t source_first, source_last; // inputs that any of the outputs reads: [source_first, source_last)
    int32_t *start, *taps;             // per output: first input and number of inputs; start and stop
    int16_t *high, *low;               // 8-bit samples: coefficient * 2^22, rounded, = high * 4096 + low
    int8_t *digits;                    // the same as three signed digits of base 256, planes of count * stride, lowest first; NULL when one is too large
    double *weights;                   // float samples
} opsin_resize_axis;

// Coefficients from the interval [from, to) of `inputs` samples to `outputs` samples. `fixed`: for 8-bit samples, otherwise for float ones.
// NULL when the arguments make no sense or the table would be above 1 GB or the system gives no memory. Not for OPSIN_FILTER_NEAREST.
opsin_resize_axis *opsin_resize_axis_create(int32_t inputs, float from, float to, int32_t outputs, int32_t first, int32_t count, opsin_filter filter,
                                            bool fixed);
void opsin_resize_axis_destroy(opsin_resize_axis *axis);

// The inputs that nearest-neighbour takes for each of the outputs [first, first + count); -1 outside of the image (such samples are 0).
void opsin_resize_nearest_positions(int32_t inputs, float from, float to, int32_t outputs, int32_t first, int32_t count, int32_t *positions);

// One pass. Pointers are to the first row; `source` begins at input `source_origin` of the axis. Strides in bytes.
typedef struct {
    const opsin_resize_axis *axis;
    const void *source;
    const void *source_end; // one byte behind the memory that may be read
    size_t source_stride;
    int32_t source_origin;
    void *target;
    size_t target_stride;
    int32_t rows;    // rows of the target
    int32_t columns; // vertical: samples in a row (width * channels); horizontal: not used
    int32_t channels;
    int32_t rows_per_task; // tasks = rows / rows_per_task, rounded up
    opsin_isa isa;
} opsin_resize_pass;

// The task function (executor.h) that runs an opsin_resize_pass: over rows or columns, of 8-bit samples (channels 1 or 3 when horizontal) or floats.
opsin_task_fn opsin_resize_task(bool vertical, bool fixed);

// A horizontal pass over 8-bit samples that come a few rows at a time. `pass.target` is the place of row `first`; source, source_end, source_stride and
// rows of the pass are not used.
typedef struct {
    opsin_resize_pass pass;
    uint32_t first;
} opsin_resize_strips;

// Resizes rows `first` to `first + count - 1`, which begin at `pixels`; OPSIN_RESIZE_SLACK bytes behind the last one may be read. Any thread; `strips` is an
// opsin_resize_strips.
void opsin_resize_strip(void *strips, const uint8_t *pixels, size_t stride, uint32_t first, uint32_t count);
#define OPSIN_RESIZE_SLACK 512

// Turns interleaved 8-bit samples to floats through one table of 256 values per channel.
void opsin_image_lookup(const uint8_t *pixels, size_t count, uint32_t channels, const float *tables, float *out);

// The best instruction set of this machine for these kernels, OPSIN_CPU_ISA respected. All give the same bits.
opsin_isa opsin_resize_isa(void);
