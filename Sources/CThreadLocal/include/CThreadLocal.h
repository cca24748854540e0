#pragma once
#include <stdbool.h>
#include <stddef.h>

/// Bytes of a thread's slot, the closing zero included.
#define OPSIN_THREAD_TEXT_BYTES 1024

/// The calling thread's text: UTF-8, closed by a zero, never NULL, the same address as long as the thread lives.
const char *opsin_thread_text(void);

/// Replaces the calling thread's text by the first `count` bytes of `text`, cut between two UTF-8 characters when they do not fit.
void opsin_thread_text_set(const char *text, size_t count);

/// Whether the calling thread is inside the caller's log function; false at first.
bool opsin_thread_logs(void);
void opsin_thread_logs_set(bool logs);
