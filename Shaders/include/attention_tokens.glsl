// Where attention finds its tokens: those of an image one after the other, or those of the windows that tile a map, with a bias for every two places of a
// window. The including shader has the axis TOKENS and push constants IMAGES (windows count as images), QUERIES, KEYS.
#ifndef ATTENTION_TOKENS_GLSL
#define ATTENTION_TOKENS_GLSL
//! shared TOKENS image windows
//! const  3 WINDOW_ROWS 1
//! const  4 WINDOW_COLUMNS 1
//! const  5 ACROSS 1
//! const  6 BIASED false

#ifdef TOKENS_WINDOWS
layout(constant_id = 3) const uint WINDOW_ROWS = 1;
layout(constant_id = 4) const uint WINDOW_COLUMNS = 1;
layout(constant_id = 5) const uint ACROSS = 1;  // windows side by side in a map
layout(constant_id = 6) const bool BIASED = false;
layout(std430, binding = 4) readonly buffer Bias { float bias[]; };  // [heads, 2 * WINDOW_ROWS - 1, 2 * WINDOW_COLUMNS - 1]

// Place in the tensor of token `t` of image or window `image`, each of `count` tokens. Rows of windows follow each other through the whole batch.
uint token_at(uint image, uint t, uint count) {
    const uint row = image / ACROSS * WINDOW_ROWS + t / WINDOW_COLUMNS;
    return (row * ACROSS + image % ACROSS) * WINDOW_COLUMNS + t % WINDOW_COLUMNS;
}

// Query (i, j) and key (x, y) of a window read row x - i, column y - j of the head's table, counted from its middle. This is where a query's biases start.
uint bias_start(uint head, uint query) {
    const uint row = WINDOW_ROWS - 1 - query / WINDOW_COLUMNS, column = WINDOW_COLUMNS - 1 - query % WINDOW_COLUMNS;
    return (head * (2 * WINDOW_ROWS - 1) + row) * (2 * WINDOW_COLUMNS - 1) + column;
}

float bias_at(uint start, uint key) {
    if (!BIASED) return 0.0;
    return bias[start + key / WINDOW_COLUMNS * (2 * WINDOW_COLUMNS - 1) + key % WINDOW_COLUMNS];
}
#else
uint token_at(uint image, uint t, uint count) { return image * count + t; }
uint bias_start(uint head, uint query) { return 0; }
float bias_at(uint start, uint key) { return 0.0; }
#endif
#endif
