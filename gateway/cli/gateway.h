/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway that runs beside, by its socket. */
#ifndef CLI_GATEWAY_H
#define CLI_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>

#include "headgate/block.h"
#include "headgate/time.h"

/* All that it says to one line (with its end). false: nothing of use, see errno. */
bool gateway_talk(int fd, const char *line, mono_t end, char *said, size_t room, size_t *length);

/* Says in one line on stderr when the gateway with its state there runs this plant by another
 * version of a map, or of the plant file. only: the device that people ask about; NULL: all. No
 * gateway, no word. */
void gateway_compare(const struct plan *plan, const char *state_dir, const struct device *only);
/* The same, with the state where it lies by default. given: --state; NULL: not said. */
void gateway_compare_beside(const struct plan *plan, const char *given, const char *plant_file,
                            const struct device *only);

#endif
