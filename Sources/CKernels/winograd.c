#include "include/winograd.h"
#include "kernels.h"
#include "winograd_scratch.h"
#include <stdlib.h>
#include <string.h>

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

static size_t tiles_of(size_t images, const opsin_window *w) { return images * divided_up(w->output_height, TILE) * divided_up(w->output_width, TILE); }

opsin_winograd_shape opsin_winograd_plan(opsin_isa isa, size_t images, size_t outputs, const opsin_window *w, uint32_t threads) {
    // Both transformed maps and a position's weights stay in the second-level cache (1 MiB where this was measured), but weights that do not are read once
    // for 24 tiles at least.
    const size_t budget = 640 << 10, tiles = tiles_of(images, w), panel = smaller(outputs, 64);
    const size_t fit = budget / (POSITIONS * sizeof(float) * (w->channels + panel)), most = fit < 24 ? 24 : fit > 48 ? 48 : fit;
    const bool large = POSITIONS * sizeof(float) * w->channels * outputs > budget;
    size_t strips = divided_up(tiles, most);
    // As many for each thread, where that leaves enough tiles to each; else panels are shared out too.
    const size_t even = divided_up(strips, threads) * threads;
    if (tiles / even >= (large ? 18 : 6)) strips = even;
    opsin_winograd_shape s = {.strips = (uint32_t)strips, .strip_tiles = (uint32_t)divided_up(tiles, strips)};
    s.product = opsin_gemm_plan(isa, false, s.strip_tiles, outputs, w->channels, NULL);
    s.groups = (uint32_t)(strips % threads != 0 && strips < 4 * threads ? smaller(s.product.panels, threads) : 1);
    return s;
}

static bool disabled_by_environment(void) {
    const char *disabled = getenv("OPSIN_CPU_DISABLE");
    return disabled && strstr(disabled, "winograd");
}

// Measured on AMD EPYC 9005 (AVX-512, AVX2 and generic alike, from 5x5 to 518x518 pixels, 8 to 512 channels): 0.28 to 0.45 of the implicit product's time from
// 32 channels on, 0.45 to 0.65 with 8 or 16. It does not pay where tiles overhang the map so that over a third of what they compute is lost, with fewer
// channels than half a vector, and where weights, four times those of the window, come from memory for a handful of tiles. Padding by two is left to the
// implicit product: an output's error is relative to its tile, and a corner that reads one pixel of nine has to be exact to a ninth of that.
// The number of images has no say: a batch is computed as its images would be alone, bit for bit.
bool opsin_winograd_pays(size_t outputs, const opsin_window *w) {
    const bool fits = w->kernel_height == 3 && w->kernel_width == 3 && w->stride_y == 1 && w->stride_x == 1 && w->dilation_y == 1 && w->dilation_x == 1 &&
                      w->padding_top <= 1 && w->padding_left <= 1 && w->output_height + 2 <= w->height + w->padding_top + 1 &&
                      w->output_width + 2 <= w->width + w->padding_left + 1;
    if (!fits || w->channels < 8 || outputs < 8 || disabled_by_environment()) return false;
    const size_t tiles = tiles_of(1, w), computed = tiles * TILE * TILE, pixels = (size_t)w->output_height * w->output_width;
    const bool cached = POSITIONS * sizeof(float) * w->channels * outputs <= 1 << 20;
    return computed * 2 <= pixels * 3 && tiles >= (cached ? 4 : 16);
}

size_t opsin_winograd_packed(const opsin_winograd_shape *s, size_t outputs, size_t inputs) {
    return POSITIONS * divided_up(outputs, s->product.vector) * s->product.vector * inputs;
}

// u = G w: what a row or column of the window is at each point.
static void transform_taps(const double w[3], double u[POINTS]) {
    const double aa = POINT_A * POINT_A, bb = POINT_B * POINT_B;
    const double even_a = w[0] + aa * w[2], odd_a = POINT_A * w[1], even_b = w[0] + bb * w[2], odd_b = POINT_B * w[1];
    u[0] = w[0] / (aa * bb);
    u[1] = (even_a + odd_a) / (2 * aa * (aa - bb));
    u[2] = (even_a - odd_a) / (2 * aa * (aa - bb));
    u[3] = (even_b + odd_b) / (2 * bb * (bb - aa));
    u[4] = (even_b - odd_b) / (2 * bb * (bb - aa));
    u[5] = w[2];
}

void opsin_winograd_pack(const opsin_winograd_shape *s, const opsin_stored_weights *w, float *packed) {
    const size_t vector = s->product.vector, depth = w->inputs;
    if (w->outputs % vector != 0) memset(packed, 0, opsin_winograd_packed(s, w->outputs, depth) * sizeof *packed);
    size_t column = 0;
    for (size_t panel = 0; panel < s->product.panels; panel++) {
        const size_t width = (s->product.narrow + (panel < s->product.wider)) * vector;
        float *to = packed + column * depth * POSITIONS;
        for (size_t j = 0; j < smaller(width, w->outputs - column); j++) {
            for (size_t c = 0; c < depth; c++) {
                double rows[3][POINTS]; // of the window, transformed
                for (size_t i = 0; i < 3; i++) {
                    const double taps[3] = {opsin_stored_value(w, column + j, c, 3 * i), opsin_stored_value(w, column + j, c, 3 * i + 1),
                                            opsin_stored_value(w, column + j, c, 3 * i + 2)};
                    transform_taps(taps, rows[i]);
                }
                for (size_t x = 0; x < POINTS; x++) {
                    const double taps[3] = {rows[0][x], rows[1][x], rows[2][x]};
                    double u[POINTS];
                    transform_taps(taps, u);
                    for (size_t y = 0; y < POINTS; y++) to[((y * POINTS + x) * depth + c) * width + j] = (float)u[y];
                }
            }
        }
        column += width;
    }
}

size_t opsin_winograd_scratch_bytes(const opsin_winograd_arguments *q) { return winograd_lay_out(&q->shape, q->window.channels).total * sizeof(float); }

opsin_task_fn opsin_winograd(opsin_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case OPSIN_ISA_AVX512: return winograd_avx512;
    case OPSIN_ISA_AVX2: return winograd_avx2;
#elif defined(__aarch64__)
    case OPSIN_ISA_NEON: return winograd_neon;
#endif
    default: return winograd_generic;
    }
}
