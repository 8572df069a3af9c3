/* SPDX-License-Identifier: Apache-2.0 */
/* From samples to C: means over blocks, gaps, new footings. */
#include "watch/balance.h"

#include <math.h>

#include "watch/stage.h"

static const double mm = 0.001, day_h = 24;
static const double dead_share = 0.02, ghost_share = 0.05; /* of nominal: as signal.h has it */
static const int64_t lied_ms = 150000; /* a meter that lies is found out after two minutes */
static const int64_t outage_steps = 3, outage_least_ms = 60000;

static bool piped(const struct balance *b)
{
    return b->rule.settle == 0;
}

static uint32_t inputs(const struct leak_context *c)
{
    return c->rule->input_count < BALANCE_INPUTS ? c->rule->input_count : BALANCE_INPUTS;
}

static void init(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct balance *b = state;
    *b = (struct balance){.rule = balance_rule_of(c)};
    b->block_ms = now_ms - now_ms % b->rule.step_ms;
    b->begin_ms = b->seen_ms = b->fed_ms = b->state_ms = now_ms;
    b->standing = piped(b);
    b->leak.recent = (double)NAN;
    ledger_init(&b->ledger, b->rule.step_ms);
    for (uint32_t i = 0; i < BALANCE_INPUTS; i++)
        hold_init(&b->hold[i], now_ms);
}

/* Takes back what was evaluated from `from_ms` on, and begins anew where the balance stood then. */
static void lose(struct balance *b, const int64_t *from_ms)
{
    if (!from_ms && b->tainted)
        from_ms = &b->tainted_ms;
    uint32_t back = from_ms ? window_since(&b->window, (uint64_t)(*from_ms / b->rule.step_ms)) : 0;
    window_drop(&b->window, back);
    ledger_skip(&b->ledger, b->missed);
    b->missed = 0;
    b->flowed = 0;
    b->tainted = false;
    if (!b->standing && !b->settled)
        return;
    uint32_t held = b->window.count < b->rule.settle ? b->window.count : b->rule.settle;
    if (piped(b)) {
        if (back && b->window.count) {
            b->total = window_mean(&b->window, 0, 1);
            cusum_rebase(&b->cusum, b->total);
        }
        return;
    }
    if (b->standing)
        b->target = held ? window_mean(&b->window, 0, held) : b->total;
    b->standing = false;
    b->settled = 0;
    b->settle_run = b->settle_sum = 0;
}

/* A new footing: one block's level is noise, so C goes on where it was only once several blocks
 * have been averaged; what they show among themselves isn't lost. */
static void settle(struct balance *b, double missing, double volume, double rise_table)
{
    if (b->settled > 0)
        b->settle_run +=
            missing - (volume - b->store) - balance_baseline(b) * b->load * b->rule.step_h;
    ledger_add(&b->ledger, b->settled ? missing - rise_table : 0, b->target, true);
    b->settle_sum += b->settle_run;
    b->store = volume;
    if (++b->settled < b->rule.settle)
        return;
    double mean = b->settle_sum / b->settled;
    b->total = b->target + b->settle_run - mean;
    cusum_rebase(&b->cusum, b->target);
    b->standing = true;
    b->settled = 0;
    b->settle_run = b->settle_sum = 0;
}

/* So much is missing over this block and those before it that waited for a level. */
static void advance_total(struct balance *b, const struct leak_context *c, double missing,
                          double account)
{
    uint32_t n = b->missed + 1;
    uint64_t block = (uint64_t)(b->block_ms / b->rule.step_ms);
    b->missed = 0;
    b->tainted = false;
    b->flow = missing / (n * b->rule.step_h);
    for (uint32_t i = 1; i <= n; i++) {
        balance_evaluate(b, c, missing / n, block - (n - i));
        ledger_add(&b->ledger, account / n, b->total, true);
    }
    b->fed_ms = b->block_ms + b->rule.step_ms;
    b->fed = true;
}

static void close_pipe(struct balance *b, const struct leak_context *c, double flow, double inlet)
{
    int64_t end = b->block_ms + b->rule.step_ms;
    bool learn = !b->firing && !c->stands;
    if (transient_run(&b->transient, &b->rule.transient, inlet, learn, end)) {
        /* The account is people's: what fills the pipe counts there, and is given back. */
        ledger_add(&b->ledger, flow * b->rule.step_h, b->total, true);
        b->gap = GAP_TRANSIENT;
        return;
    }
    b->gap = GAP_NONE;
    advance_total(b, c, flow * b->rule.step_h, flow * b->rule.step_h);
}

/* A block's level is its mean, so it is the level in the middle of the block, and what made it rise
 * flowed from the middle of one block to that of the next. Whole blocks' flow against it would be
 * ahead by half a block, which looks like a loss whenever a pump starts. */
