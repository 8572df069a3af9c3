/* SPDX-License-Identifier: Apache-2.0 */
/* Lua with nothing in it but arithmetic: no files, no clock, no chance, nothing that can be kept
 * from one evaluation to the next, and an end to steps and memory. Knows no tags. */
#ifndef VALUES_SANDBOX_H
#define VALUES_SANDBOX_H

#include "base/diag.h"
#include "headgate/plant.h"

struct sandbox;

enum { SANDBOX_TEXT_MAX = 64, SANDBOX_REASON_MAX = 96 };

struct outcome {
    struct value value; /* NONE: see reason. A text lies in text */
    char text[SANDBOX_TEXT_MAX];
    char reason[SANDBOX_REASON_MAX];
};

struct sandbox *sandbox_new(uint32_t expressions); /* NULL: out of memory */
void sandbox_free(struct sandbox *s);

/* false after a mistake in the expression or its inputs' names, which stands in ds. */
bool sandbox_compile(struct sandbox *s, uint32_t index, const struct derived *d, struct diags *ds);

/* inputs: values of some kind, as many as the expression has. All numbers go in as floats: a Lua
 * integer would wrap around where it overflows, without a word. */
void sandbox_evaluate(struct sandbox *s, uint32_t index, const struct value *inputs, uint32_t count,
                      struct outcome *out);

#endif
