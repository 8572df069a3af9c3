/* SPDX-License-Identifier: Apache-2.0 */
/* State changes for whoever keeps the machine running: stderr with <N> prefixes that journald
 * understands, or plain when a person looks on. Safe from both threads. errno is preserved. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "headgate/time.h"

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

/* prefixed: write "<5>" first; negative: if $JOURNAL_STREAM says that journald listens. */
void log_init(enum log_level most, int prefixed);
void log_put(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For lines that somebody outside can cause as often as he likes: ten in a row, then one a second.
 * Zero it to begin. When lines were left out, log_may says how many before it next says yes. */
struct log_quota {
    mono_t filled;
    int64_t spent_ns;
    unsigned long long left_out;
};
bool log_may(struct log_quota *q, mono_t now);

#define log_error(...) log_put(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_put(LOG_WARN, __VA_ARGS__)
#define log_notice(...) log_put(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_put(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_put(LOG_DEBUG, __VA_ARGS__)

#endif
