/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/order.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/permit.h"
#include "base/text.h"
#include "publish/json_read.h"

const char order_unknown[] = "no such command; there are ack, reset, shelve, unshelve, oos, "
                             "in-service, proof, incident, drill, write and replay";

#define BIT(verb) (1u << (verb))
enum {
    ALL = BIT(ORDER_VERB_COUNT) - 1,
    OF_ALARMS = BIT(ORDER_ACK) | BIT(ORDER_RESET) | BIT(ORDER_SHELVE) | BIT(ORDER_UNSHELVE) |
                BIT(ORDER_OOS) | BIT(ORDER_IN_SERVICE),
    ID_BYTES = 64,
    SPAN_MAX = 60000,
};

enum member_kind { WORDS, COUNT, NUMBER, TRUTH, TIME, SPAN, WISH };

struct member {
    const char *name;
    enum member_kind kind;
    size_t at, room;
    unsigned may, must; /* verbs */
};

#define TEXT(field) offsetof(struct order, field), sizeof(((struct order *)NULL)->field)
#define PLACE(field) offsetof(struct order, field), 0

/* What is needed for an answer stands first: it is read even when the rest is wrong. */
static const struct member members[] = {
    {"id", WORDS, offsetof(struct order, id), ID_BYTES + 1, ALL, 0},
    {"client", WORDS, offsetof(struct order, client), ID_BYTES + 1, ALL, 0},
    {"user", WORDS, TEXT(user), ALL, ALL & ~BIT(ORDER_INCIDENT)}, /* incident: by its op */
    {"sent", TIME, 0, 0, ALL, 0}, /* looked at when it came in */
    {"alarm", WORDS, TEXT(alarm), OF_ALARMS, OF_ALARMS},
    {"leak", WORDS, TEXT(alarm), BIT(ORDER_PROOF), BIT(ORDER_PROOF)},
    {"seq", COUNT, PLACE(seq), BIT(ORDER_ACK) | BIT(ORDER_RESET) | BIT(ORDER_SHELVE), 0},
    {"reason", WORDS, TEXT(reason), ALL, BIT(ORDER_SHELVE) | BIT(ORDER_OOS)},
    {"minutes", NUMBER, PLACE(minutes), BIT(ORDER_SHELVE), 0},
    {"one_shot", TRUTH, PLACE(one_shot), BIT(ORDER_SHELVE), 0},
    {"cause", WORDS, TEXT(cause), BIT(ORDER_RESET), 0},
    {"op", WORDS, TEXT(op), BIT(ORDER_INCIDENT), BIT(ORDER_INCIDENT)},
    {"incident", WORDS, TEXT(incident), BIT(ORDER_INCIDENT), 0},
    {"subject", WORDS, TEXT(subject), BIT(ORDER_INCIDENT), 0},
    {"item", WORDS, TEXT(item), BIT(ORDER_INCIDENT), 0},
    {"state", WORDS, TEXT(state), BIT(ORDER_INCIDENT) | BIT(ORDER_DRILL), BIT(ORDER_DRILL)},
    {"value", NUMBER, PLACE(value), BIT(ORDER_INCIDENT), 0},
    {"tag", WORDS, TEXT(tag), BIT(ORDER_WRITE), BIT(ORDER_WRITE)},
    {"value", WISH, PLACE(wish), BIT(ORDER_WRITE), BIT(ORDER_WRITE)},
    {"was", WISH, PLACE(was), BIT(ORDER_WRITE), 0},
    {"within_ms", SPAN, PLACE(within_ms), BIT(ORDER_WRITE), 0},
    {"time", TIME, PLACE(time_ms), BIT(ORDER_PROOF) | BIT(ORDER_INCIDENT), 0},
};
enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

