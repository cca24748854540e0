// Attention: many heads, shared key-value heads, more keys than a block; and in windows, with and without position biases.
#include "check.h"

// The row of a tensor that token t of image or window `w` is, of `tokens` in each.
static size_t row_of(const opsin_attention_windows *windows, size_t w, size_t t, size_t tokens) {
    if (!windows->columns) return w * tokens + t;
    const size_t columns = windows->columns, rows = tokens / columns, wide = columns * windows->across;
    return (w / windows->across * rows + t / columns) * wide + w % windows->across * columns + t % columns;
}

static double dot(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * b[i];
    return sum;
}

// The definition for one query and head of `parts` images or windows.
static void attend(const opsin_attention_arguments *g, size_t part, size_t head, size_t query, double *scores, double *y) {
    const size_t kv_head = head / (g->heads / g->key_value_heads), columns = g->windows.columns;
    const size_t q_row = row_of(&g->windows, part, query, g->queries);
    double most = -INFINITY, sum = 0;
    for (size_t t = 0; t < g->keys; t++) {
        const size_t k_row = row_of(&g->windows, part, t, g->keys);
        const float *q = g->q + (q_row * g->heads + head) * g->head_size, *k = g->k + (k_row * g->key_value_heads + kv_head) * g->head_size;
        scores[t] = g->scale * dot(q, k, g->head_size);
        if (columns && g->windows.bias) {
            const size_t rows = g->keys / columns, width = 2 * columns - 1;
            const size_t down = t / columns + rows - 1 - query / columns, across = t % columns + columns - 1 - query % columns;
            scores[t] += g->windows.bias[head * (2 * rows - 1) * width + down * width + across];
        }
        most = fmax(most, scores[t]);
    }
    for (size_t t = 0; t < g->keys; t++) sum += scores[t] = exp(scores[t] - most);
    for (size_t c = 0; c < g->value_size; c++) {
        double value = 0;
        for (size_t t = 0; t < g->keys; t++) {
            value += scores[t] * g->v[(row_of(&g->windows, part, t, g->keys) * g->key_value_heads + kv_head) * g->value_size + c];
        }
        y[(q_row * g->heads + head) * g->value_size + c] = value / sum;
    }
}

// `parts`: images, times windows of an image.
static void check(opsin_attention_arguments g, size_t parts, size_t blocks, float range) {
    const size_t group = g.heads / g.key_value_heads, count = parts * g.queries * g.heads * g.value_size;
    g.q = random_floats(parts * g.queries * g.heads * g.head_size, -range, range);
    g.k = random_floats(parts * g.keys * g.key_value_heads * g.head_size, -range, range);
    g.v = random_floats(parts * g.keys * g.key_value_heads * g.value_size, -1, 1);
    double *want = calloc(count + g.keys, sizeof *want);
    for (size_t part = 0; part < parts; part++) {
        for (size_t head = 0; head < g.heads; head++) {
            for (size_t query = 0; query < g.queries; query++) attend(&g, part, head, query, want + count, want);
        }
    }
    expectation e = expect(want, count, "attention of %zu queries, %zu keys, %zu heads on %zu, %zu and %zu channels, %zu parts%s", g.queries, g.keys, g.heads,
                           g.key_value_heads, g.head_size, g.value_size, parts, g.windows.bias ? ", with biases" : "");
    for (size_t i = 0; i < isa_count; i++) {
        g.block = blocks * opsin_attention_tile(isas[i]);
        g.y = output_floats(count);
        run(opsin_attention(isas[i]), &g, parts * g.key_value_heads * divided_up(g.queries * group, g.block), opsin_attention_scratch(&g));
        compare(&e, isas[i], g.y);
    }
    free(want);
    release_all();
}

static void plain(size_t images, size_t queries, size_t keys, size_t heads, size_t key_value_heads, size_t head_size, size_t value_size) {
    const opsin_attention_arguments g = {.images = images, .queries = queries, .keys = keys, .heads = heads, .key_value_heads = key_value_heads,
                                         .head_size = head_size, .value_size = value_size, .scale = 1 / sqrtf((float)head_size)};
    check(g, images, 1, 1);
    check(g, images, 3, 4); // larger scores: the largest one moves from block to block
}

static void windowed(size_t images, size_t rows, size_t columns, size_t down, size_t across, size_t heads, size_t head_size) {
    opsin_attention_arguments g = {.images = images, .queries = rows * columns, .keys = rows * columns, .heads = heads, .key_value_heads = heads,
                                   .head_size = head_size, .value_size = head_size, .scale = 1 / sqrtf((float)head_size)};
    g.windows = (opsin_attention_windows){columns, across, NULL};
    check(g, images * down * across, 2, 1);
    // Sixteen floats more, which may be read.
    g.windows.bias = random_floats(heads * (2 * rows - 1) * (2 * columns - 1) + 16, -2, 2);
    check(g, images * down * across, 4, 1);
}

void check_attention(void) {
    plain(1, 1, 1, 1, 1, 1, 1);
    plain(1, 7, 7, 1, 1, 16, 16);
    plain(2, 13, 150, 4, 4, 32, 32);
    plain(1, 49, 49, 3, 3, 32, 32);
    plain(1, 10, 131, 4, 1, 16, 16); // one key-value head for all
    plain(2, 9, 257, 8, 2, 24, 40);
    plain(2, 5, 3, 2, 1, 130, 20);
    plain(1, 33, 65, 2, 2, 7, 5);
    windowed(1, 7, 7, 2, 3, 3, 32);
    windowed(2, 3, 5, 1, 2, 2, 20);
    windowed(1, 12, 12, 1, 2, 2, 16); // more keys than a block
    windowed(1, 4, 18, 2, 1, 1, 8);
}
