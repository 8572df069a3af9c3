/* SPDX-License-Identifier: Apache-2.0 */
/* KEPServerEX and ThingWorx Kepware: the CSV that a device's tags are exported to. What the device
 * itself is set to (base, word order, order of bits) isn't in it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import/address.h"
#include "import/headings.h"
#include "import/import.h"
#include "import/scale.h"
#include "import/types.h"

enum column {
    TAG,
    ADDRESS,
    TYPE,
    ACCESS,
    RATE,
    SCALING,
    RAW_FROM,
    RAW_TO,
    FROM,
    TO,
    CLAMP_LOW,
    CLAMP_HIGH,
    UNITS,
    ABOUT,
    NEGATE,
    COLUMNS
};

static const char *const headings[COLUMNS] = {
    "Tag Name",  "Address",    "Data Type", "Client Access", "Scan Rate",
    "Scaling",   "Raw Low",    "Raw High",  "Scaled Low",    "Scaled High",
    "Clamp Low", "Clamp High", "Eng Units", "Description",   "Negate Value"};

struct kepware {
    struct import_list *list;
    struct cells cells;
    int column[COLUMNS];
};

static const char *get(const struct kepware *k, enum column c)
{
    return cells_get(&k->cells, k->column[c]);
}

static void read_type(struct kepware *k, struct import_row *row)
{
    const char *word = get(k, TYPE);
    if (*word == '\0' || strcasecmp(word, "default") == 0)
        return; /* the driver's own choice: asked for */
    if (strcasecmp(word, "Date") == 0) {
        import_skip(k->list, row, "Date is a format of its own that maps don't know");
        return;
    }
    size_t length = strlen(word);
    bool many = length > 6 && strcasecmp(word + length - 6, " Array") == 0;
    const char *one = import_keep(k->list, word, many ? length - 6 : length);
    struct type_word t = type_word(one);
    if (t.type < 0)
        import_skip(k->list, row, "data type `%.40s` is unknown", word);
    row->type = t.type;
}

static void scale(struct kepware *k, struct import_row *row, bool negate)
{
    const char *ends[4], *how = get(k, SCALING);
    bool root = strcasecmp(how, "Square Root") == 0;
    for (unsigned i = 0; i < 4; i++)
        ends[i] = import_number(k->list, get(k, (enum column)(RAW_FROM + i)));
    if (!root && strcasecmp(how, "Linear") != 0)
        import_skip(k->list, row, "scaling `%.40s` is unknown", how);
    else
        scale_span(k->list, row, ends, root, negate);
}

static void expand(struct import_list *l, struct import_row *row)
{
    uint32_t count = row->spot.array;
    unsigned words = row->spot.table == TABLE_COIL || row->spot.table == TABLE_DISCRETE
                         ? 1
                         : type_words(row->type);
    const char *name = row->name;
    if (words == 0 || row->spot.bit >= 0) {
        import_skip(l, row, "an array of something without a length");
        return;
    }
    row->name = import_printf(l, "%s_0", name);
    for (uint32_t i = 1; i < count; i++) {
        struct import_row *more = import_again(l, row, import_printf(l, "%s_%u", name, i));
        more->spot.number += i * words;
    }
}

static void read_row(struct kepware *k)
{
    struct import_list *l = k->list;
    struct import_row *row = import_add(l, k->cells.row_line, get(k, TAG));
    const char *address = get(k, ADDRESS), *access = get(k, ACCESS);
    bool quoted = k->column[ADDRESS] >= 0 && (unsigned)k->column[ADDRESS] < k->cells.count &&
                  k->cells.quoted[k->column[ADDRESS]];
    const char *why = address_read_prefixed(l, address, quoted, &row->spot);
    if (why != NULL) {
        import_skip(l, row, "address `%.40s`: %s", address, why);
        return;
    }
    read_type(k, row);
    import_bit_fits(l, row);
    if (strcasecmp(access, "WO") == 0)
        import_skip(l, row, "write only");
    row->writable = strcasecmp(access, "R/W") == 0 || strcasecmp(access, "RW") == 0;
    row->unit = import_keep(l, get(k, UNITS), strlen(get(k, UNITS)));
    row->about = import_keep(l, get(k, ABOUT), strlen(get(k, ABOUT)));
    row->every_ms = strtol(get(k, RATE), NULL, 10);
    if (row->every_ms < 0 || row->every_ms > 7L * 24 * 3600 * 1000)
        row->every_ms = 0;
    if (row->spot.characters > 0 || row->type == RAW_STRING) {
        row->type = RAW_STRING;
        row->length = (uint16_t)((row->spot.characters + 1) / 2);
        memcpy(row->order, row->spot.form == 'L' ? "BA" : "AB", 3);
    }
    if (row->gone)
        return;
    bool negate = strcmp(get(k, NEGATE), "1") == 0;
    const char *scaling = get(k, SCALING);
    bool scaled = *scaling != '\0' && strcasecmp(scaling, "None") != 0;
    bool number = row->spot.bit < 0 && row->type != RAW_BOOL && row->type != RAW_STRING;
    if ((scaled || negate) && !number) {
        import_skip(l, row, "a bit or a text that is scaled or negated");
        return;
    }
    if (scaled && (strcmp(get(k, CLAMP_LOW), "1") == 0 || strcmp(get(k, CLAMP_HIGH), "1") == 0))
        import_note(l, NOTE_TOLD, row->line,
                    "%.100s: its clamp is not copied: what is outside is passed on as it is",
                    row->name);
    if (!scaled && negate)
        row->scale = "-1";
    if (row->spot.array > 0 && !(scaled && strcasecmp(scaling, "Linear") != 0)) {
        if (scaled)
            scale(k, row, negate);
        if (!row->gone)
            expand(l, row);
    } else if (row->spot.array > 0) {
        import_skip(l, row, "an array with a square root");
    } else if (scaled) {
        scale(k, row, negate);
    }
}

bool read_kepware(struct import_list *l, char *text, size_t length)
{
    struct kepware k = {.list = l};
    bool headed = false;
    cells_init(&k.cells, l, text, length, l->options->delimiter);
    while (cells_next(&k.cells)) {
        const char *first = k.cells.cell[0];
        if (heading_find(&k.cells, "Record Type") >= 0 || strcasecmp(first, "[Record Type]") == 0)
            return import_refuse(l, k.cells.row_line,
                                 "these are Advanced Tags, which compute; only the tags that they "
                                 "compute from can be imported");
        if (!headed) {
            headed =
                heading_find(&k.cells, "Tag Name") >= 0 && heading_find(&k.cells, "Address") >= 0;
            for (int i = 0; headed && i < COLUMNS; i++)
                k.column[i] = heading_find(&k.cells, headings[i]);
        } else if (*first != '#' && *first != ';') {
            read_row(&k);
        }
        if (arena_exhausted(l->arena) || l->row_count > IMPORT_ROWS_MAX)
            break;
    }
    return headed || import_refuse(l, 1, "no line with `Tag Name` and `Address` in it");
}
