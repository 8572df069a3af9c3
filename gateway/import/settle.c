/* SPDX-License-Identifier: Apache-2.0 */
#include "import/settle.h"

#include <stdlib.h>
#include <string.h>

#include "config/map.h"
#include "import/orders.h"
#include "import/types.h"

enum { ADDRESSES = 65536 };

static bool is_bits(int table)
{
    return table == TABLE_COIL || table == TABLE_DISCRETE;
}

static void want(uint32_t *needs, enum need n)
{
    *needs |= 1U << n;
}

/* 40101, 400101: the table and a number from 1 on. */
static const char *by_digits(const struct spot *s, const struct import_options *o, int *table,
                             int64_t *address, uint32_t *needs)
{
    static const int16_t tables[10] = {
        TABLE_COIL, TABLE_DISCRETE, -1, TABLE_INPUT, TABLE_HOLDING, -1, -1, -1, -1, -1};
    uint32_t block = s->digits == 6 ? 100000 : 10000;
    unsigned least = o->base == BASE_400001 ? 6 : 5;
    if (s->digits > 6)
        return "more than six digits";
    if (s->digits < least) {
        /* 00301 that a spreadsheet made 301 of: a coil, whatever it looks like now. */
        if (o->zeros == UNSAID)
            want(needs, NEED_ZEROS);
        if (o->zeros == UNSAID)
            return NULL;
        if (o->zeros == SECOND)
            return "too few digits to name a table";
        *table = TABLE_COIL;
        *address = (int64_t)s->number - 1;
        return NULL;
    }
    *table = tables[s->number / block];
    *address = (int64_t)(s->number % block) - 1;
    return *table < 0 ? "its first digit is no table (0, 1, 3 or 4)" : NULL;
}

static const char *prefixed(const struct import_list *l, const struct spot *s,
                            const struct import_options *o, int *table, int64_t *address,
                            uint32_t *needs)
{
    uint32_t number = s->number;
    *table = s->table;
    if (!s->hex && l->longest >= 5 && s->digits < l->longest && s->table != TABLE_COIL) {
        /* 1001 among 400001: input 1, or coil 001001 after a spreadsheet? */
        if (o->zeros == UNSAID) {
            want(needs, NEED_ZEROS);
            return NULL;
        }
        if (o->zeros == FIRST) {
            uint32_t block = 1;
            for (unsigned i = 1; i < s->digits; i++)
                block *= 10;
            uint32_t digit = s->table == TABLE_HOLDING ? 4 : s->table == TABLE_INPUT ? 3 : 1;
            number += s->table < 0 ? 0 : digit * block;
            *table = TABLE_COIL;
        }
    }
    if (*table < 0)
        return "no table: an address begins with 0, 1, 3 or 4";
    if (o->base == BASE_UNSAID) {
        want(needs, NEED_BASE);
        return NULL;
    }
    *address = (int64_t)number - (o->base == BASE_0 ? 0 : 1);
    return NULL;
}

static const char *plain(struct import_list *l, const struct import_row *row,
                         const struct import_options *o, int *table, int64_t *address,
                         uint32_t *needs)
{
    const struct spot *s = &row->spot;
    if (o->base == BASE_UNSAID) {
        want(needs, NEED_BASE);
        return NULL;
    }
    if (s->hex && o->base != BASE_0 && o->hex_base == BASE_UNSAID) {
        want(needs, NEED_HEX);
        return NULL;
    }
    if (s->hex) {
        *address = (int64_t)s->number - (o->base != BASE_0 && o->hex_base == BASE_1);
        return NULL;
    }
    if (o->base == BASE_1 || o->base == BASE_0 || o->base == BASE_IEC || o->base == BASE_CODESYS) {
        *address = (int64_t)s->number - (o->base == BASE_1);
        return NULL;
    }
    int of_number = -1;
    const char *why = by_digits(s, o, &of_number, address, needs);
    if (why != NULL || *address < 0 || of_number < 0)
        return why;
    if (*table >= 0 && *table != of_number)
        return import_printf(l, "the list says %s, but the number %u names %s",
                             table_name((enum table) * table), s->number,
                             table_name((enum table)of_number));
    *table = of_number;
    return NULL;
}

