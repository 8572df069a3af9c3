/* SPDX-License-Identifier: Apache-2.0 */
/* Where a value lies: wire addresses, and the numbers that makers print instead. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/map.h"
#include "config/map_merge.h"
#include "config/map_parts.h"

enum { ADDRESSES = 65536, TELLING_BASE = 10000, NEVER_MAX = 256 };

const char *const table_names[TABLE_COUNT] = {"coil", "discrete", "input", "holding"};

const char *table_name(enum table t)
{
    return table_names[t];
}

static bool split(const char *text, char word[24], char number[40])
{
    size_t w = strcspn(text, " ");
    const char *rest = text + w + strspn(text + w, " ");
    if (w == 0 || w >= 24 || *rest == '\0' || strlen(rest) >= 40) {
        return false;
    }
    memcpy(word, text, w);
    word[w] = '\0';
    strcpy(number, rest);
    return true;
}

static bool read_table(const struct map_builder *b, const struct node *n, const char *what,
                       const char *word, uint8_t *table)
{
    for (unsigned t = 0; t < TABLE_COUNT; t++) {
        if (strcmp(table_names[t], word) == 0) {
            *table = (uint8_t)t;
            return true;
        }
    }
    const char *near = did_you_mean(&b->r, word, table_names, TABLE_COUNT);
    return complain(&b->r, n, "%s: `%s` is no table%s", what, word,
                    *near == '\0' ? "; there are coil, discrete, input and holding" : near);
}

/* 30001 counts inputs as far as 39999 and 300001 as far as 365536: 40001 is another table's, and
 * would be read from a place that nobody meant. */
static bool within_block(uint64_t base, uint64_t number)
{
    uint64_t block = base < 100000 ? TELLING_BASE : 100000;
    return number / block == base / block && number - base < ADDRESSES;
}

/* 40001 by itself: the table whose base is the nearest below, if bases tell tables apart. */
static bool from_doc_number(const struct map_builder *b, const struct node *n, const char *what,
                            uint64_t number, uint8_t *table, uint16_t *address)
{
    unsigned best = TABLE_COUNT;
    bool twice = false;
    for (unsigned t = 0; t < TABLE_COUNT; t++) {
        if (!b->has_base[t] || b->base[t] < TELLING_BASE || b->base[t] > number) {
            continue;
        }
        if (best == TABLE_COUNT || b->base[t] > b->base[best]) {
            best = t;
            twice = false;
        } else if (b->base[t] == b->base[best]) {
            twice = true;
        }
    }
    if (best == TABLE_COUNT || twice || !within_block(b->base[best], number)) {
        return complain(&b->r, n,
                        "%s: `%s` names no table; write `holding N` or `input N` with the "
                        "zero-based wire address, or say what the maker counts from: "
                        "`doc_base: {holding: 40001}`",
                        what, n->text);
    }
    *table = (uint8_t)best;
    *address = (uint16_t)(number - b->base[best]);
    return true;
}

bool read_address(const struct map_builder *b, const struct node *n, const char *what,
                  uint8_t *table, uint16_t *address)
{
    char word[24], number[40];
    uint64_t x;
    if (!is_scalar(&b->r, n, what)) {
        return false;
    }
    if (whole_u64(n->text, &x)) {
        return from_doc_number(b, n, what, x, table, address);
    }
    if (!split(n->text, word, number)) {
        return complain(&b->r, n,
                        "%s `%.40s`: write the table and the zero-based wire address, "
                        "like `holding 100` or `input 0x1F`",
                        what, n->text);
    }
    if (!read_table(b, n, what, word, table)) {
        return false;
    }
    if (!whole_u64(number, &x)) {
        const char *point = strchr(number, '.');
        return complain(&b->r, n, "%s: `%s` is no address; write a whole number%s", what, number,
                        point == NULL ? " without leading zeros, like 100 or 0x64"
                                      : ", and the bit as a key of its own: `bit: 3`");
    }
    if (x >= ADDRESSES) {
        return complain(&b->r, n,
                        "%s: address %s is beyond 65535; maker's numbers like 400001 "
                        "stand alone, with a `doc_base`",
                        what, number);
    }
    *address = (uint16_t)x;
    return true;
}

bool read_doc_base(struct map_builder *b, const struct node *n)
{
    if (n == NULL) {
        return true;
    }
    if (!is_mapping(&b->r, n, "doc_base")) {
        return false;
    }
    bool good = true;
    for (const struct node *k = n->first; k != NULL; k = k->next->next) {
        unsigned t = TABLE_COUNT;
        uint64_t base;
        if (!read_word(&b->r, k, "table", table_names, TABLE_COUNT, &t) ||
            !read_u64(&b->r, k->next, "doc_base", 0, 1000000, &base)) {
            good = false;
            continue;
        }
        b->base[t] = base;
        b->has_base[t] = true;
        b->map->doc_base[t] = (uint32_t)base;
        b->map->has_doc_base[t] = true;
    }
    return good;
}

