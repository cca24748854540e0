// The row kernels behind image_resize.h: the same bits from each instruction set.
#pragma once
#include "image_resize.h"

// Bits behind the binary point of a coefficient for 8-bit samples: 32 - 8 for the sample - 2 for overshoot and sign.
#define OPSIN_RESIZE_PRECISION 22
#define OPSIN_RESIZE_HALF (1 << (OPSIN_RESIZE_PRECISION - 1))

// Bytes that a kernel may read behind the last tap of a row.
#define OPSIN_RESIZE_OVERREAD 64

static inline uint8_t opsin_resize_clip(int32_t sum) {
    const int32_t v = sum >> OPSIN_RESIZE_PRECISION;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

// Row y of the vertical pass from `column` on.
void opsin_resize_vertical_row(const opsin_resize_pass *p, int32_t y, int32_t column);

// Four rows of the horizontal pass at once, of which `count` are wanted.
typedef void opsin_resize_rows_fn(const opsin_resize_pass *p, const uint8_t *const rows[4], uint8_t *const to[4], int32_t count);

#if defined(__x86_64__)
opsin_resize_rows_fn opsin_resize_horizontal_rgb_avx2, opsin_resize_horizontal_gray_avx2, opsin_resize_horizontal_rgb_avx512;
void opsin_resize_vertical_row_avx2(const opsin_resize_pass *p, int32_t y);
void opsin_resize_vertical_row_avx512(const opsin_resize_pass *p, int32_t y);
#endif
