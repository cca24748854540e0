// Matrix products with packed weights: pointwise convolution, linear layers, and convolution of any window as an implicit product.
#pragma once
#include "epilogue.h"
#include "executor.h"
#include "isa.h"
#include <stdbool.h>

// How a product [rows x depth] x [depth x columns] is cut into register tiles for one instruction set.
//
// Columns are cut into `panels`, each `narrow` or `narrow + 1` vectors of `vector` columns wide, the first `wider` of them the wider ones. Packed
// weights hold one panel after the other, each [depth][width]; in bf16 [depth / 2][width][2], an odd depth padded with a zero row.
typedef struct {
    uint32_t vector;   // columns of a register: 4, 8 or 16
    uint32_t panels;
    uint32_t narrow;
    uint32_t wider;
    uint32_t run;         // rows of a run, which no tile crosses: an output row of a convolution, or all rows
    uint32_t run_tiles;   // row tiles of a run; tile t of it covers rows [run * t / run_tiles, run * (t + 1) / run_tiles)
    uint32_t tiles;       // row tiles of all runs
    uint32_t block_tiles; // row tiles that all panels visit before the next ones do, so that their inputs stay in cache
    uint32_t tile_rows;   // the most rows of a tile
    bool bf16;
    bool amx; // on AMX tiles; only with bf16
} opsin_gemm_shape;

// The window of a convolution over an NHWC input; `kernel_height` 0 means none: row r of the input is row r of the product.
typedef struct {
    uint32_t height, width, channels; // of the input
    uint32_t output_height, output_width;
    uint32_t kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x;
    uint32_t padding_top, padding_left;
    const float *zeros; // at least `channels` zeros, and 64 bytes that may be read after them
} opsin_window;

// The cut with the least estimated time; `window` is NULL for a plain product.
opsin_gemm_shape opsin_gemm_plan(opsin_isa isa, bool bf16, size_t rows, size_t columns, size_t depth, const opsin_window *window);
// The cut of a product with bf16 factors, on AMX tiles or not, whatever this machine has.
opsin_gemm_shape opsin_gemm_plan_tiles(bool amx, size_t rows, size_t columns, size_t depth, const opsin_window *window);
// Whether this machine has AMX tiles with bf16 and they have computed a product here as they should; tried once. OPSIN_CPU_DISABLE=amx says no.
bool opsin_amx_works(void);
// The product on tiles that C emulates, for tests: takes shapes of opsin_gemm_plan_tiles(true, ...).
opsin_task_fn opsin_gemm_amx_emulated(void);
// Chooses how many row tiles follow each other again, for an x that is bf16 in memory.
void opsin_gemm_plan_half(opsin_gemm_shape *shape, size_t depth);

// Bytes of packed weights, for opsin_gemm_pack.
size_t opsin_gemm_packed_bytes(const opsin_gemm_shape *shape, size_t columns, size_t depth);

#define OPSIN_STORED_FLOAT32 0
#define OPSIN_STORED_FLOAT16 1
#define OPSIN_STORED_BFLOAT16 2
#define OPSIN_STORED_INT8 3

// Weights as a file stores them. Element (o, c, t) for output o, input channel c, tap t = ky * kernel_width + kx stands at
// o * output_stride + c * input_stride + t * tap_stride.
typedef struct {
    const void *data; // any alignment
    int32_t type;     // OPSIN_STORED_*
    size_t outputs, inputs, taps;
    size_t output_stride, input_stride, tap_stride; // in elements
    const float *output_scale;                      // [outputs] or NULL
    const float *input_scale;                       // [inputs] or NULL
} opsin_stored_weights;

// Packs weights in the order tap, channel: depth is taps x inputs.
void opsin_gemm_pack(const opsin_gemm_shape *shape, const opsin_stored_weights *weights, void *packed);

// The same as a step of a team, a task for each of shape.panels.
typedef struct {
    const opsin_gemm_shape *shape;
    const opsin_stored_weights *weights;
    void *packed;
} opsin_gemm_packing;
void opsin_gemm_pack_panels(const void *packing, size_t first, size_t last, void *scratch);

typedef struct {
    const float *x;
    float *y;
    const void *weights; // from opsin_gemm_pack, 64-byte aligned
    opsin_epilogue epilogue;
    size_t rows, columns, depth;
    opsin_gemm_shape shape;
    opsin_window window;
    // Floats from a row to the next of x and y, and from a step of the depth to the next in x; 0: dense. x's are for plain products in fp32, y's for those
    // without a residual: x may be some channels of a larger map, y may lie inside of one.
    size_t x_pitch, x_step, y_pitch;
    // x or y is bf16 in memory: x, dense and with an even number of channels, for products with bf16 factors, y for all of AVX-512.
    bool half_x, half_y;
    // Weights of the product that runs after this one, and how many bytes of them each panel asks for; 0: none.
    const void *next;
    size_t next_share;
} opsin_gemm_arguments;

// A task is one register tile of rows times one panel: shape.tiles x shape.panels of them.
opsin_task_fn opsin_gemm(opsin_isa isa, bool bf16);

// Bytes of scratch that a task needs.
size_t opsin_gemm_scratch_bytes(const opsin_gemm_arguments *arguments);
