/*
 * Objects through opsin.h: a photo, its boxes clipped and not, thresholds, limits, labels, and the steps by hand.
 *
 * Arguments: the folder of the detector that ships (Models/deimv2_hgnetv2_atto_coco), a photo of a cat.
 */
#include "check.h"

static opsin_detections objects(const opsin_result *result) {
    opsin_detections found;
    opsin_detections_init(&found, sizeof found);
    GIVES(OPSIN_OK, opsin_result_detections(result, &found));
    return found;
}

/* Best first, above the threshold, inside of the picture where that was asked for. */
static void look(const opsin_detections *found, float threshold, int clipped) {
    for (uint32_t i = 0; i < found->count; i++) {
        const float *box = found->box + 4 * i;
        CHECK(found->score[i] > threshold && found->score[i] <= 1 && (i == 0 || found->score[i] <= found->score[i - 1]));
        CHECK(found->label_id[i] >= 0 && found->label_id[i] < 80 && found->label[i][0] != 0);
        CHECK(box[0] <= box[2] && box[1] <= box[3]);
        CHECK(!clipped || (box[0] >= 0 && box[1] >= 0 && box[2] <= 451 && box[3] <= 300));
    }
}

static opsin_result *run(opsin_session *session, const opsin_image *photo, const opsin_task_options *options) {
    opsin_result *result = NULL;
    GIVES(OPSIN_OK, opsin_session_configure(session, options));
    GIVES(OPSIN_OK, opsin_run(session, photo, &result));
    return result;
}

static void options(opsin_session *session, const opsin_image *photo) {
    opsin_task_options wanted;
    opsin_task_options_init(&wanted, sizeof wanted);
    wanted.threshold = -1;
    wanted.flags = OPSIN_TASK_NO_CLIP;
    opsin_result *result = run(session, photo, &wanted);
    opsin_detections found = objects(result);
    CHECK(found.count == 100);
    look(&found, 0, 0);
    opsin_result_release(result);

    const char *only[] = {"cat", "16"};
    wanted.allow = only;
    wanted.allow_count = 2;
    wanted.max_count = 3;
    wanted.flags = 0;
    result = run(session, photo, &wanted);
    found = objects(result);
    CHECK(found.count == 3);
    for (uint32_t i = 0; i < found.count; i++) CHECK(found.label_id[i] == 15 || found.label_id[i] == 16);
    look(&found, 0, 1);
    opsin_result_release(result);

    wanted.threshold = 1;
    result = run(session, photo, &wanted);
    CHECK(objects(result).count == 0);
    opsin_result_release(result);
    only[0] = "unicorn";
    FAILS(OPSIN_E_NOT_FOUND, opsin_session_configure(session, &wanted));
    GIVES(OPSIN_OK, opsin_session_configure(session, NULL));
}

/* preprocess, run, postprocess by hand give the boxes of one call, unclipped. */
static void steps(opsin_session *session, const opsin_image *photo) {
    opsin_input *input = NULL;
    opsin_result *outputs = NULL, *result = NULL, *whole = NULL;
    opsin_tensor tensor, raw[2];
    opsin_geometry geometry;
    opsin_task_options wanted;
    opsin_task_options_init(&wanted, sizeof wanted);
    opsin_tensor_init(&tensor, sizeof tensor);
    opsin_geometry_init(&geometry, sizeof geometry);
    wanted.flags = OPSIN_TASK_NO_CLIP;
    whole = run(session, photo, &wanted);
    GIVES(OPSIN_OK, opsin_preprocess(session, photo, &input));
    GIVES(OPSIN_OK, opsin_input_tensor(input, 0, &tensor));
    GIVES(OPSIN_OK, opsin_input_geometry(input, &geometry));
    GIVES(OPSIN_OK, opsin_run_tensors(session, &tensor, 1, &outputs));
    CHECK(opsin_result_tensor_count(outputs) == 2);
    for (uint32_t i = 0; i < 2; i++) {
        opsin_tensor_init(&raw[i], sizeof raw[i]);
        GIVES(OPSIN_OK, opsin_result_tensor(outputs, i, &raw[i]));
    }
    FAILS(OPSIN_E_NOT_FOUND, opsin_postprocess(session, raw, 1, &geometry, &result));
    GIVES(OPSIN_OK, opsin_postprocess(session, raw, 2, &geometry, &result));
    const opsin_detections a = objects(whole), b = objects(result);
    CHECK(a.count == b.count && a.count >= 1);
    for (uint32_t i = 0; i < 4 * a.count; i++) CHECK(a.box[i] - b.box[i] < 0.01f && b.box[i] - a.box[i] < 0.01f);
    opsin_result_release(whole);
    opsin_result_release(result);
    opsin_result_release(outputs);
    opsin_input_release(input);
}

int main(int argc, char **argv) {
    opsin_runtime_options runtime_options;
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_picture *picture = NULL;
    opsin_result *result = NULL;
    opsin_image photo;
    opsin_classes classes;
    opsin_detections again, found;
    if (argc != 3) return 2;
    opsin_runtime_options_init(&runtime_options, sizeof runtime_options);
    opsin_image_init(&photo, sizeof photo);
    opsin_classes_init(&classes, sizeof classes);
    runtime_options.device = "cpu";
    GIVES(OPSIN_OK, opsin_runtime_create(&runtime_options, &runtime));
    GIVES(OPSIN_OK, opsin_model_open(runtime, argv[1], NULL, &model));
    CHECK(opsin_model_task(model) == OPSIN_TASK_DETECT);
    GIVES(OPSIN_OK, opsin_session_create(model, NULL, &session));
    GIVES(OPSIN_OK, opsin_picture_decode_file(argv[2], NULL, &picture));
    GIVES(OPSIN_OK, opsin_picture_view(picture, &photo));

    GIVES(OPSIN_OK, opsin_run(session, &photo, &result));
    CHECK(opsin_result_task(result) == OPSIN_TASK_DETECT);
    found = objects(result);
    CHECK(found.count >= 1 && strcmp(found.label[0], "cat") == 0 && found.label_id[0] == 15);
    look(&found, 0.4f, 1);
    again = objects(result);
    CHECK(again.box == found.box && again.label == found.label);
    FAILS(OPSIN_E_STATE, opsin_result_classes(result, &classes));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_detections(result, NULL));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_detections(NULL, &found));
    opsin_result_release(result);
    options(session, &photo);
    steps(session, &photo);

    opsin_picture_release(picture);
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    printf("detect.c: %d checks, %d failed\n", checks_made, checks_failed);
    return checks_failed ? 1 : 0;
}
