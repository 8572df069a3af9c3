/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be watched, of every kind, as the rooms behind get it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/plant.h"

static const char map_text[] =
    "format: 1\n"
    "tags:\n"
    "  level: {at: input 0, type: u16, scale: 0.001, unit: m, valid: [0, 4]}\n"
    "  flow: {at: input 1, type: u16, scale: 0.1, unit: m3/h}\n"
    "  flow2: {at: input 2, type: u16, scale: 0.1, unit: l/s}\n"
    "  rain: {at: input 3, type: u16, scale: 0.1, unit: mm/h}\n"
    "  head: {at: input 4, type: u16, scale: 0.1, unit: mm}\n"
    "  pressure: {at: input 5, type: u16, scale: 0.1, unit: bar}\n"
    "  status: {at: input 6, type: u16, bits: {0: running, 1: valve, 2: wet1, 3: wet2, 4: wet3, 5: "
    "float, 6: test}}\n"
    "  mode: {at: input 7, type: u16, enum: {0: stopped, 1: running, 2: fault}}\n"
    "  count: {at: input 8, type: u16}\n"
    "  evap: {at: input 9, type: u16, unit: mm/d}\n"
    "  name: {at: input 10, type: string, len: 4}\n"
    "  slow: {at: input 20, type: u16, unit: m3/h, every: 20m}\n";

