/* SPDX-License-Identifier: Apache-2.0 */
#include "import/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/map.h"
#include "import/settle.h"
#include "import/text_in.h"
#include "import/tidy.h"
#include "import/types.h"
#include "import/write.h"

/* A list of 16 MB is several times as large in rows; more than this is no list of tags. */
enum { MEMORY_MAX = 768 << 20, ROUNDS_MAX = 8 };

const struct import_format import_formats[] = {
    {"kepware", "Kepware, tag CSV", read_kepware},
    {"ignition", "Ignition 8, tags as JSON", read_ignition},
    {"modpoll", "modpoll (Python), CSV", read_modpoll},
    {"telegraf", "Telegraf, inputs.modbus in TOML", read_telegraf},
    {"neuron", "EMQX Neuron, its spreadsheet saved as CSV", read_neuron},
    {"wirenboard", "wb-mqtt-serial, device template in JSON", read_wirenboard},
    {"csv", "any other table with a line of headings", read_table},
};
const size_t import_format_count = sizeof import_formats / sizeof *import_formats;

const struct import_format *import_format(const char *name)
{
    for (size_t i = 0; i < import_format_count; i++)
        if (strcmp(import_formats[i].name, name) == 0)
            return &import_formats[i];
    return NULL;
}

/* Values of two words at numbers that follow each other: one of the two is wrong, or each number
 * stands for 32 bits (Enron, Daniel), which Modbus as others speak it can't ask for. */
static int compare_place(const struct import_row *x, const struct import_row *y)
{
    int device = strcmp(x->device, y->device);
    if (device != 0)
        return device;
    return x->table != y->table ? x->table - y->table : x->address - y->address;
}

static int by_place(const void *a, const void *b)
{
    const struct import_row *x = *(struct import_row *const *)a,
                            *y = *(struct import_row *const *)b;
    int place = compare_place(x, y);
    return place != 0 ? place : (x->line > y->line) - (x->line < y->line);
}

static bool is_wide(const struct import_row *row)
{
    return row->bit < 0 && row->part_count == 0 && row->type != RAW_STRING &&
           type_words(row->type) >= 2;
}

static int compare_part(const struct import_row *x, const struct import_row *y)
{
    int place = compare_place(x, y);
    if (place != 0)
        return place;
    if (x->bit != y->bit)
        return x->bit - y->bit;
    if (x->high_byte != y->high_byte)
        return x->high_byte - y->high_byte;
    return x->shift != y->shift ? x->shift - y->shift : x->width - y->width;
}

static int by_part(const void *a, const void *b)
{
    const struct import_row *x = *(struct import_row *const *)a,
                            *y = *(struct import_row *const *)b;
    int part = compare_part(x, y);
    return part != 0 ? part : (x->line > y->line) - (x->line < y->line);
}

/* Two names for one place: one of the two addresses may be a slip. */
static bool tell_equal(struct import_list *l)
{
    struct import_row **all = arena_get_array(l->arena, l->row_count + 1U, sizeof *all);
    if (all == NULL)
        return false;
    size_t count = 0;
    for (struct import_row *row = l->rows; row != NULL; row = row->next)
        if (!row->gone && row->from == NULL && row->part_count == 0)
            all[count++] = row;
    qsort(all, count, sizeof *all, by_part);
    for (size_t i = 1; i < count; i++) {
        const struct import_row *a = all[i - 1], *b = all[i];
        if (compare_part(a, b) == 0)
            import_note(l, NOTE_TOLD, b->line, "%.100s: the same %s %u as %.60s (row %u)", b->name,
                        table_name((enum table)b->table), b->address, a->name, a->line);
    }
    return true;
}

static bool refuse_enron(struct import_list *l)
{
    struct import_row **wide = arena_get_array(l->arena, l->row_count + 1U, sizeof *wide);
    if (wide == NULL)
        return false;
    size_t count = 0;
    for (struct import_row *row = l->rows; row != NULL; row = row->next)
        if (!row->gone && row->from == NULL && is_wide(row))
            wide[count++] = row;
    qsort(wide, count, sizeof *wide, by_place);
    for (size_t i = 1; i < count; i++) {
        struct import_row *a = wide[i - 1], *b = wide[i];
        bool same = strcmp(a->device, b->device) == 0 && a->table == b->table;
        if (!same || b->address == a->address || b->address >= a->address + type_words(a->type))
            continue;
        import_skip(
            l, b,
            "its %u registers begin inside of those of %.60s (row %u); if each number means "
            "32 bits (Enron, Daniel), it can't be read as Modbus",
            type_words(b->type), a->name, a->line);
        import_skip(
            l, a,
            "%.60s (row %u) begins inside of its %u registers; if each number means 32 bits "
            "(Enron, Daniel), it can't be read as Modbus",
            b->name, b->line, type_words(a->type));
    }
    for (struct import_row *row = l->rows; row != NULL; row = row->next)
        if (row->from != NULL && row->from->gone)
            import_skip(l, row, "what it is computed from was skipped");
    return true;
}

