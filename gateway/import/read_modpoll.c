/* SPDX-License-Identifier: Apache-2.0 */
/* modpoll, the Python program: lines of `device`, `poll` and `ref`. Its addresses are sent as they
 * are. What it passes over in silence is told here. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "import/cells.h"
#include "import/import.h"
#include "import/orders.h"
#include "import/scale.h"
#include "import/tidy.h"
#include "import/types.h"

struct modpoll {
    struct import_list *list;
    struct cells cells;
    const char *device; /* "": none yet */
    bool any_device;
    int table; /* of the poll at hand; -1: none that can be used */
    const char *unusable; /* why not */
    uint64_t start, count;
    bool low_word_first, low_byte_first;
};

static void read_device(struct modpoll *m)
{
    char name[NAME_MAX_BYTES + 1];
    uint64_t unit = 0;
    const char *given = cells_get(&m->cells, 1);
    m->table = -1;
    m->unusable = "no poll above it";
    if (!text_to_u64(cells_get(&m->cells, 2), &unit) || unit > 255) {
        import_note(m->list, NOTE_SKIPPED, m->cells.row_line,
                    "device %.60s: unit `%.20s` is none; so are its tags", given,
                    cells_get(&m->cells, 2));
        m->any_device = false;
        return;
    }
    tidy_name(given, name);
    m->device = *name == '\0' ? import_printf(m->list, "unit_%u", (unsigned)unit)
                              : import_keep(m->list, name, strlen(name));
    m->any_device = true;
    import_device(m->list, m->device, "", (int32_t)unit);
}

static void read_poll(struct modpoll *m)
{
    static const struct {
        const char *word;
        int table;
    } tables[] = {{"coil", TABLE_COIL},
                  {"discrete_input", TABLE_DISCRETE},
                  {"holding_register", TABLE_HOLDING},
                  {"input_register", TABLE_INPUT}};
    const char *table = cells_get(&m->cells, 1), *order = cells_get(&m->cells, 4);
    m->table = -1;
    m->unusable = NULL;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcasecmp(tables[i].word, table) == 0)
            m->table = tables[i].table;
    if (m->table < 0)
        m->unusable = import_printf(m->list, "its poll (row %u) is of no table: `%.40s`",
                                    m->cells.row_line, table);
    else if (!text_to_u64(cells_get(&m->cells, 2), &m->start) ||
             !text_to_u64(cells_get(&m->cells, 3), &m->count) || m->start > 65535)
        m->unusable =
            import_printf(m->list, "its poll (row %u) has no start or no count", m->cells.row_line);
    m->low_byte_first = strncasecmp(order, "LE_", 3) == 0;
    m->low_word_first = strlen(order) == 5 && strcasecmp(order + 3, "LE") == 0;
    static const char *const orders[] = {"BE_BE", "LE_BE", "LE_LE", "BE_LE"};
    bool known = false;
    for (size_t i = 0; i < 4; i++)
        known |= strcasecmp(orders[i], order) == 0;
    if (!known && m->unusable == NULL && m->table >= TABLE_INPUT)
        m->unusable = import_printf(
            m->list,
            "its poll (row %u) has no order that is known: `%.40s`; modpoll itself takes "
            "that for BE_LE",
            m->cells.row_line, order);
    if (m->unusable != NULL)
        import_note(m->list, NOTE_SKIPPED, m->cells.row_line, "poll: %s", m->unusable);
}

/* bool8 in coils: each address is eight of them. */
static void add_coils(struct modpoll *m, struct import_row *row, uint64_t address, unsigned count)
{
    const char *name = row->name;
    uint64_t first = m->start + (address - m->start) * 8;
    if (address < m->start || first + count > 65536) {
        import_skip(m->list, row, "its coils lie outside of the poll");
        return;
    }
    row->type = RAW_BOOL;
    row->spot.number = (uint32_t)first;
    row->name = import_printf(m->list, "%s_0", name);
    for (unsigned i = 1; i < count; i++)
        import_again(m->list, row, import_printf(m->list, "%s_%u", name, i))->spot.number =
            (uint32_t)first + i;
}

/* The bits of the high byte come first, as modpoll shows them. */
static void add_bits(struct modpoll *m, struct import_row *row, unsigned count)
{
    const char *text = "";
    for (unsigned i = 0; i < count; i++)
        text = import_printf(m->list, "%s%s%u: b%u", text, i == 0 ? "" : ", ",
                             i < 8 ? i + 8 : i - 8, i);
    row->type = RAW_U16;
    row->bits = text;
    import_note(m->list, NOTE_TOLD, row->line,
                "%.100s: modpoll begins with the high byte: .b0 is bit 8 of the register",
                row->name);
}

