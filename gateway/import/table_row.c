/* SPDX-License-Identifier: Apache-2.0 */
/* One row of any table, cell by cell. */
#include <string.h>

#include "base/text.h"
#include "import/import.h"
#include "import/orders.h"
#include "import/read_table.h"
#include "import/types.h"

enum { SHORTEST_ORDER = 4 };

static const char *get(const struct sheet *t, enum field f)
{
    return cells_get(&t->cells, t->head.column[f]);
}

static unsigned cells_filled(const struct cells *c, unsigned *which)
{
    unsigned filled = 0;
    for (unsigned i = 0; i < c->count; i++)
        if (*c->cell[i] != '\0') {
            filled++;
            *which = i;
        }
    return filled;
}

static bool is_headings_again(const struct sheet *t)
{
    unsigned same = 0, filled = 0;
    for (unsigned i = 0; i < t->cells.count && i < t->count; i++) {
        filled += *t->cells.cell[i] != '\0';
        same += *t->cells.cell[i] != '\0' &&
                strncmp(t->cells.cell[i], t->texts[i], strlen(t->cells.cell[i])) == 0;
    }
    return filled >= 2 && same == filled;
}

/* 00A0 among 0010 and 0300: all of them are hexadecimal, and those without a letter don't show it.
 */
static bool looks_hex(const char *text)
{
    size_t length = strlen(text), digits = strcspn(text, "ABCDEFabcdef");
    return length >= 2 && length <= 5 && digits < length &&
           strspn(text, "0123456789ABCDEFabcdef") == length && strpbrk(text, "0123456789") != NULL;
}

static void read_address_cell(struct sheet *t, struct import_row *row)
{
    struct import_list *l = t->list;
    const char *text = get(t, FIELD_ADDRESS), *other = get(t, FIELD_OTHER);
    bool quoted = t->cells.quoted[t->head.column[FIELD_ADDRESS]];
    bool swapped = *text == '\0' && *other != '\0';
    if (*text == '\0' && *other == '\0') {
        unsigned words = t->before == NULL               ? 0
                         : t->before->type == RAW_STRING ? t->before->length
                                                         : type_words(t->before->type);
        if (!l->options->fill_addresses || words == 0 || t->before->spot.bit >= 0) {
            import_skip(l, row,
                        l->options->fill_addresses
                            ? "no address, and how far the row above it reaches isn't known"
                            : "no address (--fill-addresses: behind the value above)");
            return;
        }
        row->spot = t->before->spot;
        row->spot.number += words;
        row->spot.count = 0;
        row->spot.bit = -1;
        return;
    }
    const char *why = swapped ? "the column that counts is empty"
                              : address_read(l, text, t->head.hex, quoted, &row->spot);
    if (why != NULL) {
        if (!swapped && !t->head.hex && looks_hex(text))
            import_refuse(l, row->line,
                          "`%s` looks hexadecimal, and nothing says so of this column: put (hex) "
                          "into its heading, or 0x before the numbers",
                          text);
        import_skip(l, row, "address `%.40s`: %s", swapped ? other : text, why);
        return;
    }
    if (*other != '\0') {
        struct spot second;
        uint8_t longest = l->longest;
        why = address_read(l, other, t->head.other_hex, true, &second);
        l->longest = longest;
        if (why != NULL)
            import_skip(l, row, "address `%.40s`: %s", other, why);
        row->other = (int64_t)second.number;
    }
}

static void read_table_cell(struct sheet *t, struct import_row *row)
{
    const char *text = get(t, FIELD_TABLE);
    bool open;
    if (table_is_empty(text))
        return;
    unsigned tables = table_words(text, t->head.digits, &open);
    enum base base = t->list->options->base;
    bool by_number = (base == BASE_40001 || base == BASE_400001) &&
                     row->spot.notation == SPOT_PLAIN && !row->spot.hex;
    struct table_doubt *d = open && row->spot.table < 0 && !by_number
                                ? table_doubt(&t->head, DOUBT_DIGITS, t->head.column[FIELD_TABLE])
                                : NULL;
    row->among_asked = d != NULL;
    if (d != NULL)
        table_doubt_row(t->list, d, &t->cells, row);
    if (tables == 0)
        import_skip(t->list, row, "`%.40s` names no table", text);
    else if (row->spot.table >= 0 && (tables & 1U << row->spot.table) == 0)
        import_skip(t->list, row, "its address names another table than `%.40s`", text);
    else if (row->spot.table < 0)
        row->among = (uint8_t)tables;
    for (int table = 0; table < TABLE_COUNT && !row->gone; table++)
        if (tables == 1U << table) {
            row->spot.table = (int16_t)table;
            row->among = 0;
        }
}

