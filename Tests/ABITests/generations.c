/*
 * One program, three generations: compiled against the header of an older library (previous/opsin.h, frozen), against today's, and against one of the days to
 * come, whose structs are longer (run.sh makes it; -DNEWER). All of them run against today's library.
 *
 * Every struct of the header goes in or comes out here, with bytes behind it that nobody may touch. The four tasks run.
 *
 * Arguments: a photo of a cat. OPSIN_MODELS names the folder of the models.
 */
#include "check.h"

#define GUARD_BYTES 64

/* A struct with a guard behind it, initialised as a program does. */
#define GUARDED(type, name) \
    struct { type s; unsigned char guard[GUARD_BYTES]; } name; \
    memset(&name, 0xA5, sizeof name); \
    type##_init(&name.s, (uint32_t)sizeof name.s)

static int untouched(const unsigned char *guard) {
    for (int i = 0; i < GUARD_BYTES; i++) if (guard[i] != 0xA5) return 0;
    return 1;
}

/* Nobody wrote behind the struct, and its size is the caller's still. */
#define INTACT(name) (CHECK(untouched(name.guard)), CHECK(name.s.struct_size == sizeof name.s))

#ifdef NEWER
/* A field that the library is too old to know is refused where it is set, and the sentence says so; left at zero it is ignored. */
#define REFUSES_NEWER(field_struct, call) \
    ((field_struct).added[1] = 1, FAILS(OPSIN_E_VERSION, call), CHECK(strstr(opsin_last_error(), "newer")), (field_struct).added[1] = 0)
/* What the library does not know of an out struct is zero after the call. */
#define SOIL(name) memset(name.s.added, 0xFF, sizeof name.s.added)
#define CLEANED(name) CHECK(name.s.added[0] == 0 && name.s.added[1] == 0)
#else
#define REFUSES_NEWER(field_struct, call) ((void)0)
#define SOIL(name) ((void)0)
#define CLEANED(name) ((void)0)
#endif

/* An out struct: soiled, filled, looked at; one whose _init was forgotten is refused. */
#define COMES_OUT(name, call) \
    (SOIL(name), GIVES(OPSIN_OK, call), CLEANED(name), INTACT(name), \
     name.s.struct_size = 0, FAILS(OPSIN_E_ARGUMENT, call), name.s.struct_size = (uint32_t)sizeof name.s)

static void devices(void) {
    uint32_t count = 0;
    GIVES(OPSIN_OK, opsin_device_count(&count));
    GUARDED(opsin_device_info, info);
    COMES_OUT(info, opsin_device_get(0, &info.s));
    CHECK(info.s.kind == OPSIN_DEVICE_CPU && strcmp(info.s.id, "cpu") == 0 && info.s.name[0] && info.s.driver[0]);
}

static opsin_runtime *runtime_of(void) {
    opsin_runtime *runtime = NULL;
    GUARDED(opsin_runtime_options, options);
    options.s.device = "cpu";
    REFUSES_NEWER(options.s, opsin_runtime_create(&options.s, &runtime));
    GIVES(OPSIN_OK, opsin_runtime_create(&options.s, &runtime));
    INTACT(options);
    GUARDED(opsin_device_info, info);
    COMES_OUT(info, opsin_runtime_device(runtime, &info.s));
    GUARDED(opsin_memory, memory);
    COMES_OUT(memory, opsin_runtime_memory(runtime, &memory.s));
    return runtime;
}

