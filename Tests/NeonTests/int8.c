// Products and maps of bytes: every kind that this machine has gives the same bytes as the definition in integers, one multiplication and one rounding.
#include "check.h"

#pragma clang fp contract(off)

static uint8_t *random_bytes(size_t count) {
    uint8_t *at = (uint8_t *)output_floats(divided_up(count, 4));
    for (size_t i = 0; i < count; i++) at[i] = (uint8_t)random_bits();
    return at;
}

static int8_t *random_weights(size_t count) {
    int8_t *at = (int8_t *)output_floats(divided_up(count, 4));
    for (size_t i = 0; i < count; i++) at[i] = (int8_t)((int32_t)(random_bits() % 255) - 127);
    return at;
}

// The bytes behind `count` in the last word belong to nobody.
static uint8_t *output_bytes(size_t count) {
    uint8_t *at = (uint8_t *)output_floats(divided_up(count, 4));
    memset(at, 0xa5, divided_up(count, 4) * 4);
    return at;
}

static void expect_bytes(const uint8_t *got, const uint8_t *want, size_t count, const char *what, const char *kind) {
    size_t i = 0;
    while (i < count && got[i] == want[i]) i++;
    bool whole = true;
    for (size_t t = count; t % 4; t++) whole &= got[t] == 0xa5;
    if (i < count) verdict(false, "%s, %s: byte %zu of %zu is %d, expected %d", what, kind, i, count, got[i], want[i]);
    else verdict(whole && guards_stand(), "%s, %s: wrote behind the output", what, kind);
}

// What the epilogue makes of a sum, one element.
static uint8_t finished(const opsin_int8_epilogue *e, int32_t sum, float scale, size_t at) {
    float v = (float)sum * scale;
    if (e->hard_swish) {
        const float shifted = v + 3, gate = shifted < 0 ? 0 : shifted > 6 ? 6 : shifted, product = v * gate, sixth = product * (1.0f / 6);
        v = sixth * e->inverse_scale;
    }
    if (e->residual) {
        const float added = (float)(e->residual[at] - e->residual_zero) * e->residual_scale;
        v = v + added;
    }
    const int32_t stored = (int32_t)rintf(v) + e->zero;
    return (uint8_t)(stored < e->least ? e->least : stored > e->most ? e->most : stored);
}

// An epilogue of each form, numbers that reach both ends of a byte.
static opsin_int8_epilogue epilogue(int form, size_t count) {
    opsin_int8_epilogue e = {.zero = 0, .least = 0, .most = 255};
    if (form == 1) e.zero = 131, e.least = 20, e.most = 240;
    if (form == 2) e.zero = 100, e.residual = random_bytes(count), e.residual_zero = 77, e.residual_scale = 0.83f;
    if (form == 3) e.zero = 11, e.hard_swish = true, e.inverse_scale = 20;
    return e;
}

typedef struct {
    float *scale;
    int32_t *bias;
} parameters;

static parameters outputs_of(size_t outputs, size_t depth, int form) {
    const float spread = (form == 3 ? 6.0f : 150.0f) / (16000.0f * sqrtf((float)depth));
    const parameters p = {random_floats(outputs, spread / 4, spread), (int32_t *)output_floats(outputs)};
    for (size_t o = 0; o < outputs; o++) p.bias[o] = (int32_t)(random_bits() % 60000) - 20000;
    return p;
}

// Sum of product (row, output), with `zero` outside of the map.
static int32_t sum_at(const opsin_int8_gemm_arguments *q, const opsin_int8_weights *w, size_t row, size_t output) {
    const opsin_int8_window *v = &q->window;
    int32_t sum = w->bias[output];
    for (size_t tap = 0; tap < w->taps; tap++) {
        const uint8_t *x = q->x + row * q->depth;
        if (v->kernel_height) {
            const size_t ox = row % v->output_width, oy = row / v->output_width % v->output_height, n = row / v->output_width / v->output_height;
            const int64_t iy = (int64_t)(oy * v->stride_y + tap / v->kernel_width * v->dilation_y) - v->padding_top;
            const int64_t ix = (int64_t)(ox * v->stride_x + tap % v->kernel_width * v->dilation_x) - v->padding_left;
            if (iy < 0 || ix < 0 || iy >= v->height || ix >= v->width) continue;
            x = q->x + ((n * v->height + (size_t)iy) * v->width + (size_t)ix) * v->channels;
        }
        for (size_t c = 0; c < w->inputs; c++) {
            sum += (x[c] - w->zero) * w->data[output * w->output_stride + c * w->input_stride + tap * w->tap_stride];
        }
    }
    return sum;
}

