/* SPDX-License-Identifier: Apache-2.0 */
/* Small things that are done with words. No locale: a point is a point. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/map.h"

bool text_is_name(const char *s, size_t length);       /* [A-Za-z0-9._-]{1,64} */
bool text_is_utf8(const char *s, size_t length);       /* valid, no NUL, no surrogates */

/* Strict: the whole text must be the number. false leaves *out alone. */
bool text_to_u64(const char *s, uint64_t *out);        /* decimal or 0x... */
bool text_to_s64(const char *s, int64_t *out);
bool text_to_real(const char *s, double *out);         /* finite, decimal point; no hex, no inf */
/* As people type it: a comma does for the point, unless it may part thousands instead. */
bool text_to_real_typed(const char *s, double *out);
bool text_is_two_numbers(const char *s);               /* "1,500": 1.5 to some, 1500 to others */
double text_last_digit(const char *s);                 /* what one more of it makes: "412.30" 0.01; 0: no plain number */
bool text_to_decimal(const char *s, struct decimal *out);   /* places 255 where it does not fit */
bool text_to_duration(const char *s, int64_t *ns);     /* "250us" "500ms" "1.5s" "10m" "72h" "2d" */
bool text_to_size(const char *s, int64_t *bytes);      /* "512MiB", "2GiB", "64KiB", "4096" */

/* Digits that identify the number and carry a decimal point: "70.0", "230.2", "1.5e+300".
 * Returns the length; out holds at least 32. x must be finite. */
size_t text_from_real(char *out, double x, bool single);
const char *text_not_finite(double x);                 /* "not a number" or "infinite": reasons */
size_t text_from_u64(char *out, uint64_t x);           /* out holds at least 24 */
size_t text_from_s64(char *out, int64_t x);
/* magnitude / 10^places, all places printed: "41.20"; zero has no sign. out as for reals. */
size_t text_from_fixed(char *out, bool negative, uint64_t magnitude, unsigned places);
const char *text_from_duration(char out[32], int64_t ns);   /* for people: "500 ms", "1.5 h" */

/* The candidate nearest to word by edit distance, or NULL when none is near enough to suggest. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

uint64_t text_hash(uint64_t seed, const void *data, size_t length);   /* FNV-1a; seed 0 to begin */

/* All of a file, terminated by NUL. NULL with errno when it can't be read, is no ordinary file
 * (ENOTSUP) or longer than limit (EFBIG). Never waits. free() it. */
char *text_read_file(const char *path, size_t limit, size_t *length);

#endif
