/* SPDX-License-Identifier: Apache-2.0 */
/* The one line that a scan or a probe asks: named by its address, or by a plant file and its name.
 */
#ifndef CLI_ONELINE_H
#define CLI_ONELINE_H

#include <argp.h>
#include <signal.h>

#include "base/arena.h"
#include "config/plant.h"
#include "poll/single.h"

enum { ONELINE_WORDS = 6 };

struct oneline {
    /* As said. The verb collects its words here; oneline_argp does the options. */
    const char *words[ONELINE_WORDS];
    unsigned word_count;
    struct plant_options options;
    uint32_t baud; /* 0: not said */
    uint8_t stop_bits; /* 0: not said */
    char parity; /* 0: not said */
    bool echo;
    int64_t timeout_ns; /* 0: not said */
    /* What it is. */
    struct arena *arena;
    struct line line;
    const struct plant *plant; /* that the line is of, as its lines[number]; NULL: an address alone */
    uint32_t number;
    unsigned used; /* words that named the line: 1 or 2 */
    char wrong[400]; /* why not, as it was said last */
};

extern const struct argp oneline_argp;
extern const volatile sig_atomic_t *const oneline_stop; /* Ctrl-C was pressed */

/* false: said on stderr, and *status is what the verb ends with. */
bool oneline_find(struct oneline *o, const char *verb, int *status);
bool oneline_open(const struct oneline *o, const struct single_setup *setup, const char *verb,
                  struct single **out);
void oneline_close(struct oneline *o);
void oneline_catch(void); /* Ctrl-C ends what is under way, not the program */

bool oneline_unit(struct oneline *o, const char *verb, const char *word, uint8_t *out); /* false: said */
/* Says on stderr what is wrong, and keeps it for those who read JSON. false. */
bool oneline_wrong(struct oneline *o, const char *verb, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* ... who are given it here. The status of the verb. */
int oneline_no(const struct oneline *o, bool json_wanted, int status);

#endif
