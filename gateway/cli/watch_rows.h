/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the tables, the same on the screen and on paper. */
#ifndef CLI_WATCH_ROWS_H
#define CLI_WATCH_ROWS_H

#include "cli/watch.h"

enum watch_mood { MOOD_NONE, MOOD_GOOD, MOOD_DOUBTFUL, MOOD_BAD, MOOD_LOW, MOOD_MEDIUM, MOOD_HIGH, MOOD_CRITICAL,
    MOOD_WAITS = 8 };              /* added to the last four: nobody has acknowledged it */

const struct watch_list *watch_list_of(const struct watch *w, enum watch_page page);
bool watch_shown(const struct watch_view *v, const struct watch_item *item);
/* Rows of the page that pass filter and focus, in its order; free() them. NULL: out of memory. */
const struct watch_item **watch_pick(const struct watch *w, const struct watch_view *v,
                                     uint32_t *count);
/* The row that is chosen, `by` rows from the one that was; its number. Also keeps it. */
uint32_t watch_choose(struct watch_view *v, const struct watch_item **rows, uint32_t count,
                      int64_t by);
enum watch_mood watch_mood_of(enum watch_page page, const struct watch_item *item, const char *old);

struct watch_widths {              /* of the columns that give way to others */
    int name, reason, value;
};
struct watch_widths watch_widths_for(enum watch_page page, int columns);
struct watch_widths watch_widths_uncut(const struct watch_list *l);   /* for paper */
void watch_headings(struct canvas *c, enum watch_page page, const struct watch_widths *w);
void watch_row(struct canvas *c, enum watch_page page, const struct watch_item *item,
               const struct watch_widths *w, const char *old, wall_t now);
/* All of what a row may have cut. */
void watch_detail(enum watch_page page, const struct watch_item *item, const char *old, char *out,
                  size_t room);
/* messages_per_s < 0: not said. */
void watch_gateway_text(const struct watch_gateway *g, const char *old, double messages_per_s,
                        wall_t now, char *out, size_t room);

/* ---- alarms, leaks, incidents ---------------------------------------------------------------- */

struct watch_cell {                /* of a row; width as canvas_cell */
    const char *text;
    int width;
};
void watch_cells(struct canvas *c, const struct watch_cell *cells, size_t count);

enum { TOLD_LINES = 4 };           /* of detail, where the screen is tall */

void watch_alarm_headings(struct canvas *c, const struct watch_widths *w);
void watch_alarm_row(struct canvas *c, const struct watch_told *a, const struct watch_widths *w, const char *old,
               wall_t now);
void watch_alarm_detail(const struct watch_told *a, const char *old, wall_t now, int line, char *out,
                  size_t room);
void watch_leak_headings(struct canvas *c, const struct watch_widths *w);
void watch_leak_row(struct canvas *c, const struct watch_told *l, const struct watch_widths *w, const char *old,
              wall_t now);
void watch_leak_detail(const struct watch_told *l, const char *old, wall_t now, int line, char *out,
                 size_t room);
struct watch_widths watch_widths_told(enum watch_page page, int columns);
enum watch_mood watch_mood_told(enum watch_page page, const struct watch_told *t, const char *old);

/* How many alarms stand, drill or not, which incident is open. false: nothing of that kind was told. */
bool watch_banner(const struct watch *w, const struct watch_view *v, wall_t now, enum watch_mood *mood, char *out, size_t room);

enum { DOC_LINES = 400 };

struct watch_doc {                 /* begin with zeroes; free(text.text) */
    struct canvas text;            /* lines one after the other, without ends */
    uint32_t count;
    struct {
        size_t at, length;
        enum watch_mood mood;
    } lines[DOC_LINES];
};

/* All of an incident, with its newest bulletin. */
void watch_incident_doc(struct watch_doc *d, const struct watch *w, const struct watch_told *i, const char *old,
                  wall_t now);
/* The milestones that wait for confirmation, "plugged, contained"; and the first of them. */
void watch_incident_proposed(const struct watch_told *i, char *all, size_t room, char *first,
                       size_t first_room);

#endif
