/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/play.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/text.h"

const char *play_parse(const char *word, struct play *out)
{
    char text[128];
    if ((size_t)snprintf(text, sizeof text, "%s", word) >= sizeof text)
        return "too long";
    char *since = strchr(text, ','), *speed = since ? strchr(since + 1, ',') : NULL;
    if (!speed)
        return "write BEGIN,SINCE,SPEED, like 2006-02-04T12:00:00-05:00,1795393200000,600";
    *since++ = '\0';
    *speed++ = '\0';
    if (!calendar_read(text, &out->begin.ms))
        return "BEGIN is a time like 2006-02-04T12:00:00-05:00";
    if (!text_to_s64(since, &out->since.ms) || out->since.ms <= 0)
        return "SINCE is the machine's time at which BEGIN was, in ms since 1970";
    if (!text_to_real(speed, &out->speed) || !(out->speed > 0) || out->speed > 100000)
        return "SPEED is a number above 0";
    return NULL;
}

void play_argument(struct argp_state *state, const char *word, struct play *out)
{
    const char *why = play_parse(word, out);
    if (why)
        argp_error(state, "--play '%s': %s", word, why);
}