static bool read_type(struct modpoll *m, struct import_row *row, uint64_t address)
{
    static const char *const taken[] = {"uint16", "int16",   "uint32",  "int32",  "uint64",
                                        "int64",  "float16", "float32", "float64"};
    const char *word = cells_get(&m->cells, 3);
    bool coils = m->table <= TABLE_DISCRETE;
    unsigned bits = strcasecmp(word, "bool16") == 0                                   ? 16
                    : strcasecmp(word, "bool8") == 0 || strcasecmp(word, "bool") == 0 ? 8
                                                                                      : 0;
    if (bits > 0) {
        if (coils)
            add_coils(m, row, address, bits);
        else
            add_bits(m, row, bits);
        return false;
    }
    if (strncasecmp(word, "string", 6) == 0) {
        import_skip(m->list, row,
                    "modpoll itself reads one letter of a string; write it by hand, with `type: "
                    "string, len: REGISTERS`");
        return false;
    }
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcasecmp(taken[i], word) == 0)
            row->type = type_word(word).type;
    if (row->type < 0 || coils) {
        import_skip(m->list, row,
                    coils ? "type `%.40s` does not fit coils"
                          : "type `%.40s` is "
                            "unknown",
                    word);
        return false;
    }
    order_set(row, m->low_word_first, m->low_byte_first);
    if (type_bytes(row->type) == 2 && !m->low_byte_first)
        row->order[0] = '\0';
    return true;
}

static void read_ref(struct modpoll *m)
{
    struct import_list *l = m->list;
    struct import_row *row = import_add(l, m->cells.row_line, cells_get(&m->cells, 1));
    const char *access = cells_get(&m->cells, 4), *scale = cells_get(&m->cells, 6);
    uint64_t address = 0;
    row->device = m->device;
    if (!m->any_device || m->table < 0 || m->unusable != NULL) {
        import_skip(l, row, "%s", !m->any_device ? "no device above it" : m->unusable);
        return;
    }
    if (!text_to_u64(cells_get(&m->cells, 2), &address) || address > 65535) {
        import_skip(l, row, "address `%.20s` is none", cells_get(&m->cells, 2));
        return;
    }
    if (strcasecmp(access, "w") == 0) {
        import_skip(l, row, "write only");
        return;
    }
    row->writable = strcasecmp(access, "rw") == 0;
    row->spot = (struct spot){
        .notation = SPOT_WIRE, .table = (int16_t)m->table, .number = (uint32_t)address, .bit = -1};
    row->unit = import_keep(l, cells_get(&m->cells, 5), strlen(cells_get(&m->cells, 5)));
    if (!read_type(m, row, address))
        return;
    if (address < m->start || address + type_words(row->type) > m->start + m->count)
        import_note(l, NOTE_TOLD, row->line,
                    "%.100s: outside of its poll, where modpoll drops it in silence; kept",
                    row->name);
    if (*scale != '\0')
        scale_factor(l, row, scale, "scale");
}

bool read_modpoll(struct import_list *l, char *text, size_t length)
{
    struct modpoll m = {.list = l, .device = "", .table = -1, .unusable = "no poll above it"};
    bool any = false;
    cells_init(&m.cells, l, text, length, l->options->delimiter == 0 ? ',' : l->options->delimiter);
    while (cells_next(&m.cells) && !arena_exhausted(l->arena) && l->row_count <= IMPORT_ROWS_MAX) {
        const char *word = m.cells.cell[0];
        /* As modpoll does: whatever holds the word, with blanks, quotes or a number around it. */
        if (strcasestr(word, "device") != NULL)
            read_device(&m);
        else if (strcasestr(word, "poll") != NULL)
            read_poll(&m);
        else if (strcasestr(word, "ref") != NULL)
            read_ref(&m);
        else
            import_note(l, NOTE_SKIPPED, m.cells.row_line, "neither device, poll nor ref: %.60s",
                        word);
        any |= l->row_count > 0 || l->devices != NULL;
    }
    if (!any)
        return import_refuse(l, 0,
                             "no `device` and no `ref` in it; logs of the modpoll that prints "
                             "`[40001]: 123` are no tag lists");
    return l->refused == NULL;
}
