/* SPDX-License-Identifier: Apache-2.0 */
/* What equipment can say in ways that are not understood here. Whoever looks for one of them in a
 * manual tries its word, and gets what to do instead; not that the word is unknown. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/map_merge.h"
#include "config/map_parts.h"

enum place_of_word { IN_TYPE, IN_AT, IN_READ, IN_KEY };

enum reason {
    PACKED,
    FINDER,
    ENRON,
    FILES,
    FIFO,
    MAILBOX,
    INDEXED,
    EVENTS,
    SCAN_LIST,
    SETUP,
    FUNCTION
};

static const char *const sentences[] = {
    [PACKED] =
        "a mantissa and a decimal exponent in one number are not read as one type: make a tag "
        "of each with `mask` and `shift`, and let the one scale the other with `exp_from`",
    [FINDER] =
        "Finder's packed T types are not read; take the meter's own block of IEEE floats, with "
        "`type: f32`, or its whole-number registers",
    [ENRON] = "registers of four bytes each (Enron, Daniel) are not read; set the flow computer to "
              "standard Modbus, two registers to a value, and say `type: f32` or u32",
    [FILES] =
        "file records (functions 20 and 21) are not read; archives are fetched with the maker's "
        "tool, and what is measured now stands in ordinary registers",
    [FIFO] =
        "queues (function 24) are not read: reading one empties it for everybody else; poll the "
        "register that the queue is filled from",
    [MAILBOX] =
        "mailboxes are not spoken: a question is written to them before they are read, and this "
        "gateway polls without writing; map the parameter to a register of its own with the "
        "maker's tool",
    [INDEXED] =
        "values behind an index register are not read: the index is shared with every other "
        "master; map the elements to registers of their own with the maker's tool",
    [EVENTS] =
        "event buffers with a handshake are not read: each entry has to be acknowledged by "
        "writing, and is gone for everybody else; poll the state itself, as a register or a bit",
    [SCAN_LIST] =
        "scan lists are not written: set the list with the maker's tool, and give the registers "
        "that it fills as ordinary tags",
    [SETUP] =
        "nothing is set up by this gateway, which only writes what people order; set it with the "
        "maker's tool, and say in `about` what it has to be",
    [FUNCTION] =
        "the function follows from the table: coil is read with 1, discrete with 2, holding with "
        "3, input with 4; say `at: holding N` or `at: input N`",
};

static const struct {
    const char *word;
    uint8_t length, where, reason;
} refused[] = {
#define REFUSED(where, word, reason)                                                               \
    {                                                                                              \
        word, sizeof word - 1, where, reason                                                       \
    }
    REFUSED(IN_TYPE, "t4", FINDER),
    REFUSED(IN_TYPE, "t5", FINDER),
    REFUSED(IN_TYPE, "t6", FINDER),
    REFUSED(IN_TYPE, "t7", FINDER),
    REFUSED(IN_TYPE, "t8", FINDER),
    REFUSED(IN_TYPE, "t9", FINDER),
    REFUSED(IN_TYPE, "t10", FINDER),
    REFUSED(IN_TYPE, "finder", FINDER),
    REFUSED(IN_TYPE, "packed", PACKED),
    REFUSED(IN_TYPE, "decfloat", PACKED),
    REFUSED(IN_TYPE, "packed_decimal", PACKED),
    REFUSED(IN_TYPE, "decimal_float", PACKED),
    REFUSED(IN_TYPE, "enron", ENRON),
    REFUSED(IN_TYPE, "enron32", ENRON),
    REFUSED(IN_TYPE, "daniel", ENRON),
    REFUSED(IN_TYPE, "daniel32", ENRON),
    REFUSED(IN_TYPE, "enron_float", ENRON),
    REFUSED(IN_TYPE, "enron_long", ENRON),
    REFUSED(IN_TYPE, "file", FILES),
    REFUSED(IN_TYPE, "fifo", FIFO),
    REFUSED(IN_TYPE, "event", EVENTS),
    REFUSED(IN_TYPE, "event_buffer", EVENTS),
    REFUSED(IN_AT, "file", FILES),
    REFUSED(IN_AT, "record", FILES),
    REFUSED(IN_AT, "archive", FILES),
    REFUSED(IN_AT, "extended", FILES),
    REFUSED(IN_AT, "fifo", FIFO),
    REFUSED(IN_AT, "queue", FIFO),
    REFUSED(IN_AT, "mailbox", MAILBOX),
    REFUSED(IN_AT, "pnu", MAILBOX),
    REFUSED(IN_AT, "parameter", MAILBOX),
    REFUSED(IN_AT, "spa", MAILBOX),
    REFUSED(IN_AT, "index", INDEXED),
    REFUSED(IN_AT, "indexed", INDEXED),
    REFUSED(IN_AT, "events", EVENTS),
    REFUSED(IN_AT, "event", EVENTS),
    REFUSED(IN_AT, "enron", ENRON),
    REFUSED(IN_AT, "daniel", ENRON),
    REFUSED(IN_READ, "mailbox", MAILBOX),
    REFUSED(IN_READ, "index", INDEXED),
    REFUSED(IN_READ, "indexed", INDEXED),
    REFUSED(IN_READ, "handshake", EVENTS),
    REFUSED(IN_READ, "event", EVENTS),
    REFUSED(IN_READ, "events", EVENTS),
    REFUSED(IN_READ, "file", FILES),
    REFUSED(IN_READ, "fifo", FIFO),
    REFUSED(IN_READ, "scan_list", SCAN_LIST),
    REFUSED(IN_READ, "scan", SCAN_LIST),
    REFUSED(IN_KEY, "mailbox", MAILBOX),
    REFUSED(IN_KEY, "index", INDEXED),
    REFUSED(IN_KEY, "subindex", INDEXED),
    REFUSED(IN_KEY, "pnu", MAILBOX),
    REFUSED(IN_KEY, "handshake", EVENTS),
    REFUSED(IN_KEY, "events", EVENTS),
    REFUSED(IN_KEY, "event_buffer", EVENTS),
    REFUSED(IN_KEY, "acknowledge", EVENTS),
    REFUSED(IN_KEY, "exchange_word", EVENTS),
    REFUSED(IN_KEY, "scan_list", SCAN_LIST),
    REFUSED(IN_KEY, "file", FILES),
    REFUSED(IN_KEY, "record", FILES),
    REFUSED(IN_KEY, "fifo", FIFO),
    REFUSED(IN_KEY, "enron", ENRON),
    REFUSED(IN_KEY, "setup", SETUP),
    REFUSED(IN_KEY, "unlock", SETUP),
    REFUSED(IN_KEY, "function", FUNCTION),
    REFUSED(IN_KEY, "function_code", FUNCTION),
    REFUSED(IN_KEY, "fc", FUNCTION),
    REFUSED(IN_KEY, "register_type", FUNCTION),
#undef REFUSED
};

static bool is_refused(const struct map_builder *b, const struct node *n, enum place_of_word where)
{
    size_t length = n->kind == NODE_SCALAR ? strcspn(n->text, " ") : 0;
    for (size_t i = 0; length > 0 && i < sizeof refused / sizeof *refused; i++) {
        if (refused[i].length == length && refused[i].where == where &&
            strncasecmp(refused[i].word, n->text, length) == 0) {
            return !complain(&b->r, n, "`%.*s`: %s", (int)length, n->text,
                             sentences[refused[i].reason]);
        }
    }
    return false;
}

enum fate { KEPT, DROPPED, LOST };

/* What `off` took away is gone; what is left of it found nothing: unless that comes of what is told
 * otherwise, that the key or the tag below is unknown, or a key there. */
