/* SPDX-License-Identifier: Apache-2.0 */
/* Who looks at a tag: alarms, leak points, derived tags, equipment, basins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/docs.h"
#include "cli/point_words.h"
#include "publish/encode_alarm.h"

/* ---- finding them -----------------------------------------------------------------------------
 */

struct collector {
    struct mention *items; /* NULL: only counting */
    size_t count;
};

static void add(struct collector *c, uint32_t tag, enum mention_kind kind, uint32_t index)
{
    if (tag == TAG_NONE)
        return;
    if (c->items)
        c->items[c->count] = (struct mention){tag, index, (uint8_t)kind};
    c->count++;
}

static void collect(struct collector *c, const struct plant *p)
{
    c->count = 0;
    for (uint32_t i = 0; i < p->condition_count; i++)
        add(c, p->conditions[i].tag, MENTION_CONDITION, i);
    for (uint32_t i = 0; i < p->leak_count; i++)
        for (uint32_t k = 0; k < p->leaks[i].input_count; k++)
            add(c, p->leaks[i].inputs[k].tag, MENTION_LEAK, i);
    for (uint32_t i = 0; i < p->derived_count; i++)
        for (uint32_t k = 0; k < p->derived[i].input_count; k++)
            add(c, p->derived[i].inputs[k].tag, MENTION_DERIVED, i);
    for (uint32_t i = 0; i < p->equipment_count; i++) {
        const struct equipment *e = &p->equipment[i];
        add(c, e->water, MENTION_EQUIPMENT, i);
        add(c, e->running, MENTION_EQUIPMENT, i);
        add(c, e->wet, MENTION_EQUIPMENT, i);
        for (uint32_t k = 0; k < e->check_count; k++)
            if (e->checks[k].kind == CHECK_AUTO && e->checks[k].builtin == BUILTIN_NONE)
                add(c, e->checks[k].tag, MENTION_EQUIPMENT, i);
    }
    for (uint32_t i = 0; i < p->basin_count; i++) {
        const struct basin *b = &p->basins[i];
        add(c, b->level, MENTION_BASIN, i);
        for (uint32_t k = 0; k < b->pump_count; k++) {
            add(c, b->pumps[k].run, MENTION_BASIN, i);
            add(c, b->pumps[k].flow, MENTION_BASIN, i);
        }
        for (uint32_t k = 0; k < b->wet_count; k++)
            add(c, b->wet[k], MENTION_BASIN, i);
    }
}

static int compare(const void *a, const void *b)
{
    const struct mention *x = a, *y = b;
    if (x->tag != y->tag)
        return x->tag < y->tag ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

bool mentions_find(struct arena *a, const struct plant *p, struct mentions *out)
{
    struct collector c = {0};
    collect(&c, p);
    c.items = arena_get_array(a, c.count + 1, sizeof *c.items);
    if (!c.items)
        return false;
    collect(&c, p);
    qsort(c.items, c.count, sizeof *c.items, compare);
    /* One who looks at a tag in two ways is told once. */
    size_t kept = 0;
    for (size_t i = 0; i < c.count; i++)
        if (kept == 0 || compare(&c.items[kept - 1], &c.items[i]) != 0)
            c.items[kept++] = c.items[i];
    *out = (struct mentions){c.items, kept};
    return true;
}

const struct mention *mentions_of(const struct mentions *m, uint32_t tag, size_t *count)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->items[middle].tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    for (*count = 0; low + *count < m->count && m->items[low + *count].tag == tag;)
        ++*count;
    return &m->items[low];
}

/* ---- telling them -----------------------------------------------------------------------------
 */

