#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! axis   UNIT element quad gathered
//! const  0 LOCAL 64
#include "opsin.glsl"

// Rows of LENGTH units from one place to another, two dimensions of them: what concatenations and slices are. A unit is an element; four of them where all
// numbers are multiples of four; or four that are X_STEP apart, every second channel for instance, and that lie side by side in y.
layout(local_size_x_id = 0) in;

READ_BOTH(0, x);
WRITE_BOTH(1, y);
layout(push_constant) uniform Push { uint OUTER, INNER, LENGTH, X_START, X_OUTER, X_INNER, X_STEP, Y_START, Y_OUTER, Y_INNER; };

void main() {
    const uint index = FLAT_INDEX, e = index % LENGTH, row = index / LENGTH, i = row % INNER, o = row / INNER;
    if (o >= OUTER) return;
    const uint to = Y_START + o * Y_OUTER + i * Y_INNER + e, from = X_START + o * X_OUTER + i * X_INNER;
#ifdef UNIT_QUAD
    y4[to] = x4[from + e];
#elif defined(UNIT_GATHERED)
    const uint at = from + 4 * X_STEP * e;
    y4[to] = T4(x[at], x[at + X_STEP], x[at + 2 * X_STEP], x[at + 3 * X_STEP]);
#else
    y[to] = x[from + e];
#endif
}