static uint8_t *zero_points(size_t channels, int32_t zero) {
    uint8_t *at = random_bytes(channels + 64);
    memset(at, zero, channels + 64);
    return at;
}

static void product(size_t rows, size_t inputs, size_t outputs, const opsin_int8_window *window, int form, bool output_last) {
    const size_t taps = window ? window->kernel_height * window->kernel_width : 1, depth = taps * inputs, count = rows * outputs;
    opsin_int8_gemm_arguments q = {.rows = rows, .columns = outputs, .depth = depth};
    if (window) q.window = *window;
    const size_t pixels = window ? (size_t)window->images * window->height * window->width : rows;
    const int32_t zero = form == 1 ? 128 : form == 2 ? 3 : 0;
    q.x = random_bytes(pixels * inputs);
    if (window) q.window.zeros = zero_points(inputs, zero);
    q.epilogue = epilogue(form, count);
    const parameters p = outputs_of(outputs, depth, form);
    const opsin_int8_weights w = {.data = random_weights(outputs * depth), .outputs = outputs, .inputs = inputs, .taps = taps,
                                  .output_stride = output_last ? 1 : depth, .input_stride = output_last ? outputs : taps,
                                  .tap_stride = output_last ? inputs * outputs : 1, .scale = p.scale, .bias = p.bias, .zero = zero};
    uint8_t *want = malloc(count);
    float *want_float = malloc(count * sizeof *want_float);
    for (size_t i = 0; i < count; i++) {
        const int32_t sum = sum_at(&q, &w, i / outputs, i % outputs);
        want[i] = finished(&q.epilogue, sum, p.scale[i % outputs], i);
        want_float[i] = (float)sum * p.scale[i % outputs];
    }
    char what[120];
    snprintf(what, sizeof what, "int8 product %zux%zux%zu, window %u, form %d", rows, depth, outputs, window ? window->kernel_height : 0, form);
    for (opsin_int8_kind kind = 0; kind < OPSIN_INT8_KINDS; kind++) {
        if (!opsin_int8_available(kind)) continue;
        q.shape = opsin_int8_gemm_plan(kind, rows, outputs, depth, window);
        void *packed = output_floats(opsin_int8_gemm_packed_bytes(&q.shape, outputs) / 4);
        opsin_int8_gemm_pack(&q.shape, &w, packed);
        q.packed = packed;
        q.y = output_bytes(count), q.y_float = NULL;
        run(opsin_int8_gemm(kind), &q, opsin_int8_gemm_tasks(&q), opsin_int8_gemm_scratch_bytes(&q));
        expect_bytes(q.y, want, count, what, opsin_int8_name(kind));
        if (form != 0) continue;
        q.y = NULL, q.y_float = output_floats(count);
        run(opsin_int8_gemm(kind), &q, opsin_int8_gemm_tasks(&q), opsin_int8_gemm_scratch_bytes(&q));
        verdict(memcmp(q.y_float, want_float, count * sizeof(float)) == 0 && guards_stand(), "%s, %s: fp32 output", what, opsin_int8_name(kind));
    }
    free(want), free(want_float);
    release_all();
}

static opsin_int8_window window_of(size_t images, size_t side, size_t channels, size_t kernel, size_t stride, size_t dilation, size_t padding) {
    opsin_int8_window w = {.images = (uint32_t)images, .height = (uint32_t)side, .width = (uint32_t)side + 2, .channels = (uint32_t)channels,
                           .kernel_height = (uint32_t)kernel, .kernel_width = (uint32_t)kernel, .stride_y = (uint32_t)stride, .stride_x = (uint32_t)stride,
                           .dilation_y = (uint32_t)dilation, .dilation_x = (uint32_t)dilation, .padding_top = (uint32_t)padding,
                           .padding_left = (uint32_t)padding};
    // One row and column less of padding at the bottom and right, as TensorFlow pads an even side.
    w.output_height = (uint32_t)((side + 2 * padding - (padding > 0) - dilation * (kernel - 1) - 1) / stride + 1);
    w.output_width = (uint32_t)((side + 2 + 2 * padding - (padding > 0) - dilation * (kernel - 1) - 1) / stride + 1);
    return w;
}