/* Tables that a word leaves open: a type of many bits tells some of them. */
static unsigned among(const struct import_row *row)
{
    const unsigned bits = 1U << TABLE_COIL | 1U << TABLE_DISCRETE;
    bool many = row->spot.bit >= 0 || (row->type >= 0 && row->type != RAW_BOOL);
    return many && (row->among & ~bits) != 0 ? row->among & ~bits : row->among;
}

static int only_one(unsigned tables)
{
    for (int t = 0; t < TABLE_COUNT; t++)
        if (tables == 1U << t)
            return t;
    return -1;
}

static const char *names_of(struct import_list *l, unsigned tables)
{
    const char *all = "";
    for (int t = 0; t < TABLE_COUNT; t++)
        if (tables & 1U << t)
            all = import_printf(l, "%s%s%s", all, *all == '\0' ? "" : " or ",
                                table_name((enum table)t));
    return all;
}

static const char *settle_address(struct import_list *l, struct import_row *row,
                                  const struct import_options *o, uint32_t *needs)
{
    const struct spot *s = &row->spot;
    unsigned open = among(row);
    int table = open == 0 ? s->table : only_one(open);
    int64_t address = -2;
    const char *why = NULL;
    switch ((enum notation)s->notation) {
    case SPOT_NONE:
        return "no address";
    case SPOT_WIRE:
        address = s->number;
        break;
    case SPOT_DOUBLE:
        if (o->base != BASE_IEC && o->base != BASE_CODESYS)
            want(needs, NEED_DOUBLE);
        address = (int64_t)s->number * (o->base == BASE_CODESYS ? 2 : 1);
        break;
    case SPOT_COUNTED:
        if (o->base == BASE_UNSAID)
            want(needs, NEED_BASE);
        if (s->hex && o->base != BASE_0 && o->hex_base == BASE_UNSAID)
            want(needs, NEED_HEX);
        address = (int64_t)s->number -
                  (s->hex ? o->base != BASE_0 && o->hex_base == BASE_1
                          : o->base != BASE_0 && o->base != BASE_IEC && o->base != BASE_CODESYS);
        break;
    case SPOT_PREFIXED:
        why = prefixed(l, s, o, &table, &address, needs);
        break;
    case SPOT_PLAIN:
        why = plain(l, row, o, &table, &address, needs);
        break;
    }
    if (why != NULL || *needs != 0)
        return why;
    bool said = table >= 0;
    for (int t = 0; !said && row->among_asked && table < 0 && t < TABLE_COUNT; t++)
        table = open & 1U << t ? t : -1;
    if (!said && table < 0)
        table = o->table;
    if (table >= 0 && open != 0 && (open & 1U << table) == 0)
        return import_printf(l, "the list says %s, but %s %s", names_of(l, open),
                             said ? "the number names" : "--table says",
                             table_name((enum table)table));
    if (table < 0) {
        want(needs, NEED_TABLE);
        row->address = (uint16_t)(address < 0 ? 0 : address);
        return NULL;
    }
    if (address < 0)
        return "address 0 in a list that counts from 1";
    if (address >= ADDRESSES)
        return "beyond address 65535";
    if (row->other >= 0 && row->other != address)
        return import_printf(l,
                             "the two columns of addresses disagree: one is wire address %ld, the "
                             "other says %ld (0x%04lX)",
                             (long)address, (long)row->other, (unsigned long)row->other);
    row->table = (uint8_t)table;
    row->address = (uint16_t)address;
    row->doc = s->notation == SPOT_WIRE || s->hex || s->number == (uint32_t)address
                   ? -1
                   : (int32_t)s->number;
    if (s->notation == SPOT_PREFIXED) {
        /* However many digits were printed: six tell every table apart. */
        static const int32_t first[TABLE_COUNT] = {
            [TABLE_DISCRETE] = 100000, [TABLE_INPUT] = 300000, [TABLE_HOLDING] = 400000};
        row->doc = first[table] + (int32_t)address + (o->base == BASE_0 ? 0 : 1);
    }
    return NULL;
}

