#include "include/int8.h"
#include "int8_kernels.h"
#include <string.h>

// How many rows a tile of 1 to 4 vectors has at most, as int8_gemm_body.h has them; columns of a vector; what x is off by when it is multiplied; and how
// many products of a vector a cycle takes.
typedef struct {
    uint32_t rows[5], vector;
    int32_t offset;
    double rate;
} limits;

static limits limits_of(opsin_int8_kind kind) {
    switch (kind) {
    case OPSIN_INT8_AMX: return (limits){{0, 16, 16, 16, 16}, 16, 0, 16};
    case OPSIN_INT8_AVX512_VNNI: return (limits){{0, 14, 12, 8, 6}, 16, 0, 2};
    case OPSIN_INT8_AVX_VNNI: return (limits){{0, 12, 6, 0, 0}, 8, 0, 2};
    case OPSIN_INT8_AVX2: return (limits){{0, 8, 4, 0, 0}, 8, 0, 0.6};
    case OPSIN_INT8_NEON_DOT: return (limits){{0, 14, 12, 8, 6}, 4, 128, 2};
    case OPSIN_INT8_NEON: return (limits){{0, 14, 12, 8, 6}, 4, 128, 0.4};
    default: return (limits){{0, 4, 2, 0, 0}, 4, 0, 0.2};
    }
}

