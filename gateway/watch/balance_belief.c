/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a leak that stands: it may become surer, but it stays the same leak. Its onset is
 * refined and then fixed, what was lost and its class only grow, and when it is over they stay. */
#include <math.h>

#include "watch/balance.h"

static const double z80 = 1.2816;
static const double hour_ms = 3.6e6;
static const double good_after_h = 3, good_rate = 0.25, good_onset_h = 0.5;
/* Half widths, as shares of the rate: wider is preliminary; good once, it stays so a bit longer. */
static const double wide = 0.3, wide_again = 0.4;
/* A leak that grows is told as it is now once it is so much larger than the line's mean. */
static const double contradicts_sigmas = 3, contradicts_by = 2;
static const double over_sigmas = 1.5;
/* A stage table and meters err by shares, which the scatter around a line does not show. */
static const double known_badly = 0.07;
static const double rupture_share = 0.3, major_share = 0.1; /* of nominal */
static const int64_t major_window_ms = INT64_C(4) * 3600 * 1000;
/* How far before S left zero the onset may lie: small leaks begin in noise that drowns them. */
static const double before_shares = 3, before_taus = 12;
static const double gathered_taus = 3; /* .. after it fired, what S gathered counts no more */
static const double onset_steps = 1.5; /* no line is sharper: means of an evaluation, and holding */
/* In clear_ms since it fired: from when on the onset stays if it is good, and if it isn't. */
static const int64_t settled_after = 2, settled_anyway = 8;

double balance_window_ms(const struct balance *b, uint8_t by)
{
    return (double)b->rule.step_ms * (double)(UINT64_C(1) << by);
}

static uint8_t class_of(const struct balance *b)
{
    const struct balance_leak *k = &b->leak;
    bool good = k->known && !k->preliminary;
    double low = good ? k->rate.low : 0;
    double window =
        good || b->fastest == BALANCE_CUSUM ? HUGE_VAL : balance_window_ms(b, b->fastest);
    if (window <= (double)b->rule.rupture_ms || low > rupture_share * b->rule.nominal)
        return LEAK_RUPTURE;
    if (window <= (double)major_window_ms || low > major_share * b->rule.nominal)
        return LEAK_MAJOR;
    return LEAK_MINOR;
}

static double hours_between(int64_t from_ms, int64_t to_ms)
{
    return (double)(to_ms - from_ms) / hour_ms;
}

void balance_believe_first(struct balance *b, int64_t now_ms)
{
    const struct estimate unknown = {(double)NAN, (double)NAN, (double)NAN};
    int64_t from_ms = b->risen_ms;
    bool window = b->first_by != BALANCE_CUSUM;
    if (window) {
        int64_t window_ms = (int64_t)(1.5 * balance_window_ms(b, b->first_by));
        from_ms = from_ms < now_ms - window_ms ? from_ms : now_ms - window_ms;
    }
    double gathered_h = fmax(hours_between(from_ms, now_ms), b->rule.step_h);
    double gathered = window ? window_slope(&b->window, b->rule.step_h, 1U << b->first_by)
                             : b->cusum.sum / gathered_h + balance_drift(b);
    double before_h = fmax(before_shares * gathered_h, before_taus * b->rule.cusum.tau_h);
    b->leak = (struct balance_leak){
        .recent = (double)NAN,
        .low_ms = from_ms - (int64_t)(before_h * hour_ms),
        .high_ms = now_ms,
        .preliminary = true,
        .gathered_h = gathered_h,
        .gathered = gathered,
        .rate = unknown,
        .onset_ms = unknown,
        .lost = unknown,
    };
}

/* How far C lies above the line's flat part, as a mean over the newest few evaluations, and brought
 * up to now with the rate. */
static double risen(const struct balance *b, double rate)
{
    uint32_t few = b->rule.settle ? b->rule.settle : 1;
    if (b->window.count < few)
        return b->total - b->leak.line.flat;
    return window_mean(&b->window, 0, few) - b->leak.line.flat +
           rate * (few - 1) / 2 * b->rule.step_h;
}

/* When C came to where it has stood since. */
static int64_t stopped_ms(const struct balance *b, int64_t now_ms)
{
    uint32_t few = b->rule.settle ? b->rule.settle : 1, count = b->window.count;
    uint32_t most = (uint32_t)((now_ms - b->fired_ms) / b->rule.step_ms);
    if (count < 4 * few)
        return now_ms;
    double plateau = window_mean(&b->window, 0, 2 * few);
    double least = plateau - 2 * z80 * b->leak.line.scatter;
    uint32_t back = 0;
    while (back + few < count && back < most && window_mean(&b->window, back, few) > least)
        back++;
    uint64_t block = (uint64_t)(now_ms / b->rule.step_ms) - 1;
    return now_ms - (int64_t)window_age(&b->window, back ? back - 1 : 0, block) * b->rule.step_ms;
}

static void tell_lost(struct balance_leak *k, double lost, double pm)
{
    double told = isnan(k->lost.value) ? 0 : k->lost.value;
    double value = fmax(told, lost);
    k->lost = (struct estimate){value, fmax(0, fmin(value, lost - pm)), fmax(value, lost + pm)};
}

static double lost_pm(const struct balance *b, double lost, double age_h)
{
    const struct line *l = &b->leak.line;
    double wander = z80 * b->baseline.sd * age_h;
    double noise = hypot(l->flat_pm, z80 * l->scatter);
    return hypot(hypot(noise, wander), known_badly * lost);
}

