// The product of two activations, image by image: the second one is packed on the way, then it is the product of gemm.h.
#pragma once
#include "gemm.h"

typedef struct {
    const float *b; // [images, depth, columns], transposed [images, columns, depth]
    float *packed;  // images x packed_stride floats
    size_t images, packed_stride;
    size_t depth, columns;
    bool transposed;
    float scale; // multiplied into b
    opsin_gemm_shape shape;
} opsin_matmul_pack_arguments;

// Tasks: images x shape.panels. The same for every instruction set.
void opsin_matmul_pack(const void *arguments, size_t first, size_t last, void *scratch);

typedef struct {
    opsin_gemm_arguments product; // of the first image; weights are what opsin_matmul_pack made
    size_t images, packed_stride; // packed_stride in floats
    opsin_task_fn gemm;           // of the instruction set
} opsin_matmul_arguments;

// Tasks: images x shape.tiles x shape.panels. Scratch as for the product.
void opsin_matmul(const void *arguments, size_t first, size_t last, void *scratch);
