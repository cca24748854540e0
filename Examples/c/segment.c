/*
 * A label for each pixel of a photo: the shares of the labels, and the mask as mask.png.
 *
 *     cc segment.c -o segment -lopsin && ./segment cat.jpg
 */
#include <opsin.h>
#include <stdio.h>

int main(int argc, char **argv) {
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_result *result = NULL;
    opsin_segments found;
    opsin_mask mask;
    opsin_segments_init(&found, sizeof found);
    opsin_mask_init(&mask, sizeof mask);
    int good = opsin_runtime_create(NULL, &runtime) == OPSIN_OK
        && opsin_model_open_default(runtime, OPSIN_TASK_SEGMENT, NULL, &model) == OPSIN_OK
        && opsin_session_create(model, NULL, &session) == OPSIN_OK
        && opsin_run_file(session, argc > 1 ? argv[1] : "cat.jpg", &result) == OPSIN_OK
        && opsin_result_segments(result, &found) == OPSIN_OK
        && opsin_result_mask(result, &mask) == OPSIN_OK
        && opsin_result_save(result, "mask.png") == OPSIN_OK;
    if (!good) fprintf(stderr, "%s\n", opsin_last_error());
    for (uint32_t i = 0; good && i < found.count; i++) printf("%5.1f %%  %s\n", 100.0 * found.share[i], found.label[i]);
    /* The mask lies in memory too: label ids row by row, uint16. */
    if (good) printf("label %d in the middle\n", (int)mask.label_id[(size_t)(mask.height / 2) * (size_t)mask.width + (size_t)(mask.width / 2)]);
    opsin_result_release(result);
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    return !good;
}
