/* SPDX-License-Identifier: Apache-2.0 */
/* What was kept may have been written by somebody else, sum and all. It need not become true again,
 * but nothing may break on it: each field is brought back to what it can be. */
#ifndef WATCH_MEND_H
#define WATCH_MEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

static inline void mend_truth(bool *b)
{
    unsigned char byte; /* a bool that is neither must not even be looked at */
    memcpy(&byte, b, 1);
    *b = byte != 0;
}

static inline void mend_choice(uint8_t *x, unsigned count)
{
    *x = *x < count ? *x : 0;
}

/* One line, terminated, UTF-8; else none. */
static inline void mend_text(char *s, size_t room)
{
    size_t n = strnlen(s, room);
    bool well = n < room && text_is_utf8(s, n);
    for (size_t i = 0; well && i < n; i++)
        well = (unsigned char)s[i] >= 0x20 && s[i] != 0x7F;
    if (!well)
        *s = '\0';
}

/* Times of which differences can be taken; INT64_MAX (never) where that has a meaning. */
static inline void mend_time(int64_t *t_ms, bool or_never)
{
    const int64_t far_ = INT64_MAX / 4;
    if (or_never && *t_ms == INT64_MAX)
        return;
    *t_ms = *t_ms < -far_ ? -far_ : *t_ms > far_ ? far_ : *t_ms;
}

#endif