static bool is_idle_off(const struct map_builder *b, const struct node *tag, const struct node *off)
{
    const char *key = off->text;
    bool based = node_get(tag, "at") != NULL || node_get(tag, "from") != NULL;
    for (const struct node *k = tag->first; based && k != NULL; k = k->next->next) {
        based = is_tag_key(k->text) ? true : text_nearest(k->text, &key, 1) == NULL;
    }
    return based && !b->loose;
}

static enum fate fate_of(const struct map_builder *b, const struct node *mapping,
                         const struct node *k, bool tag)
{
    static const char *const keys[] = {[IN_TYPE] = "type", [IN_AT] = "at", [IN_READ] = "read"};
    if (is_refused(b, k, IN_KEY)) {
        return DROPPED;
    }
    for (unsigned i = IN_TYPE; i < IN_KEY; i++) {
        if (strcmp(k->text, keys[i]) == 0 && is_refused(b, k->next, (enum place_of_word)i)) {
            return LOST;
        }
    }
    if (tag && b->merged && node_is_off(k->next) && is_tag_key(k->text) &&
        strcmp(k->text, "about") != 0) {
        complain_if(&b->r, is_idle_off(b, mapping, k), k->next,
                    "`%.40s: off`, but the tag below has no `%.40s`", k->text, k->text);
        return LOST;
    }
    return KEPT;
}

/* NULL: out of memory. */
static struct node *copy_pair(const struct map_builder *b, const struct node *key, enum fate fate)
{
    struct node *pair = arena_get_array(b->scratch, 2, sizeof *pair);
    if (pair != NULL) {
        pair[0] = *key;
        pair[0].next = &pair[1];
        pair[1] = fate == LOST ? (struct node){.text = "", .kind = NODE_LOST} : *key->next;
        pair[1].next = NULL;
    }
    return pair;
}

const struct node *refuse_unsupported(const struct map_builder *b, const struct node *mapping,
                                      bool tag, bool *good)
{
    const struct node *first = mapping->kind == NODE_MAPPING ? mapping->first : NULL;
    size_t i = 0, kept = 0;
    uint8_t *fates = arena_get(b->scratch, first == NULL ? 1 : mapping->length);
    struct node *made = arena_get(b->scratch, sizeof *made);
    if (fates == NULL || made == NULL) {
        return NULL;
    }
    for (const struct node *k = first; k != NULL; k = k->next->next) {
        fates[i] = (uint8_t)fate_of(b, mapping, k, tag);
        kept += fates[i++] == KEPT;
    }
    if (kept == i) {
        return mapping;
    }
    *good = false;
    *made = *mapping;
    made->first = NULL;
    made->length = 0;
    const struct node **tail = &made->first;
    i = 0;
    for (const struct node *k = first; k != NULL; k = k->next->next) {
        enum fate fate = (enum fate)fates[i++];
        struct node *pair = fate == DROPPED ? NULL : copy_pair(b, k, fate);
        if (pair == NULL && fate != DROPPED) {
            return NULL;
        }
        if (pair != NULL) {
            *tail = pair;
            tail = &pair[1].next;
            made->length++;
        }
    }
    return made;
}
