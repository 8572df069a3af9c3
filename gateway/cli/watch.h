/* SPDX-License-Identifier: Apache-2.0 */
/* What a site's topics say, and how it looks on a screen. Pure but for watch_screen.h: messages and
 * keys in, text out, time as an argument. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/watch_line.h"
#include "cli/watch_talk.h"
#include "headgate/time.h"

/* ---- what is known --------------------------------------------------------------------------- */

struct watch_item {                /* first member of what stands in lists */
    char *path;                    /* "mill/pump-1", "mill/pump-1/flow", "gw1" */
    bool gone;                     /* its retained message was cleared */
    uint32_t era;                  /* of its list, when it was last heard */
};

enum watch_form { WATCH_NULL, WATCH_WORD, WATCH_TEXT };   /* WORD: number, true or false */

struct watch_value {
    struct watch_item item;
    enum watch_form form, last_form;
    char *text, *last;             /* never NULL */
    char *unit, *reason;           /* never NULL; "" when none */
    int quality;
    wall_t time, last_time;
};

struct watch_device {
    struct watch_item item;
    char *state, *reason, *line, *map;   /* never NULL */
    char *gateway;                 /* who speaks for it */
    int64_t unit;
    wall_t since, last_ok;
    double rtt_ms;                 /* < 0: unknown */
    uint64_t good, bad;
};

struct watch_gateway {
    struct watch_item item;
    char *state, *reason, *version, *trouble;   /* never NULL */
    wall_t started, time;
    bool counted;                  /* the rest is known */
    wall_t stats_time;
    uint64_t acquired, acknowledged, waiting, dropped, polls, errors, updates;
    uint64_t lines, lines_up, devices, devices_online, tags, tags_good, resident_bytes;
    double polls_per_s, updates_per_s;   /* < 0: not yet known */
};

struct json_t;

struct watch_told {                /* alarm, leak, incident, bulletin: kept as it was told */
    struct watch_item item;
    struct json_t *said;           /* an object; NULL: nothing was understood yet */
    char *text;                    /* the same as it came */
    unsigned rank;                 /* what stands first on its page: the lowest rank, */
    wall_t time;                   /* then the newest */
};

struct watch_list {
    struct watch_item **items;     /* by path once watch_sort was called */
    uint32_t count, room;
    uint32_t *slots, slot_count;   /* by hash: number of an item + 1 */
    bool sorted;
    uint32_t era;                  /* rises with every connection, see watch_new_era */
};

struct watch {
    char *prefix;                  /* "mine/v1/lac-des-iles/" */
    struct watch_list values, devices, gateways;
    struct watch_list alarms, leaks, incidents, bulletins;   /* of struct watch_told */
    uint64_t messages, odd;        /* odd: not understood */
};

struct watch *watch_new(const char *root, const char *site);   /* NULL: out of memory */
void watch_free(struct watch *w);
void watch_hear(struct watch *w, const char *topic, const void *payload, size_t length);
void watch_sort(struct watch *w);
/* There is a connection again. All that is retained comes anew; what doesn't come was cleared, or lost
 * by a broker that keeps nothing: it is no longer known to be so. */
void watch_new_era(struct watch *w);

void *watch_item_of(struct watch_list *l, const char *path, size_t size);   /* made when new; NULL: no room */
const struct watch_item *watch_find(const struct watch_list *l, const char *path, size_t length);

const char *watch_quality_name(int quality);

/* ---- how it looks ---------------------------------------------------------------------------- */

enum watch_page { WATCH_DEVICES, WATCH_VALUES, WATCH_ALARMS, WATCH_LEAKS, WATCH_INCIDENTS, WATCH_PAGES };

const char *watch_page_name(enum watch_page page);
bool watch_page_of(const char *name, enum watch_page *page);

struct watch_view {
    const char *title;             /* "lac-des-iles  mqtt://127.0.0.1:1883" */
    const char *trouble;           /* why there is no connection; NULL: connected */
    double messages_per_s;
    bool colour;
    unsigned rows, columns;

    enum watch_page page;
    char filter[64], before[64];   /* before: what it was when editing began */
    bool all, quit;                /* all: alarms that say nothing, too */
    bool only;                     /* on paper: this page alone */
    char focus[140];               /* "mill/pump-1/": only its values; "": all */
    uint32_t selected[WATCH_PAGES], top[WATCH_PAGES];
    /* Rows move while people look at them: what was chosen is the thing, not the line it stood in. */
    const struct watch_item *chosen[WATCH_PAGES];
    uint64_t seen_seq;             /* of the chosen alarm, as it was drawn */
    bool seen;

    struct watch_line line;        /* being typed; see asks */
    enum watch_ask asks;           /* what the line is for; ASK_NOTHING: nobody types */
    struct watch_wish wish;        /* being made, or, when wished, to be sent */
    bool wished;
    struct watch_talk talk;
};

/* Why this is no news: retained words of yesterday, of a gateway that said it is offline, or from
 * before the connection was lost. NULL: it is news. */
const char *watch_old(const struct watch *w, const struct watch_view *v, enum watch_page page,
                      const struct watch_item *item);

/* One key off the front of what the terminal sent; how many bytes it was (at least 1). */
size_t watch_key_parse(const char *bytes, size_t length, int *key);
void watch_key(struct watch_view *v, const struct watch *w, int key);

struct canvas {                    /* begin with zeroes; free(text) */
    char *text;
    size_t length, room;
};

void watch_draw(struct canvas *c, const struct watch *w, struct watch_view *v, wall_t now);
void watch_print(struct canvas *c, const struct watch *w, const struct watch_view *v, wall_t now);
void watch_print_json(struct canvas *c, const struct watch *w, const struct watch_view *v);

bool watch_matches(const char *filter, const char *path);   /* a glob, or a part of the path */
void canvas_put(struct canvas *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void canvas_bytes(struct canvas *c, const char *bytes, size_t length);
/* Exactly `width` columns, cut or filled up; whatever could move the cursor becomes '?'. */
void canvas_cell(struct canvas *c, const char *text, int width);   /* width < 0: flush right */
void canvas_path(struct canvas *c, const char *path, int width);   /* cut in front: tags end in what matters */
void watch_age(char out[16], wall_t then, wall_t now);   /* "12 s", "3 min", "-" */

#endif
