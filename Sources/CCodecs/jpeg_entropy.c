#include "jpeg_frame.h"

#include <stdlib.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

// Places of coefficients in the order of the file: T.81, figure 5.
// Runs of damaged data lead up to 16 behind the last one.
static const uint8_t zigzag[64 + 16] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
};
// Numbers of `size` bits: the upper half as they are, the lower half negative (T.81, table F.1).
static inline int32_t extend(int32_t value, int32_t size) { return value < 1 << (size - 1) ? value - (1 << size) + 1 : value; }

// In a table's entry: the value is a size, and its bits are still to be read.
#define MORE 128

static void look_up(jpeg_code *code, bool is_dc, uint32_t word, int32_t length, uint8_t symbol) {
    const int32_t size = symbol & 15, run = symbol >> 4;
    const uint32_t from = word << (JPEG_LOOKUP - length), count = 1u << (JPEG_LOOKUP - length);
    for (uint32_t i = from; i < from + count; i++) {
        if (is_dc) {
            code->fast[i] = symbol << 16 | length;
        } else if (size == 0) {
            code->fast[i] = run << 8 | length;
        } else if (length + size <= JPEG_LOOKUP) {
            const int32_t value = extend((int32_t)(i >> (JPEG_LOOKUP - length - size)) & ((1 << size) - 1), size);
            code->fast[i] = (int32_t)((uint32_t)value << 16) | run << 8 | (length + size);
        } else {
            code->fast[i] = size << 16 | run << 8 | MORE | length;
        }
    }
}

bool opsin_jpeg_code(jpeg_code *code, const uint8_t lengths[17], const uint8_t symbols[256], bool is_dc) {
    memset(code, 0, sizeof *code);
    memcpy(code->symbols, symbols, 256);
    int32_t word = 0, index = 0;
    for (int32_t length = 1; length <= 16; length++) {
        code->first[length] = index - word;
        code->last[length] = -1;
        for (int32_t i = 0; i < lengths[length]; i++, word++, index++) {
            if (index >= 256 || word >= 1 << length) return false;
            // Sizes that baseline files do not have. Two coefficients are then at most 52 bits.
            if (is_dc ? symbols[index] > 11 : (symbols[index] & 15) > 10) return false;
            // No bits and no run of sixteen: the end of the block, whatever run the symbol has.
            if (!is_dc && (symbols[index] & 15) == 0 && symbols[index] != 0xF0) code->symbols[index] = 0;
            if (length <= JPEG_LOOKUP) look_up(code, is_dc, (uint32_t)word, length, code->symbols[index]);
            code->last[length] = word;
        }
        word <<= 1;
    }
    code->last[17] = INT32_MAX;
    return index > 0;
}

// The next bits, in registers while a block is read. Bits behind the counted ones are what comes next, or zero.
typedef struct {
    const uint8_t *at;
    uint64_t bits;
    int32_t count;
} bit_window;

// At least 56 bits.
INLINE bit_window filled(bit_window w) {
    uint64_t word;
    memcpy(&word, w.at, 8);
    w.bits |= __builtin_bswap64(word) >> w.count;
    w.at += (63 - w.count) >> 3;
    w.count |= 56;
    return w;
}

INLINE uint32_t top(bit_window w, int32_t size) { return (uint32_t)(w.bits >> 1 >> (63 - size)); }

INLINE bit_window without(bit_window w, int32_t size) {
    w.bits <<= size;
    w.count -= size;
    return w;
}

// A symbol whose code is longer than the table's bits, symbol << 8 | bits taken; -1: none.
static __attribute__((noinline)) int32_t long_symbol(uint64_t bits, const jpeg_code *code) {
    int32_t length = JPEG_LOOKUP + 1;
    while (length <= 16 && (int32_t)(bits >> (64 - length)) > code->last[length]) length++;
    if (length > 16) return -1;
    const int32_t index = code->first[length] + (int32_t)(bits >> (64 - length));
    return index >= 0 && index < 256 ? code->symbols[index] << 8 | length : -1;
}

