/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/asked.h"

#include <jansson.h>
#include <string.h>

#include "publish/member.h" /* behind jansson.h */

/* What the command calls it, and what the row does, where its own members have that name. The first
 * ones find room in any case. */
static const struct {
    const char *asked, *told;
} members[] = {
    {"user", "user"},
    {"tag", "tag"},
    {"value", "value"},
    {"was", "was"},
    {"alarm", "alarm"},
    {"leak", "leak"},
    {"seq", "alarm_seq"},
    {"op", "op"},
    {"incident", "incident"},
    {"subject", "subject"},
    {"item", "item"},
    {"state", "state"},
    {"lane", "lane"},
    {"from_seq", "from_seq"},
    {"to_seq", "to_seq"},
    {"from", "from"},
    {"to", "to"},
    {"minutes", "minutes"},
    {"one_shot", "one_shot"},
    {"cause", "cause"},
    {"within_ms", "within_ms"},
    {"time", "time"},
    {"reason", "reason"},
};

static void put_cut(struct json *j, const json_t *x)
{
    const char *s = json_string_value(x);
    size_t n = json_string_length(x);
    if (n > ASKED_TEXT) {
        n = ASKED_TEXT;
        while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
            n--;
    }
    json_text(j, s, n);
}

/* false: it's no single value. */
static bool put_value(struct json *j, const json_t *x)
{
    switch (json_typeof(x)) {
    case JSON_STRING:
        put_cut(j, x);
        return true;
    case JSON_INTEGER:
        json_int(j, json_integer_value(x));
        return true;
    case JSON_REAL:
        json_put_real(j, json_real_value(x), false);
        return true;
    case JSON_TRUE:
        json_word(j, "true");
        return true;
    case JSON_FALSE:
        json_word(j, "false");
        return true;
    case JSON_NULL:
        json_word(j, "null");
        return true;
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return false;
}

void asked_put(char out[static ASKED_ROOM], const json_t *o)
{
    struct json j = json_into(out, ASKED_ROOM - 1);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const json_t *x = json_object_get(o, members[i].asked);
        char *before = j.at;
        if (!x)
            continue;
        put_key(&j, members[i].told);
        if (!put_value(&j, x) || j.overflow)
            j = (struct json){before, j.start, j.end, false};
    }
    *j.at = '\0';
}