static opsin_session *session_of(opsin_runtime *runtime, int32_t task) {
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    GUARDED(opsin_model_options, model_options);
    REFUSES_NEWER(model_options.s, opsin_model_open_default(runtime, task, &model_options.s, &model));
    GIVES(OPSIN_OK, opsin_model_open_default(runtime, task, &model_options.s, &model));
    GUARDED(opsin_tensor, input);
    COMES_OUT(input, opsin_model_input(model, 0, &input.s));
    CHECK(input.s.rank == 4 && strcmp(input.s.name, "pixel_values") == 0);
    GUARDED(opsin_session_options, options);
    options.s.threads = 1;
    REFUSES_NEWER(options.s, opsin_session_create(model, &options.s, &session));
    GIVES(OPSIN_OK, opsin_session_create(model, &options.s, &session));
    INTACT(options);
    opsin_model_release(model);
    GUARDED(opsin_task_options, wanted);
    wanted.s.flags = OPSIN_TASK_LOGITS | (task == OPSIN_TASK_SEGMENT ? OPSIN_TASK_REGIONS : 0);
    REFUSES_NEWER(wanted.s, opsin_session_configure(session, &wanted.s));
    GIVES(OPSIN_OK, opsin_session_configure(session, &wanted.s));
    INTACT(wanted);
    return session;
}

/* The task's own view of a result. */
static void answers(const opsin_result *result, int32_t task) {
    GUARDED(opsin_timings, timings);
    COMES_OUT(timings, opsin_result_timings(result, &timings.s));
    CHECK(timings.s.run_ms > 0);
    GUARDED(opsin_classes, classes);
    GUARDED(opsin_detections, objects);
    GUARDED(opsin_mask, mask);
    GUARDED(opsin_segments, segments);
    GUARDED(opsin_regions, regions);
    GUARDED(opsin_depth, depth);
    switch (task) {
    case OPSIN_TASK_CLASSIFY:
        COMES_OUT(classes, opsin_result_classes(result, &classes.s));
        CHECK(classes.s.count == 5 && strcmp(classes.s.label[0], "Egyptian cat") == 0);
        break;
    case OPSIN_TASK_DETECT:
        COMES_OUT(objects, opsin_result_detections(result, &objects.s));
        CHECK(objects.s.count >= 1 && strcmp(objects.s.label[0], "cat") == 0 && objects.s.box[2] > objects.s.box[0]);
        break;
    case OPSIN_TASK_SEGMENT:
        COMES_OUT(mask, opsin_result_mask(result, &mask.s));
        COMES_OUT(segments, opsin_result_segments(result, &segments.s));
        COMES_OUT(regions, opsin_result_regions(result, &regions.s));
        CHECK(mask.s.width == 451 && mask.s.height == 300 && strcmp(segments.s.label[0], "cat") == 0 && regions.s.count >= 1);
        break;
    default:
        COMES_OUT(depth, opsin_result_depth(result, &depth.s));
        CHECK(depth.s.width == 451 && depth.s.height == 300 && depth.s.min < depth.s.max);
    }
}

/* The same run in three steps: tensors and a geometry out of one call and into the next. */
static void steps(opsin_session *session, const opsin_image *photo, int32_t task) {
    opsin_input *input = NULL;
    opsin_result *outputs = NULL, *result = NULL;
    GIVES(OPSIN_OK, opsin_preprocess(session, photo, &input));
    GUARDED(opsin_tensor, pixels);
    GUARDED(opsin_geometry, geometry);
    COMES_OUT(pixels, opsin_input_tensor(input, 0, &pixels.s));
    COMES_OUT(geometry, opsin_input_geometry(input, &geometry.s));
    REFUSES_NEWER(pixels.s, opsin_run_tensors(session, &pixels.s, 1, &outputs));
    GIVES(OPSIN_OK, opsin_run_tensors(session, &pixels.s, 1, &outputs));
    /* An array: the library steps by the caller's size. */
    opsin_tensor found[8];
    uint32_t count = opsin_result_tensor_count(outputs);
    CHECK(count >= 1 && count <= 8);
    for (uint32_t i = 0; i < count && i < 8; i++) {
        opsin_tensor_init(&found[i], (uint32_t)sizeof found[i]);
        GIVES(OPSIN_OK, opsin_result_tensor(outputs, i, &found[i]));
    }
    REFUSES_NEWER(geometry.s, opsin_postprocess(session, found, count, &geometry.s, &result));
    GIVES(OPSIN_OK, opsin_postprocess(session, found, count, &geometry.s, &result));
    CHECK(opsin_result_task(result) == task);
    opsin_result_release(result);
    opsin_result_release(outputs);
    opsin_input_release(input);
}

