// Our own reading of the JPEG files that cameras write: baseline, one scan, Y'CbCr in 4:4:4, 4:2:2 or 4:2:0. Pixels are libjpeg-turbo's to the bit (its
// accurate integer transform and its smooth upsampling). Whatever is unusual is refused without a word, and is libjpeg's to read and to judge.
//
// Entropy data can be read by one thread only, since codes have no marks between them; pixels can be made of it by all. So the image is cut into bands of MCU
// rows: one thread at a time reads coefficients, the others turn bands into pixels behind it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CCodecs.h"

// Bits that are looked up at once.
#define JPEG_LOOKUP 11

// A Huffman code: ITU-T T.81, annexes C and F.2.2.3.
typedef struct {
    // By the next JPEG_LOOKUP bits: value << 16 | run << 8 | bits taken, see jpeg_entropy.c; 0: a longer code.
    int32_t fast[1 << JPEG_LOOKUP];
    int32_t last[18];  // the largest code of each length, -1 where there is none; [17] is above all
    int32_t first[17]; // index of the first symbol of each length, less its code
    uint8_t symbols[256];
} jpeg_code;

typedef struct {
    uint32_t across, down; // blocks of an MCU
    uint32_t blocks;       // in a row of blocks, over all MCUs
    uint32_t dc, ac;       // which codes
    uint16_t steps[64];    // of quantisation, in natural order
} jpeg_component;

// What the headers say.
typedef struct {
    uint32_t width, height;
    uint32_t mcus, rows; // MCUs in a row, rows of MCUs
    uint32_t restart;    // MCUs between restart markers; 0: none
    jpeg_component components[3];
    jpeg_code dc[4], ac[4];
    const uint8_t *data, *end; // entropy data
} jpeg_frame;

// Coefficients of some MCU rows: of each component rows of blocks, a block 64 numbers in natural order.
typedef struct {
    int16_t *blocks[3];
    uint8_t *extents[3]; // of each block: 0 when all but the first coefficient are zero
} jpeg_coefficients;

// A damaged block may be read so far behind the end of its data.
#define JPEG_SEGMENT_SLACK 512

// Where reading is.
typedef struct {
    uint8_t *segment; // data up to a marker, as they are
    const uint8_t *at, *end, *marker;
    uint64_t bits; // the next ones, from the top
    int32_t count; // how many of them
    int32_t predictions[3];
    uint32_t left; // MCUs up to the next restart marker
    uint32_t number;
} jpeg_reader;

// Makes the tables of a code. False when it is none.
bool opsin_jpeg_code(jpeg_code *code, const uint8_t lengths[17], const uint8_t symbols[256], bool is_dc);
// False when there is no memory.
bool opsin_jpeg_reader_start(const jpeg_frame *frame, jpeg_reader *reader);
void opsin_jpeg_reader_end(jpeg_reader *reader);
// Reads MCU rows. False for damaged data.
bool opsin_jpeg_read(const jpeg_frame *frame, jpeg_reader *reader, uint32_t rows, const jpeg_coefficients *to);

// A row of blocks becomes 8 lines of samples; 8 bytes behind each line are written too when `count` is odd. False for blocks so strong that libjpeg-turbo's
// 16-bit arithmetic could overflow.
typedef bool jpeg_transform_fn(const uint16_t steps[64], const int16_t *blocks, const uint8_t *extents, uint32_t count, uint8_t *samples, size_t stride);
// A row of RGB out of a line of Y' and the nearer and the farther line of each chroma component, which are the same where `down` is 1. `scratch` has
// JPEG_ROW_SCRATCH(width) bytes; 64 bytes behind each line may be read.
typedef void jpeg_row_fn(const jpeg_frame *frame, const uint8_t *y, const uint8_t *const near[2], const uint8_t *const far[2], uint8_t *rgb, void *scratch);
#define JPEG_ROW_SCRATCH(width) ((size_t)(width) * 4 + 1024)

typedef struct {
    jpeg_transform_fn *transform;
    jpeg_row_fn *row;
} jpeg_kernels;
// The fastest for this processor, or what OPSIN_CPU_ISA names.
jpeg_kernels opsin_jpeg_kernels(void);

// Where rows go: all of the image, or to a function a few at a time.
typedef struct {
    uint8_t *pixels; // NULL: `take` gets them
    opsin_rows_fn *take;
    void *context;
    uint32_t from, to; // rows that are wanted; the entropy data of all are read
} jpeg_target;

// Decodes on `threads` threads, the caller's among them. False for what is not read here, or when there is no memory; rows may have been written.
bool opsin_jpeg_bands(const jpeg_frame *frame, uint32_t threads, const jpeg_target *target);
