/* SPDX-License-Identifier: Apache-2.0 */
/* Derived tags: expressions in a sandboxed Lua with a step limit and a memory limit. Quality is
 * carried through outside of Lua: the worst input decides, and its reason is told. */
#ifndef VALUES_DERIVE_H
#define VALUES_DERIVE_H

#include "base/diag.h"
#include "values/board.h"

struct derive;

/* Compiles every expression; syntax errors go to ds with file:line:column. NULL after an error. */
struct derive *derive_new(const struct plant *plant, struct diags *ds);
/* One expression by itself, of a plant that can't be had whole; for plant_options. */
void derive_check(const struct derived *d, struct diags *ds);
void derive_free(struct derive *d);                    /* the board's samples point to reasons in it */

/* Recomputes what depends on the touched tags (in order of dependence, each once) and stores it
 * in the board; appends the derived tags to touched, whose room is max. Returns the new count.
 * A bad input makes the result bad, an uncertain one makes it uncertain, and so does a whole number
 * that has more digits than the double that it is computed with; its time is that of the
 * newest input. A result that is NaN, infinite, nil or an error is SENSOR_FAILURE with a reason. */
uint32_t derive_run(struct derive *d, struct board *b, uint32_t *touched, uint32_t count,
                    uint32_t max, wall_t wall, mono_t now);

#endif
