/* Requests: order, cancelling at every moment, callbacks that do everything they may, handles released while they run, a forked child.
 *
 * Arguments: the folder of a classifier, a photo of an Egyptian cat. */
#define _POSIX_C_SOURCE 200809L
#include "sessions.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { many = 24, racing = 2000 };

static opsin_session *session;
static opsin_image photo;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* What callbacks leave. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t main_thread;
static int calls, out_of_order, last_index = -1, on_main_thread;

static void count_call(void *user, opsin_request *request) {
    const int index = user ? *(const int *)user : -1;
    const opsin_status status = opsin_request_status(request);
    pthread_mutex_lock(&lock);
    calls++;
    if (status == OPSIN_OK && index >= 0) {
        if (index < last_index) out_of_order++;
        last_index = index;
    }
    if (pthread_equal(pthread_self(), main_thread)) on_main_thread++;
    pthread_mutex_unlock(&lock);
}

static int called(void) {
    pthread_mutex_lock(&lock);
    const int count = calls;
    pthread_mutex_unlock(&lock);
    return count;
}

/* Callbacks come a little after the end. */
static int called_within(int count, double limit) {
    const double end = seconds() + limit;
    const struct timespec pause = {0, 1000000};
    while (called() < count && seconds() < end) nanosleep(&pause, NULL);
    nanosleep(&pause, NULL);
    return called() == count;
}

static void one_request(double want) {
    opsin_request *request = NULL;
    opsin_result *result = NULL, *again = NULL;
    char label[64];
    photo.timestamp_us = 42;
    GIVES(OPSIN_OK, opsin_submit(session, &photo, 0, NULL, NULL, &request));
    FAILS(OPSIN_E_BUSY, opsin_run(session, &photo, &result));
    FAILS(OPSIN_E_BUSY, opsin_session_warmup(session, 1));
    GIVES(OPSIN_OK, opsin_request_wait(request, -1));
    CHECK(opsin_request_status(request) == OPSIN_OK && opsin_request_error(request)[0] == 0);
    GIVES(OPSIN_OK, opsin_request_cancel(request)); /* one that is done stays as it is */
    GIVES(OPSIN_OK, opsin_request_take_result(request, &result));
    FAILS(OPSIN_E_STATE, opsin_request_take_result(request, &again));
    CHECK(again == NULL && best_score(result, label, sizeof label) == want && strstr(label, "Egyptian cat"));
    CHECK(opsin_result_timestamp_us(result) == 42);
    opsin_request_release(request);
    FAILS(OPSIN_E_ARGUMENT, opsin_request_wait(request, 0));
    opsin_result_release(result);
    /* The session is free at once. */
    GIVES(OPSIN_OK, opsin_run(session, &photo, &result));
    opsin_result_release(result);
    photo.timestamp_us = 0;
}

static void copies(double want) {
    const size_t size = (size_t)photo.width * (size_t)photo.height * 3;
    unsigned char *pixels = malloc(size);
    memcpy(pixels, photo.data, size);
    opsin_image mine = photo;
    mine.data = pixels;
    mine.stride_bytes = 0;
    opsin_request *request = NULL;
    opsin_result *result = NULL;
    GIVES(OPSIN_OK, opsin_submit(session, &mine, OPSIN_SUBMIT_COPY, NULL, NULL, &request));
    memset(pixels, 0, size);
    free(pixels);
    GIVES(OPSIN_OK, opsin_request_wait(request, 60000000));
    GIVES(OPSIN_OK, opsin_request_take_result(request, &result));
    CHECK(best_score(result, NULL, 0) == want);
    opsin_result_release(result);
    opsin_request_release(request);
}

static void order_and_callbacks(void) {
    opsin_request *requests[many];
    int index[many];
    calls = 0, last_index = -1;
    for (int i = 0; i < many; i++) {
        index[i] = i;
        GIVES(OPSIN_OK, opsin_submit(session, &photo, i % 2 ? OPSIN_SUBMIT_COPY : 0, count_call, &index[i], &requests[i]));
    }
    CHECK(opsin_request_status(requests[many - 1]) == OPSIN_PENDING && opsin_request_wait(requests[many - 1], 1) == OPSIN_PENDING);
    opsin_result *none = (opsin_result *)requests;
    CHECK(opsin_request_take_result(requests[many - 1], &none) == OPSIN_PENDING && none == NULL);
    GIVES(OPSIN_OK, opsin_request_wait(requests[many - 1], -1));
    for (int i = 0; i < many; i++) {
        GIVES(OPSIN_OK, opsin_request_status(requests[i])); /* in order: all before the last are done */
        opsin_request_release(requests[i]);
    }
    CHECK(called_within(many, 10) && out_of_order == 0 && on_main_thread == 0);
}

