/* SPDX-License-Identifier: Apache-2.0 */
/* How the files that read any table divide their work. */
#ifndef IMPORT_READ_TABLE_H
#define IMPORT_READ_TABLE_H

#include "import/headings.h"

enum field {
    FIELD_NAME, FIELD_ADDRESS, FIELD_OTHER, FIELD_TABLE, FIELD_TYPE, FIELD_SIZE, FIELD_SCALE,
    FIELD_OFFSET, FIELD_RAW_LOW, FIELD_RAW_HIGH, FIELD_LOW, FIELD_HIGH, FIELD_UNIT, FIELD_ACCESS,
    FIELD_ABOUT, FIELD_ENUM, FIELD_BIT, FIELD_GROUP, FIELD_ORDER, FIELD_COUNT
};

struct table_head {
    int column[FIELD_COUNT];       /* -1: none */
    bool hex, other_hex;           /* the column says so of its numbers */
    bool bytes;                    /* the size is one of bytes */
    bool scale_open;               /* multiply or divide: its heading doesn't say */
    unsigned found;                /* fields */
    int second_order;              /* one more column of orders; -1: none */
};

/* What stands above the columns; texts[i] may be "". */
void table_match(const char *const *texts, unsigned count, struct table_head *out);
/* "name=Signal,address=Reg" on top of that. false: refused and told. */
bool table_columns(struct import_list *l, const char *columns, const char *const *texts,
                   unsigned count, uint32_t line, struct table_head *out);

/* Cells to parts of a row; what can't be is told or skipped. */
void table_scale(struct import_list *l, struct import_row *row, const char *text, bool open);
bool table_enum(struct import_list *l, struct import_row *row, const char *text);
/* false: only written to. */
bool table_access(const char *text, bool *writable);
bool table_is_reserved(const char *name);
void table_order(struct import_list *l, struct import_row *row, const char *text,
                 const char *heading);

#endif