static void depthwise(const opsin_int8_window *window, int form) {
    const size_t channels = window->channels, taps = (size_t)window->kernel_height * window->kernel_width;
    const size_t rows = (size_t)window->images * window->output_height * window->output_width, count = rows * channels;
    const int32_t zero = form == 1 ? 128 : 0;
    opsin_int8_depthwise_arguments q = {.window = *window};
    q.x = random_bytes((size_t)window->images * window->height * window->width * channels);
    q.window.zeros = zero_points(channels, zero);
    q.epilogue = epilogue(form, count);
    const parameters p = outputs_of(channels, taps, form);
    const opsin_int8_weights w = {.data = random_weights(channels * taps), .outputs = channels, .inputs = 1, .taps = taps, .output_stride = taps,
                                  .input_stride = taps, .tap_stride = 1, .scale = p.scale, .bias = p.bias, .zero = zero};
    uint8_t *want = malloc(count);
    for (size_t i = 0; i < count; i++) {
        const size_t c = i % channels, row = i / channels;
        const opsin_int8_gemm_arguments one = {.x = q.x + c, .window = q.window};
        const opsin_int8_weights channel = {.data = w.data + c * taps, .inputs = 1, .taps = taps, .tap_stride = 1, .bias = p.bias + c, .zero = zero};
        want[i] = finished(&q.epilogue, sum_at(&one, &channel, row, 0), p.scale[c], i);
    }
    char what[120];
    snprintf(what, sizeof what, "int8 depthwise %ux%u of %ux%u, %zu channels, stride %u, dilation %u, form %d", window->kernel_height, window->kernel_width,
             window->height, window->width, channels, window->stride_x, window->dilation_x, form);
    for (opsin_int8_kind kind = 0; kind < OPSIN_INT8_KINDS; kind++) {
        if (!opsin_int8_available(kind)) continue;
        void *packed = output_floats(divided_up(opsin_int8_depthwise_packed_bytes(kind, &q.window), 4));
        opsin_int8_depthwise_pack(kind, &q.window, &w, packed);
        q.packed = packed;
        q.chunks = (uint32_t)(opsin_int8_depthwise_blocks(kind, channels) > 1 ? 2 : 1);
        q.y = output_bytes(count);
        run(opsin_int8_depthwise(kind), &q, q.chunks * opsin_int8_depthwise_lines(kind, &q.window), opsin_int8_depthwise_scratch_bytes(kind, &q));
        expect_bytes(q.y, want, count, what, opsin_int8_name(kind));
    }
    free(want);
    release_all();
}

static void maps(size_t count) {
    uint8_t *want = malloc(count);
    float *x = random_floats(count, -3, 9);
    if (count > 4) x[1] = NAN, x[2] = INFINITY, x[3] = -INFINITY, x[4] = 0.05f * 2.5f;
    opsin_int8_convert_arguments c = {.real = x, .count = count, .strip = 64, .scale = 0.05f, .inverse_scale = 1 / 0.05f, .zero = 40};
    for (size_t i = 0; i < count; i++) {
        const float v = rintf(x[i] * c.inverse_scale) + 40;
        want[i] = (uint8_t)(!(v > 0) ? 0 : v > 255 ? 255 : v);
    }
    opsin_int8_add_arguments a = {.a = random_bytes(count), .b = random_bytes(count), .count = count, .strip = 64, .a_scale = 0.7f, .b_scale = 1.3f,
                                  .a_zero = 12, .b_zero = 128, .zero = 60, .least = 30, .most = 250};
    uint8_t *sums = malloc(count);
    for (size_t i = 0; i < count; i++) {
        const float first = (float)(a.a[i] - a.a_zero) * a.a_scale, second = (float)(a.b[i] - a.b_zero) * a.b_scale, sum = first + second;
        const int32_t v = (int32_t)rintf(sum) + a.zero;
        sums[i] = (uint8_t)(v < a.least ? a.least : v > a.most ? a.most : v);
    }
    for (size_t s = 0; s < isa_count; s++) {
        c.real = x, c.stored = output_bytes(count);
        run(opsin_int8_quantize(isas[s]), &c, divided_up(count, c.strip), 0);
        expect_bytes(c.stored, want, count, "int8 quantize", name_of(isas[s]));
        c.real = output_floats(count);
        run(opsin_int8_dequantize(isas[s]), &c, divided_up(count, c.strip), 0);
        bool right = guards_stand();
        for (size_t i = 0; i < count; i++) right &= c.real[i] == (float)(want[i] - c.zero) * c.scale;
        verdict(right, "int8 dequantize of %zu, %s", count, name_of(isas[s]));
        a.y = output_bytes(count);
        run(opsin_int8_add(isas[s]), &a, divided_up(count, a.strip), 0);
        expect_bytes(a.y, sums, count, "int8 add", name_of(isas[s]));
    }
    opsin_int8_lookup_arguments l = {.x = a.a, .count = count, .strip = 64, .y = output_bytes(count)};
    for (int i = 0; i < 256; i++) l.table[i] = (uint8_t)(i * 7 + 3);
    for (size_t i = 0; i < count; i++) want[i] = (uint8_t)(a.a[i] * 7 + 3);
    run(opsin_int8_lookup, &l, divided_up(count, l.strip), 0);
    expect_bytes(l.y, want, count, "int8 lookup", "any");
    free(want), free(sums);
    release_all();
}

