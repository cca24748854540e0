// The walk over rows that add and multiply share.
#pragma once
#include "activation16.h"
#include "each_isa.h"
#include "include/broadcast.h"

// What multiplies or adds: the op, its activation, and which of a and y are bf16 in memory.
typedef struct {
    int multiply;
    int32_t activation;
    int half_a, half_y;
} broadcast_kind;

// One row from element `at` on: y = f(a + b) or a * b, b stepping by 0 or 1.
OPSIN_INLINE void broadcast_row(const broadcast_kind kind, int repeat, float slope, const void *a, const float *b, void *y, size_t at, size_t count) {
    const f32x16 one = SPLAT(*b);
    for (size_t i = 0; i < count; i += 16) {
        const size_t here = count - i < 16 ? count - i : 16;
        f32x16 u, w = one;
        load_stored16(a, kind.half_a, at + i, &u);
        if (!repeat) w = FROM16(b + i);
        f32x16 v = kind.multiply ? u * w : u + w;
        activate16(kind.activation, slope, &v);
        store_stored16(y, kind.half_y, at + i, &v, here);
    }
}

// Tasks [first, last): rows in order, each in `chunk` sized pieces.
OPSIN_INLINE void broadcast_rows(const broadcast_kind kind, const opsin_broadcast_arguments *g, size_t first, size_t last) {
    const size_t pieces = (g->dims[3] + g->chunk - 1) / g->chunk;
    size_t row = first / pieces, piece = first % pieces;
    size_t i2 = row % g->dims[2], i1 = row / g->dims[2] % g->dims[1], i0 = row / g->dims[2] / g->dims[1];
    for (size_t task = first; task < last; task++) {
        const size_t begin = piece * g->chunk, rest = g->dims[3] - begin, count = rest < g->chunk ? rest : g->chunk;
        const float *b = g->b + i0 * g->strides[0] + i1 * g->strides[1] + i2 * g->strides[2] + begin * g->strides[3];
        const size_t at = row * g->dims[3] + begin;
        if (g->strides[3]) broadcast_row(kind, 0, g->slope, g->a, b, g->y, at, count);
        else broadcast_row(kind, 1, g->slope, g->a, b, g->y, at, count);
        if (++piece < pieces) continue;
        piece = 0, row++;
        if (++i2 < g->dims[2]) continue;
        i2 = 0;
        if (++i1 == g->dims[1]) i1 = 0, i0++;
    }
}
