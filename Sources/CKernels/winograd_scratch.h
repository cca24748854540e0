// F(4x4, 3x3): its points, and where the two transformed maps of a strip are in scratch.
//
// Points 0, +-5/8, +-3/2 and infinity. Lavin and Gray's 0, +-1, +-2 (arXiv 1509.09308) give errors 2.3 times as large: what the choice does to them is in
// Barabasz, Anderson, Soodhalter, Gregg, "Error analysis and improving the accuracy of Winograd convolution for deep neural networks" (TOMS 2020); of all
// pairs of eighths these have the least mean square. Every constant of the transforms of maps is exact in fp32.
//
// Sums over channels begin anew every 32 channels, which takes 3 % more time and, with 256, brings the errors from 1.7 times down to those of the implicit
// product, whose sums run over 9 x 256. Tests/NeonTests/winograd.c holds both against double precision.
#pragma once
#include "include/winograd.h"

enum { POINTS = 6, POSITIONS = POINTS * POINTS, TILE = 4 };

#define POINT_A (5.0 / 8)
#define POINT_B (3.0 / 2)

// Channels that one sum runs over.
enum { CHAIN = 32 };

typedef struct {
    size_t pitch;           // from a tile's channels to the next tile's
    size_t input_position;  // from a position to the next in the transformed input
    size_t output_width;    // columns of the widest panel
    size_t output_position; // the same in the products
    size_t input_floats, total;
} winograd_layout;

// A line between positions, so that a tile's values at all of them do not fall into one set of the cache.
static inline winograd_layout winograd_lay_out(const opsin_winograd_shape *s, size_t channels) {
    winograd_layout l;
    l.pitch = (channels + s->product.vector - 1) / s->product.vector * s->product.vector;
    l.input_position = (s->strip_tiles * l.pitch + 15) / 16 * 16 + 16;
    l.output_width = (size_t)(s->product.narrow + (s->product.wider > 0)) * s->product.vector;
    l.output_position = (s->strip_tiles * l.output_width + 15) / 16 * 16 + 16;
    l.input_floats = POSITIONS * l.input_position;
    l.total = l.input_floats + POSITIONS * l.output_position;
    return l;
}
