/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of alarms alike wherever they come from, and what holds when nothing is said. */
#include <math.h>
#include <string.h>

#include "config/plant_rules.h"

const char *const priority_words[PRIORITY_COUNT] = {"low", "medium", "high", "critical"};

static const int64_t critical_realarm_ms = 30 * INT64_C(60000);

struct alarm_looks plain_looks(const struct rule_builder *w, uint8_t priority)
{
    return (struct alarm_looks){.priority = priority,
                                .ack = true,
                                .shelvable = priority != PRIORITY_CRITICAL,
                                .realarm_ms =
                                    priority == PRIORITY_CRITICAL ? critical_realarm_ms : 0,
                                .max_shelve_ms = w->max_shelve_ms,
                                .suppress_by = TAG_NONE,
                                .group = NULL,
                                .about = "",
                                .consequence = "",
                                .response = ""};
}

static bool read_shelving(struct rule_builder *w, const struct node *n, struct alarm_looks *l)
{
    if (n == NULL) {
        return true;
    }
    if (n->kind == NODE_SCALAR && !n->quoted &&
        (strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0)) {
        l->shelvable = n->text[0] == 't';
        return true;
    }
    l->shelvable = true;
    return read_ms(&w->b->r, n, "shelve", 60000, 30 * 24 * MS_PER_HOUR, &l->max_shelve_ms);
}

/* Who is woken up must be told what for. */
static bool explains(struct rule_builder *w, const struct node *key, const struct alarm_nodes *n,
                     const char *what, const struct alarm_looks *l)
{
    const struct reader *r = &w->b->r;
    bool all = n->consequence != NULL && n->response != NULL;
    const char *missing = n->consequence == NULL && n->response == NULL
                              ? "`consequence:` (what happens if nobody acts) and `response:` "
                                "(what to do)"
                          : n->consequence == NULL ? "`consequence:` (what happens if nobody acts)"
                                                   : "`response:` (what to do)";
    if (l->priority < PRIORITY_HIGH || all) {
        return true;
    }
    if (l->priority == PRIORITY_CRITICAL) {
        return complain(r, key, "%s `%.120s` is critical; say %s", what, key->text, missing);
    }
    if (n->about == NULL && n->consequence == NULL && n->response == NULL) {
        return complain(r, key, "%s `%.120s` is of high priority; say `about:`, or better %s", what,
                        key->text, missing);
    }
    caution(r, key, "%s `%.120s` is of high priority; say %s", what, key->text, missing);
    return true;
}

bool read_looks_of_alarm(struct rule_builder *w, const struct node *key,
                         const struct alarm_nodes *n, const char *what, struct alarm_looks *l)
{
    const struct reader *r = &w->b->r;
    unsigned priority = l->priority;
    uint64_t tarp = 0;
    bool ranked = read_word(r, n->priority, "priority", priority_words, PRIORITY_COUNT, &priority);
    bool good = ranked, latch = l->latch;
    *l = plain_looks(w, (uint8_t)priority);
    l->latch = latch;
    good = read_bool(r, n->latch, "latch", &l->latch) && good;
    good = read_bool(r, n->ack, "ack", &l->ack) && good;
    good = read_shelving(w, n->shelve, l) && good;
    int64_t realarm = l->realarm_ms;
    good = read_ms_or_off(r, n->realarm, "realarm", 60000, 7 * 24 * MS_PER_HOUR, &realarm) && good;
    l->realarm_ms = realarm < 0 ? 0 : realarm;
    good = read_u64(r, n->tarp, "tarp", 1, 4, &tarp) && good;
    l->tarp = (uint8_t)tarp;
    good = read_name(r, n->group, "group", &l->group) && good;
    good = read_text(r, n->about, "about", &l->about) && good;
    good = read_text(r, n->consequence, "consequence", &l->consequence) && good;
    good = read_text(r, n->response, "response", &l->response) && good;
    good = read_ms(r, n->delay, "for", 0, 7 * 24 * MS_PER_HOUR, &l->on_delay_ms) && good;
    if (n->delay != NULL) { /* who says how long it takes to come means going, too */
        l->off_delay_ms = l->on_delay_ms;
    }
    good = read_ms(r, n->off_for, "off_for", 0, 7 * 24 * MS_PER_HOUR, &l->off_delay_ms) && good;
    if (n->suppress_by != NULL) {
        l->suppress_by = read_boolean_tag(w, n->suppress_by, "suppress_by");
        good = l->suppress_by != TAG_NONE && good;
    }
    return ranked && explains(w, key, n, what, l) && good;
}

static enum unit_class class_of(const struct tag_facts *f)
{
    return unit_class_of(f->unit);
}

static bool is_switch(const struct tag_facts *f)
{
    return f->boolean && (!f->numeric || *f->unit == '\0');
}

bool says_no_end(const struct alarm_nodes *n)
{
    return n->delay == NULL && n->off_for == NULL;
}

/* Usual starting points by sort of signal; an engineer tunes them on replay. */
void delays_by_signal(const struct tag_facts *f, struct alarm_looks *l)
{
    static const int64_t seconds[] = {[UNIT_OTHER] = 5,
                                      [UNIT_LEVEL] = 60,
                                      [UNIT_FLOW] = 15,
                                      [UNIT_PRESSURE] = 15,
                                      [UNIT_TEMPERATURE] = 60};
    l->on_delay_ms = is_switch(f) ? 2000 : seconds[class_of(f)] * 1000;
    l->off_delay_ms = is_switch(f) ? 10000 : l->on_delay_ms;
}

double deadband_by_signal(const struct tag_facts *f, double limit)
{
    static const double shares[] = {[UNIT_OTHER] = 0.02,
                                    [UNIT_LEVEL] = 0.05,
                                    [UNIT_FLOW] = 0.05,
                                    [UNIT_PRESSURE] = 0.02,
                                    [UNIT_TEMPERATURE] = 0.01};
    double span = f->has_span ? f->high - f->low : fabs(limit);
    return shares[class_of(f)] * span;
}
