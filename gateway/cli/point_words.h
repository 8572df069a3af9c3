/* SPDX-License-Identifier: Apache-2.0 */
/* What a map and a plant say of one point, in the words that people at the switchgear use. */
#ifndef CLI_POINT_WORDS_H
#define CLI_POINT_WORDS_H

#include "headgate/plant.h"

enum { POINT_WORDS = 128, TAG_WORDS = 3 * (NAME_MAX_BYTES + 1) + 64 };

/* Each writes a text that fits and returns out. */
const char *words_of_tag(char out[static TAG_WORDS], const struct plant *p, uint32_t tag);
const char *words_of_address(char out[static POINT_WORDS], const struct point *point);  /* "holding 100.3" */
/* "40101", as the map's maker counts, else as everybody did; "" for what isn't read. */
const char *words_of_doc(char out[static POINT_WORDS], const struct map *map, const struct point *point);
/* "holding 100 (0x0064), 40101, 400101, %MW100": as others would write it. */
const char *words_of_notations(char out[static POINT_WORDS], const struct point *point);
const char *words_of_type(char out[static POINT_WORDS], const struct point *point);     /* "f32 CDAB" */
const char *words_of_order(char out[static POINT_WORDS], const struct point *point);    /* "CDAB"; "" */
const char *words_of_range(char out[static POINT_WORDS], const struct point *point);    /* "0 .. 16"; "" */
const char *words_of_scale(char out[static POINT_WORDS], const struct map *map,
                        const struct point *point);    /* "x 0.1", "4 .. 20 is 0 .. 16"; "" */
const char *words_of_kind(const struct point *point);     /* "gauge" */

/* The device and the point of a tag; NULL when it is derived. */
const struct device *tag_device(const struct plant *p, uint32_t tag);
const struct point *tag_point(const struct plant *p, uint32_t tag);    /* also of derived ones */

const char *words_of_file(const char *path);               /* what stands behind the last slash */

#endif
