/* SPDX-License-Identifier: Apache-2.0 */
/* Telegraf's inputs.modbus, in all of its three styles. Addresses are sent as they are, and the
 * order of bytes is always said or ABCD. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "import/import.h"
#include "import/orders.h"
#include "import/scale.h"
#include "import/tidy.h"
#include "import/toml.h"
#include "import/types.h"

struct telegraf {
    struct import_list *list;
    const struct toml *input; /* one [[inputs.modbus]] */
    const char *name, *line;
    int64_t every_ms;
    unsigned inputs;
    uint8_t chars; /* of texts, by a workaround */
};

static bool is_true(const struct toml *table, const char *key)
{
    const struct toml *n = toml_get(table, key);
    return n != NULL && n->kind == TOML_TRUTH && n->truth;
}

/* A name that no other unit's map has. */
static const char *device_of(struct telegraf *t, int64_t slave, bool by_slave)
{
    struct import_list *l = t->list;
    const char *root =
        by_slave ? import_printf(l, "%.50s_%lld", t->name, (long long)slave) : t->name;
    const char *name = root;
    for (unsigned k = 2;; k++) {
        bool taken = false;
        for (const struct import_device *d = l->devices; d != NULL; d = d->next)
            taken |= strcmp(d->name, name) == 0 &&
                     (strcmp(d->line, t->line) != 0 || d->unit_id != slave);
        if (!taken)
            break;
        name = import_printf(l, "%.56s_%u", root, k);
    }
    import_device(l, name, t->line, (int32_t)slave);
    return name;
}

