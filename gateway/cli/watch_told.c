/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch_told.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- members --------------------------------------------------------------------------------- */

const char *said_text(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s != NULL ? s : "";
}

double said_real(const json_t *o, const char *name)
{
    const json_t *x = json_object_get(o, name);
    return json_is_number(x) ? json_number_value(x) : (double)NAN;
}

int64_t said_whole(const json_t *o, const char *name)
{
    return json_integer_value(json_object_get(o, name));
}

bool said_true(const json_t *o, const char *name)
{
    return json_is_true(json_object_get(o, name));
}

wall_t said_time(const json_t *o, const char *name)
{
    return (wall_t){said_whole(o, name)};
}

static const char *digits(char out[32], double x)
{
    if (isfinite(x))
        snprintf(out, 32, fabs(x) >= 1000 && fabs(x) < 1e7 ? "%.0f" : "%.4g", x);
    else
        snprintf(out, 32, "-");
    return out;
}

const char *said_number(char out[32], const json_t *o, const char *name)
{
    return digits(out, said_real(o, name));
}

const char *said_estimate(char out[80], const json_t *o, const char *name)
{
    char value[32], low[32], high[32];
    const json_t *e = json_object_get(o, name);
    said_number(value, e, "value");
    if (isfinite(said_real(e, "low")) && isfinite(said_real(e, "high")))
        snprintf(out, 80, "%s (%s to %s)", value, said_number(low, e, "low"),
                 said_number(high, e, "high"));
    else
        snprintf(out, 80, "%s", value);
    return out;
}

const char *said_clock(char out[CALENDAR_MAX], wall_t t, wall_t now)
{
    /* What no calendar has is a broker's nonsense. */
    if (t.ms <= 0 || t.ms > INT64_C(32503680000000))
        snprintf(out, CALENDAR_MAX, "-");
    else
        calendar_near(out, t.ms, now.ms);
    return out;
}

/* ---- what stands first ----------------------------------------------------------------------- */

static bool among(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

enum alarm_place watch_alarm_place(const json_t *said)
{
    static const char *const hidden[] = {"SHLVD", "DSUPR", "OOSRV", NULL};
    const char *state = said_text(said, "state");
    return strcmp(state, "NORM") == 0 ? ALARM_SILENT
           : among(state, hidden)     ? ALARM_HIDDEN
                                      : ALARM_STANDS;
}

unsigned watch_alarm_priority(const json_t *said)
{
    static const char *const words[] = {"low", "medium", "high"};
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(said_text(said, "priority"), words[i]) == 0)
            return i;
    return 3;
}

bool watch_alarm_waits(const json_t *said)
{
    static const char *const done[] = {"ACKED", "LACK", NULL};
    return watch_alarm_place(said) == ALARM_STANDS && !among(said_text(said, "state"), done);
}

static void rank_alarm(struct watch_told *t)
{
    wall_t on = said_time(t->said, "on");
    t->rank = (unsigned)watch_alarm_place(t->said) * 8 + (3 - watch_alarm_priority(t->said)) * 2 +
              !watch_alarm_waits(t->said);
    t->time = on.ms != 0 ? on : said_time(t->said, "timestamp");
}

static void rank_leak(struct watch_told *t)
{
    static const char *const order[] = {"suspect", "blind", "learning", "live"};
    t->rank = 0;
    while (t->rank < 4 && strcmp(order[t->rank], said_text(t->said, "state")) != 0)
        t->rank++;
    if (said_true(t->said, "firing"))
        t->rank = 0;
    t->time = said_time(t->said, "since");
}

static void rank_incident(struct watch_told *t)
{
    t->rank = strcmp(said_text(t->said, "state"), "open") != 0;
    t->time = said_time(t->said, "opened");
}

void watch_take_told(struct watch *w, enum told kind, const char *path, json_t *said,
                     const char *text, size_t length)
{
    struct watch_list *lists[] = {&w->alarms, &w->leaks, &w->incidents, &w->bulletins};
    struct watch_told *t = watch_item_of(lists[kind], path, sizeof *t);
    char *copy = said != NULL ? strndup(text, length) : NULL;
    if (t == NULL || (said != NULL && copy == NULL)) {
        if (t != NULL)
            t->item.gone = t->said == NULL;
        json_decref(said);
        free(copy);
        return;
    }
    t->item.gone = said == NULL;
    json_decref(t->said);
    free(t->text);
    t->said = said;
    t->text = copy;
    if (kind == TOLD_ALARM)
        rank_alarm(t);
    else if (kind == TOLD_LEAK)
        rank_leak(t);
    else if (kind == TOLD_INCIDENT)
        rank_incident(t);
}

void watch_free_told(struct watch_list *l)
{
    for (uint32_t i = 0; i < l->count; i++) {
        struct watch_told *t = (struct watch_told *)l->items[i];
        json_decref(t->said);
        free(t->text);
    }
}

/* ---- who said it ----------------------------------------------------------------------------- */

static const char *alarms_gateway(const struct watch *w, const char *path)
{
    const struct watch_told *a =
        (const struct watch_told *)watch_find(&w->alarms, path, strlen(path));
    const char *gateway = a != NULL ? said_text(a->said, "gateway") : "";
    return *gateway ? gateway : NULL;
}

/* Each leak point brings an alarm of its own, which says whose it is. */
static const char *leaks_gateway(const struct watch *w, const json_t *said)
{
    char path[400];
    snprintf(path, sizeof path, "%.130s/%.130s/leak", said_text(said, "area"),
             said_text(said, "leak"));
    return alarms_gateway(w, path);
}

const char *watch_gateway_of(const struct watch *w, enum watch_page page,
                             const struct watch_item *item)
{
    const json_t *said = ((const struct watch_told *)item)->said;
    const char *gateway = said_text(said, "gateway");
    if (*gateway)
        return gateway;
    gateway = page == WATCH_LEAKS       ? leaks_gateway(w, said)
              : page == WATCH_INCIDENTS ? alarms_gateway(w, said_text(said, "trigger"))
                                        : NULL;
    if (gateway == NULL && w->gateways.count == 1)
        gateway = w->gateways.items[0]->path;
    return gateway;
}
