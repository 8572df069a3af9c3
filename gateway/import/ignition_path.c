/* SPDX-License-Identifier: Apache-2.0 */
/* Item paths of Ignition's Modbus drivers, and what its types leave open in them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "import/read_ignition.h"
#include "import/tidy.h"

enum { FILLED_ROOM = 1024 };

static const struct designator {
    const char *word;
    int16_t table, type;
} designators[] = {
    {"HRI_64", TABLE_HOLDING, RAW_S64},     {"HRUI_64", TABLE_HOLDING, RAW_U64},
    {"HRBCD_32", TABLE_HOLDING, RAW_BCD32}, {"HRBCD", TABLE_HOLDING, RAW_BCD16},
    {"HRUS", TABLE_HOLDING, RAW_U16},       {"HRUI", TABLE_HOLDING, RAW_U32},
    {"HRF", TABLE_HOLDING, RAW_F32},        {"HRD", TABLE_HOLDING, RAW_F64},
    {"HRI", TABLE_HOLDING, RAW_S32},        {"HRS", TABLE_HOLDING, RAW_STRING},
    {"HR", TABLE_HOLDING, RAW_S16},         {"IRI_64", TABLE_INPUT, RAW_S64},
    {"IRUI_64", TABLE_INPUT, RAW_U64},      {"IRBCD_32", TABLE_INPUT, RAW_BCD32},
    {"IRBCD", TABLE_INPUT, RAW_BCD16},      {"IRUS", TABLE_INPUT, RAW_U16},
    {"IRUI", TABLE_INPUT, RAW_U32},         {"IRF", TABLE_INPUT, RAW_F32},
    {"IRD", TABLE_INPUT, RAW_F64},          {"IRI", TABLE_INPUT, RAW_S32},
    {"IRS", TABLE_INPUT, RAW_STRING},       {"IR", TABLE_INPUT, RAW_S16},
    {"DI", TABLE_DISCRETE, RAW_BOOL},       {"C", TABLE_COIL, RAW_BOOL},
};

static const struct designator *find_designator(const char *s, size_t *length)
{
    for (size_t i = 0; i < sizeof designators / sizeof *designators; i++) {
        size_t n = strlen(designators[i].word);
        if (strncmp(designators[i].word, s, n) == 0 && isdigit((unsigned char)s[n])) {
            *length = n;
            return &designators[i];
        }
    }
    return NULL;
}

static bool number_at(const char **s, uint32_t most, uint32_t *out)
{
    size_t n = strspn(*s, "0123456789");
    char digits[10];
    if (n == 0 || n >= sizeof digits)
        return false;
    memcpy(digits, *s, n);
    digits[n] = '\0';
    *out = (uint32_t)strtoul(digits, NULL, 10);
    *s += n;
    return *out <= most;
}

static bool tail(struct import_row *row, const char *s)
{
    uint32_t x;
    if (*s == '.' && row->type != RAW_STRING) {
        s++;
        if (!number_at(&s, 63, &x))
            return false;
        row->spot.bit = (int16_t)x;
    } else if (*s == ':' && row->type == RAW_STRING) {
        s++;
        if (!number_at(&s, 2 * REGISTERS_MAX, &x))
            return false;
        row->length = (uint16_t)((x + 1) / 2);
    }
    return *s == '\0';
}

bool ignition_path(struct import_list *l, struct import_row *row, const char *path)
{
    char device[NAME_MAX_BYTES + 1];
    const char *open = strchr(path, '['), *close = open == NULL ? NULL : strchr(open, ']');
    uint32_t unit = 0;
    size_t length = 0;
    if (close == NULL) {
        import_skip(l, row, "item path `%.80s` names no device", path);
        return false;
    }
    const char *s = close + 1, *digits = s;
    bool has_unit = number_at(&digits, 255, &unit) && *digits == '.';
    if (has_unit)
        s = digits + 1;
    const struct designator *d = find_designator(s, &length);
    if (d == NULL) {
        import_skip(l, row,
                    "item path `%.80s` is no Modbus address (HR100, IRF3, C5 ...); names that the "
                    "device maps are not in this file",
                    path);
        return false;
    }
    tidy_name(import_keep(l, open + 1, (size_t)(close - open - 1)), device);
    row->device = has_unit ? import_printf(l, "%.50s_%u", device, unit)
                           : import_keep(l, device, strlen(device));
    if (*row->device == '\0')
        row->device = "device";
    row->unit_id = has_unit ? (int32_t)unit : -1;
    row->type = d->type;
    row->spot =
        (struct spot){.notation = SPOT_COUNTED, .table = d->table, .bit = -1, .bit_sure = true};
    s += length;
    const char *begin = s;
    if (!number_at(&s, 99999999, &row->spot.number) || !tail(row, s)) {
        import_skip(l, row, "item path `%.80s`: what stands behind %s can't be read", path,
                    d->word);
        return false;
    }
    row->spot.digits = (uint8_t)strspn(begin, "0123456789");
    if (*device == '\0')
        import_device(l, row->device, "", row->unit_id);
    else
        import_device(l, row->device, import_keep(l, device, strlen(device)), row->unit_id);
    return true;
}

/* Name, Name+2, Name-1: NULL where it isn't known. */
static const char *value_of(struct import_list *l, const char *inside, size_t length,
                            const json_t *values)
{
    char name[128];
    size_t n = length;
    int64_t add = 0, number;
    if (length == 0 || length >= sizeof name)
        return NULL;
    memcpy(name, inside, length);
    name[length] = '\0';
    const char *text = tree_text(values, name);
    if (*text != '\0')
        return text;
    while (n > 1 && isdigit((unsigned char)name[n - 1]))
        n--;
    if (n == length || (name[n - 1] != '+' && name[n - 1] != '-'))
        return NULL;
    if (!text_to_s64(name + n, &add) || add > 1000000)
        return NULL;
    if (name[n - 1] == '-')
        add = -add;
    name[n - 1] = '\0';
    return text_to_s64(tree_text(values, name), &number) && number >= -1000000 && number < 1000000
               ? import_printf(l, "%jd", (intmax_t)number + add)
               : NULL;
}

