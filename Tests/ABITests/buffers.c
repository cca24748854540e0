/* Shared memory: a picture and a tensor in it give what they give in plain memory, refusals say why, releases wait.
 *
 * Arguments: the folder of a classifier, a photo of an Egyptian cat, the device. Exits with 77 where the device is not there. */
#define _DEFAULT_SOURCE
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static opsin_session *session;
static opsin_tensor plain;
static const float *wanted;

/* The model's first output. */
static opsin_result *logits_of(const opsin_tensor *input, opsin_tensor *output) {
    opsin_result *result = NULL;
    GIVES(OPSIN_OK, opsin_run_tensors(session, input, 1, &result));
    opsin_tensor_init(output, sizeof *output);
    GIVES(OPSIN_OK, opsin_result_tensor_named(result, "logits", output));
    return result;
}

static opsin_status import(opsin_runtime *runtime, int32_t kind, void *handle, int32_t fd, uint64_t bytes, opsin_buffer **buffer) {
    opsin_buffer_source source;
    opsin_buffer_source_init(&source, sizeof source);
    source.kind = kind;
    source.handle = handle;
    source.fd = fd;
    source.byte_count = bytes;
    return opsin_buffer_import(runtime, &source, buffer);
}

/* The tensor at that place of the buffer gives the bits that it gives from plain memory. */
static void tensor_gives_the_same(opsin_buffer *buffer, uint64_t offset) {
    opsin_tensor shared = plain, output;
    shared.data = NULL;
    shared.buffer = buffer;
    shared.buffer_offset = offset;
    opsin_result *result = logits_of(&shared, &output);
    CHECK(output.byte_count > 0 && memcmp(output.data, wanted, output.byte_count) == 0);
    opsin_result_release(result);
    result = NULL;
    shared.buffer_offset = offset + 4;
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &shared, 1, &result));
    CHECK(strstr(opsin_last_error(), "multiple of 16"));
    shared.buffer_offset = 1u << 30;
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &shared, 1, &result));
    shared.buffer_offset = offset;
    shared.data = &shared;
    FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &shared, 1, &result));
    CHECK(result == NULL);
}

