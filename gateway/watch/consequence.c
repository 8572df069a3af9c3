/* SPDX-License-Identifier: Apache-2.0 */
/* When will the water be there. In volume where the shape of the pit is known: a pit that widens
 * fills more slowly the fuller it is, so a straight line through levels comes too early. */
#include <math.h>
#include <string.h>

#include "watch/incident_parts.h"
#include "watch/stage.h"

static const double far_minutes = 14.0 * 24 * 60; /* beyond this nothing is in sight */
static const double sure = 2; /* standard errors that make a rise */
static const double crawl = 0.002; /* m/h: a level that rises less stands still */
static const double dry_minutes = 24.0 * 60; /* so soon must come what begins below the target */
static const int64_t tags_every_ms = 10000;

/* Beyond the curve's ends it goes on as its outermost piece does: that is no measurement, but water
 * doesn't stop where the table does. */
double water_volume(const struct water *w, double level)
{
    if (w->stage_count < 2)
        return level;
    const struct pair *low = &w->stage[0], *high = &w->stage[w->stage_count - 1];
    bool doubt;
    double v = stage_volume(w->stage, w->stage_count, level, &doubt);
    if (level > high->x)
        v += (level - high->x) * stage_area(w->stage, w->stage_count, level);
    else if (level < low->x)
        v += (level - low->x) * stage_area(w->stage, w->stage_count, level);
    return v;
}