/* What the kinds of incident orders can't do without. */
static const struct {
    const char *op;
    bool user, subject, item, state;
} ops[] = {
    {"open", true, false, false, false},     {"close", true, false, false, false},
    {"area", true, true, false, true},       {"equipment", true, true, false, true},
    {"milestone", true, true, false, false}, {"confirm", true, true, false, false},
    {"revoke", true, true, false, false},    {"flag", true, true, false, true},
    {"signoff", true, true, true, false},    {"bulletin", false, false, false, false},
};

bool order_verb(const char *word, enum order_verb *out)
{
    for (unsigned i = 0; i < ORDER_VERB_COUNT; i++)
        if (strcmp(word, permit_word(i)) == 0) {
            *out = (enum order_verb)i;
            return true;
        }
    return false;
}

const char *order_verb_name(enum order_verb v)
{
    return permit_word(v);
}

static char said[200];

__attribute__((format(printf, 1, 2))) static const char *say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(said, sizeof(said), format, args);
    va_end(args);
    return said;
}

/* Names and reasons end up in lines of text: nothing in them may begin a new one. */
static bool one_line(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            return false;
    return true;
}

static const char *take_words(const struct member *m, const json_t *x, struct order *out)
{
    const char *s = json_string_value(x);
    if (!s)
        return say("%s is a text", m->name);
    if (json_string_length(x) >= m->room)
        return say("%s is longer than %zu bytes", m->name, m->room - 1);
    if (!one_line(s))
        return say("%s is one line, without control characters", m->name);
    memcpy((char *)out + m->at, s, json_string_length(x) + 1);
    return NULL;
}

static const char *take_wish(const struct member *m, const json_t *x, struct order *out)
{
    struct wish w = {.given = true};
    if (json_is_boolean(x))
        w.value = (struct value){.kind = VALUE_BOOL, .truth = json_is_true(x)};
    else if (json_is_integer(x))
        w.value = (struct value){.kind = VALUE_INT, .i = json_integer_value(x)};
    else if (json_is_real(x))
        w.value = (struct value){.kind = VALUE_REAL, .real = json_real_value(x)};
    else if (json_is_string(x) && json_string_length(x) < sizeof(w.text)) {
        w.value = (struct value){.kind = VALUE_TEXT, .length = (uint32_t)json_string_length(x)};
        memcpy(w.text, json_string_value(x), json_string_length(x));
    } else
        return say("%s is a number, true or false, or a text of at most %zu bytes", m->name,
                   sizeof(w.text) - 1);
    if (!one_line(w.text))
        return say("%s is one line, without control characters", m->name);
    memcpy((char *)out + m->at, &w, sizeof(w));
    return NULL;
}

static const char *take(const struct member *m, const json_t *x, struct order *out)
{
    void *to = (char *)out + m->at;
    switch (m->kind) {
    case WORDS:
        return take_words(m, x, out);
    case COUNT:
        if (!json_is_integer(x) || json_integer_value(x) < 0)
            return say("%s is a whole number, not below 0", m->name);
        out->has_seq = true;
        memcpy(to, &(uint64_t){(uint64_t)json_integer_value(x)}, sizeof(uint64_t));
        return NULL;
    case NUMBER:
        if (!json_is_number(x))
            return say("%s is a number", m->name);
        memcpy(to, &(double){json_number_value(x)}, sizeof(double));
        return NULL;
    case TRUTH:
        if (!json_is_boolean(x))
            return say("%s is true or false", m->name);
        memcpy(to, &(bool){json_is_true(x)}, sizeof(bool));
        return NULL;
    case TIME:
        if (!json_is_integer(x) || json_integer_value(x) < 0)
            return say("%s is a time in milliseconds", m->name);
        if (m->at)
            memcpy(to, &(int64_t){json_integer_value(x)}, sizeof(int64_t));
        return NULL;
    case SPAN:
        if (!json_is_integer(x) || json_integer_value(x) < 1 || json_integer_value(x) > SPAN_MAX)
            return say("%s is a whole number of milliseconds, 1 to %d", m->name, SPAN_MAX);
        memcpy(to, &(int64_t){json_integer_value(x)}, sizeof(int64_t));
        return NULL;
    case WISH:
        return take_wish(m, x, out);
    }
    return NULL;
}

