// What goes over maps: the pools, the mean of a map, interpolation, channels that lie apart, convolution to few channels, depth maps.
#include "check.h"

static void pool(bool maximum, opsin_pool2d_arguments q, size_t pad_bottom, size_t pad_right, bool with_nan) {
    q.out_height = (q.height + q.pad_top + pad_bottom - (q.kernel_h - 1) * q.dilation_y - 1) / q.stride_y + 1;
    q.out_width = (q.width + q.pad_left + pad_right - (q.kernel_w - 1) * q.dilation_x - 1) / q.stride_x + 1;
    const size_t count = q.images * q.out_height * q.out_width * q.channels;
    float *x = random_floats(q.images * q.height * q.width * q.channels, -5, 5);
    if (with_nan) x[q.height * q.width / 2 * q.channels + q.channels / 2] = NAN;
    q.x = x;
    double *want = calloc(count, sizeof *want);
    for (size_t i = 0; i < count; i++) {
        const size_t c = i % q.channels, ox = i / q.channels % q.out_width, oy = i / q.channels / q.out_width % q.out_height;
        const size_t n = i / q.channels / q.out_width / q.out_height;
        double sum = 0, most = -INFINITY;
        size_t taps = 0;
        for (size_t tap = 0; tap < q.kernel_h * q.kernel_w; tap++) {
            const int64_t iy = (int64_t)(oy * q.stride_y + tap / q.kernel_w * q.dilation_y) - (int64_t)q.pad_top;
            const int64_t ix = (int64_t)(ox * q.stride_x + tap % q.kernel_w * q.dilation_x) - (int64_t)q.pad_left;
            if (iy < 0 || ix < 0 || (size_t)iy >= q.height || (size_t)ix >= q.width) continue;
            const double v = x[((n * q.height + (size_t)iy) * q.width + (size_t)ix) * q.channels + c];
            sum += v, taps++;
            if (!(v <= most) && !isnan(most)) most = v;
        }
        want[i] = maximum ? most : sum / (double)(q.count_includes_padding ? q.kernel_h * q.kernel_w : taps);
    }
    expectation e = expect(want, count, "%s pool %zux%zu of %zux%zux%zux%zu, stride %zu, dilation %zu%s", maximum ? "max" : "average", q.kernel_h, q.kernel_w,
                           q.images, q.height, q.width, q.channels, q.stride_x, q.dilation_x, with_nan ? ", with a NaN" : "");
    if (with_nan) e.scale = 1;
    for (size_t i = 0; i < isa_count; i++) {
        q.y = output_floats(count);
        run((maximum ? opsin_max_pool2d : opsin_average_pool2d)(isas[i]), &q, q.images * q.out_height, 0);
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

static void pools(size_t channels) {
    for (int maximum = 0; maximum < 2; maximum++) {
        const opsin_pool2d_arguments base = {.images = 2, .height = 7, .width = 9, .channels = channels, .kernel_h = 3, .kernel_w = 3,
                                             .stride_y = 2, .stride_x = 2, .dilation_y = 1, .dilation_x = 1, .pad_top = 1, .pad_left = 1};
        opsin_pool2d_arguments q = base;
        pool(maximum, q, 1, 1, false);
        pool(maximum, q, 1, 1, true);
        q.count_includes_padding = true, q.stride_y = 1;
        pool(maximum, q, 1, 1, false);
        q = base, q.kernel_h = q.kernel_w = 2, q.pad_top = q.pad_left = 0;
        pool(maximum, q, 0, 0, false);
        q = base, q.dilation_x = 2, q.kernel_w = 5, q.pad_left = 3, q.stride_x = 1;
        pool(maximum, q, 0, 2, false);
    }
}

static void mean(size_t images, size_t pixels, size_t channels) {
    const float *x = random_floats(images * pixels * channels, -1, 4);
    double *want = calloc(images * channels, sizeof *want);
    for (size_t i = 0; i < images * pixels * channels; i++) want[i / channels / pixels * channels + i % channels] += (double)x[i] / (double)pixels;
    expectation e = expect(want, images * channels, "global average pool %zux%zux%zu", images, pixels, channels);
    for (size_t i = 0; i < isa_count; i++) {
        opsin_global_average_pool_arguments q = {x, output_floats(images * channels), images, pixels, channels, false};
        run(opsin_global_average_pool(isas[i]), &q, images * divided_up(channels, OPSIN_GLOBAL_AVERAGE_POOL_CHANNELS), 0);
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

// Any rows and columns with any weights.
static void resize(size_t taps, size_t images, size_t height, size_t width, size_t channels, size_t out_height, size_t out_width) {
    float *rows = random_floats(out_height * taps, 0, 1), *columns = random_floats(out_width * taps, 0, 1);
    for (size_t i = 0; i < out_height * taps; i++) rows[i] = (float)(random_bits() % height);
    for (size_t i = 0; i < out_width * taps; i++) columns[i] = (float)(random_bits() % width);
    const size_t count = images * out_height * out_width * channels;
    opsin_resize_arguments q = {random_floats(images * height * width * channels, -2, 2), NULL, images, height, width, channels, out_height, out_width, taps,
                                rows, random_floats(out_height * taps, -0.5f, 1), columns, random_floats(out_width * taps, -0.5f, 1), 0};
    double *want = calloc(count, sizeof *want);
    for (size_t i = 0; i < count; i++) {
        const size_t c = i % channels, x = i / channels % out_width, y = i / channels / out_width % out_height, n = i / channels / out_width / out_height;
        for (size_t t = 0; t < taps * taps; t++) {
            const size_t r = y * taps + t / taps, s = x * taps + t % taps;
            const double v = q.x[((n * height + (size_t)rows[r]) * width + (size_t)columns[s]) * channels + c];
            want[i] += taps == 1 ? v : v * q.row_weight[r] * q.column_weight[s];
        }
    }
    expectation e = expect(want, count, "resize %zux%zux%zux%zu to %zux%zu, %zu taps", images, height, width, channels, out_height, out_width, taps);
    for (size_t i = 0; i < isa_count; i++) {
        q.y = output_floats(count);
        run(opsin_resize(isas[i]), &q, images * out_height, (width * channels + 16) * sizeof(float));
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

// Rows that lie apart into rows that lie apart, and a map with a border: the same function for every instruction set, so checked once.
static void copies(size_t length) {
    const size_t outer = 3, inner = 4, x_inner = length + 3, y_inner = length + 2, left = 2, right = 5;
    const float *x = random_floats(outer * inner * x_inner, -1, 1);
    float *y = zero_floats(outer * inner * y_inner), *padded = output_floats(3 * (1 + 4 + 2) * (left + x_inner + right));
    const opsin_copy_rows_arguments rows = {x, y, outer, inner, length, inner * x_inner, x_inner, inner * y_inner, y_inner, 5};
    run(opsin_copy_rows, &rows, divided_up(outer * inner, rows.strip), 0);
    double *want = calloc(3 * 7 * (left + x_inner + right), sizeof *want);
    for (size_t i = 0; i < outer * inner * y_inner; i++) want[i] = i % y_inner < length ? x[i / y_inner * x_inner + i % y_inner] : 0;
    expectation e = expect(want, outer * inner * y_inner, "copy of rows of %zu", length);
    compare(&e, OPSIN_ISA_GENERIC, y);
    const opsin_pad_arguments pad = {x, padded, outer, inner, x_inner, 1, 2, left, right, 0.5f};
    run(opsin_pad, &pad, outer * 7, 0);
    const size_t wide = left + x_inner + right;
    for (size_t i = 0; i < outer * 7 * wide; i++) {
        const size_t row = i / wide % 7, column = i % wide;
        const bool inside = row >= 1 && row < 1 + inner && column >= left && column < left + x_inner;
        want[i] = inside ? x[(i / wide / 7 * inner + row - 1) * x_inner + column - left] : 0.5;
    }
    e = expect(want, outer * 7 * wide, "pad of rows of %zu", x_inner);
    compare(&e, OPSIN_ISA_GENERIC, padded);
    free(want);
    release_all();
}

// Every step-th channel, into pixels that lie apart.
static void channels_apart(size_t channels, size_t start, size_t step) {
    const size_t pixels = 11, count = (channels - start + step - 1) / step, wide = count + 3;
    opsin_slice_channels_arguments q = {random_floats(pixels * channels, -1, 1), NULL, pixels, channels, wide, start, count, step, 4};
    double *want = calloc(pixels * wide, sizeof *want);
    for (size_t i = 0; i < pixels * wide; i++) want[i] = i % wide < count ? q.x[i / wide * channels + start + i % wide * step] : 0;
    expectation e = expect(want, pixels * wide, "channels %zu, %zu, ... of %zu", start, start + step, channels);
    for (size_t i = 0; i < isa_count; i++) {
        q.y = zero_floats(pixels * wide);
        run(opsin_slice_channels(isas[i]), &q, divided_up(pixels, q.strip), 0);
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

// A convolution to one or two channels.
static void narrow(size_t height, size_t width, size_t channels, size_t outputs, uint32_t kernel, uint32_t stride, uint32_t padding) {
    const size_t images = 2, taps = kernel * kernel, out_height = (height + 2 * padding - kernel) / stride + 1;
    const size_t out_width = (width + 2 * padding - kernel) / stride + 1, count = images * out_height * out_width * outputs;
    const float *k = random_floats(outputs * channels * taps, -1, 1);
    opsin_conv2d_narrow_arguments q = {
        .x = random_floats(images * height * width * channels, -1, 1),
        .epilogue = {padded_floats(outputs, -1, 1), random_floats(count, -1, 1), OPSIN_ACTIVATION_LEAKY_RELU, OPSIN_RESIDUAL_AFTER, 0.25f},
        .window = {(uint32_t)height, (uint32_t)width, (uint32_t)channels, (uint32_t)out_height, (uint32_t)out_width, kernel, kernel, stride, stride, 1, 1,
                   padding, padding, zero_floats(channels)},
        .images = images,
        .outputs = outputs,
    };
    const opsin_stored_weights stored = {k, OPSIN_STORED_FLOAT32, outputs, channels, taps, channels * taps, taps, 1, NULL, NULL};
    float *packed = output_floats(opsin_conv2d_narrow_packed(&q.window, outputs));
    opsin_conv2d_narrow_pack(&q.window, &stored, packed);
    q.weights = packed;
    double *want = calloc(count, sizeof *want);
    for (size_t i = 0; i < count; i++) {
        const size_t o = i % outputs, ox = i / outputs % out_width, oy = i / outputs / out_width % out_height, n = i / outputs / out_width / out_height;
        double sum = q.epilogue.bias[o];
        for (size_t tap = 0; tap < taps; tap++) {
            const int64_t iy = (int64_t)(oy * stride + tap / kernel) - padding, ix = (int64_t)(ox * stride + tap % kernel) - padding;
            if (iy < 0 || ix < 0 || (size_t)iy >= height || (size_t)ix >= width) continue;
            for (size_t c = 0; c < channels; c++) {
                sum += (double)q.x[((n * height + (size_t)iy) * width + (size_t)ix) * channels + c] * k[(o * channels + c) * taps + tap];
            }
        }
        want[i] = activated(OPSIN_ACTIVATION_LEAKY_RELU, 0.25, sum) + q.epilogue.residual[i];
    }
    expectation e = expect(want, count, "convolution %ux%u, stride %u, of %zux%zux%zu to %zu", kernel, kernel, stride, height, width, channels, outputs);
    for (size_t i = 0; i < isa_count; i++) {
        q.y = output_floats(count);
        run(opsin_conv2d_narrow(isas[i]), &q, images * out_height, 0);
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

// Rows of a depth map, and their ranges without what is no number.
static void depth(size_t rows, size_t width, size_t out_rows) {
    float *x = random_floats(rows * width, -2, 2), *index = random_floats(out_rows * 4, 0, 1);
    int32_t *places = (int32_t *)(void *)index;
    for (size_t i = 0; i < out_rows * 4; i++) places[i] = (int32_t)(random_bits() % rows);
    x[width / 2] = NAN, x[width - 1] = INFINITY, x[0] = width > 2 ? -INFINITY : x[0];
    opsin_depth_rows_arguments q = {x, NULL, width, width + 5, places, random_floats(out_rows * 4, 0.1f, 1), NULL};
    double *want = calloc(out_rows * 2, sizeof *want);
    for (size_t i = 0; i < out_rows; i++) {
        want[2 * i] = INFINITY, want[2 * i + 1] = -INFINITY;
        for (size_t j = 0; j < width; j++) {
            float v = 0;
            for (size_t t = 0; t < 4; t++) v += x[(size_t)places[4 * i + t] * width + j] * q.weight[4 * i + t];
            if (isfinite(v) && v < want[2 * i]) want[2 * i] = v;
            if (isfinite(v) && v > want[2 * i + 1]) want[2 * i + 1] = v;
        }
    }
    expectation e = expect(want, out_rows * 2, "ranges of %zu rows of %zu", out_rows, width);
    e.scale = 1;
    for (size_t i = 0; i < isa_count; i++) {
        q.y = zero_floats(out_rows * q.stride);
        q.range = output_floats(out_rows * 2);
        run(opsin_depth_rows(isas[i]), &q, out_rows, 0);
        compare(&e, isas[i], q.range);
    }
    free(want);
    release_all();
}

void check_maps(void) {
    for (size_t channels = 2; channels <= 66; channels += 16) {
        for (size_t start = 0; start < 2; start++) channels_apart(channels, start, 2);
        channels_apart(channels, 0, 3);
        for (size_t outputs = 1; outputs <= 2; outputs++) {
            narrow(5, 21, channels, outputs, 3, 1, 1);
            narrow(4, 3, channels, outputs, 5, 2, 2);
            narrow(2, 150, channels, outputs, 1, 1, 0);
        }
    }
    for (size_t width = 1; width <= 40; width += 13) depth(5, width, 7);
    for (size_t length = 1; length <= 61; length += 15) copies(length);
    static const size_t channels[] = {1, 3, 15, 16, 17, 35};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        pools(channels[i]);
        for (size_t taps = 1; taps <= 4; taps *= 2) {
            resize(taps, 2, 7, 11, channels[i], 13, 5);
            resize(taps, 1, 1, 1, channels[i], 3, 4);
        }
    }
    mean(1, 1, 1);
    mean(2, 49, 17);
    mean(1, 65, 63);
    mean(3, 200, 64);
    mean(1, 63, 65);
    mean(2, 131, 130);
}
