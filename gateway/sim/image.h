/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of every unit of a plant, and what a unit answers when it is asked. Knows maps, no
 * sockets and no physics. */
#ifndef SIM_IMAGE_H
#define SIM_IMAGE_H

#include "base/arena.h"
#include "headgate/plant.h"

struct image;

enum { PDU_MAX = 253 };
enum { EXCEPTION_FUNCTION = 1, EXCEPTION_ADDRESS = 2, EXCEPTION_VALUE = 3, EXCEPTION_AWAY = 0x0B };

/* Lives in the arena. NULL: out of memory. Registers that a map's gap allows to be read in passing
 * exist and hold 0; those under `never` don't exist. */
struct image *image_new(struct arena *a, const struct plant *plant);

/* Where the point of a tag lies (host order; bits have a word each). NULL for computed points. */
uint16_t *image_words(const struct image *i, uint32_t tag);

/* Was it written by whoever asks? Then its device goes on with that. */
bool image_told(const struct image *i, uint32_t tag);

bool image_has_unit(const struct image *i, uint32_t line, uint8_t unit);

/* The answer to a request of one unit; both begin with the function code. Always an answer: what
 * can't be done is an exception. out: at least PDU_MAX bytes. */
size_t image_answer(const struct image *i, uint32_t line, uint8_t unit, const uint8_t *request,
                    size_t length, uint8_t *out);

#endif
