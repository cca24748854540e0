/*
 * The objects on a photo with their boxes.
 *
 *     cc detect.c -o detect -lopsin && ./detect cat.jpg
 */
#include <opsin.h>
#include <stdio.h>

int main(int argc, char **argv) {
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_result *result = NULL;
    opsin_detections found;
    opsin_detections_init(&found, sizeof found);
    int good = opsin_runtime_create(NULL, &runtime) == OPSIN_OK
        && opsin_model_open_default(runtime, OPSIN_TASK_DETECT, NULL, &model) == OPSIN_OK
        && opsin_session_create(model, NULL, &session) == OPSIN_OK
        && opsin_run_file(session, argc > 1 ? argv[1] : "cat.jpg", &result) == OPSIN_OK
        && opsin_result_detections(result, &found) == OPSIN_OK;
    if (!good) fprintf(stderr, "%s\n", opsin_last_error());
    for (uint32_t i = 0; good && i < found.count; i++) {
        const float *box = found.box + 4 * i; /* x0, y0, x1, y1 in pixels of the upright photo */
        printf("%5.1f %%  %s at (%.0f, %.0f) to (%.0f, %.0f)\n", 100.0 * found.score[i], found.label[i], box[0], box[1], box[2], box[3]);
    }
    opsin_result_release(result);
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    return !good;
}
