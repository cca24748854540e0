/*
 * Every function of opsin.h from C: a photo is classified, each error path is taken, handles are released in every order.
 *
 * Arguments: the folder of a classifier with 1001 classes (Models/mobilenet_v2_1.0_224), a photo of an Egyptian cat.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *model_path, *photo_path;

static void versions(void) {
    CHECK(opsin_abi_version() >= OPSIN_ABI_VERSION);
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", OPSIN_VERSION_MAJOR, OPSIN_VERSION_MINOR, OPSIN_VERSION_PATCH);
    CHECK(strcmp(opsin_version_string(), expected) == 0);
    CHECK(opsin_build_info_json()[0] == '{');
    CHECK(strcmp(opsin_status_name(OPSIN_OK), "OPSIN_OK") == 0);
    CHECK(strcmp(opsin_status_name(OPSIN_E_INTERNAL), "OPSIN_E_INTERNAL") == 0);
    CHECK(strcmp(opsin_status_name(-12345), "OPSIN_E_UNKNOWN") == 0);
    CHECK(opsin_last_error()[0] == 0);
}

static void devices(void) {
    uint32_t count = 0;
    opsin_device_info info;
    opsin_device_info_init(&info, sizeof info);
    FAILS(OPSIN_E_ARGUMENT, opsin_device_count(NULL));
    GIVES(OPSIN_OK, opsin_device_count(&count));
    CHECK(count >= 1);
    GIVES(OPSIN_OK, opsin_device_get(0, &info));
    CHECK(info.kind == OPSIN_DEVICE_CPU && strcmp(info.id, "cpu") == 0 && info.name[0] != 0);
    CHECK(info.flags & OPSIN_DEVICE_USABLE && info.cores >= 1 && info.memory_bytes > 0);
    FAILS(OPSIN_E_NOT_FOUND, opsin_device_get(count, &info));
    FAILS(OPSIN_E_ARGUMENT, opsin_device_get(0, NULL));
    info.struct_size = 0;
    FAILS(OPSIN_E_ARGUMENT, opsin_device_get(0, &info));
    info.struct_size = 4;
    FAILS(OPSIN_E_ARGUMENT, opsin_device_get(0, &info));
    /* A program of the first version of the header, whose struct ends before other_drivers. */
    memset(&info, 0xEE, sizeof info);
    opsin_device_info_init(&info, 888);
    GIVES(OPSIN_OK, opsin_device_get(0, &info));
    CHECK(info.struct_size == 888 && strcmp(info.id, "cpu") == 0 && (unsigned char)info.other_drivers[0] == 0xEE);
}

/* A newer caller's struct: what this library does not know is read as zero or refused, and cleared in what it fills. */
static void struct_sizes(void) {
    struct {
        opsin_runtime_options known;
        uint32_t later[4];
    } newer;
    opsin_runtime *runtime = NULL;
    opsin_runtime_options_init(&newer.known, sizeof newer);
    CHECK(newer.known.struct_size == sizeof newer && newer.later[3] == 0);
    GIVES(OPSIN_OK, opsin_runtime_create(&newer.known, &runtime));
    opsin_runtime_release(runtime);
    newer.later[2] = 1;
    FAILS(OPSIN_E_VERSION, opsin_runtime_create(&newer.known, &runtime));
    CHECK(runtime == NULL);
    newer.known.struct_size = sizeof newer.known - 1;
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create(&newer.known, &runtime));
    newer.known.struct_size = 0xFFFFFFFFu;
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create(&newer.known, &runtime));

    struct {
        opsin_device_info known;
        unsigned char later[16];
    } wide;
    memset(&wide, 0xEE, sizeof wide);
    opsin_device_info_init(&wide.known, sizeof wide.known);
    CHECK(wide.later[0] == 0xEE);
    wide.known.struct_size = sizeof wide;
    GIVES(OPSIN_OK, opsin_device_get(0, &wide.known));
    CHECK(wide.later[0] == 0 && wide.later[15] == 0 && wide.known.struct_size == sizeof wide);
    opsin_runtime_options_init(NULL, sizeof newer);
}

static void runtimes(opsin_runtime **out) {
    opsin_runtime_options options;
    opsin_runtime *runtime = (opsin_runtime *)&options;
    const char *json = NULL;
    opsin_device_info info;
    opsin_memory memory;
    opsin_device_info_init(&info, sizeof info);
    opsin_memory_init(&memory, sizeof memory);
    opsin_runtime_options_init(&options, sizeof options);
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create(&options, NULL));
    options.device = "toaster";
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create(&options, &runtime));
    CHECK(runtime == NULL && strstr(opsin_last_error(), "toaster") != NULL);
    options.device = "cpu";
    options.flags = 0x80000000u;
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create(&options, &runtime));
    options.flags = 0;
    options.extra = "warp=9";
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create(&options, &runtime));
    CHECK(strstr(opsin_last_error(), "warp") != NULL);
    options.extra = NULL;
    options.device = "vulkan:99";
    options.flags = OPSIN_RUNTIME_NO_CPU_FALLBACK;
    FAILS(OPSIN_E_DEVICE, opsin_runtime_create(&options, &runtime));
    options.flags = 0;
    GIVES(OPSIN_OK, opsin_runtime_create(&options, &runtime));
    GIVES(OPSIN_OK, opsin_runtime_report_json(runtime, &json));
    CHECK(json && strstr(json, "\"reason\": \"") && strstr(json, "vulkan:99"));
    opsin_runtime_release(runtime);
    options.device = "cpu";
    GIVES(OPSIN_OK, opsin_runtime_create(&options, &runtime));
    GIVES(OPSIN_OK, opsin_runtime_device(runtime, &info));
    CHECK(info.kind == OPSIN_DEVICE_CPU);
    GIVES(OPSIN_OK, opsin_runtime_report_json(runtime, &json));
    CHECK(json && strstr(json, "\"schema_version\"") && strstr(json, "\"fallbacks\""));
    GIVES(OPSIN_OK, opsin_runtime_memory(runtime, &memory));
    GIVES(OPSIN_OK, opsin_runtime_trim(runtime));
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_device(NULL, &info));
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_report_json(runtime, NULL));
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_memory(NULL, &memory));
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_trim(NULL));
    opsin_runtime_retain(runtime);
    opsin_runtime_release(runtime);
    opsin_runtime_retain(NULL);
    *out = runtime;
}

