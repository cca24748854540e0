// Products: plain, with each epilogue, with windows, with each register tile by name; and of two activations.
#include "check.h"

// A product with all that it reads, and its sums before the epilogue.
typedef struct {
    opsin_gemm_arguments arguments;
    opsin_stored_weights weights;
    double *sums;
    uint32_t images;
} product;

static float weight_at(const opsin_stored_weights *w, size_t output, size_t input, size_t tap) {
    const size_t at = output * w->output_stride + input * w->input_stride + tap * w->tap_stride;
    float value = 0;
    if (w->type == OPSIN_STORED_FLOAT32) return ((const float *)w->data)[at];
    const uint16_t stored = ((const uint16_t *)w->data)[at];
    if (w->type == OPSIN_STORED_FLOAT16) {
        const float fraction = (float)(stored & 1023);
        const int exponent = stored >> 10 & 31;
        value = exponent ? ldexpf(1024 + fraction, exponent - 25) : ldexpf(fraction, -24);
        return stored >> 15 ? -value : value;
    }
    const uint32_t bits = (uint32_t)stored << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// What x holds for tap `tap`, channel `c` of row `row` of the product.
static double input_at(const opsin_gemm_arguments *q, size_t row, size_t tap, size_t c) {
    const opsin_window *w = &q->window;
    if (!w->kernel_height) return q->x[row * q->depth + c];
    const size_t pixels = (size_t)w->output_height * w->output_width, n = row / pixels, oy = row % pixels / w->output_width, ox = row % w->output_width;
    const int64_t iy = (int64_t)(oy * w->stride_y + tap / w->kernel_width * w->dilation_y) - w->padding_top;
    const int64_t ix = (int64_t)(ox * w->stride_x + tap % w->kernel_width * w->dilation_x) - w->padding_left;
    if (iy < 0 || ix < 0 || iy >= w->height || ix >= w->width) return 0;
    return q->x[((n * w->height + (size_t)iy) * w->width + (size_t)ix) * w->channels + c];
}

// `window` NULL: [rows, inputs] x [inputs, outputs]. One input is NaN, which must reach every output that depends on it, and no other.
static product make(size_t rows, size_t inputs, size_t outputs, const opsin_window *window, int32_t stored) {
    product p = {.images = 1};
    const size_t taps = window ? (size_t)window->kernel_height * window->kernel_width : 1;
    opsin_gemm_arguments *q = &p.arguments;
    if (window) q->window = *window;
    const size_t pixels = window ? rows / window->output_height / window->output_width * window->height * window->width : rows;
    float *x = random_floats(pixels * inputs, -1, 1);
    x[pixels * inputs / 2] = NAN;
    q->x = x;
    q->window.zeros = zero_floats(inputs);
    q->rows = rows, q->columns = outputs, q->depth = taps * inputs;
    q->epilogue = (opsin_epilogue){.bias = padded_floats(outputs, -1, 1), .slope = 0.1f};
    const size_t count = outputs * inputs * taps;
    float *values = random_floats(count, -1, 1);
    if (stored != OPSIN_STORED_FLOAT32) {
        // Any sign and fraction, exponents around that of 1.
        for (size_t i = 0; i < count; i++) {
            const uint32_t r = random_bits(), small = r % 4;
            const uint32_t half = (r >> 16 & 0x83ff) | (11 + small) << 10, bfloat = (r >> 16 & 0x807f) | (123 + small) << 7;
            ((uint16_t *)(void *)values)[i] = (uint16_t)(stored == OPSIN_STORED_FLOAT16 ? half : bfloat);
        }
    }
    p.weights = (opsin_stored_weights){.data = values, .type = stored, .outputs = outputs, .inputs = inputs, .taps = taps,
                                       .output_stride = inputs * taps, .input_stride = taps, .tap_stride = 1,
                                       .output_scale = random_floats(outputs, 0.5f, 1.5f), .input_scale = random_floats(inputs, 0.5f, 1.5f)};
    p.sums = calloc(rows * outputs, sizeof(double));
    for (size_t row = 0; row < rows; row++) {
        for (size_t tap = 0; tap < taps; tap++) {
            for (size_t c = 0; c < inputs; c++) {
                const double x = input_at(q, row, tap, c) * p.weights.input_scale[c];
                for (size_t o = 0; o < outputs; o++) p.sums[row * outputs + o] += x * weight_at(&p.weights, o, c, tap) * p.weights.output_scale[o];
            }
        }
        for (size_t o = 0; o < outputs; o++) p.sums[row * outputs + o] += q->epilogue.bias[o];
    }
    return p;
}

// Runs the product as it is cut on one instruction set.
static void run_cut(product *p, expectation *e, opsin_isa isa, const opsin_gemm_shape *cut) {
    opsin_gemm_arguments q = p->arguments;
    q.shape = *cut;
    void *packed = output_floats(opsin_gemm_packed_bytes(cut, q.columns, q.depth) / sizeof(float));
    opsin_gemm_pack(cut, &p->weights, packed);
    q.weights = packed;
    q.y = output_floats(q.rows * q.columns);
    run(opsin_gemm(isa, false), &q, (size_t)cut->tiles * cut->panels, opsin_gemm_scratch_bytes(&q));
    compare(e, isa, q.y);
}

static void run_all(product *p, expectation *e) {
    const opsin_gemm_arguments *q = &p->arguments;
    for (size_t i = 0; i < isa_count; i++) {
        const opsin_gemm_shape cut = opsin_gemm_plan(isas[i], false, q->rows, q->columns, q->depth, q->window.kernel_height ? &q->window : NULL);
        run_cut(p, e, isas[i], &cut);
    }
}

static void done(product *p) {
    free(p->sums);
    release_all();
}

static void plain(size_t rows, size_t depth, size_t columns, int32_t stored) {
    product p = make(rows, depth, columns, NULL, stored);
    expectation e = expect(p.sums, rows * columns, "gemm %zux%zux%zu, stored as %d", rows, depth, columns, stored);
    run_all(&p, &e);
    done(&p);
}

// Each activation without a residual, with one before it and with one behind it; in rows of a window or pixel by pixel.
static void epilogues(const opsin_window *window, size_t rows, size_t inputs, size_t columns) {
    for (int32_t activation = OPSIN_ACTIVATION_IDENTITY; activation <= OPSIN_ACTIVATION_TANH; activation++) {
        for (int32_t mode = OPSIN_RESIDUAL_NONE; mode <= OPSIN_RESIDUAL_BEFORE; mode++) {
            product p = make(rows, inputs, columns, window, OPSIN_STORED_FLOAT32);
            const float *residual = mode ? random_floats(rows * columns, -2, 2) : NULL;
            p.arguments.epilogue.activation = activation;
            p.arguments.epilogue.residual = residual;
            p.arguments.epilogue.residual_mode = mode;
            for (size_t i = 0; i < rows * columns; i++) {
                if (mode == OPSIN_RESIDUAL_BEFORE) p.sums[i] += residual[i];
                p.sums[i] = activated(activation, p.arguments.epilogue.slope, p.sums[i]);
                if (mode == OPSIN_RESIDUAL_AFTER) p.sums[i] += residual[i];
            }
            expectation e = expect(p.sums, rows * columns, "%s %zux%zux%zu, activation %d, residual %d", window ? "conv" : "gemm", rows, inputs, columns,
                                   activation, mode);
            run_all(&p, &e);
            done(&p);
        }
    }
}

// Every tile of EACH_TILE (gemm_body.h), whether a plan would choose it or not: rows side by side, and rows that pointers lead to.
static void tiles(void) {
    static const uint32_t most[4][5] = {
        [OPSIN_ISA_GENERIC] = {0, 12, 6}, [OPSIN_ISA_NEON] = {0, 14, 14, 9, 6}, [OPSIN_ISA_AVX2] = {0, 12, 6}, [OPSIN_ISA_AVX512] = {0, 14, 14, 9, 6}};
    for (uint32_t vectors = 1; vectors <= 4; vectors++) {
        for (uint32_t rows = 1; rows <= 14; rows++) {
            for (int windowed = 0; windowed < 2; windowed++) {
                for (size_t i = 0; i < isa_count; i++) {
                    if (rows > most[isas[i]][vectors]) continue;
                    const uint32_t inputs = 5;
                    const opsin_window window = {3, 3, inputs, 1, 1, 3, 3, 1, 1, 1, 1, 0, 0, NULL};
                    opsin_gemm_shape cut = opsin_gemm_plan(isas[i], false, rows, 64, inputs, NULL);
                    const uint32_t columns = 2 * vectors * cut.vector - 1;
                    product p = make(rows, inputs, columns, windowed ? &window : NULL, OPSIN_STORED_FLOAT32);
                    cut.panels = 2, cut.narrow = vectors, cut.wider = 0;
                    cut.run = cut.tile_rows = rows;
                    cut.run_tiles = cut.tiles = cut.block_tiles = 1;
                    expectation e = expect(p.sums, (size_t)rows * columns, "tile %ux%u%s", rows, vectors, windowed ? ", rows by pointers" : "");
                    opsin_gemm_shape plain_cut = opsin_gemm_plan(OPSIN_ISA_GENERIC, false, rows, columns, p.arguments.depth, windowed ? &window : NULL);
                    run_cut(&p, &e, OPSIN_ISA_GENERIC, &plain_cut);
                    run_cut(&p, &e, isas[i], &cut);
                    done(&p);
                }
            }
        }
    }
}

static void convolution(uint32_t images, uint32_t outputs, opsin_window w, uint32_t padding_bottom, uint32_t padding_right) {
    w.output_height = (w.height + w.padding_top + padding_bottom - (w.kernel_height - 1) * w.dilation_y - 1) / w.stride_y + 1;
    w.output_width = (w.width + w.padding_left + padding_right - (w.kernel_width - 1) * w.dilation_x - 1) / w.stride_x + 1;
    const size_t rows = (size_t)images * w.output_height * w.output_width;
    product p = make(rows, w.channels, outputs, &w, OPSIN_STORED_FLOAT32);
    expectation e = expect(p.sums, rows * outputs, "conv %ux%u of %ux%ux%ux%u to %u, stride %u, dilation %u", w.kernel_height, w.kernel_width, images,
                           w.height, w.width, w.channels, outputs, w.stride_x, w.dilation_x);
    run_all(&p, &e);
    done(&p);
}

static void convolutions(void) {
    convolution(1, 24, (opsin_window){13, 27, 3, 0, 0, 3, 3, 2, 2, 1, 1, 1, 1, NULL}, 1, 1);
    convolution(2, 19, (opsin_window){9, 31, 5, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, NULL}, 1, 1);
    convolution(1, 33, (opsin_window){7, 29, 16, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, NULL}, 1, 1);
    convolution(1, 7, (opsin_window){11, 25, 17, 0, 0, 5, 5, 2, 2, 1, 1, 2, 2, NULL}, 2, 2);
    convolution(1, 16, (opsin_window){8, 40, 3, 0, 0, 3, 3, 1, 1, 2, 2, 2, 2, NULL}, 2, 2);
    convolution(1, 21, (opsin_window){6, 30, 18, 0, 0, 3, 3, 1, 1, 3, 3, 3, 3, NULL}, 3, 3);
    convolution(3, 9, (opsin_window){5, 5, 4, 0, 0, 1, 1, 2, 2, 1, 1, 0, 0, NULL}, 0, 0);
    convolution(1, 8, (opsin_window){15, 29, 3, 0, 0, 7, 7, 2, 2, 1, 1, 3, 3, NULL}, 3, 3);
    convolution(1, 5, (opsin_window){12, 26, 8, 0, 0, 1, 5, 1, 1, 1, 1, 0, 2, NULL}, 0, 2);
    convolution(1, 37, (opsin_window){12, 52, 3, 0, 0, 4, 4, 4, 4, 1, 1, 0, 0, NULL}, 0, 0);
    convolution(2, 3, (opsin_window){3, 15, 2, 0, 0, 5, 5, 1, 1, 1, 1, 2, 2, NULL}, 2, 2);
    convolution(1, 6, (opsin_window){4, 13, 2, 0, 0, 3, 3, 1, 2, 2, 1, 0, 1, NULL}, 3, 0);
    convolution(2, 65, (opsin_window){7, 7, 20, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, NULL}, 1, 1);
}

// Two activations, image by image; b as [depth, columns] or transposed.
static void matmul(size_t images, size_t rows, size_t depth, size_t columns, bool transposed) {
    const float scale = 0.125f, *a = random_floats(images * rows * depth, -1, 1), *b = random_floats(images * depth * columns, -1, 1);
    double *want = calloc(images * rows * columns, sizeof *want);
    for (size_t i = 0; i < images * rows * columns; i++) {
        const size_t image = i / columns / rows, row = i / columns, column = i % columns;
        for (size_t k = 0; k < depth; k++) {
            want[i] += (double)a[row * depth + k] * b[image * depth * columns + (transposed ? column * depth + k : k * columns + column)] * scale;
        }
    }
    expectation e = expect(want, images * rows * columns, "matmul %zux%zux%zux%zu%s", images, rows, depth, columns, transposed ? ", transposed" : "");
    for (size_t i = 0; i < isa_count; i++) {
        const opsin_gemm_shape shape = opsin_gemm_plan(isas[i], false, rows, columns, depth, NULL);
        const size_t stride = opsin_gemm_packed_bytes(&shape, columns, depth) / sizeof(float);
        const opsin_matmul_pack_arguments pack = {b, output_floats(images * stride), images, stride, depth, columns, transposed, scale, shape};
        run(opsin_matmul_pack, &pack, images * shape.panels, 0);
        opsin_matmul_arguments q = {.images = images, .packed_stride = stride, .gemm = opsin_gemm(isas[i], false)};
        q.product = (opsin_gemm_arguments){.x = a, .y = output_floats(images * rows * columns), .weights = pack.packed, .rows = rows, .columns = columns,
                                           .depth = depth, .shape = shape};
        q.product.epilogue.bias = zero_floats(divided_up(columns, 16) * 16);
        run(opsin_matmul, &q, images * shape.tiles * shape.panels, opsin_gemm_scratch_bytes(&q.product));
        compare(&e, isas[i], q.product.y);
    }
    free(want);
    release_all();
}

void check_products(void) {
    static const size_t rows[] = {1, 2, 7, 13, 14, 29, 61}, columns[] = {1, 3, 4, 5, 13, 16, 17, 31, 48, 67};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t j = 0; j < sizeof columns / sizeof *columns; j++) plain(rows[i], 1 + (7 * i + 3 * j) % 37, columns[j], OPSIN_STORED_FLOAT32);
    }
    plain(11, 300, 19, OPSIN_STORED_FLOAT32);
    plain(11, 23, 19, OPSIN_STORED_FLOAT16);
    plain(11, 23, 19, OPSIN_STORED_BFLOAT16);
    tiles();
    epilogues(NULL, 17, 9, 23);
    const opsin_window window = {5, 17, 3, 5, 17, 3, 3, 1, 1, 1, 1, 1, 1, NULL};
    epilogues(&window, 85, 3, 11);
    convolutions();
    for (int transposed = 0; transposed < 2; transposed++) {
        matmul(1, 1, 1, 1, transposed);
        matmul(3, 7, 13, 5, transposed);
        matmul(2, 31, 17, 33, transposed);
        matmul(5, 16, 64, 49, transposed);
    }
}
