/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's topic tree: <root>/<site>/<class>/... Names were checked when the plant was read. */
#ifndef PUBLISH_TOPIC_H
#define PUBLISH_TOPIC_H

#include <stddef.h>

enum { TOPIC_MAX = 768 };

enum topic_class {
    TOPIC_VALUE,                   /* <area>/<device>/<tag> */
    TOPIC_HISTORY,                 /* <gateway>/<area>/<device> */
    TOPIC_ALARM,
    TOPIC_LEAK,
    TOPIC_EVENT,                   /* <gateway> */
    TOPIC_INCIDENT,
    TOPIC_BULLETIN,
    TOPIC_DEVICE,                  /* <area>/<device> */
    TOPIC_GATEWAY,                 /* <gateway> */
    TOPIC_STATS,                   /* <gateway> */
    TOPIC_META,                    /* <area>/<device> */
    TOPIC_CMD,                     /* <gateway>/<verb> */
    TOPIC_REPLY,                   /* <gateway>/<client> */
    TOPIC_AUDIT,                   /* <gateway> */
};

const char *topic_class_name(enum topic_class c);

/* "<root>/<site>/<class>/<first>[/<rest>]", terminated; rest may be NULL. The length, 0: too long. */
size_t topic_make(char out[static TOPIC_MAX], const char *root, const char *site,
                  enum topic_class c, const char *first, const char *rest);

/* "/name" behind a prefix of that length (a device's value prefix is made once, its tags are only
 * copied). The new length, 0: too long. */
size_t topic_append(char out[static TOPIC_MAX], size_t prefix, const char *name, size_t length);

#endif
