/* SPDX-License-Identifier: Apache-2.0 */
/* Any table with a line of headings: makers' lists, exports of spreadsheets. */
#include "import/read_table.h"

#include <string.h>
#include <strings.h>

#include "import/import.h"

enum { LINES_BEFORE = 100, UNITS_SHOWN = 8 };

static void keep_headings(struct sheet *t)
{
    t->count = t->cells.count;
    for (unsigned i = 0; i < t->count; i++)
        t->texts[i] = import_keep(t->list, t->cells.cell[i], strlen(t->cells.cell[i]));
}

static bool is_headed(const struct table_head *h)
{
    return h->column[FIELD_ADDRESS] >= 0 && h->column[FIELD_NAME] >= 0 && h->found >= 2;
}

/* Some headings have two lines: `Address` over `dec` and `hex`. */
static bool goes_on(struct sheet *t)
{
    bool word = false;
    for (unsigned i = 0; i < t->cells.count; i++) {
        static const char *const words[] = {"dec", "hex", "decimal", "hexadecimal", "low", "high"};
        char plain[HEADING_ROOM];
        if (strpbrk(t->cells.cell[i], "0123456789") != NULL)
            return false;
        heading_plain(t->cells.cell[i], plain);
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            word |= strcmp(plain, words[k]) == 0;
    }
    return word;
}

static void join_headings(struct sheet *t)
{
    const char *above = "";
    for (unsigned i = 0; i < t->cells.count && i < CELLS_MAX; i++) {
        const char *here = i < t->count ? t->texts[i] : "";
        if (*here != '\0')
            above = here;
        else if (*t->cells.cell[i] == '\0')
            above = "";
        t->texts[i] = *t->cells.cell[i] == '\0'
                          ? here
                          : import_printf(t->list, "%s %s", above, t->cells.cell[i]);
    }
    if (t->cells.count > t->count)
        t->count = t->cells.count;
}

/* A column that was overlooked may have held the scale. */
static void tell_unread(struct sheet *t, uint32_t line)
{
    for (unsigned i = 0; i < t->count; i++) {
        bool read = *t->texts[i] == '\0';
        for (unsigned f = 0; f < FIELD_COUNT && !read; f++)
            read = t->head.column[f] == (int)i;
        for (unsigned k = 0; k < t->head.doubt_count && !read; k++)
            read = t->head.doubts[k].column == (int)i || t->head.doubts[k].rival == (int)i;
        if (!read)
            import_note(t->list, NOTE_TOLD, line,
                        "the column `%.60s` is not read; if it means something, say what: "
                        "--columns scale=HEADING, unit=, type=, offset=, order= ...",
                        t->texts[i]);
    }
    enum scale_how how = t->head.scale_how;
    enum import_answer said = t->list->options->scaling;
    if ((how == SCALE_DIVIDES && said == FIRST) || (how == SCALE_MULTIPLIES && said == SECOND))
        import_note(t->list, NOTE_TOLD, line, "the column `%.60s` %s, as --scaling says",
                    t->texts[t->head.column[FIELD_SCALE]],
                    said == FIRST ? "multiplies" : "divides");
}

static bool match(struct sheet *t)
{
    struct import_list *l = t->list;
    table_match(t->texts, t->count, &t->head);
    if (!table_columns(l, l->options->columns, t->texts, t->count, t->cells.row_line, &t->head))
        return false;
    if (t->head.second_order >= 0)
        return import_refuse(
            l, t->cells.row_line,
            "`%s` and `%s` both say an order of bytes, and one column of whole orders (ABCD, CDAB "
            "...) is read; say which is one: --columns order=HEADING",
            t->texts[t->head.column[FIELD_ORDER]], t->texts[t->head.second_order]);
    return is_headed(&t->head);
}

static bool no_such_column(struct import_list *l, const char *columns)
{
    size_t length = table_pair(columns);
    const char *equal = memchr(columns, '=', length);
    if (equal == NULL)
        return import_refuse(l, 0, "--columns: `%.*s` is no FIELD=HEADING", (int)length, columns);
    return import_refuse(l, 0, "--columns: no column is called `%.*s`",
                         (int)(length - 1 - (size_t)(equal - columns)), equal + 1);
}

