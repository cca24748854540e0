/* A live camera: the newest frame counts, older ones that wait are dropped, and the program never waits for the model.
 *
 *     cc camera.c -lopsin -lpthread -o camera && ./camera cat.jpg
 *
 * A photo stands in for the camera: it is shown 60 times, every 5 ms. */
#define _POSIX_C_SOURCE 200809L
#include <opsin.h>
#include <stdio.h>
#include <time.h>

static void say(const opsin_result *result) {
    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    if (opsin_result_status(result) != OPSIN_OK) {
        printf("frame %lld failed: %s\n", (long long)opsin_result_timestamp_us(result), opsin_result_error(result));
    } else if (opsin_result_classes(result, &classes) == OPSIN_OK && classes.count > 0) {
        printf("frame %lld: %s\n", (long long)opsin_result_timestamp_us(result), classes.label[0]);
    }
}

int main(int argc, char **argv) {
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_session *session = NULL;
    opsin_picture *picture = NULL;
    opsin_stream *stream = NULL;
    opsin_result *result = NULL;
    opsin_stream_options options;
    opsin_stream_options_init(&options, sizeof options);
    options.drop = OPSIN_DROP_OLDEST;
    options.queue_depth = 1;
    opsin_image frame;
    opsin_image_init(&frame, sizeof frame);
    int ok = opsin_runtime_create(NULL, &runtime) == OPSIN_OK
        && opsin_model_open_default(runtime, OPSIN_TASK_CLASSIFY, NULL, &model) == OPSIN_OK
        && opsin_session_create(model, NULL, &session) == OPSIN_OK
        && opsin_picture_decode_file(argc > 1 ? argv[1] : "cat.jpg", NULL, &picture) == OPSIN_OK
        && opsin_picture_view(picture, &frame) == OPSIN_OK
        && opsin_stream_create(session, &options, &stream) == OPSIN_OK;

    for (int i = 0; ok && i < 60; i++) {
        const struct timespec exposure = {0, 5000000};
        nanosleep(&exposure, NULL);
        frame.timestamp_us = i; /* comes back with the result */
        ok = opsin_stream_push(stream, &frame) == OPSIN_OK;
        while (ok && opsin_stream_poll(stream, 0, &result) == OPSIN_OK) {
            say(result);
            opsin_result_release(result);
        }
    }
    /* What is still under way. */
    while (ok && opsin_stream_poll(stream, -1, &result) == OPSIN_OK) {
        say(result);
        opsin_result_release(result);
    }
    opsin_stream_stats stats;
    opsin_stream_stats_init(&stats, sizeof stats);
    if (ok && opsin_stream_stats_get(stream, &stats) == OPSIN_OK) {
        printf("%llu frames: %llu answered, %llu dropped; %.1f ms from frame to answer\n", (unsigned long long)stats.pushed, (unsigned long long)stats.done,
            (unsigned long long)stats.dropped, stats.latency_ms);
    }
    if (!ok) fprintf(stderr, "%s\n", opsin_last_error());
    opsin_stream_release(stream);
    opsin_picture_release(picture);
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    return ok ? 0 : 1;
}
