/* SPDX-License-Identifier: Apache-2.0 */
/* Where journal and states live: what was said, else what systemd says, else state/ beside the plant
 * file. Makes nothing. */
#ifndef APP_STATE_DIR_H
#define APP_STATE_DIR_H

#include <stdbool.h>
#include <stddef.h>

/* given: NULL when nobody said. false: too long. */
bool state_dir(char *out, size_t room, const char *given, const char *plant_file);

#endif