const char *ignition_fill(struct import_list *l, const char *text, const json_t *values)
{
    char out[FILLED_ROOM];
    size_t used = 0;
    while (*text != '\0') {
        const char *put = text;
        size_t length = 1;
        if (*text == '{') {
            const char *close = strchr(text, '}');
            put = close == NULL ? NULL : value_of(l, text + 1, (size_t)(close - text - 1), values);
            if (put == NULL)
                return NULL;
            length = strlen(put);
            text = close;
        }
        if (used + length >= sizeof out)
            return NULL;
        memcpy(out + used, put, length);
        used += length;
        text++;
    }
    return import_keep(l, out, used);
}

static json_t *named(const json_t *tags, const char *name)
{
    size_t i;
    json_t *tag;
    json_array_foreach(tags, i, tag)
    {
        if (strcmp(tree_text(tag, "name"), name) == 0)
            return tag;
    }
    return NULL;
}

/* Tags of the type, as the instance changes them; then those that only the instance has. */
static json_t *both_tags(struct import_list *l, json_t *tags, json_t *inner, unsigned deep)
{
    size_t i;
    json_t *tag, *both = json_array();
    bool good = both != NULL;
    json_array_foreach(tags, i, tag)
    {
        json_t *mine = named(inner, tree_text(tag, "name"));
        bool changed = mine != NULL && json_is_object(tag) && json_is_object(mine);
        json_t *here = changed ? ignition_over(l, tag, mine, deep + 1) : json_incref(tag);
        good = json_array_append_new(both, here) == 0 && good;
    }
    json_array_foreach(inner, i, tag)
    {
        if (good && named(tags, tree_text(tag, "name")) == NULL)
            good = json_array_append(both, tag) == 0;
    }
    if (!good)
        import_exhaust(l);
    return both;
}

json_t *ignition_over(struct import_list *l, json_t *base, json_t *over, unsigned deep)
{
    json_t *inner = json_object_get(over, "tags"), *tags = json_object_get(base, "tags");
    json_t *out = tree_copy(l, base);
    if (out == NULL || json_object_update(out, over) != 0) {
        import_exhaust(l);
        return out;
    }
    if (deep > TREE_DEPTH_MAX || !json_is_array(inner) || !json_is_array(tags))
        return out;
    if (json_object_set_new(out, "tags", both_tags(l, tags, inner, deep)) != 0)
        import_exhaust(l);
    return out;
}
