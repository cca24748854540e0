#include "row_chain.h"
#include <string.h>

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
// a - b, and not below zero.
static size_t above(size_t a, size_t b) { return a > b ? a - b : 0; }

// What a stage's rows read: a pointwise product has no window.
typedef struct {
    size_t kernel, stride, padding;
} reach;

static reach reach_of(const opsin_chain_stage *s) {
    const opsin_window *w = s->is_depthwise ? &s->depthwise.window : &s->product.window;
    return w->kernel_height ? (reach){w->kernel_height, w->stride_y, w->padding_top} : (reach){1, 1, 0};
}

// The first input row that output row `row` reads.
static size_t low_of(const opsin_chain_stage *s, size_t row) {
    const reach r = reach_of(s);
    return smaller(above(row * r.stride, r.padding), s->input_height);
}

// Behind the last input row that the rows before `end` read.
static size_t high_of(const opsin_chain_stage *s, size_t end) {
    const reach r = reach_of(s);
    return end == 0 ? 0 : smaller(above((end - 1) * r.stride + r.kernel, r.padding), s->input_height);
}

size_t opsin_row_chain_groups(const opsin_gemm_shape *s, size_t columns, size_t most) {
    if (columns <= most) return 1;
    // Panels of two widths would make groups of two sizes.
    if (s->wider != 0 || columns % 16 != 0) return 0;
    const size_t width = (size_t)s->narrow * s->vector;
    for (size_t channels = most / 16 * 16; channels >= 16; channels -= 16) {
        if (columns % channels == 0 && channels % width == 0) return columns / channels;
    }
    return 0;
}

// Bytes of the rows of map i, what stage i - 1 writes, that live at a time. Behind the last one stands what vectors may read too much.
static void find_room(const opsin_row_chain_arguments *a, size_t room[OPSIN_CHAIN_MOST]) {
    size_t rows = a->block;
    for (size_t i = a->count - 1; i > 0; i--) {
        const opsin_chain_stage *s = &a->stages[i];
        const reach r = reach_of(s);
        rows = smaller((rows - 1) * r.stride + r.kernel, s->input_height);
        room[i] = (rows * s->input_row_bytes / a->groups + 191) / 64 * 64;
    }
}

size_t opsin_row_chain_bytes(const opsin_row_chain_arguments *a) {
    size_t room[OPSIN_CHAIN_MOST], sum = 0;
    find_room(a, room);
    for (size_t i = 1; i < a->count; i++) sum += room[i];
    return sum;
}

size_t opsin_row_chain_scratch(const opsin_row_chain_arguments *a) {
    size_t most = 0;
    for (size_t i = 0; i < a->count; i++) {
        const opsin_chain_stage *s = &a->stages[i];
        most = larger(most, s->is_depthwise ? opsin_depthwise_conv2d_scratch_bytes(&s->depthwise) : opsin_gemm_scratch_bytes(&s->product));
    }
    return opsin_row_chain_bytes(a) + most;
}

// The stages for channels [first, first + channels) of the map between two of them.
static void cut_group(const opsin_row_chain_arguments *whole, size_t group, opsin_chain_stage stages[2]) {
    memcpy(stages, whole->stages, 2 * sizeof *stages);
    opsin_gemm_arguments *p = &stages[0].product;
    opsin_depthwise_conv2d_arguments *d = &stages[1].depthwise;
    const size_t all = d->window.channels, channels = all / whole->groups, first = channels * group;
    const size_t width = (size_t)p->shape.narrow * p->shape.vector, depth = p->shape.bf16 ? (p->depth + 1) / 2 : p->depth;
    p->weights = (const float *)p->weights + first * depth;
    p->shape.panels = (uint32_t)(channels / width);
    p->columns = channels;
    p->epilogue.bias += first;
    d->y_channels = (uint32_t)(d->y_channels ? d->y_channels : all);
    d->y = d->half_y ? (float *)((uint16_t *)d->y + first) : d->y + first;
    d->weights += first * d->window.kernel_height * d->window.kernel_width;
    d->epilogue.bias += first;
    d->window.channels = (uint32_t)channels;
    stages[0].row_bytes = stages[1].input_row_bytes = stages[0].row_bytes / whole->groups;
}

