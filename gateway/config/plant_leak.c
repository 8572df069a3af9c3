/* SPDX-License-Identifier: Apache-2.0 */
/* Leak points: what all kinds have in common. */
#include "config/plant_leak.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/map_parts.h"

const char *const leak_kind_words[LEAK_KIND_COUNT] = {
    "balance", "demand", "idle", "sump", "limit", "roc", "shift", "switch", "weir", "freeboard"};
const char *const profile_words[3] = {"pond", "tank", "pipe"};

enum {
    ALL = (1 << LEAK_KIND_COUNT) - 1,
    BALANCE = 1 << LEAK_BALANCE,
    DEMAND = 1 << LEAK_DEMAND,
    IDLE = 1 << LEAK_IDLE,
    SUMP = 1 << LEAK_SUMP,
    LIMIT = 1 << LEAK_LIMIT,
    ROC = 1 << LEAK_ROC,
    SHIFT = 1 << LEAK_SHIFT,
    SWITCH = 1 << LEAK_SWITCH,
    WEIR = 1 << LEAK_WEIR,
    FREEBOARD = 1 << LEAK_FREEBOARD,
    VOLUMES = BALANCE | DEMAND | IDLE | SUMP,
    DELAYED = LIMIT | ROC | SWITCH | WEIR | FREEBOARD
};

#define KEY(word, member, in)                                                                      \
    {                                                                                              \
        {word, offsetof(struct leak_nodes, member)}, in                                            \
    }
static const struct {
    struct field field;
    unsigned kinds;
} keys[] = {
    KEY("kind", kind, ALL),
    KEY("area", area, ALL),
    KEY("about", looks.about, ALL),
    KEY("priority", looks.priority, ALL),
    KEY("latch", looks.latch, ALL),
    KEY("ack", looks.ack, ALL),
    KEY("shelve", looks.shelve, ALL),
    KEY("realarm", looks.realarm, ALL),
    KEY("tarp", looks.tarp, ALL),
    KEY("response", looks.response, ALL),
    KEY("consequence", looks.consequence, ALL),
    KEY("group", looks.group, ALL),
    KEY("suppress_by", looks.suppress_by, ALL),
    KEY("for", looks.delay, DELAYED),
    KEY("off_for", looks.off_for, DELAYED),
    KEY("learn", learn, BALANCE | DEMAND | IDLE | SUMP | SHIFT),
    KEY("blind_after", blind_after, ALL),
    KEY("clear_after", clear_after, ALL),
    KEY("proof", proof, ALL),
    KEY("profile", profile, BALANCE),
    KEY("level", level, VOLUMES | FREEBOARD),
    KEY("stage", stage, VOLUMES | FREEBOARD),
    KEY("surface", surface, VOLUMES | FREEBOARD),
    KEY("area_m2", area_m2, VOLUMES | FREEBOARD),
    KEY("in", in, BALANCE | DEMAND),
    KEY("out", out, BALANCE | DEMAND),
    KEY("flow", flow, DEMAND),
    KEY("rain", rain, BALANCE),
    KEY("evaporation", evaporation, BALANCE),
    KEY("nominal", nominal, BALANCE | DEMAND),
    KEY("mask", mask, BALANCE),
    KEY("k", k, BALANCE | DEMAND | SUMP | SHIFT),
    KEY("h", h, BALANCE | DEMAND | SUMP | SHIFT),
    KEY("c", c, BALANCE),
    KEY("c_h", c_h, BALANCE),
    KEY("step", step, BALANCE),
    KEY("tau", tau, BALANCE),
    KEY("hold", hold, BALANCE),
    KEY("bias_max", bias_max, BALANCE),
    KEY("max_gap", max_gap, VOLUMES),
    KEY("max_jump", max_jump, VOLUMES | FREEBOARD | WEIR | LIMIT | ROC | SHIFT),
    KEY("stuck_after", stuck_after, VOLUMES | FREEBOARD | WEIR | LIMIT | ROC | SHIFT),
    KEY("inlet", inlet, IDLE),
    KEY("outlet", outlet, IDLE),
    KEY("min", min, IDLE | FREEBOARD),
    KEY("pumps", pumps, SUMP),
    KEY("float", float_, SUMP),
    KEY("tag", tag, LIMIT | ROC | SHIFT),
    KEY("hh", hh, LIMIT),
    KEY("h", high_, LIMIT),
    KEY("l", l, LIMIT),
    KEY("ll", ll, LIMIT),
    KEY("deadband", deadband, LIMIT | WEIR | FREEBOARD),
    KEY("by", by, ROC),
    KEY("within", within, ROC),
    KEY("direction", direction, ROC | SHIFT),
    KEY("inputs", inputs, SWITCH),
    KEY("vote", vote, SWITCH),
    KEY("debounce", debounce, SWITCH),
    KEY("normally_closed", normally_closed, SWITCH),
    KEY("test", test, SWITCH),
    KEY("head", head, WEIR),
    KEY("angle", angle, WEIR),
    KEY("width", width, WEIR),
    KEY("zero", zero, WEIR),
    KEY("high", high, WEIR),
    KEY("crest", crest, FREEBOARD),
};
#undef KEY
enum { KEYS = sizeof keys / sizeof *keys };