static void cancelling(void) {
    opsin_request *requests[many];
    calls = 0, last_index = -1;
    for (int i = 0; i < many; i++) GIVES(OPSIN_OK, opsin_submit(session, &photo, 0, count_call, NULL, &requests[i]));
    /* What waits ends at once, long before its turn; the last one is sure to. */
    GIVES(OPSIN_OK, opsin_request_cancel(requests[many - 1]));
    FAILS(OPSIN_E_CANCELLED, opsin_request_status(requests[many - 1]));
    CHECK(strstr(opsin_request_error(requests[many - 1]), "cancelled") != NULL);
    opsin_result *none = NULL;
    FAILS(OPSIN_E_CANCELLED, opsin_request_take_result(requests[many - 1], &none));
    CHECK(opsin_request_status(requests[many - 2]) == OPSIN_PENDING);
    /* All others; one of them at most is running and ends within a run, too. How many were done before is the scheduler's affair. */
    for (int i = 0; i < many; i++) GIVES(OPSIN_OK, opsin_request_cancel(requests[i]));
    int pending = 0, cancelled = 0, done = 0;
    for (int i = 0; i < many; i++) pending += opsin_request_status(requests[i]) == OPSIN_PENDING;
    for (int i = 0; i < many; i++) {
        const opsin_status end = opsin_request_wait(requests[i], -1);
        cancelled += end == OPSIN_E_CANCELLED;
        done += end == OPSIN_OK;
        opsin_request_release(requests[i]);
    }
    CHECK(pending <= 1 && cancelled >= 2 && cancelled + done == many);
    CHECK(called_within(many, 10));
    opsin_result *result = NULL;
    GIVES(OPSIN_OK, opsin_run(session, &photo, &result));
    opsin_result_release(result);
}

/* Does in a callback what a callback may do: takes, submits, waits, releases. */
static int chain_left, chain_done;

static void chained(void *user, opsin_request *request) {
    opsin_result *result = NULL;
    const int good = opsin_request_take_result(request, &result) == OPSIN_OK;
    opsin_result_release(result);
    opsin_request_release(request);
    opsin_request *waited = NULL, *next = NULL;
    if (chain_left-- > 0 && good) {
        GIVES(OPSIN_OK, opsin_submit(session, &photo, 0, NULL, NULL, &waited));
        GIVES(OPSIN_OK, opsin_request_wait(waited, -1));
        opsin_request_release(waited);
        GIVES(OPSIN_OK, opsin_submit(session, &photo, 0, chained, user, &next));
        return;
    }
    pthread_mutex_lock(&lock);
    chain_done = 1;
    pthread_mutex_unlock(&lock);
}

static void callbacks_that_work(void) {
    opsin_request *first = NULL;
    chain_left = 3, chain_done = 0;
    GIVES(OPSIN_OK, opsin_submit(session, &photo, 0, chained, NULL, &first));
    const double end = seconds() + 20;
    int done = 0;
    const struct timespec pause = {0, 1000000};
    while (!done && seconds() < end) {
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&lock);
        done = chain_done;
        pthread_mutex_unlock(&lock);
    }
    CHECK(done && chain_left == -1);
}

/* One thread submits, another cancels: every callback comes once, whichever wins. */
static opsin_request *race[racing];
static int submitted;

static void *cancel_all(void *unused) {
    (void)unused;
    for (int i = 0; i < racing;) {
        pthread_mutex_lock(&lock);
        const int there = submitted;
        pthread_mutex_unlock(&lock);
        for (; i < there; i++) {
            if (i % 50 != 0) opsin_request_cancel(race[i]);
            if (i % 3 != 0) opsin_request_release(race[i]);
        }
    }
    return NULL;
}

