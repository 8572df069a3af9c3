/* SPDX-License-Identifier: Apache-2.0 */
/* The page on which a bulletin is written, line by line; full is full, and never an error. */
#ifndef WATCH_BULLETIN_H
#define WATCH_BULLETIN_H

#include "watch/incident.h"

enum { BULLETIN_NAMES = 8 };       /* of a list, before "and n more" */

struct page {
    char *text;
    size_t used, room;
    uint32_t lines;
    bool full;
};

void page_say(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_end(struct page *p);                         /* of the line */
bool page_list(struct page *p, uint32_t *count, const char *lead, const char *name);   /* true */
void page_list_end(struct page *p, uint32_t count, const char *end);

/* bulletin_lines.c */
void bulletin_areas(struct page *p, const struct incident *i);
void bulletin_water(struct page *p, const struct incident *i, int64_t now_ms);
void bulletin_equipment(struct page *p, const struct incident *i);

#endif