static uint32_t count_tags(struct import_list *l)
{
    uint32_t tags = 0;
    for (struct import_device *d = l->devices; d != NULL; d = d->next)
        d->tags = 0;
    for (const struct import_row *row = l->rows; row != NULL; row = row->next) {
        if (row->gone)
            continue;
        tags++;
        for (struct import_device *d = l->devices; d != NULL; d = d->next)
            if (strcmp(d->name, row->device) == 0) {
                d->tags++;
                break;
            }
    }
    return tags;
}

static void tell_writable(struct import_list *l)
{
    uint32_t count = 0;
    for (const struct import_row *row = l->rows; row != NULL; row = row->next)
        count += !row->gone && row->writable;
    if (count > 0 && !l->options->writable)
        import_note(l, NOTE_TOLD, 0,
                    "%u tag%s that the list may write, only read here; --writable keeps that",
                    count, count == 1 ? "" : "s");
}

enum import_end import_run(struct import *i, const struct import_format *format, const char *file,
                           const uint8_t *bytes, size_t length,
                           const struct import_options *options)
{
    struct import_list *l = &i->list;
    size_t text_length;
    *i = (struct import){.list = {.file = file, .options = options}};
    l->arena = arena_new(MEMORY_MAX);
    if (l->arena == NULL)
        return IMPORT_NO_MEMORY;
    char *text = import_text(l, bytes, length, &text_length);
    if (options->unit >= 0 && format->read != read_table)
        import_refuse(l, 0, "--unit is for csv; here each device is told apart");
    else if (text != NULL)
        format->read(l, text, text_length);
    if (l->row_count > IMPORT_ROWS_MAX)
        import_refuse(l, 0, "more than %d rows; split it", IMPORT_ROWS_MAX);
    if (l->refused != NULL)
        return arena_exhausted(l->arena) ? IMPORT_NO_MEMORY : IMPORT_NOTHING;
    i->needs = settle_all(l);
    if (arena_exhausted(l->arena))
        return IMPORT_NO_MEMORY;
    if (i->needs != 0 || l->questions != NULL)
        return IMPORT_ASKS;
    if (!refuse_enron(l) || !tell_equal(l))
        return IMPORT_NO_MEMORY;
    tidy_names(l);
    tidy_units(l);
    tell_writable(l);
    i->tags = count_tags(l);
    for (struct import_device *d = l->devices; d != NULL; d = d->next)
        d->has_map = d->tags > 0;
    if (arena_exhausted(l->arena))
        return IMPORT_NO_MEMORY;
    return i->tags == 0 ? IMPORT_NOTHING : IMPORT_DONE;
}

void import_ask(struct import *i, FILE *out)
{
    settle_ask(&i->list, i->needs, out);
}

unsigned import_maps(const struct import *i)
{
    unsigned maps = 0;
    for (const struct import_device *d = i->list.devices; d != NULL; d = d->next)
        maps += d->has_map;
    return maps == 0 ? 1 : maps;
}

static const char *device_name(const struct import_list *l, unsigned k)
{
    for (const struct import_device *d = l->devices; d != NULL; d = d->next)
        if (d->has_map && k-- == 0)
            return d->name;
    return "";
}

/* "lists/pumps.csv" is "pumps". */
static const char *file_stem(struct import_list *l)
{
    char name[NAME_MAX_BYTES + 1];
    const char *slash = strrchr(l->file, '/');
    const char *base = slash == NULL ? l->file : slash + 1;
    const char *dot = strrchr(base, '.');
    tidy_name(
        import_keep(l, base, dot == NULL || dot == base ? strlen(base) : (size_t)(dot - base)),
        name);
    return *name == '\0' ? "imported" : import_keep(l, name, strlen(name));
}

/* Mistakes of one line of the map, to the row that it was made of. */
static void take_out(struct import_list *l, const char *device, const struct diag *d)
{
    bool found = false;
    for (struct import_row *row = l->rows; row != NULL; row = row->next) {
        if (row->written != d->at.line || strcmp(row->device, device) != 0)
            continue;
        import_skip(l, row, "%s", d->text);
        found = true;
    }
    if (!found)
        import_refuse(l, 0, "the map would not be taken: %s", d->text);
}

enum verdict { VERDICT_FINE, VERDICT_FAULTS, VERDICT_NO_MEMORY };

/* Short of memory, the reader of maps may complain of what is right: only what it complains of with
 * enough is a fault. */
