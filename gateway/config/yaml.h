/* SPDX-License-Identifier: Apache-2.0 */
/* YAML to a tree of nodes that know their line and column. A plain subset: no anchors, no aliases,
 * no tags, no second document, no repeated keys. Size, depth and number of nodes are capped while
 * parsing, so that a hostile file costs neither time nor memory. */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

/* NODE_LOST stands in no file: a reader puts it where a value was meant that can't be had. */
enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAPPING, NODE_LOST };

struct node {
    union {
        const char *text;          /* SCALAR, terminated */
        const struct node *first;  /* LIST: items; MAPPING: key, value, key, value ... */
    };
    const struct node *next;
    uint32_t line, column;         /* from 1 */
    uint32_t length;               /* SCALAR: bytes; LIST: items; MAPPING: pairs */
    uint8_t kind;                  /* enum node_kind */
    bool quoted;                   /* "5" and '5' are texts, 5 is a number */
    uint16_t origin;               /* 0: the reader's own file, else one of its others */
};

struct yaml_limits {
    size_t bytes;
    uint32_t nodes, depth, scalar;
};

/* NULL after an error, which then stands in ds. Nodes and their texts live in a. */
const struct node *yaml_parse(struct arena *a, const char *text, size_t length, const char *file,
                              const struct yaml_limits *limits, struct diags *ds);

/* A tree of one file as a part of another file's: `by` is added to the origins. NULL: out of memory. */
struct node *node_copy(struct arena *a, const struct node *n, unsigned by);

bool node_is_null(const struct node *n);               /* empty, ~ or null, without quotes */
const struct node *node_get(const struct node *mapping, const char *key);   /* NULL: not there */

#endif
