/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of `headgate probe` divide their work. */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include "cli/oneline.h"
#include "values/plausible.h"

enum { PROBE_ROUNDS = 10, PROBE_SHOWN = 10, PROBE_RANKED = 60, PIECES = PLAUSIBLE_WORDS_MAX };

struct probe {
    struct oneline on;
    uint8_t unit;
    struct plausible_address address;
    bool holding, input; /* asked for */
    bool other_table; /* taken because the first one refuses */
    bool silent; /* it doesn't answer at all */
    const struct device *left_alone; /* whose map forbids to read some of it; NULL: nobody's */
    struct plausible_wish wish;
    char text[PLAUSIBLE_TEXT_MAX]; /* expected, when it is no number */
    const char *unit_of;
    int64_t watch_ns;
    bool json;
    struct single *single;
};

/* Registers of one table around an address, read again and again. */
struct probe_window {
    uint8_t table;
    uint16_t first, count, asked; /* the address that was asked for */
    struct {
        uint16_t first, count;
    } pieces[PIECES];
    uint32_t piece_count;
    bool known[PLAUSIBLE_WORDS_MAX];
    uint8_t refused[PLAUSIBLE_WORDS_MAX]; /* the exception, of what is not known; 0: none came */
    uint16_t words[PLAUSIBLE_ROUNDS_MAX][PLAUSIBLE_WORDS_MAX];
    uint32_t rounds;
    int64_t wire_ns; /* of the last answer */
    uint8_t exception; /* nothing could be read: why */
    enum fault fault;
    const char *why;
};

/* probe_read.c */
void probe_find(struct probe *p, struct probe_window *w, uint8_t table, uint16_t address);
void probe_watch(struct probe *p, struct probe_window *const *w, size_t count);
/* The next run of registers from *at on that were refused alike. 0: no more. */
uint16_t probe_refused(const struct probe_window *w, uint16_t *at, uint8_t *exception);
/* With what the register that was asked for was refused; 0: it wasn't. */
uint8_t probe_asked_refused(const struct probe_window *w);
struct plausible_words probe_words(const struct probe_window *w, uint16_t *packed);

/* probe_print.c */
struct probe_result {
    const struct probe_window *windows;
    size_t window_count;
    const struct plausible *found;
    size_t count;
    bool same_tables; /* input says what holding says */
};
void probe_print(const struct probe *p, const struct probe_result *r);
void probe_print_json(const struct probe *p, const struct probe_result *r);

#endif
