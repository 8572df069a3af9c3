/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from others, read strictly. jansson 2.14 doesn't survive every piece of memory that it doesn't
 * get (it has been seen to free what it never had), so it never sees one: reading ends before. */
#ifndef PUBLISH_JSON_READ_H
#define PUBLISH_JSON_READ_H

#include <stddef.h>

#include <jansson.h>

/* NULL: it isn't JSON, a member stands in it twice, or memory is out. json_decref it in this thread. */
json_t *json_read(const char *text, size_t length);
/* What is wrong with the last one that was read in this thread, as people are told; "not a JSON
 * object" also where it is another sort of JSON. */
const char *json_read_why(void);

#endif
