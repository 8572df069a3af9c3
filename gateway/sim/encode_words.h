/* SPDX-License-Identifier: Apache-2.0 */
/* Texts and clocks of encode.c. */
#ifndef SIM_ENCODE_WORDS_H
#define SIM_ENCODE_WORDS_H

#include "headgate/map.h"
#include "sim/encode.h"

bool encode_string(const struct point *p, const struct value *v, uint16_t *words);
/* Into *raw where the form is a number (p->bytes says so), else into words. */
bool encode_time(const struct point *p, long double seconds, uint64_t *raw, uint16_t *words);

/* encode_parts.c: registers that lie apart; only for points with parts. */
bool encode_parts(const struct point *p, const struct value *v, double factor, uint16_t *words);

#endif
