#include "codec.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

// Most scans of a progressive file. Encoders write about ten; a few kilobytes can claim thousands, each a pass over the whole image.
#define MAXIMUM_SCANS 500

typedef struct {
    struct jpeg_decompress_struct codec;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    char *message;
    int32_t status;
    bool ended;    // the reader ran out of bytes
    bool starved;  // entropy data was missing
    bool decoding; // behind the header
} decoder;

static void fail(j_common_ptr common) {
    decoder *d = (decoder *)common->client_data;
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    const bool truncated = d->ended || common->err->msg_code == JERR_INPUT_EOF || common->err->msg_code == JERR_INPUT_EMPTY;
    if (truncated) d->status = opsin_codec_fail(d->message, OPSIN_CODEC_TRUNCATED, "JPEG: truncated, the file ends before its image (%s)", text);
    else d->status = opsin_codec_fail(d->message, OPSIN_CODEC_MALFORMED, "JPEG: %s", text);
    longjmp(d->jump, 1);
}

static void truncated(decoder *d) {
    d->status = opsin_codec_fail(d->message, OPSIN_CODEC_TRUNCATED, "JPEG: truncated, expected %u rows, the file ends at row %u", d->codec.image_height,
                                 d->codec.output_scanline);
    longjmp(d->jump, 1);
}

// Warnings: libjpeg invents gray pixels when bytes are missing; that must not pass as a photo. In a file of several scans the first one that is
// missing leaves a blurred image without any further warning. Other corruption is tolerated as Pillow does.
static void warn(j_common_ptr common, int level) {
    if (level >= 0) return; // a trace, not a warning
    decoder *d = (decoder *)common->client_data;
    if (common->err->msg_code == JWRN_JPEG_EOF) d->ended = true;
    if (common->err->msg_code == JWRN_HIT_MARKER) d->starved = true;
    common->err->num_warnings++;
    if (d->ended && (d->starved || (d->decoding && jpeg_has_multiple_scans(&d->codec)))) truncated(d);
}

static void silent(j_common_ptr common) { (void)common; }

static void watch(j_common_ptr common) {
    decoder *d = (decoder *)common->client_data;
    if (d->codec.input_scan_number <= MAXIMUM_SCANS) return;
    d->status = opsin_codec_fail(d->message, OPSIN_CODEC_MALFORMED, "JPEG: expected at most %d scans, found more", MAXIMUM_SCANS);
    longjmp(d->jump, 1);
}

static void open_decoder(decoder *d, char *message) {
    memset(d, 0, sizeof *d);
    d->message = message;
    d->codec.err = jpeg_std_error(&d->errors);
    d->errors.error_exit = fail;
    d->errors.emit_message = warn;
    d->errors.output_message = silent;
    d->codec.client_data = d;
}

static uint32_t orientation(const decoder *d) {
    for (jpeg_saved_marker_ptr marker = d->codec.marker_list; marker; marker = marker->next) {
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length >= 6 && memcmp(marker->data, "Exif\0\0", 6) == 0)
            return opsin_exif_orientation(marker->data, marker->data_length);
    }
    return 1;
}