static void picture_gives_the_same(opsin_buffer *buffer, const opsin_image *photo, const char *expected) {
    opsin_image shared = *photo;
    shared.data = NULL;
    shared.buffer = buffer;
    shared.buffer_offset = 3;
    opsin_result *result = NULL;
    const char *json = NULL;
    GIVES(OPSIN_OK, opsin_run(session, &shared, &result));
    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    GIVES(OPSIN_OK, opsin_result_classes(result, &classes));
    CHECK(classes.count > 0 && strcmp(classes.label[0], expected) == 0);
    opsin_result_release(result);
    shared.buffer_offset = 1u << 30;
    FAILS(OPSIN_E_ARGUMENT, opsin_run(session, &shared, &result));
    (void)json;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_picture *picture = NULL;
    opsin_input *input = NULL;
    opsin_buffer *buffer = NULL;
    opsin_runtime_options options;
    opsin_runtime_options_init(&options, sizeof options);
    options.device = argv[3];
    options.flags = OPSIN_RUNTIME_NO_CPU_FALLBACK;
    if (opsin_runtime_create(&options, &runtime) != OPSIN_OK) {
        printf("buffers.c: skipped: %s\n", opsin_last_error());
        return 77;
    }
    const int on_gpu = strncmp(argv[3], "vulkan", 6) == 0;
    GIVES(OPSIN_OK, opsin_model_open(runtime, argv[1], NULL, &model));
    GIVES(OPSIN_OK, opsin_session_create(model, NULL, &session));
    GIVES(OPSIN_OK, opsin_picture_decode_file(argv[2], NULL, &picture));
    opsin_image photo;
    opsin_image_init(&photo, sizeof photo);
    GIVES(OPSIN_OK, opsin_picture_view(picture, &photo));
    GIVES(OPSIN_OK, opsin_preprocess(session, &photo, &input));
    opsin_tensor_init(&plain, sizeof plain);
    GIVES(OPSIN_OK, opsin_input_tensor(input, 0, &plain));
    /* In NHWC, as the device stores it. */
    const size_t count = plain.byte_count / 4;
    float *values = malloc(plain.byte_count);
    if (plain.layout == OPSIN_LAYOUT_NCHW) {
        const size_t height = (size_t)plain.dims[2], width = (size_t)plain.dims[3];
        for (size_t i = 0; i < count; i++) values[i % (height * width) * 3 + i / (height * width)] = ((const float *)plain.data)[i];
        plain.layout = OPSIN_LAYOUT_NHWC;
        plain.dims[1] = (int64_t)height, plain.dims[2] = (int64_t)width, plain.dims[3] = 3;
    } else {
        memcpy(values, plain.data, plain.byte_count);
    }
    plain.data = values;
    opsin_tensor output;
    opsin_result *first = logits_of(&plain, &output);
    wanted = output.data;

    /* Host memory, whole pages. */
    const uint64_t bytes = (plain.byte_count + 4096 + 4095) / 4096 * 4096;
    unsigned char *memory = NULL;
    if (posix_memalign((void **)&memory, 4096, bytes)) return 2;
    memset(memory, 0, bytes);
    FAILS(OPSIN_E_ARGUMENT, import(runtime, OPSIN_BUFFER_HOST, memory + 16, 0, 4096, &buffer));
    FAILS(OPSIN_E_ARGUMENT, import(runtime, OPSIN_BUFFER_HOST, NULL, 0, 4096, &buffer));
    FAILS(OPSIN_E_ARGUMENT, import(runtime, OPSIN_BUFFER_HOST, memory, 0, 0, &buffer));
    FAILS(OPSIN_E_ARGUMENT, import(runtime, 9, memory, 0, 4096, &buffer));
    FAILS(OPSIN_E_UNSUPPORTED, import(runtime, OPSIN_BUFFER_VULKAN, memory, 0, 4096, &buffer));
    CHECK(buffer == NULL);
    const opsin_status hosted = import(runtime, OPSIN_BUFFER_HOST, memory, 0, bytes, &buffer);
    CHECK(hosted == OPSIN_OK || (on_gpu && hosted == OPSIN_E_UNSUPPORTED));
    if (hosted == OPSIN_OK) {
        /* What is written after the import counts: nothing was copied. */
        memcpy(memory + 64, values, plain.byte_count);
        tensor_gives_the_same(buffer, 64);
        memcpy(memory + 3, photo.data, (size_t)photo.width * (size_t)photo.height * 3);
        picture_gives_the_same(buffer, &photo, "Egyptian cat");
        opsin_buffer *again = buffer;
        opsin_buffer_release(buffer);
        opsin_tensor gone = plain;
        gone.data = NULL;
        gone.buffer = again;
        opsin_result *none = NULL;
        FAILS(OPSIN_E_ARGUMENT, opsin_run_tensors(session, &gone, 1, &none));
        buffer = NULL;
    }

    /* Descriptors: what one runtime exports another imports. */
    int32_t fd = 5;
    FAILS(OPSIN_E_ARGUMENT, opsin_buffer_export(runtime, OPSIN_BUFFER_HOST, 4096, &buffer, &fd));
    CHECK(fd == -1 && buffer == NULL);
    FAILS(OPSIN_E_ARGUMENT, import(runtime, OPSIN_BUFFER_OPAQUE_FD, NULL, -1, 4096, &buffer));
    const int kinds[] = {OPSIN_BUFFER_OPAQUE_FD, OPSIN_BUFFER_DMA_BUF};
    int exported = 0;
    for (int i = 0; i < 2; i++) {
        fd = 5;
        const opsin_status status = opsin_buffer_export(runtime, kinds[i], bytes, &buffer, &fd);
        CHECK(status == OPSIN_OK || (status == OPSIN_E_UNSUPPORTED && fd == -1 && buffer == NULL));
        if (!on_gpu) CHECK(status == OPSIN_E_UNSUPPORTED);
        if (status != OPSIN_OK) continue;
        exported++;
        CHECK(fd >= 0 && fcntl(fd, F_GETFD) >= 0);
        opsin_runtime *other = NULL;
        opsin_buffer *imported = NULL;
        GIVES(OPSIN_OK, opsin_runtime_create(&options, &other));
        GIVES(OPSIN_OK, import(other, kinds[i], NULL, fd, bytes, &imported));
        CHECK(fcntl(fd, F_GETFD) < 0); /* it belongs to the library now */
        opsin_buffer_release(imported);
        opsin_runtime_release(other);
        opsin_buffer_release(buffer);
        buffer = NULL;
    }
    FAILS(on_gpu ? OPSIN_E_ARGUMENT : OPSIN_E_UNSUPPORTED, import(runtime, OPSIN_BUFFER_OPAQUE_FD, NULL, 999, 4096, &buffer) == OPSIN_E_UNSUPPORTED && on_gpu
        ? OPSIN_E_ARGUMENT : import(runtime, OPSIN_BUFFER_OPAQUE_FD, NULL, 999, 4096, &buffer));

    opsin_result_release(first);
    opsin_input_release(input);
    opsin_picture_release(picture);
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    free(values);
    free(memory);
    printf("buffers.c on %s: %d checks, %d failed, host memory %s, %d kinds of descriptors\n", argv[3], checks_made, checks_failed,
        opsin_status_name(hosted), exported);
    return checks_failed ? 1 : 0;
}
