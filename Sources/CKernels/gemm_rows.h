// Where the rows of gemm_body.h's tiles are in the input, and how they are brought together where they are not as a tile wants them.
#pragma once
// One stretch of a tile's rows that one kernel call computes.
typedef struct {
    size_t first, rows; // within the tile
    size_t groups, length;
    size_t skipped; // steps of the depth before the first group: taps above the input
    bool strided;
    const float **a;
} segment;

typedef struct {
    segment segments[3];
    size_t count, row_stride; // row_stride in bytes, of strided segments
} tile_rows;

// Adds rows [first, last) tap by tap; taps in the padding read zeros.
static void point_rows(const opsin_window *w, const float *x, size_t first_row, size_t first, size_t last, const float **a, tile_rows *out) {
    const size_t rows = last - first, channels = w->channels;
    out->segments[out->count++] = (segment){first, rows, (size_t)w->kernel_height * w->kernel_width, channels, 0, false, a};
    for (size_t i = 0; i < rows; i++) {
        const size_t row = first_row + first + i, ox = row % w->output_width, oy = row / w->output_width % w->output_height;
        const float *image = x + row / w->output_width / w->output_height * w->height * w->width * channels;
        const int64_t top = (int64_t)(oy * w->stride_y) - w->padding_top, left = (int64_t)(ox * w->stride_x) - w->padding_left;
        const float **place = a + i;
        for (size_t ky = 0; ky < w->kernel_height; ky++) {
            const int64_t iy = top + (int64_t)(ky * w->dilation_y);
            for (size_t kx = 0; kx < w->kernel_width; kx++, place += rows) {
                const int64_t ix = left + (int64_t)(kx * w->dilation_x);
                *place = iy >= 0 && ix >= 0 && iy < w->height && ix < w->width ? image + ((size_t)iy * w->width + (size_t)ix) * channels : w->zeros;
            }
        }
    }
}

// Columns [begin, end) of the output, which read no padding left or right.
typedef struct {
    size_t begin, end;
} inside_columns;

static inside_columns find_inside(const opsin_window *w) {
    if (w->kernel_height == 0) return (inside_columns){0, 0};
    const size_t reach = (size_t)(w->kernel_width - 1) * w->dilation_x, span = (size_t)w->width + w->padding_left;
    return (inside_columns){(w->padding_left + w->stride_x - 1) / w->stride_x, span > reach ? (span - reach - 1) / w->stride_x + 1 : 0};
}

// Adds columns [first, last), counted from ox, of output row `row`, which all lie inside: one group a window row that exists, or a tap where taps are
// apart.
INLINE void stride_rows(const opsin_window *w, const float *x, size_t row, size_t ox, size_t first, size_t last, const float **a, tile_rows *out) {
    const size_t n = row / w->output_height, oy = row - n * w->output_height, channels = w->channels;
    const int64_t top = (int64_t)(oy * w->stride_y) - w->padding_top;
    const float *start = x + (n * w->height * w->width + (ox + first) * w->stride_x - w->padding_left) * channels;
    const bool joined = w->dilation_x == 1;
    segment s = {first, last - first, 0, joined ? w->kernel_width * channels : channels, 0, true, a};
    for (size_t ky = 0; ky < w->kernel_height; ky++) {
        const int64_t iy = top + (int64_t)(ky * w->dilation_y);
        if (iy < 0) s.skipped += w->kernel_width * channels;
        if (iy < 0 || iy >= w->height) continue;
        const float *line = start + (size_t)iy * w->width * channels;
        for (size_t kx = 0; kx < (joined ? 1 : w->kernel_width); kx++) a[s.groups++] = line + kx * w->dilation_x * channels;
    }
    out->row_stride = w->stride_x * channels * sizeof(float);
    out->segments[out->count++] = s;
}

