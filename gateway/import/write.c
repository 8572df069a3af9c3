/* SPDX-License-Identifier: Apache-2.0 */
#include "import/write.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/map.h"
#include "import/types.h"

enum { ABOUT_MOST = 600 };

struct head { /* what holds for many rows, said once */
    int64_t base[TABLE_COUNT]; /* doc - address; -1: none; -2: they differ */
    const char *order[RAW_COUNT]; /* NULL: none; "": they differ */
};

/* Words that YAML takes for something else. */
static bool is_reserved(const char *s)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no",
                                        "on",   "off",   "y",    "n"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(words[i], s) == 0)
            return true;
    return false;
}

static bool is_plain(const char *s)
{
    size_t length = strlen(s);
    if (!isalpha((unsigned char)*s) || is_reserved(s) || s[length - 1] == ' ')
        return false;
    for (; *s != '\0'; s++)
        if (!isalnum((unsigned char)*s) && strchr(" _./-", *s) == NULL)
            return false;
    return true;
}

static void write_text(const char *s, FILE *out)
{
    if (is_plain(s)) {
        fputs(s, out);
        return;
    }
    fputc('"', out);
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            fputc('\\', out);
        fputc(c < 0x20 || c == 0x7F ? ' ' : c, out);
    }
    fputc('"', out);
}

/* In a comment nothing may end the line; C1 and the like are no letters to YAML either. */
static void write_comment(const char *s, FILE *out)
{
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        fputc(c < 0x20 || c == 0x7F ? ' ' : c, out);
    }
}

/* Its folder is nobody's business who gets the map. */
static const char *file_name(const struct import_list *l)
{
    const char *slash = strrchr(l->file, '/');
    return slash == NULL ? l->file : slash + 1;
}

static bool belongs(const struct import_row *row, const char *device)
{
    return !row->gone && strcmp(row->device, device) == 0;
}

static bool is_bits(const struct import_row *row)
{
    return row->table == TABLE_COIL || row->table == TABLE_DISCRETE;
}

static bool is_default(const char *order)
{
    return strncmp(order, "ABCDEFGH", strlen(order)) == 0;
}

/* Said or not, it is one: what another tag brings into the head of the map must not change it. */
static const char *order_of(const struct import_row *row)
{
    unsigned bytes = row->type == RAW_STRING ? 2 : type_bytes(row->type);
    if (row->order[0] != '\0')
        return row->order;
    return bytes == 2 && row->chars == STRING_TWO ? "AB" : "";
}

static struct head look(const struct import_list *l, const char *device)
{
    struct head h = {.base = {-1, -1, -1, -1}};
    for (const struct import_row *row = l->rows; row != NULL; row = row->next) {
        if (!belongs(row, device) || row->from != NULL)
            continue;
        int64_t base = row->doc - (int64_t)row->address;
        if (row->doc >= 0) {
            int64_t *had = &h.base[row->table];
            *had = *had == -1 || *had == base ? base : -2;
        }
        if (!is_bits(row) && row->part_count == 0 && *order_of(row) != '\0') {
            const char **had = &h.order[row->type];
            *had = *had == NULL || strcmp(*had, order_of(row)) == 0 ? order_of(row) : "";
        }
    }
    return h;
}

static void write_head(const struct import_list *l, const struct head *h, const char *title,
                       FILE *out)
{
    const char *between = "";
    fputs("# Imported from ", out);
    write_comment(file_name(l), out);
    fputs(". Hold it against the equipment before you believe it,\n"
          "# and add examples: known raw words and the values they stand for.\nformat: 1\ntitle: ",
          out);
    write_text(title, out);
    fputs("\nsource: [", out);
    write_text(file_name(l), out);
    fputs("]\nverified: document\n", out);
    for (unsigned t = 0; t < TABLE_COUNT; t++)
        if (h->base[t] >= 0) {
            fprintf(out, "%s%s: %lld", *between == '\0' ? "doc_base: {" : between,
                    table_name((enum table)t), (long long)h->base[t]);
            between = ", ";
        }
    fputs(*between == '\0' ? "" : "}\n", out);
    between = "";
    for (unsigned t = 0; t < RAW_COUNT; t++)
        if (h->order[t] != NULL && *h->order[t] != '\0' && !is_default(h->order[t])) {
            fprintf(out, "%s%s: %s", *between == '\0' ? "order: {" : between,
                    raw_type_name((enum raw_type)t), h->order[t]);
            between = ", ";
        }
    fputs(*between == '\0' ? "" : "}\n", out);
    fputs("tags:\n", out);
}

static void write_place(const struct import_row *row, const struct head *h, FILE *out)
{
    const char *table = table_name((enum table)row->table);
    if (row->part_count > 0) {
        fputs("at: [", out);
        for (unsigned i = 0; i < row->part_count; i++)
            fprintf(out, "%s%s %u", i == 0 ? "" : ", ", table, row->parts[i]);
        fputc(']', out);
    } else {
        fprintf(out, "at: %s %u", table, row->address);
    }
    if (row->doc >= 0 && h->base[row->table] >= 0)
        fprintf(out, ", doc: %d", row->doc);
    else if (row->doc >= 0)
        fprintf(out, ", doc: \"%d\"", row->doc);
    if (is_bits(row))
        return;
    fprintf(out, ", type: %s", raw_type_name((enum raw_type)row->type));
    if (row->type == RAW_STRING) {
        fprintf(out, ", len: %u", row->length);
        if (row->chars != STRING_TWO)
            fprintf(out, ", chars: %s", row->chars == STRING_ONE_LOW ? "low" : "high");
    }
    if (row->high_byte)
        fputs(", byte: high", out);
    const char *usual = h->order[row->type];
    if (row->bit >= 0)
        fprintf(out, ", bit: %d", row->bit);
    if (*order_of(row) != '\0' && usual != NULL && *usual == '\0' && row->part_count == 0)
        fprintf(out, ", order: %s", order_of(row));
    else if (row->part_count > 0 && usual != NULL && *usual != '\0' && !is_default(usual))
        fprintf(out, ", order: %.*s", (int)type_bytes(row->type), "ABCDEFGH");
    if (row->width > 0 && row->width < 64) {
        uint64_t mask = ((UINT64_C(1) << row->width) - 1) << row->shift;
        fprintf(out, ", mask: 0x%llX, shift: %u", (unsigned long long)mask, row->shift);
    }
}

