/*
 * Depth from C: a map of a photo, of a part of it, in steps; its percentiles and files; each error path.
 *
 * Arguments: a photo of 451 x 300 pixels, a folder to write to. The model is the default one ($OPSIN_MODELS).
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <math.h>
#include <stdlib.h>

static const char *folder;

static const char *file(const char *name) {
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static long size_of(const char *path) {
    FILE *stream = fopen(path, "rb");
    if (!stream) return -1;
    fseek(stream, 0, SEEK_END);
    const long size = ftell(stream);
    fclose(stream);
    return size;
}

static opsin_session *session_of(opsin_model *model, uint32_t scale) {
    opsin_session *session = NULL;
    opsin_session_options options;
    opsin_session_options_init(&options, sizeof options);
    options.depth_scale = scale;
    GIVES(OPSIN_OK, opsin_session_create(model, &options, &session));
    return session;
}

static void sessions(opsin_model *model) {
    opsin_session *session = NULL;
    opsin_session_options options;
    opsin_session_options_init(&options, sizeof options);
    options.depth_scale = 2;
    FAILS(OPSIN_E_ARGUMENT, opsin_session_create(model, &options, &session));
    CHECK(session == NULL && strstr(opsin_last_error(), "depth_scale is 2, expected 1, 4 or 8"));
    CHECK(opsin_model_label_count(model) == 0 && opsin_model_task(model) == OPSIN_TASK_DEPTH);
}

/* The map of the whole photo, and everything that can be asked of it. */
static void maps(opsin_model *model, const opsin_image *photo) {
    opsin_session *session = session_of(model, 0);
    opsin_result *result = NULL;
    opsin_depth depth, again;
    float low = 0, middle = 0, high = 0;
    opsin_depth_init(&depth, sizeof depth);
    opsin_depth_init(&again, sizeof again);
    GIVES(OPSIN_OK, opsin_run(session, photo, &result));
    CHECK(opsin_result_task(result) == OPSIN_TASK_DEPTH);
    GIVES(OPSIN_OK, opsin_result_depth(result, &depth));
    CHECK(depth.kind == OPSIN_DEPTH_RELATIVE_INVERSE && depth.width == 451 && depth.height == 300 && depth.data && depth.min < depth.max);
    float least = INFINITY, largest = -INFINITY;
    for (int i = 0; depth.data && i < 451 * 300; i++) {
        if (depth.data[i] < least) least = depth.data[i];
        if (depth.data[i] > largest) largest = depth.data[i];
    }
    CHECK(least == depth.min && largest == depth.max);
    GIVES(OPSIN_OK, opsin_result_depth(result, &again));
    CHECK(again.data == depth.data);
    GIVES(OPSIN_OK, opsin_result_depth_percentile(result, 0, &low));
    GIVES(OPSIN_OK, opsin_result_depth_percentile(result, 50, &middle));
    GIVES(OPSIN_OK, opsin_result_depth_percentile(result, 100, &high));
    CHECK(low == depth.min && high == depth.max && low < middle && middle < high);
    FAILS(OPSIN_E_ARGUMENT, opsin_result_depth_percentile(result, -1, &low));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_depth_percentile(result, NAN, &low));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_depth_percentile(result, 50, NULL));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_depth(result, NULL));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_depth(NULL, &depth));

    GIVES(OPSIN_OK, opsin_result_save(result, file("depth.npy")));
    CHECK(size_of(file("depth.npy")) == 128 + 451 * 300 * 4);
    GIVES(OPSIN_OK, opsin_result_save(result, file("depth.pfm")));
    CHECK(size_of(file("depth.pfm")) == 16 + 451 * 300 * 4);
    GIVES(OPSIN_OK, opsin_result_save(result, file("depth.PNG")));
    CHECK(size_of(file("depth.PNG")) > 1000);
    FAILS(OPSIN_E_UNSUPPORTED, opsin_result_save(result, file("depth.tiff")));
    FAILS(OPSIN_E_IO, opsin_result_save(result, "/nowhere/depth.npy"));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_save(result, NULL));
    FAILS(OPSIN_E_STATE, opsin_result_save_point_cloud(result, photo, 500, file("cloud.ply")));
    CHECK(strstr(opsin_last_error(), "relative_inverse"));

    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    FAILS(OPSIN_E_STATE, opsin_result_classes(result, &classes));

    /* A coarser head is another map, and near it. */
    opsin_session *coarse = session_of(model, 8);
    opsin_result *rough = NULL;
    GIVES(OPSIN_OK, opsin_run(coarse, photo, &rough));
    GIVES(OPSIN_OK, opsin_result_depth(rough, &again));
    double difference = 0;
    for (int i = 0; again.data && i < 451 * 300; i++) difference += fabs((double)again.data[i] - depth.data[i]);
    difference /= 451 * 300;
    CHECK(difference > 0 && difference < 0.1 * (depth.max - depth.min));
    opsin_result_release(rough);
    opsin_session_release(coarse);
    opsin_result_release(result);
    opsin_session_release(session);
}

