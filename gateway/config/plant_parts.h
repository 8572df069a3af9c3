/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of the plant reader divide their work. Not for other rooms. */
#ifndef CONFIG_PLANT_PARTS_H
#define CONFIG_PLANT_PARTS_H

#include "config/map_whole.h"
#include "config/names.h"
#include "config/plant.h"
#include "config/reader.h"

enum { PLANT_BYTES_MAX = 16 << 20, PLANT_NODES_MAX = 1000000 };
#define YEAR_NS (365 * 24 * 3600 * NS_PER_S)

struct plant_nodes {
    const struct node *format, *site, *gateway, *timezone, *mqtt, *journal, *tick, *lines, *areas,
        *devices, *derived, *alarm_settings, *alarms, *leaks, *equipment, *incidents, *commands;
};

struct loaded_map { /* NULL map: tried, and complained of */
    const struct map_tree *tree;
    const struct map *map;
    struct names names;
};

struct plant_builder {
    struct reader r;
    struct arena *scratch;
    struct plant *plant;
    const struct plant_options *options;
    const char *folder; /* of the plant file, with its slash; "" when beside us */
    const char *library;
    const struct node *line_overrides; /* of lines_file; NULL: none */
    struct reader overrides_reader;
    struct names lines, areas, devices, derived;
    struct loaded_map *maps; /* one for each map name and each overlay of a map */
    uint32_t map_count;
    struct names map_names, overlay_names;
    const struct map *
        *adapted; /* copies with a device's changes, shared where the changes are alike */
    uint32_t adapted_count;
    struct names adapted_names;
    uint32_t *device_maps; /* per device: index in maps */
    bool *sound; /* per device: nothing was wrong with it */
    bool *derived_sound; /* per derived tag that people wrote; NULL until the last one is read */
    uint32_t written_derived;
    struct names lost; /* see lose_name() */
    bool allow_known;
    size_t errors_before; /* told before this plant was begun */
};

/* plant_mqtt.c */
bool read_mqtt(struct plant_builder *b, const struct node *n);
bool read_journal(struct plant_builder *b, const struct node *n);

/* plant_commands.c */
bool read_commands(struct plant_builder *b, const struct node *n);
bool read_writes(struct plant_builder *b, const struct node *n); /* after the devices */

/* plant_url.c: tcp://HOST[:PORT] and the like; the part behind "://". false: not understood */
bool split_host(const char *text, struct arena *a, const char **host, uint16_t *port);

/* plant.c; out: NULL: UTC */
bool read_timezone(const struct reader *r, struct arena *scratch, const struct node *n,
                   const char **out);

/* plant_line.c */
bool read_lines(struct plant_builder *b, const struct node *n);

/* plant_maps.c */
bool find_maps(struct plant_builder *b); /* where they are looked for */
struct loaded_map *load_map(struct plant_builder *b,
                            const struct node *n); /* NULL after a complaint */
struct loaded_map *overlay_map(struct plant_builder *b, uint32_t index, /* of the map below */
                               const struct node *tags);

/* plant_area.c */
bool read_areas(struct plant_builder *b, const struct node *n);

/* plant_device.c */
bool read_devices(struct plant_builder *b, const struct node *n);

/* plant_derived.c; after the devices */
bool read_derived(struct plant_builder *b, const struct node *n);

/* plant_find.c: as plant_find_tag, by hash; complains with a suggestion. TAG_NONE; also, without a
 * word, when the device's map could not be read. */
uint32_t find_tag(const struct plant_builder *b, const struct node *n, const char *what);
const char *path_beside(struct plant_builder *b, const char *path); /* relative to the plant file */
/* A name that nobody will find because of a mistake that was told: to use it is no other mistake.
 * kind: "line", "area", "device" (without its area), "tag" (whole); text "": whatever it is called. */
void lose_name(struct plant_builder *b, const char *kind, const char *text, size_t length);
bool is_lost(const struct plant_builder *b, const char *kind, const char *text, size_t length);
bool claim_name(const struct reader *r, struct names *names, const struct node *key,
                const char *kept, uint32_t value, const char *what);

#endif
