// An implicit product of matrices for GPUs: a workgroup makes TILE_W pixels x TILE_H outputs; its threads load DEPTH quads of channels of both factors into
// shared memory at a time, while they multiply those before. With SPLITS the depth is shared by as many workgroups, since small maps have too few tiles to
// fill a GPU: each writes its sums and counts itself at its tile, and the last one to come adds all of them up, in the order of the splits, so that a result
// does not depend on who came last. Nobody waits for anybody, so it needs no promise of progress; the counter is 0 again afterwards.
//
// The including shader has the axes STORAGE and TILE, the constants OUTPUTS, SPLITS and those of epilogue.glsl, push constants PIXELS, OUT_HEIGHT, OUT_WIDTH,
// the buffers k4 ([panels, ALL_QUADS, 4, TILE_QUADS]), b4, r, y, partial and arrived, ALL_QUADS, and two functions: `find_a(e, m)` remembers which pixel the
// thread's load `e` is of, `load_a(e, quad)` gives a quad of channels of it. It may define PREPARE() to run between the two,
// and STORE_RESULT(m, quad, value) to store four outputs its own way.
#ifndef TILED_PRODUCT_GLSL
#define TILED_PRODUCT_GLSL
const uint PANELS = (OUTPUTS + TILE_H - 1) / TILE_H;
const uint STAGES = (ALL_QUADS + DEPTH - 1) / DEPTH, STAGES_EACH = (STAGES + SPLITS - 1) / SPLITS;

// One quad more a row: neighbouring rows then lie in different banks.
#define PITCH (DEPTH + 1)
shared vec4 tile_a[TILE_W * PITCH];
shared vec4 tile_b[4 * DEPTH * TILE_QUADS];
shared uint before;

#ifdef PREPARE
// Over the threads that load the pixel of load `e`, through the tile's own memory.
float add_up(uint e, uint i, vec4 total) {
    const uint row = (i / DEPTH + e * (THREADS / DEPTH)) * PITCH;
    barrier();
    tile_a[row + i % DEPTH].x = dot(total, vec4(1.0));
    barrier();
    float sum = 0.0;
    [[unroll]] for (uint d = 0; d < DEPTH; d++) sum += tile_a[row + d].x;
    return sum;
}
#endif

void main() {
    const uint group = FLAT_GROUP, panel = group % PANELS, split = group / PANELS % SPLITS, m0 = group / PANELS / SPLITS * TILE_W;
    if (m0 >= PIXELS) return;
    const uint i = gl_LocalInvocationIndex, column = i % THREADS_Q, row = i / THREADS_Q;
    // Rows behind the last pixel compute it again and are not stored.
    [[unroll]] for (uint e = 0; e < LOADS_A; e++) find_a(e, min(m0 + i / DEPTH + e * (THREADS / DEPTH), PIXELS - 1));
#ifdef PREPARE
    PREPARE()
    barrier();
#endif
    vec4 sum[ROWS][QUADS];
    [[unroll]] for (uint t = 0; t < ROWS; t++) {
        [[unroll]] for (uint q = 0; q < QUADS; q++) sum[t][q] = vec4(0.0);
    }

    const uint first = split * STAGES_EACH, end = min(first + STAGES_EACH, STAGES);
    vec4 next_a[LOADS_A], next_b[LOADS_B];
#define FETCH(stage) { \
    [[unroll]] for (uint e = 0; e < LOADS_A; e++) next_a[e] = load_a(e, (stage) * DEPTH + i % DEPTH); \
    [[unroll]] for (uint e = 0; e < LOADS_B; e++) { \
        const uint at = (stage) * (4 * DEPTH * TILE_QUADS) + i + e * THREADS; \
        next_b[e] = at < ALL_QUADS * 4 * TILE_QUADS ? vec4(k4[panel * (ALL_QUADS * 4 * TILE_QUADS) + at]) : vec4(0.0); \
    } \
}
    if (first < end) FETCH(first)
    for (uint stage = first; stage < end; stage++) {
        [[unroll]] for (uint e = 0; e < LOADS_A; e++) tile_a[(i / DEPTH + e * (THREADS / DEPTH)) * PITCH + i % DEPTH] = next_a[e];
        [[unroll]] for (uint e = 0; e < LOADS_B; e++) tile_b[i + e * THREADS] = next_b[e];
        barrier();
        if (stage + 1 < end) FETCH(stage + 1)
        for (uint d = 0; d < DEPTH; d++) {
            vec4 a[ROWS];
            [[unroll]] for (uint t = 0; t < ROWS; t++) a[t] = tile_a[(row + t * THREADS_R) * PITCH + d];
            [[unroll]] for (uint j = 0; j < 4; j++) {
                [[unroll]] for (uint q = 0; q < QUADS; q++) {
                    const vec4 w = tile_b[(4 * d + j) * TILE_QUADS + column + q * THREADS_Q];
                    [[unroll]] for (uint t = 0; t < ROWS; t++) sum[t][q] += a[t][j] * w;
                }
            }
        }
        barrier();
    }

    if (SPLITS > 1) {
        [[unroll]] for (uint t = 0; t < ROWS; t++) {
            [[unroll]] for (uint q = 0; q < QUADS; q++) {
                const uint quad = panel * TILE_QUADS + column + q * THREADS_Q, m = m0 + row + t * THREADS_R;
                if (m < PIXELS) partial[(split * PIXELS + m) * (PANELS * TILE_QUADS) + quad] = sum[t][q];
            }
        }
        memoryBarrierBuffer();
        barrier();
        const uint tile = group / (PANELS * SPLITS) * PANELS + panel;
        if (i == 0) before = atomicAdd(arrived[tile], 1);
        barrier();
        if (before != SPLITS - 1) return;
        memoryBarrierBuffer();
        if (i == 0) arrived[tile] = 0;
        [[unroll]] for (uint t = 0; t < ROWS; t++) {
            [[unroll]] for (uint q = 0; q < QUADS; q++) {
                const uint quad = panel * TILE_QUADS + column + q * THREADS_Q, m = min(m0 + row + t * THREADS_R, PIXELS - 1);
                sum[t][q] = vec4(0.0);
                for (uint s = 0; s < SPLITS; s++) sum[t][q] += partial[(s * PIXELS + m) * (PANELS * TILE_QUADS) + quad];
            }
        }
    }

    [[unroll]] for (uint t = 0; t < ROWS; t++) {
        [[unroll]] for (uint q = 0; q < QUADS; q++) {
            const uint quad = panel * TILE_QUADS + column + q * THREADS_Q, o = 4 * quad, m = m0 + row + t * THREADS_R;
            if (m >= PIXELS || o >= OUTPUTS) continue;
#ifdef STORE_RESULT
            STORE_RESULT(m, quad, sum[t][q] + b4[quad])
#else
            const uint to = m * OUTPUTS + o, left = OUTPUTS - o;
            vec4 residual = vec4(0.0);
            if (RESIDUAL != RESIDUAL_NONE) residual = LOAD_QUAD(r, to, OUTPUTS % 4 == 0, left);
            const vec4 value = finish(sum[t][q] + b4[quad], residual);
            STORE_QUAD(y, to, OUTPUTS % 4 == 0, left, value)
#endif
        }
    }
}
#endif
