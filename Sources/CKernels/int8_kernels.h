// What kernels_int8_*.c build from the shared bodies, one set of functions per kind; the dispatchers pick from it.
#pragma once
#include "include/int8.h"

#define OPSIN_DECLARE_INT8(kind)                                                                                                                       \
    void int8_gemm_##kind(const void *arguments, size_t first, size_t last, void *scratch);                                                            \
    void int8_depthwise_##kind(const void *arguments, size_t first, size_t last, void *scratch);                                                       \
    double int8_peak_##kind(size_t rounds, float *sink);

OPSIN_DECLARE_INT8(generic)
OPSIN_DECLARE_INT8(neon)
OPSIN_DECLARE_INT8(neon_dot)
OPSIN_DECLARE_INT8(avx2)
OPSIN_DECLARE_INT8(avx_vnni)
OPSIN_DECLARE_INT8(avx512_vnni)
void int8_gemm_amx(const void *arguments, size_t first, size_t last, void *scratch);
double int8_peak_amx(size_t rounds, float *sink);

// Whether the tiles give the right sums on this machine; Linux has granted their state by then.
bool opsin_int8_amx_works(void);

// How depthwise kernels with bytes interleaved see a window. Rows of output that one interleaving serves: 2 where they are neighbours.
static inline size_t opsin_int8_depthwise_pair(const opsin_int8_window *w) { return w->stride_y == 1 && w->dilation_y == 1 ? 2 : 1; }
// Groups of four rows under the windows of that many outputs.
static inline size_t opsin_int8_depthwise_groups(const opsin_int8_window *w) { return (w->kernel_height + opsin_int8_depthwise_pair(w) - 1 + 3) / 4; }
// Neighbouring pixels that fill a block of bytes together, where a pixel has few channels.
static inline size_t opsin_int8_depthwise_fold(size_t block, const opsin_int8_window *w) {
    return w->stride_x == 1 && w->channels < block && block % w->channels == 0 && w->channels >= 4 ? block / w->channels : 1;
}
// Columns under the windows of a row of outputs, one for each place where a fold of pixels may begin.
static inline size_t opsin_int8_depthwise_columns(const opsin_int8_window *w, size_t fold) {
    const size_t outputs = (w->output_width + fold - 1) / fold * fold;
    return (outputs - 1) * w->stride_x + (w->kernel_width - 1) * (size_t)w->dilation_x + 1;
}