static void models(opsin_runtime *runtime, opsin_model **out) {
    opsin_model *model = NULL;
    opsin_model_options options;
    opsin_model_files files;
    opsin_tensor tensor;
    const char *json = NULL;
    const uint8_t *colors = NULL;
    uint32_t count = 0;
    opsin_tensor_init(&tensor, sizeof tensor);
    opsin_model_options_init(&options, sizeof options);
    opsin_model_files_init(&files, sizeof files);
    FAILS(OPSIN_E_ARGUMENT, opsin_model_open(NULL, model_path, NULL, &model));
    FAILS(OPSIN_E_ARGUMENT, opsin_model_open(runtime, NULL, NULL, &model));
    FAILS(OPSIN_E_ARGUMENT, opsin_model_open(runtime, model_path, NULL, NULL));
    FAILS(OPSIN_E_NOT_FOUND, opsin_model_open(runtime, "/nowhere/model", NULL, &model));
    CHECK(model == NULL && strstr(opsin_last_error(), "/nowhere/model") != NULL);
    FAILS(OPSIN_E_ARGUMENT, opsin_model_open_default(runtime, 77, NULL, &model));
    FAILS(OPSIN_E_ARGUMENT, opsin_model_open_memory(runtime, &files, NULL, &model));
    FAILS(OPSIN_E_ARGUMENT, opsin_model_open_memory(runtime, NULL, NULL, &model));
    options.flags = 0x40000000u;
    FAILS(OPSIN_E_ARGUMENT, opsin_model_open(runtime, model_path, &options, &model));
    options.flags = 0;
    GIVES(OPSIN_OK, opsin_model_open(runtime, model_path, &options, &model));
    CHECK(opsin_model_task(model) == OPSIN_TASK_CLASSIFY && opsin_model_task(NULL) == OPSIN_TASK_NONE);
    CHECK(opsin_model_architecture(model)[0] != 0 && opsin_model_architecture(NULL)[0] == 0);
    GIVES(OPSIN_OK, opsin_model_info_json(model, &json));
    CHECK(json && strstr(json, "\"parameters\""));
    count = opsin_model_label_count(model);
    CHECK(count == 1001 && opsin_model_label_count(NULL) == 0);
    CHECK(opsin_model_label(model, 0) && opsin_model_label(model, count) == NULL && opsin_model_label(NULL, 0) == NULL);
    GIVES(OPSIN_OK, opsin_model_palette(model, &colors, &count));
    CHECK(colors && count >= 1001);
    CHECK(opsin_model_input_count(model) == 1 && opsin_model_output_count(model) >= 1);
    GIVES(OPSIN_OK, opsin_model_input(model, 0, &tensor));
    CHECK(tensor.rank == 4 && tensor.dims[3] == 3 && tensor.layout == OPSIN_LAYOUT_NHWC && strcmp(tensor.name, "pixel_values") == 0 && !tensor.data);
    GIVES(OPSIN_OK, opsin_model_output(model, 0, &tensor));
    CHECK(strcmp(tensor.name, "logits") == 0);
    FAILS(OPSIN_E_NOT_FOUND, opsin_model_input(model, 9, &tensor));
    FAILS(OPSIN_E_ARGUMENT, opsin_model_output(model, 0, NULL));
    CHECK(opsin_model_feature(model, 100000) == NULL && opsin_model_feature_count(NULL) == 0);
    *out = model;
}