static double middle(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

static void end_minute(struct incident *i, struct water *w)
{
    if (w->count == 0)
        return;
    int64_t t = w->minute * MINUTE_MS + w->sum_t_ms / w->count;
    double level = w->sum / w->count;
    w->minutes[w->next].t_ms = t;
    w->minutes[w->next].level = level;
    w->next = (w->next + 1) % WATER_MINUTES;
    w->used += w->used < WATER_MINUTES;
    w->count = 0;
    w->sum = 0;
    w->sum_t_ms = 0;
    if (w->basin != RULE_NONE)
        basin_put(i, w->basin, level, t);
}

void water_put(struct incident *i, struct water *w, double level, bool good, int64_t t_ms)
{
    w->good = good;
    if (!good)
        return;
    if (w->recent_count > 0)
        w->period_ms = t_ms - w->t_ms;
    w->t_ms = t_ms;
    w->recent[w->recent_count++ % 3] = level;
    if (w->recent_count > 5) /* only the remainder matters */
        w->recent_count -= 3;
    w->level = w->recent_count < 3 ? level : middle(w->recent[0], w->recent[1], w->recent[2]);
    int64_t minute = t_ms / MINUTE_MS - (t_ms % MINUTE_MS < 0);
    if (minute != w->minute)
        end_minute(i, w);
    w->minute = minute;
    w->sum += w->level;
    w->sum_t_ms += t_ms - minute * MINUTE_MS;
    w->count++;
}

bool water_fit(const struct water *w, int64_t now_ms, int64_t span_ms, bool volume,
               struct line_fit *out)
{
    double n = 0, st = 0, sy = 0, stt = 0, sty = 0, syy = 0, first = 0, y0 = UNKNOWN;
    for (uint32_t k = 0; k < w->used; k++) {
        double t = (double)(w->minutes[k].t_ms - now_ms) / HOUR_MS;
        if (now_ms - w->minutes[k].t_ms > span_ms)
            continue;
        double y = volume ? water_volume(w, w->minutes[k].level) : w->minutes[k].level;
        if (isnan(y0)) /* differences from one of them keep the sums small */
            y0 = y;
        y -= y0;
        first = fmin(first, t);
        n++;
        st += t;
        sy += y;
        stt += t * t;
        sty += t * y;
        syy += y * y;
    }
    double sxx = stt - st * st / n, sxy = sty - st * sy / n, sse;
    if (n < 4 || -first * HOUR_MS < 0.6 * (double)span_ms || !(sxx > 0))
        return false;
    double slope = sxy / sxx;
    sse = fmax(0, syy - sy * sy / n - slope * sxy);
    *out = (struct line_fit){.known = true,
                             .slope = slope,
                             .se = sqrt(sse / (n - 2) / sxx),
                             .at = y0 + sy / n - slope * st / n,
                             .hours = -first};
    return true;
}

/* As short a look back as makes the slope clear: a flood is seen at once, a trickle in time. */
static void look_at_rate(struct water *w, int64_t now_ms)
{
    static const int64_t spans[] = {6 * MINUTE_MS,  10 * MINUTE_MS, 20 * MINUTE_MS,
                                    30 * MINUTE_MS, 2 * HOUR_MS,    6 * HOUR_MS};
    int64_t stale = 5 * w->period_ms > 10 * MINUTE_MS ? 5 * w->period_ms : 10 * MINUTE_MS;
    struct line_fit found = {.slope = UNKNOWN}, fit;
    int64_t span = 0;
    bool seen = w->good && now_ms - w->t_ms <= stale;
    /* Only a minute that has ended brings something to fit; until then the line goes on. */
    if (seen && w->fitted && w->fitted_next == w->next && now_ms - w->fitted_ms < MINUTE_MS) {
        w->rate.at += w->rate.slope * (double)(now_ms - w->fitted_ms) / HOUR_MS;
        w->fitted_ms = now_ms;
        return;
    }
    w->fitted = seen;
    w->fitted_next = w->next;
    w->fitted_ms = now_ms;
    if (seen)
        for (size_t k = 0; k < sizeof spans / sizeof *spans; k++) {
            /* Long looks are for levels that come seldom. */
            if ((spans[k] > HOUR_MS && found.known) || !water_fit(w, now_ms, spans[k], true, &fit))
                continue;
            found = fit;
            span = spans[k];
            if (fabs(fit.slope) > 10 * fit.se)
                break;
        }
    w->rate = found;
    w->rise = (struct line_fit){.slope = UNKNOWN};
    if (found.known)
        water_fit(w, now_ms, span, false, &w->rise);
}

/* Minutes; 0: there; NaN: not in sight. false: nothing can be said. */
static bool minutes_to(const struct incident *i, uint32_t n, double *out)
{
    *out = UNKNOWN;
    if (i->water_of[n] == RULE_NONE)
        return false;
    const struct water *w = &i->waters[i->water_of[n]];
    double floor = i->plant->equipment[n].floor;
    if (w->good && w->recent_count > 0 && w->level >= floor) {
        *out = 0;
        return true;
    }
    if (!w->rate.known)
        return false;
    if (!(w->rate.slope > sure * w->rate.se) || !(w->rise.slope > crawl))
        return true;
    double rest = water_volume(w, floor) - w->rate.at;
    double minutes = fmax(0, rest / w->rate.slope * 60);
    bool dry = w->basin != RULE_NONE && w->level <= i->plant->basins[w->basin].target;
    *out = minutes > (dry ? dry_minutes : far_minutes) ? UNKNOWN : minutes;
    return true;
}

void consequence_tick(struct incident *i, int64_t now_ms)
{
    for (uint32_t n = 0; n < i->water_count; n++)
        look_at_rate(&i->waters[n], now_ms);
    for (uint32_t n = 0; n < i->equipment; n++) {
        struct equipment_record *r = &i->now.equipment[n];
        const struct equipment *e = &i->plant->equipment[n];
        i->rate_known[n] = minutes_to(i, n, &r->minutes);
        bool near = r->minutes * MINUTE_MS <= (double)e->warn_ms;
        /* What was threatened stays on this incident's list. */
        r->threatened = near || (i->now.open && r->threatened);
    }
}

static void tell_tag(struct incident *i, uint32_t tag, double x, const char *why_not,
                     int64_t now_ms)
{
    if (tag != TAG_NONE && i->hooks.tag)
        i->hooks.tag(i->hooks.me, tag, x, isfinite(x) ? NULL : why_not, now_ms);
}

void consequence_tags(struct incident *i, int64_t now_ms)
{
    bool due = !i->tags_told || now_ms - i->tags_ms >= tags_every_ms;
    for (uint32_t n = 0; n < i->equipment; n++) {
        double x = i->now.equipment[n].minutes;
        if (!due && i->tag_was_known[n] == isfinite(x))
            continue;
        i->tag_was_known[n] = isfinite(x);
        tell_tag(i, i->plant->equipment[n].tag_minutes, x,
                 i->rate_known[n] ? "not rising towards it" : "how the water moves isn't known",
                 now_ms);
    }
    for (uint32_t n = 0; n < i->basins; n++) {
        const struct basin_record *r = &i->now.basins[n];
        const struct basin *b = &i->plant->basins[n];
        double left = (r->eta_ms.value - (double)now_ms) / MINUTE_MS;
        if (!due && i->basin_was_known[n] == isfinite(left))
            continue;
        i->basin_was_known[n] = isfinite(left);
        const char *level = r->known ? "it has no stage curve" : "its level isn't known";
        tell_tag(i, b->tag_volume, r->known ? r->volume : UNKNOWN, level, now_ms);
        tell_tag(i, b->tag_net, r->net, "not yet known", now_ms);
        tell_tag(i, b->tag_minutes, left, r->stalled ? "stalled" : "no end of pumping is in sight",
                 now_ms);
    }
    if (due)
        i->tags_ms = now_ms;
    i->tags_told = true;
}

uint32_t incident_threats(const struct incident *i, uint32_t *out, uint32_t room)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < i->equipment; n++) {
        double x = i->now.equipment[n].minutes;
        if (isnan(x))
            continue;
        uint32_t at = count < room ? count++ : room;
        if (at == room && (room == 0 || !(x < i->now.equipment[out[room - 1]].minutes)))
            continue;
        at = at == room ? room - 1 : at;
        for (; at > 0 && x < i->now.equipment[out[at - 1]].minutes; at--)
            out[at] = out[at - 1];
        out[at] = n;
    }
    return count;
}

