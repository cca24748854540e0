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
    case OPSIN_INT8_AVX_VNNI: return (limits){{0, 12, 6, 4, 0}, 8, 0, 2};
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

opsin_int8_shape opsin_int8_gemm_plan(opsin_int8_kind kind, size_t rows, size_t columns, size_t depth, bool has_window) {
    const limits l = limits_of(kind);
    const size_t vectors = divided_up(columns, l.vector);
    opsin_int8_shape best = {.kind = kind, .vector = l.vector, .steps = (uint32_t)divided_up(depth, 4)};
    // A tile step takes 64 bytes of a row.
    if (kind == OPSIN_INT8_AMX) best.steps = (uint32_t)divided_up(depth, 64) * 16;
    double least = 0;
    for (size_t widest = 1; widest <= 4; widest++) {
        const size_t panels = divided_up(vectors, widest), narrow = vectors / panels, wider = vectors % panels;
        if (narrow + (wider > 0) != widest) continue;
        for (size_t most = 1; most <= l.rows[widest]; most++) {
            const size_t tiles = divided_up(rows, most);
            const double mean = (double)rows / (double)tiles;
            const double cycles = (double)tiles * ((double)wider * tile_cycles(&l, mean, (double)narrow + 1, best.steps) +
                                                   (double)(panels - wider) * tile_cycles(&l, mean, (double)narrow, best.steps));
            if (least != 0 && cycles >= least) continue;
            least = cycles;
            best.panels = (uint32_t)panels;
            best.narrow = (uint32_t)narrow;
            best.wider = (uint32_t)wider;
            best.tiles = (uint32_t)tiles;
            best.tile_rows = (uint32_t)divided_up(rows, tiles);
        }
    }
    // What all panels read in turn stays in the first-level cache, 24 KiB of it, or at least in the second.
    const size_t tile_bytes = best.tile_rows * depth, fitting = 1 + (24 << 10) / (tile_bytes + 1);
    best.block_tiles = (uint32_t)(has_window || fitting > best.tiles ? best.tiles : fitting);
    return best;
}

size_t opsin_int8_gemm_packed_bytes(const opsin_int8_shape *s, size_t columns) { return divided_up(columns, s->vector) * s->vector * (8 + 4 * (size_t)s->steps); }

// The column at place `place` of a panel of n vectors: lane by lane, in a lane vector by vector (int8_simd.h).
static size_t column_at(size_t place, size_t vector, size_t n) {
    const size_t v = place / vector, lane = place % vector / 4;
    return lane * 4 * n + 4 * v + place % 4;
}

void opsin_int8_gemm_pack(const opsin_int8_shape *s, const opsin_int8_weights *w, void *packed) {
    const int32_t offset = limits_of(s->kind).offset;
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
                    const size_t k = tap * w->inputs + c;
                    const int8_t value = from[c * w->input_stride];
                    weights[(k / 4 * width + place) * 4 + k % 4] = value;
                    sum += value;
                }
            }
            // The sum of (x - zero) * w out of that of (x - offset) * w, modulo 2^32 like the sums themselves.
            bias[place] = (int32_t)(uint32_t)((uint64_t)w->bias[o] + (uint64_t)(sum * (offset - w->zero)));
            scale[place] = w->scale[o];
        }
        panel += width * (8 + 4 * (size_t)s->steps);
        column += width;
    }
}

size_t opsin_int8_gemm_tasks(const opsin_int8_gemm_arguments *q) { return q->window.kernel_height ? q->shape.tiles : (size_t)q->shape.tiles * q->shape.panels; }

size_t opsin_int8_gemm_scratch_bytes(const opsin_int8_gemm_arguments *q) {
    // Tiles of AMX keep their sums there too, and read up to 63 bytes behind a row.
    const size_t sums = q->shape.kind == OPSIN_INT8_AMX ? 16 * 64 * 4 : 0;
    return (q->window.kernel_height ? q->shape.tile_rows * 4 * (size_t)q->shape.steps + 64 : 0) + sums;
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
