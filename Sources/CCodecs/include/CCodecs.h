// Shims over the image codecs. Each call is two-phase where pixels are made: ask for the header, allocate, decode into memory of the caller.
// Error handling with setjmp stays inside of a call, so that no jump ever crosses Swift frames. No global state; any thread.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define OPSIN_CODEC_OK 0
#define OPSIN_CODEC_MALFORMED (-1)   // the file breaks its format's rules
#define OPSIN_CODEC_TRUNCATED (-2)   // the file ends before its pixels do
#define OPSIN_CODEC_TOO_LARGE (-3)   // more pixels than the limit, or more than the file's bytes can hold
#define OPSIN_CODEC_UNSUPPORTED (-4) // a form of the format that is not read
#define OPSIN_CODEC_MEMORY (-5)      // the system gave no memory

// Bytes of a message buffer, the final zero included.
#define OPSIN_CODEC_MESSAGE 256

// Most pixels of an image (Pillow's limit), checked against the header before anything is allocated.
#define OPSIN_CODEC_MAX_PIXELS 178956970u

// What a header says. `width` and `height` are those of the decoded samples, before the orientation is applied.
typedef struct {
    uint32_t width, height;
    uint32_t channels;                // 1: gray, 3: RGB
    uint32_t orientation;             // Exif 1 to 8; 1 where there is none (PNG: known only after decoding)
    uint32_t reduction;               // JPEG: 1, 2, 4 or 8; each side is divided by it, rounded up
    uint32_t full_width, full_height; // the stored size, without the reduction
    uint32_t divisible;               // JPEG: 1 where rows can be skipped for the price of their entropy data: one scan, Huffman codes, libjpeg-turbo
} opsin_codec_info;

// Reads a JPEG's header. With `shortest` above 0 the file may be decoded at 1/2, 1/4 or 1/8 as long as its shorter side keeps at least that many pixels.
int32_t opsin_jpeg_header(const uint8_t *bytes, size_t count, uint32_t shortest, opsin_codec_info *info, char *message);
// Most threads of a decode: each reads the entropy data before its own rows, so that more gain nothing.
#define OPSIN_JPEG_MAX_THREADS 4
// Decodes into width x height x channels bytes. CMYK and YCCK are taken as stored inverted and come as RGB. With `threads` above 1 rows of a divisible
// file are shared out; pixels and errors are the same to the bit.
int32_t opsin_jpeg_decode(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint32_t threads, uint8_t *pixels, char *message);

// Takes decoded rows `first` to `first + count - 1`, `stride` bytes apart; OPSIN_ROWS_SLACK bytes behind the last one may be read.
typedef void opsin_rows_fn(void *context, const uint8_t *pixels, size_t stride, uint32_t first, uint32_t count);
#define OPSIN_ROWS_SLACK 512
// Hands rows [from, to) of a divisible file to `take` as they are decoded, a few at a time, from several threads at once. For files without any damage: all
// others answer something else than OPSIN_CODEC_OK, perhaps after some rows were taken, and are for opsin_jpeg_decode() to judge.
int32_t opsin_jpeg_decode_rows(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint32_t threads, uint32_t from, uint32_t to,
                               opsin_rows_fn *take, void *context);

// Encodes gray or RGB rows into memory that the caller frees with opsin_codec_free(). Quality 1 to 100; sides of at most 65500 pixels.
int32_t opsin_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, int32_t quality, uint8_t **out, size_t *count,
                          char *message);

int32_t opsin_png_header(const uint8_t *bytes, size_t count, opsin_codec_info *info, char *message);
// As above; 16 bits become 8 by rounding, alpha and transparency are dropped, gamma and profiles are not applied. Sets info->orientation.
int32_t opsin_png_decode(const uint8_t *bytes, size_t count, opsin_codec_info *info, uint8_t *pixels, char *message);
// Encodes gray or RGB rows of `bits` 8 or 16 (native byte order) into memory that the caller frees with opsin_codec_free(). Level 0 to 9.
int32_t opsin_png_encode(const void *pixels, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits, int32_t level, uint8_t **out, size_t *count,
                         char *message);

// Encodes numbers of colours, one byte each, with a palette of 256 colours of three bytes. As opsin_png_encode() otherwise.
int32_t opsin_png_encode_indexed(const uint8_t *indices, uint32_t width, uint32_t height, const uint8_t *palette, int32_t level, uint8_t **out, size_t *count,
                                 char *message);

int32_t opsin_webp_header(const uint8_t *bytes, size_t count, opsin_codec_info *info, char *message);
int32_t opsin_webp_decode(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint8_t *pixels, char *message);

// The orientation (1 to 8) in IFD0 of Exif data that begins with its TIFF header or with "Exif\0\0"; 1 when there is none or the data is broken.
uint32_t opsin_exif_orientation(const uint8_t *bytes, size_t count);

void opsin_codec_free(void *memory);

// Version of each library as 0xMMmmpp: libjpeg-turbo's at build time (0 for another libjpeg), the others' at run time.
uint32_t opsin_jpeg_version(void);
uint32_t opsin_png_version(void);
uint32_t opsin_webp_version(void);
