/* SPDX-License-Identifier: Apache-2.0 */
/* Type and size of a row of any table, which must not contradict each other. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/map.h"
#include "import/import.h"
#include "import/read_table.h"
#include "import/types.h"

enum { SIZE_MOST = 1000 };

struct size {
    enum size_unit unit;
    unsigned number, registers; /* 0: the list doesn't say */
};

/* 2  2.0  2 words  4 bytes  32 bit */
static bool take_size(const char *text, struct size *out)
{
    static const char *const words[] = {"word", "words", "register", "registers",
                                        "reg",  "regs",  NULL};
    static const char *const bytes[] = {"byte",  "bytes",     "octets",     "char",
                                        "chars", "character", "characters", NULL};
    static const char *const bits[] = {"bit", "bits", NULL};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5)
        return false;
    out->number = (unsigned)strtoul(text, NULL, 10);
    const char *s = text + digits;
    if ((*s == '.' || *s == ',') && s[1] == '0')
        s += 1 + strspn(s + 1, "0");
    s += strspn(s, " -");
    if (*s != '\0') {
        size_t n = 0;
        while (isalpha((unsigned char)s[n]) || s[n] == '.')
            n++;
        out->unit = s[n] != '\0'            ? SIZE_UNSAID
                    : heading_has(s, words) ? SIZE_REGISTERS
                    : heading_has(s, bytes) ? SIZE_BYTES
                    : heading_has(s, bits)  ? SIZE_BITS
                                            : SIZE_UNSAID;
        if (out->unit == SIZE_UNSAID)
            return false;
    }
    out->registers = out->unit == SIZE_BYTES  ? (out->number + 1) / 2
                     : out->unit == SIZE_BITS ? (out->number + 15) / 16
                                              : out->number;
    return out->registers > 0 && out->registers <= SIZE_MOST;
}

static bool read_size(struct import_list *l, struct import_row *row, const char *text,
                      const struct table_head *h, struct size *out)
{
    *out = (struct size){.unit = h->size_unit};
    if (table_is_empty(text)) {
        out->unit = SIZE_REGISTERS;
        out->registers = row->spot.count;
    } else if (!take_size(text, out)) {
        import_skip(l, row, "size `%.40s` is none", text);
    } else if (row->spot.count > 0 && out->registers != row->spot.count) {
        import_skip(l, row, "its range and its size disagree");
    }
    return !row->gone;
}

static void read_string(struct import_list *l, struct import_row *row, const struct cells *c,
                        struct table_head *h, const struct size *size, unsigned characters)
{
    unsigned by_type = (characters + 1) / 2;
    bool open = size->unit == SIZE_UNSAID && size->registers > 0 && row->spot.count == 0;
    row->length = (uint16_t)(by_type > 0 ? by_type : size->registers);
    if (by_type == 0) {
        struct table_doubt *d = open ? table_doubt(h, DOUBT_LENGTH, h->column[FIELD_SIZE]) : NULL;
        if (d != NULL)
            table_doubt_row(l, d, c, row);
    } else if (size->registers > 0 && size->registers != by_type &&
               !(open && size->number == characters)) {
        import_skip(l, row, "%u characters by its type, but its size is `%.20s`", characters,
                    cells_get(c, h->column[FIELD_SIZE]));
    }
}

/* The type of so many registers that its word may mean: INT of 2 is 32 bits. */
static void read_number(struct import_list *l, struct import_row *row, const char *text,
                        const struct size *size, struct table_head *h)
{
    bool bits = row->spot.table == TABLE_COIL || row->spot.table == TABLE_DISCRETE;
    unsigned words = bits ? size->registers : type_words(row->type);
    if (bits && row->spot.count > 1)
        import_skip(l, row, "a range of %u bits, and one name for it", row->spot.count);
    if (size->registers == 0 || (bits && size->registers <= 1))
        return;
    if (size->registers != words) {
        int other =
            strpbrk(text, "0123456789") == NULL ? type_of_size(row->type, size->registers) : -1;
        if (other < 0)
            import_skip(l, row, "`%.20s` takes %u register%s, but the list says %u", text, words,
                        words == 1 ? "" : "s", size->registers);
        else
            row->type = (int16_t)other;
    } else if (size->unit == SIZE_UNSAID && row->type != RAW_BOOL && row->spot.count == 0) {
        h->registers = true;
    }
    unsigned bytes = size->unit == SIZE_BYTES  ? size->number
                     : size->unit == SIZE_BITS ? (size->number + 7) / 8
                                               : 0;
    if (bytes % 2 != 0 && type_bytes(row->type) > 0 && type_bytes(row->type) != bytes)
        import_skip(l, row, "`%.20s` has %u bytes, but the list says %u", text,
                    type_bytes(row->type), bytes);
}

void table_type(struct import_list *l, struct import_row *row, const struct cells *c,
                struct table_head *h)
{
    const char *text = cells_get(c, h->column[FIELD_TYPE]);
    struct type_word w = type_word(text);
    struct size size;
    if (!read_size(l, row, cells_get(c, h->column[FIELD_SIZE]), h, &size))
        return;
    if (*text == '\0') {
        row->words = (uint16_t)size.registers;
        return;
    }
    if (w.type < 0) {
        import_skip(l, row, "type `%.40s` is unknown", text);
        return;
    }
    if (w.eight && size.registers != 1) {
        int wide = type_of_size(w.type == RAW_U8 ? RAW_U16 : RAW_S16, size.registers);
        if (size.registers != 4 || wide < 0) {
            import_skip(l, row,
                        "`%.20s` is 8 bits to some and 8 bytes to others; write u8, s8, u64 or s64",
                        text);
            return;
        }
        w.type = (int16_t)wide;
    }
    row->type = w.type;
    row->is_bits = w.bits;
    if (w.type == RAW_STRING)
        read_string(l, row, c, h, &size, w.characters);
    else
        read_number(l, row, text, &size, h);
}

void table_span(struct import_list *l, struct import_row *row, const char *const texts[4])
{
    const char *ends[4];
    unsigned said = 0;
    for (unsigned i = 0; i < 4; i++) {
        bool empty = table_is_empty(texts[i]);
        ends[i] = empty ? NULL : import_number(l, texts[i]);
        said += !empty;
        if (!empty && ends[i] == NULL) {
            import_skip(l, row, "`%.40s` in its scaling is no number%s", texts[i],
                        strchr(texts[i], ',') != NULL ? "; is its comma a decimal one? (--decimal)"
                                                      : "");
            return;
        }
    }
    bool raw = !table_is_empty(texts[0]) || !table_is_empty(texts[1]);
    /* Of a float it may only be what a display shows. */
    if (said == 0 || (!raw && type_is_float(row->type < 0 ? l->options->type : row->type)))
        return;
    if (said < 4)
        import_skip(
            l, row, "its scaling lacks a number: raw %s to %s is %s to %s",
            table_is_empty(texts[0]) ? "?" : texts[0], table_is_empty(texts[1]) ? "?" : texts[1],
            table_is_empty(texts[2]) ? "?" : texts[2], table_is_empty(texts[3]) ? "?" : texts[3]);
    else if (type_is_whole(row->type < 0 ? l->options->type : row->type) &&
             (strchr(ends[0], '.') != NULL || strchr(ends[1], '.') != NULL))
        import_skip(l, row, "raw %s to %s, and whole numbers: are there points of thousands?",
                    texts[0], texts[1]);
    else if (strcmp(ends[0], ends[1]) == 0 || strcmp(ends[2], ends[3]) == 0)
        import_skip(l, row, "its scaling has no width");
    else
        memcpy(row->span, ends, sizeof ends);
}
