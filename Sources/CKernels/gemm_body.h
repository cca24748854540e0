// The register-tile product, included by kernels_*.c with simd.h before it. `rows` x `vectors` sums stay in registers while the depth goes by.
//
// With OPSIN_BUILD_BF16 a step of the depth is a pair of bf16 values, multiplied and added in fp32 by one instruction; where rows are not stored so they
// are rounded into scratch first, those of a block of tiles once for all panels.
#include "gemm_tile.h"
#if OPSIN_BUILD_AMX
#include "gemm_amx.h"
#endif
#include "gemm_rows.h"

// Which rows and which panel a task is. Row blocks are outermost, then panels, then the row tiles of the block. Divisions, which cost as much as a
// good part of a small tile, happen once in `seek`; `advance` only counts.
typedef struct {
    size_t tile, turn, tiles_here, panel; // turn: of the block's `tiles_here` row tiles
    size_t run, part;                     // part of the run that the tile is
    size_t block_tile, block_run, block_part; // at the block's first tile
    size_t narrow_rows, wider_parts;          // rows of a tile, and how many tiles of a run have one more
} cursor;

INLINE void enter_block(const opsin_gemm_shape *s, cursor *c, size_t tile) {
    const size_t left = s->tiles - tile;
    c->block_tile = c->tile = tile;
    c->tiles_here = left < s->block_tiles ? left : s->block_tiles;
    c->block_run = c->run = tile / s->run_tiles;
    c->block_part = c->part = tile % s->run_tiles;
    c->turn = c->panel = 0;
}

INLINE void step_tile(const opsin_gemm_shape *s, cursor *c) {
    c->tile++;
    c->turn++;
    if (++c->part == s->run_tiles) {
        c->part = 0;
        c->run++;
    }
}

INLINE cursor seek(const opsin_gemm_shape *s, size_t task) {
    const size_t per_block = (size_t)s->block_tiles * s->panels;
    cursor c = {.narrow_rows = s->run / s->run_tiles, .wider_parts = s->run % s->run_tiles};
    enter_block(s, &c, task / per_block * s->block_tiles);
    c.panel = task % per_block / c.tiles_here;
    for (size_t turn = task % per_block % c.tiles_here; turn > 0; turn--) step_tile(s, &c);
    return c;
}

INLINE void advance(const opsin_gemm_shape *s, cursor *c) {
    step_tile(s, c);
    if (c->turn < c->tiles_here) return;
    if (++c->panel == s->panels) {
        if (c->tile < s->tiles) enter_block(s, c, c->tile);
        return;
    }
    c->tile = c->block_tile;
    c->run = c->block_run;
    c->part = c->block_part;
    c->turn = 0;
}

INLINE size_t rows_of(const cursor *c) { return c->narrow_rows + (c->part < c->wider_parts); }
INLINE size_t first_row_of(const opsin_gemm_shape *s, const cursor *c) {
    return c->run * s->run + c->part * c->narrow_rows + (c->part < c->wider_parts ? c->part : c->wider_parts);
}

// Weights for later, which a row tile asks for while it computes, `steps` lines from here on: the first row tiles of a panel the next panel, between them,
// the others their share of the next product's.
INLINE const char *weights_ahead(const opsin_gemm_arguments *q, const cursor *c, size_t steps, size_t vectors, const element *panel) {
    const size_t lines = steps * 64;
    if (c->turn >= vectors) {
        const size_t at = (c->turn - vectors) * lines;
        if (at < q->next_share) return (const char *)q->next + c->panel * q->next_share + at;
    }
    return (const char *)(panel + steps * vectors * VW) + (c->turn < vectors ? c->turn : 0) * lines;
}

// Computes rows [first_row, ...) x one panel for the stretch of rows that `part` is.
INLINE void run_segment(const opsin_gemm_arguments *q, const cursor *c, size_t steps, size_t first_row, const segment *part, size_t row_stride,
                        size_t *configured) {
    const opsin_gemm_shape *s = &q->shape;
    const size_t vectors = s->narrow + (c->panel < s->wider), width = vectors * VW;
    const size_t column = (c->panel * s->narrow + (c->panel < s->wider ? c->panel : s->wider)) * VW, left = q->columns - column;
    const size_t pitch = q->y_pitch ? q->y_pitch : q->columns, at = (first_row + part->first) * pitch + column;
    const element *b = (const element *)q->weights + column * steps;
    const tile_arguments t = {
        .a = (const element *const *)part->a,
        .groups = part->groups,
        .length = part->length,
        .row_stride = row_stride,
        .step = (q->x_step ? q->x_step : 1) * sizeof(element),
        .b = b + part->skipped * width,
        .ahead = weights_ahead(q, c, steps, vectors, b),
        .bias = q->epilogue.bias + column,
        .residual = q->epilogue.residual ? q->epilogue.residual + at : NULL,
        .y = q->half_y ? (float *)((uint16_t *)q->y + at) : q->y + at,
        .stride = pitch,
        .tail = first(left < width ? left - (vectors - 1) * VW : VW),
        .half = q->half_y,
        .epilogue = &q->epilogue,
    };
#if OPSIN_BUILD_AMX
    amx_tile(&t, part->rows, vectors, configured);
#else
    (void)configured;
    (part->strided ? strided_tiles : pointed_tiles)[vectors][part->rows](&t);
#endif
}