/* ---- names and tags, before anything refers to them ------------------------------------------ */

static bool make_tags(struct rule_builder *w, const struct node *key, struct leak_rule *l)
{
    bool flows = l->kind == LEAK_BALANCE || l->kind == LEAK_DEMAND || l->kind == LEAK_IDLE ||
                 l->kind == LEAK_SUMP || l->kind == LEAK_WEIR;
    bool good = true;
    if (flows) {
        good = make_tag(w, key, l->area, l->name, "rate", "m3/h",
                        "How much is being lost; 0 while nothing is", 0.1, &l->tag_rate);
    }
    if (l->kind == LEAK_BALANCE || l->kind == LEAK_DEMAND) {
        good = make_tag(w, key, l->area, l->name, "unaccounted_24h", "m3",
                        "In less out less change of store, over 24 h", 1, &l->tag_unaccounted) &&
               good;
    }
    if (l->kind == LEAK_WEIR) {
        good = make_tag(w, key, l->area, l->name, "flow", "m3/h", "Flow over the weir", 0.01,
                        &l->tag_flow) &&
               good;
    }
    if (l->kind == LEAK_FREEBOARD) {
        good = make_tag(w, key, l->area, l->name, "minutes", "min", "Until the limit is reached", 1,
                        &l->tag_minutes) &&
               good;
    }
    return good;
}

static bool name_leak(struct rule_builder *w, const struct node *key, const struct node *value,
                      uint32_t index)
{
    struct leak_rule *l = &w->leaks[index];
    unsigned kind = LEAK_KIND_COUNT;
    *l = (struct leak_rule){.name = key->text,
                            .at = place_of(&w->b->r, key),
                            .area = RULE_NONE,
                            .about = "",
                            .tag_rate = TAG_NONE,
                            .tag_unaccounted = TAG_NONE,
                            .tag_flow = TAG_NONE,
                            .tag_minutes = TAG_NONE,
                            .alarm = RULE_NONE,
                            .alarm_blind = RULE_NONE,
                            .alarm_bias = RULE_NONE,
                            .alarm_health = RULE_NONE,
                            .alarm_proof = RULE_NONE};
    bool good = read_name(&w->b->r, key, "leak", &l->name) &&
                claim_name(&w->b->r, &w->leak_names, key, l->name, index, "leak");
    if (!is_mapping(&w->b->r, value, "a leak")) {
        return false;
    }
    /* What is missing is told when it is read. */
    const struct node *kind_node = node_get(value, "kind");
    w->leak_readable[index] =
        kind_node != NULL && !node_is_null(kind_node) &&
        read_word(&w->b->r, kind_node, "kind", leak_kind_words, LEAK_KIND_COUNT, &kind);
    l->kind = (uint8_t)kind;
    l->area = find_area(w->b, node_get(value, "area"));
    return good && w->leak_readable[index] && l->area != RULE_NONE && make_tags(w, key, l);
}

bool name_leaks(struct rule_builder *w, const struct node *n)
{
    struct arena *a = w->b->r.arena;
    uint32_t count = n == NULL ? 0 : n->length;
    w->leaks = arena_get_array(a, count + 1U, sizeof *w->leaks);
    w->leak_looks = arena_get_array(w->b->scratch, count + 1U, sizeof *w->leak_looks);
    w->leak_readable = arena_get_array(w->b->scratch, count + 1U, sizeof *w->leak_readable);
    if (w->leaks == NULL || w->leak_looks == NULL || w->leak_readable == NULL) {
        return false;
    }
    bool good = true;
    for (const struct node *k = n == NULL ? NULL : n->first; k != NULL; k = k->next->next) {
        if (!name_leak(w, k, k->next, w->leak_count++)) {
            lose_name(w->b, "device", k->text, k->length);
            good = false;
        }
    }
    return good;
}

