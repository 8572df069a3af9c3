/* SPDX-License-Identifier: Apache-2.0 */
/* Leaks that are found by adding up meters: balances and zones of consumers. */
#include <string.h>

#include "base/text.h"
#include "config/plant_leak.h"

enum { RING_STEPS = 1024, BALANCE_INPUTS_MAX = 32 };

/* The evaluation period of a profile, and its longest window. */
static const struct {
    int64_t step_ms, longest_ms;
} windows[] = {[PROFILE_POND] = {600000, 128 * 600000},
               [PROFILE_TANK] = {60000, RING_STEPS * 60000},
               [PROFILE_PIPE] = {10000, 512 * 10000}};

static const int64_t demand_step_ms = 900000; /* bins of a quarter of an hour */

static bool read_overrides(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    struct leak_rule *l = b->l;
    const struct node *factors[] = {b->n.c, b->n.c_h};
    double *out[] = {&l->c, &l->c_h};
    static const char *const words[] = {"c", "c_h"};
    bool good = read_quantity(r, b->n.k, "k", QUANTITY_FLOW, 0, 1e6, &l->k);
    good = read_quantity(r, b->n.h, "h", QUANTITY_VOLUME, 0, 1e9, &l->h) && good;
    good = read_quantity(r, b->n.bias_max, "bias_max", QUANTITY_FLOW, 0, 1e6, &l->bias_max) && good;
    good =
        read_quantity(r, b->n.max_jump, "max_jump", QUANTITY_LENGTH, 0, 1e3, &l->max_jump) && good;
    for (size_t i = 0; i < 2; i++) {
        if (!read_real(r, factors[i], words[i], out[i])) {
            good = false;
        } else if (factors[i] != NULL && !(*out[i] > 0)) {
            good = complain(r, factors[i], "%s is a factor above zero", words[i]);
        }
    }
    good = read_ms(r, b->n.step, "step", 1000, 24 * MS_PER_HOUR, &l->step_ms) && good;
    good = read_ms(r, b->n.tau, "tau", 1000, 7 * 24 * MS_PER_HOUR, &l->tau_ms) && good;
    return read_ms(r, b->n.hold, "hold", 1000, 24 * MS_PER_HOUR, &l->hold_ms) && good;
}

/* A period that holds no sample of an input evaluates nothing. */
static bool check_periods(struct leak_builder *b, int64_t step_ms, const struct node *step)
{
    bool good = true;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct leak_input *in = &b->inputs[i];
        struct tag_facts f;
        if (in->every_ms <= step_ms) {
            continue;
        }
        char a[32], c[32];
        tag_facts(b->w, in->tag, &f);
        good =
            complain_at(&b->w->b->r, step == NULL ? in->at : place_of(&b->w->b->r, step),
                        "the balance is evaluated every %s, but `%s` is read every %s only; read "
                        "it more often, or say a longer `step:`",
                        text_from_duration(a, step_ms * NS_PER_MS), f.slowest,
                        text_from_duration(c, in->every_ms * NS_PER_MS));
    }
    return good;
}

static bool check_windows(struct leak_builder *b, int64_t step_ms)
{
    const struct leak_rule *l = b->l;
    const struct reader *r = &b->w->b->r;
    int64_t longest_ms = windows[l->profile].longest_ms, ring_ms = RING_STEPS * step_ms;
    int64_t kept_ms = ring_ms < longest_ms ? ring_ms : longest_ms;
    char kept[32];
    const struct {
        const char *word;
        const struct node *n;
        int64_t ms;
    } spans[] = {{"tau", b->n.tau, l->tau_ms}, {"hold", b->n.hold, l->hold_ms}};
    bool good = true;
    for (size_t i = 0; i < 2; i++) {
        if (spans[i].n != NULL && spans[i].ms > kept_ms) {
            good = complain(r, spans[i].n,
                            "%s is %s, longer than the %s of history that a %s keeps at a step of "
                            "%g s; make it shorter",
                            spans[i].word, spans[i].n->text,
                            text_from_duration(kept, kept_ms * NS_PER_MS),
                            profile_words[l->profile], (double)step_ms / 1000);
        }
    }
    if (step_ms * 4 > longest_ms) {
        good = complain(r, b->n.step,
                        "step is %s; the longest window of a %s is %s and has to hold four of them",
                        b->n.step->text, profile_words[l->profile],
                        text_from_duration(kept, longest_ms * NS_PER_MS));
    }
    return good;
}

static bool read_profile(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    struct leak_rule *l = b->l;
    if (b->n.profile == NULL) {
        complain(r, b->key, "balance `%s` has no profile; say `profile: pond`, tank or pipe",
                 l->name);
    }
    if (l->profile != PROFILE_PIPE) {
        if (b->n.level == NULL && b->profile_known) {
            complain(r, b->key,
                     "`%s` is a %s, which stores water; without its level nobody can tell a "
                     "leak from filling; say `level:` and `stage:`",
                     l->name, profile_words[l->profile]);
        }
        if (b->n.level == NULL) {
            read_walls(b);
            return false;
        }
        return add_level(b, b->profile_known) && b->profile_known;
    }
    const struct node *stores[] = {b->n.level,   b->n.stage, b->n.surface,
                                   b->n.area_m2, b->n.rain,  b->n.evaporation};
    static const char *const words[] = {"level",   "stage", "surface",
                                        "area_m2", "rain",  "evaporation"};
    bool good = true;
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        if (stores[i] != NULL) {
            good = complain(r, stores[i],
                            "a full pipe stores nothing and has no surface, so `%s` means nothing "
                            "here; leave it out, or take `profile: tank`",
                            words[i]);
        }
    }
    return good;
}

