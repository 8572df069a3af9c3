/* SPDX-License-Identifier: Apache-2.0 */
/* What people may command. Without a word of the plant file nothing is obeyed that changes
 * anything: whoever may publish on the broker could otherwise silence an alarm. */
#include <math.h>
#include <stdlib.h>

#include "base/permit.h"
#include "config/map.h"
#include "config/plant_parts.h"

struct command_nodes {
    const struct node *allow, *fresh, *writes;
};

static const struct field command_fields[] = {{"allow", offsetof(struct command_nodes, allow)},
                                              {"fresh", offsetof(struct command_nodes, fresh)},
                                              {"writes", offsetof(struct command_nodes, writes)}};

static const uint32_t reading = PERMIT_BIT(PERMIT_REPLAY) | PERMIT_BIT(PERMIT_BULLETIN);

static bool read_allow(const struct reader *r, const struct node *n, uint32_t *allow)
{
    const char *const *words;
    size_t count = permit_words(&words);
    bool good = true;
    if (n == NULL) {
        return true;
    }
    if (!is_list(r, n, "allow")) {
        return false;
    }
    *allow = 0;
    for (const struct node *i = n->first; i != NULL; i = i->next) {
        unsigned word = 0;
        bool known = read_word(r, i, "command", words, count, &word);
        if (known) {
            *allow |= permit_parse(words[word]);
        }
        good = known && good;
    }
    if (good && !(*allow & PERMIT_BIT(PERMIT_REPLAY))) {
        caution(r, n,
                "no historian can ask for rows that it missed; add `replay`, which changes "
                "nothing");
    }
    return good;
}

bool read_commands(struct plant_builder *b, const struct node *n)
{
    struct command_rules *out = &b->plant->commands;
    struct command_nodes c = {0};
    int64_t fresh_ns = 30 * NS_PER_S;
    *out = (struct command_rules){
        .at = n != NULL ? place_of(&b->r, n) : (struct place){b->r.file, 1, 1}, .allow = reading};
    bool good = n == NULL || take_fields(&b->r, n, command_fields, 3, &c, "commands");
    b->allow_known = read_allow(&b->r, c.allow, &out->allow);
    good = b->allow_known && good;
    good = read_duration(&b->r, c.fresh, "fresh", NS_PER_S, 3600 * NS_PER_S, &fresh_ns) && good;
    /* A story's clock runs fast; messages take as long as ever. */
    double pace = b->options != NULL && b->options->pace > 1 ? b->options->pace : 1;
    out->fresh_ms = (int64_t)((double)(fresh_ns / NS_PER_MS) * pace);
    return good;
}

/* ---- what may be written --------------------------------------------------------------------- */

struct permit_nodes {
    const struct node *limits, *danger;
};

/* p: NULL: not known. */
static bool read_permit_limits(const struct reader *r, const struct node *key,
                               const struct node *limits, const struct point *p,
                               struct write_permit *out)
{
    const struct write_rule *w = p == NULL ? NULL : p->write;
    bool bounded = w != NULL && w->has_limits;
    double ends[2];
    out->low = bounded ? w->low : (double)NAN;
    out->high = bounded ? w->high : (double)NAN;
    if (p != NULL && !map_point_is_number(p)) {
        return limits == NULL ||
               complain(r, limits, "limits are for numbers; `%s` is %s, leave them out", key->text,
                        p->choice_count > 0 ? "one of the words of its enum" : "true or false");
    }
    if (limits == NULL) {
        return bounded ||
               complain_if(r, w != NULL, key,
                           "`%s` is a number, and neither its map nor this says what it may "
                           "become: add `{limits: [LOW, HIGH]}`",
                           key->text);
    }
    if (!read_reals(r, limits, "limits", ends, 2)) {
        return false;
    }
    if (ends[0] > ends[1]) {
        return complain(r, limits, "the lower limit stands first");
    }
    if (bounded && (ends[0] < w->low || ends[1] > w->high)) {
        return complain(r, limits, "limits [%g, %g] are wider than its map's, [%g, %g] (%s:%u)",
                        ends[0], ends[1], w->low, w->high, w->at.file, (unsigned)w->at.line);
    }
    out->low = ends[0];
    out->high = ends[1];
    return true;
}

