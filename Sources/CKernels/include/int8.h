// Products and maps of 8-bit values: activations are unsigned with a zero point, weights signed, sums 32 bits wide and exact.
//
// A value stands for scale * (stored - zero). Each kernel gives the same bytes on every instruction set: sums are integers, and what follows them is one
// rounded multiplication (two and an addition with a residual), rounded to the nearest integer, halves to even.
#pragma once
#include "executor.h"
#include "isa.h"
#include <stdbool.h>


// How the instruction sets multiply bytes. Ordered: a larger one is preferred where it runs.
typedef enum {
    OPSIN_INT8_GENERIC = 0,     // plain C
    OPSIN_INT8_NEON = 1,        // AArch64 without dot products: SMULL and SADALP
    OPSIN_INT8_NEON_DOT = 2,    // SDOT
    OPSIN_INT8_AVX2 = 3,        // VPMADDWD on words (VPMADDUBSW saturates)
    OPSIN_INT8_AVX_VNNI = 4,    // VPDPBUSD, 256 bits
    OPSIN_INT8_AVX512_VNNI = 5, // VPDPBUSD, 512 bits
    OPSIN_INT8_AMX = 6,         // TDPBUSD on tiles of 16 x 64 bytes
} opsin_int8_kind;
#define OPSIN_INT8_KINDS 7

// Whether this machine runs the kind. AMX counts only when Linux granted the tile state and the tiles gave the right sums in a test at first use.
bool opsin_int8_available(opsin_int8_kind kind);
// The best kind of this machine within an instruction set.
opsin_int8_kind opsin_int8_best(opsin_isa isa);
const char *opsin_int8_name(opsin_int8_kind kind);

// What follows the sums: y = clamp(round(sum * scale[o] + (r - residual_zero) * residual_scale) + zero, least, most), or in fp32 y = sum * scale[o].
typedef struct {
    const uint8_t *residual; // laid out like the output
    float residual_scale;
    int32_t residual_zero;
    int32_t zero;
    uint8_t least, most;
    // Hard swish on the way: with v = sum * scale[o] the real value, v * min(max(v + 3, 0), 6) / 6 * inverse_scale is rounded.
    bool hard_swish;
    float inverse_scale;
} opsin_int8_epilogue;

// Weights as a file stores them, with what a kernel needs of each output.
typedef struct {
    const int8_t *data; // (output, input, tap) at output * output_stride + input * input_stride + tap * tap_stride
    size_t outputs, inputs, taps;
    size_t output_stride, input_stride, tap_stride;
    const float *scale;  // [outputs], multiplies the sum
    const int32_t *bias; // [outputs], in units of the sum
    int32_t zero;        // of the input
} opsin_int8_weights;

// A window over an NHWC map of bytes. `zeros`: `channels` + 64 bytes of the map's zero point.
typedef struct {
    uint32_t images, height, width, channels;
    uint32_t output_height, output_width;
    uint32_t kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x;
    uint32_t padding_top, padding_left;
    const uint8_t *zeros;
} opsin_int8_window;

// How a product [rows x depth] x [depth x columns] is cut. Columns lie in `panels` of `narrow` or (the first `wider`) `narrow + 1` vectors of `vector`.
typedef struct {
    opsin_int8_kind kind;
    uint32_t vector, panels, narrow, wider;
    uint32_t run;              // rows of a run, which no tile crosses: an output row of a convolution, or all rows
    uint32_t run_tiles;        // row tiles of a run; the first (run mod run_tiles) have one row more
    uint32_t tiles;            // row tiles of all runs
    uint32_t tile_rows;        // the most rows of a tile
    uint32_t block_tiles;      // row tiles that all panels visit before the next ones do
    uint32_t segments, steps;  // the depth is that many runs of bytes, each padded to that many times four
} opsin_int8_shape;

typedef struct {
    const uint8_t *x; // [rows, depth], or the map under the window; 64 readable bytes follow
    uint8_t *y;
    float *y_float; // instead of y
    const void *packed;       // from opsin_int8_gemm_pack
    opsin_int8_epilogue epilogue;
    size_t rows, columns, depth;
    opsin_int8_shape shape;
    opsin_int8_window window; // kernel_height 0: none, row r of x is row r of the product
} opsin_int8_gemm_arguments;

