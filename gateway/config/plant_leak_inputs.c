/* SPDX-License-Identifier: Apache-2.0 */
/* What a leak point looks at: each tag in a role, with the factor that brings it to the role's
 * unit. */
#include <string.h>

#include "config/plant_leak.h"

enum { SUMP_PUMPS_MAX = 16 };

static struct leak_input *add_input(struct leak_builder *b, const struct node *n,
                                    enum input_role role, uint32_t tag, double factor)
{
    struct tag_facts f;
    const struct leak_rule *l = b->l;
    if (b->count >= LEAK_INPUTS_MAX) {
        complain(&b->w->b->r, n, "a leak point has at most %d inputs; make two points of it",
                 LEAK_INPUTS_MAX);
        return NULL;
    }
    if (tag == l->tag_rate || tag == l->tag_unaccounted || tag == l->tag_flow ||
        tag == l->tag_minutes) {
        complain(&b->w->b->r, n, "`%s` is what this leak point says itself; name what it looks at",
                 n->text);
        return NULL;
    }
    tag_facts(b->w, tag, &f);
    struct leak_input *in = &b->inputs[b->count++];
    *in = (struct leak_input){.tag = tag,
                              .role = (uint8_t)role,
                              .partner = -1,
                              .factor = factor,
                              .every_ms = f.every_ms,
                              .at = place_of(&b->w->b->r, n)};
    return in;
}

static int find_input(const struct leak_builder *b, enum input_role role, uint32_t tag)
{
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->inputs[i].role == role && b->inputs[i].tag == tag) {
            return (int)i;
        }
    }
    return -1;
}

bool add_boolean(struct leak_builder *b, const struct node *n, enum input_role role,
                 const char *what, int *index)
{
    if (n == NULL) {
        return true;
    }
    uint32_t tag = read_boolean_tag(b->w, n, what);
    if (tag == TAG_NONE) {
        return false;
    }
    int known = find_input(b, role, tag);
    if (known >= 0) {
        if (role != ROLE_RUN) {
            return complain(&b->w->b->r, n, "%s: `%s` stands here twice", what, n->text);
        }
        if (index != NULL) {
            *index = known;
        }
        return true;
    }
    struct leak_input *in = add_input(b, n, role, tag, 1);
    if (in == NULL) {
        return false;
    }
    in->digital = true;
    if (index != NULL) {
        *index = (int)b->count - 1;
    }
    return true;
}

bool add_booleans(struct leak_builder *b, const struct node *n, enum input_role role,
                  const char *what)
{
    if (n == NULL || n->kind != NODE_LIST) {
        return add_boolean(b, n, role, what, NULL);
    }
    bool good = true;
    for (const struct node *k = n->first; k != NULL; k = k->next) {
        good = add_boolean(b, k, role, what, NULL) && good;
    }
    return good;
}

bool add_measured(struct leak_builder *b, const struct node *n, enum input_role role,
                  const char *what, enum quantity q, int *index)
{
    double factor = 1;
    if (n == NULL) {
        return true;
    }
    uint32_t tag = read_measured_tag(b->w, n, what, q, &factor);
    if (tag == TAG_NONE || add_input(b, n, role, tag, factor) == NULL) {
        return false;
    }
    if (index != NULL) {
        *index = (int)b->count - 1;
    }
    return true;
}

bool add_value(struct leak_builder *b, const struct node *n, const char *what,
               struct tag_facts *facts)
{
    uint32_t tag = read_number_tag(b->w, n, what);
    if (tag == TAG_NONE || add_input(b, n, ROLE_VALUE, tag, 1) == NULL) {
        return false;
    }
    tag_facts(b->w, tag, facts);
    b->l->unit = facts->unit;
    return true;
}

/* One pipe, one meter, one way. */
static bool counted_once(struct leak_builder *b, const struct node *n, enum input_role role)
{
    const struct leak_input *in = &b->inputs[b->count - 1];
    for (uint32_t i = 0; i + 1 < b->count; i++) {
        const struct leak_input *other = &b->inputs[i];
        if (other->tag != in->tag || (other->role != ROLE_IN && other->role != ROLE_OUT)) {
            continue;
        }
        return complain(&b->w->b->r, n,
                        other->role == role
                            ? "the meter `%s` stands here twice; its water would count twice"
                            : "the meter `%s` stands in `in` and in `out`; its water would cancel "
                              "itself; leave it where it belongs",
                        n->text);
    }
    return true;
}

struct meter_nodes {
    const struct node *flow, *run, *accuracy, *nominal;
};