static int table_of(const char *word)
{
    static const char *const words[TABLE_COUNT] = {"coil", "discrete", "input", "holding"};
    for (int i = 0; i < TABLE_COUNT; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return *word == '\0' ? TABLE_HOLDING : -1;
}

static void set_type(struct telegraf *t, struct import_row *row, const char *type,
                     const char *order, unsigned registers, bool old_style)
{
    static const struct {
        const char *word;
        int16_t type;
    } types[] = {{"INT16", RAW_S16},     {"UINT16", RAW_U16},       {"INT32", RAW_S32},
                 {"UINT32", RAW_U32},    {"INT64", RAW_S64},        {"UINT64", RAW_U64},
                 {"FLOAT16", RAW_F16},   {"FLOAT16-IEEE", RAW_F16}, {"FLOAT32-IEEE", RAW_F32},
                 {"FLOAT32", RAW_F32},   {"FLOAT64", RAW_F64},      {"FLOAT64-IEEE", RAW_F64},
                 {"STRING", RAW_STRING}, {"BIT", RAW_U16},          {"BOOL", RAW_BOOL},
                 {"INT8L", RAW_S8},      {"INT8H", RAW_S8},         {"UINT8L", RAW_U8},
                 {"UINT8H", RAW_U8}};
    struct import_list *l = t->list;
    bool low_word = false, low_byte = false;
    /* In this style FLOAT32 is an old word for UFIXED, and no float at all. */
    bool fixed = strcmp(type, "FIXED") == 0;
    bool ufixed = strcmp(type, "UFIXED") == 0 || (old_style && strcmp(type, "FLOAT32") == 0);
    if (fixed || ufixed) {
        row->type = (int16_t)type_of_size(fixed ? RAW_S16 : RAW_U16, registers);
        if (*type == 'F' && type[1] == 'L')
            import_note(l, NOTE_TOLD, row->line,
                        "%.100s: FLOAT32 in this style means whole numbers without a sign; a float "
                        "would be FLOAT32-IEEE",
                        row->name);
    } else {
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            if (strcmp(types[i].word, type) == 0)
                row->type = types[i].type;
    }
    if (row->type < 0) {
        import_skip(l, row, "type `%.40s` is unknown%s", type,
                    fixed || ufixed ? " of so many registers" : "");
        return;
    }
    if (!order_word(*order == '\0' ? "ABCD" : order, &low_word, &low_byte)) {
        import_skip(l, row, "byte order `%.40s` is unknown", order);
        return;
    }
    unsigned words = row->type == RAW_STRING ? registers : type_words(row->type);
    if (registers > 0 && registers != words) {
        import_skip(l, row, "%s in %u registers", type, registers);
        return;
    }
    if (type_bytes(row->type) == 1)
        row->high_byte = (strchr(type, 'H') != NULL) != low_byte;
    if (row->type == RAW_STRING) {
        row->length = (uint16_t)registers;
        row->chars = t->chars;
    }
    if (row->type != RAW_STRING || t->chars == STRING_TWO)
        order_set(row, low_word, low_byte);
}

static void set_scale(struct telegraf *t, struct import_row *row, const struct toml *field)
{
    const char *scale = toml_text(field, "scale");
    bool number = row->type != RAW_BOOL && row->type != RAW_STRING && row->spot.bit < 0;
    if (*scale != '\0' && number && !row->gone)
        scale_factor(t->list, row, scale, "scale");
}

static void set_bit(struct telegraf *t, struct import_row *row, const struct toml *field,
                    const char *type)
{
    int64_t bit = 0;
    if (strcmp(type, "BIT") != 0)
        return;
    if (toml_get(field, "bit") != NULL &&
        (!toml_whole(field, "bit", &bit) || bit < 0 || bit > 15)) {
        import_skip(t->list, row, "bit `%.20s` is none", toml_text(field, "bit"));
        return;
    }
    row->spot.bit = (int16_t)bit;
    row->spot.bit_sure = true;
}

static void set_group(struct telegraf *t, struct import_row *row, const struct toml *field,
                      const struct toml *around)
{
    const char *own = toml_text(field, "measurement");
    row->group = *own == '\0' ? toml_text(around, "measurement") : own;
    row->every_ms = t->every_ms;
}

/* name, data_type, address = [0, 1] */
static void old_field(struct telegraf *t, const struct toml *field, int table, const char *device)
{
    struct import_list *l = t->list;
    const struct toml *address = toml_get(field, "address");
    const char *type = toml_text(field, "data_type");
    int64_t at[IMPORT_PARTS_MAX] = {0};
    unsigned count = 0;
    bool good = address != NULL && address->kind == TOML_ARRAY && field->kind == TOML_TABLE;
    struct import_row *row = import_add(l, field->line, toml_text(field, "name"));
    row->device = device;
    if (!good) {
        import_skip(l, row, "no address");
        return;
    }
    bool text = strcmp(type, "STRING") == 0, side_by_side = true;
    int64_t before = -1;
    for (const struct toml *a = address->first; a != NULL; a = a->next, count++) {
        if (a->kind != TOML_WHOLE || a->whole < 0 || a->whole > 65535)
            good = false;
        if (count < IMPORT_PARTS_MAX)
            at[count] = a->whole;
        side_by_side &= count == 0 || a->whole == before + 1;
        before = a->whole;
    }
    if (!good || count == 0 || (count > IMPORT_PARTS_MAX && !text) || count > REGISTERS_MAX) {
        import_skip(l, row, "its address can't be read");
        return;
    }
    row->spot = (struct spot){
        .notation = SPOT_WIRE, .table = (int16_t)table, .number = (uint32_t)at[0], .bit = -1};
    set_group(t, row, field, NULL);
    if (table <= TABLE_DISCRETE) {
        if (count != 1)
            import_skip(l, row, "one bit at %u addresses", count);
        row->type = RAW_BOOL;
        return;
    }
    if (*type == '\0') {
        import_skip(l, row, "no data_type");
        return;
    }
    set_type(t, row, type, toml_text(field, "byte_order"), count, true);
    set_bit(t, row, field, type);
    set_scale(t, row, field);
    if (side_by_side || row->gone)
        return;
    /* Words that older versions took from here and there: most significant first. */
    bool plain = strncmp(row->order, "ABCDEFGH", strlen(row->order)) == 0;
    bool swapped = strcmp(row->order, "CDAB") == 0 || strcmp(row->order, "GHEFCDAB") == 0;
    if (text || (!plain && !swapped)) {
        import_skip(l, row, "registers that do not follow each other, with bytes swapped");
        return;
    }
    row->part_count = (uint8_t)count;
    for (unsigned i = 0; i < count; i++)
        row->parts[i] = (uint16_t)at[swapped ? count - 1 - i : i];
    row->spot.number = row->parts[0];
    row->order[0] = '\0';
}

/* Inside of a request or a metric. */
static void new_field(struct telegraf *t, const struct toml *field, const struct toml *around,
                      const char *device)
{
    struct import_list *l = t->list;
    const char *own = toml_text(field, "register"), *type = toml_text(field, "type");
    int table = table_of(*own == '\0' ? toml_text(around, "register") : own);
    int64_t address = -1, length = 0;
    struct import_row *row = import_add(l, field->line, toml_text(field, "name"));
    row->device = device;
    if (is_true(field, "omit")) {
        import_skip(l, row, "omit = true");
        return;
    }
    if (table < 0 || !toml_whole(field, "address", &address) || address < 0 || address > 65535) {
        import_skip(l, row, table < 0 ? "its register is no table" : "its address can't be read");
        return;
    }
    row->spot = (struct spot){
        .notation = SPOT_WIRE, .table = (int16_t)table, .number = (uint32_t)address, .bit = -1};
    set_group(t, row, field, around);
    if (table <= TABLE_DISCRETE) {
        row->type = RAW_BOOL;
        return;
    }
    bool text = strcmp(type, "STRING") == 0;
    if (*type == '\0' ||
        (text && (!toml_whole(field, "length", &length) || length < 1 || length > REGISTERS_MAX))) {
        import_skip(l, row, text ? "a text without length" : "no type");
        return;
    }
    set_type(t, row, type, toml_text(around, "byte_order"), (unsigned)length, false);
    set_bit(t, row, field, type);
    set_scale(t, row, field);
}

static void read_old_style(struct telegraf *t)
{
    static const struct {
        const char *key;
        int table;
    } tables[] = {{"discrete_inputs", TABLE_DISCRETE},
                  {"coils", TABLE_COIL},
                  {"holding_registers", TABLE_HOLDING},
                  {"input_registers", TABLE_INPUT}};
    int64_t slave = 0;
    toml_whole(t->input, "slave_id", &slave);
    const char *device = device_of(t, slave, false);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const struct toml *fields = toml_get(t->input, tables[i].key);
        if (fields == NULL || fields->kind != TOML_ARRAY)
            continue;
        for (const struct toml *f = fields->first; f != NULL; f = f->next)
            old_field(t, f, tables[i].table, device);
    }
}

