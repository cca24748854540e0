#include "codec.h"
#include "jpeg_frame.h"

#include <setjmp.h>
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

// What jpeg_frame.h reads, out of libjpeg's reading of the headers. False for everything else.
static bool find_frame(const struct jpeg_decompress_struct *codec, jpeg_frame *f) {
    if (codec->progressive_mode || codec->arith_code || codec->data_precision != 8 || codec->jpeg_color_space != JCS_YCbCr || codec->num_components != 3 ||
        codec->comps_in_scan != 3 || codec->Ss != 0 || codec->Se != 63 || codec->Ah != 0 || codec->Al != 0 || codec->image_width < 16)
        return false;
    const jpeg_component_info *luma = &codec->comp_info[0];
    if (luma->h_samp_factor < luma->v_samp_factor || luma->h_samp_factor > 2) return false;
    f->width = codec->image_width;
    f->height = codec->image_height;
    f->restart = codec->restart_interval;
    const uint32_t across = 8 * (uint32_t)luma->h_samp_factor, down = 8 * (uint32_t)luma->v_samp_factor;
    f->mcus = (f->width + across - 1) / across;
    f->rows = (f->height + down - 1) / down;
    for (int c = 0; c < 3; c++) {
        const jpeg_component_info *info = &codec->comp_info[c];
        jpeg_component *part = &f->components[c];
        if (codec->cur_comp_info[c] != info || (c > 0 && (info->h_samp_factor != 1 || info->v_samp_factor != 1))) return false;
        const bool numbered = info->quant_tbl_no >= 0 && info->quant_tbl_no < NUM_QUANT_TBLS && info->dc_tbl_no >= 0 && info->dc_tbl_no < NUM_HUFF_TBLS &&
                              info->ac_tbl_no >= 0 && info->ac_tbl_no < NUM_HUFF_TBLS;
        if (!numbered) return false;
        const JQUANT_TBL *steps = codec->quant_tbl_ptrs[info->quant_tbl_no];
        const JHUFF_TBL *dc = codec->dc_huff_tbl_ptrs[info->dc_tbl_no], *ac = codec->ac_huff_tbl_ptrs[info->ac_tbl_no];
        if (!steps || !dc || !ac) return false;
        part->across = (uint32_t)info->h_samp_factor;
        part->down = (uint32_t)info->v_samp_factor;
        part->blocks = f->mcus * part->across;
        part->dc = (uint32_t)info->dc_tbl_no;
        part->ac = (uint32_t)info->ac_tbl_no;
        memcpy(part->steps, steps->quantval, sizeof part->steps);
        if (!opsin_jpeg_code(&f->dc[part->dc], dc->bits, dc->huffval, true) || !opsin_jpeg_code(&f->ac[part->ac], ac->bits, ac->huffval, false)) return false;
    }
    f->data = codec->src->next_input_byte;
    f->end = f->data + codec->src->bytes_in_buffer;
    return true;
}

// Our own way (jpeg_frame.h). False where it is none.
static bool decode_bands(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint32_t threads, const jpeg_target *target) {
    char message[OPSIN_CODEC_MESSAGE];
    jpeg_frame *frame = malloc(sizeof *frame);
    decoder d;
    open_decoder(&d, message);
    if (setjmp(d.jump) || !frame) {
        jpeg_destroy_decompress(&d.codec);
        free(frame);
        return false;
    }
    read_header(&d, bytes, count);
    const bool done = info->reduction == 1 && find_frame(&d.codec, frame) && frame->width == info->width && frame->height == info->height &&
                      info->channels == 3 && opsin_jpeg_bands(frame, threads, target);
    jpeg_destroy_decompress(&d.codec);
    free(frame);
    return done;
}

int32_t opsin_jpeg_decode_rows(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint32_t threads, uint32_t from, uint32_t to,
                               opsin_rows_fn *take, void *context) {
    const jpeg_target target = {.take = take, .context = context, .from = from, .to = to};
    return decode_bands(bytes, count, info, threads, &target) ? OPSIN_CODEC_OK : OPSIN_CODEC_UNSUPPORTED;
}

int32_t opsin_jpeg_decode(const uint8_t *bytes, size_t count, const opsin_codec_info *info, uint32_t threads, uint8_t *pixels, char *message) {
    const jpeg_target target = {.pixels = pixels, .to = info->height};
    if (threads > 0 && decode_bands(bytes, count, info, threads, &target)) return OPSIN_CODEC_OK;
    decoder d;
    open_decoder(&d, message);
    if (setjmp(d.jump)) {
        jpeg_destroy_decompress(&d.codec);
        return d.status;
    }
    read_header(&d, bytes, count);
    d.codec.scale_num = 1;
    d.codec.scale_denom = info->reduction;
    d.codec.dct_method = JDCT_ISLOW;
    d.codec.do_fancy_upsampling = TRUE;
    d.decoding = true;
    jpeg_start_decompress(&d.codec);
    if (d.codec.output_width != info->width || d.codec.output_height != info->height) {
        jpeg_destroy_decompress(&d.codec);
        return opsin_codec_fail(message, OPSIN_CODEC_MALFORMED, "JPEG: expected %u x %u pixels, found %u x %u", info->width, info->height, d.codec.output_width,
                                d.codec.output_height);
    }
    const size_t stride = (size_t)info->width * info->channels;
    JSAMPARRAY ink = NULL;
    if (d.codec.out_color_space == JCS_CMYK)
        ink = d.codec.mem->alloc_sarray((j_common_ptr)&d.codec, JPOOL_IMAGE, (JDIMENSION)info->width * 4, 1);
    while (d.codec.output_scanline < d.codec.output_height) {
        uint8_t *row = pixels + stride * d.codec.output_scanline;
        if (ink) {
            jpeg_read_scanlines(&d.codec, ink, 1);
            rgb_from_inverted_cmyk(ink[0], row, info->width);
        } else {
            JSAMPROW rows[8];
            JDIMENSION wanted = d.codec.output_height - d.codec.output_scanline;
            if (wanted > 8) wanted = 8;
            for (JDIMENSION i = 0; i < wanted; i++) rows[i] = row + stride * i;
            jpeg_read_scanlines(&d.codec, rows, wanted);
        }
    }
    jpeg_destroy_decompress(&d.codec);
    return OPSIN_CODEC_OK;
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
