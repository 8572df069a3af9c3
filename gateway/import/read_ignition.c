/* SPDX-License-Identifier: Apache-2.0 */
/* Ignition 8: tags as JSON, with folders, types and their instances. Base, word order and the order
 * of characters are settings of the device connection, which isn't in the file. */
#include "import/read_ignition.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import/import.h"
#include "import/scale.h"
#include "import/types.h"

enum {
    DEEPEST = 24,
    VISITS_MAX = 400000,
    TYPES_MAX = 10000,
    OVER_MAX = 200000,
    PAIRS_MAX = 20000000
};

struct type {
    const char *path; /* Motor, or Pumps/Motor */
    json_t *tag;
};

struct ignition {
    struct import_list *list;
    struct tree doc;
    struct type types[TYPES_MAX];
    unsigned type_count;
    unsigned visits;
    unsigned laid; /* tags that instances and types were laid over */
};

struct where {
    const char *path; /* of folders, with points */
    uint32_t line;
    const json_t *values; /* of parameters */
    unsigned deep;
};

static void visit(struct ignition *g, json_t *tag, const struct where *w);

static const char *joined(struct import_list *l, const char *path, const char *name, char between)
{
    return *path == '\0'   ? import_keep(l, name, strlen(name))
           : *name == '\0' ? path
                           : import_printf(l, "%.500s%c%.200s", path, between, name);
}

static void collect_types(struct ignition *g, json_t *tag, const char *path, unsigned deep)
{
    size_t i;
    json_t *inner;
    const char *name = tree_text(tag, "name");
    const char *here = strcmp(name, "_types_") == 0 ? "" : joined(g->list, path, name, '/');
    if (deep > DEEPEST || !json_is_object(tag))
        return;
    if (strcmp(tree_text(tag, "tagType"), "UdtType") == 0 && g->type_count < TYPES_MAX)
        g->types[g->type_count++] = (struct type){here, tag};
    json_array_foreach(json_object_get(tag, "tags"), i, inner)
    {
        collect_types(g, inner, here, deep + 1);
    }
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* [default]_types_/Pumps/Motor, or Pumps/Motor; or Motor alone, if there is but one. */
static json_t *find_type(const struct ignition *g, const char *id)
{
    json_t *found = NULL;
    const char *bracket = *id == '[' ? strchr(id, ']') : NULL;
    if (bracket != NULL)
        id = bracket + 1;
    if (strncmp(id, "_types_/", 8) == 0)
        id += 8;
    for (unsigned i = 0; i < g->type_count; i++)
        if (strcmp(g->types[i].path, id) == 0)
            return g->types[i].tag;
    for (unsigned i = 0; i < g->type_count; i++)
        if (strcmp(last_part(g->types[i].path), last_part(id)) == 0) {
            if (found != NULL)
                return NULL;
            found = g->types[i].tag;
        }
    return found;
}

static size_t count_tags(const json_t *tag, unsigned deep)
{
    size_t i, count = 1;
    json_t *inner;
    if (deep > DEEPEST)
        return OVER_MAX;
    json_array_foreach(json_object_get(tag, "tags"), i, inner)
    {
        count += count_tags(inner, deep + 1);
    }
    return count;
}

static bool update(json_t *object, json_t *with)
{
    return !json_is_object(with) || json_object_update(object, with) == 0;
}

/* The type with all that it inherits, and the instance over it. NULL: unknown, or too much. */
static json_t *expand(struct ignition *g, json_t *instance, unsigned deep)
{
    json_t *type = find_type(g, tree_text(instance, "typeId"));
    if (type == NULL || deep > DEEPEST)
        return NULL;
    size_t count = count_tags(type, 0);
    if (count > OVER_MAX || g->laid + count > OVER_MAX ||
        count * count_tags(instance, 0) > (size_t)PAIRS_MAX)
        return NULL;
    g->laid += (unsigned)count;
    json_t *whole =
        *tree_text(type, "typeId") == '\0' ? json_incref(type) : expand(g, type, deep + 1);
    if (whole == NULL)
        return NULL;
    json_t *parameters = json_object();
    json_t *out = ignition_over(g->list, whole, instance, 0);
    if (parameters == NULL || !update(parameters, json_object_get(whole, "parameters")) ||
        !update(parameters, json_object_get(instance, "parameters")))
        import_exhaust(g->list);
    if (json_object_set_new(out, "parameters", parameters) != 0)
        import_exhaust(g->list);
    json_decref(whole);
    return out;
}

/* A value, or one that is bound to parameters. NULL: it hangs on one that isn't known. */
static const char *value_text(struct import_list *l, const json_t *value, const json_t *values)
{
    if (json_is_object(value)) {
        const json_t *binding = json_object_get(value, "binding");
        value = binding != NULL ? binding : json_object_get(value, "value");
    }
    if (json_is_true(value) || json_is_false(value))
        return json_is_true(value) ? "true" : "false";
    const char *text = tree_number_text(l, value);
    return strchr(text, '{') == NULL ? text : ignition_fill(l, text, values);
}

static const char *get(struct ignition *g, const json_t *tag, const char *key,
                       const struct where *w)
{
    const char *text = value_text(g->list, json_object_get(tag, key), w->values);
    return text == NULL ? "" : text;
}

/* Parameters of an instance, filled from those around it. */
static json_t *own_values(struct ignition *g, json_t *instance, const struct where *w)
{
    json_t *out = w->values == NULL ? json_object() : tree_copy(g->list, w->values);
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(instance, "parameters"), key, value)
    {
        const char *text = value_text(g->list, value, w->values);
        if (text != NULL && json_object_set_new(out, key, json_string(text)) != 0)
            import_exhaust(g->list);
    }
    if (json_object_set_new(out, "InstanceName", json_string(tree_text(instance, "name"))) != 0)
        import_exhaust(g->list);
    return out;
}

