/* SPDX-License-Identifier: Apache-2.0 */
/* TOML as configurations are written in: tables, arrays of tables, inline tables, arrays over many
 * lines, texts of all four kinds, dotted keys, comments. Dates are kept as texts. Strict: what is
 * none of these is refused by its line. */
#ifndef IMPORT_TOML_H
#define IMPORT_TOML_H

#include "import/row.h"

enum toml_kind { TOML_TABLE, TOML_ARRAY, TOML_TEXT, TOML_WHOLE, TOML_REAL, TOML_TRUTH };

struct toml {
    struct toml *next, *first, *last;   /* the next beside it; what is inside */
    const char *key;                    /* in a table */
    const char *text;                   /* of texts and numbers, as written, _ left out */
    int64_t whole;
    uint32_t line, count;               /* count: of what is inside */
    uint8_t kind;                       /* enum toml_kind */
    bool truth;
    bool closed;                        /* inline, or an array of values: nothing is added */
    bool defined;                       /* a table that has had its own [heading] */
};

/* text is written over. NULL: refused and told, or no memory. */
const struct toml *toml_read(struct import_list *l, char *text, size_t length);

const struct toml *toml_get(const struct toml *table, const char *key);   /* NULL: none */
const char *toml_text(const struct toml *table, const char *key);         /* "" */
bool toml_whole(const struct toml *table, const char *key, int64_t *out);

#endif