// The cut with the least estimated time; `window` is NULL for a plain product.
opsin_int8_shape opsin_int8_gemm_plan(opsin_int8_kind kind, size_t rows, size_t columns, size_t depth, const opsin_int8_window *window);
size_t opsin_int8_gemm_packed_bytes(const opsin_int8_shape *shape, size_t columns);
// Packs weights (in the order tap, input), biases and scales, panel by panel.
void opsin_int8_gemm_pack(const opsin_int8_shape *shape, const opsin_int8_weights *weights, void *packed);
size_t opsin_int8_gemm_tasks(const opsin_int8_gemm_arguments *arguments);
size_t opsin_int8_gemm_scratch_bytes(const opsin_int8_gemm_arguments *arguments);
opsin_task_fn opsin_int8_gemm(opsin_int8_kind kind);

typedef struct {
    const uint8_t *x; // [images, height, width, channels]; 64 readable bytes follow
    uint8_t *y;       // [images, output_height, output_width, channels], not the residual's bytes
    const void *packed;
    opsin_int8_epilogue epilogue;
    opsin_int8_window window;
    uint32_t chunks; // parts that the channels are cut into: tasks = chunks * opsin_int8_depthwise_lines()
} opsin_int8_depthwise_arguments;

size_t opsin_int8_depthwise_packed_bytes(opsin_int8_kind kind, const opsin_int8_window *window);
void opsin_int8_depthwise_pack(opsin_int8_kind kind, const opsin_int8_window *window, const opsin_int8_weights *weights, void *packed);
// Rows of tasks: those of all images, or pairs of them.
size_t opsin_int8_depthwise_lines(opsin_int8_kind kind, const opsin_int8_window *window);
// Parts that the channels may be cut into.
size_t opsin_int8_depthwise_blocks(opsin_int8_kind kind, size_t channels);
size_t opsin_int8_depthwise_scratch_bytes(opsin_int8_kind kind, const opsin_int8_depthwise_arguments *arguments);
opsin_task_fn opsin_int8_depthwise(opsin_int8_kind kind);

// y = clamp(round(x / scale) + zero): a NaN becomes 0, and x = scale * (y - zero).
typedef struct {
    float *real;
    uint8_t *stored;
    size_t count;
    size_t strip; // elements of a task: tasks = ceil(count / strip)
    float scale, inverse_scale;
    int32_t zero;
} opsin_int8_convert_arguments;

opsin_task_fn opsin_int8_quantize(opsin_isa isa);
opsin_task_fn opsin_int8_dequantize(opsin_isa isa);

// y = clamp(round((a - a_zero) * a_scale + (b - b_zero) * b_scale) + zero, least, most); y may be a.
typedef struct {
    const uint8_t *a, *b;
    uint8_t *y;
    size_t count, strip;
    float a_scale, b_scale;
    int32_t a_zero, b_zero, zero;
    uint8_t least, most;
} opsin_int8_add_arguments;

opsin_task_fn opsin_int8_add(opsin_isa isa);

// y = clamp(round((sum over pixels of (x - x_zero)) * scale) + zero).
typedef struct {
    const uint8_t *x; // [images, pixels, channels]
    uint8_t *y;       // [images, channels]
    size_t images, pixels, channels;
    float scale;
    int32_t x_zero, zero;
} opsin_int8_pool_arguments;

// Channels of a task: tasks = images * ceil(channels / OPSIN_INT8_POOL_CHANNELS).
#define OPSIN_INT8_POOL_CHANNELS 256
opsin_task_fn opsin_int8_pool(opsin_isa isa);

// y[i] = table[x[i]]; y may be x. The same for every instruction set.
typedef struct {
    const uint8_t *x;
    uint8_t *y;
    size_t count, strip;
    uint8_t table[256];
} opsin_int8_lookup_arguments;

void opsin_int8_lookup(const void *arguments, size_t first, size_t last, void *scratch);

