// Depthwise convolution: each tile with kernels of its own, windows without, each epilogue.
#include "check.h"

typedef struct {
    uint32_t images, threads;
    int32_t activation, residual_mode;
    int32_t tile_rows, tile_columns; // 0: as planned
} choices;

static void depthwise(opsin_window w, uint32_t padding_bottom, uint32_t padding_right, choices how) {
    const size_t channels = w.channels, taps = (size_t)w.kernel_height * w.kernel_width;
    w.output_height = (w.height + w.padding_top + padding_bottom - (w.kernel_height - 1) * w.dilation_y - 1) / w.stride_y + 1;
    w.output_width = (w.width + w.padding_left + padding_right - (w.kernel_width - 1) * w.dilation_x - 1) / w.stride_x + 1;
    w.zeros = zero_floats(channels);
    const size_t count = (size_t)how.images * w.output_height * w.output_width * channels;
    const float *weights = random_floats(channels * taps, -1, 1), *residual = how.residual_mode ? random_floats(count, -2, 2) : NULL;
    const size_t inputs = (size_t)how.images * w.height * w.width * channels;
    float *x = random_floats(inputs, -1, 1);
    x[inputs / 3] = NAN; // reaches every output that depends on it, and no other
    opsin_depthwise_conv2d_arguments q = {
        .x = x,
        .epilogue = {padded_floats(channels, -1, 1), residual, how.activation, how.residual_mode, 0.1f},
        .window = w,
        .images = how.images,
    };
    float *packed = output_floats(taps * opsin_depthwise_conv2d_padded(channels));
    const opsin_stored_weights stored = {.data = weights, .outputs = channels, .inputs = 1, .taps = taps,
                                         .output_stride = taps, .input_stride = taps, .tap_stride = 1};
    opsin_depthwise_conv2d_pack(&stored, packed);
    q.weights = packed;

    double *want = calloc(count, sizeof *want);
    for (size_t i = 0; i < count; i++) {
        const size_t c = i % channels, ox = i / channels % w.output_width, oy = i / channels / w.output_width % w.output_height;
        const size_t n = i / channels / w.output_width / w.output_height;
        want[i] = q.epilogue.bias[c];
        for (size_t tap = 0; tap < taps; tap++) {
            const int64_t iy = (int64_t)(oy * w.stride_y + tap / w.kernel_width * w.dilation_y) - w.padding_top;
            const int64_t ix = (int64_t)(ox * w.stride_x + tap % w.kernel_width * w.dilation_x) - w.padding_left;
            if (iy < 0 || ix < 0 || iy >= w.height || ix >= w.width) continue;
            want[i] += (double)weights[c * taps + tap] * q.x[((n * w.height + (size_t)iy) * w.width + (size_t)ix) * channels + c];
        }
        if (how.residual_mode == OPSIN_RESIDUAL_BEFORE) want[i] += residual[i];
        want[i] = activated(how.activation, q.epilogue.slope, want[i]);
        if (how.residual_mode == OPSIN_RESIDUAL_AFTER) want[i] += residual[i];
    }
    expectation e = expect(want, count, "depthwise %ux%u of %ux%ux%ux%u, stride %u, dilation %u, tile %dx%d, activation %d, residual %d", w.kernel_height,
                           w.kernel_width, how.images, w.height, w.width, w.channels, w.stride_x, w.dilation_x, how.tile_rows, how.tile_columns,
                           how.activation, how.residual_mode);
    opsin_depthwise_conv2d_plan(&q, how.threads);
    if (how.tile_rows) q.tile_rows = (uint32_t)how.tile_rows, q.tile_columns = (uint32_t)how.tile_columns;
    for (size_t i = 0; i < isa_count; i++) {
        q.y = output_floats(count);
        run(opsin_depthwise_conv2d(isas[i]), &q, opsin_depthwise_conv2d_tasks(&q), opsin_depthwise_conv2d_scratch_bytes(&q));
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

static opsin_window square(uint32_t height, uint32_t width, uint32_t channels, uint32_t kernel, uint32_t stride, uint32_t dilation) {
    const uint32_t padding = (kernel - 1) * dilation / 2;
    return (opsin_window){height, width, channels, 0, 0, kernel, kernel, stride, stride, dilation, dilation, padding, padding, NULL};
}

void check_depthwise(void) {
    static const uint32_t kernels[5][2] = {{3, 1}, {3, 2}, {5, 1}, {5, 2}, {7, 1}};
    static const uint32_t channels[] = {1, 3, 4, 7, 16, 17, 33, 40};
    const choices planned = {.images = 1, .threads = 1, .activation = OPSIN_ACTIVATION_RELU6};
    uint32_t turn = 0;
    for (size_t i = 0; i < 5; i++) {
        const uint32_t k = kernels[i][0], s = kernels[i][1], p = k / 2;
        for (int32_t rows = 1; rows <= 2; rows++) {
            for (int32_t columns = 1; columns <= 7; columns += 3) {
                choices forced = planned;
                forced.tile_rows = rows, forced.tile_columns = columns;
                depthwise(square(9, 31, 13, k, s, 1), p, p, forced);
            }
        }
        for (uint32_t width = 1; width <= 16; width += 3, turn++) {
            choices how = planned;
            how.images = 1 + turn % 2, how.threads = 1 + turn % 3;
            depthwise(square(7, width, channels[turn % 8], k, s, 1), p, p, how);
        }
        depthwise((opsin_window){11, 17, 19, 0, 0, k, k, s, s, 1, 1, 0, 0, NULL}, 0, 0, planned); // no padding
        depthwise((opsin_window){8, 16, 19, 0, 0, k, k, s, s, 1, 1, 0, 0, NULL}, k - 1, k - 1, planned); // right and below only
    }
    for (uint32_t dilation = 2; dilation <= 3; dilation++) {
        depthwise(square(11, 13, 9, 3, 1, dilation), dilation, dilation, planned);
        depthwise(square(11, 13, 35, 5, 2, dilation), 2 * dilation, 2 * dilation, planned);
    }
    depthwise(square(13, 9, 21, 7, 2, 1), 3, 3, planned);
    depthwise(square(10, 6, 5, 3, 3, 1), 1, 1, planned);
    depthwise((opsin_window){6, 14, 20, 0, 0, 3, 5, 1, 2, 1, 1, 1, 2, NULL}, 1, 2, planned);
    depthwise((opsin_window){6, 14, 20, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, NULL}, 0, 0, planned);
    for (int32_t activation = OPSIN_ACTIVATION_IDENTITY; activation <= OPSIN_ACTIVATION_TANH; activation++) {
        for (int32_t mode = OPSIN_RESIDUAL_NONE; mode <= OPSIN_RESIDUAL_BEFORE; mode++) {
            choices how = {.images = 2, .threads = 3, .activation = activation, .residual_mode = mode};
            depthwise(square(5, 8, 22, 3, 1, 1), 1, 1, how);
            depthwise(square(5, 8, 6, 3, 1, 2), 2, 2, how);
        }
    }
}
