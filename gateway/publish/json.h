/* SPDX-License-Identifier: Apache-2.0 */
/* JSON going out: a bounded writer for fixed shapes. Never writes past its end; remembers that it
 * tried, so one check at the end is enough. */
#ifndef PUBLISH_JSON_H
#define PUBLISH_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "headgate/value.h"

struct json {
    char *at, *start, *end;
    bool overflow;
};

static inline struct json json_into(char *buffer, size_t room)
{
    return (struct json){buffer, buffer, buffer + room, false};
}

static inline size_t json_length(const struct json *j)
{
    return (size_t)(j->at - j->start);
}

static inline void json_raw(struct json *j, const char *bytes, size_t length)   /* already JSON */
{
    if ((size_t)(j->end - j->at) < length) {
        j->overflow = true;
        return;
    }
    memcpy(j->at, bytes, length);
    j->at += length;
}

#define json_word(j, literal) json_raw(j, literal, sizeof(literal) - 1)

void json_text(struct json *j, const char *s, size_t length);   /* quoted and escaped */
void json_put_string(struct json *j, const char *s);            /* same, terminated; NULL: null */
void json_int(struct json *j, int64_t x);                       /* always a number; timestamps, counters of ours */
void json_put_real(struct json *j, double x, bool single);      /* null when not finite */
void json_value(struct json *j, const struct value *v);         /* whole numbers beyond 2^53: a string */

/* The everyday names. Jansson has functions called so: where both are wanted, include <jansson.h>
 * first and use the longer ones; as symbols ours must not exist. */
#ifndef JANSSON_H
static inline void json_string(struct json *j, const char *s)
{
    json_put_string(j, s);
}

static inline void json_real(struct json *j, double x, bool single)
{
    json_put_real(j, x, single);
}
#endif

#endif
