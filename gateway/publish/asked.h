/* SPDX-License-Identifier: Apache-2.0 */
/* What a command asked for, as members for the book: of commands that are refused before anybody
 * understood them, and of those that have no order. */
#ifndef PUBLISH_ASKED_H
#define PUBLISH_ASKED_H

struct json_t; /* jansson's, whose names are in the way of ours */

enum { ASKED_ROOM = 2048, ASKED_TEXT = 512 };

/* ,"name":value for each member that any verb knows and that is one value, its names as in rows of
 * commands that were obeyed. Longer texts are cut, what finds no room is left out: always valid behind
 * another member. o: NULL or no object:
 * nothing. */
void asked_put(char out[static ASKED_ROOM], const struct json_t *o);

#endif
