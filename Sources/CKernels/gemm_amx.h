// Products on AMX tiles, included by gemm_body.h with OPSIN_BUILD_AMX: 32 x 32 sums in four tiles, fed by two tiles of rows and two of weights as they are
// packed for VDPBF16PS. What is left of the depth after whole tiles, bias, activation, residual and stores are those of the register tiles.
//
// Nobody has run this on a processor with AMX: none was at hand. The tests run it on tiles that C emulates (OPSIN_AMX_EMULATED), and a process trusts the real
// ones only after they have computed a product like VDPBF16PS does (opsin_amx_works). Instructions: Intel's Software Developer's Manual, volume 2, TDPBF16PS.
#pragma once

enum { AMX_ROWS = 32, AMX_COLUMNS = 32, AMX_STEPS = 16 }; // steps of the depth that a tile of rows holds, pairs

#if OPSIN_AMX_EMULATED
static _Thread_local struct {
    uint32_t rows[8];
    uint32_t words[8][16][16];
} emulated;

static void configure(const uint8_t rows[8]) {
    memset(&emulated, 0, sizeof emulated);
    for (int i = 0; i < 8; i++) emulated.rows[i] = rows[i];
}
#define TILE_ZERO(tile) memset(emulated.words[tile], 0, sizeof emulated.words[tile])
#define TILE_RELEASE() memset(&emulated, 0xff, sizeof emulated)
#define TILE_LOAD(tile, from, stride)                                                                                                                        \
    for (uint32_t r = 0; r < emulated.rows[tile]; r++) memcpy(emulated.words[tile][r], (const char *)(from) + r * (stride), 64)
#define TILE_STORE(tile, to, stride)                                                                                                                         \
    for (uint32_t r = 0; r < emulated.rows[tile]; r++) memcpy((char *)(to) + r * (stride), emulated.words[tile][r], 64)
static float half_of(uint32_t word, bool upper) {
    const uint32_t bits = upper ? word & 0xffff0000u : word << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static void dot(int c, int a, int b) {
    for (uint32_t m = 0; m < emulated.rows[c]; m++) {
        for (uint32_t k = 0; k < emulated.rows[b]; k++) {
            for (uint32_t n = 0; n < 16; n++) {
                float sum;
                memcpy(&sum, &emulated.words[c][m][n], sizeof sum);
                sum += half_of(emulated.words[a][m][k], false) * half_of(emulated.words[b][k][n], false);
                sum += half_of(emulated.words[a][m][k], true) * half_of(emulated.words[b][k][n], true);
                memcpy(&emulated.words[c][m][n], &sum, sizeof sum);
            }
        }
    }
}
#define TILE_DOT(c, a, b) dot(c, a, b)
#else
static void configure(const uint8_t rows[8]) {
    _Alignas(64) struct {
        uint8_t palette, first_row, zero[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } c = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        c.rows[i] = rows[i];
        c.row_bytes[i] = rows[i] ? 64 : 0;
    }
    _tile_loadconfig(&c);
}
#define TILE_ZERO(tile) _tile_zero(tile)
#define TILE_RELEASE() _tile_release()
#define TILE_LOAD(tile, from, stride) _tile_loadd(tile, from, stride)
#define TILE_STORE(tile, to, stride) _tile_stored(tile, to, stride)
#define TILE_DOT(c, a, b) _tile_dpbf16ps(c, a, b)
#endif

// Tiles 0 to 3 are sums (upper left, upper right, lower left, lower right), 4 and 5 rows, 6 and 7 weights.
static void configure_rows(size_t rows) {
    const uint8_t upper = (uint8_t)(rows < 16 ? rows : 16), lower = (uint8_t)(rows - upper);
    configure((const uint8_t[8]){upper, upper, lower, lower, upper, lower, 16, 16});
}

// sums[rows][AMX_COLUMNS] = rows x one panel of `vectors` (1 or 2) vectors, over `blocks` x AMX_STEPS steps of the depth. The tiles are configured for `rows`.
INLINE void amx_block(const char *a, size_t row_stride, const element *b, const size_t vectors, const bool lower, size_t blocks, float *sums) {
    TILE_ZERO(0);
    if (vectors == 2) TILE_ZERO(1);
    if (lower) TILE_ZERO(2);
    if (lower && vectors == 2) TILE_ZERO(3);
    const size_t step_bytes = vectors * 64;
    for (size_t k = 0; k < blocks; k++, a += 64, b += AMX_STEPS * vectors * 16) {
        TILE_LOAD(6, b, step_bytes);
        TILE_LOAD(4, a, row_stride);
        TILE_DOT(0, 4, 6);
        if (vectors == 2) {
            TILE_LOAD(7, b + 16, step_bytes);
            TILE_DOT(1, 4, 7);
        }
        if (lower) {
            TILE_LOAD(5, a + 16 * row_stride, row_stride);
            TILE_DOT(2, 5, 6);
            if (vectors == 2) TILE_DOT(3, 5, 7);
        }
    }
    const size_t stride = AMX_COLUMNS * sizeof(float);
    TILE_STORE(0, sums, stride);
    if (vectors == 2) TILE_STORE(1, sums + 16, stride);
    if (lower) TILE_STORE(2, sums + 16 * AMX_COLUMNS, stride);
    if (lower && vectors == 2) TILE_STORE(3, sums + 16 * AMX_COLUMNS + 16, stride);
}

// A tile of up to AMX_ROWS rows that are at equal distances, in one group. `configured` is for how many rows the tiles are.
static void amx_tile(const tile_arguments *whole, size_t rows, size_t vectors, size_t *configured) {
    _Alignas(64) float sums[AMX_ROWS * AMX_COLUMNS];
    const size_t blocks = whole->length / AMX_STEPS, done = blocks * AMX_STEPS;
    if (rows != *configured) {
        configure_rows(rows);
        *configured = rows;
    }
    const char *a = (const char *)whole->a[0];
    if (vectors == 2 && rows > 16) amx_block(a, whole->row_stride, whole->b, 2, true, blocks, sums);
    else if (vectors == 2) amx_block(a, whole->row_stride, whole->b, 2, false, blocks, sums);
    else amx_block(a, whole->row_stride, whole->b, 1, rows > 16, blocks, sums);
    tile_arguments t = *whole;
    t.b += done * vectors * VW;
    t.length -= done;
    for (size_t first = 0, parts = (rows + MAX_ROWS - 1) / MAX_ROWS, p = 0; p < parts; p++) {
        const size_t end = rows * (p + 1) / parts;
        const element *from = (const element *)(a + first * whole->row_stride) + done;
        t.a = &from;
        t.start = sums + first * AMX_COLUMNS;
        t.y = whole->half ? (float *)((uint16_t *)whole->y + first * whole->stride) : whole->y + first * whole->stride;
        t.residual = whole->residual ? whole->residual + first * whole->stride : NULL;
        strided_tiles[vectors][end - first](&t);
        first = end;
    }
}