static void sessions(opsin_model *model, opsin_session **out) {
    opsin_session *session = NULL;
    opsin_session_options options;
    opsin_task_options task;
    opsin_memory memory;
    const char *json = NULL;
    opsin_memory_init(&memory, sizeof memory);
    opsin_session_options_init(&options, sizeof options);
    opsin_task_options_init(&task, sizeof task);
    FAILS(OPSIN_E_ARGUMENT, opsin_session_create(NULL, NULL, &session));
    FAILS(OPSIN_E_ARGUMENT, opsin_session_create(model, NULL, NULL));
    FAILS(OPSIN_E_ARGUMENT, opsin_session_create((opsin_model *)(void *)"a text is no model, whatever its bytes", NULL, &session));
    options.precision = 99;
    FAILS(OPSIN_E_ARGUMENT, opsin_session_create(model, &options, &session));
    options.precision = OPSIN_PRECISION_FP16;
    FAILS(OPSIN_E_UNSUPPORTED, opsin_session_create(model, &options, &session));
    options.precision = OPSIN_PRECISION_DEFAULT;
    options.threads = 100000;
    FAILS(OPSIN_E_ARGUMENT, opsin_session_create(model, &options, &session));
    options.threads = 2;
    options.features = "no_such_stage";
    FAILS(OPSIN_E_NOT_FOUND, opsin_session_create(model, &options, &session));
    options.features = NULL;
    GIVES(OPSIN_OK, opsin_session_create(model, &options, &session));
    GIVES(OPSIN_OK, opsin_session_warmup(session, 1));
    FAILS(OPSIN_E_ARGUMENT, opsin_session_set(session, "warp", "9"));
    FAILS(OPSIN_E_ARGUMENT, opsin_session_set(session, NULL, "9"));
    FAILS(OPSIN_E_ARGUMENT, opsin_session_set(session, "timeout_ms", "soon"));
    GIVES(OPSIN_OK, opsin_session_set(session, "timeout_ms", "5000"));
    FAILS(OPSIN_E_ARGUMENT, opsin_session_set(session, "preprocess", "elsewhere"));
    GIVES(OPSIN_OK, opsin_session_set(session, "preprocess", "device"));
    GIVES(OPSIN_OK, opsin_session_set(session, "preprocess", "auto"));
    FAILS(OPSIN_E_STATE, opsin_session_profile_json(session, &json));
    GIVES(OPSIN_OK, opsin_session_memory(session, &memory));
    CHECK(memory.activations > 0);
    task.threshold = 2.0f;
    FAILS(OPSIN_E_ARGUMENT, opsin_session_configure(session, &task));
    task.threshold = 0.0f;
    task.top_k = 3;
    GIVES(OPSIN_OK, opsin_session_configure(session, &task));
    FAILS(OPSIN_E_ARGUMENT, opsin_session_warmup(NULL, 1));
    *out = session;
}

static void pictures(opsin_session *session) {
    static uint8_t pixels[8 * 6 * 3], bigger[16 * 3];
    opsin_picture *picture = NULL;
    opsin_image image, view;
    opsin_result *result = NULL;
    opsin_decode_options options;
    opsin_image_init(&image, sizeof image);
    opsin_image_init(&view, sizeof view);
    opsin_decode_options_init(&options, sizeof options);
    FAILS(OPSIN_E_ARGUMENT, opsin_picture_decode_file(NULL, NULL, &picture));
    FAILS(OPSIN_E_NOT_FOUND, opsin_picture_decode_file("/nowhere.jpg", NULL, &picture));
    FAILS(OPSIN_E_IMAGE, opsin_picture_decode_memory("no image", 8, NULL, &picture));
    FAILS(OPSIN_E_ARGUMENT, opsin_picture_decode_memory(NULL, 8, NULL, &picture));
    options.max_pixels = 100;
    FAILS(OPSIN_E_IMAGE, opsin_picture_decode_file(photo_path, &options, &picture));
    options.max_pixels = 0;
    GIVES(OPSIN_OK, opsin_picture_decode_file(photo_path, &options, &picture));
    GIVES(OPSIN_OK, opsin_picture_view(picture, &view));
    CHECK(view.width > 100 && view.height > 100 && view.data && view.format == OPSIN_FORMAT_RGB8 && view.orientation <= 1);
    FAILS(OPSIN_E_ARGUMENT, opsin_picture_view(picture, NULL));
    FAILS(OPSIN_E_ARGUMENT, opsin_picture_view((opsin_picture *)(void *)session, &view));
    opsin_picture_release(picture);

    FAILS(OPSIN_E_ARGUMENT, opsin_run(session, &image, &result));
    image.width = 8, image.height = 6, image.data = pixels;
    image.format = 55;
    FAILS(OPSIN_E_ARGUMENT, opsin_run(session, &image, &result));
    image.format = OPSIN_FORMAT_RGB8, image.stride_bytes = 5;
    FAILS(OPSIN_E_ARGUMENT, opsin_run(session, &image, &result));
    image.stride_bytes = 0, image.orientation = 9;
    FAILS(OPSIN_E_ARGUMENT, opsin_run(session, &image, &result));
    image.orientation = 6, image.has_roi = 1, image.roi_width = 7, image.roi_height = 8, image.roi_x = 6;
    FAILS(OPSIN_E_ARGUMENT, opsin_run(session, &image, &result));
    image.roi_x = 2.5f;
    GIVES(OPSIN_OK, opsin_run(session, &image, &result));
    int32_t width = 0, height = 0;
    GIVES(OPSIN_OK, opsin_result_image_size(result, &width, &height));
    CHECK(width == 6 && height == 8);
    opsin_result_release(result);
    image.has_roi = 0, image.orientation = 1, image.width = -8;
    FAILS(OPSIN_E_ARGUMENT, opsin_run(session, &image, &result));

    image.width = 2, image.height = 2, image.stride_bytes = -24, image.data = bigger + 24;
    for (int i = 0; i < 48; i++) bigger[i] = (uint8_t)i;
    GIVES(OPSIN_OK, opsin_picture_resize(&image, 2, 2, OPSIN_FILTER_NEAREST, &picture));
    GIVES(OPSIN_OK, opsin_picture_view(picture, &view));
    const uint8_t *top = (const uint8_t *)view.data;
    CHECK(top[0] == 24 && top[5] == 29 && top[view.stride_bytes ? view.stride_bytes : 6] == 0);
    FAILS(OPSIN_E_ARGUMENT, opsin_picture_resize(&image, 0, 2, OPSIN_FILTER_NEAREST, &picture));
    CHECK(picture == NULL);
}

