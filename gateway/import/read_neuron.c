/* SPDX-License-Identifier: Apache-2.0 */
/* EMQX Neuron: its spreadsheet of tags, saved as CSV. Base and default orders are settings of the
 * device, which the sheet doesn't hold. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "import/address.h"
#include "import/headings.h"
#include "import/import.h"
#include "import/scale.h"
#include "import/types.h"

enum column {
    GROUP,
    INTERVAL,
    NAME,
    ADDRESS,
    ATTRIBUTE,
    TYPE,
    ABOUT,
    PRECISION,
    DECIMAL,
    BIAS,
    UNIT,
    COLUMNS
};

static const char *const headings[COLUMNS] = {"group",     "interval", "name",        "address",
                                              "attribute", "type",     "description", "precision",
                                              "decimal",   "bias",     "unit"};

struct neuron {
    struct import_list *list;
    struct cells cells;
    int column[COLUMNS];
};

static const char *get(const struct neuron *n, enum column c)
{
    return cells_get(&n->cells, n->column[c]);
}

/* 1!400001.3#LB */
static bool read_address(struct neuron *n, struct import_row *row)
{
    struct import_list *l = n->list;
    const char *text = get(n, ADDRESS), *bang = strchr(text, '!'), *hash = strchr(text, '#');
    uint64_t unit;
    if (bang == NULL || !text_to_u64(import_keep(l, text, (size_t)(bang - text)), &unit) ||
        unit > 255 || (hash != NULL && hash < bang)) {
        import_skip(l, row, "address `%.60s`: it begins with a unit and `!`, like 1!400001", text);
        return false;
    }
    size_t length = hash == NULL ? strlen(bang + 1) : (size_t)(hash - bang - 1);
    const char *why = address_read_prefixed(l, import_keep(l, bang + 1, length), true, &row->spot);
    if (why != NULL) {
        import_skip(l, row, "address `%.60s`: %s", text, why);
        return false;
    }
    row->unit_id = (int32_t)unit;
    row->spot.bit_sure = true; /* from 0, the least significant, by its manual */
    if (hash != NULL)
        row->order_name = import_keep(l, hash + 1, strcspn(hash + 1, "."));
    return true;
}

static void read_type(struct neuron *n, struct import_row *row)
{
    struct import_list *l = n->list;
    const char *word = get(n, TYPE);
    struct type_word t = type_word(word);
    if (strcasecmp(word, "BYTES") == 0 || t.type < 0) {
        import_skip(l, row, "type `%.40s` can't be said in a map", word);
        return;
    }
    row->type = t.type;
    bool bits = row->spot.table == TABLE_COIL || row->spot.table == TABLE_DISCRETE;
    if (t.type == RAW_STRING) {
        static const uint8_t forms[] = {STRING_TWO, STRING_TWO, STRING_ONE_HIGH, STRING_ONE_LOW};
        const char *kinds = "HLDE";
        char form = row->spot.form == '\0' ? 'H' : row->spot.form;
        row->chars = forms[strchr(kinds, form) - kinds];
        row->length = (uint16_t)(row->chars == STRING_TWO ? (row->spot.characters + 1) / 2
                                                          : row->spot.characters);
        memcpy(row->order, form == 'L' ? "BA" : "AB", 3);
        if (row->chars != STRING_TWO)
            row->order[0] = '\0';
    } else if (row->type == RAW_BOOL && row->spot.bit < 0 && !bits) {
        import_skip(l, row, "a bit of a register, and which one isn't said");
    }
    if (*row->order_name != '\0' && type_bytes(row->type) < 2)
        row->order_name = "";
}

static void read_scale(struct neuron *n, struct import_row *row)
{
    struct import_list *l = n->list;
    const char *decimal = get(n, DECIMAL), *bias = get(n, BIAS);
    bool number = row->type != RAW_BOOL && row->type != RAW_STRING && row->spot.bit < 0;
    if (*decimal != '\0' && strcmp(decimal, "0") != 0 && number)
        scale_factor(l, row, decimal, "decimal");
    if (*bias != '\0' && number)
        scale_offset(l, row, bias, "bias");
}

static void read_row(struct neuron *n)
{
    struct import_list *l = n->list;
    struct import_row *row = import_add(l, n->cells.row_line, get(n, NAME));
    const char *attribute = get(n, ATTRIBUTE);
    if (!read_address(n, row))
        return;
    const char *device = import_printf(l, "unit_%d", row->unit_id);
    row->device = device;
    import_device(l, device, "", row->unit_id);
    if (strcasestr(attribute, "read") == NULL && strcasestr(attribute, "subscribe") == NULL &&
        strcasestr(attribute, "write") != NULL)
        import_skip(l, row, "write only");
    if (strcasestr(attribute, "static") != NULL)
        import_skip(l, row, "static: it is not read from the device");
    row->writable = strcasestr(attribute, "write") != NULL;
    read_type(n, row);
    import_bit_fits(l, row);
    row->about = import_keep(l, get(n, ABOUT), strlen(get(n, ABOUT)));
    row->unit = import_keep(l, get(n, UNIT), strlen(get(n, UNIT)));
    row->group = import_keep(l, get(n, GROUP), strlen(get(n, GROUP)));
    row->every_ms = strtol(get(n, INTERVAL), NULL, 10);
    if (row->every_ms < 0 || row->every_ms > 7L * 24 * 3600 * 1000)
        row->every_ms = 0;
    read_scale(n, row);
}

bool read_neuron(struct import_list *l, char *text, size_t length)
{
    struct neuron n = {.list = l};
    bool headed = false;
    cells_init(&n.cells, l, text, length, l->options->delimiter);
    while (cells_next(&n.cells) && !arena_exhausted(l->arena) && l->row_count <= IMPORT_ROWS_MAX) {
        if (headed) {
            read_row(&n);
            continue;
        }
        headed = heading_find(&n.cells, "name") >= 0 && heading_find(&n.cells, "address") >= 0 &&
                 heading_find(&n.cells, "type") >= 0;
        for (int i = 0; headed && i < COLUMNS; i++)
            n.column[i] = heading_find(&n.cells, headings[i]);
    }
    return l->refused == NULL &&
           (headed || import_refuse(l, 1, "no line with `name`, `address` and `type` in it"));
}
