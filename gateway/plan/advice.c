/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that can't keep their rates, and what would help: where the time goes, how much slower it
 * would have to be, and which baud rate would do. */
#include <assert.h>
#include <stdio.h>

#include "base/diag.h"
#include "base/text.h"
#include "plan/alike.h"
#include "plan/cost.h"
#include "plan/plan.h"

static const double FULL = 0.9; /* above it there is no time left for a single retry */
static const uint32_t BAUDS[] = {9600, 19200, 38400, 57600, 115200};

static double load_of(const struct line *l, const struct request *r)
{
    struct tariff t = cost_tariff(l, r->delay_ns);
    int64_t ns = t.fixed_ns + cost_bytes(r->table, r->count) * t.byte_ns;
    return (double)ns / (double)r->period_ns;
}

/* The lowest usual baud rate that would do; 0: none. */
static uint32_t baud_that_does(const struct plan *p, uint32_t line)
{
    for (size_t i = 0; i < sizeof BAUDS / sizeof *BAUDS; i++) {
        struct line l = p->plant->lines[line];
        double load = 0;
        if (BAUDS[i] <= l.baud)
            continue;
        l.baud = BAUDS[i];
        for (uint32_t k = p->first_request[line]; k < p->first_request[line + 1]; k++)
            load += load_of(&l, &p->requests[k]);
        if (load <= FULL)
            return BAUDS[i];
    }
    return 0;
}

/* All reads of one unit at one period: what an integrator can change with one `every`. */
struct habit {
    const struct request *first;
    double load;
    uint32_t requests, tags;
};

static struct habit dearest_habit(const struct plan *p, uint32_t line)
{
    struct habit dearest = {0};
    const struct line *l = &p->plant->lines[line];
    uint32_t end = p->first_request[line + 1], unit_end;
    for (uint32_t from = p->first_request[line]; from < end; from = unit_end) {
        for (unit_end = from;
             unit_end < end && p->requests[unit_end].unit == p->requests[from].unit;)
            unit_end++;
        for (uint32_t i = from; i < unit_end; i++) {
            struct habit h = {.first = &p->requests[i]};
            for (uint32_t k = from; k < unit_end; k++) {
                const struct request *r = &p->requests[k];
                if (r->period_ns != h.first->period_ns)
                    continue;
                h.load += load_of(l, r);
                h.requests++;
                h.tags += r->feed_count;
            }
            if (h.load > dearest.load)
                dearest = h;
        }
    }
    return dearest;
}

static int64_t rounded_up(double ns)
{
    int64_t step = ns < 1e9 ? 10 * NS_PER_MS : ns < 1e10 ? 100 * NS_PER_MS : NS_PER_S;
    return ((int64_t)ns / step + 1) * step;
}

static void advise(const struct plan *p, uint32_t line, double load, struct diags *ds)
{
    const struct line *l = &p->plant->lines[line];
    struct habit h = dearest_habit(p, line);
    assert(h.first != NULL); /* a load comes from requests */
    const struct feed *feed = &h.first->feeds[0];
    const struct device *d = &p->plant->devices[feed->device];
    char from[32], to[32], remedy[200];
    double others = load - h.load;
    size_t length = 0;

    if (others < FULL * 0.8) {
        int64_t period = rounded_up((double)h.first->period_ns * h.load / (FULL - others));
        length = (size_t)snprintf(remedy, sizeof remedy, "read these every %s",
                                  text_from_duration(to, period));
    } else {
        length =
            (size_t)snprintf(remedy, sizeof remedy, "make every rate of the line %.1f times slower",
                             load / FULL + 0.05);
    }
    uint32_t baud = l->transport == TRANSPORT_TCP ? 0 : baud_that_does(p, line);
    if (baud != 0)
        snprintf(remedy + length, sizeof remedy - length, ", or set the bus to %u baud", baud);

    diag_add(ds, DIAG_WARNING, l->at,
             "line %s %s: its requests take %.2f s of every second%s. %.0f %% of that is %s (%s%s; "
             "%u tag%s every %s in %u request%s): %s",
             l->name, load > 1 ? "can't keep its rates" : "has no time left for a retry", load,
             l->transport == TRANSPORT_TCP ? " if it answers as fast as usual" : "",
             100 * h.load / load, d->path, d->map->points[feed->point].name,
             h.tags > 1 ? ", ..." : "", h.tags, h.tags > 1 ? "s" : "",
             text_from_duration(from, h.first->period_ns), h.requests, h.requests > 1 ? "s" : "",
             remedy);
}

/* Reads whose answers neither length nor time keeps apart; told with the first of them. */
static void warn_of_alike(const struct plan *p, uint32_t line, uint32_t at, struct diags *ds)
{
    const struct request *all = p->requests, *r = &all[at];
    const struct line *l = &p->plant->lines[line];
    uint32_t others = 0;
    for (uint32_t i = p->first_request[line]; i < p->first_request[line + 1]; i++)
        others += i != at && alike_answers(&all[i], r);
    if (others == 0 || alike_in_time(others, r->period_ns))
        return;
    for (uint32_t i = p->first_request[line]; i < at; i++)
        if (alike_answers(&all[i], r) && !alike_in_time(others, all[i].period_ns))
            return;
    const struct feed *feed = &r->feeds[0];
    const struct device *d = &p->plant->devices[feed->device];
    char every[32], enough[32];
    diag_add(ds, DIAG_WARNING, l->at,
             "line %s: %u reads of unit %u bring answers of one length every %s, too fast to tell "
             "one from another that the device repeats by itself (%s: %s, ...): read these every "
             "%s, or let a larger max_gap join them",
             l->name, others + 1, r->unit, text_from_duration(every, r->period_ns), d->path,
             d->map->points[feed->point].name,
             text_from_duration(enough, 2 * (others + 1) * alike_repeats_ns));
}

void advice_lines(const struct plan *p, struct diags *ds)
{
    for (uint32_t i = 0; i < p->plant->line_count; i++) {
        double load = plan_line_load(p, i);
        if (load > FULL)
            advise(p, i, load, ds);
        if (p->plant->lines[i].transport == TRANSPORT_TCP)
            continue;
        for (uint32_t k = p->first_request[i]; k < p->first_request[i + 1]; k++)
            warn_of_alike(p, i, k, ds);
    }
}
