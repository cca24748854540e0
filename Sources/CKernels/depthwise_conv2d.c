#include "depthwise_conv2d.h"
#include "kernels.h"
#include <string.h>

size_t opsin_depthwise_conv2d_padded(size_t channels) { return (channels + 15) / 16 * 16; }

size_t opsin_depthwise_conv2d_phase_tiles(const opsin_depthwise_conv2d_arguments *q) {
    const size_t step = opsin_depthwise_conv2d_step(q), rows = (q->window.output_height + step - 1) / step;
    return (rows + q->tile_rows - 1) / q->tile_rows;
}

static size_t row_tiles(const opsin_depthwise_conv2d_arguments *q) { return opsin_depthwise_conv2d_phase_tiles(q) * opsin_depthwise_conv2d_step(q); }

void opsin_depthwise_conv2d_plan(opsin_depthwise_conv2d_arguments *q, uint32_t threads) {
    const opsin_window *w = &q->window;
    const uint32_t k = w->kernel_height, s = w->stride_y, step = w->dilation_y;
    const bool square = k == w->kernel_width && s == w->stride_x && step == w->dilation_x && (step == 1 || s == 1);
    const bool known = square && ((k == 3 && s <= 2) || (k == 5 && s <= 2) || (k == 7 && s == 1));
    q->tile_rows = known && w->output_height > step ? 2 : 1;
    // Seven columns unless four waste fewer: both are at the speed of the FMAs. With a dilation it is the columns of a phase that count.
    const uint32_t width = known && step <= w->output_width ? w->output_width / step : 1, sevens = (width + 6) / 7 * 7, fours = (width + 3) / 4 * 4;
    q->tile_columns = !known ? 0 : width >= 7 && (sevens <= fours || width < 4) ? 7 : width >= 4 ? 4 : 1;
    // Where row tiles do not split evenly over the threads, channels do.
    const size_t tiles = row_tiles(q) * q->images, blocks = opsin_depthwise_conv2d_padded(w->channels) / 16;
    const bool uneven = tiles % threads != 0 || (w->output_height % q->tile_rows != 0 && tiles < 8 * threads);
    q->chunks = uneven && tiles < 16 * threads && blocks >= threads ? threads : 1;
}

size_t opsin_depthwise_conv2d_tasks(const opsin_depthwise_conv2d_arguments *q) { return row_tiles(q) * q->images * q->chunks; }

size_t opsin_depthwise_conv2d_scratch_bytes(const opsin_depthwise_conv2d_arguments *q) {
    const opsin_window *w = &q->window;
    if (q->tile_columns == 0) return (size_t)w->kernel_height * w->kernel_width * sizeof(void *);
    return ((size_t)(q->tile_rows - 1) * w->stride_y + w->kernel_height) * ((size_t)(q->tile_columns - 1) * w->stride_x + w->kernel_width) * sizeof(void *);
}

void opsin_depthwise_conv2d_pack(const opsin_stored_weights *w, float *packed) {
    const size_t padded = opsin_depthwise_conv2d_padded(w->outputs);
    memset(packed, 0, padded * w->taps * sizeof(float));
    for (size_t tap = 0; tap < w->taps; tap++) {
        for (size_t c = 0; c < w->outputs; c++) packed[(c / 16 * w->taps + tap) * 16 + c % 16] = opsin_stored_value(w, c, 0, tap);
    }
}

opsin_task_fn opsin_depthwise_conv2d(opsin_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case OPSIN_ISA_AVX512: return depthwise_conv2d_avx512;
    case OPSIN_ISA_AVX2: return depthwise_conv2d_avx2;
#elif defined(__aarch64__)
    case OPSIN_ISA_NEON: return depthwise_conv2d_neon;
#endif
    default: return depthwise_conv2d_generic;
    }
}

opsin_task_fn opsin_depthwise_conv2d_bf16(void) {
#if defined(__x86_64__)
    return depthwise_conv2d_avx512_bf16;
#else
    return depthwise_conv2d_generic;
#endif
}