static void read_bit_cell(struct sheet *t, struct import_row *row)
{
    const char *text = get(t, FIELD_BIT);
    uint64_t number;
    if (table_is_empty(text))
        return;
    if (!text_to_u64(text, &number) || number > 63)
        import_skip(t->list, row, "bit `%.40s` is none", text);
    else if (row->spot.bit >= 0 && row->spot.bit != (int16_t)number)
        import_skip(t->list, row, "its address says bit %d, and its column bit %d", row->spot.bit,
                    (int)number);
    else
        row->spot.bit = (int16_t)number;
}

static void read_access_cell(struct sheet *t, struct import_row *row)
{
    const char *text = get(t, FIELD_ACCESS);
    bool open, by_hand = t->head.by_hand[FIELD_ACCESS];
    enum access access = table_is_empty(text) ? ACCESS_READ : table_access(text);
    row->writable = access == ACCESS_BOTH;
    if (access == ACCESS_WRITE)
        import_skip(t->list, row, "write only");
    if (access != ACCESS_UNKNOWN)
        return;
    struct table_doubt *d =
        !by_hand && t->head.column[FIELD_TABLE] < 0 && table_words(text, DIGITS_UNSAID, &open) != 0
            ? table_doubt(&t->head, DOUBT_ACCESS, t->head.column[FIELD_ACCESS])
            : NULL;
    if (d != NULL)
        table_doubt_row(t->list, d, &t->cells, row);
    else if (!row->gone)
        import_note(t->list, NOTE_TOLD, row->line,
                    "%.100s: access `%.40s` is not understood; only read", row->name, text);
}

static void read_slave_cell(struct sheet *t, struct import_row *row)
{
    const char *text = get(t, FIELD_SLAVE);
    uint64_t unit;
    if (table_is_empty(text))
        return;
    if (!text_to_u64(text, &unit) || unit > 255) {
        import_skip(t->list, row, "unit `%.40s` is none", text);
        return;
    }
    row->unit_id = (int32_t)unit;
    if (t->list->options->unit >= 0 && row->unit_id != t->list->options->unit)
        import_skip(t->list, row, "of unit %d", row->unit_id);
}

static bool is_nothing(struct import_list *l, const char *text, const char *nothing)
{
    const char *number = import_number(l, text);
    return number == NULL || strcmp(number, nothing) == 0;
}

static void read_scaling(struct sheet *t, struct import_row *row)
{
    struct import_list *l = t->list;
    const char *scale = get(t, FIELD_SCALE), *offset = get(t, FIELD_OFFSET), *spans[4];
    /* .0 may turn out to be no bit. */
    bool bit = row->spot.bit >= 0 && !(row->spot.dot_zero && row->type < 0);
    if (bit || row->type == RAW_BOOL || row->type == RAW_STRING) {
        if (!is_nothing(l, scale, "1") || !is_nothing(l, offset, "0"))
            import_skip(l, row, "%s, and a scaling for it",
                        row->type == RAW_STRING ? "a text" : "a single bit");
        return;
    }
    table_scale(l, row, scale, t->head.scale_how);
    table_places(l, row, get(t, FIELD_DECIMALS));
    if (!table_is_empty(offset)) {
        row->offset = import_number(l, offset);
        if (row->offset == NULL)
            import_skip(l, row, "offset `%.40s` is no number%s", offset,
                        strchr(offset, ',') != NULL ? "; is its comma a decimal one? (--decimal)"
                                                    : "");
        else if (strcmp(row->offset, "0") == 0)
            row->offset = NULL;
    }
    for (unsigned i = 0; i < 4; i++)
        spans[i] = get(t, (enum field)(FIELD_RAW_LOW + i));
    if (t->head.column[FIELD_RAW_LOW] >= 0 || t->head.column[FIELD_RAW_HIGH] >= 0)
        table_span(l, row, spans);
    if (row->span[0] != NULL && (row->scale != NULL || row->offset != NULL))
        import_skip(l, row, "two ways to scale it, and a map has one");
}

