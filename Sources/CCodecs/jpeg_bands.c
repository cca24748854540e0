#include "jpeg_frame.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

// MCU rows of a band: enough that the lines of chroma that two bands both need are few.
#define BAND 4
// Bands whose coefficients are kept. A band's pixels need those of the bands before and behind it.
#define RING 5
#define STRIP_ROWS 16
#define LARGE_PAGE ((size_t)2 << 20)

// What a thread needs to turn bands into pixels.
typedef struct {
    uint8_t *luma, *chroma[2];
    uint8_t *strip;
    void *row;
} band_scratch;

typedef struct {
    const jpeg_frame *frame;
    const jpeg_target *target;
    jpeg_kernels kernels;
    uint32_t bands;
    size_t luma_stride, chroma_stride; // of the lines in scratch
    jpeg_coefficients ring[RING];
    band_scratch scratch[OPSIN_JPEG_MAX_THREADS];

    pthread_mutex_t lock;
    pthread_cond_t changed;
    // Under the lock.
    jpeg_reader reader; // its reader's alone while `reading`
    bool reading, failed;
    uint32_t read, begun, finished; // bands: coefficients there; pixels begun; all before it have pixels
    bool done[RING];                // of bands from `finished` on, by number modulo RING
    uint32_t workers;
} decode;

static uint32_t rows_of(const decode *d, uint32_t band) {
    const uint32_t left = d->frame->rows - band * BAND;
    return left < BAND ? left : BAND;
}

// One piece of memory for everything: the sizes of its parts, or with `memory` their places.
static size_t lay_out(decode *d, uint32_t threads, uint8_t *memory) {
    const jpeg_frame *f = d->frame;
    size_t at = 0;
#define PLACE(pointer, type, bytes) ((pointer) = memory ? (type *)(void *)(memory + at) : NULL, at += ((size_t)(bytes) + 127) / 64 * 64)
    for (uint32_t i = 0; i < RING; i++) {
        for (uint32_t c = 0; c < 3; c++) {
            const size_t blocks = (size_t)f->components[c].blocks * f->components[c].down * BAND;
            PLACE(d->ring[i].blocks[c], int16_t, blocks * 128);
            PLACE(d->ring[i].extents[c], uint8_t, blocks);
        }
    }
    const size_t luma_lines = 8 * BAND * f->components[0].down, chroma_lines = 8 * (BAND + 2);
    d->luma_stride = (size_t)f->components[0].blocks * 8 + 64;
    d->chroma_stride = (size_t)f->components[1].blocks * 8 + 64;
    for (uint32_t i = 0; i < threads; i++) {
        band_scratch *s = &d->scratch[i];
        PLACE(s->luma, uint8_t, luma_lines * d->luma_stride);
        for (int c = 0; c < 2; c++) PLACE(s->chroma[c], uint8_t, chroma_lines * d->chroma_stride);
        PLACE(s->row, uint8_t, JPEG_ROW_SCRATCH(f->width));
        PLACE(s->strip, uint8_t, d->target->pixels ? 0 : (size_t)f->width * 3 * STRIP_ROWS + OPSIN_ROWS_SLACK);
    }
#undef PLACE
    return at;
}

// One row of blocks of a component.
static bool transform_row(const decode *d, uint32_t band, uint32_t c, uint32_t row, uint8_t *samples, size_t stride) {
    const jpeg_coefficients *from = &d->ring[band % RING];
    const size_t blocks = d->frame->components[c].blocks, at = row * blocks;
    return d->kernels.transform(d->frame->components[c].steps, from->blocks[c] + at * 64, from->extents[c] + at, (uint32_t)blocks, samples, stride);
}