/* ---- what they say ----------------------------------------------------------------------------
 */

static void defaults(struct leak_rule *l)
{
    static const int64_t quiet_ms[] = {
        [PROFILE_POND] = 6 * MS_PER_HOUR, [PROFILE_TANK] = MS_PER_HOUR, [PROFILE_PIPE] = 600000};
    double *unsaid[] = {&l->k,         &l->h,           &l->c,        &l->c_h,
                        &l->bias_max,  &l->max_jump,    &l->high,     &l->low,
                        &l->high_high, &l->low_low,     &l->deadband, &l->by,
                        &l->angle,     &l->crest_width, &l->crest,    &l->freeboard_min};
    for (size_t i = 0; i < sizeof unsaid / sizeof *unsaid; i++) {
        *unsaid[i] = UNSAID;
    }
    l->vote = 1;
    l->runoff = 0.5;
    l->lag_ms = 3 * MS_PER_HOUR;
    l->debounce_ms = 2000;
    l->rising = l->falling = true;
    l->blind_ms = l->kind == LEAK_SWITCH ? 300000 : MS_PER_HOUR;
    l->clear_hold_ms = l->kind == LEAK_BALANCE                          ? quiet_ms[l->profile]
                       : l->kind == LEAK_DEMAND || l->kind == LEAK_IDLE ? 6 * MS_PER_HOUR
                       : l->kind == LEAK_SHIFT                          ? MS_PER_HOUR
                       : l->kind == LEAK_SUMP                           ? 600000
                                                                        : 0;
}

/* Days since 1970 of a date as people write it; false: no such day. */
static bool read_date(const struct reader *r, const struct node *n, const char *what, int64_t *ms)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, what)) {
        return false;
    }
    int year = 0, month = 0, day = 0;
    char rest;
    bool good = n->length == 10 && strspn(n->text, "0123456789-") == 10 &&
                sscanf(n->text, "%4d-%2d-%2d%c", &year, &month, &day, &rest) == 3 && year >= 1970 &&
                month >= 1 && month <= 12 && day >= 1;
    bool leap = good && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (!good || day > days[month - 1] + (month == 2 && leap ? 1 : 0)) {
        return complain(r, n, "%s `%.40s` is no date; write 2026-05-01", what, n->text);
    }
    int64_t y = month <= 2 ? year - 1 : year,
            of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    int64_t number = y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468;
    *ms = number * 24 * MS_PER_HOUR;
    return true;
}

static bool read_proof(struct leak_builder *b)
{
    struct proof_nodes {
        const struct node *every, *last;
    } p = {0};
    static const struct field fields[] = {{"every", offsetof(struct proof_nodes, every)},
                                          {"last", offsetof(struct proof_nodes, last)}};
    const struct reader *r = &b->w->b->r;
    const struct node *n = b->n.proof;
    if (n == NULL) {
        return true;
    }
    bool good = take_fields(r, n, fields, 2, &p, "`proof`");
    if (n->kind == NODE_MAPPING && p.every == NULL) {
        good = complain(r, n, "a proof test is due again and again; say `every: 180d`");
    }
    good =
        read_ms(r, p.every, "every", MS_PER_HOUR, 3660 * 24 * MS_PER_HOUR, &b->l->proof_every_ms) &&
        good;
    return read_date(r, p.last, "last", &b->l->proof_last_ms) && good;
}

static bool read_common(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    struct leak_rule *l = b->l;
    b->looks->priority = PRIORITY_HIGH;
    b->looks->latch = true;
    bool good = read_looks_of_alarm(b->w, b->key, &b->n.looks, "leak", b->looks);
    l->about = b->looks->about;
    good = read_ms(r, b->n.learn, "learn", 60000, 60 * 24 * MS_PER_HOUR, &l->learn_ms) && good;
    good = read_ms(r, b->n.blind_after, "blind_after", 1000, 30 * 24 * MS_PER_HOUR, &l->blind_ms) &&
           good;
    good =
        read_ms(r, b->n.clear_after, "clear_after", 0, 30 * 24 * MS_PER_HOUR, &l->clear_hold_ms) &&
        good;
    good = read_ms_or_off(r, b->n.max_gap, "max_gap", 1000, 7 * 24 * MS_PER_HOUR, &l->max_gap_ms) &&
           good;
    good = read_ms_or_off(r, b->n.stuck_after, "stuck_after", 1000, 7 * 24 * MS_PER_HOUR,
                          &l->stuck_ms) &&
           good;
    return read_proof(b) && good;
}

