/* SPDX-License-Identifier: Apache-2.0 */
/* What most verbs are told in the same words: which plant file, what in it, read how. A child of
 * the verb's own argp, which hands it a struct plant_arguments (ARGP_KEY_INIT). */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/plant.h"

/* How many words a verb takes, and what it says to fewer and to more of them. */
struct plant_words {
    unsigned least, most;
    const char *too_few;
    const char *too_many;          /* NULL: of a verb that takes a plant file alone */
};

struct plant_arguments {
    struct plant_words takes;      /* set by the verb */
    /* As said; NULL: not. */
    const char *plant_file;
    const char *subject;           /* the second word: a device, a tag, a leak, a recording */
    const char *value;             /* the third */
    struct plant_options options;
    bool json;
};

/* To be the children of a verb's argp. */
extern const struct argp_child plant_json_child[];   /* --json, --lines, --maps, and the words */
extern const struct argp_child plant_child[];        /* --lines, --maps, and the words */
extern const struct argp_child plant_words_child[];  /* the words: the verb's options are its own */

/* Ends the program when it is none. like: an example with its unit. */
void duration_argument(struct argp_state *state, const char *word, const char *like, int64_t *out);
/* The same of a day: "2026-11-23", one that there is. */
void day_argument(struct argp_state *state, const char *word, const char **out);

struct side;
/* Each says on stderr what is wrong, and then leaves nothing behind; warnings are `check`'s. */
bool plant_argument_plan(const struct plant_arguments *a, const char *verb, struct side *out);
const struct plant *plant_argument_load(struct arena *arena, const char *file,
                                        const struct plant_options *options, const char *verb);

#endif
