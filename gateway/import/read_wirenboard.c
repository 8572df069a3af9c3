/* SPDX-License-Identifier: Apache-2.0 */
/* wb-mqtt-serial: templates of devices in JSON. They say nearly everything; where they don't, the
 * rules of that program hold, and they are written down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"
#include "import/orders.h"
#include "import/scale.h"
#include "import/tree.h"
#include "import/types.h"

enum { CHOICES_ROOM = 4000 };

struct wirenboard {
    struct import_list *list;
    struct tree doc;
    const json_t *device, *translations;
};

/* Titles stand by key, and in several languages elsewhere. */
static const char *english(const struct wirenboard *w, const char *key)
{
    const char *text = tree_text(json_object_get(w->translations, "en"), key);
    return *text == '\0' ? key : text;
}

static const char *key_of(const struct wirenboard *w, const json_t *channel, const char *key)
{
    const char *own = tree_text(channel, key);
    return *own == '\0' ? tree_text(w->device, key) : own;
}

static int16_t table_of(const char *word)
{
    static const struct {
        const char *word;
        int16_t table;
    } tables[] = {{"holding", TABLE_HOLDING},
                  {"holding_single", TABLE_HOLDING},
                  {"holding_multi", TABLE_HOLDING},
                  {"input", TABLE_INPUT},
                  {"coil", TABLE_COIL},
                  {"discrete", TABLE_DISCRETE}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i].word, word) == 0)
            return tables[i].table;
    return -1;
}

/* 100, "0x64", "100:8:4": the register, and so many bits from one on. */
static bool read_address(struct wirenboard *w, const json_t *channel, struct import_row *row)
{
    struct import_list *l = w->list;
    const json_t *address = json_object_get(channel, "address");
    const char *text = json_string_value(address);
    int64_t number = -1, shift = 0, width = 0;
    bool good = text == NULL ? tree_whole(address, &number) : true;
    if (text != NULL) {
        size_t first = strcspn(text, ":");
        uint64_t x;
        good = text_to_u64(import_keep(l, text, first), &x);
        number = good ? (int64_t)x : -1;
        if (good && text[first] == ':') {
            const char *rest = text + first + 1;
            size_t second = strcspn(rest, ":");
            good = rest[second] == ':' && text_to_s64(import_keep(l, rest, second), &shift) &&
                   text_to_s64(rest + second + 1, &width) && shift >= 0 && width > 0 &&
                   shift + width <= 64;
        }
    }
    if (!good || number < 0 || number > 65535) {
        import_skip(l, row, "its address can't be read");
        return false;
    }
    row->spot.number = (uint32_t)number;
    row->spot.notation = SPOT_WIRE;
    row->shift = (uint8_t)shift;
    row->width = (uint8_t)width;
    return true;
}

static bool read_format(struct wirenboard *w, const json_t *channel, struct import_row *row)
{
    static const struct {
        const char *word;
        int16_t type;
    } formats[] = {{"", RAW_U16},          {"u16", RAW_U16},       {"s16", RAW_S16},
                   {"u8", RAW_U8},         {"s8", RAW_S8},         {"u24", RAW_U24},
                   {"s24", RAW_S24},       {"u32", RAW_U32},       {"s32", RAW_S32},
                   {"u64", RAW_U64},       {"s64", RAW_S64},       {"float", RAW_F32},
                   {"double", RAW_F64},    {"bcd16", RAW_BCD16},   {"bcd32", RAW_BCD32},
                   {"string", RAW_STRING}, {"string8", RAW_STRING}};
    struct import_list *l = w->list;
    const char *format = tree_text(channel, "format");
    int64_t size = 0;
    if (row->spot.table <= TABLE_DISCRETE) {
        row->type = RAW_BOOL;
        return true;
    }
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].word, format) == 0)
            row->type = formats[i].type;
    if (row->type < 0) {
        import_skip(l, row, "format `%.40s` can't be said in a map", format);
        return false;
    }
    if (row->type == RAW_STRING) {
        if (!tree_whole(json_object_get(channel, "string_data_size"), &size) || size < 1 ||
            size > 2 * REGISTERS_MAX) {
            import_skip(l, row, "a text without string_data_size");
            return false;
        }
        bool packed = strcmp(format, "string8") == 0;
        row->chars = packed ? STRING_TWO : STRING_ONE_LOW;
        row->length = (uint16_t)(packed ? (size + 1) / 2 : size);
        if (packed)
            memcpy(row->order, "AB", 3);
        return true;
    }
    order_set(row, strcmp(key_of(w, channel, "word_order"), "little_endian") == 0,
              strcmp(key_of(w, channel, "byte_order"), "little_endian") == 0);
    if (row->width == 1 && type_is_whole(row->type)) {
        row->spot.bit = row->shift;
        row->spot.bit_sure = true;
        row->width = 0;
    } else if (row->width > 0 && !type_is_whole(row->type)) {
        import_skip(l, row, "bits of something that is no whole number");
        return false;
    }
    return true;
}