static void read_new_style(struct telegraf *t, const char *key)
{
    const struct toml *all = toml_get(t->input, key);
    if (all == NULL || all->kind != TOML_ARRAY)
        return;
    for (const struct toml *one = all->first; one != NULL; one = one->next) {
        const struct toml *fields = toml_get(one, "fields");
        int64_t slave = 0;
        if (!toml_whole(one, "slave_id", &slave) || slave < 1 || slave > 255) {
            import_note(t->list, NOTE_SKIPPED, one->line, "%s: no slave_id from 1 to 255", key);
            continue;
        }
        const char *device = device_of(t, slave, true);
        for (const struct toml *f = fields == NULL ? NULL : fields->first; f != NULL; f = f->next)
            new_field(t, f, one, device);
    }
}

/* controller and what belongs to it, as a plant file says it. */
static void read_line(struct telegraf *t)
{
    struct import_list *l = t->list;
    const char *controller = toml_text(t->input, "controller"), *keys;
    const char *mode = toml_text(t->input, "transmission_mode");
    const char *parity = toml_text(t->input, "parity"), *timeout = toml_text(t->input, "timeout");
    int64_t ns, baud = 9600, stop = 1;
    char name[NAME_MAX_BYTES + 1];
    toml_whole(t->input, "baud_rate", &baud);
    toml_whole(t->input, "stop_bits", &stop);
    const char *where = strstr(controller, "://");
    t->line = "";
    if (where == NULL || strncasecmp(mode, "ASCII", 5) == 0 || strchr(controller, '"') != NULL ||
        strchr(controller, '\\') != NULL) {
        import_note(l, NOTE_TOLD, t->input->line,
                    "controller `%.60s`%s%s can't be said in a plant file", controller,
                    *mode == '\0' ? "" : " with ", mode);
        return;
    }
    if (strncmp(controller, "tcp://", 6) == 0) {
        keys =
            import_printf(l, "connect: \"%s%.200s\"",
                          strcasecmp(mode, "RTUoverTCP") == 0 ? "rtu+tcp://" : "tcp://", where + 3);
    } else if (strncmp(controller, "file://", 7) == 0) {
        keys = import_printf(l, "connect: \"rtu://%.200s\", baud: %lld, parity: %s, stop: %lld",
                             where + 3, (long long)baud,
                             *parity == 'E'   ? "even"
                             : *parity == 'O' ? "odd"
                                              : "none",
                             (long long)stop);
    } else {
        import_note(l, NOTE_TOLD, t->input->line,
                    "controller `%.60s` can't be said in a plant file", controller);
        return;
    }
    if (text_to_duration(timeout, &ns))
        keys = import_printf(l, "%s, timeout: %s", keys, timeout);
    for (const struct import_line *i = l->lines; i != NULL; i = i->next)
        if (strcmp(i->keys, keys) == 0) {
            t->line = i->name;
            return;
        }
    tidy_name(where + 3 + strspn(where + 3, "/"), name);
    struct import_line *line = arena_get(l->arena, sizeof *line);
    if (line == NULL)
        return;
    bool taken = *name == '\0';
    for (const struct import_line *i = l->lines; i != NULL; i = i->next)
        taken |= strcmp(i->name, name) == 0;
    t->line = taken ? import_printf(l, "line_%u", t->inputs) : import_keep(l, name, strlen(name));
    *line = (struct import_line){l->lines, t->line, keys};
    l->lines = line;
}

