/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/text.h"
#include "config/reader.h"

enum { STORY_BYTES = 1 << 20 };

struct step_nodes {
    const struct node *at, *happens, *plant, *people, *say;
};

static bool read_time(const struct reader *r, const struct node *n, const char *what, int64_t *out)
{
    if (!is_scalar(r, n, what))
        return false;
    return calendar_read(n->text, out) ||
           complain(r, n, "%s: `%.60s` is no time; write it like 2006-02-04T13:50:00-05:00", what,
                    n->text);
}

static struct value value_of(const struct node *n)
{
    double x;
    if (!n->quoted && (strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0))
        return (struct value){.kind = VALUE_BOOL, .truth = *n->text == 't'};
    if (!n->quoted && text_to_real(n->text, &x))
        return (struct value){.kind = VALUE_REAL, .real = x};
    return (struct value){.kind = VALUE_TEXT, .text = n->text, .length = n->length};
}

static bool read_acts(const struct reader *r, const struct node *plant, int64_t t_ms,
                      struct story *s, struct story_act *acts)
{
    bool good = true;
    for (const struct node *k = plant->first; k != NULL; k = k->next->next) {
        struct story_act *act = &acts[s->count];
        if (!is_scalar(r, k->next, "what the plant is told")) {
            good = false;
            continue;
        }
        *act =
            (struct story_act){t_ms, arena_copy(r->arena, k->text, k->length), value_of(k->next)};
        if (act->value.kind == VALUE_TEXT)
            act->value.text = arena_copy(r->arena, k->next->text, k->next->length);
        s->count++;
    }
    return good;
}

static bool read_step(const struct reader *r, const struct node *n, struct story *s,
                      struct story_act *acts, int64_t *last_ms)
{
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct step_nodes, name)                                                   \
    }
    static const struct field fields[] = {FIELD(at), FIELD(happens), FIELD(plant), FIELD(people),
                                          FIELD(say)};
#undef FIELD
    struct step_nodes nodes = {0};
    int64_t t_ms = *last_ms;
    if (!take_fields(r, n, fields, sizeof fields / sizeof *fields, &nodes, "a step"))
        return false;
    if (nodes.at == NULL)
        return complain(r, n, "a step says when: `at: 2006-02-04T13:50:00-05:00`");
    if (!read_time(r, nodes.at, "at", &t_ms))
        return false;
    if (t_ms < *last_ms)
        return complain(r, nodes.at, "steps stand in order of time; this one is before the last");
    *last_ms = t_ms;
    return nodes.plant == NULL ||
           (is_mapping(r, nodes.plant, "plant") && read_acts(r, nodes.plant, t_ms, s, acts));
}

static uint32_t most_acts(const struct node *steps)
{
    uint32_t count = 0;
    for (const struct node *n = steps->first; n != NULL; n = n->next) {
        const struct node *plant = n->kind == NODE_MAPPING ? node_get(n, "plant") : NULL;
        count += plant != NULL && plant->kind == NODE_MAPPING ? plant->length : 0;
    }
    return count;
}

struct story_nodes {
    const struct node *format, *title, *begin, *end, *steps;
};

static bool build(const struct reader *r, const struct node *root, struct story *s)
{
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct story_nodes, name)                                                  \
    }
    static const struct field fields[] = {FIELD(format), FIELD(title), FIELD(begin), FIELD(end),
                                          FIELD(steps)};
#undef FIELD
    struct story_nodes n = {0};
    if (!take_fields(r, root, fields, sizeof fields / sizeof *fields, &n, "a story") ||
        !check_format(r, root, n.format))
        return false;
    s->title = "";
    if (n.begin == NULL || n.steps == NULL)
        return complain(r, root, "a story has `begin:` and `steps:`");
    if (!read_text(r, n.title, "title", &s->title) ||
        !read_time(r, n.begin, "begin", &s->begin_ms) || !is_list(r, n.steps, "steps"))
        return false;
    s->end_ms = s->begin_ms;
    if (n.end != NULL && !read_time(r, n.end, "end", &s->end_ms))
        return false;
    struct story_act *acts = arena_get_array(r->arena, most_acts(n.steps) + 1U, sizeof *acts);
    s->acts = acts;
    bool good = acts != NULL;
    int64_t last_ms = s->begin_ms;
    for (const struct node *step = n.steps->first; acts != NULL && step != NULL; step = step->next)
        good = read_step(r, step, s, acts, &last_ms) && good;
    if (s->end_ms < last_ms)
        s->end_ms = last_ms;
    return good;
}

const struct story *story_load(struct arena *a, const char *file, struct diags *ds)
{
    static const struct yaml_limits limits = {STORY_BYTES, 50000, 16, 4096};
    struct reader r = {.arena = a, .ds = ds, .file = arena_copy(a, file, strlen(file))};
    struct story *s = arena_get(a, sizeof *s);
    size_t length;
    char *text = text_read_file(file, STORY_BYTES, &length);
    if (text == NULL) {
        complain_at(&r, (struct place){file, 1, 1}, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    const struct node *root = yaml_parse(a, text, length, file, &limits, ds);
    free(text);
    if (s == NULL || r.file == NULL || root == NULL || !build(&r, root, s))
        return NULL;
    s->file = r.file;
    return s;
}
