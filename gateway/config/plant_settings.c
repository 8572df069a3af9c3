/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for alarms of the whole plant. */
#include <string.h>

#include "config/plant_rules.h"

#define FIELD(type, name)                                                                          \
    {                                                                                              \
#name, offsetof(struct type, name)                                                         \
    }

struct settings_nodes {
    const struct node *comm, *signals, *flood, *max_shelve;
};
struct comm_nodes {
    const struct node *priority, *after;
};
struct flood_nodes {
    const struct node *begin, *end;
};

/* true or false turn it on and off, a mapping changes it. */
static bool is_switched(const struct node *n, bool *on)
{
    *on = n->kind != NODE_SCALAR || strcmp(n->text, "false") != 0;
    return n->kind == NODE_SCALAR && !n->quoted && (!*on || strcmp(n->text, "true") == 0);
}

static bool read_comm(const struct reader *r, const struct node *n, struct alarm_settings *s)
{
    static const struct field fields[] = {FIELD(comm_nodes, priority), FIELD(comm_nodes, after)};
    struct comm_nodes c = {0};
    unsigned priority = s->comm_priority;
    if (n == NULL) {
        return true;
    }
    if (is_switched(n, &s->comm)) {
        return true;
    }
    bool good = take_fields(r, n, fields, 2, &c, "`comm` (or it is false)");
    good = read_word(r, c.priority, "priority", priority_words, PRIORITY_COUNT, &priority) && good;
    s->comm_priority = (uint8_t)priority;
    return read_ms(r, c.after, "after", 0, 24 * MS_PER_HOUR, &s->comm_after_ms) && good;
}

static bool read_signals(const struct reader *r, const struct node *n, struct alarm_settings *s)
{
    static const struct field fields[] = {FIELD(comm_nodes, priority)};
    struct comm_nodes c = {0};
    unsigned priority = s->signal_priority;
    if (n == NULL) {
        return true;
    }
    if (is_switched(n, &s->signals)) {
        return true;
    }
    bool good = take_fields(r, n, fields, 1, &c, "`signals` (or it is false)");
    good = read_word(r, c.priority, "priority", priority_words, PRIORITY_COUNT, &priority) && good;
    s->signal_priority = (uint8_t)priority;
    return good;
}

static bool read_flood(const struct reader *r, const struct node *n, struct alarm_settings *s)
{
    static const struct field fields[] = {FIELD(flood_nodes, begin), FIELD(flood_nodes, end)};
    struct flood_nodes f = {0};
    uint64_t begin = s->flood_begin, end = s->flood_end;
    if (n == NULL) {
        return true;
    }
    bool good = take_fields(r, n, fields, 2, &f, "`flood`");
    good = read_u64(r, f.begin, "begin", 2, 1000, &begin) && good;
    good = read_u64(r, f.end, "end", 1, 1000, &end) && good;
    s->flood_begin = (uint32_t)begin;
    s->flood_end = (uint32_t)end;
    if (good && end > begin) {
        good = complain(r, n,
                        "a flood begins with more than %ju alarms in 10 minutes and ends with "
                        "fewer than %ju; the end must not be above the beginning",
                        (uintmax_t)begin, (uintmax_t)end);
    }
    return good;
}

bool read_alarm_settings(struct rule_builder *w, const struct node *n)
{
    static const struct field fields[] = {
        FIELD(settings_nodes, comm), FIELD(settings_nodes, signals), FIELD(settings_nodes, flood),
        FIELD(settings_nodes, max_shelve)};
    struct alarm_settings *s = &w->b->plant->alarm_settings;
    const struct reader *r = &w->b->r;
    struct settings_nodes a = {0};
    w->max_shelve_ms = 8 * MS_PER_HOUR;
    *s = (struct alarm_settings){.comm = true,
                                 .comm_priority = PRIORITY_MEDIUM,
                                 .comm_after_ms = 30000,
                                 .signals = true,
                                 .signal_priority = PRIORITY_LOW,
                                 .flood_begin = 10,
                                 .flood_end = 5};
    if (n == NULL) {
        return true;
    }
    bool good = take_fields(r, n, fields, sizeof fields / sizeof *fields, &a, "alarm_settings");
    good = read_comm(r, a.comm, s) && good;
    good = read_signals(r, a.signals, s) && good;
    good = read_flood(r, a.flood, s) && good;
    return read_ms(r, a.max_shelve, "max_shelve", 60000, 30 * 24 * MS_PER_HOUR,
                   &w->max_shelve_ms) &&
           good;
}
