/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as the bits of a type, and bits as registers: for whoever puts a value into a device, or
 * plays one. Numbers too great for the type become its greatest: who must not say that compares. */
#ifndef VALUES_BITS_H
#define VALUES_BITS_H

#include "headgate/map.h"

/* The value as a number; NaN: it is none. A long double has the 64 bits that counters need on x86-64 and
 * 64-bit ARM. Where it has 53 (32-bit ARM), greater counters can't be written: what was put together is
 * read back before it is sent, and refused. */
long double bits_number(const struct value *v);
long double bits_decimal(const struct decimal *d);

uint64_t bits_ones(unsigned n);
/* Of the number that stands in the registers, after its curve was taken back. Rounded. */
uint64_t bits_of(const struct point *p, long double x);

/* The point's registers (host order) as one number; only its own bytes change. */
uint64_t bits_get(const struct point *p, const uint16_t *words);
void bits_put(const struct point *p, uint64_t raw, uint16_t *words);

#endif
