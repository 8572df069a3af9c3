/* SPDX-License-Identifier: Apache-2.0 */
/* How the water goes down, and when it will be gone. In volume: the level of a pit that narrows
 * falls faster and faster. */
#include <math.h>
#include <string.h>

#include "watch/dewater.h"
#include "watch/incident_parts.h"

static const double rises_m = 0.01; /* in an hour; less is waves */
static const int64_t eta_every_ms = HOUR_MS / 2;
static const double widest = 3; /* times what is left: a wider interval promises nothing ... */
static const double narrow_h = 6; /* ... unless it is as short as this */

double dewater_pumped(const struct incident *i, uint32_t basin, uint32_t *running)
{
    const struct basin *b = &i->plant->basins[basin];
    double sum = 0;
    *running = 0;
    for (uint32_t n = 0; n < b->pump_count; n++) {
        const struct heard *flow = incident_heard(i, b->pumps[n].flow);
        const struct heard *run = incident_heard(i, b->pumps[n].run);
        bool has_flow = flow && flow->good;
        double q = has_flow ? flow->x * b->pumps[n].flow_factor : UNKNOWN;
        bool on = run && run->good ? run->x > 0 : q > 0.02 * fmax(b->pumps[n].capacity, 1);
        *running += on;
        if (!has_flow && run && run->good)
            q = on ? b->pumps[n].capacity : 0;
        sum += on || has_flow || (run && run->good) ? q : UNKNOWN;
    }
    return b->pump_count > 0 ? sum : UNKNOWN;
}

static const struct block *newest(const struct basin_log *l, uint32_t back)
{
    return back < l->used ? &l->blocks[(l->next + BASIN_BLOCKS - 1 - back) % BASIN_BLOCKS] : NULL;
}

static void end_block(struct basin_log *l)
{
    if (l->count == 0)
        return;
    l->blocks[l->next] = (struct block){.t_ms = l->number * BLOCK_MS + BLOCK_MS / 2,
                                        .level = l->level_sum / l->count,
                                        .pumped = l->pumped_sum / l->count};
    l->next = (l->next + 1) % BASIN_BLOCKS;
    l->used += l->used < BASIN_BLOCKS;
    l->count = 0;
    l->level_sum = l->pumped_sum = 0;
}

void basin_put(struct incident *i, uint32_t basin, double level, int64_t t_ms)
{
    struct basin_log *l = &i->logs[basin];
    uint32_t running;
    int64_t number = t_ms / BLOCK_MS - (t_ms % BLOCK_MS < 0);
    if (number != l->number)
        end_block(l);
    l->number = number;
    l->level_sum += level;
    l->pumped_sum += dewater_pumped(i, basin, &running);
    l->count++;
}

/* The block of an hour ago, if there is one. */
static const struct block *hour_ago(const struct basin_log *l, const struct block *now)
{
    for (uint32_t n = 1; n < l->used; n++) {
        const struct block *b = newest(l, n);
        int64_t age = now->t_ms - b->t_ms;
        if (age >= HOUR_MS)
            return age <= 2 * HOUR_MS ? b : NULL;
    }
    return NULL;
}

void dewater_begin(struct incident *i, int64_t now_ms)
{
    for (uint32_t n = 0; n < i->basins; n++) {
        struct basin_record *r = &i->now.basins[n];
        struct basin_log *l = &i->logs[n];
        l->was_wet = l->rose = l->has_low = l->wet_said = l->pumped_said = false;
        l->told_eta = l->said_eta = UNKNOWN;
        l->has_said = l->said_stalled = false;
        l->steady = l->empty = (struct lasting){.on = false};
        l->peak_ms = now_ms;
        r->start = r->peak = r->volume;
        r->progress = UNKNOWN;
        r->eta_change_ms = UNKNOWN;
    }
}

