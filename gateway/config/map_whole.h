/* SPDX-License-Identifier: Apache-2.0 */
/* A map in two steps, its files and then its meaning, for the reader of plant files: what a device
 * changes is laid over the files. With the index of its tags. */
#ifndef CONFIG_MAP_WHOLE_H
#define CONFIG_MAP_WHOLE_H

#include "config/map.h"
#include "config/names.h"
#include "config/reader.h"

enum { MAPS_DEEP = 4 };            /* maps below a map: its own, that one's, and so on */

struct map_tree {                  /* what a map's file says, with what it extends below it */
    const struct node *root;
    const char *file, *name;
    const char *others[ORIGIN_OVERLAY];   /* files of nodes by their origin - 1 */
    const char *extends;           /* NULL: nothing */
    uint64_t hash;                 /* of all that is in it */
    bool merged;                   /* of several files: a tag may change one that is repeated */
    bool overlaid;                 /* by a plant file */
    bool flawed;                   /* something was complained of: it is looked through, but in vain */
    bool loose;                    /* what lies below is not known: only this itself can be wrong */
};

/* file is looked at together with those that it extends: beside it, in the library. Texts and nodes
 * live in scratch, names of files in a. false after a complaint. library: as plant_options has it. */
bool map_open(struct arena *a, struct arena *scratch, const char *file, const char *name,
              const char *library, struct diags *ds, struct map_tree *out);

/* The same of a text that is in memory. */
bool map_open_text(struct arena *a, struct arena *scratch, const char *text, size_t length,
                   const char *file, const char *name, const char *library, struct diags *ds,
                   struct map_tree *out);

/* tags, of the plant file, over the map below; its examples are no longer about it. false: out of
 * memory. */
bool map_overlay(struct arena *scratch, const struct map_tree *below, const struct node *tags,
                 const char *plant_file, struct map_tree *out);

/* What can be told of tags that lie over a map which could not be read: complaints. */
void map_overlay_alone(struct arena *a, struct arena *scratch, const struct node *tags,
                       const char *plant_file, struct diags *ds);

/* names (may be NULL) gets the tags, each with its index; names_fini it when a map was returned. */
const struct map *map_build(struct arena *a, struct arena *scratch, const struct map_tree *tree,
                            struct diags *ds, struct names *names);

#endif
