#include "CThreadLocal.h"
#include <string.h>

// Swift has no thread-local storage; an error text that threads share would belong to somebody else's call (sqlite3_errmsg has that race).
static _Thread_local char slot[OPSIN_THREAD_TEXT_BYTES];

__attribute__((visibility("hidden"))) const char *opsin_thread_text(void) { return slot; }

__attribute__((visibility("hidden"))) void opsin_thread_text_set(const char *text, size_t count) {
    if (count > sizeof slot - 1) {
        count = sizeof slot - 1;
        while (count > 0 && ((unsigned char)text[count] & 0xC0) == 0x80) count--;
    }
    memcpy(slot, text, count);
    slot[count] = 0;
}
