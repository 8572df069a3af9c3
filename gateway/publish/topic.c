/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/topic.h"

#include <stdio.h>
#include <string.h>

const char *topic_class_name(enum topic_class c)
{
    switch (c) {
    case TOPIC_VALUE:
        return "value";
    case TOPIC_HISTORY:
        return "history";
    case TOPIC_ALARM:
        return "alarm";
    case TOPIC_LEAK:
        return "leak";
    case TOPIC_EVENT:
        return "event";
    case TOPIC_INCIDENT:
        return "incident";
    case TOPIC_BULLETIN:
        return "bulletin";
    case TOPIC_DEVICE:
        return "device";
    case TOPIC_GATEWAY:
        return "gateway";
    case TOPIC_STATS:
        return "stats";
    case TOPIC_META:
        return "meta";
    case TOPIC_CMD:
        return "cmd";
    case TOPIC_REPLY:
        return "reply";
    case TOPIC_AUDIT:
        return "audit";
    }
    return "";
}

size_t topic_make(char out[static TOPIC_MAX], const char *root, const char *site,
                  enum topic_class c, const char *first, const char *rest)
{
    int n = snprintf(out, TOPIC_MAX, "%s/%s/%s/%s%s%s", root, site, topic_class_name(c), first,
                     rest ? "/" : "", rest ? rest : "");
    return n < 0 || n >= TOPIC_MAX ? 0 : (size_t)n;
}

size_t topic_append(char out[static TOPIC_MAX], size_t prefix, const char *name, size_t length)
{
    if (prefix + 1 + length >= TOPIC_MAX)
        return 0;
    out[prefix] = '/';
    memcpy(out + prefix + 1, name, length);
    out[prefix + 1 + length] = '\0';
    return prefix + 1 + length;
}
