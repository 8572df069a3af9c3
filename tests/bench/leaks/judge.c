/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "watch/leak.h"

/* The plants' day 0: a Monday's midnight. */
static const int64_t epoch_ms = INT64_C(1136160000000), day_ms = 86400000;

bool judge_tells;

static void feed(struct leak *l, const struct bench_rule *r, const struct series *s, uint32_t row)
{
    int64_t t = epoch_ms + row * s->step_ms;
    for (uint32_t i = 0; i < r->rule.input_count; i++) {
        double x = s->column[r->column[i]][row];
        struct sample sample = {.quality = QUALITY_GOOD, .time = {t}};
        if (isnan(x)) {
            sample.quality = QUALITY_COMM_FAILURE;
            sample.reason = "no answer: timeout";
        } else if (r->inputs[i].digital) {
            sample.value = (struct value){.kind = VALUE_BOOL, .truth = x > 0};
        } else {
            sample.value = (struct value){.kind = VALUE_REAL, .real = x};
        }
        leak_sample(l, i, &sample, t);
    }
    leak_tick(l, t);
}

struct trial {
    struct verdict *v;
    struct leak *leak;
    const struct series *series;
    double within_h;
    int64_t onset_ms, stands_ms; /* INT64_MAX: no leak */
    bool stands, over;
    double looking_ms;
};

static void ask(struct trial *t, const struct leak_view *view)
{
    struct verdict *v = t->v;
    double onset_s = (view->onset_ms.value - (double)epoch_ms) / 1e3, truth = t->series->onset_s;
    v->asked = !isnan(view->rate.value) && !isnan(view->onset_ms.value);
    v->preliminary = view->preliminary;
    v->rate = view->rate.value;
    v->onset_s = onset_s;
    v->rate_error = fabs(view->rate.value / t->series->leak - 1);
    v->onset_error_h = fabs(onset_s - truth) / 3600;
    v->rate_inside = view->rate.low <= t->series->leak && t->series->leak <= view->rate.high;
    double truth_ms = (double)epoch_ms + truth * 1e3;
    v->onset_inside = view->onset_ms.low <= truth_ms && truth_ms <= view->onset_ms.high;
}

static void alarm(struct trial *t, const struct leak_view *view, int64_t now)
{
    struct verdict *v = t->v;
    if (judge_tells)
        printf("# day %.3f (leak %+.3f h): %s, %s %.4g of %.4g, sigma %.3g, K %.3g, base %.3g pm "
               "%.3g\n",
               (double)(now - epoch_ms) / (double)day_ms,
               now < t->onset_ms ? NOTHING : (double)(now - t->onset_ms) / 3.6e6, view->detector,
               view->score_unit ? view->score_unit : "", view->score, view->limit, view->sigma,
               view->drift, view->baseline, view->baseline_sd);
    t->stands = true;
    t->stands_ms = now;
    leak_alarm_stands(t->leak, true);
    if (now < t->onset_ms) {
        v->false_alarms++;
        v->false_by[strcmp(view->detector, "cusum") == 0        ? 0
                    : strncmp(view->detector, "window", 6) == 0 ? 1
                                                                : 2]++;
        return;
    }
    v->delay_h = (double)(now - t->onset_ms) / 3.6e6;
    v->found = v->delay_h <= t->within_h;
    snprintf(v->detector, sizeof v->detector, "%s", view->detector);
}

static void look(struct trial *t, int64_t now, int64_t since_ms)
{
    struct leak_view view;
    leak_view(t->leak, &view);
    bool leaking = now >= t->onset_ms;
    if (!leaking && view.state != LEAK_LEARNING)
        t->looking_ms += (double)since_ms;
    if (!t->stands && view.firing && !view.frozen)
        alarm(t, &view, now);
    if (t->v->found && now - t->stands_ms >= 3 * 3600000) {
        ask(t, &view);
        t->over = true;
    }
    if (leaking && !t->v->found && (double)(now - t->onset_ms) / 3.6e6 > t->within_h)
        t->over = true;
    /* A person resets it a day later; or, to see the leak that is to come, when it comes. */
    bool enough = now - t->stands_ms >= day_ms || (leaking && t->stands_ms < t->onset_ms);
    if (t->stands && !t->v->found && enough) {
        t->stands = false;
        leak_reset(t->leak, now);
        leak_alarm_stands(t->leak, false);
    }
}

void judge(struct verdict *v, enum bench_plant plant, const struct series *s, double within_days)
{
    struct bench_rule r;
    rule_make(&r, plant, s);
    *v = (struct verdict){.delay_h = NEVER};
    struct trial t = {.v = v, .series = s, .onset_ms = INT64_MAX, .within_h = within_days * 24};
    t.leak = leak_new(&r.rule, s->step_ms, epoch_ms);
    assert(t.leak);
    if (!isnan(s->onset_s))
        t.onset_ms = epoch_ms + (int64_t)(s->onset_s * 1e3);
    /* Where nothing can happen within a minute that matters, look once a minute. */
    uint32_t often = s->step_ms < 60000 ? (uint32_t)(60000 / s->step_ms) : 1;
    for (uint32_t i = 0; i < s->rows && !t.over; i++) {
        int64_t now = epoch_ms + i * s->step_ms;
        feed(t.leak, &r, s, i);
        bool close = now >= t.onset_ms && now < t.onset_ms + 2 * 3600000;
        if (close || i % often == 0)
            look(&t, now, often * s->step_ms);
    }
    v->armed_days = t.looking_ms / (double)day_ms;
    leak_free(t.leak);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* One row for each evaluation, so that the cost of an evaluation isn't hidden behind samples. */
void judge_cost(struct cost *c, enum bench_plant plant, const struct series *s)
{
    struct bench_rule r;
    rule_make(&r, plant, s);
    static const int64_t steps_ms[BENCH_PLANT_COUNT] = {
        [BENCH_POND] = 600000, [BENCH_TANK] = 60000, [BENCH_PIPE] = 10000};
    uint32_t stride = steps_ms[plant] > s->step_ms ? (uint32_t)(steps_ms[plant] / s->step_ms) : 1;
    struct leak *l = leak_new(&r.rule, s->step_ms * stride, epoch_ms);
    assert(l);
    double from = seconds();
    for (uint32_t i = 0; i < s->rows; i += stride)
        feed(l, &r, s, i);
    c->step_ns = (seconds() - from) * 1e9 / (s->rows / stride);
    c->rows = s->rows / stride;
    c->samples = r.rule.input_count;
    c->bytes = leak_save_size(l);
    leak_free(l);
}