// Rows [first, last) of an image to y, from `height` input rows at x, which begin with the first one that they read.
static void compute_rows(const opsin_chain_stage *s, size_t image, size_t first, size_t last, const char *x, size_t height, char *y, void *scratch) {
    const reach r = reach_of(s);
    const size_t pixel = (image * s->height + first) * s->width;
    if (s->is_depthwise) {
        opsin_depthwise_conv2d_arguments q = s->depthwise;
        q.x = (const float *)x;
        q.y = (float *)y;
        if (q.epilogue.residual) q.epilogue.residual += pixel * q.window.channels;
        q.images = 1;
        q.window.height = (uint32_t)height;
        q.window.output_height = (uint32_t)(last - first);
        q.window.padding_top = (uint32_t)above(r.padding, first * r.stride);
        s->task(&q, 0, opsin_depthwise_conv2d_tasks(&q), scratch);
        return;
    }
    opsin_gemm_arguments q = s->product;
    q.x = (const float *)x;
    q.y = (float *)y;
    if (q.epilogue.residual) q.epilogue.residual += pixel * q.columns;
    q.rows = (last - first) * s->width;
    if (q.window.kernel_height) {
        q.window.height = (uint32_t)height;
        q.window.output_height = (uint32_t)(last - first);
        q.window.padding_top = (uint32_t)above(r.padding, first * r.stride);
    }
    // Runs are output rows still, or all rows.
    if (q.window.kernel_height && q.shape.run == q.window.output_width) {
        q.shape.tiles = (uint32_t)(last - first) * q.shape.run_tiles;
    } else {
        q.shape.run = (uint32_t)q.rows;
        q.shape.tiles = q.shape.run_tiles = (uint32_t)((q.rows + q.shape.tile_rows - 1) / q.shape.tile_rows);
    }
    q.shape.block_tiles = (uint32_t)smaller(q.shape.block_tiles, q.shape.tiles);
    s->task(&q, 0, (size_t)q.shape.tiles * q.shape.panels, scratch);
}

// A map on its way: what is there of it are rows [base, next), at `rows`.
typedef struct {
    char *rows;
    size_t room; // bytes
    size_t base, next;
} part;

// Brings room for rows before `end` behind what stage s, which has computed the rows before `done`, still reads.
static void make_room(part *p, const opsin_chain_stage *s, size_t done, size_t end) {
    const size_t bytes = s->input_row_bytes, keep = low_of(s, done);
    if (keep == p->base || (end - p->base) * bytes + 64 <= p->room) return;
    if (keep < p->next) memmove(p->rows, p->rows + (keep - p->base) * bytes, (p->next - keep) * bytes);
    p->base = keep;
    p->next = larger(p->next, keep);
}

// Rows [first, last) of the last map of an image.
static void compute_strip(const opsin_row_chain_arguments *a, const opsin_chain_stage *stages, size_t image, size_t first, size_t last, char *scratch) {
    const size_t count = a->count;
    const opsin_chain_stage *begin = &stages[0], *end = &stages[count - 1];
    const char *x = begin->is_depthwise ? (const char *)begin->depthwise.x : (const char *)begin->product.x;
    char *y = end->is_depthwise ? (char *)end->depthwise.y : (char *)end->product.y;
    size_t room[OPSIN_CHAIN_MOST], need[OPSIN_CHAIN_MOST + 1];
    part parts[OPSIN_CHAIN_MOST + 1]; // map i is what stage i reads
    find_room(a, room);
    parts[count].next = first;
    for (size_t i = count; i-- > 0;) {
        parts[i].base = parts[i].next = low_of(&stages[i], parts[i + 1].next);
        if (i == 0) break;
        parts[i].rows = scratch;
        parts[i].room = room[i];
        scratch += room[i];
    }
    for (size_t row = first; row < last; row += a->block) {
        need[count] = smaller(row + a->block, last);
        for (size_t i = count; i-- > 0;) need[i] = high_of(&stages[i], need[i + 1]);
        for (size_t i = 0; i < count; i++) {
            const opsin_chain_stage *s = &stages[i];
            part *from = &parts[i], *to = &parts[i + 1];
            if (i + 1 < count) make_room(to, &stages[i + 1], parts[i + 2].next, need[i + 1]);
            if (need[i + 1] <= to->next) continue;
            const size_t low = low_of(s, to->next), all = i == 0 ? s->input_height : from->next;
            const char *in = i == 0 ? x + (image * s->input_height + low) * s->input_row_bytes : from->rows + (low - from->base) * s->input_row_bytes;
            char *out = i + 1 == count ? y + (image * s->height + to->next) * s->row_bytes : to->rows + (to->next - to->base) * s->row_bytes;
            compute_rows(s, image, to->next, need[i + 1], in, all - low, out, scratch);
            to->next = need[i + 1];
        }
    }
}

void opsin_row_chain(const void *arguments, size_t first, size_t last, void *scratch) {
    const opsin_row_chain_arguments *a = arguments;
    const size_t height = a->stages[a->count - 1].height;
    opsin_chain_stage cut[2];
    for (size_t task = first; task < last; task++) {
        const size_t image = task / a->groups / a->strips, strip = task / a->groups % a->strips;
        const opsin_chain_stage *stages = a->stages;
        if (a->groups > 1) {
            cut_group(a, task % a->groups, cut);
            stages = cut;
        }
        compute_strip(a, stages, image, height * strip / a->strips, height * (strip + 1) / a->strips, scratch);
    }
}