static bool read_danger(const struct reader *r, const struct node *key, const struct node *n,
                        const struct point *p, struct write_permit *out)
{
    if (!read_bool(r, n, "danger", &out->danger) || p == NULL || p->write == NULL) {
        return false;
    }
    if (p->danger && !out->danger) {
        return complain(r, key,
                        "`%s` commands something that can hurt people or equipment (`danger: true` "
                        "in %s:%u); if it has to be, say `danger: true` here as well",
                        key->text, p->at.file, (unsigned)p->at.line);
    }
    if (!p->danger && out->danger) {
        caution(r, n, "its map does not call `%s` dangerous; leave `danger` out", key->text);
    }
    return true;
}

/* NULL after a complaint. */
static const struct point *find_writable(struct plant_builder *b, const struct node *key,
                                         uint32_t *tag)
{
    *tag = find_tag(b, key, "writes");
    if (*tag == TAG_NONE) {
        return NULL;
    }
    if (*tag >= b->plant->first_derived) {
        complain(&b->r, key, "`%s` is derived; no device could be told", key->text);
        return NULL;
    }
    const struct device *d = b->plant->devices;
    while (d->map == NULL || *tag - d->first_tag >= d->map->point_count) {
        d++;
    }
    const struct point *p = &d->map->points[*tag - d->first_tag];
    if (p->write == NULL) {
        complain(&b->r, key,
                 "`%s` can't be written: its map does not say so; what it says stands in "
                 "%s:%u, where `write: {limits: [LOW, HIGH]}` would allow it",
                 key->text, p->at.file, (unsigned)p->at.line);
    }
    return p;
}

static bool read_permit(struct plant_builder *b, const struct node *key, const struct node *n,
                        struct write_permit *out)
{
    static const struct field fields[] = {{"limits", offsetof(struct permit_nodes, limits)},
                                          {"danger", offsetof(struct permit_nodes, danger)}};
    const struct reader *r = &b->r;
    struct permit_nodes nodes = {0};
    *out = (struct write_permit){.at = place_of(r, key)};
    const struct point *p = find_writable(b, key, &out->tag);
    bool good = take_fields(r, n, fields, 2, &nodes, "a tag of `writes`");
    if (n->kind != NODE_MAPPING) {
        return false;
    }
    good = read_danger(r, key, nodes.danger, p, out) && good;
    return read_permit_limits(r, key, nodes.limits, p, out) && good;
}

static int by_tag(const void *a, const void *b)
{
    const struct write_permit *x = a, *y = b;
    return (x->tag > y->tag) - (x->tag < y->tag);
}

bool read_writes(struct plant_builder *b, const struct node *n)
{
    const struct node *writes = n != NULL && n->kind == NODE_MAPPING ? node_get(n, "writes") : NULL;
    const struct node *allow = n != NULL && n->kind == NODE_MAPPING ? node_get(n, "allow") : NULL;
    struct command_rules *out = &b->plant->commands;
    bool allowed = (out->allow & PERMIT_BIT(ORDER_WRITE)) != 0 || !b->allow_known, good = true;
    if (writes == NULL || node_is_null(writes)) {
        if (allowed && b->allow_known) {
            caution(&b->r, allow,
                    "`write` alone allows nothing; name the tags: `writes: {AREA/DEVICE/TAG: "
                    "{limits: [LOW, HIGH]}}`");
        }
        return true;
    }
    if (!is_mapping(&b->r, writes, "writes")) {
        return false;
    }
    if (!allowed) {
        good = complain(&b->r, writes,
                        "nothing of `writes` can be written without `allow: [write]` beside it");
    }
    struct write_permit *permits = arena_get_array(b->r.arena, writes->length + 1, sizeof *permits);
    if (permits == NULL) {
        return false;
    }
    for (const struct node *k = writes->first; k != NULL; k = k->next->next) {
        bool well = read_permit(b, k, k->next, &permits[out->write_count]);
        out->write_count += well;
        good = well && good;
    }
    qsort(permits, out->write_count, sizeof *permits, by_tag);
    out->writes = permits;
    return good;
}