static void visit_all(struct ignition *g, const json_t *tags, const struct where *w)
{
    size_t i;
    json_t *tag;
    json_array_foreach(tags, i, tag)
    {
        visit(g, tag, w);
    }
}

static void visit_instance(struct ignition *g, json_t *tag, const struct where *w)
{
    json_t *whole = expand(g, tag, 0);
    if (whole == NULL) {
        struct import_row *row = import_add(g->list, w->line, w->path);
        import_skip(g->list, row, "its type `%.100s` is not in this file, or too large",
                    tree_text(tag, "typeId"));
        return;
    }
    json_t *values = own_values(g, whole, w);
    struct where inner = {w->path, w->line, values, w->deep + 1};
    visit_all(g, json_object_get(whole, "tags"), &inner);
    json_decref(values);
    json_decref(whole);
}

static void read_scale(struct ignition *g, const json_t *tag, const struct where *w,
                       struct import_row *row)
{
    static const char *const keys[4] = {"rawLow", "rawHigh", "scaledLow", "scaledHigh"};
    static const char *const defaults[4] = {"0", "10", "0", "10"};
    struct import_list *l = g->list;
    const char *mode = get(g, tag, "scaleMode", w), *ends[4];
    bool root = strcasecmp(mode, "SquareRoot") == 0;
    if (*mode == '\0' || strcasecmp(mode, "Off") == 0)
        return;
    if (!root && strcasecmp(mode, "Linear") != 0) {
        import_skip(l, row, "scale mode `%.40s` can't be said in a map", mode);
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        const char *text = get(g, tag, keys[i], w);
        ends[i] = import_number(l, *text == '\0' ? defaults[i] : text);
    }
    const char *clamp = get(g, tag, "clampMode", w);
    if (*clamp != '\0' && strcasecmp(clamp, "No_Clamp") != 0)
        import_note(l, NOTE_TOLD, row->line,
                    "%.100s: its clamp is not copied: what is outside is passed on as it is",
                    row->name);
    scale_span(l, row, ends, root, false);
}

static void read_limits(struct ignition *g, const json_t *tag, const struct where *w,
                        struct import_row *row)
{
    const char *mode = get(g, tag, "engLimitMode", w);
    if (*mode == '\0' || strcasecmp(mode, "No_Limit") == 0)
        return;
    const char *low = get(g, tag, "engLow", w), *high = get(g, tag, "engHigh", w);
    low = import_number(g->list, *low == '\0' ? "0" : low);
    high = import_number(g->list, *high == '\0' ? "100" : high);
    bool one_sided = strcasecmp(mode, "Both_Limits") != 0 && strcasecmp(mode, "Eng_Limits") != 0 &&
                     strcasecmp(mode, "Both") != 0;
    if (low == NULL || high == NULL || one_sided || strtod(low, NULL) > strtod(high, NULL)) {
        import_note(g->list, NOTE_TOLD, row->line, "%.100s: its limits are not copied", row->name);
        return;
    }
    row->valid[0] = low;
    row->valid[1] = high;
}