static void classes_of(opsin_result *result, uint32_t most) {
    opsin_classes classes;
    opsin_detections detections;
    opsin_timings timings;
    const char *json = NULL, *again = NULL;
    opsin_classes_init(&classes, sizeof classes);
    opsin_detections_init(&detections, sizeof detections);
    opsin_timings_init(&timings, sizeof timings);
    GIVES(OPSIN_OK, opsin_result_status(result));
    CHECK(opsin_result_error(result)[0] == 0 && opsin_result_task(result) == OPSIN_TASK_CLASSIFY);
    GIVES(OPSIN_OK, opsin_result_classes(result, &classes));
    CHECK(classes.count == most && strstr(classes.label[0], "Egyptian cat") && classes.score[0] > 0.2f && classes.label_id[0] == 286);
    CHECK(classes.score[0] >= classes.score[1] && classes.score[1] >= classes.score[2]);
    FAILS(OPSIN_E_STATE, opsin_result_detections(result, &detections));
    GIVES(OPSIN_OK, opsin_result_timings(result, &timings));
    CHECK(timings.run_ms > 0 && timings.total_ms >= timings.run_ms);
    GIVES(OPSIN_OK, opsin_result_to_json(result, "cat.jpg", &json));
    CHECK(json && strstr(json, "\"image\": \"cat.jpg\"") && strstr(json, "Egyptian cat") && strstr(json, "\"task\": \"classify\""));
    GIVES(OPSIN_OK, opsin_result_to_json(result, "cat.jpg", &again));
    CHECK(json == again);
    GIVES(OPSIN_OK, opsin_result_report_json(result, &json));
    CHECK(json && strstr(json, "\"precision\": \"fp32\""));
}

/* A session of its own options: neighbours together, an input of other rows and columns. */
static void runs_together(opsin_model *model) {
    opsin_session_options options;
    opsin_session *session = NULL;
    opsin_picture *picture = NULL;
    opsin_input *input = NULL;
    opsin_image photo, bad;
    opsin_tensor tensor;
    opsin_result *batch[4] = {NULL, NULL, NULL, NULL};
    opsin_session_options_init(&options, sizeof options);
    opsin_image_init(&photo, sizeof photo);
    opsin_image_init(&bad, sizeof bad);
    opsin_tensor_init(&tensor, sizeof tensor);
    options.max_batch = 2;
    GIVES(OPSIN_OK, opsin_session_create(model, &options, &session));
    GIVES(OPSIN_OK, opsin_picture_decode_file(photo_path, NULL, &picture));
    GIVES(OPSIN_OK, opsin_picture_view(picture, &photo));
    const opsin_image *images[4] = {&photo, &bad, &photo, &photo};
    FAILS(OPSIN_E_PARTIAL, opsin_run_batch(session, images, 4, batch));
    GIVES(OPSIN_E_ARGUMENT, opsin_result_status(batch[1]));
    for (int i = 0; i < 4; i++) {
        if (i != 1) classes_of(batch[i], 5);
        opsin_result_release(batch[i]);
    }
    opsin_session_release(session);

    options.input_height = 160;
    FAILS(OPSIN_E_ARGUMENT, opsin_session_create(model, &options, &session));
    options.input_width = 256;
    GIVES(OPSIN_OK, opsin_session_create(model, &options, &session));
    GIVES(OPSIN_OK, opsin_session_warmup(session, 1));
    GIVES(OPSIN_OK, opsin_preprocess(session, &photo, &input));
    GIVES(OPSIN_OK, opsin_input_tensor(input, 0, &tensor));
    CHECK(tensor.rank == 4 && tensor.byte_count == 160 * 256 * 3 * 4);
    GIVES(OPSIN_OK, opsin_run(session, &photo, &batch[0]));
    classes_of(batch[0], 5);
    opsin_result_release(batch[0]);
    opsin_input_release(input);
    opsin_picture_release(picture);
    opsin_session_release(session);
}

