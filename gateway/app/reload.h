/* SPDX-License-Identifier: Apache-2.0 */
/* One plan takes the place of another while it runs: all or nothing, and only what changed begins
 * anew. */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include "app/side.h"

enum { RELOAD_TEXT = 512 };

struct reload {
    const char *file;
    const struct plant_options *options;
    struct door *door;
    struct sequence *sequence;
};

/* true: `side` is the new one. false: it is what it was. text says in one line what happened: what
 * changed, or the first of what is wrong; ds has all of that. */
bool reload_side(struct side *side, const struct reload *r, struct diags *ds,
                 char text[static RELOAD_TEXT]);

/* What of two plants can't follow one another without a restart, by its names in the plant file:
 * "site, mqtt.broker". "": nothing. */
void reload_obstacles(const struct plant *a, const struct plant *b, char *text, size_t room);

#endif
