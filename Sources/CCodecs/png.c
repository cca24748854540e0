#include "codec.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct {
    const uint8_t *bytes;
    size_t count, at;
    bool ended;
    char *message;
    int32_t status;
    jmp_buf jump;
} source;

static void read_bytes(png_structp png, png_bytep to, size_t wanted) {
    source *s = (source *)png_get_io_ptr(png);
    if (wanted > s->count - s->at) {
        s->ended = true;
        png_error(png, "the file ends before its image");
    }
    memcpy(to, s->bytes + s->at, wanted);
    s->at += wanted;
}

static void fail(png_structp png, png_const_charp text) {
    source *s = (source *)png_get_error_ptr(png);
    s->status = s->ended ? opsin_codec_fail(s->message, OPSIN_CODEC_TRUNCATED, "PNG: truncated, %s", text)
                         : opsin_codec_fail(s->message, OPSIN_CODEC_MALFORMED, "PNG: %s", text);
    longjmp(s->jump, 1);
}

static void ignore(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

// Chunks that change no pixel here are not even unpacked: a compressed profile or text could be a bomb.
static const png_byte unused[] = "cHRM\0gAMA\0iCCP\0sBIT\0sRGB\0bKGD\0hIST\0pHYs\0sPLT\0tIME\0iTXt\0tEXt\0zTXt\0oFFs\0pCAL\0sCAL";

// Reads up to the first IDAT and sets the conversion to 8-bit gray or RGB. Jumps on failure.
static void read_header(png_structp png, png_infop info, source *s, opsin_codec_info *out) {
    png_set_read_fn(png, s, read_bytes);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unused, (int)(sizeof unused / 5));
    png_read_info(png, info);
    const uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    s->status = opsin_codec_check_size(s->message, "PNG", width, height);
    if (s->status) longjmp(s->jump, 1);
    const int bits = png_get_bit_depth(png, info), color = png_get_color_type(png, info);
    // Deflate packs at most 1032 to 1.
    if ((uint64_t)png_get_rowbytes(png, info) * height > (uint64_t)s->count * 1032 + 65536) {
        s->status = opsin_codec_fail(s->message, OPSIN_CODEC_TRUNCATED, "PNG: %u x %u pixels cannot be in a file of %zu bytes", width, height, s->count);
        longjmp(s->jump, 1);
    }
    if (bits == 16) png_set_scale_16(png);
    if (color == PNG_COLOR_TYPE_PALETTE) {
        png_colorp palette;
        int entries = 0;
        if (!png_get_PLTE(png, info, &palette, &entries) || entries == 0) png_error(png, "a palette image without PLTE");
        png_set_palette_to_rgb(png);
    }
    if (color == PNG_COLOR_TYPE_GRAY && bits < 8) png_set_expand_gray_1_2_4_to_8(png);
    png_set_strip_alpha(png);
    *out = (opsin_codec_info){
        .width = width,
        .height = height,
        .channels = color == PNG_COLOR_TYPE_GRAY || color == PNG_COLOR_TYPE_GRAY_ALPHA ? 1 : 3,
        .orientation = 1,
        .reduction = 1,
        .full_width = width,
        .full_height = height,
    };
}

static bool open_reader(source *s, png_structp *png, png_infop *info) {
    *png = png_create_read_struct(PNG_LIBPNG_VER_STRING, s, fail, ignore);
    *info = *png ? png_create_info_struct(*png) : NULL;
    if (*info) return true;
    png_destroy_read_struct(png, NULL, NULL);
    s->status = opsin_codec_fail(s->message, OPSIN_CODEC_MEMORY, "PNG: out of memory");
    return false;
}

// What is done with an open reader. May jump out; the source then has the status.
typedef void use_reader(png_structp png, png_infop header, source *s, opsin_codec_info *info, uint8_t *pixels);

// Opens a reader, lets `use` work with it, closes it.
static int32_t with_reader(source *s, use_reader *use, opsin_codec_info *info, uint8_t *pixels) {
    png_structp png = NULL;
    png_infop header = NULL;
    if (setjmp(s->jump) == 0) {
        if (!open_reader(s, &png, &header)) return s->status;
    }
    if (!header) return s->status;
    png_structp volatile kept = png;
    png_infop volatile kept_header = header;
    if (setjmp(s->jump) == 0) use(png, header, s, info, pixels);
    png = kept;
    header = kept_header;
    png_destroy_read_struct(&png, &header, NULL);
    return s->status;
}

static void take_header(png_structp png, png_infop header, source *s, opsin_codec_info *info, uint8_t *pixels) {
    (void)pixels;
    read_header(png, header, s, info);
}

int32_t opsin_png_header(const uint8_t *bytes, size_t count, opsin_codec_info *info, char *message) {
    source s = {.bytes = bytes, .count = count, .message = message};
    return with_reader(&s, take_header, info, NULL);
}

