#include "CThreadLocal.h"
#include <string.h>

// Swift has no thread-local storage; an error text that threads share would belong to somebody else's call (sqlite3_errmsg has that race).
static _Thread_local char slot[OPSIN_THREAD_TEXT_BYTES];
static _Thread_local bool logs;

const char *opsin_thread_text(void) { return slot; }

void opsin_thread_text_set(const char *text, size_t count) {
    if (count > sizeof slot - 1) {
        count = sizeof slot - 1;
        while (count > 0 && ((unsigned char)text[count] & 0xC0) == 0x80) count--;
    }
    memcpy(slot, text, count);
    slot[count] = 0;
}

bool opsin_thread_logs(void) { return logs; }

void opsin_thread_logs_set(bool value) { logs = value; }