static const char plant_text[] =
    "format: 1\n"
    "site: s\n"
    "gateway: g\n"
    "timezone: America/Toronto\n"
    "lines: {plc: {connect: \"tcp://127.0.0.1:1502\"}}\n"
    "areas:\n"
    "  mill: Milling area\n"
    "  tailings: {title: Tailings dam, neighbours: [mill]}\n"
    "devices:\n"
    "  a: {map: m, line: plc, unit: 1, area: mill}\n"
    "  b: {map: m, line: plc, unit: 2, area: tailings, every: 5s}\n"
    "derived:\n"
    "  mill/both/difference: {of: {x: mill/a/level, y: tailings/b/level}, is: x - y, unit: m}\n"
    "alarm_settings: {comm: {priority: high, after: 45s}, signals: {priority: medium}, flood: "
    "{begin: 12, end: 4}, max_shelve: 4h}\n"
    "alarms:\n"
    "  mill/a/level-high: {tag: mill/a/level, above: 1.2, clear: 1.0, for: 5s, priority: high, "
    "about: Water}\n"
    "  mill/a/level-low: {tag: mill/a/level, below: 20 cm, samples: 2}\n"
    "  mill/a/fault: {tag: mill/a/mode, is: fault, priority: critical, consequence: c, response: "
    "r, tarp: 2}\n"
    "  mill/a/wet: {tag: mill/a/status.wet1, is: true, latch: true, group: floods}\n"
    "  mill/a/fast: {tag: mill/a/level, rises: 0.5, within: 10m, suppress_by: mill/a/status.test, "
    "shelve: 2h, realarm: 30m}\n"
    "  mill/both/large: {tag: mill/both/difference, above: 1 m, about: Apart}\n"
    "  tailings/tailings-dam/day: {tag: tailings/dam/unaccounted_24h, above: 400}\n"
    "leaks:\n"
    "  dam:\n"
    "    kind: balance\n"
    "    profile: pond\n"
    "    area: tailings\n"
    "    level: tailings/b/level\n"
    "    stage: [[0, 0], [1, 24000], [2, 54000], [4, 90000]]\n"
    "    in:  [{flow: mill/a/flow, accuracy: 0.5%}]\n"
    "    out: [{flow: tailings/b/flow, run: tailings/b/status.running, accuracy: 0.5%}, "
    "tailings/b/flow2]\n"
    "    rain: {tag: tailings/b/rain, catchment: 12 ha, runoff: 0.5, lag: 3h}\n"
    "    evaporation: 4 mm/d\n"
    "    nominal: 420 m3/h\n"
    "    mask: [tailings/b/status.valve]\n"
    "    response: Walk\n"
    "    proof: {every: 180d, last: 2026-05-01}\n"
    "  zone: {kind: demand, area: mill, in: [{flow: mill/a/flow}], about: z}\n"
    "  quiet: {kind: idle, area: mill, level: mill/a/level, surface: 201 m2, inlet: "
    "mill/a/status.running, outlet: [mill/a/status.valve], min: 0.2 m3/h, about: z}\n"
    "  pit: {kind: sump, area: mill, level: mill/a/level, area_m2: 6, pumps: [{run: "
    "mill/a/status.running, capacity: 40 m3/h, flow: mill/a/flow}], float: mill/a/status.float, "
    "about: z}\n"
    "  lim: {kind: limit, area: mill, tag: mill/a/level, hh: 3, h: 2, l: 1, ll: 0.5, for: 1s, "
    "about: z}\n"
    "  rate: {kind: roc, area: mill, tag: mill/a/level, by: 0.1, within: 10m, direction: rising, "
    "about: z}\n"
    "  sh: {kind: shift, area: mill, tag: mill/a/pressure, k: 1, h: 20, about: z}\n"
    "  sw: {kind: switch, area: mill, inputs: [mill/a/status.wet1, mill/a/status.wet2, "
    "mill/a/status.wet3], vote: 2oo3, test: mill/a/status.test, priority: critical, response: r, "
    "consequence: c}\n"
    "  notch: {kind: weir, area: mill, head: mill/a/head, angle: 90, zero: 1 cm, high: 30 m3/h, "
    "about: z}\n"
    "  free: {kind: freeboard, area: tailings, level: tailings/b/level, crest: 6.0 m, min: 1.0 m, "
    "about: z}\n"
    "equipment:\n"
    "  switchgear: {class: switchgear, area: mill, floor: 0.4 m, water: mill/a/level, running: "
    "mill/a/mode, wet: mill/a/status.wet1, owner: X, warn: 1h, checks: {insulation: {sign: value, "
    "low: 5, unit: MOhm}, temp: {text: cool, tag: mill/a/pressure, low: 1, high: 2, for: 10m}}}\n"
    "incidents:\n"
    "  bulletins: {every: 4h, first: 1h for 6h}\n"
    "  basins:\n"
    "    pit-floor: {area: mill, level: mill/a/level, surface: 100 m2, target: 5 cm, pumps: [{run: "
    "mill/a/status.running, flow: mill/a/flow2}], wet: [mill/a/status.wet1]}\n";

static struct arena *arena;
static struct diags *ds;
static const struct plant *p;

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const struct plant *load(const char *text)
{
    struct plant_options options = {.library = "nowhere"};
    write_file("plant.yaml", text);
    const struct plant *loaded = plant_load(arena, "plant.yaml", &options, ds);
    if (loaded == NULL) {
        diags_print(ds, stderr);
    }
    return loaded;
}

static int in_a_folder(void **state)
{
    static char folder[] = "/tmp/headgate-test-XXXXXX";
    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("maps", 0700) != 0) {
        return -1;
    }
    arena = arena_new(0);
    ds = diags_new();
    write_file("maps/m.yaml", map_text);
    p = load(plant_text);
    return p == NULL;
}

