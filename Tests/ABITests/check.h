/* What both test programs say about a fact: nothing while it holds, file, line and both values when it does not. */
#ifndef CHECK_H
#define CHECK_H

#include <opsin.h>
#include <stdio.h>
#include <string.h>

static int checks_made = 0, checks_failed = 0;

/* Callbacks check too, on threads of the library's. */
static void count(int *checks) { __atomic_fetch_add(checks, 1, __ATOMIC_RELAXED); }

static void check_fact(int holds, const char *fact, const char *file, int line) {
    count(&checks_made);
    if (holds) return;
    count(&checks_failed);
    fprintf(stderr, "%s:%d: does not hold: %s (last error: \"%s\")\n", file, line, fact, opsin_last_error());
}

static void check_status(opsin_status got, opsin_status want, const char *call, const char *file, int line) {
    count(&checks_made);
    if (got == want) return;
    count(&checks_failed);
    fprintf(stderr, "%s:%d: %s: expected %s, found %s (%s)\n", file, line, call, opsin_status_name(want), opsin_status_name(got), opsin_last_error());
}

/* CHECK(fact); GIVES(status, call); a failing call must also leave a sentence. */
#define CHECK(fact) check_fact((fact) ? 1 : 0, #fact, __FILE__, __LINE__)
#define GIVES(status, call) check_status((call), (status), #call, __FILE__, __LINE__)
#define FAILS(status, call) \
    (check_status((call), (status), #call, __FILE__, __LINE__), \
     check_fact(opsin_last_error()[0] != 0, "a sentence for " #call, __FILE__, __LINE__))

#endif
