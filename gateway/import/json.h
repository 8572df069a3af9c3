/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of which one can say where things stand: an object knows its line. */
#ifndef IMPORT_JSON_H
#define IMPORT_JSON_H

#include <jansson.h>

#include "import/row.h"

enum { JSON_DEPTH_MAX = 64 };

struct json_place;
struct json_doc {
    json_t *root;                  /* give it back with json_decref */
    struct json_place *places;
    size_t count;
};

/* false: refused and told. comments: C's are taken for blanks. */
bool json_read(struct import_list *l, char *text, size_t length, bool comments,
               struct json_doc *out);
uint32_t json_line(const struct json_doc *d, const json_t *object);   /* 0: not of this document */

const char *json_text(const json_t *object, const char *key);   /* "" where there is none */
/* Numbers, and texts that are numbers, hexadecimal ones too; false: none. */
bool json_whole(const json_t *value, int64_t *out);
/* A number or a text as a text; "" otherwise. */
const char *json_number_text(struct import_list *l, const json_t *value);

#endif