static int out_of_it(void **state)
{
    char folder[64];
    (void)state;
    diags_free(ds);
    arena_free(arena);
    if (getcwd(folder, sizeof folder) == NULL) {
        return -1;
    }
    unlink("plant.yaml");
    unlink("maps/m.yaml");
    rmdir("maps");
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static uint32_t tag(const char *path)
{
    uint32_t t = plant_find_tag(p, path);
    if (t == TAG_NONE) {
        fail_msg("no tag %s", path);
    }
    return t;
}

static const struct alarm_rule *alarm_of(const char *path)
{
    for (uint32_t i = 0; i < p->alarm_count; i++) {
        if (strcmp(p->alarms[i].path, path) == 0) {
            return &p->alarms[i];
        }
    }
    fail_msg("no alarm %s", path);
    return NULL;
}

static const struct leak_rule *leak_of(const char *name)
{
    for (uint32_t i = 0; i < p->leak_count; i++) {
        if (strcmp(p->leaks[i].name, name) == 0) {
            return &p->leaks[i];
        }
    }
    fail_msg("no leak %s", name);
    return NULL;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

static void neighbours_are_neighbours_both_ways(void **state)
{
    (void)state;
    assert_string_equal(p->timezone, "America/Toronto");
    assert_string_equal(p->areas[0].title, "Milling area");
    assert_string_equal(p->areas[1].title, "Tailings dam");
    assert_int_equal(p->areas[0].neighbour_count, 1);
    assert_int_equal(p->areas[0].neighbours[0], 1);
    assert_int_equal(p->areas[1].neighbour_count, 1);
    assert_int_equal(p->areas[1].neighbours[0], 0);
}

static void settings_reach_the_alarms(void **state)
{
    (void)state;
    const struct alarm_settings *s = &p->alarm_settings;
    assert_true(s->comm && s->signals);
    assert_int_equal(s->comm_priority, PRIORITY_HIGH);
    assert_int_equal(s->flood_begin, 12);
    assert_int_equal(s->flood_end, 4);
    assert_int_equal(alarm_of("mill/a/comm-lost")->on_delay_ms, 45000);
    assert_int_equal(alarm_of("mill/a/level.signal")->priority, PRIORITY_MEDIUM);
    assert_int_equal(alarm_of("mill/a/level-high")->max_shelve_ms, 4 * 3600000);
}

static void a_written_alarm_keeps_what_was_said(void **state)
{
    (void)state;
    const struct alarm_rule *high = alarm_of("mill/a/level-high");
    const struct alarm_condition *c = &p->conditions[high->origin_index];
    assert_int_equal(high->origin, ALARM_CONDITION);
    assert_int_equal(high->priority, PRIORITY_HIGH);
    assert_int_equal(high->on_delay_ms, 5000);
    assert_int_equal(high->off_delay_ms, 5000);
    assert_string_equal(high->about, "Water");
    assert_string_equal(high->response, "");
    assert_true(high->ack_required && high->shelvable && !high->latch);
    assert_int_equal(c->tag, tag("mill/a/level"));
    assert_int_equal(c->kind, CONDITION_ABOVE);
    assert_true(near(c->limit, 1.2) && near(c->clear, 1.0));
    assert_int_equal(c->samples, 1);
    const struct alarm_rule *fault = alarm_of("mill/a/fault");
    assert_string_equal(p->conditions[fault->origin_index].word, "fault");
    assert_int_equal(fault->tarp, 2);
    assert_false(fault->shelvable);
    assert_int_equal(fault->realarm_ms, 30 * 60000);
    assert_int_equal(fault->on_delay_ms, 2000);
    const struct alarm_rule *wet = alarm_of("mill/a/wet");
    assert_true(wet->latch);
    assert_null(p->conditions[wet->origin_index].word);
    assert_true(near(p->conditions[wet->origin_index].limit, 1));
    assert_string_equal(wet->group_name, "floods");
    const struct alarm_rule *fast = alarm_of("mill/a/fast");
    assert_int_equal(fast->suppress_by, tag("mill/a/status.test"));
    assert_int_equal(fast->max_shelve_ms, 2 * 3600000);
    assert_int_equal(p->conditions[fast->origin_index].within_ms, 600000);
}

static void what_is_unsaid_follows_from_the_signal(void **state)
{
    (void)state;
    const struct alarm_rule *low = alarm_of("mill/a/level-low");
    const struct alarm_condition *c = &p->conditions[low->origin_index];
    assert_int_equal(low->priority, PRIORITY_MEDIUM);
    assert_int_equal(low->on_delay_ms, 60000);
    assert_true(near(c->limit, 0.2)); /* 20 cm of a tag in m */
    assert_true(near(c->clear, 0.4)); /* 5 % of 4 m above */
    assert_int_equal(c->samples, 2);
}

static void a_lost_device_hides_what_is_its_own(void **state)
{
    (void)state;
    uint32_t line = (uint32_t)(alarm_of("gateway/plc/line-lost") - p->alarms);
    uint32_t lost = (uint32_t)(alarm_of("mill/a/comm-lost") - p->alarms);
    assert_int_equal(p->alarms[line].parent, RULE_NONE);
    assert_int_equal(p->alarms[line].area, RULE_NONE);
    assert_int_equal(p->alarms[lost].parent, line);
    assert_int_equal(alarm_of("mill/a/level-high")->parent, lost);
    assert_int_equal(alarm_of("mill/a/flow.signal")->parent, lost);
    assert_int_equal(alarm_of("tailings/dam/blind")->parent, RULE_NONE);
    assert_int_equal(alarm_of("tailings/tailings-dam/day")->parent, RULE_NONE);
}

/* The level of one device less that of another, as a plant file writes it. */
static void what_comes_of_two_devices_waits_for_both(void **state)
{
    (void)state;
    const struct alarm_rule *both = alarm_of("mill/both/difference.signal");
    assert_int_equal(both->parent, RULE_NONE);
    assert_int_equal(both->on_delay_ms, 45000);
    assert_int_equal(alarm_of("mill/a/flow.signal")->on_delay_ms, 0); /* its parent's counts */
}

static void groups_are_of_areas_and_instruments_apart(void **state)
{
    (void)state;
    const struct alarm_rule *high = alarm_of("mill/a/level-high");
    assert_string_equal(high->group_name, "mill");
    assert_int_equal(alarm_of("mill/pit/leak")->group, high->group);
    assert_string_equal(alarm_of("mill/a/level.signal")->group_name, "mill.instruments");
    assert_string_equal(alarm_of("gateway/alarms/flood")->group_name, "gateway.instruments");
}

static const struct leak_input *input(const struct leak_rule *l, enum input_role role, uint32_t nth)
{
    for (uint32_t i = 0; i < l->input_count; i++) {
        if (l->inputs[i].role == role && nth-- == 0) {
            return &l->inputs[i];
        }
    }
    fail_msg("%s has no such input", l->name);
    return NULL;
}

static void a_balance_has_its_inputs_in_order(void **state)
{
    (void)state;
    const struct leak_rule *l = leak_of("dam");
    assert_int_equal(l->kind, LEAK_BALANCE);
    assert_int_equal(l->profile, PROFILE_POND);
    assert_int_equal(l->input_count, 7);
    for (uint32_t i = 1; i < l->input_count; i++) {
        assert_true(l->inputs[i - 1].role <= l->inputs[i].role);
    }
    const struct leak_input *first = input(l, ROLE_OUT, 0), *second = input(l, ROLE_OUT, 1);
    assert_int_equal(first->tag, tag("tailings/b/flow"));
    assert_int_equal(l->inputs[first->partner].tag, tag("tailings/b/status.running"));
    assert_true(near(first->accuracy, 0.005) && near(first->factor, 1));
    assert_int_equal(first->every_ms, 5000);
    assert_int_equal(second->partner, -1);
    assert_true(near(second->factor, 3.6));
    assert_true(input(l, ROLE_RUN, 0)->digital && !first->digital);
    assert_int_equal(input(l, ROLE_MASK, 0)->tag, tag("tailings/b/status.valve"));
    assert_true(near(l->nominal, 420) && near(l->catchment, 120000) && near(l->runoff, 0.5));
    assert_int_equal(l->lag_ms, 3 * 3600000);
    assert_true(near(l->evaporation, 4));
    assert_int_equal(l->stage_count, 4);
    assert_true(near(l->stage[2].y, 54000));
    assert_true(isnan(l->k) && isnan(l->h) && isnan(l->c) && isnan(l->bias_max));
    assert_int_equal(l->blind_ms, 3600000);
    assert_int_equal(l->clear_hold_ms, 6 * 3600000);
    assert_int_equal(l->proof_every_ms, INT64_C(180) * 24 * 3600000);
    assert_int_equal(l->proof_last_ms, INT64_C(1777593600000));
}

static void a_leak_brings_alarms_and_tags_along(void **state)
{
    (void)state;
    const struct leak_rule *l = leak_of("dam");
    const struct alarm_rule *a = &p->alarms[l->alarm];
    assert_string_equal(a->path, "tailings/dam/leak");
    assert_int_equal(a->priority, PRIORITY_HIGH);
    assert_true(a->latch && a->ack_required);
    assert_string_equal(a->response, "Walk");
    assert_int_equal(p->leaks + a->origin_index - l, 0);
    assert_string_equal(p->alarms[l->alarm_blind].path, "tailings/dam/blind");
    assert_string_equal(p->alarms[l->alarm_bias].path, "tailings/dam/bias");
    assert_string_equal(p->alarms[l->alarm_proof].path, "tailings/dam/proof");
    assert_int_equal(l->alarm_health, RULE_NONE);
    assert_int_equal(leak_of("zone")->alarm_bias, RULE_NONE);
    assert_string_equal(p->alarms[leak_of("pit")->alarm_health].path, "mill/pit/pump");
    assert_int_equal(l->tag_rate, tag("tailings/dam/rate"));
    assert_int_equal(l->tag_unaccounted, tag("tailings/dam/unaccounted_24h"));
    assert_int_equal(leak_of("notch")->tag_flow, tag("mill/notch/flow"));
    assert_int_equal(leak_of("free")->tag_minutes, tag("tailings/free/minutes"));
    assert_int_equal(leak_of("sw")->tag_rate, TAG_NONE);
    const struct derived *made = &p->derived[l->tag_rate - p->first_derived];
    assert_null(made->expression);
    assert_int_equal(made->input_count, 0);
    assert_string_equal(made->point.unit, "m3/h");
    assert_string_equal(made->point.key, "\"rate\":");
    assert_int_equal(p->tag_count, p->first_derived + p->derived_count);
}

static void every_kind_gets_its_numbers(void **state)
{
    (void)state;
    const struct leak_rule *idle = leak_of("quiet"), *sump = leak_of("pit"),
                           *limit = leak_of("lim");
    const struct leak_rule *roc = leak_of("rate"), *shift = leak_of("sh"), *sw = leak_of("sw");
    const struct leak_rule *weir = leak_of("notch"), *free_ = leak_of("free");
    assert_true(near(idle->k, 0.2));
    assert_true(
        near((idle->stage[1].y - idle->stage[0].y) / (idle->stage[1].x - idle->stage[0].x), 201));
    assert_int_equal(input(idle, ROLE_INLET, 0)->tag, tag("mill/a/status.running"));
    assert_int_equal(input(idle, ROLE_OUTLET, 0)->tag, tag("mill/a/status.valve"));
    assert_true(near(input(sump, ROLE_PUMP, 0)->nominal, 40));
    assert_int_equal(sump->inputs[input(sump, ROLE_OUT, 0)->partner].role, ROLE_PUMP);
    assert_int_equal(input(sump, ROLE_FLOAT, 0)->tag, tag("mill/a/status.float"));
    assert_true(near(limit->high_high, 3) && near(limit->high, 2) && near(limit->low, 1));
    assert_true(near(limit->low_low, 0.5) && near(limit->deadband, 0.2));
    assert_int_equal(p->alarms[limit->alarm].on_delay_ms, 1000);
    assert_int_equal(p->alarms[limit->alarm].off_delay_ms, 1000); /* it says `for` only */
    assert_string_equal(limit->unit, "m");
    assert_null(idle->unit);
    assert_true(near(roc->by, 0.1) && roc->rising && !roc->falling);
    assert_int_equal(roc->within_ms, 600000);
    assert_true(near(shift->k, 1) && near(shift->h, 20) && shift->rising && shift->falling);
    assert_int_equal(sw->vote, 2);
    assert_int_equal(sw->input_count, 4);
    assert_int_equal(sw->debounce_ms, 2000);
    assert_int_equal(sw->blind_ms, 300000);
    assert_int_equal(input(sw, ROLE_TEST, 0)->tag, tag("mill/a/status.test"));
    assert_true(near(weir->angle, 90) && near(weir->zero, 0.01) && near(weir->high, 30));
    assert_true(isnan(weir->crest_width));
    assert_true(near(input(weir, ROLE_HEAD, 0)->factor, 0.001));
    assert_true(near(free_->crest, 6) && near(free_->freeboard_min, 1));
}

static const struct check_item *check(const struct equipment *e, const char *name)
{
    for (uint32_t i = 0; i < e->check_count; i++) {
        if (strcmp(e->checks[i].name, name) == 0) {
            return &e->checks[i];
        }
    }
    return NULL;
}

static void equipment_has_a_list_of_its_class_and_what_was_added(void **state)
{
    (void)state;
    const struct equipment *e = &p->equipment[0];
    assert_int_equal(e->class_, CLASS_SWITCHGEAR);
    assert_true(near(e->floor, 0.4));
    assert_int_equal(e->warn_ms, 3600000);
    assert_int_equal(e->basin, 0);
    assert_int_equal(e->device, 0);
    assert_string_equal(e->owner, "X");
    assert_string_equal(p->alarms[e->alarm_threat].path, "mill/switchgear/water");
    assert_int_equal(e->tag_minutes, tag("mill/switchgear/minutes-to-floor"));
    assert_int_equal(check(e, "below-floor")->builtin, BUILTIN_BELOW_FLOOR);
    assert_int_equal(check(e, "below-floor")->for_ms, 24 * 3600000);
    assert_int_equal(check(e, "comm-good")->for_ms, 30 * 60000);
    assert_int_equal(check(e, "insulation")->kind, CHECK_MANUAL);
    assert_true(check(e, "insulation")->wants_value && near(check(e, "insulation")->low, 5));
    assert_int_equal(check(e, "temp")->tag, tag("mill/a/pressure"));
    assert_int_equal(check(e, "temp")->for_ms, 600000);
    assert_null(check(e, "load-run"));
}

static void a_basin_knows_its_pumps(void **state)
{
    (void)state;
    const struct basin *b = &p->basins[0];
    assert_string_equal(b->name, "pit-floor");
    assert_true(near(b->target, 0.05));
    assert_int_equal(b->pump_count, 1);
    assert_string_equal(b->pumps[0].name, "a");
    assert_true(near(b->pumps[0].flow_factor, 3.6));
    assert_int_equal(b->wet_count, 1);
    assert_int_equal(b->tag_volume, tag("mill/pit-floor/volume"));
    assert_string_equal(p->alarms[b->alarm_stalled].path, "mill/pit-floor/stalled");
    assert_int_equal(p->incidents.every_ms, 4 * 3600000);
    assert_int_equal(p->incidents.first_every_ms, 3600000);
    assert_int_equal(p->incidents.first_for_ms, 6 * 3600000);
    assert_true(p->incidents.automatic && !p->incidents.drill);
    assert_int_equal(p->incidents.capture_ms, 600000);
}

static char *changed(const char *what, const char *into)
{
    const char *at = strstr(plant_text, what);
    assert_non_null(at);
    return arena_printf(arena, "%.*s%s%s", (int)(at - plant_text), plant_text, into,
                        at + strlen(what));
}

static void the_hash_changes_with_what_is_learned_and_with_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *what, *into;
        bool same;
    } cases[] = {
        {"response: Walk", "response: Run", true},
        {"nominal: 420 m3/h", "nominal: 400 m3/h\n    k: 3 m3/h\n    priority: medium", true},
        {"[2, 54000]", "[2, 54001]", false},
        {", tailings/b/flow2]", "]", false},
        {"catchment: 12 ha", "catchment: 13 ha", false},
        {"nominal: 420 m3/h", "nominal: 420 m3/h\n    tau: 40m", false},
    };
    const char *hash = leak_of("dam")->hash;
    assert_int_equal(strlen(hash), 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct plant *other = load(changed(cases[i].what, cases[i].into));
        assert_non_null(other);
        if ((strcmp(other->leaks[0].hash, hash) == 0) != cases[i].same) {
            fail_msg("%s", cases[i].into);
        }
    }
}

