/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal: taken over, and given back whatever happens. */
#ifndef CLI_WATCH_SCREEN_H
#define CLI_WATCH_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

bool screen_open(void);                                /* false: stdin and stdout are no terminal */
void screen_close(void);                               /* harmless when not open */
bool screen_resized(unsigned *rows, unsigned *columns);    /* true: since the last call, or the first */
bool screen_told_to_stop(void);                        /* SIGINT, SIGTERM, SIGHUP, SIGQUIT */
bool screen_write(const char *text, size_t length);    /* false: the terminal is gone */

#endif