static void forecast(struct incident *i, uint32_t n, int64_t now_ms)
{
    struct basin_log *l = &i->logs[n];
    struct basin_record *r = &i->now.basins[n];
    const struct basin *b = &i->plant->basins[n];
    const struct water *w = &i->waters[i->water_of_basin[n]];
    struct dewater_past past = {.count = 0, .now_ms = now_ms, .volume = r->volume};
    struct dewater_out out;
    past.target = water_volume(w, b->target);
    for (uint32_t k = l->used; k-- > 0;) {
        const struct block *x = newest(l, k);
        if (i->now.open && x->t_ms < l->peak_ms)
            continue;
        past.t_h[past.count] = (double)(x->t_ms - now_ms) / HOUR_MS;
        past.v[past.count] = water_volume(w, x->level);
        past.pumped[past.count++] = x->pumped;
    }
    r->eta_ms = (struct estimate){UNKNOWN, UNKNOWN, UNKNOWN};
    r->net = w->rate.slope;
    if (r->volume <= past.target || !dewater_estimate(&past, &out))
        return;
    r->net = out.net;
    r->eta_ms.low = (double)now_ms + out.hours.low * HOUR_MS;
    if (!(out.hours.high - out.hours.low <= fmax(widest * out.hours.value, narrow_h)))
        return; /* all that can be said: not before */
    r->eta_ms.value = (double)now_ms + out.hours.value * HOUR_MS;
    r->eta_ms.high = (double)now_ms + out.hours.high * HOUR_MS;
}

static void look_at_evidence(struct incident *i, uint32_t n, int64_t now_ms)
{
    struct basin_log *l = &i->logs[n];
    struct basin_record *r = &i->now.basins[n];
    const struct basin *b = &i->plant->basins[n];
    const struct water *w = &i->waters[i->water_of_basin[n]];
    const struct block *now = newest(l, 0), *then = now ? hour_ago(l, now) : NULL;
    bool fresh = now && now_ms - now->t_ms <= 3 * BLOCK_MS;
    double change = fresh && then ? now->level - then->level : UNKNOWN;
    bool clear = true;
    for (uint32_t k = 0; k < b->wet_count; k++)
        clear = clear && incident_is_off(i, b->wet[k]);
    lasting(&l->pumping, r->running > 0, now_ms, 0);
    lasting(&l->falling,
            r->running > 0 && w->rate.known && w->rate.slope < -2 * w->rate.se && w->rise.slope < 0,
            now_ms, 0);
    lasting(&l->empty, r->known && r->level <= b->target && clear, now_ms, 0);
    /* The change over an hour has the hour in it already. */
    lasting(&l->steady, change <= rises_m, now_ms, 0);
    r->stalled = r->known && r->level > b->target && l->pumping.on &&
                 now_ms - l->pumping.since_ms >= HOUR_MS && change >= 0;
    if (r->stalled) /* it stands against the rate of that hour, not of the better ones before */
        r->net = (water_volume(w, now->level) - water_volume(w, then->level)) * HOUR_MS /
                 (double)(now->t_ms - then->t_ms);
    if (!i->now.open || !r->known)
        return;
    if (!l->has_low || r->level < l->low)
        l->low = r->level;
    l->has_low = true;
    l->was_wet = l->was_wet || r->level > b->target;
    l->rose = l->rose || r->level - l->low > 0.02;
}

static void follow_volume(struct incident *i, uint32_t n, int64_t now_ms)
{
    struct basin_log *l = &i->logs[n];
    struct basin_record *r = &i->now.basins[n];
    const struct water *w = &i->waters[i->water_of_basin[n]];
    bool was_known = r->known;
    double pumped = dewater_pumped(i, n, &r->running);
    r->pumps = i->plant->basins[n].pump_count;
    r->known = w->good && w->recent_count > 0;
    r->inflow = pumped + w->rate.slope;
    if (!r->known)
        return;
    r->level = w->level;
    r->volume = water_volume(w, w->level);
    if (i->plant->basins[n].stage) /* a sensor that lies a bit too high sees less than nothing */
        r->volume = fmax(0, r->volume);
    if (!i->now.open)
        return;
    if (!was_known && !l->has_low) /* its level wasn't known when the incident began */
        r->start = r->peak = r->volume;
    if (r->volume >= r->peak) {
        r->peak = r->volume;
        l->peak_ms = now_ms;
    }
    double rest = r->peak - water_volume(w, i->plant->basins[n].target);
    r->progress = rest > 0 ? fmax(0, 100 * (r->peak - r->volume) / rest) : UNKNOWN;
    if (rest > 0)
        r->progress = fmin(r->progress, 100);
}

