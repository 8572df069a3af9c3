/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the two tables, the same on the screen and on paper. */
#ifndef CLI_WATCH_ROWS_H
#define CLI_WATCH_ROWS_H

#include "cli/watch.h"

enum watch_mood { MOOD_NONE, MOOD_GOOD, MOOD_DOUBTFUL, MOOD_BAD };

const struct watch_list *watch_list_of(const struct watch *w, enum watch_page page);
bool watch_shown(const struct watch_view *v, const struct watch_item *item);
enum watch_mood watch_mood_of(enum watch_page page, const struct watch_item *item, bool old);

struct watch_widths {              /* of the columns that give way to others */
    int name, reason, value;
};
struct watch_widths watch_widths_for(enum watch_page page, int columns);
struct watch_widths watch_widths_uncut(const struct watch_list *l);   /* for paper */
void watch_headings(struct canvas *c, enum watch_page page, const struct watch_widths *w);
void watch_row(struct canvas *c, enum watch_page page, const struct watch_item *item,
               const struct watch_widths *w, bool old, wall_t now);
/* All of what a row may have cut. */
void watch_detail(enum watch_page page, const struct watch_item *item, bool old, char *out,
                  size_t room);
/* messages_per_s < 0: not said. */
void watch_gateway_text(const struct watch_gateway *g, double messages_per_s, wall_t now, char *out,
                        size_t room);

#endif
