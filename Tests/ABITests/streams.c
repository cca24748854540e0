/* Streams: order, all three ways to drop, waiting and looking, release under somebody's feet, a forked child.
 *
 * Arguments: the folder of a classifier, a photo of an Egyptian cat, the folder of a depth network. */
#define _DEFAULT_SOURCE
#include "sessions.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { frames = 24 };

static opsin_session *session;
static opsin_image photo, gray;
static double photo_score, gray_score;

static double score_of(const opsin_image *image) {
    opsin_result *result = NULL;
    GIVES(OPSIN_OK, opsin_run(session, image, &result));
    const double score = best_score(result, NULL, 0);
    opsin_result_release(result);
    return score;
}

static opsin_stream *opened(uint32_t depth, int32_t drop, uint32_t in_flight, uint32_t flags) {
    opsin_stream *stream = NULL;
    opsin_stream_options options;
    opsin_stream_options_init(&options, sizeof options);
    options.queue_depth = depth;
    options.drop = drop;
    options.in_flight = in_flight;
    options.flags = flags;
    GIVES(OPSIN_OK, opsin_stream_create(session, &options, &stream));
    return stream;
}

/* Frame i is the photo, every third one the gray picture; its time stamp is i. The caller's pixels may change at once. */
static opsin_status push(opsin_stream *stream, int i) {
    opsin_image frame = i % 3 == 2 ? gray : photo;
    frame.timestamp_us = i;
    return opsin_stream_push(stream, &frame);
}

static int frame_of(opsin_result *result) {
    const int i = (int)opsin_result_timestamp_us(result);
    CHECK(opsin_result_status(result) == OPSIN_OK && best_score(result, NULL, 0) == (i % 3 == 2 ? gray_score : photo_score));
    opsin_result_release(result);
    return i;
}

static opsin_stream_stats stats_of(opsin_stream *stream) {
    opsin_stream_stats stats;
    opsin_stream_stats_init(&stats, sizeof stats);
    GIVES(OPSIN_OK, opsin_stream_stats_get(stream, &stats));
    return stats;
}

static void *push_all(void *stream) {
    for (int i = 0; i < frames; i++) GIVES(OPSIN_OK, push(stream, i));
    return NULL;
}

static void every_frame_in_order(uint32_t in_flight) {
    opsin_stream *stream = opened(2, OPSIN_DROP_NOTHING, in_flight, 0);
    opsin_result *result = (opsin_result *)&stream;
    CHECK(opsin_stream_poll(stream, -1, &result) == OPSIN_PENDING && result == NULL); /* no frame is under way */
    FAILS(OPSIN_E_BUSY, opsin_run(session, &photo, &result));
    opsin_request *request = NULL;
    FAILS(OPSIN_E_BUSY, opsin_submit(session, &photo, 0, NULL, NULL, &request));
    opsin_stream *second = NULL;
    FAILS(OPSIN_E_BUSY, opsin_stream_create(session, NULL, &second));
    pthread_t pusher;
    pthread_create(&pusher, NULL, push_all, stream);
    for (int i = 0; i < frames; i++) {
        GIVES(OPSIN_OK, opsin_stream_poll(stream, 60000000, &result));
        CHECK(frame_of(result) == i);
    }
    pthread_join(pusher, NULL);
    GIVES(OPSIN_OK, opsin_stream_flush(stream, 0));
    const opsin_stream_stats stats = stats_of(stream);
    CHECK(stats.pushed == frames && stats.done == frames && stats.dropped == 0 && stats.failed == 0 && stats.waiting == 0);
    CHECK(stats.latency_ms > 0 && stats.per_second > 0);
    CHECK(opsin_stream_poll(stream, 1000, &result) == OPSIN_PENDING);
    opsin_stream_release(stream);
    FAILS(OPSIN_E_ARGUMENT, push(stream, 0));
    CHECK(score_of(&photo) == photo_score); /* the session is free again */
}

