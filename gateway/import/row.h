/* SPDX-License-Identifier: Apache-2.0 */
/* What every reader of other people's tag lists makes of a line, before and after it is settled what
 * the list itself doesn't say. Rows live in the list's arena; a text in a row is never NULL unless
 * it says so. */
#ifndef IMPORT_ROW_H
#define IMPORT_ROW_H

#include "base/arena.h"
#include "headgate/map.h"

enum { IMPORT_BYTES_MAX = 16 << 20, IMPORT_ROWS_MAX = 100000, IMPORT_PARTS_MAX = 4, IMPORT_DEVICES_MAX = 1000 };

enum base {                        /* what printed addresses count from */
    BASE_UNSAID,
    BASE_0,
    BASE_1,
    BASE_40001,                    /* the first of five or six digits is the table */
    BASE_400001,                   /* six digits only */
    BASE_IEC,                      /* %MD10 begins at word 10 */
    BASE_CODESYS,                  /* %MD10 begins at word 20 */
};
enum bit_base { BITS_UNSAID, BITS_0, BITS_1, BITS_MSB0, BITS_MSB1 };
enum import_answer { UNSAID, FIRST, SECOND };

/* How an address was printed. */
enum notation {
    SPOT_NONE,                     /* there is none */
    SPOT_WIRE,                     /* the format sends the number as it is */
    SPOT_PLAIN,                    /* a number; what it means is for the base to say */
    SPOT_COUNTED,                  /* the table stands beside it: 4x1716, 4:03003 */
    SPOT_PREFIXED,                 /* the first digit is the table, however many follow: 41, 400001 */
    SPOT_DOUBLE,                   /* %MD10, %MF10 */
};

struct spot {
    uint8_t notation;              /* enum notation */
    int16_t table;                  /* enum table; -1: not said */
    bool hex;
    uint8_t digits;                /* as printed, leading zeros too */
    uint32_t number;
    uint32_t count;                /* 3000-3001: 2; 0: not said */
    int16_t bit;                   /* as printed; -1: none */
    bool dot_one;                  /* a bare .1, which a spreadsheet may have made of .10 */
    bool dot_zero;                 /* a bare .0, which a spreadsheet may have added to a number */
    bool bit_sure;                 /* 0 is the least significant, and it wasn't shortened */
    uint16_t characters;           /* .20H; 0: none */
    char form;                     /* 'H', 'L', 'D', 'E' of it */
    uint32_t array;                /* [10]; 0: none */
};

struct import_row {
    struct import_row *next;
    uint32_t line;
    bool gone;                     /* skipped, and told so */
    const char *name, *group, *unit, *about;
    const char *device;            /* lists of several devices: the one it belongs to; "" */
    int32_t unit_id;               /* -1: not said */
    struct spot spot;
    int16_t type;                   /* enum raw_type; -1: not said */
    char order[9];                 /* as our letters; "": not said */
    const char *order_name;        /* a word for an order that --order explains (#LB); "" */
    char said[9];                  /* the letters that a column has for it; "": none */
    bool said_any;                 /* they came of a phrase, which holds for any width */
    uint16_t length;               /* of strings, in registers */
    uint8_t chars;                 /* enum string_form */
    bool high_byte;                /* u8, s8 */
    const char *scale, *offset;    /* NULL: none */
    bool scale_open;               /* whether to multiply or to divide by it isn't said */
    const char *span[4];           /* raw low, raw high, low, high; NULL: none */
    const struct import_row *from; /* computed from that one by its square root; NULL: read */
    const char *root_k;            /* what the root is multiplied by */
    const char *valid[2];          /* NULL: none */
    uint8_t shift, width;          /* of a field in a number; width 0: all of it */
    bool negated;                  /* a bit that means its opposite */
    bool is_bits;                  /* by its type each bit means something */
    const char *choices, *bits;    /* what goes between the braces; NULL: none */
    const char *invalid;           /* NULL: none */
    int64_t every_ms;              /* 0: not said */
    bool writable;
    uint16_t parts[IMPORT_PARTS_MAX];   /* registers that don't lie side by side, by wire address */
    uint8_t part_count;
    int64_t other;                 /* what a second column of addresses says; -1: none */
    uint8_t among;                 /* tables that a word leaves open, 1 << TABLE_x; 0: it doesn't */
    bool among_asked;              /* which of them is a question of its own */
    uint16_t words;                /* registers, where the list says them and no type; 0: no */

