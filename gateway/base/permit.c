/* SPDX-License-Identifier: Apache-2.0 */
#include "base/permit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 2, WORDS = PERMIT_COUNT + GROUPS };

/* Permits in their order, then the groups. */
static const char *const words[WORDS] = {
    [ORDER_ACK] = "ack",
    [ORDER_RESET] = "reset",
    [ORDER_SHELVE] = "shelve",
    [ORDER_UNSHELVE] = "unshelve",
    [ORDER_OOS] = "oos",
    [ORDER_IN_SERVICE] = "in-service",
    [ORDER_PROOF] = "proof",
    [ORDER_INCIDENT] = "incident",
    [ORDER_DRILL] = "drill",
    [ORDER_WRITE] = "write",
    [PERMIT_REPLAY] = "replay",
    [PERMIT_BULLETIN] = "bulletin",
    [PERMIT_COUNT] = "alarms",
    [PERMIT_COUNT + 1] = "incidents",
};

static const uint32_t groups[GROUPS] = {
    PERMIT_BIT(ORDER_ACK) | PERMIT_BIT(ORDER_RESET) | PERMIT_BIT(ORDER_SHELVE) |
        PERMIT_BIT(ORDER_UNSHELVE) | PERMIT_BIT(ORDER_OOS) | PERMIT_BIT(ORDER_IN_SERVICE) |
        PERMIT_BIT(ORDER_PROOF),
    PERMIT_BIT(ORDER_INCIDENT) | PERMIT_BIT(ORDER_DRILL) | PERMIT_BIT(PERMIT_BULLETIN),
};

static uint32_t bits_of(unsigned word)
{
    return word < PERMIT_COUNT ? PERMIT_BIT(word) : groups[word - PERMIT_COUNT];
}

const char *permit_word(unsigned permit)
{
    return words[permit];
}

const char *permit_group(unsigned permit)
{
    for (unsigned g = 0; g < GROUPS; g++)
        if (groups[g] & PERMIT_BIT(permit))
            return words[PERMIT_COUNT + g];
    return NULL;
}

uint32_t permit_parse(const char *word)
{
    for (unsigned w = 0; w < WORDS; w++)
        if (strcmp(word, words[w]) == 0)
            return bits_of(w);
    return 0;
}

size_t permit_words(const char *const **out)
{
    *out = words;
    return WORDS;
}

const char *permit_text(char out[PERMIT_TEXT_MAX], uint32_t allow)
{
    size_t length = 0;
    snprintf(out, PERMIT_TEXT_MAX, "nothing");
    /* Groups first: what a whole one says needs no word of its own. */
    for (unsigned n = 0; n < WORDS; n++) {
        unsigned w = n < GROUPS ? PERMIT_COUNT + n : n - GROUPS;
        uint32_t bits = bits_of(w);
        if (!bits || (allow & bits) != bits)
            continue;
        allow &= ~bits;
        length += (size_t)snprintf(out + length, PERMIT_TEXT_MAX - length, "%s%s",
                                   length ? ", " : "", words[w]);
    }
    return out;
}

static int by_tag(const void *key, const void *member)
{
    uint32_t tag = *(const uint32_t *)key, other = ((const struct write_permit *)member)->tag;
    return (tag > other) - (tag < other);
}

const struct write_permit *permit_write(const struct command_rules *rules, uint32_t tag)
{
    if (!(rules->allow & PERMIT_BIT(ORDER_WRITE)) || rules->write_count == 0)
        return NULL;
    return bsearch(&tag, rules->writes, rules->write_count, sizeof(*rules->writes), by_tag);
}