/* A raw value that means none: it must fit, or it can't ever come. */
static const char *sentinel(struct import_list *l, const struct import_row *row,
                            const json_t *value)
{
    const char *text = json_string_value(value);
    unsigned bits = type_bytes(row->type) * 8;
    uint64_t x;
    int64_t negative;
    if (bits == 0 || value == NULL)
        return NULL;
    if (text != NULL && text_to_u64(text, &x))
        return bits == 64 || x >> bits == 0 ? import_printf(l, "0x%llX", (unsigned long long)x)
                                            : NULL;
    if (!tree_whole(value, &negative))
        return NULL;
    if (negative >= 0)
        return bits == 64 || (uint64_t)negative >> bits == 0
                   ? import_printf(l, "0x%llX", (unsigned long long)negative)
                   : NULL;
    bool is_signed = row->type == RAW_S8 || row->type == RAW_S16 || row->type == RAW_S24 ||
                     row->type == RAW_S32 || row->type == RAW_S64;
    return is_signed ? import_printf(l, "%lld", (long long)negative) : NULL;
}

static void read_sentinels(struct wirenboard *w, const json_t *channel, struct import_row *row)
{
    static const char *const keys[] = {"error_value", "unsupported_value"};
    const char *said[2] = {NULL, NULL};
    for (unsigned i = 0; i < 2; i++) {
        const json_t *value = json_object_get(channel, keys[i]);
        said[i] = sentinel(w->list, row, value);
        if (value != NULL && said[i] == NULL)
            import_note(w->list, NOTE_TOLD, row->line,
                        "%.100s: its %s does not fit %u bits and is not copied", row->name, keys[i],
                        type_bytes(row->type) * 8);
    }
    if (said[0] != NULL && said[1] != NULL && strcmp(said[0], said[1]) != 0)
        row->invalid =
            import_printf(w->list, "{%s: error value, %s: unsupported value}", said[0], said[1]);
    else if (said[0] != NULL || said[1] != NULL)
        row->invalid = said[0] != NULL ? import_printf(w->list, "{%s: error value}", said[0])
                                       : import_printf(w->list, "{%s: unsupported value}", said[1]);
}

static void read_choices(struct wirenboard *w, const json_t *channel, struct import_row *row)
{
    const json_t *numbers = json_object_get(channel, "enum");
    const json_t *titles = json_object_get(channel, "enum_titles");
    char out[CHOICES_ROOM];
    size_t used = 0, i;
    json_t *number;
    json_array_foreach(numbers, i, number)
    {
        int64_t x;
        const char *title = json_string_value(json_array_get(titles, i));
        if (!tree_whole(number, &x) || title == NULL || *title == '\0')
            return;
        title = english(w, title);
        if (used + strlen(title) * 2 + 32 > sizeof out)
            return;
        used += (size_t)snprintf(out + used, 28, "%s%lld: \"", i == 0 ? "" : ", ", (long long)x);
        for (const char *c = title; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                out[used++] = '\\';
            out[used++] = (unsigned char)*c < 0x20 ? ' ' : *c;
        }
        out[used++] = '"';
    }
    if (used > 0 && type_is_whole(row->type) && row->spot.bit < 0 && row->scale == NULL &&
        row->offset == NULL)
        row->choices = import_keep(w->list, out, used);
}

