// The walk over rows that add and multiply share.
#pragma once
#include "activation16.h"
#include "each_isa.h"
#include "include/broadcast.h"

// One row: y = f(a + b) or a * b, b stepping by 0 or 1.
OPSIN_INLINE void broadcast_row(int multiply, int repeat, int32_t activation, float slope, const float *a, const float *b, float *y, size_t count) {
    const f32x16 one = SPLAT(*b);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const f32x16 u = FROM16(a + i), w = repeat ? one : FROM16(b + i);
        f32x16 v = multiply ? u * w : u + w;
        activate16(activation, slope, &v);
        AT16(y + i) = v;
    }
    if (i < count) {
        f32x16 u, w = one;
        load_part(a + i, &u, count - i, 0);
        if (!repeat) load_part(b + i, &w, count - i, 0);
        f32x16 v = multiply ? u * w : u + w;
        activate16(activation, slope, &v);
        store_part(y + i, &v, count - i);
    }
}

// Tasks [first, last): rows in order, each in `chunk` sized pieces.
OPSIN_INLINE void broadcast_rows(int multiply, int32_t activation, const opsin_broadcast_arguments *g, size_t first, size_t last) {
    const size_t pieces = (g->dims[3] + g->chunk - 1) / g->chunk;
    size_t row = first / pieces, piece = first % pieces;
    size_t i2 = row % g->dims[2], i1 = row / g->dims[2] % g->dims[1], i0 = row / g->dims[2] / g->dims[1];
    for (size_t task = first; task < last; task++) {
        const size_t begin = piece * g->chunk, rest = g->dims[3] - begin, count = rest < g->chunk ? rest : g->chunk;
        const float *a = g->a + row * g->dims[3] + begin;
        const float *b = g->b + i0 * g->strides[0] + i1 * g->strides[1] + i2 * g->strides[2] + begin * g->strides[3];
        float *y = g->y + row * g->dims[3] + begin;
        if (g->strides[3]) broadcast_row(multiply, 0, activation, g->slope, a, b, y, count);
        else broadcast_row(multiply, 1, activation, g->slope, a, b, y, count);
        if (++piece < pieces) continue;
        piece = 0, row++;
        if (++i2 < g->dims[2]) continue;
        i2 = 0;
        if (++i1 == g->dims[1]) i1 = 0, i0++;
    }
}
