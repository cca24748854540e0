#include "codec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int32_t opsin_codec_fail(char *message, int32_t status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, OPSIN_CODEC_MESSAGE, format, arguments);
    va_end(arguments);
    for (char *c = message; *c; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E) *c = '?';
    }
    return status;
}

int32_t opsin_codec_check_size(char *message, const char *format, uint64_t width, uint64_t height) {
    if (width == 0 || height == 0)
        return opsin_codec_fail(message, OPSIN_CODEC_MALFORMED, "%s: expected a width and height above 0, found %llu x %llu", format, (unsigned long long)width,
                                (unsigned long long)height);
    if (width > OPSIN_CODEC_MAX_PIXELS || height > OPSIN_CODEC_MAX_PIXELS || width * height > OPSIN_CODEC_MAX_PIXELS)
        return opsin_codec_fail(message, OPSIN_CODEC_TOO_LARGE, "%s: expected at most %u pixels, found %llu x %llu", format, OPSIN_CODEC_MAX_PIXELS,
                                (unsigned long long)width, (unsigned long long)height);
    return OPSIN_CODEC_OK;
}

void opsin_codec_free(void *memory) { free(memory); }