/* What kind of control it is tells the unit, where none is named. */
static const char *unit_of(const json_t *channel)
{
    static const char *const units[][2] = {{"temperature", "Cel"},
                                           {"rel_humidity", "%"},
                                           {"atmospheric_pressure", "mbar"},
                                           {"voltage", "V"},
                                           {"power", "W"},
                                           {"power_consumption", "kWh"},
                                           {"current", "A"},
                                           {"sound_level", "dB"},
                                           {"concentration", "ppm"},
                                           {"lux", "lx"},
                                           {"rainfall", "mm/h"},
                                           {"wind_speed", "m/s"},
                                           {"water_flow", "m3/h"},
                                           {"water_consumption", "m3"},
                                           {"resistance", "Ohm"},
                                           {"heat_power", "Gcal/h"},
                                           {"heat_energy", "Gcal"}};
    const char *own = tree_text(channel, "units"), *kind = tree_text(channel, "type");
    for (size_t i = 0; *own == '\0' && i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i][0], kind) == 0)
            return units[i][1];
    return own;
}

static void read_numbers(struct wirenboard *w, const json_t *channel, struct import_row *row)
{
    struct import_list *l = w->list;
    const json_t *scale = json_object_get(channel, "scale");
    const json_t *offset = json_object_get(channel, "offset");
    if (scale != NULL)
        scale_factor(l, row, tree_number_text(l, scale), "scale");
    if (offset != NULL && !row->gone)
        scale_offset(l, row, tree_number_text(l, offset), "offset");
}

/* The program shows 1 where the raw value is on_value, 0 where it is off_value, and else the raw
 * value itself. Of one bit that is the bit, its opposite, or always the same; of a number it would
 * be some of its values under other names. */
static void read_switch(struct wirenboard *w, const json_t *channel, struct import_row *row)
{
    struct import_list *l = w->list;
    const json_t *on = json_object_get(channel, "on_value");
    const json_t *off = json_object_get(channel, "off_value");
    int64_t on_raw = -1, off_raw = -1;
    if ((on != NULL && !tree_whole(on, &on_raw)) || (off != NULL && !tree_whole(off, &off_raw))) {
        import_skip(l, row, "its on_value or off_value is no whole number");
        return;
    }
    if (on == NULL && off == NULL)
        return;
    if (row->type != RAW_BOOL && row->spot.bit < 0) {
        if ((on == NULL || on_raw == 1) && (off == NULL || off_raw == 0))
            return;
        const char *says = on == NULL ? "" : import_printf(l, "%lld means on", (long long)on_raw);
        const char *then =
            off == NULL ? "" : import_printf(l, "%lld means off", (long long)off_raw);
        import_note(l, NOTE_TOLD, row->line, "%.100s: %s%s%s; it stays a number here", row->name,
                    says, *says != '\0' && *then != '\0' ? ", " : "", then);
        return;
    }
    bool shown[2];
    for (int raw = 0; raw < 2; raw++)
        shown[raw] = on != NULL && raw == on_raw     ? true
                     : off != NULL && raw == off_raw ? false
                                                     : raw != 0;
    if (shown[0] == shown[1])
        import_skip(l, row, "by its on_value and off_value it would always be %s",
                    shown[0] ? "on" : "off");
    row->negated = shown[0] && !shown[1];
}