const char *docs_condition(char out[static CONDITION_WORDS], const struct docs *d,
                           uint32_t condition)
{
    const struct alarm_condition *c = &d->plant->conditions[condition];
    const struct alarm_rule *r = &d->plant->alarms[d->alarm_of[condition]];
    const struct point *point = tag_point(d->plant, c->tag);
    const char *unit = point->unit;
    const char *space = *unit ? " " : "";
    char time[32];
    int n = 0;
    switch ((enum condition_kind)c->kind) {
    case CONDITION_ABOVE:
    case CONDITION_BELOW:
        n = snprintf(out, CONDITION_WORDS, "%s %.10g%s%.16s, clear %.10g",
                     c->kind == CONDITION_ABOVE ? ">" : "<", c->limit, space, unit, c->clear);
        break;
    case CONDITION_IS:
        if (c->word)
            n = snprintf(out, CONDITION_WORDS, "is %.64s", c->word);
        else if (point->type == RAW_BOOL || point->bit >= 0)
            n = snprintf(out, CONDITION_WORDS, "is %s", c->limit != 0 ? "true" : "false");
        else
            n = snprintf(out, CONDITION_WORDS, "is %.10g", c->limit);
        break;
    case CONDITION_RISES:
    case CONDITION_FALLS:
        n = snprintf(out, CONDITION_WORDS, "%s by %.10g%s%.16s within %s",
                     c->kind == CONDITION_RISES ? "rises" : "falls", c->limit, space, unit,
                     text_from_duration(time, c->within_ms * NS_PER_MS));
        break;
    }
    if (r->on_delay_ms > 0)
        n += snprintf(out + n, (size_t)(CONDITION_WORDS - n), ", for %s",
                      text_from_duration(time, r->on_delay_ms * NS_PER_MS));
    if (c->samples > 1)
        snprintf(out + n, (size_t)(CONDITION_WORDS - n), ", %u in a row", c->samples);
    return out;
}

static void tell(struct docs *d, const struct mention *m, const char *apart)
{
    const struct plant *p = d->plant;
    char words[CONDITION_WORDS];
    switch ((enum mention_kind)m->kind) {
    case MENTION_CONDITION: {
        const struct alarm_rule *r = &p->alarms[d->alarm_of[m->index]];
        paper_more(&d->paper, "%s%s: %s, %s", apart, r->path, docs_condition(words, d, m->index),
                   alarm_priority_words(r->priority));
        break;
    }
    case MENTION_LEAK:
        paper_more(&d->paper, "%sleak %s", apart, p->leaks[m->index].name);
        break;
    case MENTION_DERIVED:
        paper_more(&d->paper, "%s%s", apart, p->derived[m->index].path);
        break;
    case MENTION_EQUIPMENT:
        paper_more(&d->paper, "%sequipment %s", apart, p->equipment[m->index].name);
        break;
    case MENTION_BASIN:
        paper_more(&d->paper, "%sbasin %s", apart, p->basins[m->index].name);
        break;
    }
}

void docs_mentions(struct docs *d, uint32_t tag, unsigned which)
{
    size_t count, told = 0;
    const struct mention *m = mentions_of(&d->mentions, tag, &count);
    for (size_t i = 0; i < count; i++) {
        unsigned is = m[i].kind == MENTION_CONDITION ? MENTIONS_ALARMS
                      : m[i].kind == MENTION_LEAK    ? MENTIONS_LEAKS
                                                     : MENTIONS_OTHERS;
        if (which & is)
            tell(d, &m[i], told++ ? "\n" : "");
    }
}

void docs_choices(struct docs *d, const struct point *point)
{
    for (uint32_t i = 0; i < point->choice_count; i++)
        paper_more(&d->paper, "%s%jd = %.*s", i ? ", " : "", (intmax_t)point->choices[i].raw,
                   (int)point->choices[i].length, point->choices[i].text);
    for (uint32_t i = 0; i < point->factor_count; i++)
        paper_more(&d->paper, "%s%jd: x %.10g", i ? ", " : "", (intmax_t)point->factors[i].code,
                   point->factors[i].by.real);
    if (point->inverted)
        paper_more(&d->paper, "%s", "inverted");
}

const struct write_permit *docs_permit(const struct docs *d, uint32_t tag)
{
    const struct command_rules *c = &d->plant->commands;
    for (uint32_t i = 0; i < c->write_count; i++)
        if (c->writes[i].tag == tag)
            return &c->writes[i];
    return NULL;
}

bool docs_in_area(const struct docs *d, const char *path, uint32_t area)
{
    const char *name = d->plant->areas[area].name;
    size_t length = strlen(name);
    return strncmp(path, name, length) == 0 && path[length] == '/';
}