static const char *settle_bit(struct import_row *row, const struct import_options *o,
                              const struct import_list *l, uint32_t *needs)
{
    int bit = row->spot.bit;
    unsigned width = type_bytes(row->type) * 8;
    row->bit = -1;
    if (bit < 0 || *needs & 1U << NEED_DOT_ZERO)
        return NULL;
    if (is_bits(row->table))
        return "a bit of a bit";
    bool shortened = row->spot.dot_one && !l->kept_tens && !row->spot.bit_sure;
    if (shortened && o->dot_one == UNSAID) {
        want(needs, NEED_DOT_ONE);
        return NULL;
    }
    if (shortened && o->dot_one == SECOND)
        bit = 10;
    enum bit_base base = row->spot.bit_sure ? BITS_0 : o->bits;
    if (base == BITS_UNSAID) {
        want(needs, NEED_BITS);
        return NULL;
    }
    if (row->type == RAW_BOOL || row->type < 0) {
        row->type = RAW_U16;
        width = 16;
    }
    if (!type_is_whole(row->type))
        return "a bit of something that is no whole number";
    bool from_one = base == BITS_1 || base == BITS_MSB1;
    bit -= from_one;
    if (bit < 0)
        return "bit 0 where bits count from 1";
    if (bit >= (int)width)
        return "there is no such bit in this type";
    row->bit = (int16_t)(base == BITS_MSB0 || base == BITS_MSB1 ? (int)width - 1 - bit : bit);
    return NULL;
}

static const char *settle_order(struct import_row *row, const struct import_options *o,
                                uint32_t *needs)
{
    unsigned bytes = row->type == RAW_STRING ? 2 : type_bytes(row->type);
    if (is_bits(row->table) || bytes < 2 || row->order[0] != '\0' || row->part_count > 0)
        return NULL;
    for (unsigned i = 0; *row->order_name != '\0' && i < o->named_count; i++) {
        size_t n = strlen(o->named[i][1]);
        if (strcmp(o->named[i][0], row->order_name) != 0)
            continue;
        if (n == bytes) {
            memcpy(row->order, o->named[i][1], bytes + 1);
            return NULL;
        }
        bool low_word, low_byte;
        if (bytes == 2 && n > bytes && order_word(o->named[i][1], &low_word, &low_byte)) {
            order_set(row, low_word, low_byte);
            return NULL;
        }
    }
    if (*row->order_name != '\0') {
        want(needs, NEED_NAMED);
        return NULL;
    }
    if (bytes == 3)
        bytes = 4;
    if (bytes <= 8 && o->order[bytes] != NULL) {
        memcpy(row->order, o->order[bytes], bytes + 1);
        return NULL;
    }
    if (bytes == 2 && row->type != RAW_STRING)
        return NULL; /* high byte first, as the protocol has it */
    if (row->type == RAW_STRING && row->chars != STRING_TWO)
        return NULL;
    if (bytes == 6)
        return "the order of 48 bits: say it, like --order ABCDEF";
    want(needs, bytes == 2 ? NEED_ORDER2 : bytes == 4 ? NEED_ORDER4 : NEED_ORDER8);
    return NULL;
}

static const char *check_reach(const struct import_row *row)
{
    unsigned words = is_bits(row->table)       ? 1
                     : row->type == RAW_STRING ? row->length
                     : row->part_count > 0     ? 1
                                               : type_words(row->type);
    if (row->type == RAW_STRING && words == 0)
        return "a string of no length";
    if (row->type == RAW_STRING && words > REGISTERS_MAX)
        return "a string of more registers than one request brings";
    return row->address + words > ADDRESSES ? "it reaches beyond address 65535" : NULL;
}