static bool read_nominal(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    double sum = 0;
    bool all = true;
    if (b->n.nominal != NULL) {
        return read_quantity(r, b->n.nominal, "nominal", QUANTITY_FLOW, 0, 1e7, &b->l->nominal) &&
               (b->l->nominal > 0 ||
                complain(r, b->n.nominal,
                         "nominal is %s; it is the usual flow, above zero: thresholds are shares "
                         "of it",
                         b->n.nominal->text));
    }
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->inputs[i].role == ROLE_IN) {
            sum += b->inputs[i].nominal;
            all = all && b->inputs[i].nominal > 0;
        }
    }
    if (all && sum > 0) {
        return complain(r, b->key,
                        "balance `%s` has no nominal; from its inlets: `nominal: %g m3/h`",
                        b->l->name, sum);
    }
    return complain(r, b->key,
                    "balance `%s` has no nominal; say the flow that usually comes in, like "
                    "`nominal: 420 m3/h`: thresholds are shares of it",
                    b->l->name);
}

bool read_balance(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    static const char *const words[] = {"in", "out"};
    const struct node *lists[] = {b->n.in, b->n.out};
    bool good = read_profile(b);
    good = add_meters(b, b->n.in, ROLE_IN, "in") && good;
    good = add_meters(b, b->n.out, ROLE_OUT, "out") && good;
    for (int i = 0; i < 2; i++) {
        if (lists[i] == NULL || (lists[i]->kind == NODE_LIST && lists[i]->length == 0)) {
            good = complain(r, lists[i] == NULL ? b->key : lists[i],
                            "balance `%s` has nothing that flows %s; say `%s: [{flow: "
                            "area/device/tag}]`%s",
                            b->l->name, words[i], words[i],
                            b->l->profile == PROFILE_PIPE ? ""
                                                          : ", or take `kind: idle`, which needs "
                                                            "no meter");
        }
    }
    good = add_booleans(b, b->n.mask, ROLE_MASK, "mask") && good;
    if (b->l->profile != PROFILE_PIPE) {
        good = add_rain(b, b->n.rain) && good;
        good = add_evaporation(b, b->n.evaporation) && good;
    }
    good = read_nominal(b) && good;
    good = read_overrides(b) && good;
    if (b->count > BALANCE_INPUTS_MAX) {
        good = complain(r, b->key, "balance `%s` has %u inputs; at most %d are added up",
                        b->l->name, b->count, BALANCE_INPUTS_MAX);
    }
    if (!b->profile_known || (b->n.step != NULL && b->l->step_ms == 0)) {
        return false;
    }
    int64_t step_ms = b->l->step_ms > 0 ? b->l->step_ms : windows[b->l->profile].step_ms;
    good = check_windows(b, step_ms) && good;
    return check_periods(b, step_ms, b->n.step) && good;
}

/* For consumers nobody measures: what goes in, less what is known to come out, by time of week. */
bool read_demand(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    bool good = true;
    if (b->n.flow != NULL && (b->n.in != NULL || b->n.out != NULL)) {
        good = complain(r, b->n.flow,
                        "`flow` is the whole net flow; leave it, or `in` and `out`, "
                        "out");
    }
    if (b->n.flow == NULL && b->n.in == NULL) {
        good = complain(r, b->key,
                        "demand `%s` measures nothing; say `in: [{flow: area/device/tag}]` (and "
                        "`out:`), or `flow: area/device/tag`",
                        b->l->name);
    }
    good = add_measured(b, b->n.flow, ROLE_VALUE, "flow", QUANTITY_FLOW, NULL) && good;
    good = add_meters(b, b->n.in, ROLE_IN, "in") && good;
    good = add_meters(b, b->n.out, ROLE_OUT, "out") && good;
    if (b->n.in != NULL && b->n.in->kind == NODE_LIST && b->n.in->length == 0) {
        good = complain(r, b->n.in, "`in` is a list of meters, like [{flow: area/device/tag}]");
    }
    good = add_level(b, true) && good;
    good = read_quantity(r, b->n.nominal, "nominal", QUANTITY_FLOW, 0, 1e7, &b->l->nominal) && good;
    const struct node *plain[] = {b->n.k, b->n.h};
    double *out[] = {&b->l->k, &b->l->h};
    for (size_t i = 0; i < 2; i++) {
        if (!read_real(r, plain[i], i == 0 ? "k" : "h", out[i])) {
            good = false;
        } else if (plain[i] != NULL && !(*out[i] > 0)) {
            good = complain(r, plain[i], "%s is in standard deviations, above zero",
                            i == 0 ? "k" : "h");
        }
    }
    good = read_quantity(r, b->n.max_jump, "max_jump", QUANTITY_LENGTH, 0, 1e3, &b->l->max_jump) &&
           good;
    return check_periods(b, demand_step_ms, NULL) && good;
}