static void runs(opsin_session *session) {
    opsin_picture *picture = NULL;
    opsin_image photo, bad;
    opsin_result *result = NULL, *batch[3] = {NULL, NULL, NULL};
    opsin_image_init(&photo, sizeof photo);
    opsin_image_init(&bad, sizeof bad);
    GIVES(OPSIN_OK, opsin_picture_decode_file(photo_path, NULL, &picture));
    GIVES(OPSIN_OK, opsin_picture_view(picture, &photo));
    photo.timestamp_us = 42;
    FAILS(OPSIN_E_ARGUMENT, opsin_run(NULL, &photo, &result));
    FAILS(OPSIN_E_ARGUMENT, opsin_run(session, NULL, &result));
    FAILS(OPSIN_E_ARGUMENT, opsin_run(session, &photo, NULL));
    GIVES(OPSIN_OK, opsin_run(session, &photo, &result));
    CHECK(opsin_result_timestamp_us(result) == 42);
    classes_of(result, 3);
    opsin_result_retain(result);
    opsin_result_release(result);
    opsin_result_release(result);
    FAILS(OPSIN_E_NOT_FOUND, opsin_run_file(session, "/nowhere.jpg", &result));
    GIVES(OPSIN_OK, opsin_run_file(session, photo_path, &result));
    classes_of(result, 3);
    opsin_result_release(result);

    const opsin_image *images[3] = {&photo, &bad, &photo};
    FAILS(OPSIN_E_PARTIAL, opsin_run_batch(session, images, 3, batch));
    classes_of(batch[0], 3);
    classes_of(batch[2], 3);
    GIVES(OPSIN_E_ARGUMENT, opsin_result_status(batch[1]));
    CHECK(opsin_result_error(batch[1])[0] != 0);
    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    FAILS(OPSIN_E_STATE, opsin_result_classes(batch[1], &classes));
    const char *json = NULL;
    GIVES(OPSIN_OK, opsin_result_to_json(batch[1], NULL, &json));
    CHECK(json && strstr(json, "\"error\""));
    for (int i = 0; i < 3; i++) opsin_result_release(batch[i]);
    images[1] = &photo;
    GIVES(OPSIN_OK, opsin_run_batch(session, images, 3, batch));
    for (int i = 0; i < 3; i++) opsin_result_release(batch[i]);
    FAILS(OPSIN_E_ARGUMENT, opsin_run_batch(session, images, 0, batch));
    FAILS(OPSIN_E_ARGUMENT, opsin_run_batch(session, NULL, 3, batch));
    opsin_picture_release(picture);
}

/* The three steps by themselves give what opsin_run() gives, and each refuses what does not fit. */
static void steps(opsin_session *session) {
    opsin_picture *picture = NULL;
    opsin_input *input = NULL;
    opsin_result *raw = NULL, *result = NULL;
    opsin_image photo;
    opsin_tensor tensor, logits, wrong;
    opsin_geometry geometry;
    opsin_image_init(&photo, sizeof photo);
    opsin_tensor_init(&tensor, sizeof tensor);
    opsin_tensor_init(&logits, sizeof logits);
    opsin_geometry_init(&geometry, sizeof geometry);
    GIVES(OPSIN_OK, opsin_picture_decode_file(photo_path, NULL, &picture));
    GIVES(OPSIN_OK, opsin_picture_view(picture, &photo));
    GIVES(OPSIN_OK, opsin_preprocess(session, &photo, &input));
    opsin_picture_release(picture);
    CHECK(opsin_input_tensor_count(input) == 1);
    GIVES(OPSIN_OK, opsin_input_tensor(input, 0, &tensor));
    CHECK(tensor.rank == 4 && tensor.dims[1] == 224 && tensor.dims[2] == 224 && tensor.dims[3] == 3 && tensor.byte_count == 224 * 224 * 3 * 4);
    FAILS(OPSIN_E_NOT_FOUND, opsin_input_tensor(input, 1, &tensor));
    GIVES(OPSIN_OK, opsin_input_geometry(input, &geometry));
    CHECK(geometry.input_width == 224 && geometry.image_width == photo.width && geometry.source_width > 0 && geometry.target_width > 0);
    GIVES(OPSIN_OK, opsin_run_tensors(session, &tensor, 1, &raw));
    CHECK(opsin_result_task(raw) == OPSIN_TASK_NONE && opsin_result_tensor_count(raw) == 1);
    GIVES(OPSIN_OK, opsin_result_tensor_named(raw, "logits", &logits));
    CHECK(logits.byte_count == 1001 * 4 && logits.data);
    FAILS(OPSIN_E_NOT_FOUND, opsin_result_tensor_named(raw, "smell", &logits));
    CHECK(strstr(opsin_last_error(), "logits") != NULL);
    GIVES(OPSIN_OK, opsin_result_tensor(raw, 0, &logits));
    GIVES(OPSIN_OK, opsin_postprocess(session, &logits, 1, &geometry, &result));
    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    GIVES(OPSIN_OK, opsin_result_classes(result, &classes));
    CHECK(classes.count == 3 && strstr(classes.label[0], "Egyptian cat"));
    opsin_result_release(result);

    /* The same tensor channel by channel. */
    float *nchw = (float *)malloc((size_t)tensor.byte_count);
    const float *nhwc = (const float *)tensor.data;
    for (int c = 0; nchw && c < 3; c++)
        for (int i = 0; i < 224 * 224; i++) nchw[c * 224 * 224 + i] = nhwc[i * 3 + c];
    wrong = tensor;
    wrong.layout = OPSIN_LAYOUT_NCHW, wrong.dims[1] = 3, wrong.dims[3] = 224, wrong.data = nchw;
    GIVES(OPSIN_OK, opsin_run_tensors(session, &wrong, 1, &result));
    opsin_tensor other;
    opsin_tensor_init(&other, sizeof other);
    GIVES(OPSIN_OK, opsin_result_tensor(result, 0, &other));
    CHECK(memcmp(other.data, logits.data, 1001 * 4) == 0);
    opsin_result_release(result);
    free(nchw);

    wrong = tensor, wrong.name = "smell";
    FAILS(OPSIN_E_NOT_FOUND, opsin_run_tensors(session, &wrong, 1, &result));
    wrong = tensor, wrong.dims[3] = 4;
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &wrong, 1, &result));
    wrong = tensor, wrong.byte_count--;
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &wrong, 1, &result));
    wrong = tensor, wrong.dims[0] = INT64_MAX, wrong.dims[1] = INT64_MAX;
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &wrong, 1, &result));
    wrong = tensor, wrong.rank = 9;
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &wrong, 1, &result));
    wrong = tensor, wrong.dtype = OPSIN_DTYPE_I64;
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &wrong, 1, &result));
    wrong = tensor, wrong.data = NULL;
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &wrong, 1, &result));
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &tensor, 2, &result));
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &tensor, 0, &result));
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, NULL, 1, &result));
    wrong = logits, wrong.dims[1] = 1000, wrong.byte_count = 4000;
    FAILS(OPSIN_E_ARGUMENT, opsin_postprocess(session, &wrong, 1, &geometry, &result));
    wrong = logits, wrong.name = "smell";
    FAILS(OPSIN_E_NOT_FOUND, opsin_postprocess(session, &wrong, 1, &geometry, &result));
    geometry.source_width = 0;
    FAILS(OPSIN_E_ARGUMENT, opsin_postprocess(session, &logits, 1, &geometry, &result));
    CHECK(result == NULL);
    opsin_result_release(raw);
    opsin_input_release(input);
}

