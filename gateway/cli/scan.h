/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of `headgate scan` divide their work. */
#ifndef CLI_SCAN_H
#define CLI_SCAN_H

#include "cli/oneline.h"

enum { SCAN_UNITS = 256, SCAN_TEXT = 100, SCAN_FITS = 12 };

enum scan_state {
    SCAN_NOT_ASKED,
    SCAN_SILENT,
    SCAN_DATA,
    SCAN_REFUSES, /* an exception of its own: it is there */
    SCAN_LATE, /* it answered when its time was over */
    SCAN_ABSENT, /* a gateway says that nobody is there: exception 10 or 11 */
    SCAN_GARBLED,
    SCAN_HUNG_UP, /* the other end hangs up when it is asked for this unit */
};

struct scan_fit {
    const struct map *map;
    char reads[SCAN_TEXT]; /* the identifying tag and its value; "" for a guess */
    uint16_t plausible, judged; /* a guess: values inside their valid ranges */
};

struct scan_identity {
    uint8_t conformity; /* 0: it doesn't serve 43/14 */
    uint8_t ids[SCAN_UNITS];
    char texts[SCAN_UNITS][SCAN_TEXT];
    unsigned count;
    bool reports; /* function 17 */
    int8_t runs; /* 1, 0; -1: it doesn't say */
    char report[SCAN_TEXT]; /* what is printable of it */
    char report_hex[2 * ADU_MAX];
    char refused[SCAN_TEXT]; /* why 43/14 brought nothing, where that is worth saying */
    struct scan_fit fits[SCAN_FITS], guesses[SCAN_FITS];
    unsigned fit_count, guess_count;
};

struct scan_unit {
    enum scan_state state;
    uint8_t exception;
    int64_t wire_ns;
    char why[SCAN_TEXT]; /* GARBLED */
    int foreign; /* GARBLED: whose number came instead; -1 */
    uint16_t word; /* DATA: what holding 0 holds */
};

struct scan_library; /* scan_maps.c */

struct scan {
    struct oneline on;
    struct single *single;
    uint8_t order[SCAN_UNITS];
    unsigned count;
    bool units_given, identify, json, indifferent;
    double rate; /* questions a second; 0: as the line allows */
    struct scan_library *library;
    struct scan_unit units[SCAN_UNITS];
    unsigned asked;
    char down[SCAN_TEXT]; /* the line went away for good; "": it didn't */
};

/* scan_units.c */
bool scan_order(struct scan *s, const char *wish); /* NULL: what is usual; false: said on stderr */
void scan_find(struct scan *s);
bool scan_is_there(const struct scan_unit *u);

/* scan_identity.c */
void scan_identify(struct scan *s, uint8_t unit, struct scan_identity *out);

/* scan_maps.c: NULL: out of memory. Maps with mistakes are left out. */
struct scan_library *scan_library_new(struct scan *s);
void scan_library_free(struct scan_library *l);
/* Questions to one unit, at most. */
unsigned scan_library_cost(const struct scan *s);
void scan_compare(struct scan *s, uint8_t unit, struct scan_identity *out);

/* scan_print.c */
void scan_print_unit(const struct scan *s, uint8_t unit, const struct scan_identity *i, bool first);
void scan_print_end(const struct scan *s, bool any);
void scan_print_begin(const struct scan *s);

#endif