// Where the tile's rows, [first_row, first_row + rows) of the product, are in the input. `table` has room for taps x tile_rows pointers a segment. `whole`
// wants one segment with all of the depth: rows that are rounded next, what lies in the padding as zeros.
INLINE void find_rows(const opsin_gemm_arguments *q, const inside_columns *inside, bool whole, size_t run, size_t first_row, size_t rows, const float **table,
                      tile_rows *out) {
    const opsin_window *w = &q->window;
    out->count = 0;
    if (w->kernel_height == 0) {
        const size_t pitch = q->x_pitch ? q->x_pitch : q->depth;
        table[0] = q->x + first_row * pitch;
        out->segments[out->count++] = (segment){0, rows, 1, q->depth, 0, true, table};
        out->row_stride = pitch * sizeof(float);
        return;
    }
    if (q->shape.run != w->output_width) {
        point_rows(w, q->x, first_row, 0, rows, table, out);
        return;
    }
    const size_t ox = first_row - run * w->output_width;
    const size_t begin = inside->begin > ox ? inside->begin - ox : 0;
    const size_t end = inside->end > ox ? (inside->end - ox < rows ? inside->end - ox : rows) : 0;
    if (whole) {
        if (begin == 0 && end == rows) {
            stride_rows(w, q->x, run, ox, begin, end, table, out);
            if (out->segments[0].groups * out->segments[0].length == q->depth) return;
            out->count = 0;
        }
        point_rows(w, q->x, first_row, 0, rows, table, out);
        return;
    }
    // Few channels: a pointed tile has too little to do between pointers, so only the pixels at the border take it.
    if (begin < end && (w->channels < 16 || (begin == 0 && end == rows))) {
        const size_t room = (size_t)w->kernel_height * w->kernel_width * q->shape.tile_rows;
        if (begin > 0) point_rows(w, q->x, first_row, 0, begin, table, out);
        stride_rows(w, q->x, run, ox, begin, end, table + room, out);
        if (end < rows) point_rows(w, q->x, first_row, end, rows, table + 2 * room, out);
    } else {
        point_rows(w, q->x, first_row, 0, rows, table, out);
    }
}

#if OPSIN_BUILD_AMX
// Brings the rows of a tile together, group after group, in `strip`, and makes that the tile's one segment.
static void copy_rows(tile_rows *tile, size_t steps, const float **table, element *strip) {
    const segment s = tile->segments[0];
    for (size_t i = 0; i < s.rows; i++) {
        element *out = strip + i * steps;
        for (size_t g = 0; g < s.groups; g++, out += s.length) {
            memcpy(out, s.strided ? (const char *)s.a[g] + i * tile->row_stride : (const char *)s.a[g * s.rows + i], s.length * sizeof(element));
        }
    }
    table[0] = (const float *)strip;
    tile->segments[0] = (segment){0, s.rows, 1, steps, 0, true, table};
    tile->row_stride = steps * sizeof(element);
}
#endif

#if OPSIN_BUILD_BF16
// Rounds the rows of a tile of one segment to bf16, group after group, into `strip`.
static void round_rows(const tile_rows *tile, size_t depth, uint16_t *strip) {
    const segment s = tile->segments[0];
    const size_t stride = (depth + 1) / 2 * 2;
    for (size_t i = 0; i < s.rows; i++) {
        uint16_t *out = strip + i * stride;
        for (size_t g = 0; g < s.groups; g++) {
            const float *in = s.strided ? (const float *)((const char *)s.a[g] + i * tile->row_stride) : s.a[g * s.rows + i];
            size_t k = 0;
            for (; k + 16 <= s.length; k += 16, out += 16) _mm256_storeu_si256((__m256i *)out, (__m256i)_mm512_cvtneps_pbh(load(in + k)));
            if (k < s.length) {
                const M rest = first(s.length - k);
                _mm256_mask_storeu_epi16(out, rest, (__m256i)_mm512_cvtneps_pbh(load_first(in + k, rest)));
                out += s.length - k;
            }
        }
        if (depth % 2) *out = 0;
    }
}
#endif