static void read_input(struct telegraf *t)
{
    struct import_list *l = t->list;
    char name[NAME_MAX_BYTES + 1];
    const char *style = toml_text(t->input, "configuration_type");
    int64_t ns;
    tidy_name(toml_text(t->input, "name"), name);
    t->name = *name == '\0' ? "modbus" : import_keep(l, name, strlen(name));
    t->inputs++;
    t->every_ms = text_to_duration(toml_text(t->input, "interval"), &ns) ? ns / 1000000 : 0;
    if (t->every_ms > 7LL * 24 * 3600 * 1000)
        t->every_ms = 0;
    const char *half = toml_text(toml_get(t->input, "workarounds"), "string_register_location");
    t->chars = strcmp(half, "lower") == 0   ? STRING_ONE_LOW
               : strcmp(half, "upper") == 0 ? STRING_ONE_HIGH
                                            : STRING_TWO;
    read_line(t);
    if (*style == '\0' || strcmp(style, "register") == 0)
        read_old_style(t);
    else if (strcmp(style, "request") == 0 || strcmp(style, "metric") == 0)
        read_new_style(t, style);
    else
        import_note(l, NOTE_SKIPPED, t->input->line, "configuration_type `%.40s` is unknown",
                    style);
}

bool read_telegraf(struct import_list *l, char *text, size_t length)
{
    const struct toml *root = toml_read(l, text, length);
    if (root == NULL)
        return false;
    const struct toml *all = toml_get(toml_get(root, "inputs"), "modbus");
    struct telegraf t = {.list = l};
    if (all == NULL || all->kind != TOML_ARRAY)
        return import_refuse(l, 0, "no [[inputs.modbus]] in it");
    for (const struct toml *i = all->first;
         i != NULL && l->row_count <= IMPORT_ROWS_MAX && l->refused == NULL; i = i->next) {
        t.input = i;
        if (!arena_exhausted(l->arena))
            read_input(&t);
    }
    return l->refused == NULL;
}
