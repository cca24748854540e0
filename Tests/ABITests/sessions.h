/* What the programs on requests and streams share. POSIX: define the feature macro before the first include. */
#ifndef OPSIN_TESTS_SESSIONS_H
#define OPSIN_TESTS_SESSIONS_H
#include "check.h"

#include <sys/types.h>
#include <sys/wait.h>

/* Score of a classification's first class, -1 where there is none; its label too, unless `label` is NULL. */
static double best_score(opsin_result *result, char *label, size_t size) {
    opsin_classes classes;
    opsin_classes_init(&classes, sizeof classes);
    GIVES(OPSIN_OK, opsin_result_classes(result, &classes));
    if (label) snprintf(label, size, "%s", classes.count ? classes.label[0] : "nothing");
    return classes.count ? classes.score[0] : -1;
}

/* Waits for a forked child; whether it exited with 0. */
static int ended_well(pid_t child) {
    int status = 1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#endif
