/* SPDX-License-Identifier: Apache-2.0 */
/* Any table with a line of headings: makers' lists, exports of spreadsheets. */
#include "import/read_table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "import/address.h"
#include "import/import.h"
#include "import/types.h"

enum { LINES_BEFORE = 100 };

struct sheet {
    struct import_list *list;
    struct cells cells;
    struct table_head head;
    const char *texts[CELLS_MAX]; /* headings */
    unsigned count;
    const struct import_row *before;
    const char *section;
};

static const char *get(const struct sheet *t, enum field f)
{
    return cells_get(&t->cells, t->head.column[f]);
}

static void keep_headings(struct sheet *t)
{
    t->count = t->cells.count;
    for (unsigned i = 0; i < t->count; i++)
        t->texts[i] = import_keep(t->list, t->cells.cell[i], strlen(t->cells.cell[i]));
}

static bool is_headed(const struct table_head *h)
{
    return h->column[FIELD_ADDRESS] >= 0 && h->column[FIELD_NAME] >= 0 && h->found >= 2;
}

/* Some headings have two lines: `Address` over `dec` and `hex`. */
static bool goes_on(struct sheet *t)
{
    bool word = false;
    for (unsigned i = 0; i < t->cells.count; i++) {
        static const char *const words[] = {"dec", "hex", "decimal", "hexadecimal", "low", "high"};
        char plain[HEADING_ROOM];
        if (strpbrk(t->cells.cell[i], "0123456789") != NULL)
            return false;
        heading_plain(t->cells.cell[i], plain);
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            word |= strcmp(plain, words[k]) == 0;
    }
    return word;
}

static void join_headings(struct sheet *t)
{
    const char *above = "";
    for (unsigned i = 0; i < t->cells.count && i < CELLS_MAX; i++) {
        const char *here = i < t->count ? t->texts[i] : "";
        if (*here != '\0')
            above = here;
        else if (*t->cells.cell[i] == '\0')
            above = "";
        t->texts[i] = *t->cells.cell[i] == '\0'
                          ? here
                          : import_printf(t->list, "%s %s", above, t->cells.cell[i]);
    }
    if (t->cells.count > t->count)
        t->count = t->cells.count;
}

/* A column that was overlooked may have held the scale. */
static void tell_unread(struct sheet *t, uint32_t line)
{
    for (unsigned i = 0; i < t->count; i++) {
        bool read = *t->texts[i] == '\0';
        for (unsigned f = 0; f < FIELD_COUNT && !read; f++)
            read = t->head.column[f] == (int)i;
        if (!read)
            import_note(t->list, NOTE_TOLD, line,
                        "the column `%.60s` is not read; if it means something, say what: "
                        "--columns scale=HEADING, unit=, type=, offset=, order= ...",
                        t->texts[i]);
    }
}

static bool match(struct sheet *t)
{
    struct import_list *l = t->list;
    table_match(t->texts, t->count, &t->head);
    if (!table_columns(l, l->options->columns, t->texts, t->count, t->cells.row_line, &t->head))
        return false;
    if (t->head.second_order >= 0)
        return import_refuse(
            l, t->cells.row_line,
            "`%s` and `%s` both say an order of bytes, and one column of whole orders (ABCD, CDAB "
            "...) is read; say which is one: --columns order=HEADING",
            t->texts[t->head.column[FIELD_ORDER]], t->texts[t->head.second_order]);
    return is_headed(&t->head);
}

static bool no_such_column(struct import_list *l, const char *columns)
{
    const char *equal = strchr(columns, '=');
    int length = (int)strcspn(equal != NULL ? equal + 1 : columns, ",");
    if (equal == NULL)
        return import_refuse(l, 0, "--columns: `%.*s` is no FIELD=HEADING", length, columns);
    return import_refuse(l, 0, "--columns: no column is called `%.*s`", length, equal + 1);
}

