/* How many frames a second go through blocking calls, one stream, and several: rounds of all in turn, the best of each, so that a busy machine harms all alike.
 *
 *     cc -O2 -Iinclude Benchmarks/streams.c -o streams -L.build/release -lopsin -lpthread
 *     ./streams MODEL PHOTO [DEVICE [STREAMS [ROUNDS [SECONDS]]]]
 *
 * Frames are decoded pixels; DEVICE is cpu, STREAMS 4, ROUNDS 5, SECONDS 1. */
#define _DEFAULT_SOURCE
#include <opsin.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { most = 16, ways = 5 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void good(opsin_status status, const char *what) {
    if (status >= 0) return;
    fprintf(stderr, "streams: %s: %s\n", what, opsin_last_error());
    exit(1);
}

static double calls(opsin_session *session, const opsin_image *photo, double seconds) {
    const double start = now();
    int done = 0;
    while (now() - start < seconds) {
        opsin_result *result = NULL;
        good(opsin_run(session, photo, &result), "run");
        opsin_result_release(result);
        done++;
    }
    return done / (now() - start);
}

/* Frames a second of `count` streams that are never idle. */
static double streams(opsin_session **sessions, int count, uint32_t in_flight, const opsin_image *photo, double seconds) {
    opsin_stream *open[most];
    opsin_stream_options options;
    opsin_stream_options_init(&options, sizeof options);
    options.in_flight = in_flight;
    options.drop = OPSIN_DROP_NEWEST;
    int done = 0;
    for (int i = 0; i < count; i++) {
        good(opsin_stream_create(sessions[i], &options, &open[i]), "stream");
        for (uint32_t k = 0; k < 2 * in_flight; k++) good(opsin_stream_push(open[i], photo), "push"); /* plans are made before the clock starts */
        good(opsin_stream_flush(open[i], -1), "flush");
    }
    const double start = now();
    while (now() - start < seconds) {
        for (int i = 0; i < count; i++) {
            while (opsin_stream_push(open[i], photo) == OPSIN_OK) continue;
            opsin_result *result = NULL;
            while (opsin_stream_poll(open[i], count == 1 ? 2000 : 500, &result) == OPSIN_OK) {
                opsin_result_release(result);
                done++;
                opsin_stream_push(open[i], photo);
            }
        }
    }
    const double rate = done / (now() - start);
    for (int i = 0; i < count; i++) opsin_stream_release(open[i]);
    return rate;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    const char *device = argc > 3 ? argv[3] : "cpu";
    const int count = argc > 4 ? atoi(argv[4]) : 4, rounds = argc > 5 ? atoi(argv[5]) : 5;
    const double seconds = argc > 6 ? atof(argv[6]) : 1;
    if (count < 1 || count > most) return 2;
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_picture *picture = NULL;
    opsin_session *sessions[most];
    opsin_runtime_options options;
    opsin_runtime_options_init(&options, sizeof options);
    options.device = device;
    good(opsin_runtime_create(&options, &runtime), device);
    good(opsin_model_open(runtime, argv[1], NULL, &model), argv[1]);
    good(opsin_picture_decode_file(argv[2], NULL, &picture), argv[2]);
    opsin_image photo;
    opsin_image_init(&photo, sizeof photo);
    good(opsin_picture_view(picture, &photo), "view");
    for (int i = 0; i < count; i++) good(opsin_session_create(model, NULL, &sessions[i]), "session");
    calls(sessions[0], &photo, 0.2);

    const char *names[ways] = {"blocking calls", "1 stream, 1 in flight", "1 stream, 2 in flight", "streams, 1 in flight", "streams, 2 in flight"};
    double best[ways] = {0};
    for (int round = 0; round < rounds; round++) {
        const double rates[ways] = {
            calls(sessions[0], &photo, seconds), streams(sessions, 1, 1, &photo, seconds), streams(sessions, 1, 2, &photo, seconds),
            streams(sessions, count, 1, &photo, seconds), streams(sessions, count, 2, &photo, seconds)};
        for (int way = 0; way < ways; way++) best[way] = rates[way] > best[way] ? rates[way] : best[way];
    }
    for (int way = 0; way < ways; way++) {
        char name[64];
        if (way < 3) snprintf(name, sizeof name, "%s", names[way]);
        else snprintf(name, sizeof name, "%d %s", count, names[way]);
        printf("%-26s %8.1f a second  %.2fx\n", name, best[way], best[way] / best[0]);
    }
    for (int i = 0; i < count; i++) opsin_session_release(sessions[i]);
    opsin_picture_release(picture);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    return 0;
}
