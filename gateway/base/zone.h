/* SPDX-License-Identifier: Apache-2.0 */
/* A timezone that is not the process's: what a clock on a wall there says, as UTC. Its file is read
 * once; nothing of it lies in the environment. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;

struct zone *zone_load(const char *name);              /* IANA; NULL: unknown here, or out of memory */
/* From the bytes of such a file; NULL: none, or out of memory. */
struct zone *zone_read(const uint8_t *bytes, size_t length);
void zone_free(struct zone *z);

/* Seconds since 1970, as if the clock showed UTC. summer: 1 when the clock says that it is summer
 * time, -1 when it doesn't say. An hour that comes twice in autumn is the first of the two, the one in
 * summer time, unless summer is 0; an hour that is left out in spring is counted on from before. */
int64_t zone_utc(const struct zone *z, int64_t local_s, int summer);

/* How often that clock shows this: 1; 2 in the hour that comes twice, unless summer tells which; 0 in
 * the hour that is left out. */
unsigned zone_times(const struct zone *z, int64_t local_s, int summer);

#endif