// A coefficient of a block, which takes at most 26 bits.
#define COEFFICIENT                                                                                                                                    \
    do {                                                                                                                                               \
        int32_t entry = ac->fast[w.bits >> (64 - JPEG_LOOKUP)];                                                                                        \
        if (__builtin_expect(entry == 0, 0)) {                                                                                                         \
            const int32_t found = long_symbol(w.bits, ac), bits = found >> 8 & 15;                                                                     \
            if (found < 0) return false;                                                                                                               \
            entry = bits << 16 | (found >> 12) << 8 | (bits ? MORE : 0) | (found & 255);                                                               \
        }                                                                                                                                              \
        w = without(w, entry & (MORE - 1));                                                                                                            \
        int32_t v = entry >> 16;                                                                                                                       \
        if (entry & MORE) {                                                                                                                            \
            const int32_t bits = v;                                                                                                                    \
            v = extend((int32_t)top(w, bits), bits);                                                                                                   \
            w = without(w, bits);                                                                                                                      \
        }                                                                                                                                              \
        k += entry >> 8 & 255;                                                                                                                         \
        if (__builtin_expect(v == 0, 0)) {                                                                                                             \
            if ((entry & 0xFF00) == 0) goto end;                                                                                                       \
            k++;                                                                                                                                       \
        } else {                                                                                                                                       \
            block[zigzag[k++]] = (int16_t)v;                                                                                                           \
        }                                                                                                                                              \
    } while (0)

INLINE bool read_block(jpeg_reader *r, const jpeg_code *dc, const jpeg_code *ac, int32_t *prediction, int16_t *restrict block, uint8_t *extent) {
    memset(block, 0, 128);
    bit_window w = filled((bit_window){r->at, r->bits, r->count});
    int32_t first = dc->fast[w.bits >> (64 - JPEG_LOOKUP)];
    if (__builtin_expect(first == 0, 0)) {
        const int32_t found = long_symbol(w.bits, dc);
        if (found < 0) return false;
        first = found >> 8 << 16 | (found & 255);
    }
    const int32_t size = first >> 16;
    w = without(w, first & 255);
    if (size) {
        *prediction += extend((int32_t)top(w, size), size);
        w = without(w, size);
    }
    if (*prediction != (int16_t)*prediction) return false;
    block[0] = (int16_t)*prediction;
    int32_t k = 1;
    while (k < 64) {
        w = filled(w);
        COEFFICIENT;
        if (k >= 64) break;
        COEFFICIENT;
    }
end:
    r->at = w.at, r->bits = w.bits, r->count = w.count;
    *extent = k > 1;
    // No more bits than there are, nor coefficients.
    return k <= 64 && w.at - r->end <= w.count >> 3;
}

// Takes the data up to the next marker, without the zeros that follow bytes of 255.
static bool start_segment(const jpeg_frame *f, jpeg_reader *r, const uint8_t *from) {
    uint8_t *to = r->segment;
    for (;;) {
        const uint8_t *stop = memchr(from, 255, (size_t)(f->end - from));
        const size_t plain = (size_t)((stop ? stop : f->end) - from);
        memcpy(to, from, plain);
        to += plain;
        from += plain;
        if (!stop || f->end - stop < 2 || stop[1] != 0) break;
        *to++ = 255;
        from += 2;
    }
    memset(to, 0, JPEG_SEGMENT_SLACK);
    r->at = r->segment;
    r->end = to;
    r->marker = from;
    r->bits = 0;
    r->count = 0;
    r->left = f->restart;
    memset(r->predictions, 0, sizeof r->predictions);
    return true;
}

static bool restart(const jpeg_frame *f, jpeg_reader *r) {
    // Less than a byte of padding is left, and the marker is next.
    const ptrdiff_t bits = (r->end - r->at) * 8 + r->count;
    if (bits < 0 || bits >= 8 || f->end - r->marker < 2 || r->marker[1] != 0xD0 + r->number) return false;
    r->number = (r->number + 1) & 7;
    return start_segment(f, r, r->marker + 2);
}

bool opsin_jpeg_reader_start(const jpeg_frame *frame, jpeg_reader *reader) {
    *reader = (jpeg_reader){.segment = malloc((size_t)(frame->end - frame->data) + JPEG_SEGMENT_SLACK)};
    return reader->segment && start_segment(frame, reader, frame->data);
}

void opsin_jpeg_reader_end(jpeg_reader *reader) { free(reader->segment); }

bool opsin_jpeg_read(const jpeg_frame *f, jpeg_reader *reader, uint32_t rows, const jpeg_coefficients *to) {
    jpeg_reader r = *reader;
    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t mcu = 0; mcu < f->mcus; mcu++) {
            if (f->restart && r.left-- == 0) {
                if (!restart(f, &r)) return false;
                r.left--;
            }
            for (uint32_t c = 0; c < 3; c++) {
                const jpeg_component *part = &f->components[c];
                for (uint32_t v = 0; v < part->down; v++) {
                    for (uint32_t h = 0; h < part->across; h++) {
                        const size_t at = (size_t)(row * part->down + v) * part->blocks + mcu * part->across + h;
                        if (!read_block(&r, &f->dc[part->dc], &f->ac[part->ac], &r.predictions[c], to->blocks[c] + at * 64, to->extents[c] + at))
                            return false;
                    }
                }
            }
        }
    }
    *reader = r;
    return true;
}
