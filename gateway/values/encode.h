/* SPDX-License-Identifier: Apache-2.0 */
/* From a value that a person wants to the registers that say exactly that, or why none do. What
 * comes out was decoded again: nothing is written that would be read as something else. */
#ifndef VALUES_ENCODE_H
#define VALUES_ENCODE_H

#include "headgate/map.h"

enum { ENCODE_WORDS = 4, ENCODE_SAID = 400 };

struct encoded {
    uint16_t count;                /* registers; 1 for a coil */
    uint16_t words[ENCODE_WORDS];  /* host order; a coil: 0 or 1 */
    uint16_t masks[ENCODE_WORDS];  /* the bits of them that are the value's own */
};

/* NULL: done. Else why not, and what would be right, in said. A span takes the nearest of its steps;
 * everything else must be said exactly. */
const char *encode_point(const struct point *p, const struct value *v, struct encoded *out,
                         char said[static ENCODE_SAID]);

/* The sample that stands in these registers, as decode_point has it. For what encode_point takes. */
void encode_back(const struct point *p, const uint16_t words[ENCODE_WORDS], struct sample *out);

/* Why no value can ever be turned back into this point's registers; NULL: it can. */
const char *encode_cannot(const struct point *p);

/* A value as people read it: "20.5", "true", "running". Returns out. */
enum { ENCODE_TEXT = 160 };
const char *encode_text(char out[static ENCODE_TEXT], const struct value *v);

#endif
