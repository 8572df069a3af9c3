/* SPDX-License-Identifier: Apache-2.0 */
/* From nodes to numbers, words and texts, strictly, with a complaint that names the remedy. All
 * read_ functions leave *out alone and return true when n is NULL (the key isn't there), and
 * return false after a complaint. */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include "config/yaml.h"
#include "headgate/map.h"

struct reader {                    /* what everybody who reads one file carries along */
    struct arena *arena;           /* for what is kept */
    struct diags *ds;
    const char *file;              /* in arena */
    const char *const *others;     /* files of nodes that come from elsewhere, by origin - 1 */
    bool hushed;                   /* cautions of this file and those below were given before: only
                                      those of an overlay count */
};

enum { ORIGIN_OVERLAY = 6 };       /* of nodes that a plant file lays over a map */

struct place place_of(const struct reader *r, const struct node *n);
bool place_is(struct place a, struct place b);         /* the same; of one reader's nodes */
bool complain(const struct reader *r, const struct node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));             /* an error; always false */
/* The same where it is one: what follows only from a mistake that was told is none. Always false. */
bool complain_if(const struct reader *r, bool mistake, const struct node *n, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));
bool complain_at(const struct reader *r, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void caution(const struct reader *r, const struct node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ", did you mean `x`?" or "": static until the next call. */
const char *did_you_mean(const struct reader *r, const char *word, const char *const *candidates,
                         size_t count);

struct field {                     /* one key of a mapping */
    const char *key;
    size_t offset;                 /* of a const struct node * in the structure of nodes */
};

/* Sorts the values of a mapping into a structure of nodes, all NULL before; of a key that stands twice,
 * the first. Unknown keys, keys without a value and things that are no mapping are complained of;
 * whoever goes on finds NODE_LOST where a key has no value, or where one was misspelt: it is neither
 * missing nor complained of again, and reading it fails without a word. what: "a tag", "a line". */
bool take_fields(const struct reader *r, const struct node *mapping, const struct field *fields,
                 size_t count, void *nodes, const char *what);

bool is_scalar(const struct reader *r, const struct node *n, const char *what);
bool is_list(const struct reader *r, const struct node *n, const char *what);
bool is_mapping(const struct reader *r, const struct node *n, const char *what);

bool read_text(const struct reader *r, const struct node *n, const char *what, const char **out);
bool is_plain_name(const char *text, size_t length);   /* and not dots alone: names get into paths */
bool read_name(const struct reader *r, const struct node *n, const char *what, const char **out);
bool read_word(const struct reader *r, const struct node *n, const char *what,
               const char *const *words, size_t count, unsigned *out);
bool read_bool(const struct reader *r, const struct node *n, const char *what, bool *out);
bool read_u64(const struct reader *r, const struct node *n, const char *what, uint64_t low,
              uint64_t high, uint64_t *out);
bool read_s64(const struct reader *r, const struct node *n, const char *what, int64_t *out);
bool read_real(const struct reader *r, const struct node *n, const char *what, double *out);
bool read_reals(const struct reader *r, const struct node *n, const char *what, double *out,
                size_t count);                         /* a list of exactly count numbers */
bool read_deadband(const struct reader *r, const struct node *n, double *out);
bool read_decimal(const struct reader *r, const struct node *n, const char *what,
                  struct decimal *out);
bool read_duration(const struct reader *r, const struct node *n, const char *what, int64_t low,
                   int64_t high, int64_t *out);

/* Texts as numbers: as read_u64 and read_s64, of a piece of a scalar. */
bool whole_u64(const char *text, uint64_t *out);       /* no leading zeros: 010 is neither 8 nor 10 */
bool whole_s64(const char *text, int64_t *out);

bool check_format(const struct reader *r, const struct node *root, const struct node *format);

#endif
