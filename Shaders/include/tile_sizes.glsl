// The work of one thread of tiled_product.glsl, by the axis TILE.
#ifndef TILE_SIZES_GLSL
#define TILE_SIZES_GLSL
// Pixels and quads of outputs of one thread, threads side by side along both, quads of channels at a time.
#if TILE_W == 8
#define ROWS 1
#define QUADS 1
#define DEPTH 8
#elif TILE_W == 32
#define ROWS 4
#define QUADS 1
#define DEPTH 4
#elif TILE_W == 64
#define ROWS 4
#define QUADS 2
#define DEPTH 4
#else
#define ROWS 8
#define QUADS 2
#define DEPTH 4
#endif
#define TILE_QUADS (TILE_H / 4)
#define THREADS_Q (TILE_QUADS / QUADS)
#define THREADS_R (TILE_W / ROWS)
#define THREADS (THREADS_Q * THREADS_R)
#define LOADS_A (TILE_W * DEPTH / THREADS)
#define LOADS_B (4 * DEPTH * TILE_QUADS / THREADS)
layout(local_size_x = THREADS) in;

#endif