static void read_channel(struct wirenboard *w, const json_t *channel)
{
    struct import_list *l = w->list;
    const char *name = tree_text(channel, "name"), *reg_type = tree_text(channel, "reg_type");
    const char *condition = tree_text(channel, "condition"), *unit = unit_of(channel);
    struct import_row *row = import_add(l, tree_line(&w->doc, channel), english(w, name));
    int64_t period;
    if (json_object_get(channel, "oneOf") != NULL ||
        json_object_get(channel, "device_type") != NULL) {
        import_skip(l, row, "a device in the device; import its own template");
        return;
    }
    if (json_object_get(channel, "consists_of") != NULL ||
        json_object_get(channel, "address") == NULL) {
        import_skip(l, row,
                    json_object_get(channel, "write_address") != NULL
                        ? "write only"
                        : "it has no address of its own");
        return;
    }
    row->spot.table = table_of(reg_type);
    if (row->spot.table < 0) {
        import_skip(l, row, "register type `%.40s` is not one of Modbus", reg_type);
        return;
    }
    if (!read_address(w, channel, row) || !read_format(w, channel, row))
        return;
    row->unit = import_keep(l, unit, strlen(unit));
    row->group = import_keep(l, tree_text(channel, "group"), strlen(tree_text(channel, "group")));
    row->writable = !json_is_true(json_object_get(channel, "readonly")) &&
                    json_object_get(channel, "write_address") == NULL &&
                    (row->spot.table == TABLE_HOLDING || row->spot.table == TABLE_COIL);
    if (json_object_get(channel, "write_address") != NULL)
        import_note(l, NOTE_TOLD, row->line, "%.100s: it is written elsewhere; only read here",
                    row->name);
    if (*condition != '\0')
        row->about = import_printf(l, "Only if %.200s", condition);
    if (tree_whole(json_object_get(channel, "read_period_ms"), &period) && period > 0 &&
        period <= 7LL * 24 * 3600 * 1000)
        row->every_ms = period;
    if (row->type != RAW_BOOL && row->type != RAW_STRING && row->spot.bit < 0)
        read_numbers(w, channel, row);
    if (!row->gone)
        read_switch(w, channel, row);
    if (!row->gone)
        read_sentinels(w, channel, row);
    read_choices(w, channel, row);
}

static void tell_rest(struct wirenboard *w)
{
    struct import_list *l = w->list;
    const json_t *parameters = json_object_get(w->device, "parameters");
    size_t i;
    const char *key;
    json_t *value;
    json_array_foreach(parameters, i, value)
    {
        import_note(l, NOTE_SKIPPED, tree_line(&w->doc, value), "%.100s: a setting of the device",
                    tree_text(value, "id"));
    }
    if (json_is_object(parameters)) {
        json_object_foreach((json_t *)(uintptr_t)parameters, key, value)
        {
            import_note(l, NOTE_SKIPPED, tree_line(&w->doc, value),
                        "%.100s: a setting of the device", key);
        }
    }
    json_array_foreach(json_object_get(w->device, "setup"), i, value)
    {
        import_note(l, NOTE_SKIPPED, tree_line(&w->doc, value),
                    "%.100s: written to the device at each start; this gateway does not",
                    tree_text(value, "title"));
    }
}

bool read_wirenboard(struct import_list *l, char *text, size_t length)
{
    if (strstr(text, "{%") != NULL || strstr(text, "{{") != NULL)
        return import_refuse(l, 0, "a template of templates (Jinja); import what it makes");
    struct wirenboard w = {.list = l};
    if (!tree_read(l, text, length, true, &w.doc))
        return false;
    const json_t *device = json_object_get(w.doc.root, "device");
    w.device = device == NULL ? w.doc.root : device;
    w.translations = json_object_get(w.device, "translations");
    const json_t *channels = json_object_get(w.device, "channels");
    size_t i;
    json_t *channel;
    if (!json_is_array(channels))
        import_refuse(l, 0, "no `channels` in it");
    json_array_foreach(channels, i, channel)
    {
        if (l->row_count <= IMPORT_ROWS_MAX && !arena_exhausted(l->arena))
            read_channel(&w, channel);
    }
    tell_rest(&w);
    json_decref(w.doc.root);
    return l->refused == NULL;
}