static void hash_real(uint64_t *h, double x)
{
    *h = text_hash(*h, &x, sizeof x);
}

/* What is learned stays good through new limits, priorities and texts, but not through another
 * instrument, another curve or another way of averaging. */
static void seal(struct leak_builder *b)
{
    struct leak_rule *l = b->l;
    uint64_t h = text_hash(0, leak_kind_words[l->kind], strlen(leak_kind_words[l->kind]));
    const double numbers[] = {l->profile,
                              l->catchment,
                              l->runoff,
                              (double)l->lag_ms,
                              l->evaporation,
                              (double)l->step_ms,
                              (double)l->tau_ms,
                              (double)l->hold_ms,
                              (double)l->within_ms,
                              (double)l->debounce_ms,
                              l->normally_closed,
                              isnan(l->angle) ? -1 : l->angle,
                              isnan(l->crest_width) ? -1 : l->crest_width,
                              l->zero,
                              isnan(l->crest) ? -1e6 : l->crest};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        hash_real(&h, numbers[i]);
    }
    for (uint32_t i = 0; i < l->stage_count; i++) {
        hash_real(&h, l->stage[i].x);
        hash_real(&h, l->stage[i].y);
    }
    for (uint32_t i = 0; i < l->input_count; i++) {
        struct tag_facts f;
        tag_facts(b->w, l->inputs[i].tag, &f);
        h = text_hash(h, f.path, strlen(f.path) + 1);
        hash_real(&h, l->inputs[i].role);
        hash_real(&h, l->inputs[i].partner);
        hash_real(&h, l->inputs[i].factor);
        hash_real(&h, l->inputs[i].role == ROLE_PUMP ? l->inputs[i].nominal : 0);
    }
    snprintf(l->hash, sizeof l->hash, "%016jx", (uintmax_t)h);
}

static bool read_leak(struct leak_builder *b, const struct node *value)
{
    struct field fields[KEYS];
    size_t count = 0;
    char what[40];
    const struct reader *r = &b->w->b->r;
    struct leak_rule *l = b->l;
    unsigned profile = PROFILE_TANK;
    for (size_t i = 0; i < KEYS; i++) {
        if (!b->known || (keys[i].kinds >> l->kind & 1) != 0) {
            fields[count++] = keys[i].field;
        }
    }
    snprintf(what, sizeof what, "a leak%s%s", b->known ? " of kind " : "",
             b->known ? leak_kind_words[l->kind] : "");
    bool good = take_fields(r, value, fields, count, &b->n, what);
    if (b->n.kind == NULL) {
        good = complain(r, b->key,
                        "leak `%s` has no kind; say `kind:` balance, demand, idle, sump, limit, "
                        "roc, shift, switch, weir or freeboard",
                        l->name);
    }
    good = has_area(r, b->key, b->n.area) && good;
    b->profile_known =
        b->n.profile != NULL && read_word(r, b->n.profile, "profile", profile_words, 3, &profile);
    good = (b->profile_known || b->n.profile == NULL) && good;
    l->profile = (uint8_t)profile;
    defaults(l);
    good = read_common(b) && good;
    bool kind = !b->known                 ? read_loose(b)
                : l->kind == LEAK_BALANCE ? read_balance(b)
                : l->kind == LEAK_DEMAND  ? read_demand(b)
                                          : read_kind(b);
    good = kind && good;
    if (!keep_inputs(b)) {
        return false;
    }
    if (good) {
        seal(b);
    }
    return good;
}

bool read_leaks(struct rule_builder *w, const struct node *n)
{
    bool good = true;
    uint32_t index = 0;
    for (const struct node *k = n == NULL ? NULL : n->first; k != NULL;
         k = k->next->next, index++) {
        struct leak_builder b = {.w = w,
                                 .key = k,
                                 .l = &w->leaks[index],
                                 .looks = &w->leak_looks[index],
                                 .known = w->leak_readable[index]};
        good = k->next->kind == NODE_MAPPING && read_leak(&b, k->next) && good;
    }
    return good;
}
