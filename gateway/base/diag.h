/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with people's files: all of it, each with its place and a remedy. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "headgate/place.h"

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag {
    enum diag_level level;
    struct place at;
    const char *text;
};

struct diags;

struct diags *diags_new(void);
void diags_free(struct diags *ds);

/* At most 200 are kept; the rest is counted. Text: what is wrong, and what would be right. */
void diag_add(struct diags *ds, enum diag_level level, struct place at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
size_t diags_errors(const struct diags *ds);       /* counted even when no longer kept */
size_t diags_warnings(const struct diags *ds);
size_t diags_count(const struct diags *ds);        /* kept */
const struct diag *diags_at(const struct diags *ds, size_t i);
void diags_sort(struct diags *ds);                 /* by file, line, column */

/* Sorts; what was said twice of the same place, once perhaps with a remedy, is kept and counted once. For the end: who asks
 * whether something was told meanwhile must not be told less. */
void diags_unite(struct diags *ds);

/* "file:line:column: error: text" a line each, sorted; then "and N more" if some were not kept. */
void diags_print(struct diags *ds, FILE *out);
/* [{"file":..,"line":..,"column":..,"level":..,"text":..}] */
void diags_print_json(struct diags *ds, FILE *out);

#endif
