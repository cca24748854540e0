/*
 * The C interface on a Vulkan device, for the validation layer to look at: four tasks in both precisions, photos of two sizes, raw tensors, two threads
 * with a session each, handles released from the outside in, and a runtime that is still alive when the process ends.
 *
 *     vulkan PHOTO OTHER_PHOTO
 */
#include <opsin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static opsin_image photos[2];

static void need(opsin_status status, const char *what) {
    if (status == OPSIN_OK) return;
    fprintf(stderr, "%s: %s: %s\n", what, opsin_status_name(status), opsin_last_error());
    exit(1);
}

static opsin_runtime *runtime_on_vulkan(void) {
    opsin_runtime_options options;
    opsin_runtime *runtime = NULL;
    opsin_device_info info;
    opsin_runtime_options_init(&options, sizeof options);
    options.device = "vulkan";
    options.flags = OPSIN_RUNTIME_NO_CPU_FALLBACK;
    need(opsin_runtime_create(&options, &runtime), "runtime");
    opsin_device_info_init(&info, sizeof info);
    need(opsin_runtime_device(runtime, &info), "device");
    if (info.kind != OPSIN_DEVICE_VULKAN) exit(2);
    return runtime;
}

static opsin_session *session_of(opsin_model *model, uint32_t precision) {
    opsin_session_options options;
    opsin_session *session = NULL;
    opsin_session_options_init(&options, sizeof options);
    options.precision = precision;
    need(opsin_session_create(model, &options, &session), "session");
    return session;
}

static void raw_tensors(opsin_session *session) {
    opsin_input *input = NULL;
    opsin_result *result = NULL;
    opsin_tensor tensor;
    need(opsin_preprocess(session, &photos[0], &input), "preprocess");
    opsin_tensor_init(&tensor, sizeof tensor);
    need(opsin_input_tensor(input, 0, &tensor), "tensor");
    need(opsin_run_tensors(session, &tensor, 1, &result), "run_tensors");
    opsin_input_release(input);
    opsin_result_release(result);
}

/* A session of its own on a thread of its own. */
static void *in_thread(void *model) {
    opsin_session *session = session_of((opsin_model *)model, OPSIN_PRECISION_FP32);
    for (int i = 0; i < 4; i++) {
        opsin_result *result = NULL;
        need(opsin_run(session, &photos[i % 2], &result), "run in a thread");
        opsin_result_release(result);
    }
    opsin_session_release(session);
    return NULL;
}

int main(int argc, char **argv) {
    static const int32_t tasks[] = {OPSIN_TASK_CLASSIFY, OPSIN_TASK_DETECT, OPSIN_TASK_SEGMENT, OPSIN_TASK_DEPTH};
    static const uint32_t precisions[] = {OPSIN_PRECISION_FP32, OPSIN_PRECISION_FP16};
    opsin_picture *pictures[2] = {NULL, NULL};
    if (argc != 3) return 2;
    for (int i = 0; i < 2; i++) {
        opsin_image_init(&photos[i], sizeof photos[i]);
        need(opsin_picture_decode_file(argv[1 + i], NULL, &pictures[i]), "decode");
        need(opsin_picture_view(pictures[i], &photos[i]), "view");
    }
    opsin_runtime *runtime = runtime_on_vulkan(), *alive = runtime_on_vulkan();
    for (int task = 0; task < 4; task++) {
        opsin_model *model = NULL;
        need(opsin_model_open_default(runtime, tasks[task], NULL, &model), "model");
        for (int p = 0; p < 2; p++) {
            opsin_session *session = session_of(model, precisions[p]);
            opsin_result *result = NULL;
            need(opsin_session_set(session, "preprocess", p ? "device" : "cpu"), "preprocess");
            for (int i = 0; i < 2; i++) {
                opsin_result_release(result);
                need(opsin_run(session, &photos[i], &result), "run");
            }
            if (task == 0) raw_tensors(session);
            opsin_session_release(session);
            opsin_result_release(result);
        }
        if (task == 0) {
            pthread_t threads[2];
            for (int i = 0; i < 2; i++) if (pthread_create(&threads[i], NULL, in_thread, model)) return 3;
            for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
        }
        if (task == 3) opsin_runtime_release(runtime); /* before what was made from it */
        opsin_model_release(model);
    }
    /* Alive at the end, with a session that has run. */
    opsin_model *model = NULL;
    opsin_result *result = NULL;
    need(opsin_model_open_default(alive, OPSIN_TASK_CLASSIFY, NULL, &model), "model");
    need(opsin_run(session_of(model, OPSIN_PRECISION_FP32), &photos[0], &result), "run");
    return 0;
}
