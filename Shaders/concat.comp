#version 450
#extension GL_GOOGLE_include_directive : require
//! axis   STORAGE
//! axis   UNIT element quad
//! const  0 LOCAL 64
#include "opsin.glsl"

// Rows of up to four maps behind each other, in one dispatch: a row of y is WHOLE units, of which those from END0 on are of the second map, and so on. A unit
// is an element, or four of them where all rows are of whole quads. For GPUs: threads of a subgroup mostly read one map, and take one branch.
layout(local_size_x_id = 0) in;

READ_BOTH(0, x);
READ_BOTH(1, v);
READ_BOTH(2, w);
READ_BOTH(3, z);
WRITE_BOTH(4, y);
layout(push_constant) uniform Push { uint OUTER, WHOLE, END0, END1, END2; };

#ifdef UNIT_QUAD
#define TO y4
#define FROM(name) name##4
#else
#define TO y
#define FROM(name) name
#endif

void main() {
    const uint index = FLAT_INDEX, e = index % WHOLE, o = index / WHOLE;
    if (o >= OUTER) return;
    if (e < END0) TO[index] = FROM(x)[o * END0 + e];
    else if (e < END1) TO[index] = FROM(v)[o * (END1 - END0) + e - END0];
    else if (e < END2) TO[index] = FROM(w)[o * (END2 - END1) + e - END1];
    else TO[index] = FROM(z)[o * (WHOLE - END2) + e - END2];
}
