/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms that people write: a tag, a condition, and what is said of it. */
#include <string.h>

#include "config/map_parts.h"
#include "config/plant_rules.h"

enum { SAMPLES_MAX = 1000 };

struct written_nodes {
    const struct node *tag, *above, *below, *is, *rises, *falls, *within, *clear, *deadband,
        *samples;
    struct alarm_nodes looks;
};

#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct written_nodes, name)                                                \
    }
#define LOOK(key, name)                                                                            \
    {                                                                                              \
        key, offsetof(struct written_nodes, looks.name)                                            \
    }
static const struct field fields[] = {FIELD(tag),
                                      FIELD(above),
                                      FIELD(below),
                                      FIELD(is),
                                      FIELD(rises),
                                      FIELD(falls),
                                      FIELD(within),
                                      FIELD(clear),
                                      FIELD(deadband),
                                      FIELD(samples),
                                      LOOK("priority", priority),
                                      LOOK("latch", latch),
                                      LOOK("ack", ack),
                                      LOOK("shelve", shelve),
                                      LOOK("realarm", realarm),
                                      LOOK("tarp", tarp),
                                      LOOK("group", group),
                                      LOOK("suppress_by", suppress_by),
                                      LOOK("about", about),
                                      LOOK("consequence", consequence),
                                      LOOK("response", response),
                                      LOOK("for", delay),
                                      LOOK("off_for", off_for)};
#undef FIELD
#undef LOOK

static bool read_path(struct rule_builder *w, const struct node *key, uint32_t *area)
{
    const struct plant *p = w->b->plant;
    const char *first = strchr(key->text, '/');
    const char *second = first == NULL ? NULL : strchr(first + 1, '/');
    if (second == NULL || !is_plain_name(key->text, (size_t)(first - key->text)) ||
        !is_plain_name(first + 1, (size_t)(second - first - 1)) ||
        !is_plain_name(second + 1, strlen(second + 1))) {
        return complain(&w->b->r, key,
                        "alarm `%.120s`: the name is area/device/alarm, each of A-Z a-z 0-9 . _ -",
                        key->text);
    }
    size_t length = (size_t)(first - key->text);
    *area = names_find(&w->b->areas, key->text, length);
    if (*area == NAMES_NONE || strncmp(p->areas[*area].name, key->text, length) != 0) {
        return complain_if(&w->b->r, !is_lost(w->b, "area", key->text, length), key,
                           "alarm `%.120s`: no area `%.*s`; declare it under `areas:`", key->text,
                           (int)length, key->text);
    }
    return true;
}

static const char *const condition_words[] = {"above", "below", "is", "rises", "falls"};
enum { CONDITION_WORDS = sizeof condition_words / sizeof *condition_words };

static bool read_word_of(struct rule_builder *w, const struct node *n, const struct tag_facts *f,
                         struct alarm_condition *c)
{
    const char *candidates[200];
    size_t count = 0;
    for (; count < f->point->choice_count && count < 200; count++) {
        candidates[count] = f->point->choices[count].text;
        if (strcmp(candidates[count], n->text) == 0) {
            break;
        }
    }
    if (f->point->choice_count > 0 && count == f->point->choice_count) {
        const char *near = did_you_mean(&w->b->r, n->text, candidates, count);
        return complain(&w->b->r, n, "is: `%s` never says `%.64s`%s", f->path, n->text, near);
    }
    c->word = arena_copy(w->b->r.arena, n->text, n->length);
    return c->word != NULL;
}

/* f: NULL, here and below: which tag it is about is not known. */
static bool read_is(struct rule_builder *w, const struct node *n, const struct tag_facts *f,
                    struct alarm_condition *c)
{
    if (!is_scalar(&w->b->r, n, "is")) {
        return false;
    }
    bool truth = strcmp(n->text, "true") == 0;
    if (n->length == 0) {
        return complain(&w->b->r, n, "is: true, false, a number, or a word that the tag says");
    }
    if (f == NULL) {
        return false;
    }
    if (!n->quoted && (truth || strcmp(n->text, "false") == 0)) {
        c->limit = truth ? 1 : 0;
        if (!f->boolean) {
            return complain(&w->b->r, n, "is: `%s` is never true or false; compare it by `above:`",
                            f->path);
        }
        return true;
    }
    if (!n->quoted && f->point->choice_count == 0 && strspn(n->text, "+-.0123456789") > 0) {
        return read_real(&w->b->r, n, "is", &c->limit);
    }
    return read_word_of(w, n, f, c);
}

/* Where it is over again: `clear`, or the limit less `deadband`, or less what is usual.
 * limit_known: there is something to hold it against. */
