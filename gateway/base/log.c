/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MOST = 2048 };

static _Atomic int most_wanted = LOG_INFO;
static _Atomic bool with_prefix = false;

void log_init(enum log_level most, int prefixed)
{
    most_wanted = (int)most;
    with_prefix = prefixed < 0 ? getenv("JOURNAL_STREAM") != NULL : prefixed != 0;
}

/* One write a line, so that lines of two threads never mix. Standard error that nobody reads is no
 * reason to stop: what can't be written is lost. */
static void write_line(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t put = write(STDERR_FILENO, line, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return;
        line += put;
        length -= (size_t)put;
    }
}

void log_put(enum log_level level, const char *format, ...)
{
    if ((int)level > most_wanted)
        return;
    int keep = errno;
    char line[LINE_MOST];
    size_t head = 0;
    if (with_prefix)
        head = (size_t)snprintf(line, sizeof(line), "<%d>", (int)level);
    va_list args;
    va_start(args, format);
    int body = vsnprintf(line + head, sizeof(line) - head - 1, format, args);
    va_end(args);
    size_t length = head + (body > 0 ? (size_t)body : 0);
    if (length > sizeof(line) - 2)
        length = sizeof(line) - 2;
    /* Devices and brokers have a say in these texts: a message stays one line. */
    for (size_t i = head; i < length; i++) {
        unsigned char c = (unsigned char)line[i];
        if (c < 0x20 || c == 0x7F)
            line[i] = ' ';
    }
    line[length++] = '\n';
    write_line(line, length);
    errno = keep;
}

bool log_may(struct log_quota *q, mono_t now)
{
    static const int64_t each = NS_PER_S, most = 10 * NS_PER_S;
    int64_t passed = mono_since(now, q->filled);
    q->spent_ns = passed > q->spent_ns ? 0 : q->spent_ns - passed;
    q->filled = now;
    if (q->spent_ns + each > most) {
        q->left_out++;
        return false;
    }
    q->spent_ns += each;
    if (q->left_out > 0)
        log_notice("%llu more like the next one were left out here", q->left_out);
    q->left_out = 0;
    return true;
}
