// What goes row by row: softmax, the norms, activations, add and multiply with repeated operands.
#include "check.h"

static const size_t widths[] = {1, 2, 15, 16, 17, 31, 33, 64, 79, 113, 200, 1001};
enum { width_count = sizeof widths / sizeof *widths };

static void softmax(size_t rows, size_t channels, float range) {
    const float *x = random_floats(rows * channels, -range, range);
    double *want = calloc(rows * channels, sizeof *want);
    for (size_t r = 0; r < rows; r++) {
        double most = -INFINITY, sum = 0;
        for (size_t c = 0; c < channels; c++) most = fmax(most, x[r * channels + c]);
        for (size_t c = 0; c < channels; c++) sum += want[r * channels + c] = exp((double)x[r * channels + c] - most);
        for (size_t c = 0; c < channels; c++) want[r * channels + c] /= sum;
    }
    expectation e = expect(want, rows * channels, "softmax %zux%zu, -%g to %g", rows, channels, (double)range, (double)range);
    for (size_t i = 0; i < isa_count; i++) {
        opsin_softmax_arguments q = {x, output_floats(rows * channels), rows, channels, 2};
        run(opsin_softmax(isas[i]), &q, divided_up(rows, q.strip), 0);
        compare(&e, isas[i], q.y);
        q.x = memcpy(q.y, x, rows * channels * sizeof *x); // in place
        run(opsin_softmax(isas[i]), &q, divided_up(rows, q.strip), 0);
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

static void layer_norm(size_t rows, size_t channels) {
    const float *x = random_floats(rows * channels, -3, 5), *weight = padded_floats(channels, 0.5f, 2), *bias = padded_floats(channels, -1, 1), epsilon = 1e-5f;
    double *want = calloc(rows * channels, sizeof *want);
    for (size_t r = 0; r < rows; r++) {
        double mean = 0, squares = 0;
        for (size_t c = 0; c < channels; c++) mean += (double)x[r * channels + c] / (double)channels;
        for (size_t c = 0; c < channels; c++) squares += (x[r * channels + c] - mean) * (x[r * channels + c] - mean) / (double)channels;
        for (size_t c = 0; c < channels; c++) want[r * channels + c] = (x[r * channels + c] - mean) / sqrt(squares + (double)epsilon) * weight[c] + bias[c];
    }
    expectation e = expect(want, rows * channels, "layer norm %zux%zu", rows, channels);
    for (size_t i = 0; i < isa_count; i++) {
        opsin_layer_norm_arguments q = {x, output_floats(rows * channels), weight, bias, rows, channels, 3, epsilon, false};
        run(opsin_layer_norm(isas[i]), &q, divided_up(rows, q.strip), 0);
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

static void batch_norm(size_t rows, size_t channels) {
    const float *x = random_floats(rows * channels, -3, 5), *scale = padded_floats(channels, 0.5f, 2), *shift = padded_floats(channels, -1, 1);
    double *want = calloc(rows * channels, sizeof *want);
    for (size_t i = 0; i < rows * channels; i++) want[i] = (double)x[i] * scale[i % channels] + shift[i % channels];
    expectation e = expect(want, rows * channels, "batch norm %zux%zu", rows, channels);
    for (size_t i = 0; i < isa_count; i++) {
        opsin_batch_norm_arguments q = {x, output_floats(rows * channels), scale, shift, rows, channels, 3};
        run(opsin_batch_norm(isas[i]), &q, divided_up(rows, q.strip), 0);
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

static void group_norm(size_t images, size_t pixels, size_t channels, size_t groups, size_t strip) {
    const size_t count = images * pixels * channels, width = channels / groups, strips = divided_up(pixels, strip), padded = divided_up(channels, 16) * 16;
    const float *x = random_floats(count, -3, 5), *weight = padded_floats(channels, 0.5f, 2), *bias = padded_floats(channels, -1, 1), epsilon = 1e-5f;
    double *want = calloc(count, sizeof *want);
    for (size_t n = 0; n < images; n++) {
        for (size_t g = 0; g < groups; g++) {
            const size_t start = n * pixels * channels + g * width;
            double mean = 0, squares = 0;
            const double size = (double)(pixels * width);
            for (size_t i = 0; i < pixels * width; i++) mean += x[start + i / width * channels + i % width] / size;
            for (size_t i = 0; i < pixels * width; i++) squares += pow(x[start + i / width * channels + i % width] - mean, 2) / size;
            for (size_t i = 0; i < pixels * width; i++) {
                const size_t at = start + i / width * channels + i % width;
                want[at] = (x[at] - mean) / sqrt(squares + (double)epsilon) * weight[at % channels] + bias[at % channels];
            }
        }
    }
    expectation e = expect(want, count, "group norm %zux%zux%zu, %zu groups, strips of %zu", images, pixels, channels, groups, strip);
    for (size_t i = 0; i < isa_count; i++) {
        opsin_group_norm_arguments q = {x, output_floats(count), weight, bias, output_floats(images * strips * 2 * padded), output_floats(images * 2 * padded),
                                        images, pixels, channels, groups, strip, epsilon};
        run(opsin_group_norm_sums(isas[i]), &q, images * strips, 0);
        run(opsin_group_norm_affine(isas[i]), &q, images * groups, 0);
        run(opsin_group_norm_apply(isas[i]), &q, images * strips, 0);
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

// `edges`: what a clamp, an exponent or a NaN may get wrong.
static void activations(int32_t function, size_t count, bool edges) {
    static const float special[] = {0, -0.0f, 1e-30f, -1e-30f, -3, -3.0000002f, 3, 6, 6.0000005f, 20, -20, 88, -87, 1e30f, -1e30f, NAN};
    float *x = random_floats(count, -12, 12), slope = 0.2f;
    if (edges) memcpy(x, special, sizeof special);
    double *want = calloc(count, sizeof *want);
    for (size_t i = 0; i < count; i++) want[i] = activated(function, slope, x[i]);
    expectation e = expect(want, count, "activation %d of %zu%s", function, count, edges ? ", edges" : "");
    e.scale = edges ? 1e-2 : fmax(e.scale, 1e-2); // GELU's error is an absolute one (math16.h)
    for (size_t i = 0; i < isa_count; i++) {
        opsin_activation_arguments q = {x, output_floats(count), count, 37, function, slope};
        run(opsin_activation(isas[i]), &q, divided_up(count, q.chunk), 0);
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

// b repeats along the dimensions where `repeats` is set.
static void broadcast(bool multiply, const size_t dims[4], const bool repeats[4], size_t chunk, int32_t function) {
    opsin_broadcast_arguments q = {.chunk = chunk, .activation = multiply ? OPSIN_ACTIVATION_IDENTITY : function, .slope = 0.2f};
    size_t count = 1, stored = 1;
    for (size_t d = 4; d-- > 0;) {
        q.dims[d] = dims[d];
        q.strides[d] = repeats[d] || dims[d] == 1 ? 0 : stored;
        count *= dims[d];
        if (!repeats[d]) stored *= dims[d];
    }
    q.a = random_floats(count, -4, 4);
    q.b = random_floats(stored, -4, 4);
    double *want = calloc(count, sizeof *want);
    for (size_t i = 0; i < count; i++) {
        size_t rest = i, at = 0;
        for (size_t d = 4; d-- > 0; rest /= dims[d]) at += rest % dims[d] * q.strides[d];
        want[i] = multiply ? (double)q.a[i] * q.b[at] : activated(function, q.slope, (double)q.a[i] + q.b[at]);
    }
    expectation e = expect(want, count, "%s %zux%zux%zux%zu, strides %zu %zu %zu %zu, activation %d", multiply ? "multiply" : "add", dims[0], dims[1],
                           dims[2], dims[3], q.strides[0], q.strides[1], q.strides[2], q.strides[3], function);
    for (size_t i = 0; i < isa_count; i++) {
        q.y = output_floats(count);
        run((multiply ? opsin_multiply : opsin_add)(isas[i]), &q, dims[0] * dims[1] * dims[2] * divided_up(dims[3], chunk), 0);
        compare(&e, isas[i], q.y);
    }
    free(want);
    release_all();
}

void check_rows(void) {
    for (size_t i = 0; i < width_count; i++) {
        softmax(1 + i % 5, widths[i], 3);
        softmax(3, widths[i], 60);
        layer_norm(1 + i % 7, widths[i]);
        batch_norm(1 + i % 7, widths[i]);
        const size_t flat[4] = {1, 1, 1, widths[i]}, deep[4] = {2, 3, 5, widths[i]};
        const bool none[4] = {false}, all[4] = {true, true, true, true}, middle[4] = {false, true, true, false}, channels[4] = {false, false, false, true};
        for (int multiply = 0; multiply < 2; multiply++) {
            broadcast(multiply, flat, none, 4096, OPSIN_ACTIVATION_IDENTITY);
            broadcast(multiply, deep, all, 50, OPSIN_ACTIVATION_RELU);
            broadcast(multiply, deep, middle, 50, (int32_t)(i % 10));
            broadcast(multiply, deep, channels, 4096, OPSIN_ACTIVATION_HARD_SWISH);
        }
        for (int32_t function = OPSIN_ACTIVATION_IDENTITY; function <= OPSIN_ACTIVATION_TANH; function++) activations(function, widths[i], false);
    }
    for (int32_t function = OPSIN_ACTIVATION_IDENTITY; function <= OPSIN_ACTIVATION_TANH; function++) activations(function, 37, true);
    group_norm(1, 49, 16, 1, 100);
    group_norm(2, 37, 24, 3, 10);
    group_norm(1, 5, 33, 33, 2);
    group_norm(3, 1, 7, 1, 1);
    group_norm(1, 64, 70, 10, 7);
}
