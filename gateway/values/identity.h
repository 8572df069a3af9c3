/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers: equipment that was swapped for another is announced, and its numbers aren't taken for
 * those of the one before. */
#ifndef VALUES_IDENTITY_H
#define VALUES_IDENTITY_H

#include "headgate/map.h"

enum { IDENTITY_ROOM = 96 };

/* Is it one of those that the map is for? Also when the map names none. */
bool identity_fits(const struct identity *id, const struct value *v);
/* The same as a plant file writes it: a text as it is, a number by its value. */
bool identity_is(const char *written, const struct value *v);
/* As people write it; what is too long ends in a number that stands for all of it. Returns out. */
const char *identity_text(const struct value *v, char out[IDENTITY_ROOM]);

#endif