static void draw(const opsin_result *result) {
    static unsigned char pixels[300 * 451 * 3];
    GUARDED(opsin_canvas, canvas);
    GUARDED(opsin_draw_options, options);
    canvas.s.format = OPSIN_FORMAT_RGB8;
    canvas.s.width = 451;
    canvas.s.height = 300;
    canvas.s.data = pixels;
    REFUSES_NEWER(canvas.s, opsin_result_draw(result, &options.s, &canvas.s));
    REFUSES_NEWER(options.s, opsin_result_draw(result, &options.s, &canvas.s));
    memset(pixels, 0, sizeof pixels);
    GIVES(OPSIN_OK, opsin_result_draw(result, &options.s, &canvas.s));
    int drawn = 0;
    for (size_t i = 0; i < sizeof pixels; i++) drawn |= pixels[i];
    CHECK(drawn != 0);
    INTACT(canvas);
    INTACT(options);
}

/* Structs of functions that need more than a photo: what is said of their size comes before everything else. */
static void others(opsin_runtime *runtime, opsin_session *session) {
    opsin_model *model = NULL;
    opsin_stream *stream = NULL;
    opsin_buffer *buffer = NULL;
    opsin_runtime *shared = NULL;
    GUARDED(opsin_model_files, files);
    REFUSES_NEWER(files.s, opsin_model_open_memory(runtime, &files.s, NULL, &model));
    FAILS(OPSIN_E_ARGUMENT, opsin_model_open_memory(runtime, &files.s, NULL, &model));
    INTACT(files);
    GUARDED(opsin_stream_options, stream_options);
    REFUSES_NEWER(stream_options.s, opsin_stream_create(session, &stream_options.s, &stream));
    INTACT(stream_options);
    GUARDED(opsin_stream_stats, stats);
    FAILS(OPSIN_E_ARGUMENT, opsin_stream_stats_get(NULL, &stats.s));
    INTACT(stats);
    GUARDED(opsin_buffer_source, source);
    REFUSES_NEWER(source.s, opsin_buffer_import(runtime, &source.s, &buffer));
    INTACT(source);
    GUARDED(opsin_vulkan_handles, handles);
    REFUSES_NEWER(handles.s, opsin_runtime_create_from_vulkan(&handles.s, NULL, &shared));
    INTACT(handles);
    (void)session, (void)stream, (void)buffer, (void)shared;
}

int main(int argc, char **argv) {
    static const int32_t tasks[] = {OPSIN_TASK_CLASSIFY, OPSIN_TASK_DETECT, OPSIN_TASK_SEGMENT, OPSIN_TASK_DEPTH};
    opsin_picture *picture = NULL;
    if (argc != 2) return 2;
    /* A library is as new as the program or newer; the synthetic header of the days to come keeps today's number. */
    CHECK(opsin_abi_version() >= OPSIN_ABI_VERSION);
    devices();
    opsin_runtime *runtime = runtime_of();
    GUARDED(opsin_decode_options, decoding);
    REFUSES_NEWER(decoding.s, opsin_picture_decode_file(argv[1], &decoding.s, &picture));
    GIVES(OPSIN_OK, opsin_picture_decode_file(argv[1], &decoding.s, &picture));
    INTACT(decoding);
    GUARDED(opsin_image, photo);
    COMES_OUT(photo, opsin_picture_view(picture, &photo.s));
    for (int row = 0; row < 4; row++) {
        opsin_result *result = NULL;
        opsin_session *session = session_of(runtime, tasks[row]);
        REFUSES_NEWER(photo.s, opsin_run(session, &photo.s, &result));
        GIVES(OPSIN_OK, opsin_run(session, &photo.s, &result));
        answers(result, tasks[row]);
        steps(session, &photo.s, tasks[row]);
        draw(result);
        if (row == 0) others(runtime, session);
        opsin_result_release(result);
        opsin_session_release(session);
    }
    opsin_picture_release(picture);
    opsin_runtime_release(runtime);
    printf("%d checks, %d failed\n", checks_made, checks_failed);
    return checks_failed != 0;
}
