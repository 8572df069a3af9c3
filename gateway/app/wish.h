/* SPDX-License-Identifier: Apache-2.0 */
/* Whether something may be written, by the map and by the plant file: the same for those who ask by
 * the broker and for those who type. Knows no lines and no time. */
#ifndef APP_WISH_H
#define APP_WISH_H

#include "headgate/plant.h"
#include "poll/write.h"

enum { WISH_SAID = 600 };

/* NULL: it may, and job says what to do (but for its id and its deadline). Else why not, and what
 * would be right, in said. was: NULL: whatever it is. */
const char *wish_judge(const struct plant *plant, const char *path, const struct value *v,
                       const struct value *was, struct write_job *job, char said[static WISH_SAID]);

/* The value in these words, and the words as people read them: "0x00C8 0x0001". */
enum { WISH_RAW = 32 };
struct value wish_read(const struct point *p, const uint16_t *words, char raw[static WISH_RAW]);

/* How a job ended, for people: NULL: well. */
const char *wish_ending(const struct point *p, const struct write_job *job,
                        const struct write_end *e, char said[static WISH_SAID]);

#endif