/* Of a part of the photo: numbers there, none elsewhere. */
static void regions(opsin_model *model, const opsin_image *photo) {
    opsin_session *session = session_of(model, 1);
    opsin_result *result = NULL;
    opsin_image part = *photo;
    opsin_depth depth;
    opsin_depth_init(&depth, sizeof depth);
    part.has_roi = 1, part.roi_x = 100, part.roi_y = 50, part.roi_width = 200, part.roi_height = 150;
    GIVES(OPSIN_OK, opsin_run(session, &part, &result));
    GIVES(OPSIN_OK, opsin_result_depth(result, &depth));
    CHECK(depth.width == 451 && depth.height == 300 && isfinite(depth.min) && isfinite(depth.max));
    int right = 1;
    for (int y = 0; depth.data && y < 300; y++)
        for (int x = 0; x < 451; x++) right &= (x >= 100 && x < 300 && y >= 50 && y < 200) == !isnan(depth.data[y * 451 + x]);
    CHECK(right);
    GIVES(OPSIN_OK, opsin_result_save(result, file("part.png")));
    opsin_result_release(result);
    opsin_session_release(session);
}

/* preprocess, run_tensors and postprocess give what run gives. */
static void steps(opsin_model *model, const opsin_image *photo) {
    opsin_session *session = session_of(model, 4);
    opsin_result *whole = NULL, *raw = NULL, *made = NULL;
    opsin_input *input = NULL;
    opsin_tensor tensor, predicted, wrong;
    opsin_geometry geometry;
    opsin_depth expected, found;
    opsin_tensor_init(&tensor, sizeof tensor);
    opsin_tensor_init(&predicted, sizeof predicted);
    opsin_geometry_init(&geometry, sizeof geometry);
    opsin_depth_init(&expected, sizeof expected);
    opsin_depth_init(&found, sizeof found);
    GIVES(OPSIN_OK, opsin_run(session, photo, &whole));
    GIVES(OPSIN_OK, opsin_result_depth(whole, &expected));
    GIVES(OPSIN_OK, opsin_preprocess(session, photo, &input));
    GIVES(OPSIN_OK, opsin_input_tensor(input, 0, &tensor));
    CHECK(tensor.dims[1] == 256 && tensor.dims[2] == 384);
    GIVES(OPSIN_OK, opsin_input_geometry(input, &geometry));
    GIVES(OPSIN_OK, opsin_run_tensors(session, &tensor, 1, &raw));
    GIVES(OPSIN_OK, opsin_result_tensor_named(raw, "predicted_depth", &predicted));
    CHECK(predicted.rank == 3 && predicted.dims[1] == 256 && predicted.dims[2] == 384);
    GIVES(OPSIN_OK, opsin_postprocess(session, &predicted, 1, &geometry, &made));
    GIVES(OPSIN_OK, opsin_result_depth(made, &found));
    CHECK(expected.data && found.data && memcmp(expected.data, found.data, 451 * 300 * 4) == 0);
    opsin_result_release(made);
    wrong = predicted, wrong.dims[0] = 2, wrong.dims[1] = 128;
    FAILS(OPSIN_E_ARGUMENT, opsin_postprocess(session, &wrong, 1, &geometry, &made));
    geometry.image_width = INT32_MAX, geometry.image_height = INT32_MAX;
    CHECK(opsin_postprocess(session, &predicted, 1, &geometry, &made) != OPSIN_OK && made == NULL);
    opsin_result_release(raw);
    opsin_result_release(whole);
    opsin_input_release(input);
    opsin_session_release(session);
}

int main(int argc, char **argv) {
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_picture *picture = NULL;
    opsin_image photo;
    if (argc != 3) return 2;
    folder = argv[2];
    opsin_image_init(&photo, sizeof photo);
    GIVES(OPSIN_OK, opsin_runtime_create(NULL, &runtime));
    GIVES(OPSIN_OK, opsin_model_open_default(runtime, OPSIN_TASK_DEPTH, NULL, &model));
    GIVES(OPSIN_OK, opsin_picture_decode_file(argv[1], NULL, &picture));
    GIVES(OPSIN_OK, opsin_picture_view(picture, &photo));
    if (model && picture) {
        sessions(model);
        maps(model, &photo);
        regions(model, &photo);
        steps(model, &photo);
    }
    opsin_picture_release(picture);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    printf("depth.c: %d checks, %d failed\n", checks_made, checks_failed);
    return checks_failed ? 1 : 0;
}
