/* SPDX-License-Identifier: Apache-2.0 */
/* How the files that read any table divide their work. */
#ifndef IMPORT_READ_TABLE_H
#define IMPORT_READ_TABLE_H

#include "import/address.h"
#include "import/headings.h"

enum field {
    FIELD_NAME, FIELD_ADDRESS, FIELD_OTHER, FIELD_TABLE, FIELD_TYPE, FIELD_SIZE, FIELD_SCALE,
    FIELD_OFFSET, FIELD_RAW_LOW, FIELD_RAW_HIGH, FIELD_LOW, FIELD_HIGH, FIELD_UNIT, FIELD_ACCESS,
    FIELD_ABOUT, FIELD_ENUM, FIELD_BIT, FIELD_GROUP, FIELD_ORDER, FIELD_DECIMALS, FIELD_SLAVE,
    FIELD_COUNT
};

enum size_unit { SIZE_UNSAID, SIZE_REGISTERS, SIZE_BYTES, SIZE_BITS };
enum scale_how { SCALE_OPEN, SCALE_MULTIPLIES, SCALE_DIVIDES };

/* A column that may mean one thing or another, and what the first rows have there. */
enum doubt {
    DOUBT_OFFSET,                  /* an address, or what is added */
    DOUBT_DECIMAL,                 /* an address, a scale, or places */
    DOUBT_PLACES,                  /* of the number, or of its display */
    DOUBT_DIGITS,                  /* 3 and 4: functions, or areas */
    DOUBT_ACCESS,                  /* read and write, or tables */
    DOUBT_LENGTH,                  /* of texts: registers, or characters */
    DOUBT_UNIT,                    /* of measure, or of the line */
    DOUBT_REMARK,                  /* remarks, or orders of bytes */
    DOUBT_RIVALS,                  /* two columns for one field */
};
enum { DOUBTS_MAX = 16, DOUBT_ROWS = 3 };

struct table_doubt {
    enum doubt kind;
    int column, rival;             /* rival: -1 but for DOUBT_RIVALS */
    enum field field;              /* what they are rivals for */
    unsigned rows;
    struct {
        uint32_t line;
        const char *name, *cell, *other;
    } row[DOUBT_ROWS];
};

struct table_head {
    int column[FIELD_COUNT];       /* -1: none */
    bool by_hand[FIELD_COUNT];     /* --columns says so */
    bool hex, other_hex;           /* the column says so of its numbers */
    bool name_is_about;            /* there is no column of names but that of remarks */
    enum size_unit size_unit;
    bool registers;                /* some row shows that sizes count them */
    enum scale_how scale_how;
    enum digits digits;
    unsigned found;                /* fields */
    int second_order;              /* one more column of orders; -1: none */
    struct table_doubt doubts[DOUBTS_MAX];
    unsigned doubt_count;
};

/* What stands above the columns; texts[i] may be "". */
void table_match(const char *const *texts, unsigned count, struct table_head *out);
bool table_is_hex(const char *text);                   /* of its numbers, by the heading */
/* What follows of the columns, whoever chose them. */
void table_look(const char *const *texts, struct table_head *h);
/* "name=Signal,address=Reg" on top of that. false: refused and told. */
bool table_columns(struct import_list *l, const char *columns, const char *const *texts,
                   unsigned count, uint32_t line, struct table_head *out);
const char *table_field(enum field f);                 /* its word in --columns */
/* How long the first FIELD=HEADING of --columns is: a heading may have commas. */
size_t table_pair(const char *columns);

/* The one of this kind and column, new or known; NULL: too many. */
struct table_doubt *table_doubt(struct table_head *h, enum doubt kind, int column);
/* A row whose cells there say something. */
void table_doubt_row(struct import_list *l, struct table_doubt *d, const struct cells *c,
                     const struct import_row *row);
/* Those that some row hangs on are asked for. */
void table_doubts_ask(struct import_list *l, const struct table_head *h, const char *const *texts);

struct sheet {
    struct import_list *list;
    struct cells cells;
    struct table_head head;
    const char *texts[CELLS_MAX];  /* headings */
    unsigned count;
    const struct import_row *before;   /* what an empty address lies behind; NULL: not known */
    const char *section;
};

/* The row of cells at hand: a tag, a title, headings once more. */
void table_row(struct sheet *t);

/* Cells to parts of a row; what can't be is told or skipped. */
bool table_is_empty(const char *text);                 /* -, n/a */
void table_type(struct import_list *l, struct import_row *row, const struct cells *c,
                struct table_head *h);
void table_scale(struct import_list *l, struct import_row *row, const char *text,
                 enum scale_how how);
void table_places(struct import_list *l, struct import_row *row, const char *text);
/* texts: raw low, raw high, low, high. */
void table_span(struct import_list *l, struct import_row *row, const char *const texts[4]);
/* false: not understood. */
bool table_enum(struct import_list *l, struct import_row *row, const char *text);

enum access { ACCESS_UNKNOWN, ACCESS_READ, ACCESS_WRITE, ACCESS_BOTH };
enum access table_access(const char *text);
bool table_is_reserved(const char *name);
void table_order(struct import_list *l, struct import_row *row, const char *text,
                 const char *heading);

#endif
