/* SPDX-License-Identifier: Apache-2.0 */
/* Lays the broken line through what is kept of C: the fine ring where the onset lies well inside
 * it, else the ledger of two days. */
#include <math.h>

#include "watch/balance.h"

static const double edge = 0.2; /* an onset in this first part of the points isn't seen well */
static const double before_times = 3; /* flat part to look at, in times of the rise */
static const double before_taus = 12; /* .. and at least */

/* The newest `count` evaluations, in means of as many as it takes to fit. */
static void fine_points(const struct balance *b, uint32_t count, uint64_t block, struct points *p)
{
    double baseline = balance_baseline(b), h = b->rule.step_h;
    uint32_t each = (count + ESTIMATE_POINTS - 1) / ESTIMATE_POINTS;
    uint32_t n = each ? count / each : 0;

    p->count = n;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t back = (n - 1 - i) * each;
        double age =
            (window_age(&b->window, back, block) + window_age(&b->window, back + each - 1, block)) /
                2.0 +
            0.5;
        p->hour[i] = -age * h;
        p->total[i] = window_mean(&b->window, back, each) + baseline * age * h;
    }
}

static void coarse_points(const struct balance *b, struct points *p)
{
    const struct ledger *l = &b->ledger;
    double baseline = balance_baseline(b);

    p->count = 0;
    for (uint32_t back = l->count; back > 0; back--) {
        double total = l->total[(l->next + LEDGER_SLOTS - back) % LEDGER_SLOTS];
        if (isnan(total))
            continue;
        double age = (back - 0.5) * l->slot_h + l->now_blocks * b->rule.step_h;
        p->hour[p->count] = -age;
        p->total[p->count++] = total + baseline * age;
    }
}

void balance_estimate(struct balance *b, int64_t now_ms)
{
    uint64_t block = (uint64_t)(now_ms / b->rule.step_ms) - 1;
    struct points p;
    struct line line, better;

    fine_points(b, b->window.count, block, &p);
    double span = p.count ? -p.hour[0] : 0;
    bool known = estimate_line(&p, b->baseline.sd, &line);
    if (!known || -line.onset_h > (1 - edge) * span) {
        coarse_points(b, &p);
        if (p.count && -p.hour[0] > span && estimate_line(&p, b->baseline.sd, &better)) {
            line = better;
            known = true;
        }
    }
    if (!known)
        return;
    /* Once more, closer: noise of days before the onset says nothing about it. */
    double wanted = fmax(-line.onset_h * (1 + before_times), before_taus * b->rule.cusum.tau_h);
    uint32_t count = (uint32_t)fmin(b->window.count, wanted / b->rule.step_h);
    if (wanted < span) {
        fine_points(b, count, block, &p);
        if (estimate_line(&p, b->baseline.sd, &better))
            line = better;
    }
    b->leak.line = line;
    b->leak.at_ms = now_ms;
    b->leak.known = true;
}
