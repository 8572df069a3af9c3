/* SPDX-License-Identifier: Apache-2.0 */
/* How good a sample is, beyond what its own bytes say. */
#ifndef VALUES_JUDGE_H
#define VALUES_JUDGE_H

#include "headgate/block.h"

/* What a block without data says of its tags. Not for FAULT_NONE. */
struct sample judge_fault(const struct block *block);

/* A counter against its value before. true: the sample is the new base, good or not. */
bool judge_counter(const struct point *p, const struct value *before, struct sample *s);

/* valid_if, when the other point has something to say. */
void judge_condition(const struct condition *c, const struct point *of, const struct sample *other,
                     struct sample *s);

#endif
