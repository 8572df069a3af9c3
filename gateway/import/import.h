/* SPDX-License-Identifier: Apache-2.0 */
/* Tag lists of other tools and makers, to register maps. Knows no files: bytes in, texts out. */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include <stdio.h>

#include "base/diag.h"
#include "import/row.h"

struct import_format {
    const char *name, *about;
    bool (*read)(struct import_list *l, char *text, size_t length);   /* false: refused */
};
extern const struct import_format import_formats[];
extern const size_t import_format_count;

const struct import_format *import_format(const char *name);   /* NULL: there is none */

enum import_end {
    IMPORT_DONE,
    IMPORT_NOTHING,                /* refused, or no tag came out of it */
    IMPORT_ASKS,                   /* import_ask tells what */
    IMPORT_NO_MEMORY,
};

struct import {
    struct import_list list;
    uint32_t needs;
    uint32_t tags;
};

/* file: how people call it. options and file must stay; everything else is freed with import_fini. */
enum import_end import_run(struct import *i, const struct import_format *format, const char *file,
                           const uint8_t *bytes, size_t length,
                           const struct import_options *options);
void import_ask(struct import *i, FILE *out);
/* FILE:ROW: skipped: why, a line each, and the sum. */
void import_tell(const struct import *i, FILE *out);
unsigned import_maps(const struct import *i);          /* devices with tags, or 1 */
/* Map k of them, with its name; tags that the map language can't take are skipped and told. "" when
 * none is left. */
const char *import_map(struct import *i, unsigned k, const char **name);   /* NULL: no memory */
const char *import_plant(struct import *i);            /* NULL: the list knows no device */
void import_fini(struct import *i);

void import_options_init(struct import_options *o);
/* "--base" "1": NULL when taken; otherwise what would be right. */
const char *import_option(struct import_options *o, const char *name, const char *value);

/* One reader for each format. */
bool read_kepware(struct import_list *l, char *text, size_t length);
bool read_ignition(struct import_list *l, char *text, size_t length);
bool read_modpoll(struct import_list *l, char *text, size_t length);
bool read_telegraf(struct import_list *l, char *text, size_t length);
bool read_neuron(struct import_list *l, char *text, size_t length);
bool read_wirenboard(struct import_list *l, char *text, size_t length);
bool read_table(struct import_list *l, char *text, size_t length);

#endif
