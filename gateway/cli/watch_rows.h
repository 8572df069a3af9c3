/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the two tables, the same on the screen and on paper. */
#ifndef CLI_WATCH_ROWS_H
#define CLI_WATCH_ROWS_H

#include "cli/watch.h"

enum watch_mood { MOOD_NONE, MOOD_GOOD, MOOD_DOUBTFUL, MOOD_BAD };

const struct watch_list *watch_list_of(const struct watch *w, enum watch_page page);
bool watch_shown(const struct watch_view *v, const struct watch_item *item);
enum watch_mood watch_mood_of(enum watch_page page, const struct watch_item *item);
void watch_headings(struct canvas *c, enum watch_page page, int columns);
void watch_row(struct canvas *c, enum watch_page page, const struct watch_item *item, int columns,
               wall_t now);
/* messages_per_s < 0: not said. */
void watch_gateway_text(const struct watch_gateway *g, double messages_per_s, wall_t now, char *out,
                        size_t room);

#endif
