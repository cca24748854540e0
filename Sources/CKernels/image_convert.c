#include "image_convert.h"

#include <string.h>

// Pixels of a turned image are read down the columns; a tile of this side keeps the rows that it touches in the cache.
#define TILE 32

size_t opsin_pixel_bytes(opsin_pixels format) {
    switch (format) {
    case OPSIN_PIXELS_GRAY8: return 1;
    case OPSIN_PIXELS_RGB8:
    case OPSIN_PIXELS_BGR8: return 3;
    case OPSIN_PIXELS_RGBA8:
    case OPSIN_PIXELS_BGRA8:
    case OPSIN_PIXELS_GRAYF32: return 4;
    case OPSIN_PIXELS_GRAY16: return 2;
    case OPSIN_PIXELS_RGB16: return 6;
    case OPSIN_PIXELS_RGBF32: return 12;
    }
    return 0;
}

static uint8_t from16(const uint8_t *p) {
    uint16_t v;
    memcpy(&v, p, 2);
    return (uint8_t)((v + 128u) / 257u);
}

static uint8_t from_float(const uint8_t *p) {
    float v;
    memcpy(&v, p, 4);
    return (uint8_t)(v >= 1.0f ? 255 : v > 0.0f ? (int)(v * 255.0f + 0.5f) : 0);
}

// Converts `count` pixels that lie `step` bytes apart.
static void convert_run(opsin_pixels format, const uint8_t *p, ptrdiff_t step, size_t count, uint8_t *out) {
    switch (format) {
    case OPSIN_PIXELS_GRAY8:
        for (size_t i = 0; i < count; i++, p += step) *out++ = *p;
        break;
    case OPSIN_PIXELS_RGB8:
    case OPSIN_PIXELS_RGBA8:
        for (size_t i = 0; i < count; i++, p += step, out += 3) memcpy(out, p, 3);
        break;
    case OPSIN_PIXELS_BGR8:
    case OPSIN_PIXELS_BGRA8:
        for (size_t i = 0; i < count; i++, p += step, out += 3) {
            out[0] = p[2];
            out[1] = p[1];
            out[2] = p[0];
        }
        break;
    case OPSIN_PIXELS_GRAY16:
        for (size_t i = 0; i < count; i++, p += step) *out++ = from16(p);
        break;
    case OPSIN_PIXELS_RGB16:
        for (size_t i = 0; i < count; i++, p += step) {
            for (int c = 0; c < 3; c++) *out++ = from16(p + 2 * c);
        }
        break;
    case OPSIN_PIXELS_GRAYF32:
        for (size_t i = 0; i < count; i++, p += step) *out++ = from_float(p);
        break;
    case OPSIN_PIXELS_RGBF32:
        for (size_t i = 0; i < count; i++, p += step) {
            for (int c = 0; c < 3; c++) *out++ = from_float(p + 4 * c);
        }
        break;
    }
}

void opsin_image_convert(const opsin_image_source *s, uint8_t *out) {
    const ptrdiff_t bytes = (ptrdiff_t)opsin_pixel_bytes(s->format), right = (ptrdiff_t)s->width - 1, bottom = (ptrdiff_t)s->height - 1;
    const size_t channels = s->format == OPSIN_PIXELS_GRAY8 || s->format == OPSIN_PIXELS_GRAY16 || s->format == OPSIN_PIXELS_GRAYF32 ? 1 : 3;
    // Upright (u, v) is stored at corner + u * across + v * down.
    ptrdiff_t corner = 0, across = bytes, down = s->stride;
    switch (s->orientation) {
    case 2: corner = right * bytes, across = -bytes; break;
    case 3: corner = right * bytes + bottom * s->stride, across = -bytes, down = -s->stride; break;
    case 4: corner = bottom * s->stride, down = -s->stride; break;
    case 5: across = s->stride, down = bytes; break;
    case 6: corner = bottom * s->stride, across = -s->stride, down = bytes; break;
    case 7: corner = right * bytes + bottom * s->stride, across = -s->stride, down = -bytes; break;
    case 8: corner = right * bytes, across = s->stride, down = -bytes; break;
    default: break;
    }
    const uint8_t *first = (const uint8_t *)s->data + corner + s->left * across + s->top * down;
    const int32_t tile_rows = s->orientation >= 5 ? TILE : 1, tile_columns = s->orientation >= 5 ? TILE : s->columns;
    const size_t row_bytes = (size_t)s->columns * channels;
    const int is_copy = across == bytes && (size_t)bytes == channels && (s->format == OPSIN_PIXELS_GRAY8 || s->format == OPSIN_PIXELS_RGB8);
    for (int32_t top = 0; top < s->rows; top += tile_rows) {
        const int32_t end = top + tile_rows < s->rows ? top + tile_rows : s->rows;
        for (int32_t left = 0; left < s->columns; left += tile_columns) {
            const int32_t columns = s->columns - left < tile_columns ? s->columns - left : tile_columns;
            for (int32_t y = top; y < end; y++) {
                uint8_t *to = out + (size_t)y * row_bytes + (size_t)left * channels;
                const uint8_t *from = first + y * down + left * across;
                if (is_copy) memcpy(to, from, (size_t)columns * channels);
                else convert_run(s->format, from, across, (size_t)columns, to);
            }
        }
    }
}

void opsin_image_gather(const void *source, size_t stride, size_t pixel_bytes, const int32_t *xs, const int32_t *ys, size_t columns, size_t rows, void *out) {
    uint8_t *to = out;
    for (size_t y = 0; y < rows; y++) {
        for (size_t x = 0; x < columns; x++, to += pixel_bytes) {
            if (ys[y] < 0 || xs[x] < 0) memset(to, 0, pixel_bytes);
            else memcpy(to, (const uint8_t *)source + (size_t)ys[y] * stride + (size_t)xs[x] * pixel_bytes, pixel_bytes);
        }
    }
}
