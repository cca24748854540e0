/*
 * A distance for each pixel of a photo: what the numbers mean, their range, and the map as depth.npy.
 *
 *     cc depth.c -o depth -lopsin && ./depth cat.jpg
 */
#include <opsin.h>
#include <stdio.h>

int main(int argc, char **argv) {
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_result *result = NULL;
    opsin_depth found;
    opsin_depth_init(&found, sizeof found);
    int good = opsin_runtime_create(NULL, &runtime) == OPSIN_OK
        && opsin_model_open_default(runtime, OPSIN_TASK_DEPTH, NULL, &model) == OPSIN_OK
        && opsin_session_create(model, NULL, &session) == OPSIN_OK
        && opsin_run_file(session, argc > 1 ? argv[1] : "cat.jpg", &result) == OPSIN_OK
        && opsin_result_depth(result, &found) == OPSIN_OK
        && opsin_result_save(result, "depth.npy") == OPSIN_OK;
    if (!good) fprintf(stderr, "%s\n", opsin_last_error());
    if (good) {
        const float middle = found.data[(size_t)(found.height / 2) * (size_t)found.width + (size_t)(found.width / 2)];
        const char *unit = found.kind == OPSIN_DEPTH_METRIC ? "metres" : found.kind == OPSIN_DEPTH_RELATIVE ? "larger is farther" : "larger is nearer";
        printf("%d x %d values from %g to %g (%s), %g in the middle\n", (int)found.width, (int)found.height, found.min, found.max, unit, middle);
    }
    opsin_result_release(result);
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    return !good;
}
