// What the codec shims share.
#pragma once
#include "CCodecs.h"

// Writes a one-line ASCII message and returns the status.
int32_t opsin_codec_fail(char *message, int32_t status, const char *format, ...) __attribute__((format(printf, 3, 4)));

// Refuses empty images and those above the limit of pixels.
int32_t opsin_codec_check_size(char *message, const char *format, uint64_t width, uint64_t height);