#if OPSIN_BUILD_AMX
// The tiles' state costs power and context switches as long as it is there.
#define RELEASE_TILES() if (configured) TILE_RELEASE()
#define GATHERS true
#else
#define RELEASE_TILES() (void)0
#define GATHERS false
#endif

#if OPSIN_BUILD_BF16
// The next `tasks` tasks with rows that are not bf16 in memory. A block's rounded rows stay in the second-level cache while its panels pass.
INLINE void run_rounded(const opsin_gemm_arguments *q, cursor c, size_t tasks, void *scratch, size_t *configured) {
    const opsin_gemm_shape *s = &q->shape;
    const size_t steps = (q->depth + 1) / 2, strip = s->tile_rows * steps;
    const float **table = scratch;
    element *strips = (element *)(table + opsin_gemm_pointers(q));
    bool *rounded = (bool *)(strips + s->block_tiles * strip);
    const inside_columns inside = find_inside(&q->window);
    size_t known_block = SIZE_MAX;
    for (; tasks > 0; tasks--, advance(s, &c)) {
        const size_t first_row = first_row_of(s, &c), count = rows_of(&c);
        const float *a = (const float *)(strips + c.turn * strip);
        if (c.block_tile != known_block) {
            memset(rounded, 0, s->block_tiles);
            known_block = c.block_tile;
        }
        if (!rounded[c.turn]) {
            tile_rows rows;
            find_rows(q, &inside, true, c.run, first_row, count, table, &rows);
            round_rows(&rows, q->depth, (uint16_t *)(strips + c.turn * strip));
            rounded[c.turn] = true;
        }
        const segment part = {0, count, 1, steps, 0, true, &a};
        run_segment(q, &c, steps, first_row, &part, steps * sizeof(element), configured);
    }
}
#endif

void ISA(gemm)(const void *arguments, size_t first_task, size_t last_task, void *scratch) {
    const opsin_gemm_arguments *q = arguments;
    const opsin_gemm_shape *s = &q->shape;
#if OPSIN_BUILD_BF16 && !OPSIN_BUILD_AMX
    if (s->amx) {
        gemm_amx(arguments, first_task, last_task, scratch);
        return;
    }
#endif
    const float **table = scratch;
    cursor c = seek(s, first_task);
    size_t configured = 0; // rows that AMX's tiles are configured for
#if OPSIN_BUILD_BF16
    const size_t steps = (q->depth + 1) / 2;
    if (!q->half_x) {
        run_rounded(q, c, last_task - first_task, scratch, &configured);
        RELEASE_TILES();
        return;
    }
    // Pairs of bf16 in memory are elements of half as many channels, found like floats.
    opsin_gemm_arguments pairs;
    if (q->window.kernel_height) {
        pairs = *q;
        pairs.depth /= 2;
        pairs.window.channels /= 2;
        q = &pairs;
    }
#else
    const size_t steps = q->depth;
#endif
    if (q->window.kernel_height == 0) {
        const size_t row_bytes = (q->x_pitch ? q->x_pitch : steps) * sizeof(element);
        for (size_t task = first_task; task < last_task; task++, advance(s, &c)) {
            const size_t first_row = first_row_of(s, &c);
            const float *a = (const float *)((const char *)q->x + first_row * row_bytes);
            const segment part = {0, rows_of(&c), 1, steps, 0, true, &a};
            run_segment(q, &c, steps, first_row, &part, row_bytes, &configured);
        }
        RELEASE_TILES();
        return;
    }
    const inside_columns inside = find_inside(&q->window);
    tile_rows rows = {.count = 0};
    size_t known_tile = SIZE_MAX;
    for (size_t task = first_task; task < last_task; task++, advance(s, &c)) {
        const size_t first_row = first_row_of(s, &c);
        if (c.tile != known_tile) {
            find_rows(q, &inside, GATHERS, c.run, first_row, rows_of(&c), table, &rows);
#if OPSIN_BUILD_AMX
            copy_rows(&rows, steps, table, (element *)(table + opsin_gemm_pointers(q)));
#endif
            known_tile = c.tile;
        }
        for (size_t i = 0; i < rows.count; i++) run_segment(q, &c, steps, first_row, &rows.segments[i], rows.row_stride, &configured);
    }
    RELEASE_TILES();
}
