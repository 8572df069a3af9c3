/* SPDX-License-Identifier: Apache-2.0 */
/* Plant files: from YAML to struct plant, with every mistake named. */
#ifndef CONFIG_PLANT_H
#define CONFIG_PLANT_H

#include "base/arena.h"
#include "base/diag.h"
#include "headgate/plant.h"

struct plant_options {
    const char *library;           /* NULL: $HEADGATE_MAPS, else the installed library */
    const char *lines_file;        /* YAML "line: connect" pairs that replace the plant's own, as
                                      `headgate sim` writes them; NULL: none */
    /* Asked about each expression of a file that has mistakes elsewhere, so that all are told in one
     * run; of a plant without mistakes the caller has the expressions itself. NULL: nobody is. */
    void (*expression)(const struct derived *d, struct diags *ds);
    double pace;                   /* of a story's clock, which makes the time from one reading to the
                                      next so much longer for those that watch; 0: the machine's */
};

/* Maps are looked for as maps/NAME.yaml beside the plant file, then as NAME.yaml in the library.
 * A map is parsed once however many devices use it. options may be NULL. NULL when there was an
 * error, and everything that is wrong stands in ds. */
const struct plant *plant_load(struct arena *a, const char *file,
                               const struct plant_options *options, struct diags *ds);

/* Site, gateway, time zone and mqtt, of a file whose other parts may be wrong; the rest is empty. NULL
 * when one of those can't be read (of a time zone: UTC). */
const struct plant *plant_heading(struct arena *a, const char *file);

/* Whose file it is, and no more of it than that; in a. false: it does not say so. */
bool plant_names(struct arena *a, const char *file, const char **site, const char **gateway);

const char *equipment_class_name(enum equipment_class c);   /* "pump" */

/* "area/device/tag" to its number; TAG_NONE when there is none. */
uint32_t plant_find_tag(const struct plant *p, const char *path);
const struct device *plant_find_device(const struct plant *p, const char *path);
const char *plant_suggest_device(const struct plant *p, const char *path);   /* did you mean; NULL: no idea */
const char *plant_suggest_tag(const struct plant *p, struct arena *a, const char *path);

/* "tcp://HOST:502", "rtu:///dev/...", "rtu+tcp://HOST:PORT" for tools that need no plant file, with what
 * plant files have where they say nothing. NULL, or what is wrong with it. The address must last. */
const char *line_from_address(const char *address, struct arena *a, struct line *out);

#endif