static void pool(size_t images, size_t pixels, size_t channels) {
    opsin_int8_pool_arguments q = {.x = random_bytes(images * pixels * channels), .images = images, .pixels = pixels, .channels = channels,
                                   .scale = 2.0f / (float)pixels, .x_zero = 100, .zero = 130};
    uint8_t *want = malloc(images * channels);
    for (size_t i = 0; i < images * channels; i++) {
        int32_t sum = 0;
        for (size_t p = 0; p < pixels; p++) sum += q.x[(i / channels * pixels + p) * channels + i % channels] - q.x_zero;
        const int32_t v = (int32_t)rintf((float)sum * q.scale) + q.zero;
        want[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
    for (size_t s = 0; s < isa_count; s++) {
        q.y = output_bytes(images * channels);
        run(opsin_int8_pool(isas[s]), &q, images * divided_up(channels, OPSIN_INT8_POOL_CHANNELS), 0);
        expect_bytes(q.y, want, images * channels, "int8 pool", name_of(isas[s]));
    }
    free(want);
    release_all();
}

void check_int8(void) {
    printf("int8 of");
    for (opsin_int8_kind kind = 0; kind < OPSIN_INT8_KINDS; kind++) {
        if (opsin_int8_available(kind)) printf(" %s", opsin_int8_name(kind));
    }
    printf("\n");
    static const size_t widths[] = {1, 3, 15, 16, 17, 24, 33, 47, 64, 65, 96, 113, 144};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        for (int form = 0; form < 4; form++) product(1 + i * 5 % 23, widths[(i * 5 + (size_t)form) % 13], widths[i], NULL, form, form == 1);
    }
    // Every number of rows of every tile.
    for (size_t rows = 1; rows <= 16; rows++) {
        for (size_t vectors = 1; vectors <= 4; vectors++) product(rows, 40, vectors * 16, NULL, (int)(rows + vectors) % 4, false);
    }
    product(49, 960, 160, NULL, 2, false);
    product(200, 16, 96, NULL, 0, false);
    for (int form = 0; form < 4; form++) {
        const opsin_int8_window stem = window_of(1, 17, 3, 3, 2, 1, 1), dilated = window_of(2, 9, 5, 3, 1, 2, 2), sparse = window_of(1, 9, 20, 1, 2, 1, 0);
        const opsin_int8_window wide = window_of(1, 8, 16, 5, 2, 1, 2);
        product((size_t)stem.output_height * stem.output_width, 3, 32, &stem, form, form == 2);
        product((size_t)2 * dilated.output_height * dilated.output_width, 5, 19, &dilated, form, false);
        product((size_t)sparse.output_height * sparse.output_width, 20, 40, &sparse, form, false);
        product((size_t)wide.output_height * wide.output_width, 16, 70, &wide, form, false);
    }
    static const size_t channels[] = {1, 15, 16, 17, 32, 63, 64, 65, 96, 144};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        for (size_t kernel = 3; kernel <= 5; kernel += 2) {
            for (size_t stride = 1; stride <= 2; stride++) {
                const opsin_int8_window w = window_of(1 + i % 2, 6 + i % 3, channels[i], kernel, stride, 1, kernel / 2);
                depthwise(&w, (int)(i + kernel / 2 + stride) % 4);
            }
        }
    }
    const opsin_int8_window dilated = window_of(1, 9, 40, 3, 1, 2, 2), seven = window_of(1, 9, 20, 7, 1, 1, 3), small = window_of(1, 1, 24, 3, 1, 1, 1);
    const opsin_int8_window two = window_of(1, 6, 33, 2, 2, 1, 0);
    for (int form = 0; form < 4; form++) depthwise(&dilated, form), depthwise(&seven, form), depthwise(&small, form), depthwise(&two, form);
    static const size_t counts[] = {1, 15, 16, 17, 63, 64, 65, 1000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) maps(counts[i]);
    pool(2, 49, 40), pool(1, 1, 17), pool(1, 49, 1280), pool(3, 5, 257);
}
