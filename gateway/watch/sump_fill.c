/* SPDX-License-Identifier: Apache-2.0 */
/* Fills and runs: inflow, its CUSUM, what the pumps lift, and whether water rises in spite of them.
 */
#include <string.h>

#include "watch/stage.h"
#include "watch/sump.h"

static const int64_t SETTLING = 30000; /* after a pump changed: pipes empty, waves */
enum { PUMP_MET = 5, PUMP_LEARNED = 20 }; /* runs */
static const double RISE = 0.02; /* m in a minute, with all pumps on */

void sump_ring_put(struct sump_ring *r, double x)
{
    r->x[r->at] = x;
    r->at = (r->at + 1) % SUMP_KEPT;
    if (r->n < SUMP_KEPT)
        r->n++;
}

double sump_ring_median(const struct sump_ring *r)
{
    double sorted[SUMP_KEPT];
    memcpy(sorted, r->x, sizeof(sorted));
    return kind_median(sorted, r->n);
}

/* The share of a 40 m3/h pump that the defaults were found for; the largest pump counts, because
 * sumps are laid out for one pump and the others stand by. */
struct sump_limits sump_limits(const struct sump *s, const struct leak_rule *r)
{
    struct sump_limits l = {.base = s->base, .spread = s->spread};
    bool all_known = true;
    for (uint32_t i = 0, number = 0; i < r->input_count; i++) {
        if (r->inputs[i].role != ROLE_PUMP)
            continue;
        double lifts = r->inputs[i].nominal;
        l.capacity = fmax(l.capacity, lifts);
        if (!(lifts > 0) && number < SUMP_PUMPS)
            lifts = s->pumps[number].reference;
        all_known = all_known && lifts > 0;
        l.all += lifts;
        l.now += i < KIND_INPUT_MAX && s->running[i] ? lifts : 0;
        number++;
    }
    l.all = all_known ? l.all : 0;
    l.h = kind_or(r->h, l.capacity > 0 ? 0.15 * l.capacity : 6);
    l.k = kind_or(r->k, fmax(l.capacity > 0 ? 0.075 * l.capacity : 3, 2 * l.spread));
    return l;
}

static void keep_fill(struct sump *s, double q)
{
    sump_ring_put(&s->fills, q);
    s->base = sump_ring_median(&s->fills);
    double apart[SUMP_KEPT];
    for (uint32_t i = 0; i < s->fills.n; i++)
        apart[i] = fabs(s->fills.x[i] - s->base);
    s->spread = 1.4826 * kind_median(apart, s->fills.n);
}

static double volume_of(const struct leak_rule *r, double level)
{
    bool doubt;
    return r->stage ? stage_volume(r->stage, r->stage_count, level, &doubt) : level;
}

static void span_add(struct sump_span *f, double t_s, double v)
{
    if (f->n < 3) {
        f->first_t += t_s;
        f->first_v += v;
    }
    f->last_t[f->n % 3] = t_s;
    f->last_v[f->n % 3] = v;
    f->n++;
}

/* m3/h; NaN: too short. hours: how long it has been. */
static double span_rate(const struct sump_span *f, double *hours)
{
    if (f->n < 6)
        return KIND_NAN;
    double t0 = f->first_t / 3, v0 = f->first_v / 3, t1 = 0, v1 = 0;
    for (uint32_t i = 0; i < 3; i++) {
        t1 += f->last_t[i] / 3;
        v1 += f->last_v[i] / 3;
    }
    *hours = (t1 - t0) / 3600;
    return *hours > 0 ? (v1 - v0) / *hours : KIND_NAN;
}

void sump_forget(struct sump *s)
{
    s->fill = s->draw = (struct sump_span){0};
    s->rise = (struct kind_line){0};
    s->rise_rate = s->drawn = KIND_NAN;
    s->fast = 0;
    s->open_s = s->s;
}

/* What this fill adds: its own time, and that of the run before it, for which the smaller inflow of
 * the fills on either side is believed. */
static double added(const struct sump *s, const struct sump_limits *l, double q, double hours)
{
    double run = (double)s->last_run_ms / KIND_HOUR, before = s->last_inflow;
    double sum = (q - l->base - l->k) * hours;
    if (!isnan(before))
        sum += (fmin(q, before) - l->base - l->k) * run;
    return sum;
}

static void judge_open(struct sump *s, const struct leak_context *c)
{
    double hours = 0, q = span_rate(&s->fill, &hours);
    struct sump_limits l = sump_limits(s, c->rule);
    s->open_s = s->s;
    if (isnan(q) || hours < 4.0 / 60)
        return;
    s->inflow = q;
    if (s->s <= 0) {
        s->onset_ms = s->fill.from_ms;
        s->excess = 0;
    }
    if (sump_learned(s, c->rule))
        s->open_s = fmin(fmax(s->s + added(s, &l, q, hours), 0), 2 * l.h);
}

/* While a pump runs that is known by now, its water tells too; but a blocked pump looks like an
 * inflow, so no more is believed than the fill before has shown. */