struct racer {
    opsin_runtime *runtime; /* trimmed between runs, which no run may notice */
    opsin_session *session;
    const opsin_image *photo;
    int ok, busy, other;
};

static void *race(void *argument) {
    struct racer *racer = (struct racer *)argument;
    for (int i = 0; i < 50; i++) {
        opsin_result *result = NULL;
        opsin_status status = opsin_run(racer->session, racer->photo, &result);
        if (status == OPSIN_OK) racer->ok++;
        else if (status == OPSIN_E_BUSY && !result && strstr(opsin_last_error(), "session")) racer->busy++;
        else racer->other++;
        opsin_result_release(result);
        if (racer->runtime && opsin_runtime_trim(racer->runtime) != OPSIN_OK) racer->other++;
    }
    return NULL;
}

/* Two threads in one session: each call runs or is told BUSY; nothing else. Error texts stay on their thread. */
static void busy(opsin_runtime *runtime, opsin_model *model, opsin_session *session) {
    opsin_picture *picture = NULL;
    opsin_image photo;
    opsin_image_init(&photo, sizeof photo);
    GIVES(OPSIN_OK, opsin_picture_decode_file(photo_path, NULL, &picture));
    GIVES(OPSIN_OK, opsin_picture_view(picture, &photo));
    FAILS(OPSIN_E_NOT_FOUND, opsin_run_file(session, "/mine.jpg", &(opsin_result *){NULL}));
    struct racer racers[2] = {{NULL, session, &photo, 0, 0, 0}, {NULL, session, &photo, 0, 0, 0}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, race, &racers[i]) == 0);
    for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(racers[0].ok + racers[1].ok >= 2 && racers[0].busy + racers[1].busy >= 1 && racers[0].other + racers[1].other == 0);
    CHECK(strstr(opsin_last_error(), "/mine.jpg") != NULL);

    /* A session for each thread: no BUSY, also while one of them trims what both keep. */
    opsin_session *own = NULL;
    GIVES(OPSIN_OK, opsin_session_create(model, NULL, &own));
    struct racer alone[2] = {{runtime, own, &photo, 0, 0, 0}, {NULL, session, &photo, 0, 0, 0}};
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, race, &alone[i]) == 0);
    for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(alone[0].ok == 50 && alone[1].ok == 50 && alone[0].other + alone[1].other == 0);
    opsin_session_release(own);
    opsin_picture_release(picture);
}

/* Runtime, model, session, result: released in each of the 24 orders, the result is read until its own turn comes. */
static void release_orders(void) {
    for (int order = 0; order < 24; order++) {
        opsin_runtime *runtime = NULL;
        opsin_model *model = NULL;
        opsin_session *session = NULL;
        opsin_result *result = NULL;
        opsin_classes classes;
        opsin_classes_init(&classes, sizeof classes);
        GIVES(OPSIN_OK, opsin_runtime_create(NULL, &runtime));
        GIVES(OPSIN_OK, opsin_model_open(runtime, model_path, NULL, &model));
        GIVES(OPSIN_OK, opsin_session_create(model, NULL, &session));
        GIVES(OPSIN_OK, opsin_run_file(session, photo_path, &result));
        GIVES(OPSIN_OK, opsin_result_classes(result, &classes));
        int left[4] = {0, 1, 2, 3}, rest = order;
        for (int n = 4; n > 0; n--) {
            int pick = rest % n, who = left[pick];
            rest /= n;
            left[pick] = left[n - 1];
            if (who == 0) opsin_runtime_release(runtime);
            if (who == 1) opsin_model_release(model);
            if (who == 2) opsin_session_release(session);
            if (who == 3) {
                CHECK(classes.count == 5 && strstr(classes.label[0], "Egyptian cat"));
                opsin_result_release(result);
            }
        }
    }
}

/* Every op's time, when it was asked for. */
static void profiles(opsin_model *model) {
    opsin_session *session = NULL;
    opsin_result *result = NULL;
    opsin_session_options options;
    const char *json = NULL;
    opsin_session_options_init(&options, sizeof options);
    options.flags = OPSIN_SESSION_PROFILE;
    GIVES(OPSIN_OK, opsin_session_create(model, &options, &session));
    GIVES(OPSIN_OK, opsin_run_file(session, photo_path, &result));
    opsin_result_release(result);
    GIVES(OPSIN_OK, opsin_session_profile_json(session, &json));
    CHECK(json && strstr(json, "\"runs\": 1") && strstr(json, "\"op\": \"Conv2D\"") && strstr(json, "\"gflops\""));
    opsin_session_release(session);
}

