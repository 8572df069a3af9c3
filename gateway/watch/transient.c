/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/transient.h"

#include <math.h>

static const double change_share = 0.03; /* of nominal */
static const int64_t within_ms = 30000;
static const double noise_sigmas = 5; /* a noisy meter must not mask its pipe for ever */
static const double noise_after_h = 1;
static const double quiet_share =
    0.4; /* .. and a quiet one shows smaller changes, which matter as much */

struct transient_rule transient_rule_of(double nominal, int64_t step_ms, int64_t hold_ms)
{
    int64_t blocks = within_ms / step_ms;
    if (blocks < 1)
        blocks = 1;
    if (blocks > TRANSIENT_RECENT)
        blocks = TRANSIENT_RECENT;
    return (struct transient_rule){
        .change = change_share * nominal,
        .blocks = (uint32_t)blocks,
        .step_h = (double)step_ms / 3.6e6,
        .hold_ms = hold_ms,
    };
}

static void mask(struct transient *s, int64_t until_ms)
{
    if (!s->masked || until_ms > s->until_ms)
        s->until_ms = until_ms;
    s->masked = true;
}

void transient_command(struct transient *s, const struct transient_rule *r, int64_t t_ms)
{
    mask(s, t_ms + r->hold_ms);
}

void transient_lost(struct transient *s)
{
    s->count = 0;
}

bool transient_run(struct transient *s, const struct transient_rule *r, double inlet, bool learn,
                   int64_t end_ms)
{
    double change = r->change;
    if (s->noise.hours > noise_after_h)
        change = fmax(change * quiet_share, noise_sigmas * spread_sigma(&s->noise));
    double most = 0;
    for (uint32_t back = 1; back <= s->count; back++) {
        double by = inlet - s->recent[(s->next + TRANSIENT_RECENT - back) % TRANSIENT_RECENT];
        most = fmax(most, fabs(by));
        if (back == 1 && learn && fabs(by) <= change)
            spread_learn(&s->noise, by, r->step_h);
    }
    s->recent[s->next] = inlet;
    s->next = (s->next + 1) % TRANSIENT_RECENT;
    if (s->count < r->blocks)
        s->count++;
    if (most > change)
        mask(s, end_ms + r->hold_ms);
    /* The evaluation in which the hold ends still has some of it. */
    bool now = s->masked && end_ms - (int64_t)(r->step_h * 3.6e6) < s->until_ms;
    if (!now)
        s->masked = false;
    return now;
}
