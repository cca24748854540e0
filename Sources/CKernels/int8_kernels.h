// What kernels_int8_*.c build from the shared bodies, one set of functions per kind; the dispatchers pick from it.
#pragma once
#include "include/int8.h"

#define OPSIN_DECLARE_INT8(kind)                                                                                                                       \
    void int8_gemm_##kind(const void *arguments, size_t first, size_t last, void *scratch);                                                            \
    void int8_depthwise_##kind(const void *arguments, size_t first, size_t last, void *scratch);

OPSIN_DECLARE_INT8(generic)
OPSIN_DECLARE_INT8(neon)
OPSIN_DECLARE_INT8(neon_dot)
OPSIN_DECLARE_INT8(avx2)
OPSIN_DECLARE_INT8(avx_vnni)
OPSIN_DECLARE_INT8(avx512_vnni)
void int8_gemm_amx(const void *arguments, size_t first, size_t last, void *scratch);

// Whether the tiles give the right sums on this machine; Linux has granted their state by then.
bool opsin_int8_amx_works(void);

// Columns of output that one interleaving of a row's pixels serves: 2 where neighbouring windows share their pixels, on x86; 0 where taps are not interleaved.
uint32_t opsin_int8_depthwise_pair(opsin_int8_kind kind, const opsin_int8_window *window);