// Reads up to the first scan and chooses colours. Jumps on failure.
static void read_header(decoder *d, const uint8_t *bytes, size_t count) {
    jpeg_create_decompress(&d->codec);
    d->codec.client_data = d;
    d->progress.progress_monitor = watch;
    d->codec.progress = &d->progress;
    jpeg_mem_src(&d->codec, bytes, count);
    jpeg_save_markers(&d->codec, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&d->codec, TRUE);
    d->status = opsin_codec_check_size(d->message, "JPEG", d->codec.image_width, d->codec.image_height);
    if (d->status) longjmp(d->jump, 1);
    // A Huffman-coded block takes a bit at least: a small file that claims many pixels is refused before anything is allocated.
    if (!d->codec.arith_code && (uint64_t)d->codec.image_width * d->codec.image_height > (uint64_t)count * 8 * 64) {
        d->status = opsin_codec_fail(d->message, OPSIN_CODEC_TRUNCATED, "JPEG: %u x %u pixels cannot be in a file of %zu bytes", d->codec.image_width,
                                     d->codec.image_height, count);
        longjmp(d->jump, 1);
    }
    switch (d->codec.jpeg_color_space) {
    case JCS_GRAYSCALE: d->codec.out_color_space = JCS_GRAYSCALE; break;
    case JCS_YCbCr:
    case JCS_RGB: d->codec.out_color_space = JCS_RGB; break;
    case JCS_CMYK:
    case JCS_YCCK: d->codec.out_color_space = JCS_CMYK; break;
    default:
        d->status = opsin_codec_fail(d->message, OPSIN_CODEC_UNSUPPORTED, "JPEG: expected 1, 3 or 4 components, found %d", d->codec.num_components);
        longjmp(d->jump, 1);
    }
}

int32_t opsin_jpeg_header(const uint8_t *bytes, size_t count, uint32_t shortest, opsin_codec_info *info, char *message) {
    decoder d;
    open_decoder(&d, message);
    if (setjmp(d.jump)) {
        jpeg_destroy_decompress(&d.codec);
        return d.status;
    }
    read_header(&d, bytes, count);
    const uint32_t width = d.codec.image_width, height = d.codec.image_height, side = width < height ? width : height;
    uint32_t reduction = 1;
    while (shortest > 0 && reduction < 8 && side / (reduction * 2) >= shortest) reduction *= 2;
    *info = (opsin_codec_info){
        .width = (width + reduction - 1) / reduction,
        .height = (height + reduction - 1) / reduction,
        .channels = d.codec.out_color_space == JCS_GRAYSCALE ? 1 : 3,
        .orientation = orientation(&d),
        .reduction = reduction,
        .full_width = width,
        .full_height = height,
        // Several scans and arithmetic coding have nothing to gain.
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
        .divisible = !jpeg_has_multiple_scans(&d.codec) && !d.codec.arith_code,
#endif
    };
    jpeg_destroy_decompress(&d.codec);
    return OPSIN_CODEC_OK;
}

static uint8_t scaled(uint32_t ink, uint32_t light) {
    const uint32_t t = ink * light + 128;
    return (uint8_t)(light - (((t >> 8) + t) >> 8));
}

// Samples are 255 - ink. Black first, then each colour takes its share of the light that is left.
static void rgb_from_inverted_cmyk(const uint8_t *cmyk, uint8_t *rgb, uint32_t width) {
    for (uint32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        for (int c = 0; c < 3; c++) rgb[c] = scaled(255u - cmyk[c], cmyk[3]);
    }
}

// Rows [from, to) of a decode. What comes before them is read and skipped: its entropy data only.
typedef struct {
    const uint8_t *bytes;
    size_t count;
    const opsin_codec_info *info;
    uint8_t *pixels; // of the whole image
    uint32_t from, to;
    int32_t status;
    bool warned; // libjpeg complained about the data and went on
    char message[OPSIN_CODEC_MESSAGE];
} jpeg_rows;

