// Tiles of TILE_W x TILE_H outputs of a depthwise convolution, GAP apart, so that their windows share columns and rows whatever the dilation. The including
// shader has the axis TILE and constants KERNEL_H, KERNEL_W, STEP_X, STEP_Y.
#ifndef INTERLEAVING_GLSL
#define INTERLEAVING_GLSL
// Rows and columns of x that a tile reads, each a dilation from the next.
const uint ROWS = (TILE_H - 1) * STEP_Y + KERNEL_H, COLUMNS = (TILE_W - 1) * STEP_X + KERNEL_W;

// The first output of tile `t` along one side, where tiles of `count` outputs interleave by their `gap`.
uint first_of(uint t, uint count, uint gap) { return t / gap * (gap * count) + t % gap; }

// Tiles along a side of `size` outputs.
uint tiles(uint size, uint count, uint gap) { return (size + gap * count - 1) / (gap * count) * gap; }
#endif
