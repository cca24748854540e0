/*
 * Masks from C: labels, shares, regions, outlines, run lengths, files, and what goes wrong.
 *
 * Arguments: the folder of a segmentation model with VOC's labels, a photo of a cat, a folder to write to.
 */
#include "check.h"
#include <stdlib.h>

static opsin_session *session;

static void masks(const char *photo, const char *folder) {
    opsin_result *result = NULL;
    opsin_mask mask;
    opsin_segments segments;
    opsin_regions regions;
    opsin_mask_init(&mask, sizeof mask);
    opsin_segments_init(&segments, sizeof segments);
    opsin_regions_init(&regions, sizeof regions);
    GIVES(OPSIN_OK, opsin_run_file(session, photo, &result));
    CHECK(opsin_result_task(result) == OPSIN_TASK_SEGMENT);
    GIVES(OPSIN_OK, opsin_result_mask(result, &mask));
    CHECK(mask.width == 451 && mask.height == 300 && mask.label_count == 21 && mask.confidence == NULL);
    GIVES(OPSIN_OK, opsin_result_segments(result, &segments));
    CHECK(segments.count >= 2 && strcmp(segments.label[0], "cat") == 0 && segments.share[0] > 0.81 && segments.share[0] < 0.83);
    uint64_t cats = 0, all = 0;
    for (int i = 0; i < mask.width * mask.height; i++) cats += mask.label_id[i] == (uint16_t)segments.label_id[0];
    for (uint32_t i = 0; i < segments.count; i++) all += segments.pixels[i];
    CHECK(cats == segments.pixels[0] && all == (uint64_t)mask.width * mask.height);
    /* The same look gives the same arrays. */
    const uint16_t *labels = mask.label_id;
    GIVES(OPSIN_OK, opsin_result_mask(result, &mask));
    CHECK(labels == mask.label_id);

    const char *counts = NULL;
    GIVES(OPSIN_OK, opsin_result_mask_rle(result, segments.label_id[0], &counts));
    CHECK(counts && strlen(counts) > 10);
    GIVES(OPSIN_OK, opsin_result_mask_rle(result, 20, &counts));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_mask_rle(result, 21, &counts));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_mask_rle(result, -1, &counts));
    FAILS(OPSIN_E_STATE, opsin_result_regions(result, &regions));
    const float *points = NULL;
    uint32_t count = 0;
    FAILS(OPSIN_E_STATE, opsin_result_region_outline(result, 0, &points, &count));

    char path[1024];
    snprintf(path, sizeof path, "%s/mask.png", folder);
    GIVES(OPSIN_OK, opsin_result_save(result, path));
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    if (file) fclose(file);
    FAILS(OPSIN_E_UNSUPPORTED, opsin_result_save(result, "mask.npy"));
    FAILS(OPSIN_E_IO, opsin_result_save(result, "/nowhere/mask.png"));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_save(result, NULL));
    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    FAILS(OPSIN_E_STATE, opsin_result_classes(result, &classes));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_mask(result, NULL));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_segments(NULL, &segments));
    opsin_result_release(result);
}

static void everything_asked_for(const char *photo) {
    opsin_task_options options;
    opsin_task_options_init(&options, sizeof options);
    options.flags = OPSIN_TASK_CONFIDENCE | OPSIN_TASK_PROBABILITIES | OPSIN_TASK_REGIONS;
    options.fit = OPSIN_FIT_WHOLE;
    GIVES(OPSIN_OK, opsin_session_configure(session, &options));
    opsin_result *result = NULL;
    GIVES(OPSIN_OK, opsin_run_file(session, photo, &result));
    opsin_mask mask;
    opsin_mask_init(&mask, sizeof mask);
    GIVES(OPSIN_OK, opsin_result_mask(result, &mask));
    CHECK(mask.confidence != NULL);
    opsin_tensor probabilities;
    opsin_tensor_init(&probabilities, sizeof probabilities);
    GIVES(OPSIN_OK, opsin_result_tensor_named(result, "probabilities", &probabilities));
    CHECK(probabilities.rank == 3 && probabilities.dims[0] == 300 && probabilities.dims[1] == 451 && probabilities.dims[2] == 21);
    const float *values = probabilities.data;
    for (int i = 0; i < mask.width * mask.height; i += 97) {
        const float own = values[(size_t)i * 21 + mask.label_id[i]];
        CHECK(own - mask.confidence[i] < 1e-5f && mask.confidence[i] - own < 1e-5f && own > 1.0f / 22);
    }

    opsin_regions regions;
    opsin_regions_init(&regions, sizeof regions);
    GIVES(OPSIN_OK, opsin_result_regions(result, &regions));
    CHECK(regions.count >= 2 && strcmp(regions.label[0], "cat") == 0);
    const float *points = NULL, *again = NULL;
    uint32_t count = 0;
    GIVES(OPSIN_OK, opsin_result_region_outline(result, 0, &points, &count));
    CHECK(count >= 4);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(points[2 * i] >= regions.box[0] && points[2 * i] <= regions.box[2] && points[2 * i + 1] >= regions.box[1] && points[2 * i + 1] <= regions.box[3]);
    }
    GIVES(OPSIN_OK, opsin_result_region_outline(result, 0, &again, &count));
    CHECK(points == again);
    FAILS(OPSIN_E_NOT_FOUND, opsin_result_region_outline(result, regions.count, &points, &count));
    FAILS(OPSIN_E_ARGUMENT, opsin_result_region_outline(result, 0, NULL, &count));
    opsin_result_release(result);
    GIVES(OPSIN_OK, opsin_session_configure(session, NULL));
}

