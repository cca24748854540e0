#include "CCodecs.h"

#include <stdbool.h>
#include <string.h>

static uint32_t read16(const uint8_t *p, bool big) { return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0]; }

static uint32_t read32(const uint8_t *p, bool big) { return big ? read16(p, big) << 16 | read16(p + 2, big) : read16(p + 2, big) << 16 | read16(p, big); }

// TIFF 6.0: byte order, 42, offset of IFD0; an IFD is a count and entries of 12 bytes: tag, type, count, value.
uint32_t opsin_exif_orientation(const uint8_t *bytes, size_t count) {
    if (count >= 6 && memcmp(bytes, "Exif\0\0", 6) == 0) {
        bytes += 6;
        count -= 6;
    }
    if (count < 14) return 1;
    const bool big = bytes[0] == 'M' && bytes[1] == 'M';
    if (!big && !(bytes[0] == 'I' && bytes[1] == 'I')) return 1;
    if (read16(bytes + 2, big) != 42) return 1;
    const size_t ifd = read32(bytes + 4, big);
    if (ifd > count - 2) return 1;
    const size_t entries = read16(bytes + ifd, big);
    if (entries * 12 > count - 2 - ifd) return 1; // entries beyond the data: broken
    for (size_t i = 0; i < entries; i++) {
        const uint8_t *entry = bytes + ifd + 2 + i * 12;
        if (read16(entry, big) != 0x0112) continue;
        const uint32_t type = read16(entry + 2, big);
        if (read32(entry + 4, big) != 1 || (type != 3 && type != 4)) return 1;
        const uint32_t value = type == 3 ? read16(entry + 8, big) : read32(entry + 8, big);
        return value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}
