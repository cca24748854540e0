// A gzip file as a stream of plain bytes, through zlib.
#pragma once
#include <stddef.h>

#pragma clang assume_nonnull begin

typedef struct opsin_gzip opsin_gzip;

// Opens a file; one that is not compressed is read as it is. NULL when it cannot be opened.
opsin_gzip *_Nullable opsin_gzip_open(const char *path);

// Reads up to `count` (at most 2^30) bytes. 0 at the end, -1 when the stream is broken or cut short.
ptrdiff_t opsin_gzip_read(opsin_gzip *file, void *bytes, size_t count);

void opsin_gzip_close(opsin_gzip *file);

#pragma clang assume_nonnull end