/* Logits of the caller's own to a mask of any size: one of more than 2^31 pixels is refused before anything of that size is allocated. */
static void own_logits(void) {
    static float values[21 * 65 * 65];
    for (int i = 0; i < 65 * 65; i++) values[15 * 65 * 65 + i] = i / 65 > 32 && i % 65 > 32 ? -1 : 1;
    opsin_tensor logits;
    opsin_tensor_init(&logits, sizeof logits);
    logits.name = "logits";
    logits.dtype = OPSIN_DTYPE_F32;
    logits.layout = OPSIN_LAYOUT_NCHW;
    logits.rank = 4;
    logits.dims[0] = 1, logits.dims[1] = 21, logits.dims[2] = logits.dims[3] = 65;
    logits.data = values;
    logits.byte_count = sizeof values;
    opsin_geometry geometry;
    opsin_geometry_init(&geometry, sizeof geometry);
    geometry.image_width = 10, geometry.image_height = 6;
    geometry.input_width = 513, geometry.input_height = 513;
    geometry.source_width = 10, geometry.source_height = 6;
    geometry.target_width = 513, geometry.target_height = 513;
    opsin_result *result = NULL;
    GIVES(OPSIN_OK, opsin_postprocess(session, &logits, 1, &geometry, &result));
    opsin_mask mask;
    opsin_mask_init(&mask, sizeof mask);
    GIVES(OPSIN_OK, opsin_result_mask(result, &mask));
    CHECK(mask.width == 10 && mask.height == 6 && mask.label_id[0] == 15 && mask.label_id[59] == 0);
    opsin_result_release(result);
    geometry.image_width = geometry.image_height = 46341;
    FAILS(OPSIN_E_IMAGE, opsin_postprocess(session, &logits, 1, &geometry, &result));
    CHECK(result == NULL && strstr(opsin_last_error(), "2^31"));
    geometry.image_width = geometry.image_height = INT32_MAX;
    FAILS(OPSIN_E_IMAGE, opsin_postprocess(session, &logits, 1, &geometry, &result));
    geometry.image_width = 10, geometry.image_height = 6;
    values[0] = 1e30f;
    values[0] *= 1e30f;
    FAILS(OPSIN_E_ARGUMENT, opsin_postprocess(session, &logits, 1, &geometry, &result));
    CHECK(strstr(opsin_last_error(), "finite"));
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    opsin_runtime *runtime = NULL;
    opsin_runtime_options runtime_options;
    opsin_model *model = NULL;
    opsin_runtime_options_init(&runtime_options, sizeof runtime_options);
    runtime_options.device = "cpu";
    GIVES(OPSIN_OK, opsin_runtime_create(&runtime_options, &runtime));
    GIVES(OPSIN_OK, opsin_model_open(runtime, argv[1], NULL, &model));
    CHECK(opsin_model_task(model) == OPSIN_TASK_SEGMENT && opsin_model_label_count(model) == 21);
    GIVES(OPSIN_OK, opsin_session_create(model, NULL, &session));
    masks(argv[2], argv[3]);
    everything_asked_for(argv[2]);
    own_logits();
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    printf("segment.c: %d checks, %d failed\n", checks_made, checks_failed);
    return checks_failed ? 1 : 0;
}