/* Models whose files are in memory: the same answer; damaged bytes are refused by a sentence that names no path of ours. */
static void from_memory(opsin_runtime *runtime) {
    static const char *const names[] = {"config.json", "preprocessor_config.json", "model.safetensors"};
    char *bytes[3] = {NULL, NULL, NULL};
    uint64_t counts[3] = {0, 0, 0};
    for (int i = 0; i < 3; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", model_path, names[i]);
        FILE *file = fopen(path, "rb");
        CHECK(file != NULL);
        if (!file) continue;
        fseek(file, 0, SEEK_END);
        counts[i] = (uint64_t)ftell(file);
        rewind(file);
        bytes[i] = (char *)malloc((size_t)counts[i]);
        CHECK(bytes[i] && fread(bytes[i], 1, (size_t)counts[i], file) == counts[i]);
        fclose(file);
    }
    opsin_model_files files;
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_result *result = NULL;
    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    opsin_model_files_init(&files, sizeof files);
    files.config = bytes[0], files.config_bytes = counts[0];
    files.preprocessor = bytes[1], files.preprocessor_bytes = counts[1];
    files.weights = bytes[2], files.weights_bytes = counts[2] / 2;
    FAILS(OPSIN_E_MODEL, opsin_model_open_memory(runtime, &files, NULL, &model));
    CHECK(strstr(opsin_last_error(), "memory") && !strstr(opsin_last_error(), "opsin-"));
    files.weights_bytes = counts[2];
    GIVES(OPSIN_OK, opsin_model_open_memory(runtime, &files, NULL, &model));
    for (int i = 0; i < 3; i++) free(bytes[i]);
    GIVES(OPSIN_OK, opsin_session_create(model, NULL, &session));
    GIVES(OPSIN_OK, opsin_run_file(session, photo_path, &result));
    GIVES(OPSIN_OK, opsin_result_classes(result, &classes));
    CHECK(classes.count == 5 && strstr(classes.label[0], "Egyptian cat"));
    opsin_result_release(result);
    opsin_session_release(session);
    opsin_model_release(model);
}

static long resident_kib(void) {
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    if (file) fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Images of many sizes leave nothing behind: less than 1 KiB each once the first ones are through. */
static void growth(opsin_session *session) {
    const int warm = 100, count = 300;
    long before = 0;
    uint8_t *pixels = (uint8_t *)calloc(1, 600 * 600 * 3);
    for (int i = 0; pixels && i < warm + count; i++) {
        if (i == warm) before = resident_kib();
        opsin_image image;
        opsin_result *result = NULL;
        const char *json = NULL;
        opsin_image_init(&image, sizeof image);
        image.width = 50 + i * 37 % 551, image.height = 50 + i * 101 % 551, image.data = pixels;
        opsin_status status = opsin_run(session, &image, &result);
        if (status == OPSIN_OK) status = opsin_result_to_json(result, "x", &json);
        opsin_result_release(result);
        if (status != OPSIN_OK) GIVES(OPSIN_OK, status);
    }
    free(pixels);
    long grown = resident_kib() - before;
    if (grown >= count) fprintf(stderr, "grew by %ld KiB over %d images\n", grown, count);
    CHECK(grown < count);
}

/* A child after fork() is told so, and neither hangs nor dies. */
static void forked(opsin_session *session) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        opsin_result *result = NULL;
        opsin_status status = opsin_run_file(session, photo_path, &result);
        _exit(status == OPSIN_E_STATE && result == NULL && strstr(opsin_last_error(), "fork") ? 0 : 1);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What no build has yet is refused with a sentence; releasing NULL does nothing. */
/* A result drawn into callers' pixels: all four formats, both directions of rows, nothing outside of them. */
static void drawing(opsin_session *session) {
    enum { WIDTH = 200, HEIGHT = 160, GAP = 5 };
    static uint8_t memory[(WIDTH * 4 + GAP) * HEIGHT], first[WIDTH * HEIGHT * 3];
    const int32_t formats[] = {OPSIN_FORMAT_RGB8, OPSIN_FORMAT_BGR8, OPSIN_FORMAT_RGBA8, OPSIN_FORMAT_BGRA8};
    opsin_result *result = NULL;
    opsin_canvas canvas;
    opsin_draw_options options;
    opsin_canvas_init(&canvas, sizeof canvas);
    opsin_draw_options_init(&options, sizeof options);
    GIVES(OPSIN_OK, opsin_run_file(session, photo_path, &result));
    for (int round = 0; round < 8; round++) {
        const int32_t format = formats[round / 2];
        const int pixel = round / 2 < 2 ? 3 : 4, stride = WIDTH * pixel + GAP, down = round % 2 ? -1 : 1, red = round / 2 % 2 ? 2 : 0;
        uint8_t *top = memory + (down < 0 ? stride * (HEIGHT - 1) : 0);
        int changed = 0, differing = 0, spilt = 0;
        memset(memory, 50, sizeof memory);
        canvas.format = format, canvas.width = WIDTH, canvas.height = HEIGHT, canvas.stride_bytes = (int64_t)stride * down, canvas.data = top;
        GIVES(OPSIN_OK, opsin_result_draw(result, NULL, &canvas));
        for (int y = 0; y < HEIGHT; y++) {
            const uint8_t *row = top + (ptrdiff_t)stride * down * y;
            for (int x = 0; x < WIDTH; x++) {
                const uint8_t rgb[3] = {row[x * pixel + red], row[x * pixel + 1], row[x * pixel + 2 - red]};
                changed += rgb[0] != 50 || rgb[1] != 50 || rgb[2] != 50;
                spilt += pixel == 4 && row[x * pixel + 3] != 50;
                if (round == 0) memcpy(first + (y * WIDTH + x) * 3, rgb, 3);
                differing += memcmp(first + (y * WIDTH + x) * 3, rgb, 3) != 0;
            }
            for (int gap = 0; gap < GAP; gap++) spilt += row[WIDTH * pixel + gap] != 50;
        }
        CHECK(changed > 1000 && changed < WIDTH * HEIGHT && differing == 0 && spilt == 0);
    }
    FAILS(OPSIN_E_ARGUMENT, opsin_result_draw(NULL, NULL, &canvas));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_draw(result, NULL, NULL));
    options.flags = 0x80u;
    FAILS(OPSIN_E_ARGUMENT, opsin_result_draw(result, &options, &canvas));
    options.flags = OPSIN_DRAW_LEGEND, options.colormap = 7;
    FAILS(OPSIN_E_ARGUMENT, opsin_result_draw(result, &options, &canvas));
    options.colormap = 0, options.palette_count = 3;
    FAILS(OPSIN_E_ARGUMENT, opsin_result_draw(result, &options, &canvas));
    canvas.format = OPSIN_FORMAT_GRAY8;
    FAILS(OPSIN_E_ARGUMENT, opsin_result_draw(result, NULL, &canvas));
    canvas.format = OPSIN_FORMAT_RGBA8, canvas.stride_bytes = 4;
    FAILS(OPSIN_E_ARGUMENT, opsin_result_draw(result, NULL, &canvas));
    canvas.stride_bytes = 0, canvas.data = NULL;
    FAILS(OPSIN_E_ARGUMENT, opsin_result_draw(result, NULL, &canvas));
    opsin_result_release(result);
}