const char *order_no_member(char out[ORDER_SAID], const char *verb, const char *key,
                            const char *const *names, size_t count)
{
    const char *near = text_nearest(key, names, count);
    snprintf(out, ORDER_SAID, "%s knows no member \"%.40s\"%s%s%s", verb, key,
             near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return out;
}

static const char *not_known(const char *key, unsigned verb)
{
    char why[ORDER_SAID];
    const char *names[MEMBERS];
    size_t n = 0;
    for (size_t i = 0; i < MEMBERS; i++)
        if (members[i].may & BIT(verb))
            names[n++] = members[i].name;
    return say("%s", order_no_member(why, permit_word(verb), key, names, n));
}

static bool one_of(const char *word, const char *const *list)
{
    while (*list && strcmp(word, *list) != 0)
        list++;
    return *list != NULL;
}

static const char *check_incident(const struct order *o)
{
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (strcmp(o->op, ops[i].op) != 0)
            continue;
        const char *lacks = ops[i].user && !*o->user         ? "user"
                            : ops[i].subject && !*o->subject ? "subject"
                            : ops[i].item && !*o->item       ? "item"
                            : ops[i].state && !*o->state     ? "state"
                                                             : NULL;
        return lacks ? say("%s needs %s", o->op, lacks) : NULL;
    }
    return "op is open, close, area, equipment, milestone, confirm, revoke, flag, signoff or "
           "bulletin";
}

static const char *check(const struct order *o)
{
    static const char *const causes[] = {"", "leak", "instrument", "operation", "unknown", NULL};
    static const char *const switched[] = {"on", "off", NULL};
    if (o->verb == ORDER_RESET && !one_of(o->cause, causes))
        return "cause is leak, instrument, operation or unknown";
    if (o->verb == ORDER_SHELVE && o->minutes < 1)
        return "minutes is at least 1";
    if (o->verb == ORDER_DRILL && !one_of(o->state, switched))
        return "state is on or off";
    return o->verb == ORDER_INCIDENT ? check_incident(o) : NULL;
}

static const char *read_members(json_t *o, struct order *out)
{
    static char first[sizeof(said)];
    const char *why = NULL, *key;
    bool known[MEMBERS] = {false};
    json_t *x;
    unsigned verb = out->verb;
    for (size_t i = 0; i < MEMBERS; i++) {
        const json_t *given = json_object_get(o, members[i].name);
        const char *trouble = NULL;
        known[i] = given != NULL;
        if (!(members[i].may & BIT(verb)))
            continue;
        if (given)
            trouble = take(&members[i], given, out);
        if (!trouble && (members[i].must & BIT(verb)) &&
            (!given || *((char *)out + members[i].at) == '\0'))
            trouble = say("%s needs %s", permit_word(verb), members[i].name);
        if (trouble && !why) { /* all that can be read is, for the book */
            snprintf(first, sizeof(first), "%s", trouble);
            why = first;
        }
    }
    if (why)
        return why;
    json_object_foreach(o, key, x)
    {
        bool may = false;
        for (size_t i = 0; i < MEMBERS && !may; i++)
            may = known[i] && (members[i].may & BIT(verb)) && strcmp(members[i].name, key) == 0;
        if (!may)
            return not_known(key, verb);
    }
    return NULL;
}

const char *order_parse(const char *verb, const char *payload, size_t length, struct order *out)
{
    enum order_verb v;
    *out = (struct order){.minutes = (double)NAN, .value = (double)NAN};
    if (!order_verb(verb, &v))
        return order_unknown;
    out->verb = (uint8_t)v;
    json_t *o = json_read(payload, length);
    const char *why = json_is_object(o) ? read_members(o, out) : json_read_why();
    json_decref(o);
    return why ? why : check(out);
}
