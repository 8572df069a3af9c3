/* SPDX-License-Identifier: Apache-2.0 */
#include "config/plant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config/map_parts.h"
#include "config/plant_rules.h"

static bool read_head(struct plant_builder *b, const struct node *root, const struct plant_nodes *n)
{
    struct plant *p = b->plant;
    bool good = check_format(&b->r, root, n->format);
    p->site = p->gateway = "";
    p->tick_ns = 50 * NS_PER_MS;
    if (n->site == NULL) {
        good = complain(&b->r, root,
                        "`site:` is missing; it is the name of the plant in every "
                        "topic");
    }
    if (n->gateway == NULL) {
        good = complain(&b->r, root,
                        "`gateway:` is missing; it is the name of this gateway in "
                        "every topic, unique at the site");
    }
    good = read_name(&b->r, n->site, "site", &p->site) && good;
    good = read_name(&b->r, n->gateway, "gateway", &p->gateway) && good;
    return read_duration(&b->r, n->tick, "tick", NS_PER_MS, NS_PER_S, &p->tick_ns) && good;
}

bool read_timezone(const struct reader *r, struct arena *scratch, const struct node *n,
                   const char **out)
{
    static const char folder[] = "/usr/share/zoneinfo";
    if (!read_text(r, n, "timezone", out) || n == NULL) {
        return n == NULL;
    }
    const char *zone = *out;
    bool plain =
        *zone != '\0' && *zone != '/' && strstr(zone, "..") == NULL &&
        strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_/") ==
            strlen(zone);
    const char *file = arena_printf(scratch, "%s/%s", folder, zone);
    /* Where no zones are installed nobody can say that there is no such zone. */
    struct stat s;
    bool known = file == NULL || access(folder, F_OK) != 0 || strcmp(zone, "UTC") == 0 ||
                 (stat(file, &s) == 0 && S_ISREG(s.st_mode));
    return (plain && known) ||
           complain(r, n,
                    "timezone `%.64s` is not known; write an IANA name like America/Toronto, or "
                    "UTC",
                    zone);
}

static bool take_parts(const struct reader *r, const struct node *root, struct plant_nodes *n)
{
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct plant_nodes, name)                                                  \
    }
    static const struct field fields[] = {
        FIELD(format),    FIELD(site),    FIELD(gateway),        FIELD(timezone), FIELD(mqtt),
        FIELD(journal),   FIELD(tick),    FIELD(lines),          FIELD(areas),    FIELD(devices),
        FIELD(derived),   FIELD(alarms),  FIELD(alarm_settings), FIELD(leaks),    FIELD(equipment),
        FIELD(incidents), FIELD(commands)};
#undef FIELD
    return take_fields(r, root, fields, sizeof fields / sizeof *fields, n, "a plant");
}

static bool is_map(const struct node *root)
{
    return root->kind == NODE_MAPPING && node_get(root, "tags") != NULL &&
           node_get(root, "site") == NULL && node_get(root, "devices") == NULL;
}

static bool build(struct plant_builder *b, const struct node *root)
{
    struct plant_nodes n = {0};
    if (is_map(root)) {
        return complain(&b->r, root,
                        "this is a register map, and no plant file; `headgate check` reads maps");
    }
    bool good = take_parts(&b->r, root, &n);
    if (root->kind != NODE_MAPPING) {
        return false;
    }
    good = read_head(b, root, &n) && good;
    b->plant->timezone = "UTC";
    good = read_timezone(&b->r, b->scratch, n.timezone, &b->plant->timezone) && good;
    good = read_mqtt(b, n.mqtt) && good;
    good = read_journal(b, n.journal) && good;
    good = read_commands(b, n.commands) && good;
    good = read_lines(b, n.lines) && good;
    good = read_areas(b, n.areas) && good;
    good = find_maps(b) && read_devices(b, n.devices) && good;
    good = (b->plant->devices == NULL || read_derived(b, n.derived)) && good;
    good = (b->plant->devices == NULL || read_writes(b, n.commands)) && good;
    return (b->plant->devices == NULL || read_rules(b, &n)) && good;
}

static const struct node *parse_file(const struct reader *r, struct arena *scratch,
                                     const char *file)
{
    static const struct yaml_limits limits = {PLANT_BYTES_MAX, PLANT_NODES_MAX, DEPTH_OF_FILES,
                                              SCALAR_MAX};
    size_t length;
    char *text = text_read_file(file, PLANT_BYTES_MAX, &length);
    if (text == NULL) {
        complain_at(r, (struct place){r->file, 1, 1},
                    errno == EFBIG ? "a plant file has 16 MiB at most" : "cannot be read: %s",
                    strerror(errno));
        return NULL;
    }
    const struct node *root = yaml_parse(scratch, text, length, r->file, &limits, r->ds);
    free(text);
    return root;
}

