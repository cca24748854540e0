// What kernels_*.c build from the shared bodies, one set of functions per instruction set; the dispatchers pick from it.
#pragma once
#include "include/depthwise_conv2d.h"
#include "include/gemm.h"
#include "include/winograd.h"

#define OPSIN_DECLARE_KERNELS(isa)                                                                                                                           \
    void gemm_##isa(const void *arguments, size_t first, size_t last, void *scratch);                                                                        \
    void depthwise_conv2d_##isa(const void *arguments, size_t first, size_t last, void *scratch);                                                            \
    void winograd_##isa(const void *arguments, size_t first, size_t last, void *scratch);                                                                    \
    double peak_fma_##isa(size_t rounds, float *sink);

OPSIN_DECLARE_KERNELS(generic)
OPSIN_DECLARE_KERNELS(neon)
OPSIN_DECLARE_KERNELS(avx2)
OPSIN_DECLARE_KERNELS(avx512)
void gemm_avx512_bf16(const void *arguments, size_t first, size_t last, void *scratch);
void gemm_amx(const void *arguments, size_t first, size_t last, void *scratch);
void gemm_amx_emulated(const void *arguments, size_t first, size_t last, void *scratch);
void depthwise_conv2d_avx512_bf16(const void *arguments, size_t first, size_t last, void *scratch);
double peak_dot_avx512_bf16(size_t rounds, float *sink);

// How many row pointers a task of the product keeps in its scratch.
size_t opsin_gemm_pointers(const opsin_gemm_arguments *arguments);

// Element (output, input, tap) of stored weights in fp32, scales applied.
float opsin_stored_value(const opsin_stored_weights *weights, size_t output, size_t input, size_t tap);
