/*
 * What is on a photo, best first.
 *
 *     cc classify.c -o classify -lopsin && ./classify cat.jpg
 */
#include <opsin.h>
#include <stdio.h>

int main(int argc, char **argv) {
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_result *result = NULL;
    opsin_classes found;
    opsin_classes_init(&found, sizeof found);
    int good = opsin_runtime_create(NULL, &runtime) == OPSIN_OK
        && opsin_model_open_default(runtime, OPSIN_TASK_CLASSIFY, NULL, &model) == OPSIN_OK
        && opsin_session_create(model, NULL, &session) == OPSIN_OK
        && opsin_run_file(session, argc > 1 ? argv[1] : "cat.jpg", &result) == OPSIN_OK
        && opsin_result_classes(result, &found) == OPSIN_OK;
    if (!good) fprintf(stderr, "%s\n", opsin_last_error());
    for (uint32_t i = 0; good && i < found.count; i++) printf("%5.1f %%  %s\n", 100.0 * found.score[i], found.label[i]);
    opsin_result_release(result);
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    return !good;
}
