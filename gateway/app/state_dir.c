/* SPDX-License-Identifier: Apache-2.0 */
#include "app/state_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool state_dir(char *out, size_t room, const char *given, const char *plant_file)
{
    const char *said = given ? given : getenv("STATE_DIRECTORY");
    const char *slash = strrchr(plant_file, '/');
    int folder = slash ? (int)(slash - plant_file + 1) : 0;
    int n = said ? snprintf(out, room, "%s", said)
                 : snprintf(out, room, "%.*sstate", folder, plant_file);
    return n >= 0 && (size_t)n < room;
}