static void read_tag(struct ignition *g, json_t *tag, const struct where *w)
{
    struct import_list *l = g->list;
    const char *source = get(g, tag, "valueSource", w), *about = get(g, tag, "documentation", w);
    const char *unit = get(g, tag, "engUnit", w);
    const char *path = value_text(l, json_object_get(tag, "opcItemPath"), w->values);
    struct import_row *row = import_add(l, w->line, w->path);
    if (path != NULL && *path == '\0' && strcmp(source, "opc") != 0) {
        import_skip(l, row, "its value does not come from a device (%s)",
                    *source == '\0' ? "memory" : source);
        return;
    }
    if (*source != '\0' && strcmp(source, "opc") != 0) {
        import_skip(l, row, "its value does not come from a device (%.40s)", source);
        return;
    }
    if (path == NULL) {
        import_skip(l, row, "its item path has a parameter that is not known");
        return;
    }
    if (strcmp(get(g, tag, "enabled", w), "false") == 0) {
        import_skip(l, row, "disabled");
        return;
    }
    if (!ignition_path(l, row, path))
        return;
    row->about = *about == '\0' ? get(g, tag, "tooltip", w) : about;
    row->about = import_keep(l, row->about, strlen(row->about));
    row->unit = import_keep(l, unit, strlen(unit));
    row->writable = strcmp(get(g, tag, "readOnly", w), "true") != 0 &&
                    (row->spot.table == TABLE_HOLDING || row->spot.table == TABLE_COIL);
    bool number = row->spot.bit < 0 && row->type != RAW_BOOL && row->type != RAW_STRING;
    if (number && type_words(row->type) == 1 &&
        strcmp(get(g, tag, "dataType", w), "Boolean") == 0) {
        row->type = RAW_BOOL;
        number = false;
    }
    if (number)
        read_limits(g, tag, w, row);
    if (number)
        read_scale(g, tag, w, row);
}

static void visit(struct ignition *g, json_t *tag, const struct where *around)
{
    struct import_list *l = g->list;
    const char *kind = tree_text(tag, "tagType"), *name = tree_text(tag, "name");
    uint32_t line = tree_line(&g->doc, tag);
    if (!json_is_object(tag) || l->refused != NULL || arena_exhausted(l->arena))
        return;
    if (++g->visits > VISITS_MAX || l->row_count > IMPORT_ROWS_MAX || around->deep > DEEPEST) {
        import_refuse(l, line, "more tags or levels in it than can be taken");
        return;
    }
    struct where w = {joined(l, around->path, name, '.'), line == 0 ? around->line : line,
                      around->values, around->deep + 1};
    if (strcmp(kind, "UdtType") == 0 || strcmp(name, "_types_") == 0)
        return;
    if (strcmp(kind, "UdtInstance") == 0)
        visit_instance(g, tag, &w);
    else if (strcmp(kind, "AtomicTag") == 0 || json_object_get(tag, "opcItemPath") != NULL)
        read_tag(g, tag, &w);
    else
        visit_all(g, json_object_get(tag, "tags"), &w);
}

bool read_ignition(struct import_list *l, char *text, size_t length)
{
    const char *start = text + strspn(text, " \n\t");
    if (*start == '<')
        return import_refuse(l, 1, "this is XML; export the tags as JSON, from Ignition 8");
    if (*start != '{' && *start != '[')
        return import_refuse(
            l, 1,
            "this is no JSON; what Ignition 7.9 writes as CSV lacks half of a tag: "
            "take it over into Ignition 8 and export JSON, or import it as csv");
    struct ignition *g = arena_get(l->arena, sizeof *g);
    if (g == NULL)
        return false;
    g->list = l;
    if (!tree_read(l, text, length, false, &g->doc))
        return false;
    struct where w = {"", 1, NULL, 0};
    if (json_is_array(g->doc.root)) {
        size_t i;
        json_t *tag;
        json_array_foreach(g->doc.root, i, tag)
        {
            collect_types(g, tag, "", 0);
        }
        visit_all(g, g->doc.root, &w);
    } else {
        collect_types(g, g->doc.root, "", 0);
        visit(g, g->doc.root, &w);
    }
    json_decref(g->doc.root);
    return l->refused == NULL;
}
