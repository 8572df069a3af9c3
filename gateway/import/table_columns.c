/* SPDX-License-Identifier: Apache-2.0 */
/* --columns: what people say of columns. */
#include <string.h>
#include <strings.h>

#include "import/read_table.h"

static const char *const field_words[FIELD_COUNT] = {
    "name",   "address", "other",   "table", "type",  "size",     "scale",
    "offset", "rawlow",  "rawhigh", "low",   "high",  "unit",     "access",
    "about",  "enum",    "bit",     "group", "order", "decimals", "slave"};

/* Words of --columns that say more than the field. */
static const struct alias {
    const char *word;
    int field; /* -1: the column is not read */
    enum digits digits;
    enum size_unit size;
} aliases[] = {
    {"function", FIELD_TABLE, DIGITS_FUNCTIONS, SIZE_UNSAID},
    {"area", FIELD_TABLE, DIGITS_AREAS, SIZE_UNSAID},
    {"registers", FIELD_SIZE, DIGITS_UNSAID, SIZE_REGISTERS},
    {"bytes", FIELD_SIZE, DIGITS_UNSAID, SIZE_BYTES},
    {"characters", FIELD_SIZE, DIGITS_UNSAID, SIZE_BYTES},
    {"none", -1, DIGITS_UNSAID, SIZE_UNSAID},
};

const char *table_field(enum field f)
{
    return field_words[f];
}

static bool find_field(const char *pair, size_t length, struct alias *out)
{
    for (int f = 0; f < FIELD_COUNT; f++)
        if (strlen(field_words[f]) == length && strncmp(field_words[f], pair, length) == 0) {
            *out = (struct alias){.word = field_words[f], .field = f};
            return true;
        }
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strlen(aliases[i].word) == length && strncmp(aliases[i].word, pair, length) == 0) {
            *out = aliases[i];
            return true;
        }
    return false;
}

size_t table_pair(const char *columns)
{
    for (const char *c = strchr(columns, ','); c != NULL; c = strchr(c + 1, ','))
        if (c[1 + strcspn(c + 1, "=,")] == '=')
            return (size_t)(c - columns);
    return strlen(columns);
}

/* What people say of a column, or of a field, is out of doubt. */
static void settle_doubts(struct table_head *h, int column, int field)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < h->doubt_count; i++) {
        const struct table_doubt *d = &h->doubts[i];
        if (d->column != column && d->rival != column &&
            !(d->kind == DOUBT_RIVALS && (int)d->field == field))
            h->doubts[kept++] = *d;
    }
    h->doubt_count = kept;
}

static void set_column(struct table_head *h, int column, const struct alias *a, bool hex)
{
    int field = a->field;
    if (field == FIELD_ADDRESS && h->column[FIELD_OTHER] >= 0)
        h->column[FIELD_OTHER] = -1;
    if (field == FIELD_NAME && h->name_is_about && !h->by_hand[FIELD_ABOUT])
        h->column[FIELD_ABOUT] = h->column[FIELD_NAME];
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        if (h->column[f] == column)
            h->column[f] = -1;
    settle_doubts(h, column, field);
    if (field == FIELD_ORDER || h->second_order == column)
        h->second_order = -1;
    if (field < 0)
        return;
    h->column[field] = column;
    h->by_hand[field] = true;
    if (field == FIELD_ADDRESS)
        h->hex = hex;
    if (field == FIELD_OTHER)
        h->other_hex = hex;
    if (field == FIELD_TABLE)
        h->digits = a->digits;
    if (field == FIELD_SIZE)
        h->size_unit = a->size;
}

static bool one_column(struct import_list *l, const char *pair, size_t length,
                       const char *const *texts, unsigned count, uint32_t line,
                       struct table_head *out)
{
    const char *equal = memchr(pair, '=', length);
    if (equal == NULL)
        return import_refuse(l, 0, "--columns: `%.*s` is no FIELD=HEADING", (int)length, pair);
    size_t word = (size_t)(equal - pair), heading = length - word - 1;
    struct alias a;
    if (!find_field(pair, word, &a))
        return import_refuse(l, 0,
                             "--columns: there is no field `%.*s`; there are name, address, other, "
                             "table, function, area, type, size, registers, bytes, characters, "
                             "scale, offset, decimals, rawlow, rawhigh, low, high, unit, access, "
                             "about, enum, bit, group, order, slave and none",
                             (int)word, pair);
    const char *wanted = import_keep(l, equal + 1, heading);
    for (unsigned i = 0; i < count; i++) {
        if (strcasecmp(texts[i], wanted) != 0)
            continue;
        set_column(out, (int)i, &a, table_is_hex(texts[i]));
        return true;
    }
    return import_refuse(l, line, "--columns: no column is called `%s`", wanted);
}

bool table_columns(struct import_list *l, const char *columns, const char *const *texts,
                   unsigned count, uint32_t line, struct table_head *out)
{
    while (columns != NULL && *columns != '\0') {
        size_t length = table_pair(columns);
        if (!one_column(l, columns, length, texts, count, line, out))
            return false;
        columns += length + (columns[length] == ',');
    }
    table_look(texts, out);
    return true;
}