static bool threat_is_on(const struct incident *i, const struct alarm_rule *r,
                         struct alarm_evidence *e)
{
    const struct equipment *eq = &i->plant->equipment[r->origin_index];
    const struct equipment_record *q = &i->now.equipment[r->origin_index];
    bool was =
        eq->alarm_threat < i->plant->alarm_count && alarms_state(i->alarms, eq->alarm_threat)->raw;
    double warn = (double)eq->warn_ms / MINUTE_MS;
    if (!i->rate_known[r->origin_index]) {
        incident_put(e->text, sizeof e->text, "%s: how the water moves isn't known now", eq->name);
        return was; /* not seeing clears nothing */
    }
    e->value = q->minutes;
    e->limit = warn;
    incident_put(e->unit, sizeof e->unit, "min");
    if (q->minutes <= 0)
        incident_put(e->text, sizeof e->text, "water is at the floor of %s", eq->name);
    else
        incident_put(e->text, sizeof e->text, "water reaches the floor of %s in %.0f min", eq->name,
                     q->minutes);
    /* A fifth more before it goes: estimates breathe. */
    return q->minutes <= (was ? 1.2 * warn : warn);
}

bool incident_condition(const struct incident *i, const struct alarm_rule *r,
                        struct alarm_evidence *e)
{
    e->value = e->limit = UNKNOWN;
    e->unit[0] = e->text[0] = e->more[0] = '\0';
    if (r->origin == ALARM_THREAT && r->origin_index < i->equipment)
        return threat_is_on(i, r, e);
    if (r->origin != ALARM_STALLED || r->origin_index >= i->basins)
        return false;
    const struct basin *b = &i->plant->basins[r->origin_index];
    const struct basin_record *q = &i->now.basins[r->origin_index];
    e->value = q->net;
    incident_put(e->unit, sizeof e->unit, "m3/h");
    incident_put(e->text, sizeof e->text,
                 "%s has not become emptier for 1 h though %u of %u pumps run", b->name, q->running,
                 q->pumps);
    if (!q->known)
        return b->alarm_stalled < i->plant->alarm_count &&
               alarms_state(i->alarms, b->alarm_stalled)->raw;
    return q->stalled;
}