static void close_store(struct balance *b, const struct leak_context *c, double flow, double level)
{
    const struct leak_rule *l = c->rule;
    double half = flow * b->rule.step_h / 2, missing = b->flowed + half;
    bool outside = false;
    double table = isnan(level) ? level : stage_volume(l->stage, l->stage_count, level, &outside);
    if (isnan(level) || outside) {
        b->gap = outside ? GAP_OUTSIDE : GAP_LEVEL;
        b->missed++;
        b->flowed = missing + half;
        if (!b->standing || b->missed * b->rule.step_ms > b->rule.max_gap_ms)
            lose(b, NULL);
        return;
    }
    double volume = table;
    b->area = stage_area(l->stage, l->stage_count, level);
    if (b->rule.smooth) {
        volume = stage_smooth_volume(l->stage, l->stage_count, level, &outside);
        b->area = stage_smooth_area(l->stage, l->stage_count, level);
    }
    b->gap = GAP_NONE;
    double step = (flow - b->flow_then) * b->rule.step_h;
    double rise_table = table - b->store_table, rise = volume - b->store;
    b->flowed = half;
    b->flow_then = flow;
    b->store_table = table;
    if (b->standing && !b->missed && !b->firing && !c->stands)
        align_learn(&b->align, 2 * half, missing - rise, b->rule.step_h);
    else
        align_break(&b->align);
    missing -= align_shift(&b->align) * step;
    if (!b->standing) {
        settle(b, missing, volume, rise_table);
        return;
    }
    b->store = volume;
    advance_total(b, c, missing - rise, missing - rise_table);
}

/* The block's means, brought together. false: some input but the level was seen too little. */
static bool gather(struct balance *b, const struct leak_context *c, int64_t length_ms, double *flow,
                   double *inlet, double *level)
{
    const struct balance_rule *r = &b->rule;
    double rain = 0, evaporation = r->evaporation, x = 0;
    bool whole = !b->spoiled && c->rule->input_count <= BALANCE_INPUTS;

    *flow = *inlet = 0;
    *level = (double)NAN;
    for (uint32_t i = 0; i < inputs(c); i++) {
        bool good = hold_close(&b->hold[i], length_ms, &x);
        switch ((enum input_role)c->rule->inputs[i].role) {
        case ROLE_LEVEL:
            *level = good ? x : (double)NAN;
            break;
        case ROLE_IN:
            *inlet += x;
            whole = whole && good;
            break;
        case ROLE_OUT:
            *flow -= x;
            whole = whole && good;
            break;
        case ROLE_RAIN:
            rain = good ? x : 0;
            whole = whole && good;
            break;
        case ROLE_EVAPORATION:
            evaporation = x;
            whole = whole && good;
            break;
        case ROLE_RUN:
        case ROLE_PUMP:
        case ROLE_FLOAT:
        case ROLE_INLET:
        case ROLE_OUTLET:
        case ROLE_VALUE:
        case ROLE_HEAD:
        case ROLE_SWITCH:
        case ROLE_TEST:
        case ROLE_MASK:
        case ROLE_COUNT:
            break;
        }
    }
    /* in + out over two: outlet counted negative in flow so far */
    b->load = b->rule.smooth ? 1 : fmax(0, (*inlet - *flow) / (2 * b->rule.nominal));
    *flow += *inlet;
    if (piped(b))
        return whole;
    double land = fmax(0, r->catchment - b->area);
    b->runoff -= (mm * rain * r->runoff * land - b->runoff) * expm1(-r->step_h / r->lag_h);
    *flow += mm * b->area * (rain - evaporation / day_h) + b->runoff;
    b->wet = mm * b->area * rain + b->runoff;
    return whole;
}

static void close_block(struct balance *b, const struct leak_context *c)
{
    int64_t begin = b->begin_ms > b->block_ms ? b->begin_ms : b->block_ms;
    int64_t length = b->block_ms + b->rule.step_ms - begin;
    double flow, inlet, level;
    bool whole = gather(b, c, length, &flow, &inlet, &level) && 2 * length >= b->rule.step_ms;

    b->spoiled = false;
    if (!whole) {
        lose(b, NULL);
        transient_lost(&b->transient);
        ledger_skip(&b->ledger, 1);
        b->gap = GAP_FLOW;
    } else if (piped(b)) {
        close_pipe(b, c, flow, inlet);
    } else {
        close_store(b, c, flow, level);
    }
    b->block_ms += b->rule.step_ms;
}

