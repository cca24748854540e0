// From a caller's pixels to upright 8-bit gray or RGB.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef enum {
    OPSIN_PIXELS_GRAY8 = 1,
    OPSIN_PIXELS_RGB8 = 2,
    OPSIN_PIXELS_BGR8 = 3,
    OPSIN_PIXELS_RGBA8 = 4,
    OPSIN_PIXELS_BGRA8 = 5,
    OPSIN_PIXELS_GRAY16 = 6,  // native byte order, 0 to 65535
    OPSIN_PIXELS_RGB16 = 7,
    OPSIN_PIXELS_GRAYF32 = 8, // 0 to 1
    OPSIN_PIXELS_RGBF32 = 9,
} opsin_pixels;

// Bytes of one pixel; 0 for an unknown format.
size_t opsin_pixel_bytes(opsin_pixels format);

typedef struct {
    const void *data;       // the first stored row
    ptrdiff_t stride;       // bytes from a row to the next, may be negative
    opsin_pixels format;
    int32_t width, height;  // as stored
    int32_t orientation;    // Exif: 1 to 8
    int32_t left, top;      // the region of the upright image that is wanted, inside of it
    int32_t columns, rows;
} opsin_image_source;

// Writes rows x columns pixels: one byte each for gray formats, three for the others. Alpha is dropped; 16 bits become 8 by rounding; floats are
// clipped to 0..1, NaN is 0.
void opsin_image_convert(const opsin_image_source *source, uint8_t *out);

// Copies the pixels (xs[x], ys[y]) of `pixel_bytes` bytes; a negative position gives zeros.
void opsin_image_gather(const void *source, size_t stride, size_t pixel_bytes, const int32_t *xs, const int32_t *ys, size_t columns, size_t rows, void *out);