static bool find_headings(struct sheet *t)
{
    struct import_list *l = t->list;
    for (unsigned looked = 0; looked < LINES_BEFORE && cells_next(&t->cells); looked++) {
        struct table_head h;
        keep_headings(t);
        table_match(t->texts, t->count, &h);
        bool offset = h.column[FIELD_OFFSET] >= 0 && h.column[FIELD_ADDRESS] < 0 &&
                      h.column[FIELD_NAME] >= 0 && h.found >= 3;
        if (l->options->columns != NULL) {
            size_t pair = table_pair(l->options->columns);
            const char *equal = memchr(l->options->columns, '=', pair);
            size_t n = equal == NULL ? 0 : pair - 1 - (size_t)(equal - l->options->columns);
            bool here = false;
            for (unsigned i = 0; i < t->count; i++)
                here |= equal != NULL && strlen(t->texts[i]) == n &&
                        strncasecmp(t->texts[i], equal + 1, n) == 0;
            if (here)
                return match(t) || import_refuse(l, t->cells.row_line,
                                                 "--columns: name and address are needed");
        } else if (offset) {
            return import_refuse(l, t->cells.row_line,
                                 "`%s` may be the address, or what is added to a value; say "
                                 "--columns address=%s or offset=%s",
                                 t->texts[h.column[FIELD_OFFSET]], t->texts[h.column[FIELD_OFFSET]],
                                 t->texts[h.column[FIELD_OFFSET]]);
        } else if (is_headed(&h)) {
            return match(t);
        }
        import_note(l, NOTE_SKIPPED, t->cells.row_line, "stands above the headings: %.60s",
                    t->cells.cell[0]);
    }
    if (l->options->columns != NULL)
        return no_such_column(l, l->options->columns);
    return import_refuse(l, 0,
                         "no line of headings with a name and an address; say which columns they "
                         "are: --columns name=HEADING,address=HEADING");
}

/* (raw + offset) x scale is what some lists mean. */
static void tell_sum(struct import_list *l, uint32_t line)
{
    for (const struct import_row *row = l->rows; row != NULL; row = row->next)
        if (!row->gone && row->scale != NULL && row->offset != NULL) {
            import_note(
                l, NOTE_TOLD, line,
                "a value is raw times the scale plus the offset (row %u, %.60s ...); if the "
                "list adds first, multiply its offset with the scale",
                row->line, row->name);
            return;
        }
}

/* A map is of one device: rows of several are not mixed. */
static void ask_unit(struct sheet *t)
{
    struct import_list *l = t->list;
    const struct import_row *first[256] = {NULL};
    unsigned count = 0, shown = 0;
    for (const struct import_row *row = l->rows; row != NULL; row = row->next)
        if (!row->gone && row->unit_id >= 0 && first[row->unit_id] == NULL) {
            first[row->unit_id] = row;
            count++;
        }
    if (count < 2)
        return;
    const char *all = import_printf(
        l, "%s does not say which of its %u units the map is for (column `%.60s`). Say it:\n",
        l->file, count, t->texts[t->head.column[FIELD_SLAVE]]);
    for (int unit = 0; unit < 256 && shown < UNITS_SHOWN; unit++)
        if (first[unit] != NULL) {
            all = import_printf(l, "%s  --unit %d  row %u, %.40s, and what else it has\n", all,
                                unit, first[unit]->line, first[unit]->name);
            shown++;
        }
    import_question(l, all);
}

bool read_table(struct import_list *l, char *text, size_t length)
{
    struct sheet *t = arena_get(l->arena, sizeof *t);
    if (t == NULL)
        return false;
    t->list = l;
    t->section = "";
    cells_init(&t->cells, l, text, length, l->options->delimiter);
    if (!find_headings(t))
        return false;
    uint32_t line = t->cells.row_line;
    bool more = cells_next(&t->cells);
    if (more && goes_on(t)) {
        join_headings(t);
        if (!match(t))
            return false;
        import_note(l, NOTE_SKIPPED, t->cells.row_line, "the second line of headings");
        more = cells_next(&t->cells);
    }
    tell_unread(t, line);
    if (l->options->unit >= 0 && t->head.column[FIELD_SLAVE] < 0)
        return import_refuse(l, line,
                             "--unit: no column says of which unit a row is (--columns "
                             "slave=HEADING)");
    for (; more && !arena_exhausted(l->arena) && l->row_count <= IMPORT_ROWS_MAX;
         more = cells_next(&t->cells))
        table_row(t);
    table_doubts_ask(l, &t->head, t->texts);
    tell_sum(l, line);
    if (t->head.column[FIELD_SLAVE] >= 0)
        ask_unit(t);
    return l->refused == NULL;
}