/* Half width of its rate: by the line while it is laid anew, then by what C rose over its time. */
static double rate_pm(const struct balance *b, double rate)
{
    const struct line *l = &b->leak.line;
    double pm = l->rate_pm;
    if (b->leak.settled) {
        double onset = rate * (l->onset_high_h - l->onset_low_h) / 2;
        double noise = hypot(l->flat_pm, z80 * l->scatter);
        pm = hypot(hypot(onset, noise) / b->leak.seen_h, z80 * b->baseline.sd);
    }
    return hypot(pm, known_badly * rate);
}

/* A line through a few noisy hours may be far too steep; at first what S gathered counts as much.
 */
static void tell_rate(struct balance *b, double rate, double age_h)
{
    struct balance_leak *k = &b->leak;
    const struct line *l = &k->line;
    double pm = rate_pm(b, rate);
    if (k->preliminary && isfinite(k->gathered)) {
        double fades_h = fmin(k->gathered_h, gathered_taus * b->rule.cusum.tau_h);
        double share = fmax(0, 1 - hours_between(b->fired_ms, k->told_ms) / fades_h);
        pm = fmax(pm, share * fabs(rate - k->gathered));
        rate += share * (k->gathered - rate) / 2;
    }
    double now = fmin(k->recent, k->before); /* an hour of waves is no growth */
    bool grows = k->recent_after && now > contradicts_by * rate &&
                 now - rate > contradicts_sigmas * hypot(k->recent_sigma, known_badly * rate);
    if (grows || k->ebbing) {
        rate = fmax(0, grows ? now : k->recent);
        pm = hypot(z80 * k->recent_sigma, known_badly * rate);
    }
    k->rate = (struct estimate){rate, fmax(0, rate - pm), rate + pm};
    if (k->ebbing)
        return;
    double doubt_h = (l->onset_high_h - l->onset_low_h) / 2;
    bool close = l->rate_pm < good_rate * l->rate && doubt_h < fmin(good_onset_h, age_h / 4);
    k->preliminary =
        pm > (k->preliminary ? wide : wide_again) * rate || (age_h < good_after_h && !close);
}

/* After the first hours the onset may be refined within its interval, and a bit beyond. */
static void tell_onset(struct balance *b, int64_t now_ms)
{
    struct balance_leak *k = &b->leak;
    const struct line *l = &k->line;
    double at = (double)k->at_ms;
    double grain = onset_steps * (double)b->rule.step_ms;
    k->onset_ms =
        (struct estimate){at + l->onset_h * hour_ms, at + l->onset_low_h * hour_ms - grain,
                          at + l->onset_high_h * hour_ms + grain};
    k->seen_h = hours_between((int64_t)k->onset_ms.value, now_ms);
    k->missed_h = 0;
    if (k->preliminary || now_ms - b->fired_ms < b->rule.clear_ms)
        return;
    int64_t wide_ms = (int64_t)(k->onset_ms.high - k->onset_ms.low) + 2 * b->rule.step_ms;
    int64_t low = (int64_t)k->onset_ms.low - wide_ms, high = (int64_t)k->onset_ms.high + wide_ms;
    k->low_ms = low > k->low_ms ? low : k->low_ms;
    k->high_ms = high < k->high_ms ? high : k->high_ms;
}

static bool onset_stays(const struct balance *b, int64_t now_ms)
{
    int64_t age = now_ms - b->fired_ms, unit = b->rule.clear_ms;
    return age >= settled_anyway * unit || (age >= settled_after * unit && !b->leak.preliminary);
}

static void note_over(struct balance *b, int64_t now_ms)
{
    struct balance_leak *k = &b->leak;
    double least = fmax(balance_drift(b), over_sigmas * k->recent_sigma);
    bool over = k->ebbing && k->recent < least;
    if (over && !k->over)
        k->over_ms = stopped_ms(b, now_ms);
    k->over = over;
    if (over)
        k->rate = (struct estimate){0, 0, fmax(0, k->recent) + z80 * k->recent_sigma};
}

void balance_believe(struct balance *b, int64_t now_ms)
{
    struct balance_leak *k = &b->leak;
    if (k->known && !k->settled && !k->ebbing) {
        tell_onset(b, now_ms);
    } else if (k->known && !k->ebbing) {
        /* What passed unseen since the evaluation before counts at the rate that it ran at. */
        k->missed_h += fmax(0, hours_between(k->told_ms, now_ms) - b->rule.step_h);
        k->seen_h += b->rule.step_h;
    }
    k->told_ms = now_ms;
    if (!k->known) {
        k->class_ = class_of(b) > k->class_ ? class_of(b) : k->class_;
        return;
    }
    const struct line *l = &k->line;
    double rate = l->rate, age_h = k->seen_h + k->missed_h;
    if (k->settled && !k->ebbing)
        rate = fmax(0, risen(b, l->rate)) / k->seen_h;
    tell_rate(b, rate, age_h);
    note_over(b, now_ms);
    if (!k->over) {
        /* A line that hasn't noticed yet that it ebbs rises on where C doesn't. */
        double seen = fmax(0, risen(b, k->ebbing ? 0 : rate)) + rate * k->missed_h;
        double lost = k->settled || k->ebbing ? seen : fmin(rate * age_h, seen + z80 * l->scatter);
        tell_lost(k, fmax(0, lost), lost_pm(b, fmax(0, lost), age_h));
    }
    uint8_t class_ = k->ebbing ? 0 : class_of(b);
    k->class_ = class_ > k->class_ ? class_ : k->class_;
    k->settled = k->settled || (!k->ebbing && onset_stays(b, now_ms));
}
