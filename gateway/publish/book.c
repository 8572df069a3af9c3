/* SPDX-License-Identifier: Apache-2.0 */
/* Topics by number: a row carries four bytes instead of fifty. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "publish/store.h"

static uint32_t *slot(const struct journal *j, uint64_t hash, const char *topic, uint32_t length)
{
    uint32_t mask = j->slot_count - 1, at = (uint32_t)hash & mask;
    for (; j->topic_slots[at]; at = (at + 1) & mask) {
        const struct topic_entry *t = &j->topics[j->topic_slots[at] - 1];
        if (t->hash == hash && t->length == length && memcmp(t->text, topic, length) == 0)
            break;
    }
    return &j->topic_slots[at];
}

static bool grow(struct journal *j)
{
    uint32_t room = j->topic_room ? 2 * j->topic_room : 64;
    struct topic_entry *topics = realloc(j->topics, room * sizeof(*topics));
    if (!topics)
        return false;
    j->topics = topics;
    uint32_t *slots = calloc(2 * (size_t)room, sizeof(*slots));
    if (!slots)
        return false;
    free(j->topic_slots);
    j->topic_slots = slots;
    j->slot_count = 2 * room;
    j->topic_room = room;
    for (uint32_t i = 0; i < j->topic_count; i++)
        *slot(j, topics[i].hash, topics[i].text, topics[i].length) = i + 1;
    return true;
}

uint32_t book_add(struct journal *j, const char *topic, uint32_t length)
{
    uint64_t hash = text_hash(0, topic, length);
    if (j->topic_count == j->topic_room && !grow(j))
        return 0;
    uint32_t *at = slot(j, hash, topic, length);
    if (*at)
        return *at;
    char *text = malloc((size_t)length + 1);
    if (!text)
        return 0;
    memcpy(text, topic, length);
    text[length] = '\0';
    j->topics[j->topic_count] = (struct topic_entry){text, length, hash};
    return *at = ++j->topic_count;
}

void book_free(struct journal *j)
{
    for (uint32_t i = 0; i < j->topic_count; i++)
        free(j->topics[i].text);
    free(j->topics);
    free(j->topic_slots);
    j->topics = NULL;
    j->topic_slots = NULL;
    j->topic_count = j->topic_room = j->topics_saved = j->slot_count = 0;
}