static void tell_eta(struct incident *i, uint32_t n, int64_t now_ms)
{
    struct basin_log *l = &i->logs[n];
    const struct basin_record *r = &i->now.basins[n];
    double eta = r->eta_ms.value, left = eta - (double)now_ms;
    bool turned = isfinite(eta) != isfinite(l->said_eta) || r->stalled != l->said_stalled;
    bool moved = fabs(eta - l->said_eta) > fmax(HOUR_MS, 0.15 * left);
    if ((!turned && !moved) || (l->has_said && now_ms - l->said_ms < eta_every_ms))
        return;
    l->said_eta = eta;
    l->said_stalled = r->stalled;
    l->said_ms = now_ms;
    l->has_said = true;
    const char *name = i->plant->basins[n].name;
    char text[INCIDENT_NOTE_MAX];
    if (isfinite(eta))
        incident_put(text, sizeof text, "%s: empty in %.1f h (80 %%: %.1f to %.1f h)", name,
                     left / HOUR_MS, (r->eta_ms.low - (double)now_ms) / HOUR_MS,
                     (r->eta_ms.high - (double)now_ms) / HOUR_MS);
    else
        incident_put(text, sizeof text, "%s: %s", name,
                     r->stalled ? "pumping has stalled" : "no end of pumping is in sight");
    incident_tell(i, INCIDENT_ETA, name, text, now_ms);
}

/* Water where it should be dry, and pumps that take it away, are seen; what else an area is, people
 * say, and their word stands. */
static void call_area(struct incident *i, uint32_t n, int64_t now_ms)
{
    struct basin_log *l = &i->logs[n];
    const struct basin *b = &i->plant->basins[n];
    char why[INCIDENT_NOTE_MAX];
    if (b->area >= i->areas)
        return;
    uint8_t s = i->now.areas[b->area];
    if (!l->wet_said && l->rose && i->now.basins[n].known && i->now.basins[n].level > b->target) {
        l->wet_said = true;
        incident_put(why, sizeof why, "water in %s", b->name);
        if (s == AREA_OPERATING || s == AREA_SHUT_PROTECT)
            incident_area_is(i, b->area, AREA_FLOODED, why, now_ms);
    }
    if (l->wet_said && !l->pumped_said && l->falling.on &&
        now_ms - l->falling.since_ms >= HOUR_MS / 2) {
        l->pumped_said = true;
        incident_put(why, sizeof why, "%s is being pumped out", b->name);
        if (i->now.areas[b->area] == AREA_FLOODED)
            incident_area_is(i, b->area, AREA_DEWATERING, why, now_ms);
    }
}

void dewater_tick(struct incident *i, int64_t now_ms)
{
    for (uint32_t n = 0; n < i->basins; n++) {
        follow_volume(i, n, now_ms);
        if (!i->forecast_done[n] || now_ms - i->forecast_ms[n] >= MINUTE_MS) {
            forecast(i, n, now_ms);
            i->forecast_done[n] = true;
            i->forecast_ms[n] = now_ms;
        }
        look_at_evidence(i, n, now_ms);
        if (i->now.basins[n].stalled)
            i->now.basins[n].eta_ms = (struct estimate){UNKNOWN, UNKNOWN, UNKNOWN};
        double change = i->now.basins[n].eta_ms.value - i->logs[n].told_eta;
        i->now.basins[n].eta_change_ms = change;
        if (!i->now.open)
            continue;
        call_area(i, n, now_ms);
        tell_eta(i, n, now_ms);
    }
}
