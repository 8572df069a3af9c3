/* SPDX-License-Identifier: Apache-2.0 */
/* What a leak point believes, in JSON: leak/<name>, and the member "leak" of events. */
#ifndef PUBLISH_ENCODE_LEAK_H
#define PUBLISH_ENCODE_LEAK_H

#include "headgate/plant.h"
#include "publish/json.h"
#include "watch/leak.h"

enum { LEAK_ROOM = 4096, LEAK_WORDS = LEAK_TEXT_MAX + LEAK_WHY_MAX + 80 };

/* A whole object. What isn't known is null. */
void encode_leak(struct json *j, const struct plant *p, const struct leak_rule *r,
                 const struct leak_view *v, wall_t time);

/* The sentence for people: the point's own, with the time of day that it leaves out. */
void leak_words(char out[static LEAK_WORDS], const struct leak_view *v, int64_t now_ms);

#endif
