#include "include/CInflate.h"
#include <zlib.h>

opsin_gzip *opsin_gzip_open(const char *path) {
    gzFile file = gzopen(path, "rbe");
    if (file) gzbuffer(file, 1 << 18);
    return (opsin_gzip *)file;
}

ptrdiff_t opsin_gzip_read(opsin_gzip *file, void *bytes, size_t count) {
    const int read = gzread((gzFile)file, bytes, (unsigned)count);
    if (read > 0 || (read == 0 && gzeof((gzFile)file))) {
        // A stream that ends early still gives what it has; the error stands behind it.
        int code = Z_OK;
        if (read == 0) gzerror((gzFile)file, &code);
        return code == Z_OK ? read : -1;
    }
    return -1;
}

void opsin_gzip_close(opsin_gzip *file) { gzclose((gzFile)file); }
