/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that may mean one thing or another: noted while rows are read, and asked for when one of
 * them hangs on it. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "import/read_table.h"

struct reading {
    const char *field, *means;
};

static const struct reading offsets[] = {
    {"offset", "it is added to the value"},
    {"other", "it is an address as it is sent, held against the other column"},
    {"address", "it is the address, and the other column is not read"},
    {"none", "it is not read"},
    {NULL, NULL}};
static const struct reading decimals[] = {
    {"address", "the address, in decimal"},
    {"scale", "what the value is multiplied with or divided by"},
    {"decimals", "digits behind the point: with 2, raw 1234 is 12.34"},
    {"none", "it is not read: only how the value is shown"},
    {NULL, NULL}};
static const struct reading places[] = {
    {"decimals", "digits behind the point: with 2, raw 1234 is 12.34"},
    {"none", "it is not read: only how the value is shown"},
    {NULL, NULL}};
static const struct reading digits[] = {
    {"function", "functions: 1 is coil, 3 is holding, 4 is input"},
    {"area", "areas: 1 is discrete, 3 (3x) is input, 4 (4x) is holding"},
    {NULL, NULL}};
static const struct reading accesses[] = {
    {"table", "it names tables"},
    {"access", "it says who may read and write; what isn't understood may only be read"},
    {"none", "it is not read"},
    {NULL, NULL}};
static const struct reading lengths[] = {{"registers", "it counts registers"},
                                         {"characters", "it counts characters, two in a register"},
                                         {NULL, NULL}};

static const struct reading remarks[] = {
    {"order", "it says the order of bytes; a row with anything else is left out"},
    {"about", "it is a remark, and nothing hangs on it"},
    {NULL, NULL}};

static const struct reading units[] = {
    {"slave", "it says which unit on the line answers (--unit chooses one)"},
    {"unit", "it is the unit of measure"},
    {"none", "it is not read"},
    {NULL, NULL}};

static const struct {
    const char *asks;
    const struct reading *readings;
} questions[] = {
    [DOUBT_OFFSET] = {"what is meant by its column", offsets},
    [DOUBT_DECIMAL] = {"what is meant by its column", decimals},
    [DOUBT_PLACES] = {"whether a number has the places of its column", places},
    [DOUBT_DIGITS] = {"what the numbers are in its column", digits},
    [DOUBT_ACCESS] = {"what is meant by its column", accesses},
    [DOUBT_LENGTH] = {"what is counted of texts in its column", lengths},
    [DOUBT_UNIT] = {"what the numbers are in its column", units},
    [DOUBT_REMARK] = {"whether orders of bytes stand in its column", remarks},
};

struct table_doubt *table_doubt(struct table_head *h, enum doubt kind, int column)
{
    for (unsigned i = 0; i < h->doubt_count; i++)
        if (h->doubts[i].kind == kind && h->doubts[i].column == column)
            return &h->doubts[i];
    if (h->doubt_count == DOUBTS_MAX)
        return NULL;
    struct table_doubt *d = &h->doubts[h->doubt_count++];
    *d = (struct table_doubt){.kind = kind, .column = column, .rival = -1};
    return d;
}

void table_doubt_row(struct import_list *l, struct table_doubt *d, const struct cells *c,
                     const struct import_row *row)
{
    const char *cell = cells_get(c, d->column), *other = cells_get(c, d->rival);
    bool says = d->rival < 0 ? !table_is_empty(cell) : !table_is_empty(other);
    /* 10 and 10 agree, unless one of them multiplies and the other divides. */
    bool agrees = d->rival >= 0 && strcmp(cell, other) == 0 &&
                  (d->field != FIELD_SCALE || strcmp(cell, "1") == 0);
    if (!says || agrees || d->rows == DOUBT_ROWS)
        return;
    d->row[d->rows].line = row->line;
    d->row[d->rows].name = row->name;
    d->row[d->rows].cell = import_keep(l, cell, strlen(cell));
    d->row[d->rows++].other = import_keep(l, other, strlen(other));
}

/* As it is typed: in quotes where a shell would take it apart. */
static const char *choice(struct import_list *l, const char *field, const char *heading)
{
    bool plain = true;
    for (const char *c = heading; *c != '\0'; c++)
        plain &= isalnum((unsigned char)*c) || strchr("_-./%#", *c) != NULL;
    const char *quote = plain ? "" : strchr(heading, '\'') == NULL ? "'" : "\"";
    return import_printf(l, "  --columns %s%s=%.80s%s", quote, field, heading, quote);
}

static const char *ask(struct import_list *l, const struct table_doubt *d, const char *const *texts)
{
    const char *heading = texts[d->column], *all;
    if (d->kind == DOUBT_RIVALS && strcasecmp(heading, texts[d->rival]) == 0) {
        all = import_printf(l,
                            "%s does not say which of two columns called `%.60s` is the %s. Call "
                            "one of them otherwise:\n",
                            l->file, heading, table_field(d->field));
    } else if (d->kind == DOUBT_RIVALS) {
        const char *rival = texts[d->rival], *field = table_field(d->field);
        all = import_printf(l,
                            "%s does not say which of `%.60s` and `%.60s` is the %s. Say it:\n"
                            "%s\n%s\n",
                            l->file, heading, rival, field, choice(l, field, heading),
                            choice(l, field, rival));
    } else {
        all = import_printf(l, "%s does not say %s `%.60s`. Say it:\n", l->file,
                            questions[d->kind].asks, heading);
        for (const struct reading *r = questions[d->kind].readings; r->field != NULL; r++)
            all = import_printf(l, "%s%-28s %s\n", all, choice(l, r->field, heading), r->means);
    }
    for (unsigned i = 0; i < d->rows; i++)
        all = import_printf(l, "%s  row %u, %.40s, %.30s%s%.30s\n", all, d->row[i].line,
                            d->row[i].name, d->row[i].cell,
                            *d->row[i].cell != '\0' && *d->row[i].other != '\0' ? ", " : "",
                            d->row[i].other);
    return all;
}

void table_doubts_ask(struct import_list *l, const struct table_head *h, const char *const *texts)
{
    for (unsigned i = 0; i < h->doubt_count; i++) {
        const struct table_doubt *d = &h->doubts[i];
        if (d->rows > 0 && !(d->kind == DOUBT_LENGTH && h->registers))
            import_question(l, ask(l, d, texts));
    }
}