static void unordered(void) {
    opsin_stream *stream = opened(frames, OPSIN_DROP_NOTHING, 3, OPSIN_STREAM_UNORDERED);
    for (int i = 0; i < frames; i++) GIVES(OPSIN_OK, push(stream, i));
    CHECK(opsin_stream_flush(stream, 0) == OPSIN_PENDING && opsin_stream_flush(stream, 1) == OPSIN_PENDING);
    GIVES(OPSIN_OK, opsin_stream_flush(stream, -1));
    int seen[frames] = {0};
    opsin_result *result = NULL;
    while (opsin_stream_poll(stream, 0, &result) == OPSIN_OK) seen[frame_of(result)]++;
    for (int i = 0; i < frames; i++) CHECK(seen[i] == 1);
    opsin_stream_release(stream);
}

static void dropping(int32_t drop) {
    opsin_stream *stream = opened(3, drop, 2, 0);
    int refused = 0, first = -1, last = -1, count = 0;
    for (int i = 0; i < frames; i++) {
        const opsin_status status = push(stream, i);
        CHECK(status == OPSIN_OK || (drop == OPSIN_DROP_NEWEST && status == OPSIN_PENDING));
        refused += status == OPSIN_PENDING;
    }
    GIVES(OPSIN_OK, opsin_stream_flush(stream, -1));
    opsin_result *result = NULL;
    while (opsin_stream_poll(stream, -1, &result) == OPSIN_OK) {
        const int i = frame_of(result);
        CHECK(i > last);
        if (first < 0) first = i;
        last = i;
        count++;
    }
    const opsin_stream_stats stats = stats_of(stream);
    CHECK(stats.pushed == frames && stats.done == (uint64_t)count && stats.done + stats.dropped == frames && stats.dropped > 0);
    CHECK(drop == OPSIN_DROP_NEWEST ? first == 0 && (uint64_t)refused == stats.dropped : last == frames - 1 && refused == 0);
    opsin_stream_release(stream);
}

/* A frame that cannot be answered is a result that says why, in its place. The model keeps an image's aspect: a line would become too long. */
static void failing_frames(opsin_runtime *runtime, const char *folder) {
    opsin_model *model = NULL;
    opsin_session *narrow = NULL;
    opsin_stream *stream = NULL;
    opsin_result *result = NULL;
    GIVES(OPSIN_OK, opsin_model_open(runtime, folder, NULL, &model));
    GIVES(OPSIN_OK, opsin_session_create(model, NULL, &narrow));
    GIVES(OPSIN_OK, opsin_stream_create(narrow, NULL, &stream));
    static unsigned char line[60000];
    opsin_image thin;
    opsin_image_init(&thin, sizeof thin);
    thin.format = OPSIN_FORMAT_GRAY8;
    thin.width = (int32_t)sizeof line;
    thin.height = 1;
    thin.data = line;
    for (int i = 0; i < 3; i++) {
        thin.timestamp_us = i;
        GIVES(OPSIN_OK, opsin_stream_push(stream, &thin));
    }
    thin.width = 0;
    FAILS(OPSIN_E_ARGUMENT, opsin_stream_push(stream, &thin));
    for (int i = 0; i < 3; i++) {
        GIVES(OPSIN_OK, opsin_stream_poll(stream, -1, &result));
        CHECK(opsin_result_status(result) != OPSIN_OK && opsin_result_timestamp_us(result) == i && strstr(opsin_result_error(result), "60000 x 1"));
        opsin_result_release(result);
    }
    CHECK(stats_of(stream).failed == 3 && stats_of(stream).done == 0);
    opsin_stream_release(stream);
    opsin_session_release(narrow);
    opsin_model_release(model);
}

static opsin_status blocked_status;

static void *push_until_released(void *stream) {
    do blocked_status = push(stream, 0);
    while (blocked_status == OPSIN_OK);
    return NULL;
}

static void *poll_until_released(void *stream) {
    opsin_status status = OPSIN_OK;
    do {
        opsin_result *result = NULL;
        status = opsin_stream_poll(stream, 60000000, &result);
        opsin_result_release(result);
    } while (status == OPSIN_OK);
    CHECK(status == OPSIN_E_CANCELLED || status == OPSIN_E_ARGUMENT);
    return NULL;
}