/* 100.0 in a list in which no other number has a bit: a spreadsheet may have made it of 100. A row
 * of type bool names its bit so. */
static void settle_point(const struct import_list *l, struct import_row *row,
                         const struct import_options *o, uint32_t *needs)
{
    if (row->spot.bit != 0 || !row->spot.dot_zero || l->kept_bits)
        return;
    if (o->dot_zero == SECOND)
        row->spot.bit = -1;
    else if (o->dot_zero == UNSAID && row->type < 0)
        want(needs, NEED_DOT_ZERO);
}

static const char *settle_type(struct import_list *l, struct import_row *row,
                               const struct import_options *o, uint32_t *needs)
{
    if (is_bits(row->table)) {
        if (row->type >= 0 && row->type != RAW_BOOL)
            return import_printf(l, "a %s is one bit and no %s", table_name((enum table)row->table),
                                 raw_type_name((enum raw_type)row->type));
        row->type = RAW_BOOL;
    } else if (row->type < 0 && row->spot.bit < 0) {
        if (o->type < 0)
            want(needs, NEED_TYPE);
        else if (row->words > 0 && row->words != type_words(o->type))
            return import_printf(l, "%u register%s, and no type; %s takes %u", row->words,
                                 row->words == 1 ? "" : "s", raw_type_name((enum raw_type)o->type),
                                 type_words(o->type));
        row->type = (int16_t)o->type;
    }
    return NULL;
}

static void settle_scale(struct import_list *l, struct import_row *row,
                         const struct import_options *o, uint32_t *needs)
{
    if (!row->scale_open || row->scale == NULL)
        return;
    if (o->scaling == UNSAID)
        want(needs, NEED_SCALING);
    if (o->scaling == SECOND)
        row->scale = import_real(l, 1 / strtod(row->scale, NULL));
    row->scale_open = o->scaling == UNSAID;
}

/* Though one answer is missing, what else is shall be asked in the same run: where the table hangs
 * on it, the likely one is looked at. */
const char *settle_row(struct import_list *l, struct import_row *row,
                       const struct import_options *o, uint32_t *needs)
{
    uint32_t mine = 0;
    if (row->from != NULL)
        return row->from->gone ? "what it is computed from was skipped" : NULL;
    const char *why = settle_address(l, row, o, &mine);
    if (mine != 0) {
        bool bits = row->type == RAW_BOOL && row->spot.bit < 0;
        int named = row->among == 0 ? row->spot.table : only_one(among(row));
        int table = named >= 0 ? named : o->table;
        row->table = (uint8_t)(table >= 0 ? table : bits ? TABLE_COIL : TABLE_HOLDING);
    }
    settle_point(l, row, o, &mine);
    if (why == NULL)
        why = settle_type(l, row, o, &mine);
    if (why == NULL)
        why = settle_bit(row, o, l, &mine);
    bool scaled = row->scale != NULL || row->offset != NULL || row->span[0] != NULL;
    bool bit = row->spot.bit >= 0 && (mine & 1U << NEED_DOT_ZERO) == 0;
    if (why == NULL && scaled && (bit || is_bits(row->table)))
        why = "a single bit, and a scaling for it";
    if (why == NULL && row->type >= 0 && !is_bits(row->table))
        why = order_settle(l, row);
    bool named = *row->order_name != '\0';
    if (why == NULL && (row->spot.bit < 0 || type_bytes(row->type) >= 4 || named))
        why = settle_order(row, o, &mine);
    if (why == NULL)
        settle_scale(l, row, o, &mine);
    if (why == NULL && mine == 0)
        why = check_reach(row);
    *needs |= mine;
    return why;
}

uint32_t settle_all(struct import_list *l)
{
    uint32_t needs = 0;
    for (struct import_row *row = l->rows; row != NULL; row = row->next) {
        if (row->gone)
            continue;
        const char *why = settle_row(l, row, l->options, &needs);
        if (why != NULL)
            import_skip(l, row, "%s", why);
    }
    return needs;
}
