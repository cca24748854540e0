// What Swift's own view of the C library leaves out.
#pragma once
#include <stddef.h>

// Writes the path, links resolved, of the shared library or program that this code was linked into. Returns its length, 0 when it is unknown or
// longer than size - 1. Any thread.
size_t opsin_own_path(char *path, size_t size);