static bool add_meter(struct leak_builder *b, const struct node *n, enum input_role role,
                      const char *what)
{
    static const struct field fields[] = {{"flow", offsetof(struct meter_nodes, flow)},
                                          {"run", offsetof(struct meter_nodes, run)},
                                          {"accuracy", offsetof(struct meter_nodes, accuracy)},
                                          {"nominal", offsetof(struct meter_nodes, nominal)}};
    const struct reader *r = &b->w->b->r;
    struct meter_nodes m = {0};
    int flow = -1, run = -1;
    bool good = n->kind == NODE_SCALAR || take_fields(r, n, fields, 4, &m, "a meter");
    if (n->kind == NODE_LIST) {
        return false;
    }
    if (n->kind == NODE_SCALAR) {
        m.flow = n;
    } else if (m.flow == NULL) {
        good = complain(r, n, "a meter of `%s` says which: {flow: area/device/tag}", what);
    }
    good = add_measured(b, m.flow, role, what, QUANTITY_FLOW, &flow) && good;
    good = (flow < 0 || counted_once(b, m.flow, role)) && good;
    good = add_boolean(b, m.run, ROLE_RUN, "run", &run) && good;
    struct leak_input unread = {0}, *in = flow < 0 ? &unread : &b->inputs[flow];
    good = read_share_of(r, m.accuracy, "accuracy", 0.2, &in->accuracy) && good;
    good = read_quantity(r, m.nominal, "nominal", QUANTITY_FLOW, 0, 1e7, &in->nominal) && good;
    in->partner = (int16_t)run;
    return good;
}

bool add_meters(struct leak_builder *b, const struct node *n, enum input_role role,
                const char *what)
{
    if (n == NULL) {
        return true;
    }
    if (n->kind != NODE_LIST) {
        return complain(&b->w->b->r, n, "`%s` is a list of meters, like [{flow: area/device/tag}]",
                        what);
    }
    bool good = true;
    for (const struct node *k = n->first; k != NULL; k = k->next) {
        good = add_meter(b, k, role, what) && good;
    }
    return good;
}

struct pump_nodes {
    const struct node *run, *capacity, *flow;
};

static bool add_pump(struct leak_builder *b, const struct node *n)
{
    static const struct field fields[] = {{"run", offsetof(struct pump_nodes, run)},
                                          {"capacity", offsetof(struct pump_nodes, capacity)},
                                          {"flow", offsetof(struct pump_nodes, flow)}};
    const struct reader *r = &b->w->b->r;
    struct pump_nodes p = {0};
    int run = -1, flow = -1;
    double capacity = 0;
    bool good = take_fields(r, n, fields, 3, &p, "a pump");
    if (n->kind != NODE_MAPPING) {
        return false;
    }
    if (p.run == NULL || p.capacity == NULL) {
        good = complain(r, n,
                        "a pump says whether it runs and what it lifts: {run: area/device/tag, "
                        "capacity: 40 m3/h}");
    }
    good = add_boolean(b, p.run, ROLE_PUMP, "run", &run) && good;
    if (!read_quantity(r, p.capacity, "capacity", QUANTITY_FLOW, 0, 1e6, &capacity)) {
        good = false;
    } else if (p.capacity != NULL && !(capacity > 0)) {
        good = complain(r, p.capacity, "capacity is %s; a pump lifts more", p.capacity->text);
    }
    if (run >= 0) {
        b->inputs[run].nominal = capacity;
    }
    good = add_measured(b, p.flow, ROLE_OUT, "flow", QUANTITY_FLOW, &flow) && good;
    if (flow >= 0) {
        b->inputs[flow].partner = (int16_t)run;
        b->inputs[flow].nominal = capacity;
        good = counted_once(b, p.flow, ROLE_OUT) && good;
    }
    return good;
}

bool add_pumps(struct leak_builder *b, const struct node *n)
{
    const struct reader *r = &b->w->b->r;
    if (n == NULL || n->kind != NODE_LIST || n->length == 0) {
        return complain(r, n == NULL ? b->key : n,
                        "a sump has pumps: [{run: area/device/tag, capacity: 40 m3/h}]");
    }
    bool good = n->length <= SUMP_PUMPS_MAX ||
                complain(r, n, "%u pumps; at most %d are watched", n->length, SUMP_PUMPS_MAX);
    for (const struct node *k = n->first; k != NULL; k = k->next) {
        good = add_pump(b, k) && good;
    }
    return good;
}

struct rain_nodes {
    const struct node *tag, *catchment, *runoff, *lag;
};

