/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of which one can say where things stand: an object knows its line. */
#ifndef IMPORT_TREE_H
#define IMPORT_TREE_H

#include <jansson.h>

#include "import/row.h"

enum { TREE_DEPTH_MAX = 64 };

struct tree_place;
struct tree {
    json_t *root;                  /* give it back with json_decref */
    struct tree_place *places;
    size_t count;
};

/* false: refused and told. comments: C's are taken for blanks. */
bool tree_read(struct import_list *l, char *text, size_t length, bool comments,
               struct tree *out);
uint32_t tree_line(const struct tree *d, const json_t *object);   /* 0: not of this document */

/* jansson's copy leaves out what it has no memory for, and says nothing. */
json_t *tree_copy(struct import_list *l, const json_t *object);   /* NULL: no memory */
const char *tree_text(const json_t *object, const char *key);   /* "" where there is none */
/* Numbers, and texts that are numbers, hexadecimal ones too; false: none. */
bool tree_whole(const json_t *value, int64_t *out);
/* A number or a text as a text; "" otherwise. */
const char *tree_number_text(struct import_list *l, const json_t *value);

#endif