static void decode_rows(jpeg_rows *part) {
    const opsin_codec_info *info = part->info;
    decoder d;
    open_decoder(&d, part->message);
    if (setjmp(d.jump)) {
        jpeg_destroy_decompress(&d.codec);
        part->status = d.status;
        return;
    }
    read_header(&d, part->bytes, part->count);
    d.codec.scale_num = 1;
    d.codec.scale_denom = info->reduction;
    d.codec.dct_method = JDCT_ISLOW;
    d.codec.do_fancy_upsampling = TRUE;
    d.decoding = true;
    jpeg_start_decompress(&d.codec);
    if (d.codec.output_width != info->width || d.codec.output_height != info->height) {
        jpeg_destroy_decompress(&d.codec);
        part->status = opsin_codec_fail(part->message, OPSIN_CODEC_MALFORMED, "JPEG: expected %u x %u pixels, found %u x %u", info->width, info->height,
                                        d.codec.output_width, d.codec.output_height);
        return;
    }
    const size_t stride = (size_t)info->width * info->channels;
    JSAMPARRAY ink = NULL;
    if (d.codec.out_color_space == JCS_CMYK)
        ink = d.codec.mem->alloc_sarray((j_common_ptr)&d.codec, JPOOL_IMAGE, (JDIMENSION)info->width * 4, 1);
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
    if (part->from > 0) jpeg_skip_scanlines(&d.codec, part->from);
#endif
    while (d.codec.output_scanline < part->to) {
        uint8_t *row = part->pixels + stride * d.codec.output_scanline;
        if (ink) {
            jpeg_read_scanlines(&d.codec, ink, 1);
            rgb_from_inverted_cmyk(ink[0], row, info->width);
        } else {
            JSAMPROW rows[8];
            JDIMENSION wanted = part->to - d.codec.output_scanline;
            if (wanted > 8) wanted = 8;
            for (JDIMENSION i = 0; i < wanted; i++) rows[i] = row + stride * i;
            jpeg_read_scanlines(&d.codec, rows, wanted);
        }
    }
    part->warned = d.errors.num_warnings > 0;
    jpeg_destroy_decompress(&d.codec);
    part->status = OPSIN_CODEC_OK;
}

static void *decode_rows_on_thread(void *part) {
    decode_rows(part);
    return NULL;
}