static bool read_range(const struct map_builder *b, const struct node *n, struct never *out)
{
    char word[24], number[40];
    uint64_t first, last;
    if (!is_scalar(&b->r, n, "never")) {
        return false;
    }
    if (!split(n->text, word, number)) {
        return complain(&b->r, n, "never `%.40s`: write `holding 0x2000..0x2001` or `holding 5`",
                        n->text);
    }
    if (!read_table(b, n, "never", word, &out->table)) {
        return false;
    }
    char *dots = strstr(number, "..");
    if (dots != NULL) {
        *dots = '\0';
    }
    if (!whole_u64(number, &first) || !whole_u64(dots == NULL ? number : dots + 2, &last) ||
        first > last || last >= ADDRESSES) {
        return complain(&b->r, n,
                        "never `%.40s`: write `holding 0x2000..0x2001` or `holding 5`, "
                        "the lower address first, none beyond 65535",
                        n->text);
    }
    out->first = (uint32_t)first;
    out->last = (uint32_t)last;
    return true;
}

bool read_never(struct map_builder *b, const struct node *n, struct limits *out)
{
    if (n == NULL || (b->merged && node_is_off(n))) {
        return true;
    }
    if (!is_list(&b->r, n, "never")) {
        return false;
    }
    if (n->length > NEVER_MAX) {
        return complain(&b->r, n, "more than %d ranges in `never`", NEVER_MAX);
    }
    struct never *never = arena_get_array(b->r.arena, n->length, sizeof *never);
    uint32_t count = 0;
    bool good = never != NULL;
    for (const struct node *i = n->first; never != NULL && i != NULL; i = i->next) {
        if (read_range(b, i, &never[count])) {
            count++;
        } else {
            good = false;
        }
    }
    out->never = never;
    out->never_count = count;
    return good;
}

bool read_barriers(struct map_builder *b, const struct node *n, struct limits *out)
{
    if (n == NULL || (b->merged && node_is_off(n))) {
        return true;
    }
    if (!is_list(&b->r, n, "barriers")) {
        return false;
    }
    if (n->length > NEVER_MAX) {
        return complain(&b->r, n, "more than %d barriers", NEVER_MAX);
    }
    struct barrier *barriers = arena_get_array(b->r.arena, n->length + 1U, sizeof *barriers);
    bool good = barriers != NULL;
    for (const struct node *i = n->first; barriers != NULL && i != NULL; i = i->next) {
        struct barrier *at = &barriers[out->barrier_count];
        if (!read_address(b, i, "a barrier", &at->table, &at->first)) {
            good = false;
        } else if (at->first == 0) {
            good = complain(&b->r, i, "a barrier stands between two addresses: at the upper one");
        } else {
            out->barrier_count++;
        }
    }
    out->barriers = barriers;
    return good;
}

bool check_doc(const struct map_builder *b, const struct node *doc, const struct point *p)
{
    uint64_t number;
    if (!is_scalar(&b->r, doc, "doc")) {
        return false;
    }
    if (!b->placed || !b->has_base[p->table]) {
        return true; /* no rule to check by: it is for people */
    }
    uint64_t base = b->base[p->table];
    if (!whole_u64(doc->text, &number)) {
        return complain(&b->r, doc,
                        "doc `%.40s` is no whole number, but `doc_base` says that the "
                        "maker's numbers of this table are",
                        doc->text);
    }
    if (number - base == first_part(p)) {
        return true;
    }
    if (number < base || number - base >= ADDRESSES) {
        return complain(&b->r, doc,
                        "doc %ju lies outside of what `doc_base` %ju allows; %s %u is "
                        "printed as %ju",
                        (uintmax_t)number, (uintmax_t)base, table_names[p->table], p->address,
                        (uintmax_t)(base + p->address));
    }
    return complain(&b->r, doc,
                    "doc %ju is wire address %ju (doc_base %ju), but `at` says %u; right "
                    "would be `at: %s %ju` or `doc: %ju`",
                    (uintmax_t)number, (uintmax_t)(number - base), (uintmax_t)base, p->address,
                    table_names[p->table], (uintmax_t)(number - base),
                    (uintmax_t)(base + p->address));
}

bool check_reach(const struct map_builder *b, const struct node *n, const struct point *p,
                 bool writes)
{
    uint32_t last = p->address + (uint32_t)p->words - 1;
    const struct limits *limits = &b->map->limits;
    if (last >= ADDRESSES) {
        return complain(&b->r, n, "%u registers from address %u on reach beyond 65535", p->words,
                        p->address);
    }
    bool bits = p->table == TABLE_COIL || p->table == TABLE_DISCRETE;
    if (!bits && p->words > limits->max_registers) {
        return complain(&b->r, n, "this takes %u registers, but `max_registers` is %u", p->words,
                        limits->max_registers);
    }
    const struct never *never = limits_never(limits, p->table, p->address, last);
    if (never != NULL) {
        return complain(&b->r, n,
                        "this lies in `never: %s %u..%u`, which must not be read: leave the tag "
                        "out, or make that range end beside it%s",
                        table_names[p->table], never->first, never->last,
                        writes ? "; what can't be read can't be written, for each writing is "
                                 "read back"
                               : "");
    }
    const struct barrier *barrier = limits_barrier(limits, p->table, p->address, last);
    if (barrier != NULL) {
        return complain(&b->r, n, "this lies on both sides of the barrier `%s %u`",
                        table_names[p->table], barrier->first);
    }
    return true;
}
