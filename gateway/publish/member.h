/* SPDX-License-Identifier: Apache-2.0 */
/* Members of an object that is being written, each behind another one: ,"name":value */
#ifndef PUBLISH_MEMBER_H
#define PUBLISH_MEMBER_H

#include "publish/json.h"

static inline void put_key(struct json *j, const char *name)
{
    json_word(j, ",\"");
    json_raw(j, name, strlen(name));
    json_word(j, "\":");
}

static inline void put_text(struct json *j, const char *name, const char *s)   /* "" is null, too */
{
    put_key(j, name);
    json_put_string(j, s && *s ? s : NULL);
}

static inline void put_int(struct json *j, const char *name, int64_t x)
{
    put_key(j, name);
    json_int(j, x);
}

static inline void put_real(struct json *j, const char *name, double x)        /* null when not finite */
{
    put_key(j, name);
    json_put_real(j, x, false);
}

static inline void put_truth(struct json *j, const char *name, bool x)
{
    put_key(j, name);
    if (x)
        json_word(j, "true");
    else
        json_word(j, "false");
}

#endif