static bool read_overrides(struct plant_builder *b)
{
    const char *file = b->options == NULL ? NULL : b->options->lines_file;
    if (file == NULL) {
        return true;
    }
    b->overrides_reader = b->r;
    b->overrides_reader.file = arena_copy(b->r.arena, file, strlen(file));
    if (b->overrides_reader.file == NULL) {
        return false;
    }
    const struct node *root = parse_file(&b->overrides_reader, b->scratch, file);
    if (root == NULL || !is_mapping(&b->overrides_reader, root, "a file of lines")) {
        return false;
    }
    b->line_overrides = root;
    return true;
}

static void fini(struct plant_builder *b)
{
    struct names *all[] = {&b->lines,     &b->areas,         &b->devices,       &b->derived,
                           &b->map_names, &b->overlay_names, &b->adapted_names, &b->lost};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        names_fini(all[i]);
    }
    for (uint32_t i = 0; i < b->map_count; i++) {
        names_fini(&b->maps[i].names);
    }
    arena_free(b->scratch);
}

static const char *folder_of(struct arena *a, const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash == NULL ? "" : arena_copy(a, file, (size_t)(slash + 1 - file));
}

static const struct node *begin(struct plant_builder *b, const char *file)
{
    b->errors_before = diags_errors(b->r.ds);
    b->r.file = arena_copy(b->r.arena, file, strlen(file));
    b->plant = arena_get(b->r.arena, sizeof *b->plant);
    b->folder = folder_of(b->r.arena, file);
    if (b->r.file == NULL || b->plant == NULL || b->folder == NULL || b->scratch == NULL) {
        return NULL;
    }
    b->plant->file = b->r.file;
    return parse_file(&b->r, b->scratch, file);
}

static const struct plant *load(struct plant_builder *b, const char *file)
{
    const struct node *root = begin(b, file);
    size_t before = b->errors_before;
    if (root == NULL) {
        return NULL;
    }
    bool good = read_overrides(b);
    good = build(b, root) && good && diags_errors(b->r.ds) == before;
    for (uint32_t i = 0; !good && b->options != NULL && b->options->expression != NULL &&
                         i < b->plant->derived_count;
         i++) {
        if (b->derived_sound != NULL && i < b->written_derived && b->derived_sound[i]) {
            b->options->expression(&b->plant->derived[i], b->r.ds);
        }
    }
    if (arena_exhausted(b->r.arena) || arena_exhausted(b->scratch)) {
        good = complain(&b->r, root, "out of memory");
    }
    return good ? b->plant : NULL;
}

const struct plant *plant_load(struct arena *a, const char *file,
                               const struct plant_options *options, struct diags *ds)
{
    struct plant_builder b = {
        .r = {.arena = a, .ds = ds}, .options = options, .scratch = arena_new(0)};
    struct names *folded[] = {&b.lines, &b.areas, &b.devices, &b.derived};
    for (size_t i = 0; i < sizeof folded / sizeof *folded; i++) {
        names_init(folded[i], true, a);
    }
    names_init(&b.map_names, false, a);
    names_init(&b.overlay_names, false, a);
    names_init(&b.adapted_names, false, a);
    names_init(&b.lost, false, b.scratch);
    const struct plant *p = load(&b, file);
    if (p == NULL) {
        diags_unite(ds); /* a map may be a device's own, and below another one as well */
    }
    if (p == NULL && diags_errors(ds) == 0) {
        complain_at(&b.r, (struct place){NULL, 0, 0}, "out of memory");
    }
    fini(&b);
    return p;
}

const struct plant *plant_heading(struct arena *a, const char *file)
{
    struct plant_builder b = {.r = {.arena = a, .ds = diags_new()}, .scratch = arena_new(0)};
    struct plant_nodes n = {0};
    const struct node *root = b.r.ds == NULL ? NULL : begin(&b, file);
    bool good = root != NULL && root->kind == NODE_MAPPING;
    if (good) {
        take_parts(&b.r, root, &n);
        n.tick = NULL;
        good = read_head(&b, root, &n) && read_mqtt(&b, n.mqtt);
        b.plant->timezone = "UTC";
        if (good && !read_timezone(&b.r, b.scratch, n.timezone, &b.plant->timezone)) {
            b.plant->timezone = "UTC";
        }
    }
    good = good && !arena_exhausted(a) && !arena_exhausted(b.scratch);
    diags_free(b.r.ds);
    arena_free(b.scratch);
    return good ? b.plant : NULL;
}

bool plant_names(struct arena *a, const char *file, const char **site, const char **gateway)
{
    struct diags *ds = diags_new();
    const struct reader r = {.arena = a, .ds = ds, .file = file};
    const struct node *root = ds == NULL ? NULL : parse_file(&r, a, file);
    const struct node *s = NULL, *g = NULL;
    if (root != NULL && root->kind == NODE_MAPPING) {
        s = node_get(root, "site");
        g = node_get(root, "gateway");
    }
    diags_free(ds);
    if (s == NULL || g == NULL || s->kind != NODE_SCALAR || g->kind != NODE_SCALAR) {
        return false;
    }
    *site = s->text;
    *gateway = g->text;
    return true;
}