static void released_in_use(void) {
    for (int round = 0; round < 4; round++) {
        opsin_stream *stream = opened(1, OPSIN_DROP_NOTHING, 2, 0);
        pthread_t pusher, poller;
        pthread_create(&pusher, NULL, push_until_released, stream);
        if (round % 2) pthread_create(&poller, NULL, poll_until_released, stream);
        usleep(15000);
        opsin_stream_release(stream);
        pthread_join(pusher, NULL);
        if (round % 2) pthread_join(poller, NULL);
        CHECK(blocked_status == OPSIN_E_CANCELLED || blocked_status == OPSIN_E_ARGUMENT);
        opsin_stream_release(stream);
        CHECK(score_of(&photo) == photo_score);
    }
}

static void forked(void) {
    opsin_stream *stream = opened(4, OPSIN_DROP_NOTHING, 2, 0);
    GIVES(OPSIN_OK, push(stream, 0));
    const pid_t child = fork();
    if (child == 0) {
        alarm(5);
        opsin_result *none = NULL;
        const int good = push(stream, 1) == OPSIN_E_STATE && opsin_stream_poll(stream, -1, &none) == OPSIN_E_STATE
            && opsin_stream_flush(stream, -1) == OPSIN_E_STATE && strstr(opsin_last_error(), "fork");
        opsin_stream_release(stream);
        _exit(good ? 0 : 1);
    }
    CHECK(ended_well(child));
    GIVES(OPSIN_OK, opsin_stream_flush(stream, -1));
    opsin_stream_release(stream);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_picture *picture = NULL;
    GIVES(OPSIN_OK, opsin_runtime_create(NULL, &runtime));
    GIVES(OPSIN_OK, opsin_model_open(runtime, argv[1], NULL, &model));
    GIVES(OPSIN_OK, opsin_session_create(model, NULL, &session));
    GIVES(OPSIN_OK, opsin_picture_decode_file(argv[2], NULL, &picture));
    opsin_image_init(&photo, sizeof photo);
    GIVES(OPSIN_OK, opsin_picture_view(picture, &photo));
    static unsigned char samples[64 * 48];
    for (size_t i = 0; i < sizeof samples; i++) samples[i] = (unsigned char)(i * 7);
    opsin_image_init(&gray, sizeof gray);
    gray.format = OPSIN_FORMAT_GRAY8;
    gray.width = 64;
    gray.height = 48;
    gray.data = samples;
    photo_score = score_of(&photo);
    gray_score = score_of(&gray);
    CHECK(photo_score != gray_score);

    opsin_stream *none = NULL;
    opsin_stream_options options;
    opsin_stream_options_init(&options, sizeof options);
    options.drop = 7;
    FAILS(OPSIN_E_ARGUMENT, opsin_stream_create(session, &options, &none));
    options.drop = 0;
    options.in_flight = 17;
    FAILS(OPSIN_E_ARGUMENT, opsin_stream_create(session, &options, &none));
    options.in_flight = 0;
    options.queue_depth = 1025;
    FAILS(OPSIN_E_ARGUMENT, opsin_stream_create(session, &options, &none));
    CHECK(none == NULL);

    every_frame_in_order(1);
    every_frame_in_order(2);
    every_frame_in_order(5);
    unordered();
    dropping(OPSIN_DROP_OLDEST);
    dropping(OPSIN_DROP_NEWEST);
    failing_frames(runtime, argv[3]);
    released_in_use();
    forked();

    /* The stream keeps what it needs; waiting frames are dropped at its end. */
    opsin_stream *stream = opened(8, OPSIN_DROP_NOTHING, 2, 0);
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    for (int i = 0; i < 8; i++) GIVES(OPSIN_OK, push(stream, i));
    opsin_stream_release(stream);
    opsin_picture_release(picture);
    printf("streams.c: %d checks, %d failed\n", checks_made, checks_failed);
    return checks_failed ? 1 : 0;
}