static void absent(opsin_runtime *runtime, opsin_session *session) {
    opsin_request *request = NULL;
    opsin_stream *stream = NULL;
    opsin_buffer *buffer = NULL;
    opsin_result *result = NULL;
    opsin_runtime *other = NULL;
    opsin_vulkan_handles handles;
    opsin_buffer_source source;
    opsin_stream_stats stats;
    int32_t fd = 7;
    opsin_vulkan_handles_init(&handles, sizeof handles);
    opsin_buffer_source_init(&source, sizeof source);
    opsin_stream_stats_init(&stats, sizeof stats);
    FAILS(OPSIN_E_ARGUMENT, opsin_submit(NULL, NULL, 0, NULL, NULL, &request));
    FAILS(OPSIN_E_ARGUMENT, opsin_stream_create(NULL, NULL, &stream));
    FAILS(OPSIN_E_ARGUMENT, opsin_request_wait(NULL, 0));
    FAILS(OPSIN_E_ARGUMENT, opsin_request_status(NULL));
    FAILS(OPSIN_E_ARGUMENT, opsin_request_cancel(NULL));
    FAILS(OPSIN_E_ARGUMENT, opsin_request_take_result(NULL, &result));
    CHECK(opsin_request_error(NULL)[0] == 0);
    FAILS(OPSIN_E_ARGUMENT, opsin_stream_push(NULL, NULL));
    FAILS(OPSIN_E_ARGUMENT, opsin_stream_poll(NULL, 0, &result));
    FAILS(OPSIN_E_ARGUMENT, opsin_stream_flush(NULL, 0));
    FAILS(OPSIN_E_ARGUMENT, opsin_stream_stats_get(NULL, &stats));
    FAILS(OPSIN_E_ARGUMENT, opsin_runtime_create_from_vulkan(NULL, NULL, &other));
    FAILS(OPSIN_E_ARGUMENT, opsin_buffer_import(runtime, NULL, &buffer));
    FAILS(OPSIN_E_ARGUMENT, opsin_buffer_export(NULL, OPSIN_BUFFER_DMA_BUF, 4096, &buffer, &fd));
    CHECK(!request && !stream && !buffer && !other);
    (void)session;
    opsin_runtime_release(NULL);
    opsin_model_release(NULL);
    opsin_session_release(NULL);
    opsin_picture_release(NULL);
    opsin_input_release(NULL);
    opsin_result_release(NULL);
    opsin_request_release(NULL);
    opsin_stream_release(NULL);
    opsin_buffer_release(NULL);
}

int main(int argc, char **argv) {
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    if (argc != 3) return 2;
    model_path = argv[1];
    photo_path = argv[2];
    versions();
    devices();
    struct_sizes();
    runtimes(&runtime);
    models(runtime, &model);
    sessions(model, &session);
    if (session) {
        pictures(session);
        runs(session);
        runs_together(model);
        steps(session);
        busy(runtime, model, session);
        profiles(model);
        from_memory(runtime);
        growth(session);
        forked(session);
        release_orders();
        drawing(session);
        absent(runtime, session);
    }
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    printf("classify.c: %d checks, %d failed\n", checks_made, checks_failed);
    return checks_failed ? 1 : 0;
}
