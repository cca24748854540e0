#include "codec.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

typedef struct {
    struct jpeg_compress_struct codec;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
    char *message;
    int32_t status;
} encoder;

static void silent(j_common_ptr common) { (void)common; }

static void fail_encoding(j_common_ptr common) {
    encoder *e = (encoder *)common->client_data;
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    e->status = opsin_codec_fail(e->message, OPSIN_CODEC_MEMORY, "JPEG: %s", text);
    longjmp(e->jump, 1);
}

int32_t opsin_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, int32_t quality, uint8_t **out, size_t *count,
                          char *message) {
    *out = NULL;
    *count = 0;
    const bool fits = width >= 1 && height >= 1 && width <= JPEG_MAX_DIMENSION && height <= JPEG_MAX_DIMENSION;
    if (!fits || (channels != 1 && channels != 3) || quality < 1 || quality > 100)
        return opsin_codec_fail(message, OPSIN_CODEC_UNSUPPORTED,
                                "JPEG: expected sides of 1 to %ld, 1 or 3 channels and quality 1 to 100, found %u x %u, %u, %d", (long)JPEG_MAX_DIMENSION,
                                width, height, channels, (int)quality);
    // What the codec changes must survive its jump: it writes to the heap, through these two.
    struct {
        unsigned char *bytes;
        unsigned long count;
    } *sink = calloc(1, sizeof *sink);
    if (!sink) return opsin_codec_fail(message, OPSIN_CODEC_MEMORY, "JPEG: out of memory");
    encoder e;
    memset(&e, 0, sizeof e);
    e.message = message;
    e.codec.err = jpeg_std_error(&e.errors);
    e.errors.error_exit = fail_encoding;
    e.errors.output_message = silent;
    e.codec.client_data = &e;
    if (setjmp(e.jump) == 0) {
        jpeg_create_compress(&e.codec);
        e.codec.client_data = &e;
        jpeg_mem_dest(&e.codec, &sink->bytes, &sink->count);
        e.codec.image_width = width;
        e.codec.image_height = height;
        e.codec.input_components = (int)channels;
        e.codec.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
        jpeg_set_defaults(&e.codec);
        jpeg_set_quality(&e.codec, quality, TRUE);
        // Colours at full resolution: letters and thin lines on coloured grounds would fray otherwise.
        e.codec.comp_info[0].h_samp_factor = e.codec.comp_info[0].v_samp_factor = 1;
        jpeg_start_compress(&e.codec, TRUE);
        while (e.codec.next_scanline < height) {
            JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + (size_t)e.codec.next_scanline * width * channels);
            jpeg_write_scanlines(&e.codec, &row, 1);
        }
        jpeg_finish_compress(&e.codec);
    }
    jpeg_destroy_compress(&e.codec);
    if (e.status) {
        free(sink->bytes);
    } else {
        *out = sink->bytes;
        *count = sink->count;
    }
    free(sink);
    return e.status;
}

uint32_t opsin_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
    const uint32_t v = LIBJPEG_TURBO_VERSION_NUMBER; // 2001005 is 2.1.5
    return v / 1000000 << 16 | v / 1000 % 1000 << 8 | v % 1000;
#else
    return 0;
#endif
}