/* Nobody called for long: this program wasn't running. What was held then doesn't hold now. */
static void outage(struct balance *b, const struct leak_context *c, int64_t now_ms)
{
    int64_t most = outage_steps * b->rule.step_ms;
    if (now_ms - b->seen_ms <= (most > outage_least_ms ? most : outage_least_ms))
        return;
    for (uint32_t i = 0; i < inputs(c); i++)
        hold_drop(&b->hold[i], b->seen_ms, b->rule.max_gap_ms);
    close_block(b, c);
    int64_t skipped = (now_ms - b->block_ms) / b->rule.step_ms;
    if (skipped <= 0)
        return;
    lose(b, NULL);
    transient_lost(&b->transient);
    ledger_skip(&b->ledger, (uint64_t)skipped);
    b->gap = GAP_FLOW;
    b->block_ms += skipped * b->rule.step_ms;
    for (uint32_t i = 0; i < inputs(c); i++)
        hold_init(&b->hold[i], b->block_ms);
}

static int64_t advance(struct balance *b, const struct leak_context *c, int64_t now_ms)
{
    if (now_ms < b->seen_ms)
        return b->seen_ms;
    outage(b, c, now_ms);
    while (b->block_ms + b->rule.step_ms <= now_ms) {
        for (uint32_t i = 0; i < inputs(c); i++)
            hold_pass(&b->hold[i], b->block_ms + b->rule.step_ms, b->rule.max_gap_ms);
        close_block(b, c);
    }
    b->seen_ms = now_ms;
    return now_ms;
}

static int64_t tick(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct balance *b = state;
    advance(b, c, now_ms);
    return b->block_ms + b->rule.step_ms;
}

static void sample(void *state, const struct leak_context *c, uint32_t input, double x,
                   int64_t t_ms)
{
    struct balance *b = state;
    if (input >= inputs(c))
        return;
    t_ms = advance(b, c, t_ms);
    struct hold *h = &b->hold[input];
    uint8_t role = c->rule->inputs[input].role;
    bool command = role == ROLE_RUN || role == ROLE_MASK;
    if (command && h->known && (x > h->value || x < h->value))
        transient_command(&b->transient, &b->rule.transient, t_ms);
    hold_take(h, x, t_ms, b->rule.max_gap_ms);
}

/* Flow without its pump, or none with it: what it said in the last minutes was no measurement. */
static bool lied(const struct balance *b, const struct leak_context *c, uint32_t input)
{
    const struct leak_input *in = &c->rule->inputs[input];
    if (in->partner < 0 || (uint32_t)in->partner >= inputs(c) || !b->hold[in->partner].known)
        return false;
    double nominal = in->nominal > 0 ? in->nominal : c->rule->nominal;
    bool runs = b->hold[in->partner].value > 0.5;
    return runs ? b->hold[input].value < dead_share * nominal
                : b->hold[input].value > ghost_share * nominal;
}

static void bad(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct balance *b = state;
    if (input >= inputs(c))
        return;
    t_ms = advance(b, c, t_ms);
    struct hold *h = &b->hold[input];
    uint8_t role = c->rule->inputs[input].role;
    if (role == ROLE_LEVEL && h->known && t_ms - h->changed_ms > 2 * b->rule.step_ms) {
        b->tainted = true;
        b->tainted_ms = h->changed_ms;
    }
    if ((role == ROLE_IN || role == ROLE_OUT) && h->known && lied(b, c, input)) {
        int64_t from = t_ms - lied_ms;
        lose(b, &from);
        b->spoiled = true;
    }
    hold_drop(h, t_ms, b->rule.max_gap_ms);
}

/* What was learned of the noise stays as the least that is believed; see spread_widen. */
static void step(void *state, const struct leak_context *c, uint32_t input, int64_t t_ms)
{
    struct balance *b = state;
    if (input >= inputs(c))
        return;
    advance(b, c, t_ms);
    uint8_t role = c->rule->inputs[input].role;
    if (role != ROLE_LEVEL && role != ROLE_IN && role != ROLE_OUT)
        return;
    lose(b, NULL);
    b->hold[input].integral = 0;
    b->hold[input].covered_ms = 0;
    b->spoiled = true;
    spread_widen(&b->cusum.noise);
    window_widen(&b->window);
}

static void reset(void *state, const struct leak_context *c, int64_t now_ms)
{
    struct balance *b = state;
    advance(b, c, now_ms);
    b->cusum.sum = 0;
    b->cusum.begun = false;
    b->cusum.warm_h = 0;
    window_clear(&b->window);
    b->target = b->total;
    if (b->firing || b->suspect)
        b->state_ms = now_ms;
    b->firing = b->suspect = b->quiet = false;
    b->leak = (struct balance_leak){.recent = (double)NAN};
}

const struct leak_kind_ops leak_balance = {
    .name = "balance",
    .size = sizeof(struct balance),
    .version = 3,
    .init = init,
    .sample = sample,
    .step = step,
    .bad = bad,
    .tick = tick,
    .view = balance_view,
    .say = balance_say,
    .reset = reset,
    .curve = balance_curve,
};