bool add_rain(struct leak_builder *b, const struct node *n)
{
    static const struct field fields[] = {{"tag", offsetof(struct rain_nodes, tag)},
                                          {"catchment", offsetof(struct rain_nodes, catchment)},
                                          {"runoff", offsetof(struct rain_nodes, runoff)},
                                          {"lag", offsetof(struct rain_nodes, lag)}};
    const struct reader *r = &b->w->b->r;
    struct rain_nodes m = {0};
    struct leak_rule *l = b->l;
    if (n == NULL) {
        return true;
    }
    bool good = n->kind == NODE_SCALAR || take_fields(r, n, fields, 4, &m, "`rain`");
    if (n->kind == NODE_SCALAR) {
        m.tag = n;
    } else if (m.tag == NULL && n->kind == NODE_MAPPING) {
        good = complain(r, n,
                        "`rain` says where it is measured: {tag: area/device/tag, catchment: "
                        "120000 m2}");
    }
    good = add_measured(b, m.tag, ROLE_RAIN, "rain", QUANTITY_RAIN, NULL) && good;
    good =
        read_quantity(r, m.catchment, "catchment", QUANTITY_AREA, 0, 1e10, &l->catchment) && good;
    good = read_share_of(r, m.runoff, "runoff", 1, &l->runoff) && good;
    good = read_ms(r, m.lag, "lag", 60000, 30 * 24 * MS_PER_HOUR, &l->lag_ms) && good;
    const struct node *idle = m.runoff != NULL ? m.runoff : m.lag;
    if (m.catchment == NULL && idle != NULL) {
        good = complain(r, idle,
                        "this is about rain that runs off the land; say also `catchment:` (the "
                        "pond's own surface is counted anyway)");
    }
    return good;
}

bool add_evaporation(struct leak_builder *b, const struct node *n)
{
    static const struct field fields[] = {{"tag", offsetof(struct rain_nodes, tag)}};
    const struct reader *r = &b->w->b->r;
    struct rain_nodes m = {0};
    if (n == NULL) {
        return true;
    }
    if (n->kind == NODE_SCALAR) {
        return read_quantity(r, n, "evaporation", QUANTITY_EVAPORATION, 0, 100, &b->l->evaporation);
    }
    bool good =
        take_fields(r, n, fields, 1, &m, "`evaporation` (or it is a constant, like 4 mm/d)");
    if (m.tag == NULL && n->kind == NODE_MAPPING) {
        good = complain(r, n,
                        "`evaporation` is a constant, like 4 mm/d, or a tag: {tag: "
                        "area/device/tag}");
    }
    return add_measured(b, m.tag, ROLE_EVAPORATION, "evaporation", QUANTITY_EVAPORATION, NULL) &&
           good;
}

/* Walls as a plain number of square metres are a surface too. */
bool read_walls(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    const struct node *surface = b->n.surface, *plain = b->n.area_m2;
    struct leak_rule *l = b->l;
    double area = 0;
    bool good = read_stage(b->w, b->n.stage, surface, &l->stage, &l->stage_count);
    if (plain == NULL) {
        return good;
    }
    if (surface != NULL || b->n.stage != NULL) {
        good = complain(r, plain, "`area_m2` is for straight walls; leave it or the `%s` out",
                        surface != NULL ? "surface" : "stage");
    }
    if (!read_real(r, plain, "area_m2", &area)) {
        return false;
    }
    struct node said = *plain;
    said.text = arena_printf(b->w->b->scratch, "%s m2", plain->text);
    return said.text != NULL && read_stage(b->w, NULL, &said, &l->stage, &l->stage_count) && good;
}

bool add_level(struct leak_builder *b, bool stage_needed)
{
    const struct reader *r = &b->w->b->r;
    struct leak_rule *l = b->l;
    bool good = read_walls(b);
    bool walls = b->n.stage != NULL || b->n.surface != NULL || b->n.area_m2 != NULL;
    if (b->n.level != NULL) {
        int level = -1;
        good = add_measured(b, b->n.level, ROLE_LEVEL, "level", QUANTITY_LENGTH, &level) && good;
        if (level >= 0 && good) {
            check_stage_covers(b->w, b->n.stage, b->inputs[level].tag, b->inputs[level].factor,
                               l->stage, l->stage_count);
        }
    }
    if (b->n.level == NULL && walls) {
        return complain(r,
                        b->n.stage != NULL     ? b->n.stage
                        : b->n.surface != NULL ? b->n.surface
                                               : b->n.area_m2,
                        "this turns a level into a volume, but there is no `level:`");
    }
    if (b->n.level != NULL && !walls && stage_needed) {
        return complain(r, b->n.level,
                        "a level alone is no volume; say also `stage: [[m, m3], ...]`, or "
                        "`surface: 201 m2` for straight walls");
    }
    return good;
}

/* In the order of the roles; what was an index before is one after. */
bool keep_inputs(struct leak_builder *b)
{
    struct leak_input *kept = arena_get_array(b->w->b->r.arena, b->count + 1U, sizeof *kept);
    int16_t place[LEAK_INPUTS_MAX];
    uint32_t count = 0;
    if (kept == NULL) {
        return false;
    }
    for (uint8_t role = 0; role < ROLE_COUNT; role++) {
        for (uint32_t i = 0; i < b->count; i++) {
            if (b->inputs[i].role == role) {
                place[i] = (int16_t)count;
                kept[count++] = b->inputs[i];
            }
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (kept[i].partner >= 0) {
            kept[i].partner = place[kept[i].partner];
        }
    }
    b->l->inputs = kept;
    b->l->input_count = count;
    return true;
}
