/* SPDX-License-Identifier: Apache-2.0 */
/* Where in somebody's file something was said; kept by everything that was read from a file, so
 * that a fault at run time can still name the line that caused it. */
#ifndef HEADGATE_PLACE_H
#define HEADGATE_PLACE_H

#include <stdint.h>

struct place {
    const char *file;              /* as the user would type it; NULL: no place */
    uint32_t line, column;         /* from 1 */
};

#endif
