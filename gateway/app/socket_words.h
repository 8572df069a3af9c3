/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked through the socket, and what is answered. Knows no sockets. */
#ifndef APP_SOCKET_WORDS_H
#define APP_SOCKET_WORDS_H

#include "app/why.h"

/* "why AREA/DEVICE/TAG" or "status"; the line is without its end. The length of a line of JSON with
 * its end; {"error": ...} for all else. room: WHY_ROOM. */
size_t socket_words(const struct why_view *v, const char *line, size_t length, char *out,
                    size_t room);

#endif
