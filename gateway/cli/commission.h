/* SPDX-License-Identifier: Apache-2.0 */
/* Point by point through a plant, with a person beside the instrument who says whether it is right.
 * What was said stands in a file beside the plant file, a line of JSON for each answer, and is never
 * changed again: several people work on it, on several days. */
#ifndef CLI_COMMISSION_H
#define CLI_COMMISSION_H

#include "base/arena.h"
#include "cli/paper.h"
#include "headgate/block.h"
#include "values/explain.h"

enum verdict { VERDICT_NONE, VERDICT_YES, VERDICT_NO, VERDICT_SKIP };

struct record {                    /* one answer; texts are "" when not given */
    const char *when;              /* "2026-11-23T08:10:00Z" */
    const char *by;
    const char *tag;               /* "mill/pump-1/flow" */
    const char *fingerprint;       /* of all that makes the value: see points_find */
    const char *map_version, *connect;
    const char *raw, *value, *unit, *reason;
    int quality;
    const char *expected, *note;
    uint8_t verdict;               /* enum verdict */
};

enum point_state {
    POINT_OPEN,                    /* never answered, or put off */
    POINT_AGAIN,                   /* answered, but what makes it has changed since */
    POINT_FAILED,
    POINT_DONE,
    POINT_STATES
};

struct work_point {
    uint32_t device, point;        /* in the plant, in its map */
    char fingerprint[17];
    const struct record *last;     /* NULL: none */
    uint8_t state;                 /* enum point_state */
};

struct work {
    const struct plant *plant;
    const struct plan *plan;
    struct arena *arena;
    const char *file;              /* plant.commission.jsonl */
    struct work_point *points;     /* those of the scope, in the order of devices and maps */
    uint32_t count;
    unsigned torn;                 /* lines of the file that say nothing */
};

const char *verdict_word(enum verdict v);              /* "yes"; "" */
const char *point_state_word(enum point_state s);      /* "open", "open again", "failed", "done" */
const struct device *work_device(const struct work *w, uint32_t i);
const struct point *work_point(const struct work *w, uint32_t i);
void work_tally(const struct work *w, uint32_t device, uint32_t out[static POINT_STATES]);   /* RULE_NONE: all */

/* All but those that change by being read. scope NULL: all;
 * else "area/device" or "area/device/tag", which was found. false: out of memory. */
bool points_find(struct work *w, const struct device *only, int32_t point);

/* Gives each point its last record. What can't be read in the file is told on stderr and left
 * alone. false: said why. */
bool records_load(struct work *w);
/* Can an answer be kept? Asked before people walk to the first instrument; false: told. */
bool records_ready(const struct work *w);
/* On disk when it returns true; whole, whoever else writes. false: said why. */
bool records_add(struct work *w, uint32_t i, const struct record *r);
enum { RECORD_ROOM = 8192 };
/* As one line of JSON with its end; 0: too long. */
size_t record_json(char out[static RECORD_ROOM], const struct record *r);

struct look {                      /* what the device says now */
    char raw[1024], value[512];    /* for people; "" when there is none */
    struct value number;           /* of texts only the kind */
    int quality;
    const char *reason;            /* NULL; lies in `why` */
    char why[256];
    char hint[EXPLAIN_HINT];       /* another order looks far better; "" else */
    uint8_t table;                 /* the registers that came along with it */
    uint16_t first, count, words[REGISTERS_MAX];
};
bool look_now(const struct work *w, uint32_t i, int64_t patience_ns, struct look *out);   /* false: no memory */
const char *quality_words(int quality);
/* Seven digits are more than anybody reads from an instrument; the record has them all. */
enum { SHORT_VALUE = 512 };
const char *short_value(char out[static SHORT_VALUE], const char *value);

/* Is what the device says what the person sees? */
enum match { MATCH_YES, MATCH_NO, MATCH_UNKNOWN /* not a value of this kind */ };
enum match look_match(const struct point *p, const struct look *l, const char *expected, double tolerance);
/* How else the registers could be read, so that they say what is seen; "" when nobody knows. */
enum { HINT_ROOM = 256 };
void look_hint(const struct point *p, const struct look *l, const char *expected, double tolerance,
               char out[static HINT_ROOM]);

struct walk {
    struct work *work;
    FILE *in, *talk;               /* answers; what is said to the person */
    bool terminal, json, all;
    const char *by;
    double tolerance;              /* share: 0.01 */
    int64_t patience_ns;
};
bool walk_points(struct walk *w);  /* false: an answer could not be kept */

void work_report(const struct work *w, struct paper *p, const char *date);
void work_status(const struct work *w, bool json);

#endif
