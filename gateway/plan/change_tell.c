/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison in words, short enough for a log. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plan/change.h"

enum { NAMES_TOLD = 5 };

struct words {
    char *at;
    size_t left;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(w->at, w->left, format, arguments);
    va_end(arguments);
    size_t took = n < 0 ? 0 : (size_t)n < w->left ? (size_t)n : w->left - 1;
    w->at += took;
    w->left -= took;
}

struct list { /* of lines that share a fate */
    uint32_t count;
    const char *names[NAMES_TOLD];
};

static void note(struct list *l, const char *name)
{
    if (l->count < NAMES_TOLD)
        l->names[l->count] = name;
    l->count++;
}

/* "; line mill restarts", "; lines a, b and 7 more restart" */
static void say_list(struct words *w, const struct list *l, const char *one, const char *many)
{
    if (l->count == 0)
        return;
    say(w, "; line%s ", l->count == 1 ? "" : "s");
    uint32_t told = l->count < NAMES_TOLD ? l->count : NAMES_TOLD;
    for (uint32_t i = 0; i < told; i++)
        say(w, "%s%s", i == 0 ? "" : i + 1 == l->count ? " and " : ", ", l->names[i]);
    if (told < l->count)
        say(w, " and %u more", l->count - told);
    say(w, " %s", l->count == 1 ? one : many);
}

void change_tell(const struct change *c, char *text, size_t room)
{
    const struct plant *a = c->before->plant, *b = c->after->plant;
    struct list restart = {0}, opened = {0}, gone = {0};
    uint32_t carried = 0;
    for (uint32_t i = 0; i < b->line_count; i++) {
        const char *name = b->lines[i].name;
        if (c->lines[i] != CHANGE_NONE)
            carried++;
        else
            note(c->namesakes[i] != CHANGE_NONE ? &restart : &opened, name);
    }
    for (uint32_t i = 0; i < a->line_count; i++)
        if (c->gone[i])
            note(&gone, a->lines[i].name);
    struct words w = {text, room};
    bool same = c->tags_changed + c->tags_added + c->tags_removed == 0;
    if (same)
        say(&w, "no tag changed");
    else
        say(&w, "%u tag%s changed, %u added, %u removed", c->tags_changed,
            c->tags_changed == 1 ? "" : "s", c->tags_added, c->tags_removed);
    say_list(&w, &restart, "restarts", "restart");
    say_list(&w, &opened, "is new", "are new");
    say_list(&w, &gone, "is gone", "are gone");
    bool all = restart.count + opened.count + gone.count == 0;
    if (all)
        say(&w, "; no line restarts, %s%u run%s on", carried > 1 ? "all " : "", carried,
            carried == 1 ? "s" : "");
    else if (carried > 0)
        say(&w, ", %u other%s run%s on", carried, carried == 1 ? "" : "s", carried == 1 ? "s" : "");
}
