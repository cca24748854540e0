#include "codec.h"

#include <stdbool.h>
#include <string.h>

#include <webp/decode.h>

static uint32_t little32(const uint8_t *p) { return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0]; }

// Finds the EXIF chunk of the extended format: chunks of a name, a size and data padded to even, behind the 12 bytes of the RIFF header.
static uint32_t orientation(const uint8_t *bytes, size_t count) {
    for (size_t at = 12; at + 8 <= count;) {
        const size_t size = little32(bytes + at + 4), left = count - at - 8;
        if (size > left) return 1;
        if (memcmp(bytes + at, "EXIF", 4) == 0) return opsin_exif_orientation(bytes + at + 8, size);
        at += 8 + size + (size & 1);
    }
    return 1;
}

static int32_t fail(char *message, VP8StatusCode code) {
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY: return opsin_codec_fail(message, OPSIN_CODEC_MEMORY, "WebP: out of memory");
    case VP8_STATUS_UNSUPPORTED_FEATURE: return opsin_codec_fail(message, OPSIN_CODEC_UNSUPPORTED, "WebP: a feature that is not read");
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: return opsin_codec_fail(message, OPSIN_CODEC_TRUNCATED, "WebP: truncated, the file ends before its image");
    default: return opsin_codec_fail(message, OPSIN_CODEC_MALFORMED, "WebP: the bitstream is broken");
    }
}

int32_t opsin_webp_header(const uint8_t *bytes, size_t count, opsin_codec_info *info, char *message) {
    WebPBitstreamFeatures features;
    const VP8StatusCode code = WebPGetFeatures(bytes, count, &features);
    if (code != VP8_STATUS_OK) return fail(message, code);
    if (features.has_animation) return opsin_codec_fail(message, OPSIN_CODEC_UNSUPPORTED, "WebP: expected one image, found an animation");
    if (features.width < 0 || features.height < 0) return fail(message, VP8_STATUS_BITSTREAM_ERROR);
    const int32_t status = opsin_codec_check_size(message, "WebP", (uint32_t)features.width, (uint32_t)features.height);
    if (status) return status;
    *info = (opsin_codec_info){
        .width = (uint32_t)features.width,
        .height = (uint32_t)features.height,
        .channels = 3,
        .orientation = orientation(bytes, count),
        .reduction = 1,
        .full_width = (uint32_t)features.width,
        .full_height = (uint32_t)features.height,
    };
    return OPSIN_CODEC_OK;
}

int32_t opsin_webp_decode(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint8_t *pixels, char *message) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return opsin_codec_fail(message, OPSIN_CODEC_UNSUPPORTED, "WebP: the installed libwebp has another version");
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels;
    config.output.u.RGBA.stride = (int)(info->width * 3);
    config.output.u.RGBA.size = (size_t)info->width * 3 * info->height;
    const VP8StatusCode code = WebPDecode(bytes, count, &config);
    WebPFreeDecBuffer(&config.output);
    return code == VP8_STATUS_OK ? OPSIN_CODEC_OK : fail(message, code);
}

uint32_t opsin_webp_version(void) { return (uint32_t)WebPGetDecoderVersion(); }
