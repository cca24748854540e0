#include "matmul.h"
#include <string.h>

void opsin_matmul_pack(const void *arguments, size_t first, size_t last, void *scratch) {
    const opsin_matmul_pack_arguments *q = arguments;
    const opsin_gemm_shape *s = &q->shape;
    (void)scratch;
    for (size_t task = first; task < last; task++) {
        const size_t image = task / s->panels, panel = task % s->panels;
        const size_t width = (s->narrow + (panel < s->wider)) * s->vector;
        const size_t column = (panel * s->narrow + (panel < s->wider ? panel : s->wider)) * s->vector;
        const size_t real = q->columns - column < width ? q->columns - column : width;
        const float *b = q->b + image * q->depth * q->columns;
        float *packed = q->packed + image * q->packed_stride + column * q->depth;
        for (size_t k = 0; k < q->depth; k++, packed += width) {
            if (q->transposed) {
                for (size_t j = 0; j < real; j++) packed[j] = b[(column + j) * q->depth + k] * q->scale;
            } else {
                for (size_t j = 0; j < real; j++) packed[j] = b[k * q->columns + column + j] * q->scale;
            }
            memset(packed + real, 0, (width - real) * sizeof(float));
        }
    }
}

void opsin_matmul(const void *arguments, size_t first, size_t last, void *scratch) {
    const opsin_matmul_arguments *q = arguments;
    const size_t per_image = (size_t)q->product.shape.tiles * q->product.shape.panels;
    for (size_t task = first; task < last;) {
        const size_t image = task / per_image, inside = task % per_image;
        const size_t count = last - task < per_image - inside ? last - task : per_image - inside;
        opsin_gemm_arguments product = q->product;
        product.x += image * product.rows * product.depth;
        product.y += image * product.rows * product.columns;
        product.weights = (const float *)product.weights + image * q->packed_stride;
        q->gemm(&product, inside, inside + count, scratch);
        task += count;
    }
}