static enum verdict parse(struct import_list *l, const char *text, size_t length, struct diags *ds)
{
    struct arena *a = arena_new(0);
    if (a == NULL)
        return VERDICT_NO_MEMORY;
    bool fine = map_parse(a, text, length, l->file, "imported", ds) != NULL;
    bool exhausted = arena_exhausted(a);
    for (size_t k = 0; !fine && k < diags_count(ds); k++)
        exhausted |= strstr(diags_at(ds, k)->text, "out of memory") != NULL;
    arena_free(a);
    return fine ? VERDICT_FINE : exhausted ? VERDICT_NO_MEMORY : VERDICT_FAULTS;
}

/* What the map language doesn't take is skipped and told. */
static enum verdict hold_against_language(struct import_list *l, const char *device,
                                          const char *text, size_t length)
{
    struct diags *first = diags_new(), *again = diags_new();
    enum verdict verdict =
        first == NULL || again == NULL ? VERDICT_NO_MEMORY : parse(l, text, length, first);
    if (verdict == VERDICT_FAULTS)
        verdict = parse(l, text, length, again);
    for (size_t k = 0; verdict == VERDICT_FAULTS && k < diags_count(again); k++)
        if (diags_at(again, k)->level == DIAG_ERROR)
            take_out(l, device, diags_at(again, k));
    if (verdict == VERDICT_FAULTS && diags_errors(again) == 0)
        verdict = VERDICT_NO_MEMORY;
    for (struct import_row *row = l->rows; row != NULL; row = row->next)
        if (row->from != NULL && row->from->gone)
            import_skip(l, row, "what it is computed from was skipped");
    diags_free(first);
    diags_free(again);
    return verdict;
}

const char *import_map(struct import *i, unsigned k, const char **name)
{
    struct import_list *l = &i->list;
    const char *device = device_name(l, k);
    *name = *device == '\0' ? file_stem(l) : device;
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        if (out == NULL)
            return NULL;
        uint32_t tags = write_map(l, device, *name, out);
        const char *kept = NULL;
        if (fclose(out) == 0)
            kept = arena_copy(l->arena, text, length);
        free(text);
        if (kept == NULL)
            return NULL;
        enum verdict verdict = tags == 0 || l->refused != NULL
                                   ? VERDICT_FINE
                                   : hold_against_language(l, device, kept, length);
        if (verdict == VERDICT_NO_MEMORY || arena_exhausted(l->arena))
            return NULL;
        if (verdict == VERDICT_FINE) {
            i->tags = l->refused == NULL ? count_tags(l) : 0;
            return tags == 0 ? "" : kept;
        }
    }
    import_refuse(l, 0, "too much in it that a map can't say");
    i->tags = 0;
    return "";
}

const char *import_plant(struct import *i)
{
    char *text = NULL;
    size_t length = 0;
    if (i->list.devices == NULL)
        return NULL;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    write_plant(&i->list, out);
    const char *kept = fclose(out) == 0 ? arena_copy(i->list.arena, text, length) : NULL;
    free(text);
    return kept;
}

/* By line; of one line in the order in which it came up; what is of no line stands last. */
static int by_line(const void *a, const void *b)
{
    const struct import_note *x = *(struct import_note *const *)a;
    const struct import_note *y = *(struct import_note *const *)b;
    uint32_t p = x->line == 0 ? UINT32_MAX : x->line, q = y->line == 0 ? UINT32_MAX : y->line;
    if (p != q)
        return p < q ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void print_note(const struct import_list *l, const struct import_note *n, FILE *out)
{
    const char *word = n->kind == NOTE_SKIPPED ? "skipped: " : "";
    if (n->line > 0)
        fprintf(out, "%s:%u: %s%s\n", l->file, n->line, word, n->text);
    else
        fprintf(out, "%s: %s%s\n", l->file, word, n->text);
}

void import_tell(const struct import *i, FILE *out)
{
    const struct import_list *l = &i->list;
    const struct import_note **all = calloc(l->note_count + 1U, sizeof *all);
    uint32_t count = 0;
    for (const struct import_note *n = l->notes; n != NULL; n = n->next)
        if (all == NULL)
            print_note(l, n, out);
        else
            all[count++] = n;
    if (all != NULL)
        qsort(all, count, sizeof *all, by_line);
    for (uint32_t k = 0; k < count; k++)
        print_note(l, all[k], out);
    free(all);
    if (l->refused != NULL && l->refused_line > 0)
        fprintf(out, "%s:%u: refused: %s\n", l->file, l->refused_line, l->refused);
    else if (l->refused != NULL)
        fprintf(out, "%s: refused: %s\n", l->file, l->refused);
    if (i->needs == 0 && l->questions == NULL)
        fprintf(out, "%u tag%s, %u skipped, %u renamed\n", i->tags, i->tags == 1 ? "" : "s",
                l->skipped, l->renamed);
}

void import_fini(struct import *i)
{
    arena_free(i->list.arena);
    i->list.arena = NULL;
}
