/*
 * Four tasks, one photo, one function: opsin_run().
 *
 *     cc tasks.c -o tasks -lopsin && ./tasks cat.jpg
 *
 * A task that fails says why and the program goes on; it exits with 1 then.
 */
#include <inttypes.h>
#include <opsin.h>
#include <stdio.h>

static opsin_status print_classes(const opsin_result *result) {
    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    opsin_status status = opsin_result_classes(result, &classes);
    for (uint32_t i = 0; status == OPSIN_OK && i < classes.count; i++) printf("  %5.1f %%  %s\n", 100.0 * classes.score[i], classes.label[i]);
    return status;
}

static opsin_status print_detections(const opsin_result *result) {
    opsin_detections found;
    opsin_detections_init(&found, sizeof found);
    opsin_status status = opsin_result_detections(result, &found);
    for (uint32_t i = 0; status == OPSIN_OK && i < found.count; i++) {
        const float *box = found.box + 4 * i;
        printf("  %5.1f %%  %s at (%.0f, %.0f) to (%.0f, %.0f)\n", 100.0 * found.score[i], found.label[i], box[0], box[1], box[2], box[3]);
    }
    return status;
}

static opsin_status print_segments(const opsin_result *result) {
    opsin_segments segments;
    opsin_segments_init(&segments, sizeof segments);
    opsin_status status = opsin_result_segments(result, &segments);
    for (uint32_t i = 0; status == OPSIN_OK && i < segments.count; i++) {
        printf("  %5.1f %%  %s, %" PRIu64 " pixels\n", 100.0 * segments.share[i], segments.label[i], segments.pixels[i]);
    }
    return status;
}

static opsin_status print_depth(const opsin_result *result) {
    static const char *const meaning[] = {"larger is nearer", "larger is farther", "metres"};
    opsin_depth depth;
    opsin_depth_init(&depth, sizeof depth);
    opsin_status status = opsin_result_depth(result, &depth);
    if (status == OPSIN_OK) {
        const char *unit = depth.kind >= 0 && depth.kind <= 2 ? meaning[depth.kind] : "unknown unit";
        printf("  %d x %d values from %g to %g (%s)\n", (int)depth.width, (int)depth.height, depth.min, depth.max, unit);
    }
    return status;
}

/* What is different from task to task: its number, its name, and how its result is shown. */
static const struct {
    int32_t task;
    const char *name;
    opsin_status (*print)(const opsin_result *result);
} tasks[] = {
    {OPSIN_TASK_CLASSIFY, "classify", print_classes},
    {OPSIN_TASK_DETECT, "detect", print_detections},
    {OPSIN_TASK_SEGMENT, "segment", print_segments},
    {OPSIN_TASK_DEPTH, "depth", print_depth},
};

/* Opens the task's own model, looks at the photo, prints. What is NULL at the end was never made: releasing it does nothing. */
static opsin_status run_task(opsin_runtime *runtime, size_t row, const opsin_image *photo) {
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_result *result = NULL;
    printf("%s\n", tasks[row].name);
    opsin_status status = opsin_model_open_default(runtime, tasks[row].task, NULL, &model);
    if (status == OPSIN_OK) status = opsin_session_create(model, NULL, &session);
    if (status == OPSIN_OK) status = opsin_run(session, photo, &result);
    if (status == OPSIN_OK) status = tasks[row].print(result);
    if (status != OPSIN_OK) printf("  %s: %s\n", opsin_status_name(status), opsin_last_error());
    opsin_result_release(result);
    opsin_session_release(session);
    opsin_model_release(model);
    return status;
}

int main(int argc, char **argv) {
    opsin_runtime *runtime = NULL;
    opsin_picture *picture = NULL;
    opsin_image photo;
    int failed = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: %s PHOTO\n", argv[0]);
        return 2;
    }
    opsin_image_init(&photo, sizeof photo);
    opsin_status status = opsin_runtime_create(NULL, &runtime);
    if (status == OPSIN_OK) status = opsin_picture_decode_file(argv[1], NULL, &picture);
    if (status == OPSIN_OK) status = opsin_picture_view(picture, &photo);
    if (status == OPSIN_OK) {
        printf("Opsin %s, %s, %d x %d pixels\n", opsin_version_string(), argv[1], (int)photo.width, (int)photo.height);
        for (size_t row = 0; row < sizeof tasks / sizeof tasks[0]; row++) {
            status = run_task(runtime, row, &photo);
            if (status != OPSIN_OK) failed = 1;
        }
    } else {
        fprintf(stderr, "%s: %s\n", opsin_status_name(status), opsin_last_error());
        failed = 1;
    }
    opsin_picture_release(picture);
    opsin_runtime_release(runtime);
    return failed;
}
