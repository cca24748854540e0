// Scaled dot-product attention with an online softmax: no queries x keys matrix beyond a tile in scratch.
#pragma once
#include "executor.h"
#include "isa.h"
#include <stdbool.h>

#pragma clang assume_nonnull begin

// Windows that tile a map: `queries` and `keys` are the tokens of one, and nothing is copied to bring them together.
typedef struct {
    size_t columns; // of a window; 0: no windows, the tokens of an image follow each other
    size_t across;  // windows side by side: rows of the map are columns * across tokens long
    const float *_Nullable bias; // [heads, 2 * rows - 1, 2 * columns - 1] and 16 floats more; NULL without. Row and column of a score: key - query.
} opsin_attention_windows;

// With multi-query attention all query heads of a key-value head are rows of one matrix: row r is query r / group, head r % group of the group.
typedef struct {
    const float *q; // [images, queries, heads * head_size]
    const float *k; // [images, keys, key_value_heads * head_size]
    const float *v; // [images, keys, key_value_heads * value_size]
    float *y;       // [images, queries, heads * value_size]
    size_t images, queries, keys, heads, key_value_heads, head_size, value_size;
    size_t block; // rows of a task: tasks = images * windows * key_value_heads * ceil(queries * heads / key_value_heads / block)
    float scale;
    opsin_attention_windows windows;
    bool half_q, half_k, half_v, half_y; // bf16 in memory; of the kernel with bf16 factors only
} opsin_attention_arguments;

// The task function for an instruction set.
opsin_task_fn _Nonnull opsin_attention(opsin_isa isa);
// Rows that the inner kernel computes together: `block` is best a multiple of it.
size_t opsin_attention_tile(opsin_isa isa);
// Bytes of scratch that a task needs.
size_t opsin_attention_scratch(const opsin_attention_arguments *arguments);
// The same with bf16 factors and fp32 sums, for machines with AVX512_BF16.
opsin_task_fn _Nonnull opsin_attention_bf16(void);
size_t opsin_attention_bf16_scratch(const opsin_attention_arguments *arguments);

#pragma clang assume_nonnull end