static void write_meaning(const struct import_row *row, FILE *out)
{
    if (row->negated)
        fputs(", invert: true", out);
    if (row->bits != NULL)
        fprintf(out, ", bits: {%s}", row->bits);
    if (row->choices != NULL)
        fprintf(out, ", enum: {%s}", row->choices);
    if (row->scale != NULL)
        fprintf(out, ", scale: %s", row->scale);
    if (row->offset != NULL)
        fprintf(out, ", offset: %s", row->offset);
    if (row->span[0] != NULL)
        fprintf(out, ", span: {raw: [%s, %s], eng: [%s, %s]}", row->span[0], row->span[1],
                row->span[2], row->span[3]);
    if (row->invalid != NULL)
        fprintf(out, ", invalid: %s", row->invalid);
    if (row->valid[0] != NULL)
        fprintf(out, ", valid: [%s, %s]", row->valid[0], row->valid[1]);
}

static const char *about_of(struct import_list *l, const struct import_row *row)
{
    size_t length = strlen(row->about);
    if (length > ABOUT_MOST) {
        length = ABOUT_MOST;
        while (length > 0 && !text_is_utf8(row->about, length))
            length--;
    }
    if (strcmp(row->tag, row->name) == 0)
        return import_keep(l, row->about, length);
    return length == 0
               ? import_printf(l, "In the list: %.200s", row->name)
               : import_printf(l, "%.*s (in the list: %.200s)", (int)length, row->about, row->name);
}

static void write_row(struct import_list *l, const struct import_row *row, const struct head *h,
                      FILE *out)
{
    fputs("  # ", out);
    write_comment(file_name(l), out);
    fprintf(out, ":%u\n  ", row->line);
    write_text(row->tag, out);
    fputs(": {", out);
    if (row->from != NULL) {
        fputs("from: ", out);
        write_text(row->from->tag, out);
        fprintf(out, ", weir: {k: %s, n: 0.5}", row->root_k);
    } else {
        write_place(row, h, out);
        write_meaning(row, out);
    }
    if (*row->unit != '\0') {
        fputs(", unit: ", out);
        write_text(row->unit, out);
    }
    int64_t ms = row->every_ms;
    if (ms > 0 && row->from == NULL)
        fprintf(out, ms % 1000 == 0 ? ", every: %llds" : ", every: %lldms",
                (long long)(ms % 1000 == 0 ? ms / 1000 : ms));
    if (l->options->writable && row->writable && row->from == NULL &&
        (row->table == TABLE_COIL || row->table == TABLE_HOLDING))
        fputs(", write: true", out);
    const char *about = about_of(l, row);
    if (*about != '\0') {
        fputs(", about: ", out);
        write_text(about, out);
    }
    fputs("}\n", out);
}

static uint32_t lines_of(const struct head *h)
{
    uint32_t lines = 7;
    bool base = false, order = false;
    for (unsigned t = 0; t < TABLE_COUNT; t++)
        base |= h->base[t] >= 0;
    for (unsigned t = 0; t < RAW_COUNT; t++)
        order |= h->order[t] != NULL && *h->order[t] != '\0' && !is_default(h->order[t]);
    return lines + base + order;
}

uint32_t write_map(struct import_list *l, const char *device, const char *title, FILE *out)
{
    struct head h = look(l, device);
    uint32_t count = 0, line = lines_of(&h);
    write_head(l, &h, title, out);
    for (struct import_row *row = l->rows; row != NULL; row = row->next) {
        if (!belongs(row, device))
            continue;
        write_row(l, row, &h, out);
        line += 2;
        row->written = line;
        count++;
    }
    return count;
}

void write_plant(struct import_list *l, FILE *out)
{
    fputs("# What ", out);
    write_comment(file_name(l), out);
    fputs(" says about lines and devices: a piece to go into a plant file. Areas are yours to "
          "name.\n",
          out);
    if (l->lines != NULL)
        fputs("lines:\n", out);
    for (const struct import_line *i = l->lines; i != NULL; i = i->next) {
        fputs("  ", out);
        write_text(i->name, out);
        fprintf(out, ": {%s}\n", i->keys);
    }
    fputs("areas: {imported: Imported}\ndevices:\n", out);
    for (const struct import_device *d = l->devices; d != NULL; d = d->next) {
        if (d->tags == 0)
            continue;
        fputs("  ", out);
        write_text(d->name, out);
        fputs(": {map: ", out);
        write_text(d->name, out);
        fputs(", line: ", out);
        write_text(*d->line == '\0' ? "LINE" : d->line, out);
        if (d->unit_id >= 0)
            fprintf(out, ", unit: %d", d->unit_id);
        else
            fputs(", unit: UNIT", out);
        fputs(", area: imported}\n", out);
    }
}