static bool make_pixels(decode *d, uint32_t band, band_scratch *s) {
    const jpeg_frame *f = d->frame;
    const jpeg_target *t = d->target;
    const uint32_t down = f->components[0].down, lines = 8 * down, rows = rows_of(d, band);
    uint32_t first = band * BAND * lines, end = first + rows * lines;
    if (end > f->height) end = f->height;
    const uint32_t start = first;
    if (first < t->from) first = t->from;
    if (end > t->to) end = t->to;
    if (first >= end) return true;
    bool good = true;
    for (uint32_t row = 0; row < rows * down; row++) good &= transform_row(d, band, 0, row, s->luma + row * 8 * d->luma_stride, d->luma_stride);
    for (uint32_t c = 1; c < 3; c++) {
        uint8_t *samples = s->chroma[c - 1];
        const size_t stride = d->chroma_stride;
        if (down == 2 && band > 0) good &= transform_row(d, band - 1, c, BAND - 1, samples, stride);
        for (uint32_t row = 0; row < rows; row++) good &= transform_row(d, band, c, row, samples + (row + 1) * 8 * stride, stride);
        if (down == 2 && band + 1 < d->bands) good &= transform_row(d, band + 1, c, 0, samples + (rows + 1) * 8 * stride, stride);
    }
    if (!good) return false;
    const size_t stride = (size_t)f->width * 3;
    const uint32_t chroma_lines = (f->height + down - 1) / down;
    uint32_t held = first; // the first row of the strip
    for (uint32_t y = first; y < end; y++) {
        const uint32_t near = y / down;
        uint32_t far = near;
        if (down == 2 && y % 2 == 1 && near + 1 < chroma_lines) far = near + 1;
        if (down == 2 && y % 2 == 0 && near > 0) far = near - 1;
        const uint8_t *nears[2], *fars[2];
        for (int c = 0; c < 2; c++) {
            nears[c] = s->chroma[c] + (near + 8 - start / down) * d->chroma_stride;
            fars[c] = s->chroma[c] + (far + 8 - start / down) * d->chroma_stride;
        }
        uint8_t *to = t->pixels ? t->pixels + y * stride : s->strip + (y - held) * stride;
        d->kernels.row(f, s->luma + (y - start) * d->luma_stride, nears, fars, to, s->row);
        if (!t->pixels && (y + 1 == end || y + 1 - held == STRIP_ROWS)) {
            t->take(t->context, s->strip, stride, held, y + 1 - held);
            held = y + 1;
        }
    }
    return true;
}

// With the lock held: reads the next band's coefficients if nobody does and there is room. Whether something was done.
static bool read_band(decode *d) {
    const uint32_t band = d->read;
    if (d->reading || band == d->bands || (band >= RING && d->finished + RING < band + 2)) return false;
    d->reading = true;
    pthread_mutex_unlock(&d->lock);
    const bool good = opsin_jpeg_read(d->frame, &d->reader, rows_of(d, band), &d->ring[band % RING]);
    pthread_mutex_lock(&d->lock);
    d->reading = false;
    if (good) d->read++;
    else d->failed = true;
    pthread_cond_broadcast(&d->changed);
    return true;
}

// With the lock held: makes pixels of the next band whose neighbours are read. Whether something was done.
static bool finish_band(decode *d, band_scratch *s) {
    const uint32_t band = d->begun;
    if (band == d->bands || d->read < (band + 2 < d->bands ? band + 2 : d->bands)) return false;
    d->begun++;
    pthread_mutex_unlock(&d->lock);
    const bool good = make_pixels(d, band, s);
    pthread_mutex_lock(&d->lock);
    if (!good) d->failed = true;
    d->done[band % RING] = true;
    for (; d->finished < d->begun && d->done[d->finished % RING]; d->finished++) d->done[d->finished % RING] = false;
    pthread_cond_broadcast(&d->changed);
    return true;
}

static void *work(void *argument) {
    decode *d = argument;
    pthread_mutex_lock(&d->lock);
    band_scratch *s = &d->scratch[d->workers++];
    // Reading is what all others wait for.
    while (!d->failed && d->finished < d->bands) {
        if (!read_band(d) && !finish_band(d, s)) pthread_cond_wait(&d->changed, &d->lock);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

bool opsin_jpeg_bands(const jpeg_frame *frame, uint32_t threads, const jpeg_target *target) {
    decode d = {.frame = frame, .target = target, .kernels = opsin_jpeg_kernels(), .bands = (frame->rows + BAND - 1) / BAND};
    if (threads < 1) threads = 1;
    if (threads > OPSIN_JPEG_MAX_THREADS) threads = OPSIN_JPEG_MAX_THREADS;
    if (threads > d.bands) threads = d.bands;
    const size_t bytes = lay_out(&d, threads, NULL), alignment = bytes < LARGE_PAGE ? 64 : LARGE_PAGE;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, (bytes + alignment - 1) / alignment * alignment) != 0) return false;
    if (alignment == LARGE_PAGE) madvise(memory, bytes, MADV_HUGEPAGE);
    lay_out(&d, threads, memory);
    if (!opsin_jpeg_reader_start(frame, &d.reader)) {
        free(memory);
        return false;
    }
    pthread_mutex_init(&d.lock, NULL);
    pthread_cond_init(&d.changed, NULL);
    pthread_t others[OPSIN_JPEG_MAX_THREADS];
    uint32_t started = 0;
    // The signals of the host are its own threads'.
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) == 0) {
        while (started + 1 < threads && pthread_create(&others[started], NULL, work, &d) == 0) started++;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    work(&d);
    for (uint32_t i = 0; i < started; i++) pthread_join(others[i], NULL);
    pthread_cond_destroy(&d.changed);
    pthread_mutex_destroy(&d.lock);
    opsin_jpeg_reader_end(&d.reader);
    free(memory);
    return !d.failed;
}
