#include "gemm.h"
#include "kernels.h"
#include <string.h>

// The largest tile of each width in vectors, 1 to 4, as EACH_TILE in gemm_body.h has them; and what a register holds.
typedef struct {
    uint32_t vector, rows[5];
} limits;

static limits limits_of(opsin_isa isa) {
    switch (isa) {
    case OPSIN_ISA_AVX512: return (limits){16, {0, 14, 14, 9, 6}};
    case OPSIN_ISA_AVX2: return (limits){8, {0, 12, 6, 0, 0}};
    case OPSIN_ISA_NEON: return (limits){4, {0, 14, 14, 9, 6}};
    default: return (limits){4, {0, 12, 6, 0, 0}};
    }
}

static double larger(double a, double b) { return a > b ? a : b; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

// Cycles of one tile: two FMAs or two loads a cycle, at least the latency of one FMA a step; then its start and its stores.
static double tile_cycles(double rows, double vectors, double depth, double groups) {
    const double fmas = rows * vectors / 2, loads = (rows + vectors) / 2, latency = 4;
    return larger(fmas, larger(loads, latency)) * depth + groups * rows * 2 + rows * vectors * 2 + 20;
}

static opsin_gemm_shape plan(limits l, bool bf16, size_t rows, size_t columns, size_t depth, const opsin_window *window) {
    const size_t groups = window ? window->kernel_height : 1;
    // Tiles of a convolution end with the output row, where rows are long enough for that to waste little.
    const size_t run = window && window->output_width >= 12 ? window->output_width : rows, runs = rows / run;
    const size_t vectors = divided_up(columns, l.vector);
    const double steps = bf16 ? (double)((depth + 1) / 2) : (double)depth;
    opsin_gemm_shape best = {.vector = l.vector, .bf16 = bf16};
    double least = 0;
    for (size_t widest = 1; widest <= 4; widest++) {
        const size_t panels = divided_up(vectors, widest), narrow = vectors / panels, wider = vectors % panels;
        if (narrow + (wider > 0) != widest) continue;
        // AMX takes as long for few rows as for many.
        for (size_t most = l.rows[widest] > 14 ? l.rows[widest] : 1; most <= l.rows[widest]; most++) {
            const size_t run_tiles = divided_up(run, most), tiles = runs * run_tiles;
            const double mean = (double)rows / (double)tiles;
            const double cycles = (double)tiles * ((double)wider * tile_cycles(mean, (double)narrow + 1, steps, (double)groups) +
                                                   (double)(panels - wider) * tile_cycles(mean, (double)narrow, steps, (double)groups));
            if (least != 0 && cycles >= least) continue;
            least = cycles;
            best.panels = (uint32_t)panels;
            best.narrow = (uint32_t)narrow;
            best.wider = (uint32_t)wider;
            best.tiles = (uint32_t)tiles;
            best.tile_rows = (uint32_t)divided_up(run, run_tiles);
            best.run = (uint32_t)run;
            best.run_tiles = (uint32_t)run_tiles;
        }
    }
    // Inputs of a block of row tiles stay in the second-level cache (256 KiB of it) while the panels pass.
    const size_t tile_bytes = best.tile_rows * depth * sizeof(float);
    best.block_tiles = (uint32_t)smaller(best.tiles, 1 + (256 << 10) / (tile_bytes + 1));
    // Rows that are rounded to bf16 first stay in the first-level cache (16 KiB of it), when all weights are in the second.
    if (bf16 && depth * columns * 2 <= 512 << 10) best.block_tiles = (uint32_t)smaller(best.tiles, 1 + (16 << 10) / (tile_bytes / 2 + 1));
    return best;
}

opsin_gemm_shape opsin_gemm_plan_tiles(bool amx, size_t rows, size_t columns, size_t depth, const opsin_window *window) {
    opsin_gemm_shape shape = plan(amx ? (limits){16, {0, 32, 32, 0, 0}} : limits_of(OPSIN_ISA_AVX512), true, rows, columns, depth, window);
    shape.amx = amx;
    return shape;
}

opsin_gemm_shape opsin_gemm_plan(opsin_isa isa, bool bf16, size_t rows, size_t columns, size_t depth, const opsin_window *window) {
    if (!bf16) return plan(limits_of(isa), false, rows, columns, depth, window);
    // A tile's worth of rows and of depth at least: one row is bound by reading weights.
    return opsin_gemm_plan_tiles(rows >= 16 && depth >= 32 && opsin_amx_works(), rows, columns, depth, window);
}

void opsin_gemm_plan_half(opsin_gemm_shape *s, size_t depth) {
    s->block_tiles = (uint32_t)smaller(s->tiles, 1 + (256 << 10) / (s->tile_rows * depth * 2 + 1));
}

size_t opsin_gemm_packed_bytes(const opsin_gemm_shape *s, size_t columns, size_t depth) {
    const size_t padded = divided_up(columns, s->vector) * s->vector;
    return s->bf16 ? padded * ((depth + 1) / 2) * 4 : padded * depth * 4;
}

static float from_half(uint16_t h) {
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff;
    if (exponent == 0) return (sign ? -1.0f : 1.0f) * (float)fraction * 0x1p-24f;
    const uint32_t bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// Element `at` of stored values; with a constant type nothing is left of the switch.
static inline __attribute__((always_inline)) float stored_at(const void *data, int32_t type, size_t at) {
    float value;
    if (type == OPSIN_STORED_FLOAT32) {
        memcpy(&value, (const char *)data + at * 4, sizeof value);
        return value;
    }
    if (type == OPSIN_STORED_INT8) return ((const int8_t *)data)[at];
    uint16_t half;
    memcpy(&half, (const char *)data + at * 2, sizeof half);
    if (type == OPSIN_STORED_FLOAT16) return from_half(half);
    const uint32_t bits = (uint32_t)half << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float opsin_stored_value(const opsin_stored_weights *w, size_t output, size_t input, size_t tap) {
    float value = stored_at(w->data, w->type, output * w->output_stride + input * w->input_stride + tap * w->tap_stride);
    if (w->output_scale) value *= w->output_scale[output];
    if (w->input_scale) value *= w->input_scale[input];
    return value;
}

// Rounds to the nearest bf16, halves to even, as VCVTNEPS2BF16 does.
static uint16_t to_bfloat(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// One element of a panel of `width` columns.
static inline void put(bool bf16, char *panel, size_t width, size_t k, size_t j, float value) {
    if (bf16) ((uint16_t *)panel)[(k / 2 * width + j) * 2 + k % 2] = to_bfloat(value);
    else ((float *)panel)[k * width + j] = value;
}

// Columns [column, column + width) of a panel; those behind the last output stay zero. A depth step at a time, so that writes are in order and each line
// that is read serves sixteen steps.
static inline __attribute__((always_inline)) void pack_panel(const opsin_stored_weights *w, int32_t type, bool bf16, size_t column, size_t width, char *panel) {
    const size_t real = smaller(width, w->outputs - column);
    for (size_t tap = 0; tap < w->taps; tap++) {
        for (size_t c = 0; c < w->inputs; c++) {
            const size_t k = tap * w->inputs + c, at = column * w->output_stride + c * w->input_stride + tap * w->tap_stride;
            const float input_scale = w->input_scale ? w->input_scale[c] : 1.0f;
            for (size_t j = 0; j < real; j++) {
                float value = stored_at(w->data, type, at + j * w->output_stride);
                if (w->output_scale) value *= w->output_scale[column + j];
                put(bf16, panel, width, k, j, value * input_scale);
            }
        }
    }
}

typedef float f32x4 __attribute__((ext_vector_type(4)));
typedef uint32_t u32x4 __attribute__((ext_vector_type(4)));

// Four numbers rounded to bf16, in the lower halves.
static inline u32x4 to_bfloat4(f32x4 value) {
    const u32x4 bits = (u32x4)value, rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16 | 0x40) : rounded;
}

// The same for weights that a file has as [outputs][inputs] in fp32, four outputs by four inputs at a time: what most of a network is, and half of the time
// to a first result.
static inline __attribute__((always_inline)) void pack_rows(const opsin_stored_weights *w, bool bf16, size_t column, size_t width, char *panel) {
    const size_t real = smaller(width, w->outputs - column), depth = w->inputs, whole = depth / 4 * 4;
    const float *from = (const float *)w->data + column * w->output_stride;
    for (size_t k = 0; k < whole; k += 4) {
        f32x4 input_scale = 1.0f;
        if (w->input_scale) memcpy(&input_scale, w->input_scale + k, sizeof input_scale);
        size_t j = 0;
        for (; j + 4 <= real; j += 4) {
            f32x4 r[4];
#pragma unroll
            for (size_t i = 0; i < 4; i++) {
                memcpy(&r[i], (const char *)(from + (j + i) * w->output_stride + k), sizeof r[i]);
                if (w->output_scale) r[i] *= w->output_scale[column + j + i];
                r[i] *= input_scale;
            }
            const f32x4 a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
            const f32x4 c = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
            const f32x4 t[4] = {
                __builtin_shufflevector(a, b, 0, 1, 4, 5), __builtin_shufflevector(a, b, 2, 3, 6, 7),
                __builtin_shufflevector(c, d, 0, 1, 4, 5), __builtin_shufflevector(c, d, 2, 3, 6, 7),
            };
            if (bf16) {
                const u32x4 first = to_bfloat4(t[0]) | to_bfloat4(t[1]) << 16, second = to_bfloat4(t[2]) | to_bfloat4(t[3]) << 16;
                memcpy(panel + (k / 2 * width + j) * 4, &first, sizeof first);
                memcpy(panel + ((k / 2 + 1) * width + j) * 4, &second, sizeof second);
            } else {
#pragma unroll
                for (size_t i = 0; i < 4; i++) memcpy(panel + ((k + i) * width + j) * 4, &t[i], sizeof t[i]);
            }
        }
        for (; j < real; j++) {
            const float scale = w->output_scale ? w->output_scale[column + j] : 1.0f;
            for (size_t i = 0; i < 4; i++) put(bf16, panel, width, k + i, j, from[j * w->output_stride + k + i] * scale * input_scale[i]);
        }
    }
    for (size_t k = whole; k < depth; k++) {
        for (size_t j = 0; j < real; j++) put(bf16, panel, width, k, j, opsin_stored_value(w, column + j, k, 0));
    }
}

void opsin_gemm_pack_panels(const void *arguments, size_t first, size_t last, void *scratch) {
    (void)scratch;
    const opsin_gemm_packing *q = arguments;
    const opsin_gemm_shape *s = q->shape;
    const opsin_stored_weights *w = q->weights;
    const size_t depth = w->taps * w->inputs, step_bytes = s->bf16 ? (depth + 1) / 2 * 4 : depth * 4; // of a column
    const bool rows = w->type == OPSIN_STORED_FLOAT32 && w->taps == 1 && w->input_stride == 1 && (uintptr_t)w->data % sizeof(float) == 0;
    size_t column = (first * s->narrow + smaller(first, s->wider)) * s->vector;
    char *panel = (char *)q->packed + column * step_bytes;
    for (size_t p = first; p < last; p++) {
        const size_t width = (s->narrow + (p < s->wider)) * s->vector;
        // What follows writes all but the columns and the odd step of the depth that are there to fill vectors.
        if (column + width > w->outputs || (s->bf16 && depth % 2 != 0)) memset(panel, 0, width * step_bytes);
        if (rows && s->bf16) pack_rows(w, true, column, width, panel);
        else if (rows) pack_rows(w, false, column, width, panel);
        else if (s->bf16) pack_panel(w, w->type, true, column, width, panel);
        else if (w->type == OPSIN_STORED_FLOAT32) pack_panel(w, OPSIN_STORED_FLOAT32, false, column, width, panel);
        else pack_panel(w, w->type, false, column, width, panel);
        panel += width * step_bytes;
        column += width;
    }
}

void opsin_gemm_pack(const opsin_gemm_shape *s, const opsin_stored_weights *w, void *packed) {
    opsin_gemm_pack_panels(&(opsin_gemm_packing){s, w, packed}, 0, s->panels, NULL);
}

size_t opsin_gemm_pointers(const opsin_gemm_arguments *q) {
    return q->window.kernel_height ? 3 * (size_t)q->window.kernel_height * q->window.kernel_width * q->shape.tile_rows : 1;
}

size_t opsin_gemm_scratch_bytes(const opsin_gemm_arguments *q) {
    const opsin_gemm_shape *s = &q->shape;
    const size_t strip = s->tile_rows * ((q->depth + 1) / 2) * 4;
    // Rounded rows of a block, and which of its tiles they are there of; or the gathered rows of a tile.
    const size_t rows = !s->bf16 ? 0 : !q->half_x ? s->block_tiles * (strip + 1) : s->amx ? strip : 0;
    return opsin_gemm_pointers(q) * sizeof(void *) + rows;
}

opsin_task_fn opsin_gemm(opsin_isa isa, bool bf16) {
#if defined(__x86_64__)
    if (bf16 && isa == OPSIN_ISA_AVX512) return gemm_avx512_bf16;
#endif
    (void)bf16;
    switch (isa) {
#if defined(__x86_64__)
    case OPSIN_ISA_AVX512: return gemm_avx512;
    case OPSIN_ISA_AVX2: return gemm_avx2;
#elif defined(__aarch64__)
    case OPSIN_ISA_NEON: return gemm_neon;
#endif
    default: return gemm_generic;
    }
}