static void cancel_races(void) {
    unsigned char gray[8 * 8] = {0};
    opsin_image small;
    opsin_image_init(&small, sizeof small);
    small.format = OPSIN_FORMAT_GRAY8;
    small.width = small.height = 8;
    small.data = gray;
    calls = 0, last_index = -1, submitted = 0;
    pthread_t other;
    pthread_create(&other, NULL, cancel_all, NULL);
    for (int i = 0; i < racing; i++) {
        GIVES(OPSIN_OK, opsin_submit(session, &small, 0, count_call, NULL, &race[i]));
        pthread_mutex_lock(&lock);
        submitted++;
        pthread_mutex_unlock(&lock);
    }
    pthread_join(other, NULL);
    int done = 0, cancelled = 0;
    for (int i = 0; i < racing; i += 3) {
        const opsin_status status = opsin_request_wait(race[i], -1);
        done += status == OPSIN_OK;
        cancelled += status == OPSIN_E_CANCELLED;
        opsin_request_release(race[i]);
    }
    CHECK(done + cancelled == (racing + 2) / 3 && done >= racing / 150 && cancelled > 0);
    CHECK(called_within(racing, 20));
}

/* A forked child has no thread that would do the work. */
static void forked(void) {
    opsin_request *request = NULL, *theirs = NULL;
    GIVES(OPSIN_OK, opsin_submit(session, &photo, 0, NULL, NULL, &request));
    const pid_t child = fork();
    if (child == 0) {
        alarm(5);
        const int good = opsin_submit(session, &photo, 0, NULL, NULL, &theirs) == OPSIN_E_STATE && opsin_request_wait(request, -1) == OPSIN_E_STATE
            && strstr(opsin_last_error(), "fork") && opsin_request_cancel(request) == OPSIN_OK;
        opsin_request_release(request);
        opsin_session_release(session);
        _exit(good ? 0 : 1);
    }
    CHECK(ended_well(child));
    GIVES(OPSIN_OK, opsin_request_wait(request, -1));
    opsin_request_release(request);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    main_thread = pthread_self();
    opsin_runtime *runtime = NULL;
    opsin_model *model = NULL;
    opsin_picture *picture = NULL;
    opsin_result *result = NULL;
    opsin_request *request = NULL;
    GIVES(OPSIN_OK, opsin_runtime_create(NULL, &runtime));
    GIVES(OPSIN_OK, opsin_model_open(runtime, argv[1], NULL, &model));
    GIVES(OPSIN_OK, opsin_session_create(model, NULL, &session));
    GIVES(OPSIN_OK, opsin_picture_decode_file(argv[2], NULL, &picture));
    opsin_image_init(&photo, sizeof photo);
    GIVES(OPSIN_OK, opsin_picture_view(picture, &photo));
    GIVES(OPSIN_OK, opsin_run(session, &photo, &result));
    const double want = best_score(result, NULL, 0);
    opsin_result_release(result);

    opsin_image wrong = photo;
    wrong.orientation = 9;
    FAILS(OPSIN_E_ARGUMENT, opsin_submit(session, &wrong, 0, NULL, NULL, &request));
    wrong = photo;
    wrong.stride_bytes = 1;
    FAILS(OPSIN_E_ARGUMENT, opsin_submit(session, &wrong, 0, count_call, NULL, &request));
    FAILS(OPSIN_E_ARGUMENT, opsin_submit(session, &photo, 8, NULL, NULL, &request));
    FAILS(OPSIN_E_ARGUMENT, opsin_submit(session, &photo, 0, NULL, NULL, NULL));
    CHECK(request == NULL && calls == 0);

    one_request(want);
    copies(want);
    order_and_callbacks();
    cancelling();
    callbacks_that_work();
    cancel_races();
    forked();

    /* Everything is released while a request runs: it goes on to its end, and its callback comes. */
    calls = 0, last_index = -1;
    GIVES(OPSIN_OK, opsin_submit(session, &photo, 0, count_call, NULL, &request));
    opsin_request_release(request);
    opsin_session_release(session);
    opsin_model_release(model);
    opsin_runtime_release(runtime);
    CHECK(called_within(1, 20));
    opsin_picture_release(picture);
    printf("requests.c: %d checks, %d failed\n", checks_made, checks_failed);
    return checks_failed ? 1 : 0;
}