static void read_pixels(png_structp png, png_infop header, const opsin_codec_info *info, uint8_t *pixels) {
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, header);
    const size_t stride = (size_t)info->width * info->channels;
    if (png_get_rowbytes(png, header) != stride) png_error(png, "a row of unexpected size");
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < info->height; y++) png_read_row(png, pixels + stride * y, NULL);
    }
    png_read_end(png, header);
}

static void take_pixels(png_structp png, png_infop header, source *s, opsin_codec_info *info, uint8_t *pixels) {
    opsin_codec_info found;
    read_header(png, header, s, &found);
    if (found.width != info->width || found.height != info->height || found.channels != info->channels) png_error(png, "another header than before");
    read_pixels(png, header, info, pixels);
    png_bytep exif = NULL;
    png_uint_32 bytes_of_exif = 0;
    if (png_get_eXIf_1(png, header, &bytes_of_exif, &exif) && exif) info->orientation = opsin_exif_orientation(exif, bytes_of_exif);
}

int32_t opsin_png_decode(const uint8_t *bytes, size_t count, opsin_codec_info *info, uint8_t *pixels, char *message) {
    source s = {.bytes = bytes, .count = count, .message = message};
    return with_reader(&s, take_pixels, info, pixels);
}

typedef struct {
    uint8_t *bytes;
    size_t count, capacity;
    source common;
} sink;

static void write_bytes(png_structp png, png_bytep from, size_t count) {
    sink *s = (sink *)png_get_io_ptr(png);
    if (count > s->capacity - s->count) {
        const size_t capacity = (s->capacity + count) * 2;
        uint8_t *bytes = realloc(s->bytes, capacity);
        if (!bytes) png_error(png, "out of memory");
        s->bytes = bytes;
        s->capacity = capacity;
    }
    memcpy(s->bytes + s->count, from, count);
    s->count += count;
}

static void flush(png_structp png) { (void)png; }

// With a palette the pixels are numbers of its 256 colours.
static void write_image(png_structp png, png_infop header, const void *pixels, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits,
                        const uint8_t *palette, int32_t level) {
    const uint16_t one = 1;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(png, level);
    const int type = palette ? PNG_COLOR_TYPE_PALETTE : channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
    png_set_IHDR(png, header, width, height, (int)bits, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (palette) {
        png_color colors[256];
        for (int i = 0; i < 256; i++) colors[i] = (png_color){palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
        png_set_PLTE(png, header, colors, 256);
    }
    png_write_info(png, header);
    if (bits == 16 && *(const uint8_t *)&one) png_set_swap(png);
    const size_t stride = (size_t)width * channels * (bits / 8);
    for (uint32_t y = 0; y < height; y++) png_write_row(png, (png_const_bytep)pixels + stride * y);
    png_write_end(png, NULL);
}

static int32_t encode(const void *pixels, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits, const uint8_t *palette, int32_t level,
                      uint8_t **out, size_t *count, char *message) {
    *out = NULL;
    *count = 0;
    int32_t status = opsin_codec_check_size(message, "PNG", width, height);
    if (status) return status;
    if ((channels != 1 && channels != 3) || (bits != 8 && bits != 16) || level < 0 || level > 9)
        return opsin_codec_fail(message, OPSIN_CODEC_UNSUPPORTED, "PNG: expected 1 or 3 channels of 8 or 16 bits and level 0 to 9, found %u, %u, %d", channels,
                                bits, (int)level);
    sink s = {.common = {.message = message}};
    png_structp png = NULL;
    png_infop header = NULL;
    if (setjmp(s.common.jump) == 0) {
        png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s.common, fail, ignore);
        header = png ? png_create_info_struct(png) : NULL;
    }
    if (!header) {
        png_destroy_write_struct(&png, NULL);
        return opsin_codec_fail(message, OPSIN_CODEC_MEMORY, "PNG: out of memory");
    }
    png_structp volatile kept = png;
    png_infop volatile kept_header = header;
    if (setjmp(s.common.jump) == 0) {
        png_set_write_fn(png, &s, write_bytes, flush);
        write_image(png, header, pixels, width, height, channels, bits, palette, level);
    }
    png = kept;
    header = kept_header;
    png_destroy_write_struct(&png, &header);
    if (s.common.status) {
        free(s.bytes);
        return s.common.status;
    }
    *out = s.bytes;
    *count = s.count;
    return OPSIN_CODEC_OK;
}

int32_t opsin_png_encode(const void *pixels, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits, int32_t level, uint8_t **out, size_t *count,
                         char *message) {
    return encode(pixels, width, height, channels, bits, NULL, level, out, count, message);
}

int32_t opsin_png_encode_indexed(const uint8_t *indices, uint32_t width, uint32_t height, const uint8_t *palette, int32_t level, uint8_t **out, size_t *count,
                                 char *message) {
    return encode(indices, width, height, 1, 8, palette, level, out, count, message);
}

uint32_t opsin_png_version(void) {
    const uint32_t v = png_access_version_number(); // 10639 is 1.6.39
    return v / 10000 << 16 | v / 100 % 100 << 8 | v % 100;
}
