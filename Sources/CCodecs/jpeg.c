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

// Nanoseconds on one core of Zen 5 with libjpeg-turbo 2.1.5, to share work out by: a byte of entropy data, a pixel made of it, the first pass of a resize.
#define ENTROPY_COST 7.4
#define PIXEL_COST 1.04
#define RESIZE_COST 0.5

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

// Where rows go: all of the image, or to a function a few at a time.
typedef struct {
    uint8_t *pixels; // NULL: `take` gets them
    opsin_rows_fn *take;
    void *context;
    double pixel_cost; // nanoseconds that a pixel costs behind its entropy data
} jpeg_target;

// Rows [from, to) of a decode by one thread. What comes before them is read and skipped: its entropy data only.
typedef struct {
    const uint8_t *bytes;
    size_t count;
    const opsin_codec_info *info;
    const jpeg_target *target;
    uint32_t from, to;
    bool reads_on; // the entropy data behind `to` are read too, since they may be damaged
    int32_t status;
    bool warned; // libjpeg complained about the data and went on
    char message[OPSIN_CODEC_MESSAGE];
} jpeg_rows;

// Rows that `take` gets at once.
#define STRIP_ROWS 16

static void read_rows(decoder *d, const jpeg_rows *part) {
    const opsin_codec_info *info = part->info;
    const jpeg_target *target = part->target;
    const size_t stride = (size_t)info->width * info->channels;
    const j_common_ptr common = (j_common_ptr)&d->codec;
    // Of libjpeg's memory, which ends with the decoder.
    JSAMPARRAY ink = d->codec.out_color_space == JCS_CMYK ? d->codec.mem->alloc_sarray(common, JPOOL_IMAGE, (JDIMENSION)info->width * 4, 1) : NULL;
    uint8_t *strip = target->pixels ? NULL : d->codec.mem->alloc_large(common, JPOOL_IMAGE, stride * STRIP_ROWS + OPSIN_ROWS_SLACK);
    while (d->codec.output_scanline < part->to) {
        const uint32_t first = d->codec.output_scanline, left = part->to - first, wanted = left < STRIP_ROWS ? left : STRIP_ROWS;
        JSAMPROW rows[STRIP_ROWS];
        for (uint32_t i = 0; i < wanted; i++) rows[i] = strip ? strip + stride * i : target->pixels + stride * (first + i);
        for (uint32_t done = 0; done < wanted; done = d->codec.output_scanline - first) {
            jpeg_read_scanlines(&d->codec, ink ? ink : rows + done, ink ? 1 : wanted - done);
            if (ink) rgb_from_inverted_cmyk(ink[0], rows[done], info->width);
        }
        if (strip) target->take(target->context, strip, stride, first, wanted);
    }
}

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
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
    if (part->from > 0) jpeg_skip_scanlines(&d.codec, part->from);
#endif
    read_rows(&d, part);
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
    // Skipping to the very end would look at nothing: the last row is decoded.
    if (part->reads_on && part->to < info->height) {
        if (part->to + 1 < info->height) jpeg_skip_scanlines(&d.codec, info->height - 1 - part->to);
        JSAMPROW last = d.codec.mem->alloc_large((j_common_ptr)&d.codec, JPOOL_IMAGE, (size_t)info->width * 4);
        jpeg_read_scanlines(&d.codec, &last, 1);
    }
#endif
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

// Where the parts of several threads end so that all finish at once. Each reads the entropy data of all rows up to its own last one, at a cost of `e` a
// row, and makes pixels of its own rows, at `p`: time = e * end + p * (end - start), where the first starts at `from` and the last ends at `to`.
static void split_rows(jpeg_rows *parts, uint32_t threads, uint32_t from, uint32_t to) {
    const opsin_codec_info *info = parts[0].info;
    const double e = ENTROPY_COST * (double)parts[0].count / info->height, p = parts[0].target->pixel_cost * info->width;
    // end = fixed + slope * time, of each part out of the one before.
    double fixed[OPSIN_JPEG_MAX_THREADS], slope[OPSIN_JPEG_MAX_THREADS], before = from, rise = 0;
    for (uint32_t i = 0; i < threads; i++) {
        before = fixed[i] = p * before / (e + p);
        rise = slope[i] = (1 + p * rise) / (e + p);
    }
    const double time = (to - before) / rise;
    uint32_t start = from;
    for (uint32_t i = 0; i < threads; i++) {
        // Whole rows of blocks, subsampled ones too, so that few are computed twice.
        const double at = fixed[i] + slope[i] * time;
        const uint32_t end = i + 1 == threads ? to : at <= start ? start : (uint32_t)at / 16 * 16;
        parts[i].from = start;
        parts[i].to = start = end < start ? start : end > to ? to : end;
    }
}

// Rows [from, to) on several threads. False when one failed, or when libjpeg found damage.
static bool decode_in_parts(const jpeg_rows *whole, uint32_t threads) {
    jpeg_rows parts[OPSIN_JPEG_MAX_THREADS];
    for (uint32_t i = 0; i < threads; i++) parts[i] = *whole;
    split_rows(parts, threads, whole->from, whole->to);
    for (uint32_t i = 0; i + 1 < threads; i++) parts[i].reads_on = false;
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

static uint32_t useful_threads(const opsin_codec_info *info, uint32_t threads) {
    if (!info->divisible || threads < 1) return 1;
    return threads < OPSIN_JPEG_MAX_THREADS ? threads : OPSIN_JPEG_MAX_THREADS;
}

int32_t opsin_jpeg_decode(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint32_t threads, uint8_t *pixels, char *message) {
    const jpeg_target target = {.pixels = pixels, .pixel_cost = PIXEL_COST};
    jpeg_rows whole = {.bytes = bytes, .count = count, .info = info, .target = &target, .to = info->height};
    threads = useful_threads(info, threads);
    // A damaged file is read again in one go, so that what it gives, pixels or an error, does not depend on the threads.
    if (threads > 1 && decode_in_parts(&whole, threads)) return OPSIN_CODEC_OK;
    decode_rows(&whole);
    if (whole.status != OPSIN_CODEC_OK) memcpy(message, whole.message, sizeof whole.message);
    return whole.status;
}

int32_t opsin_jpeg_decode_rows(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint32_t threads, uint32_t from, uint32_t to,
                               opsin_rows_fn *take, void *context) {
    const jpeg_target target = {.take = take, .context = context, .pixel_cost = PIXEL_COST + RESIZE_COST};
    const jpeg_rows whole = {.bytes = bytes, .count = count, .info = info, .target = &target, .from = from, .to = to, .reads_on = true};
    const bool inside = from < to && to <= info->height && info->divisible;
    return inside && decode_in_parts(&whole, useful_threads(info, threads)) ? OPSIN_CODEC_OK : OPSIN_CODEC_UNSUPPORTED;
}