static bool find_headings(struct sheet *t)
{
    struct import_list *l = t->list;
    for (unsigned looked = 0; looked < LINES_BEFORE && cells_next(&t->cells); looked++) {
        struct table_head h;
        keep_headings(t);
        table_match(t->texts, t->count, &h);
        bool offset = h.column[FIELD_OFFSET] >= 0 && h.column[FIELD_ADDRESS] < 0 &&
                      h.column[FIELD_NAME] >= 0 && h.found >= 3;
        if (l->options->columns != NULL) {
            const char *equal = strchr(l->options->columns, '=');
            size_t n = equal == NULL ? 0 : strcspn(equal + 1, ",");
            bool here = false;
            for (unsigned i = 0; i < t->count; i++)
                here |= equal != NULL && strlen(t->texts[i]) == n &&
                        strncasecmp(t->texts[i], equal + 1, n) == 0;
            if (here)
                return match(t) || import_refuse(l, t->cells.row_line,
                                                 "--columns: name and address are needed");
        } else if (offset) {
            return import_refuse(l, t->cells.row_line,
                                 "`%s` may be the address, or what is added to a value; say "
                                 "--columns address=%s or offset=%s",
                                 t->texts[h.column[FIELD_OFFSET]], t->texts[h.column[FIELD_OFFSET]],
                                 t->texts[h.column[FIELD_OFFSET]]);
        } else if (is_headed(&h)) {
            return match(t);
        }
        import_note(l, NOTE_SKIPPED, t->cells.row_line, "stands above the headings: %.60s",
                    t->cells.cell[0]);
    }
    if (l->options->columns != NULL)
        return no_such_column(l, l->options->columns);
    return import_refuse(l, 0,
                         "no line of headings with a name and an address; say which columns they "
                         "are: --columns name=HEADING,address=HEADING");
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
                            ? "no address, and none above it to go on from"
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
    if (*text == '\0')
        return;
    int table = address_table(text);
    if (table < 0)
        import_skip(t->list, row, "`%.40s` names no table", text);
    else if (row->spot.table >= 0 && row->spot.table != table)
        import_skip(t->list, row, "its address names another table than `%.40s`", text);
    else
        row->spot.table = (int16_t)table;
}

/* Registers by the list; 0: it doesn't say. */
static unsigned size_of(struct sheet *t, struct import_row *row)
{
    const char *text = get(t, FIELD_SIZE);
    uint64_t size;
    if (*text == '\0' || !text_to_u64(text, &size) || size == 0 || size > 1000)
        return row->spot.count;
    if (t->head.bytes)
        size = (size + 1) / 2;
    if (row->spot.count > 0 && size != row->spot.count)
        import_skip(t->list, row, "its range and its size disagree");
    return (unsigned)size;
}

static void read_type_cell(struct sheet *t, struct import_row *row)
{
    struct import_list *l = t->list;
    const char *text = get(t, FIELD_TYPE);
    unsigned size = size_of(t, row);
    struct type_word w = type_word(text);
    bool bits = row->spot.table == TABLE_COIL || row->spot.table == TABLE_DISCRETE;
    if (*text == '\0') {
        if (size > 1 && l->options->type >= 0 && type_words(l->options->type) != size)
            import_skip(l, row, "%u registers, and no type", size);
        return;
    }
    if (w.type < 0) {
        import_skip(l, row, "type `%.40s` is unknown", text);
        return;
    }
    if (w.eight && size != 1) {
        int wide = type_of_size(w.type == RAW_U8 ? RAW_U16 : RAW_S16, size);
        if (size != 4 || wide < 0) {
            import_skip(l, row,
                        "`%.20s` is 8 bits to some and 8 bytes to others; write u8, s8, u64 or s64",
                        text);
            return;
        }
        w.type = (int16_t)wide;
    }
    row->type = w.type;
    if (w.type == RAW_STRING) {
        unsigned length = size > 0 ? size : (w.characters + 1U) / 2;
        row->length = (uint16_t)(length > 1000 ? 0 : length);
        return;
    }
    unsigned words = bits ? size : type_words(w.type);
    if (bits && row->spot.count > 1)
        import_skip(l, row, "a range of %u bits, and one name for it", row->spot.count);
    if (size == 0 || size == words || (bits && size <= 1))
        return;
    int other = strpbrk(text, "0123456789") == NULL ? type_of_size(w.type, size) : -1;
    if (other < 0)
        import_skip(l, row, "`%.20s` takes %u register%s, but the list says %u", text, words,
                    words == 1 ? "" : "s", size);
    else
        row->type = (int16_t)other;
}

static void read_span(struct sheet *t, struct import_row *row)
{
    const char *ends[4];
    unsigned given = 0;
    for (unsigned i = 0; i < 4; i++) {
        const char *text = get(t, (enum field)(FIELD_RAW_LOW + i));
        ends[i] = import_number(t->list, text);
        given += ends[i] != NULL;
    }
    if (given < 4 || t->head.column[FIELD_RAW_LOW] < 0)
        return;
    if (strcmp(ends[0], ends[1]) == 0 || strcmp(ends[2], ends[3]) == 0)
        import_skip(t->list, row, "its scaling has no width");
    memcpy(row->span, ends, sizeof ends);
}

