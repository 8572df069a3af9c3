/* SPDX-License-Identifier: Apache-2.0 */
/* How write.c and write_judge.c divide their work. Not for other files. */
#ifndef POLL_WRITE_PARTS_H
#define POLL_WRITE_PARTS_H

#include "poll/line.h"

/* The first of the line has ended, and is gone. */
void work_end(struct talk *t, enum write_how how, const char *why);
void work_end_unknown(struct talk *t, const char *why); /* sent, and not read back */
bool work_too_late(const struct work *w, mono_t now); /* to send it */
const char *work_late(const struct work *w); /* why */
/* It was meant for who answered on another connection. */
bool work_misplaced(const struct talk *t, const struct work *w);
extern const char work_other_connection[];

#endif