static bool read_clear(struct rule_builder *w, const struct written_nodes *n,
                       const struct tag_facts *f, bool limit_known, struct alarm_condition *c)
{
    const struct reader *r = &w->b->r;
    const char *unit = f == NULL ? NULL : f->unit;
    bool above = c->kind == CONDITION_ABOVE, good = true;
    double band = f == NULL ? 0 : deadband_by_signal(f, c->limit);
    if (n->clear != NULL && n->deadband != NULL) {
        good = complain(r, n->deadband, "`clear` and `deadband` say the same; leave one out");
    }
    if (!read_in_unit(r, n->deadband, "deadband", unit, &band)) {
        good = false;
    } else if (band < 0) {
        good = complain(r, n->deadband, "a deadband is 0 or more");
    }
    c->clear = above ? c->limit - band : c->limit + band;
    if (!read_in_unit(r, n->clear, "clear", unit, &c->clear)) {
        return false;
    }
    if (n->clear != NULL && limit_known && (above ? c->clear > c->limit : c->clear < c->limit)) {
        good = complain(r, n->clear,
                        "clear is %s, on the wrong side of `%s: %g`; the alarm would end while it "
                        "is still true; give a value %s it",
                        n->clear->text, above ? "above" : "below", c->limit,
                        above ? "below" : "above");
    }
    return good;
}

static bool in_reach(struct rule_builder *w, const struct node *n, const struct tag_facts *f,
                     const struct alarm_condition *c)
{
    bool never =
        f->has_span && (c->kind == CONDITION_ABOVE ? c->limit >= f->high : c->limit <= f->low);
    if (never) {
        caution(&w->b->r, n, "`%s` goes from %g to %g; beyond that it is bad, and this never true",
                f->path, f->low, f->high);
    }
    return true;
}

static bool read_within(struct rule_builder *w, const struct node *n, const struct tag_facts *f,
                        struct alarm_condition *c)
{
    if (!read_ms(&w->b->r, n, "within", 1000, 7 * 24 * MS_PER_HOUR, &c->within_ms) || f == NULL) {
        return false;
    }
    return c->within_ms > f->every_ms ||
           complain(&w->b->r, n,
                    "within is %s, but `%s` is read every %g s only; make it longer, or read the "
                    "tag more often",
                    n->text, f->path, (double)f->every_ms / 1000);
}

static bool read_move(struct rule_builder *w, const struct node *by, bool read,
                      const struct node *within, const struct tag_facts *f,
                      struct alarm_condition *c)
{
    const char *word = condition_words[c->kind];
    bool good =
        read && (c->limit > 0 || complain(&w->b->r, by, "%s says by how much, above zero", word));
    if (within == NULL) {
        return complain(&w->b->r, by, "%s needs a time; say `within: 10m`", word);
    }
    return read_within(w, within, f, c) && good;
}

/* What says nothing beside this condition; its value may be wrong as well, but nobody needs it. */
static bool refuse_idle(struct rule_builder *w, const struct written_nodes *n, uint8_t kind)
{
    bool limit = kind == CONDITION_ABOVE || kind == CONDITION_BELOW;
    const struct node *idle[] = {limit ? NULL : n->clear, limit ? NULL : n->deadband,
                                 limit || kind == CONDITION_IS ? n->within : NULL};
    bool good = true;
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        if (idle[i] != NULL) {
            good = complain(&w->b->r, idle[i], "this means nothing with `%s`; leave it out",
                            condition_words[kind]);
        }
    }
    return good;
}

static bool read_limit(struct rule_builder *w, const struct written_nodes *n, const struct node *by,
                       const struct tag_facts *f, struct alarm_condition *c)
{
    const struct reader *r = &w->b->r;
    bool good = refuse_idle(w, n, c->kind);
    if (c->kind == CONDITION_IS) {
        return read_is(w, by, f, c) && good;
    }
    bool number = f == NULL || f->numeric;
    if (!number) {
        good = complain(r, n->tag, "tag: `%s` is no number; compare it by `is:`", f->path);
        f = NULL;
    }
    bool read =
        read_in_unit(r, by, condition_words[c->kind], f == NULL ? NULL : f->unit, &c->limit);
    if (c->kind == CONDITION_RISES || c->kind == CONDITION_FALLS) {
        return read_move(w, by, read, n->within, f, c) && good;
    }
    good = read_clear(w, n, f, read, c) && read && good;
    return f != NULL && good && in_reach(w, by, f, c);
}

/* Without one condition, each by itself: what fits to what is not known. Always false. */
static bool read_loose(struct rule_builder *w, const struct written_nodes *n,
                       const struct tag_facts *f)
{
    const struct {
        const struct node *n;
        const char *word;
    } numbers[] = {{n->above, "above"}, {n->below, "below"}, {n->rises, "rises"},
                   {n->falls, "falls"}, {n->clear, "clear"}, {n->deadband, "deadband"}};
    struct alarm_condition c;
    double number;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        read_in_unit(&w->b->r, numbers[i].n, numbers[i].word, f == NULL ? NULL : f->unit, &number);
    }
    read_within(w, n->within, NULL, &c);
    return false;
}