static void read_meaning(struct sheet *t, struct import_row *row)
{
    struct import_list *l = t->list;
    const char *choices = get(t, FIELD_ENUM), *offset = get(t, FIELD_OFFSET);
    bool number = row->spot.bit < 0 && row->type != RAW_BOOL && row->type != RAW_STRING;
    const char *about = get(t, FIELD_ABOUT);
    if (number) {
        table_scale(l, row, get(t, FIELD_SCALE), t->head.scale_open);
        if (*offset != '\0' && strcmp(offset, "-") != 0) {
            row->offset = import_number(l, offset);
            if (row->offset == NULL)
                import_skip(l, row, "offset `%.40s` is no number", offset);
            else if (strcmp(row->offset, "0") == 0)
                row->offset = NULL;
        }
        read_span(t, row);
        if (row->span[0] != NULL && (row->scale != NULL || row->offset != NULL))
            import_skip(l, row, "two ways to scale it, and a map has one");
    }
    bool plain = number && row->scale == NULL && row->offset == NULL && row->span[0] == NULL;
    bool whole = row->type < 0 ? type_is_whole(l->options->type) : type_is_whole(row->type);
    if (*choices != '\0' && !(plain && whole && table_enum(l, row, choices)))
        about = *about == '\0' ? choices : import_printf(l, "%.500s; %.300s", about, choices);
    row->about = import_keep(l, about, strlen(about));
}

static void read_row(struct sheet *t)
{
    struct import_list *l = t->list;
    unsigned which = 0;
    if (cells_filled(&t->cells, &which) == 1 &&
        ((int)which != t->head.column[FIELD_ADDRESS] ||
         strpbrk(t->cells.cell[which], "0123456789") == NULL)) {
        t->section = import_keep(l, t->cells.cell[which], strlen(t->cells.cell[which]));
        import_note(l, NOTE_SKIPPED, t->cells.row_line, "a title: %.80s", t->section);
        return;
    }
    if (is_headings_again(t)) {
        import_note(l, NOTE_SKIPPED, t->cells.row_line, "the headings once more");
        return;
    }
    const char *name = get(t, FIELD_NAME), *unit = get(t, FIELD_UNIT), *bit = get(t, FIELD_BIT);
    struct import_row *row = import_add(l, t->cells.row_line, name);
    uint64_t number;
    read_address_cell(t, row);
    if (!row->gone)
        read_table_cell(t, row);
    if (!row->gone)
        read_type_cell(t, row);
    import_bit_fits(l, row);
    if (*name == '\0')
        import_skip(l, row, "no name");
    if (*bit != '\0' && !row->gone) {
        if (!text_to_u64(bit, &number) || number > 64)
            import_skip(l, row, "bit `%.40s` is none", bit);
        else
            row->spot.bit = (int16_t)number;
    }
    /* Where it lies is known now, for what stands below it without an address. */
    if (!row->gone)
        t->before = row;
    if (table_is_reserved(name))
        import_skip(l, row, "reserved");
    if (!table_access(get(t, FIELD_ACCESS), &row->writable))
        import_skip(l, row, "write only");
    if (row->gone)
        return;
    row->unit = import_keep(l, unit, strlen(unit));
    const char *group = get(t, FIELD_GROUP);
    row->group = *group == '\0' ? t->section : import_keep(l, group, strlen(group));
    read_meaning(t, row);
    if (t->head.column[FIELD_ORDER] >= 0)
        table_order(l, row, get(t, FIELD_ORDER), t->texts[t->head.column[FIELD_ORDER]]);
}

bool read_table(struct import_list *l, char *text, size_t length)
{
    struct sheet *t = arena_get(l->arena, sizeof *t);
    if (t == NULL)
        return false;
    t->list = l;
    t->section = "";
    cells_init(&t->cells, l, text, length, l->options->delimiter);
    if (!find_headings(t))
        return false;
    uint32_t line = t->cells.row_line;
    bool more = cells_next(&t->cells);
    if (more && goes_on(t)) {
        join_headings(t);
        if (!match(t))
            return false;
        import_note(l, NOTE_SKIPPED, t->cells.row_line, "the second line of headings");
        more = cells_next(&t->cells);
    }
    tell_unread(t, line);
    for (; more && !arena_exhausted(l->arena) && l->row_count <= IMPORT_ROWS_MAX;
         more = cells_next(&t->cells))
        read_row(t);
    return l->refused == NULL;
}