/* A story's clock: the gateway asks as often as ever, and from answer to answer more time passes.
 */
static void a_story_stretches_the_time_between_readings(void **state)
{
    (void)state;
    const struct plant_options options = {.library = "nowhere", .pace = 60};
    struct diags *own = diags_new();
    write_file("plant.yaml", plant_text);
    const struct plant *story = plant_load(arena, "plant.yaml", &options, own);
    const struct leak_rule *l = leak_of("dam");
    assert_non_null(story);
    for (uint32_t i = 0; i < l->input_count; i++)
        assert_int_equal(story->leaks[0].inputs[i].every_ms, 60 * l->inputs[i].every_ms);
    diags_free(own);
}

static void nothing_to_watch_brings_nothing_along(void **state)
{
    (void)state;
    const struct plant *quiet =
        load("format: 1\nsite: s\ngateway: g\nlines: {plc: {connect: \"tcp://h\"}}\n"
             "areas: {mill: Mill}\n"
             "devices: {a: {map: m, line: plc, unit: 1, area: mill}}\n");
    assert_non_null(quiet);
    assert_string_equal(quiet->timezone, "UTC");
    assert_int_equal(quiet->alarm_count, 0);
    assert_int_equal(quiet->derived_count, 0);
    const struct plant *deaf =
        load("format: 1\nsite: s\ngateway: g\nlines: {plc: {connect: \"tcp://h\"}}\n"
             "areas: {mill: Mill}\nalarm_settings: {comm: false, signals: false}\n"
             "devices: {a: {map: m, line: plc, unit: 1, area: mill}}\n"
             "alarms: {mill/a/x: {tag: mill/a/level, above: 1}}\n");
    assert_non_null(deaf);
    assert_int_equal(deaf->alarm_count, 2); /* its own, and too many at once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_are_neighbours_both_ways),
        cmocka_unit_test(settings_reach_the_alarms),
        cmocka_unit_test(a_written_alarm_keeps_what_was_said),
        cmocka_unit_test(what_is_unsaid_follows_from_the_signal),
        cmocka_unit_test(a_lost_device_hides_what_is_its_own),
        cmocka_unit_test(what_comes_of_two_devices_waits_for_both),
        cmocka_unit_test(groups_are_of_areas_and_instruments_apart),
        cmocka_unit_test(a_balance_has_its_inputs_in_order),
        cmocka_unit_test(a_leak_brings_alarms_and_tags_along),
        cmocka_unit_test(every_kind_gets_its_numbers),
        cmocka_unit_test(equipment_has_a_list_of_its_class_and_what_was_added),
        cmocka_unit_test(a_basin_knows_its_pumps),
        cmocka_unit_test(the_hash_changes_with_what_is_learned_and_with_nothing_else),
        cmocka_unit_test(a_story_stretches_the_time_between_readings),
        cmocka_unit_test(nothing_to_watch_brings_nothing_along),
    };
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