    /* Settled: */
    uint8_t table;
    uint16_t address;
    int32_t doc;                   /* the maker's number; -1: none */
    int16_t bit;                    /* 0 the least significant; -1: none */
    const char *tag;               /* a legal name that nobody else has */
    uint32_t written;              /* the line of the map it came to stand in */
};

enum note_kind { NOTE_SKIPPED, NOTE_RENAMED, NOTE_TOLD };

struct import_note {
    struct import_note *next;
    uint32_t line, number;
    uint8_t kind;                  /* enum note_kind */
    const char *text;
};

/* What no option of the settling answers: the whole text, with its choices and rows. */
struct import_question {
    struct import_question *next;
    const char *text;
};

struct import_line {               /* a connection that the list knows of */
    struct import_line *next;
    const char *name, *keys;       /* keys: as a plant file has them */
};

struct import_device {             /* becomes a map of its own */
    struct import_device *next;
    const char *name;              /* legal */
    const char *line;              /* "": not known */
    int32_t unit_id;
    uint32_t tags;
    bool has_map;                  /* had tags when all was settled */
};

/* What the list doesn't say and people must. */
struct import_options {
    enum base base, hex_base;      /* hex_base: of numbers in hexadecimal, where base isn't 0 */
    enum bit_base bits;
    const char *order[9];          /* by bytes: 2, 4 and 8; NULL: not said */
    const char *named[8][2];       /* {"LB", "CDAB"} */
    unsigned named_count;
    int table, type;               /* -1: not said */
    enum import_answer zeros;             /* short addresses: FIRST lost leading zeros, SECOND are as meant */
    enum import_answer dot_one;           /* FIRST: it is bit 1; SECOND: it was bit 10 */
    enum import_answer dot_zero;          /* FIRST: it is bit 0; SECOND: the number alone was meant */
    enum import_answer scaling;           /* FIRST: multiply; SECOND: divide */
    enum import_answer decimal;           /* FIRST: point; SECOND: comma */
    bool fill_addresses, writable;
    int32_t unit;                  /* of several in one table; -1: not said */
    char delimiter;                /* 0: found by looking */
    const char *columns;           /* "name=Signal,address=Reg"; NULL */
};

struct import_list {
    struct arena *arena;
    const char *file;
    const struct import_options *options;
    struct import_row *rows, *last_row;
    uint32_t row_count;            /* that were read; skipped ones too */
    struct import_note *notes, *last_note;
    uint32_t note_count;
    uint32_t skipped, renamed;
    struct import_line *lines;
    struct import_device *devices, *last_device;
    uint32_t device_count;
    uint8_t longest;               /* digits of the longest address, where the first is the table */
    bool kept_bits;                /* there is a bit that isn't 0: .0 is one, too */
    bool kept_tens;                /* there is a .10 somewhere: no spreadsheet shortened it */
    struct import_question *questions, *last_question;
    const char *refused;           /* the whole file, and why; NULL: it was read */
    uint32_t refused_line;
    struct import_row spare;       /* written to when there is no memory */
};

/* A row with nothing said. Never NULL. */
struct import_row *import_add(struct import_list *l, uint32_t line, const char *name);
/* A row like another one, behind it in the list. */
struct import_row *import_again(struct import_list *l, const struct import_row *like,
                                const char *name);
/* An address with a bit and a type of many: 40101.0 is what some programs write for 40101, if
 * people say so. false: skipped. */
bool import_bit_fits(struct import_list *l, struct import_row *row);
void import_skip(struct import_list *l, struct import_row *row, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void import_note(struct import_list *l, enum note_kind kind, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void import_question(struct import_list *l, const char *text);
bool import_refuse(struct import_list *l, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));             /* always false */

const char *import_keep(struct import_list *l, const char *text, size_t length);   /* never NULL */
const char *import_printf(struct import_list *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));             /* never NULL */
/* Somebody else's memory has run out: nothing that comes of this list is whole. Always false. */
bool import_exhaust(struct import_list *l);
struct import_device *import_device(struct import_list *l, const char *name, const char *line,
                                    int32_t unit_id);

/* A decimal number as people write it, to one as a map has it. NULL: it is none. */
const char *import_number(struct import_list *l, const char *text);
const char *import_real(struct import_list *l, double x);

#endif
