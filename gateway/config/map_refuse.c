/* SPDX-License-Identifier: Apache-2.0 */
/* What equipment can say in ways that are not understood here. Whoever looks for one of them in a
 * manual tries its word, and gets what to do instead; not that the word is unknown. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
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
    enum place_of_word where;
    const char *word;
    enum reason reason;
} refused[] = {
    {IN_TYPE, "t4", FINDER},
    {IN_TYPE, "t5", FINDER},
    {IN_TYPE, "t6", FINDER},
    {IN_TYPE, "t7", FINDER},
    {IN_TYPE, "t8", FINDER},
    {IN_TYPE, "t9", FINDER},
    {IN_TYPE, "t10", FINDER},
    {IN_TYPE, "finder", FINDER},
    {IN_TYPE, "packed", PACKED},
    {IN_TYPE, "decfloat", PACKED},
    {IN_TYPE, "packed_decimal", PACKED},
    {IN_TYPE, "decimal_float", PACKED},
    {IN_TYPE, "enron", ENRON},
    {IN_TYPE, "enron32", ENRON},
    {IN_TYPE, "daniel", ENRON},
    {IN_TYPE, "daniel32", ENRON},
    {IN_TYPE, "enron_float", ENRON},
    {IN_TYPE, "enron_long", ENRON},
    {IN_TYPE, "file", FILES},
    {IN_TYPE, "fifo", FIFO},
    {IN_TYPE, "event", EVENTS},
    {IN_TYPE, "event_buffer", EVENTS},
    {IN_AT, "file", FILES},
    {IN_AT, "record", FILES},
    {IN_AT, "archive", FILES},
    {IN_AT, "extended", FILES},
    {IN_AT, "fifo", FIFO},
    {IN_AT, "queue", FIFO},
    {IN_AT, "mailbox", MAILBOX},
    {IN_AT, "pnu", MAILBOX},
    {IN_AT, "parameter", MAILBOX},
    {IN_AT, "spa", MAILBOX},
    {IN_AT, "index", INDEXED},
    {IN_AT, "indexed", INDEXED},
    {IN_AT, "events", EVENTS},
    {IN_AT, "event", EVENTS},
    {IN_AT, "enron", ENRON},
    {IN_AT, "daniel", ENRON},
    {IN_READ, "mailbox", MAILBOX},
    {IN_READ, "index", INDEXED},
    {IN_READ, "indexed", INDEXED},
    {IN_READ, "handshake", EVENTS},
    {IN_READ, "event", EVENTS},
    {IN_READ, "events", EVENTS},
    {IN_READ, "file", FILES},
    {IN_READ, "fifo", FIFO},
    {IN_READ, "scan_list", SCAN_LIST},
    {IN_READ, "scan", SCAN_LIST},
    {IN_KEY, "mailbox", MAILBOX},
    {IN_KEY, "index", INDEXED},
    {IN_KEY, "subindex", INDEXED},
    {IN_KEY, "pnu", MAILBOX},
    {IN_KEY, "handshake", EVENTS},
    {IN_KEY, "events", EVENTS},
    {IN_KEY, "event_buffer", EVENTS},
    {IN_KEY, "acknowledge", EVENTS},
    {IN_KEY, "exchange_word", EVENTS},
    {IN_KEY, "scan_list", SCAN_LIST},
    {IN_KEY, "file", FILES},
    {IN_KEY, "record", FILES},
    {IN_KEY, "fifo", FIFO},
    {IN_KEY, "enron", ENRON},
    {IN_KEY, "setup", SETUP},
    {IN_KEY, "unlock", SETUP},
    {IN_KEY, "function", FUNCTION},
    {IN_KEY, "function_code", FUNCTION},
    {IN_KEY, "fc", FUNCTION},
    {IN_KEY, "register_type", FUNCTION},
};

static bool is_refused(const struct map_builder *b, const struct node *n, enum place_of_word where)
{
    size_t length = n->kind == NODE_SCALAR ? strcspn(n->text, " ") : 0;
    for (size_t i = 0; length > 0 && i < sizeof refused / sizeof *refused; i++) {
        if (refused[i].where == where && strlen(refused[i].word) == length &&
            strncasecmp(refused[i].word, n->text, length) == 0) {
            return !complain(&b->r, n, "`%.*s`: %s", (int)length, n->text,
                             sentences[refused[i].reason]);
        }
    }
    return false;
}

bool refuse_unsupported(const struct map_builder *b, const struct node *mapping)
{
    bool good = true;
    for (const struct node *k = mapping->kind == NODE_MAPPING ? mapping->first : NULL; k != NULL;
         k = k->next->next) {
        static const char *const keys[] = {[IN_TYPE] = "type", [IN_AT] = "at", [IN_READ] = "read"};
        good = !is_refused(b, k, IN_KEY) && good;
        for (unsigned i = IN_TYPE; i < IN_KEY; i++) {
            if (strcmp(k->text, keys[i]) == 0) {
                good = !is_refused(b, k->next, (enum place_of_word)i) && good;
            }
        }
    }
    return good;
}
