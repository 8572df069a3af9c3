/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a command: the reply for the one who waits, the row for the book. */
#ifndef PUBLISH_ANSWER_H
#define PUBLISH_ANSWER_H

#include "headgate/order.h"
#include "publish/json.h"
#include "publish/topic.h"

/* What became of something to be written. */
struct written {
    struct value value;            /* as it was read, last of all; NONE: nothing was */
    const char *raw;               /* the words of that in hexadecimal; NULL */
    const char *unit;
    bool sent;                     /* the equipment was told */
};

struct outcome {
    const char *gateway, *verb;
    const char *id, *client;       /* as the command had them; "" or NULL: none */
    const char *status;            /* "done", "refused", "accepted", "failed" */
    const char *error;             /* refused, failed: why; else NULL */
    bool counts;                   /* replay: */
    uint64_t count, from_seq, to_seq;
    const struct written *written; /* write: how it went; NULL: it didn't begin */
    const struct order *order;     /* what was asked, for the book; NULL: see asked */
    const char *asked;             /* the same of what is no order, as asked_put makes it; NULL: nothing */
    wall_t time;
};

void encode_reply(struct json *j, const struct outcome *a);
void encode_audit(struct json *j, const struct outcome *a);   /* a body without its head */

/* Where the reply goes: `wanted` (MQTT 5's response topic, or "") if that may be, else
 * reply/<gateway>/<client>. A wanted topic may be anything outside of this site's own tree, and inside
 * it only something under reply/: else a command could make us overwrite a value. 0: nowhere. */
size_t answer_topic(char out[static TOPIC_MAX], const char *root, const char *site,
                    const char *gateway, const char *wanted, const char *client);

#endif