// The signals of the host are its own threads'.
static bool start_thread(pthread_t *thread, jpeg_rows *part) {
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return false;
    const bool started = pthread_create(thread, NULL, decode_rows_on_thread, part) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

// Where the parts of several threads end so that all finish at once. Each reads the entropy data of all rows up to its own last one, at a cost of `e` for
// the whole image, and makes pixels of its own rows, at `p`: T = e * end + p * (end - start), the last end is 1. Measured with libjpeg-turbo 2.1.5.
static void split_rows(const opsin_codec_info *info, size_t count, jpeg_rows *parts, uint32_t threads) {
    const double e = 7.4 * (double)count, p = 1.04 * (double)info->width * info->height;
    double ends[OPSIN_JPEG_MAX_THREADS], end = 0;
    for (uint32_t i = 0; i < threads; i++) ends[i] = end = (1 + p * end) / (e + p);
    uint32_t from = 0;
    for (uint32_t i = 0; i < threads; i++) {
        // Whole rows of blocks, subsampled ones too, so that few are computed twice.
        const uint32_t to = i + 1 == threads ? info->height : (uint32_t)(info->height * ends[i] / end) / 16 * 16;
        parts[i].from = from;
        parts[i].to = from = to > from ? to : from;
    }
}

static bool decode_in_parts(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint8_t *pixels, uint32_t threads) {
    jpeg_rows parts[OPSIN_JPEG_MAX_THREADS];
    for (uint32_t i = 0; i < threads; i++) parts[i] = (jpeg_rows){.bytes = bytes, .count = count, .info = info, .pixels = pixels};
    split_rows(info, count, parts, threads);
    pthread_t workers[OPSIN_JPEG_MAX_THREADS];
    bool started[OPSIN_JPEG_MAX_THREADS] = {false}, good = true;
    for (uint32_t i = 1; i < threads; i++) started[i] = start_thread(&workers[i], &parts[i]);
    decode_rows(&parts[0]);
    for (uint32_t i = 1; i < threads; i++) {
        if (started[i]) pthread_join(workers[i], NULL);
        else decode_rows(&parts[i]);
    }
    for (uint32_t i = 0; i < threads; i++) good = good && parts[i].status == OPSIN_CODEC_OK && !parts[i].warned;
    return good;
}

int32_t opsin_jpeg_decode(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint32_t threads, uint8_t *pixels, char *message) {
    if (threads > OPSIN_JPEG_MAX_THREADS) threads = OPSIN_JPEG_MAX_THREADS;
    // A damaged file is read again in one go, so that what it gives, pixels or an error, does not depend on the threads.
    if (info->divisible && threads > 1 && decode_in_parts(bytes, count, info, pixels, threads)) return OPSIN_CODEC_OK;
    jpeg_rows whole = {.bytes = bytes, .count = count, .info = info, .pixels = pixels, .to = info->height};
    decode_rows(&whole);
    if (whole.status != OPSIN_CODEC_OK) memcpy(message, whole.message, sizeof whole.message);
    return whole.status;
}

typedef struct {
    struct jpeg_compress_struct codec;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
    char *message;
    int32_t status;
} encoder;

static void fail_encoding(j_common_ptr common) {
    encoder *e = (encoder *)common->client_data;
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    e->status = opsin_codec_fail(e->message, OPSIN_CODEC_MEMORY, "JPEG: %s", text);
    longjmp(e->jump, 1);
}

int32_t opsin_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, int32_t quality, uint8_t **out, size_t *count,
                          char *message) {
    *out = NULL;
    *count = 0;
    const bool fits = width >= 1 && height >= 1 && width <= JPEG_MAX_DIMENSION && height <= JPEG_MAX_DIMENSION;
    if (!fits || (channels != 1 && channels != 3) || quality < 1 || quality > 100)
        return opsin_codec_fail(message, OPSIN_CODEC_UNSUPPORTED,
                                "JPEG: expected sides of 1 to %ld, 1 or 3 channels and quality 1 to 100, found %u x %u, %u, %d", (long)JPEG_MAX_DIMENSION,
                                width, height, channels, (int)quality);
    // What the codec changes must survive its jump: it writes to the heap, through these two.
    struct {
        unsigned char *bytes;
        unsigned long count;
    } *sink = calloc(1, sizeof *sink);
    if (!sink) return opsin_codec_fail(message, OPSIN_CODEC_MEMORY, "JPEG: out of memory");
    encoder e;
    memset(&e, 0, sizeof e);
    e.message = message;
    e.codec.err = jpeg_std_error(&e.errors);
    e.errors.error_exit = fail_encoding;
    e.errors.output_message = silent;
    e.codec.client_data = &e;
    if (setjmp(e.jump) == 0) {
        jpeg_create_compress(&e.codec);
        e.codec.client_data = &e;
        jpeg_mem_dest(&e.codec, &sink->bytes, &sink->count);
        e.codec.image_width = width;
        e.codec.image_height = height;
        e.codec.input_components = (int)channels;
        e.codec.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
        jpeg_set_defaults(&e.codec);
        jpeg_set_quality(&e.codec, quality, TRUE);
        // Colours at full resolution: letters and thin lines on coloured grounds would fray otherwise.
        e.codec.comp_info[0].h_samp_factor = e.codec.comp_info[0].v_samp_factor = 1;
        jpeg_start_compress(&e.codec, TRUE);
        while (e.codec.next_scanline < height) {
            JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + (size_t)e.codec.next_scanline * width * channels);
            jpeg_write_scanlines(&e.codec, &row, 1);
        }
        jpeg_finish_compress(&e.codec);
    }
    jpeg_destroy_compress(&e.codec);
    if (e.status) {
        free(sink->bytes);
    } else {
        *out = sink->bytes;
        *count = sink->count;
    }
    free(sink);
    return e.status;
}

uint32_t opsin_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
    const uint32_t v = LIBJPEG_TURBO_VERSION_NUMBER; // 2001005 is 2.1.5
    return v / 1000000 << 16 | v / 1000 % 1000 << 8 | v % 1000;
#else
    return 0;
#endif
}