static void read_meaning(struct sheet *t, struct import_row *row)
{
    struct import_list *l = t->list;
    const char *choices = get(t, FIELD_ENUM), *about = get(t, FIELD_ABOUT);
    read_scaling(t, row);
    bool plain =
        row->spot.bit < 0 && row->scale == NULL && row->offset == NULL && row->span[0] == NULL;
    bool whole = row->type < 0 ? type_is_whole(l->options->type) : type_is_whole(row->type);
    bool taken = !row->is_bits && plain && whole && table_enum(l, row, choices);
    if (*choices != '\0' && !taken)
        about = *about == '\0' ? choices : import_printf(l, "%.500s; %.300s", about, choices);
    if (!taken && plain && whole && strchr(choices, '=') != NULL && !row->gone)
        import_note(l, NOTE_TOLD, row->line, "%.100s: `%.60s` %s; kept as a remark", row->name,
                    choices,
                    row->is_bits ? "names bits, and the value is their number"
                                 : "is not understood as a list of values");
    row->about = import_keep(l, about, strlen(about));
}

/* The row's cells in columns that may mean one thing or another. */
static void see_doubts(struct sheet *t, const struct import_row *row)
{
    const char *about = get(t, FIELD_ABOUT);
    struct import_row likely = *row;
    bool order = t->head.column[FIELD_ORDER] < 0 && !t->head.by_hand[FIELD_ABOUT] &&
                 strlen(about) >= SHORTEST_ORDER && order_phrase(&likely, about, "");
    struct table_doubt *remark =
        order ? table_doubt(&t->head, DOUBT_REMARK, t->head.column[FIELD_ABOUT]) : NULL;
    if (remark != NULL && !row->gone)
        table_doubt_row(t->list, remark, &t->cells, row);
    /* 1 is how some write that there is none. */
    uint64_t number;
    bool numbered = !t->head.by_hand[FIELD_UNIT] && t->head.column[FIELD_SLAVE] < 0 &&
                    text_to_u64(row->unit, &number) && number > 1;
    struct table_doubt *unit =
        numbered ? table_doubt(&t->head, DOUBT_UNIT, t->head.column[FIELD_UNIT]) : NULL;
    if (unit != NULL && !row->gone)
        table_doubt_row(t->list, unit, &t->cells, row);
    for (unsigned i = 0; i < t->head.doubt_count && !row->gone; i++) {
        struct table_doubt *d = &t->head.doubts[i];
        if (d->kind == DOUBT_OFFSET || d->kind == DOUBT_DECIMAL || d->kind == DOUBT_PLACES ||
            d->kind == DOUBT_RIVALS)
            table_doubt_row(t->list, d, &t->cells, row);
    }
}

void table_row(struct sheet *t)
{
    struct import_list *l = t->list;
    unsigned which = 0;
    if (cells_filled(&t->cells, &which) == 1 &&
        ((int)which != t->head.column[FIELD_ADDRESS] ||
         strpbrk(t->cells.cell[which], "0123456789") == NULL)) {
        t->section = import_keep(l, t->cells.cell[which], strlen(t->cells.cell[which]));
        import_note(l, NOTE_SKIPPED, t->cells.row_line, "a title: %.80s", t->section);
        if (table_is_reserved(t->section))
            t->before = NULL;
        return;
    }
    if (is_headings_again(t)) {
        import_note(l, NOTE_SKIPPED, t->cells.row_line, "the headings once more");
        return;
    }
    const char *name = get(t, FIELD_NAME), *unit = get(t, FIELD_UNIT);
    struct import_row *row = import_add(l, t->cells.row_line, name);
    read_address_cell(t, row);
    if (!row->gone)
        read_table_cell(t, row);
    if (!row->gone)
        table_type(l, row, &t->cells, &t->head);
    if (!row->gone && import_bit_fits(l, row))
        read_bit_cell(t, row);
    /* Where it lies and how far is known now, for what stands below it without an address. */
    t->before = row->gone ? NULL : row;
    if (*name == '\0')
        import_skip(l, row, "no name");
    if (table_is_reserved(name))
        import_skip(l, row, "reserved");
    if (!row->gone)
        read_slave_cell(t, row);
    if (!row->gone)
        read_access_cell(t, row);
    if (row->gone)
        return;
    row->unit = import_keep(l, unit, strlen(unit));
    const char *group = get(t, FIELD_GROUP);
    row->group = *group == '\0' ? t->section : import_keep(l, group, strlen(group));
    read_meaning(t, row);
    if (t->head.column[FIELD_ORDER] >= 0)
        table_order(l, row, get(t, FIELD_ORDER), t->texts[t->head.column[FIELD_ORDER]]);
    see_doubts(t, row);
}