static double larger(double a, double b) { return a > b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

// Cycles of one tile: products, two loads a cycle, the latency of a product; then what each sum costs until it is a stored byte.
static double tile_cycles(const limits *l, double rows, double vectors, double steps) {
    const double products = rows * vectors / l->rate, loads = (rows + vectors) / 2, latency = 4;
    return larger(products, larger(loads, latency)) * steps + rows * vectors * 2.5 + rows * 2 + 15;
}

opsin_int8_shape opsin_int8_gemm_plan(opsin_int8_kind kind, size_t rows, size_t columns, size_t depth, const opsin_int8_window *window) {
    const limits l = limits_of(kind);
    const size_t vectors = divided_up(columns, l.vector);
    opsin_int8_shape best = {.kind = kind, .vector = l.vector, .segments = 1};
    size_t length = depth;
    if (window) {
        // The taps of a window's row are one run of bytes, unless they lie apart.
        best.segments = window->kernel_height * (window->dilation_x == 1 ? 1 : window->kernel_width);
        length = depth / best.segments;
    }
    // A tile step takes 64 bytes of a row.
    best.steps = (uint32_t)(kind == OPSIN_INT8_AMX ? divided_up(length, 64) * 16 : divided_up(length, 4));
    const double steps = (double)best.steps * best.segments;
    const size_t run = window ? window->output_width : rows, runs = rows / run;
    double least = 0;
    for (size_t widest = 1; widest <= 4; widest++) {
        const size_t panels = divided_up(vectors, widest), narrow = vectors / panels, wider = vectors % panels;
        if (narrow + (wider > 0) != widest) continue;
        for (size_t most = 1; most <= l.rows[widest]; most++) {
            const size_t run_tiles = divided_up(run, most), tiles = runs * run_tiles;
            const double mean = (double)rows / (double)tiles;
            const double cycles = (double)tiles * ((double)wider * tile_cycles(&l, mean, (double)narrow + 1, steps) +
                                                   (double)(panels - wider) * tile_cycles(&l, mean, (double)narrow, steps));
            if (least != 0 && cycles >= least) continue;
            least = cycles;
            best.panels = (uint32_t)panels;
            best.narrow = (uint32_t)narrow;
            best.wider = (uint32_t)wider;
            best.run = (uint32_t)run;
            best.run_tiles = (uint32_t)run_tiles;
            best.tiles = (uint32_t)tiles;
            best.tile_rows = (uint32_t)divided_up(run, run_tiles);
        }
    }
    // What all panels read in turn stays in the first-level cache, 24 KiB of it, or at least in the second.
    const size_t tile_bytes = best.tile_rows * depth, fitting = 1 + (24 << 10) / (tile_bytes + 1);
    best.block_tiles = (uint32_t)(fitting > best.tiles ? best.tiles : fitting);
    return best;
}

// Bytes of a column among the packed weights.
static size_t column_bytes(const opsin_int8_shape *s) { return 8 + 4 * (size_t)s->steps * s->segments; }

size_t opsin_int8_gemm_packed_bytes(const opsin_int8_shape *s, size_t columns) { return divided_up(columns, s->vector) * s->vector * column_bytes(s); }

// The column at place `place` of a panel of n vectors: lane by lane, in a lane vector by vector (int8_simd.h).
static size_t column_at(size_t place, size_t vector, size_t n) {
    const size_t v = place / vector, lane = place % vector / 4;
    return lane * 4 * n + 4 * v + place % 4;
}

void opsin_int8_gemm_pack(const opsin_int8_shape *s, const opsin_int8_weights *w, void *packed) {
    const int32_t offset = limits_of(s->kind).offset;
    // Bytes of a segment, and what they are padded to.
    const size_t length = w->taps * w->inputs / s->segments, padded = 4 * (size_t)s->steps;
    memset(packed, 0, opsin_int8_gemm_packed_bytes(s, w->outputs));
    size_t column = 0;
    char *panel = packed;
    for (size_t p = 0; p < s->panels; p++) {
        const size_t n = s->narrow + (p < s->wider), width = n * s->vector;
        int32_t *bias = (int32_t *)(void *)panel;
        float *scale = (float *)(void *)(panel + width * 4);
        int8_t *weights = (int8_t *)panel + width * 8;
        for (size_t place = 0; place < width; place++) {
            const size_t o = column + column_at(place, s->vector, n);
            if (o >= w->outputs) continue;
            int64_t sum = 0;
            for (size_t tap = 0; tap < w->taps; tap++) {
                const int8_t *from = w->data + o * w->output_stride + tap * w->tap_stride;
                for (size_t c = 0; c < w->inputs; c++) {
                    const size_t at = tap * w->inputs + c, k = at / length * padded + at % length;
                    const int8_t value = from[c * w->input_stride];
                    weights[(k / 4 * width + place) * 4 + k % 4] = value;
                    sum += value;
                }
            }
            // The sum of (x - zero) * w out of that of (x - offset) * w, modulo 2^32 like the sums themselves.
            bias[place] = (int32_t)(uint32_t)((uint64_t)w->bias[o] + (uint64_t)(sum * (offset - w->zero)));
            scale[place] = w->scale[o];
        }
        panel += width * column_bytes(s);
        column += width;
    }
}

size_t opsin_int8_gemm_tasks(const opsin_int8_gemm_arguments *q) { return q->window.kernel_height ? q->shape.tiles : (size_t)q->shape.tiles * q->shape.panels; }

size_t opsin_int8_gemm_scratch_bytes(const opsin_int8_gemm_arguments *q) {
    const opsin_int8_window *w = &q->window;
    if (!w->kernel_height) return 0;
    const size_t reach = (q->shape.tile_rows - 1) * w->stride_x + (w->kernel_width - 1) * (size_t)w->dilation_x + 1;
    return divided_up(q->shape.segments * sizeof(void *), 64) * 64 + w->kernel_height * ((reach * w->channels + 127) / 64 * 64) + 64;
}

opsin_task_fn opsin_int8_gemm(opsin_int8_kind kind) {
    switch (kind) {
#if defined(__x86_64__)
    case OPSIN_INT8_AMX: return int8_gemm_amx;
    case OPSIN_INT8_AVX512_VNNI: return int8_gemm_avx512_vnni;
    case OPSIN_INT8_AVX_VNNI: return int8_gemm_avx_vnni;
    case OPSIN_INT8_AVX2: return int8_gemm_avx2;
#elif defined(__aarch64__)
    case OPSIN_INT8_NEON_DOT: return int8_gemm_neon_dot;
    case OPSIN_INT8_NEON: return int8_gemm_neon;
#endif
    default: return int8_gemm_generic;
    }
}
