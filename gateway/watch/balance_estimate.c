/* SPDX-License-Identifier: Apache-2.0 */
/* Lays the broken line through what is kept of C: the fine ring where the onset lies well inside
 * it, else the ledger of two days. */
#include <math.h>

#include "watch/balance.h"

static const double hour_ms = 3.6e6;
static const double edge = 0.4; /* the flat part has to be so much of what is looked at */
static const double first_taus = 8, wider = 1.4;
static const double explains = 0.9; /* a line has to account for what the cusum gathered */

/* The newest `count` evaluations, in means of as many as it takes to fit. */
static void fine_points(const struct balance *b, uint32_t count, uint64_t block, struct points *p)
{
    double h = b->rule.step_h;
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
        p->total[i] = window_mean(&b->window, back, each);
    }
}

static void coarse_points(const struct balance *b, struct points *p)
{
    const struct ledger *l = &b->ledger;

    p->count = 0;
    for (uint32_t back = l->count; back > 0; back--) {
        double total = l->total[(l->next + LEDGER_SLOTS - back) % LEDGER_SLOTS];
        if (isnan(total))
            continue;
        double age = (back - 0.5) * l->slot_h + l->now_blocks * b->rule.step_h;
        p->hour[p->count] = -age;
        p->total[p->count++] = total;
    }
}

/* Noise of days before the onset says nothing about it: as short a look back as has the onset well
 * inside, and explains why it fired. The onset is looked for no further than that evidence goes
 * back, and not after it fired: the leak that stands is the one that was found. */
void balance_estimate(struct balance *b, int64_t now_ms)
{
    uint64_t block = (uint64_t)(now_ms / b->rule.step_ms) - 1;
    double look = first_taus * b->rule.cusum.tau_h / b->rule.step_h;
    double gathered = explains * fmin(b->cusum.sum, cusum_limit(&b->cusum, &b->rule.cusum));
    double earliest_h = (double)(b->leak.low_ms - now_ms) / hour_ms;
    double latest_h = (double)(b->leak.high_ms - now_ms) / hour_ms;
    struct points p;
    struct line line = {0};
    bool known = false, inside = false;

    look = fmax(look, (double)(now_ms - b->leak.high_ms) / ((1 - edge) * (double)b->rule.step_ms));
    for (bool all = false; !all && !inside; look *= wider) {
        all = look >= b->window.count;
        fine_points(b, all ? b->window.count : (uint32_t)look, block, &p);
        struct line better;
        if (!estimate_line(&p, earliest_h, latest_h, b->baseline.sd, &better))
            continue;
        line = better;
        known = true;
        inside = -line.onset_h < (1 - edge) * -p.hour[0] && -line.onset_h * line.rate > gathered;
    }
    if (!inside) {
        double span = p.count ? -p.hour[0] : 0;
        struct line better;
        coarse_points(b, &p);
        if (p.count && -p.hour[0] > span &&
            estimate_line(&p, earliest_h, latest_h, b->baseline.sd, &better)) {
            line = better;
            known = true;
        }
    }
    if (!known)
        return;
    b->leak.line = line;
    b->leak.at_ms = now_ms;
    b->leak.known = true;
}
