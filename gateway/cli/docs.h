/* SPDX-License-Identifier: Apache-2.0 */
/* The tag list of a plant for the binder, and how its files divide the work. */
#ifndef CLI_DOCS_H
#define CLI_DOCS_H

#include "base/arena.h"
#include "cli/paper.h"
#include "headgate/block.h"

/* Who looks at a tag. */
enum mention_kind {
    MENTION_CONDITION,             /* plant->conditions */
    MENTION_LEAK,                  /* plant->leaks */
    MENTION_DERIVED,               /* plant->derived */
    MENTION_EQUIPMENT,             /* plant->equipment: its water, its run feedback, its wet switch */
    MENTION_BASIN,                 /* plant->basins */
};
struct mention {
    uint32_t tag, index;           /* index: among its kind */
    uint8_t kind;                  /* enum mention_kind */
};
struct mentions {                  /* sorted by tag, kind, index */
    const struct mention *items;
    size_t count;
};

struct docs {
    const struct plant *plant;
    const struct plan *plan;
    struct mentions mentions;
    const uint32_t *alarm_of;      /* per condition: its alarm */
    const char *date;              /* "2026-11-23" */
    char hash[17];                 /* of the plant file */
    struct paper paper;
};

bool mentions_find(struct arena *a, const struct plant *p, struct mentions *out);   /* false: no memory */
/* The first mention of the tag, and how many follow it. */
const struct mention *mentions_of(const struct mentions *m, uint32_t tag, size_t *count);

void docs_head(struct docs *d);    /* what the plant is, its lines, its maps */
void docs_area(struct docs *d, uint32_t area);
void docs_rules(struct docs *d, uint32_t area);    /* its alarms, leaks, equipment */
void docs_writes(struct docs *d);
void docs_list(struct docs *d);    /* all tags as one table, for CSV */

/* Into the open cell: "level-high > 1.8 high, leak mill-sump", a line each. */
enum { MENTIONS_ALARMS = 1, MENTIONS_LEAKS = 2, MENTIONS_OTHERS = 4, MENTIONS_ALL = 7 };
void docs_mentions(struct docs *d, uint32_t tag, unsigned which);
void docs_choices(struct docs *d, const struct point *point);
/* "> 1.8, clear 1.4, for 1 min" */
enum { CONDITION_WORDS = 200 };
const char *docs_condition(char out[static CONDITION_WORDS], const struct docs *d, uint32_t condition);
const struct write_permit *docs_permit(const struct docs *d, uint32_t tag);
bool docs_in_area(const struct docs *d, const char *path, uint32_t area);

#endif