static bool read_condition(struct rule_builder *w, const struct node *key,
                           const struct written_nodes *n, const struct tag_facts *f,
                           struct alarm_condition *c)
{
    const struct node *const all[CONDITION_WORDS] = {n->above, n->below, n->is, n->rises, n->falls};
    const struct node *by = NULL;
    unsigned count = 0;
    for (uint8_t i = 0; i < CONDITION_WORDS; i++) {
        if (all[i] == NULL) {
            continue;
        }
        if (count++ > 0) {
            complain(&w->b->r, all[i],
                     "an alarm has one condition; make two alarms of `%.120s`, one each",
                     key->text);
        } else {
            by = all[i];
            c->kind = i;
        }
    }
    if (count == 0) {
        complain(&w->b->r, key,
                 "alarm `%.120s` has no condition; say `above: 1.2`, `below:`, `is: true`, or "
                 "`rises: 0.5, within: 10m`",
                 key->text);
    }
    return count == 1 ? read_limit(w, n, by, f, c) : read_loose(w, n, f);
}

static bool read_one(struct rule_builder *w, const struct node *key, const struct node *value,
                     uint32_t index)
{
    struct written_nodes n = {0};
    struct tag_facts f;
    uint64_t samples = 1;
    struct alarm_condition *c = list_add(w, &w->conditions, sizeof *c);
    struct alarm_looks *looks = &w->written[index];
    if (c == NULL) {
        return false;
    }
    bool good = read_path(w, key, &w->written_areas[index]);
    w->written_at[index] = place_of(&w->b->r, key);
    w->written_paths[index] = arena_copy(w->b->r.arena, key->text, key->length);
    good = take_fields(&w->b->r, value, fields, sizeof fields / sizeof *fields, &n, "an alarm") &&
           good;
    if (value->kind != NODE_MAPPING) {
        return false;
    }
    looks->priority = PRIORITY_MEDIUM;
    good = read_looks_of_alarm(w, key, &n.looks, "alarm", looks) && good;
    good = read_u64(&w->b->r, n.samples, "samples", 1, SAMPLES_MAX, &samples) && good;
    c->samples = (uint32_t)samples;
    if (n.tag == NULL) {
        complain(&w->b->r, key, "alarm `%.120s` watches nothing; say `tag: area/device/tag`",
                 key->text);
    }
    c->tag = n.tag != NULL && is_scalar(&w->b->r, n.tag, "tag") ? find_tag(w->b, n.tag, "tag")
                                                                : TAG_NONE;
    if (c->tag == TAG_NONE) {
        read_condition(w, key, &n, NULL, c);
        return false;
    }
    tag_facts(w, c->tag, &f);
    struct alarm_looks usual = *looks;
    delays_by_signal(&f, &usual);
    if (n.looks.delay == NULL) {
        looks->on_delay_ms = usual.on_delay_ms;
    }
    if (says_no_end(&n.looks)) {
        looks->off_delay_ms = usual.off_delay_ms;
    }
    return read_condition(w, key, &n, &f, c) && good;
}

/* When everything is important, nothing is. */
static void check_shares(struct rule_builder *w, const struct node *n)
{
    enum { FEW = 20 };
    uint32_t count[PRIORITY_COUNT] = {0}, all = n->length;
    for (uint32_t i = 0; i < all; i++) {
        count[w->written[i].priority]++;
    }
    uint32_t critical = count[PRIORITY_CRITICAL], high = critical + count[PRIORITY_HIGH];
    if (all < FEW) {
        return;
    }
    if (critical * 20 > all) {
        caution(&w->b->r, n,
                "%u of %u alarms are critical; with more than 5 %% nobody can tell what comes "
                "first",
                critical, all);
    }
    if (high * 5 > all) {
        caution(&w->b->r, n,
                "%u of %u alarms are high or critical; with more than 20 %% nobody can tell what "
                "comes first",
                high, all);
    }
}

bool read_alarms(struct rule_builder *w, const struct node *n)
{
    if (n == NULL) {
        return true;
    }
    struct arena *scratch = w->b->scratch;
    w->written = arena_get_array(scratch, n->length + 1U, sizeof *w->written);
    w->written_paths = arena_get_array(scratch, n->length + 1U, sizeof *w->written_paths);
    w->written_at = arena_get_array(scratch, n->length + 1U, sizeof *w->written_at);
    w->written_areas = arena_get_array(scratch, n->length + 1U, sizeof *w->written_areas);
    if (arena_exhausted(scratch)) {
        return false;
    }
    bool good = true;
    uint32_t index = 0;
    for (const struct node *k = n->first; k != NULL; k = k->next->next) {
        good = read_one(w, k, k->next, index++) && good;
    }
    check_shares(w, n);
    return good;
}
