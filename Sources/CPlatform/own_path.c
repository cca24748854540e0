#include "CPlatform.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

size_t opsin_own_path(char *path, size_t size) {
    Dl_info info;
    char resolved[PATH_MAX];
    if (!dladdr((const void *)&opsin_own_path, &info) || !info.dli_fname) return 0;
    // A program that was started by its name alone has no folder there; the kernel knows it.
    if (!realpath(strchr(info.dli_fname, '/') ? info.dli_fname : "/proc/self/exe", resolved)) return 0;
    size_t length = strlen(resolved);
    if (length + 1 > size) return 0;
    memcpy(path, resolved, length + 1);
    return length;
}