static void judge_run(struct sump *s, const struct leak_context *c, int64_t t_ms)
{
    double hours = 0, drawn = span_rate(&s->draw, &hours), before = s->last_inflow;
    s->open_s = s->s;
    if (isnan(drawn) || hours < 2.0 / 60 || isnan(before) || !s->whole_run ||
        s->drawn_by >= SUMP_PUMPS || s->pumps[s->drawn_by].n < PUMP_MET ||
        !sump_learned(s, c->rule))
        return;
    struct sump_limits l = sump_limits(s, c->rule);
    double q = fmin(before, s->pumps[s->drawn_by].recent + drawn);
    double run = (double)(t_ms - s->run_from_ms) / KIND_HOUR;
    s->open_s = fmin(fmax(s->s + (q - l.base - l.k) * run, 0), 2 * l.h);
}

/* The pump lifts what it drew down and what came in meanwhile. */
static void judge_pump(struct sump *s, double q, bool learns)
{
    double before = s->last_inflow;
    if (isnan(s->drawn) || isnan(before) || s->drawn_by >= SUMP_PUMPS)
        return;
    /* An inflow that changed during the run would be taken for the pump's doing. */
    double lifted = s->drawn + (q + before) / 2;
    if (fabs(q - before) > 0.1 * lifted || !(lifted > 0))
        return;
    struct sump_pump *p = &s->pumps[s->drawn_by];
    if (p->n < PUMP_LEARNED) {
        p->n += learns;
        p->reference += learns ? (lifted - p->reference) / p->n : 0;
        p->recent = p->reference;
        return;
    }
    p->recent += (lifted - p->recent) / 5;
    /* Repaired, it may be better than it ever was; worn, it stays measured by what it was. */
    if (p->recent > p->reference)
        p->reference += (p->recent - p->reference) / 10;
}

bool sump_worn(const struct sump *s)
{
    for (uint32_t i = 0; i < SUMP_PUMPS; i++)
        if (s->pumps[i].n >= PUMP_LEARNED && s->pumps[i].recent < 0.8 * s->pumps[i].reference)
            return true;
    return false;
}

void sump_fill_end(struct sump *s, const struct leak_context *c, int64_t t_ms)
{
    double hours = 0, q = span_rate(&s->fill, &hours);
    int64_t from = s->fill.from_ms;
    s->fill = (struct sump_span){0};
    if (isnan(q))
        return;
    struct sump_limits l = sump_limits(s, c->rule);
    if (sump_learned(s, c->rule)) {
        s->s = fmin(fmax(s->s + added(s, &l, q, hours), 0), 2 * l.h);
        s->excess += fmax(q - l.base, 0) * ((double)(t_ms - from + s->last_run_ms) / KIND_HOUR);
    }
    bool learns = sump_learns(s, c) && s->s < l.h / 2;
    judge_pump(s, q, learns);
    if (learns)
        keep_fill(s, q);
    s->open_s = s->s;
    s->inflow = s->last_inflow = q;
    s->drawn = KIND_NAN;
    s->last_run_ms = 0;
}

void sump_run_end(struct sump *s, const struct leak_context *c, int64_t t_ms)
{
    double hours, q = span_rate(&s->draw, &hours);
    s->draw = (struct sump_span){0};
    s->drawn = isnan(q) || !s->whole_run ? KIND_NAN : -q;
    if (!s->whole_run)
        return;
    s->last_run_ms = t_ms - s->run_from_ms;
    if (sump_learns(s, c) && !s->on[SUMP_RUN])
        sump_ring_put(&s->runs, (double)s->last_run_ms / 1000);
    s->usual_run = sump_ring_median(&s->runs);
}

/* Tumbling minutes with at least four readings. While there is a pump left to start, a flood shows
 * as an inflow that all of them couldn't lift; two minutes of that aren't a bucket. */
static void judge_rise(struct sump *s, const struct leak_context *c, double level, int64_t t_ms)
{
    if (s->rise.n == 0)
        s->rise_from_ms = t_ms;
    kind_line_add(&s->rise, (double)(t_ms - s->rise_from_ms) / 1000, level);
    if (t_ms - s->rise_from_ms < KIND_MINUTE || s->rise.n < 4)
        return;
    double slope, se;
    if (kind_line_fit(&s->rise, 0.001, &slope, &se)) {
        struct sump_limits l = sump_limits(s, c->rule);
        double area = c->rule->stage ? stage_area(c->rule->stage, c->rule->stage_count, level) : 0;
        bool sure = slope > 3 * se,
             fast = sure && l.all > 0 && slope * 3600 * area + l.now > 1.1 * l.all;
        s->rise_rate = slope * 3600;
        s->fast = fast ? s->fast + 1 : 0;
        bool all_on = s->count_on == s->count_pumps;
        s->on[SUMP_RISE] = all_on ? sure && slope * 60 > RISE : s->fast >= 2;
    }
    s->rise = (struct kind_line){0};
}

void sump_level(struct sump *s, const struct leak_context *c, double level, int64_t t_ms)
{
    if (!s->all_known || t_ms - s->settled_ms < SETTLING)
        return;
    struct sump_span *span = s->count_on == 0 ? &s->fill : &s->draw;
    if (!span->open) {
        *span = (struct sump_span){.open = true, .from_ms = t_ms};
    }
    span_add(span, (double)(t_ms - span->from_ms) / 1000, volume_of(c->rule, level));
    if (s->count_on == 0)
        judge_open(s, c);
    else
        judge_run(s, c, t_ms);
    judge_rise(s, c, level, t_ms);
}
