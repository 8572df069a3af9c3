/* SPDX-License-Identifier: Apache-2.0 */
/* The figures that tell whether people can live with their alarms (EEMUA 191, ISA-18.2). Asked for
 * once an hour, so it may look at every alarm. */
#include <math.h>
#include <string.h>

#include "watch/alarms_parts.h"

enum { WINDOW = 10, WINDOWS = DAY_MINUTES / WINDOW };

static uint32_t sum(const struct minute *m)
{
    uint32_t s = 0;
    for (int p = 0; p < PRIORITY_COUNT; p++)
        s += m->by_priority[p];
    return s;
}

static void list(struct alarm_list *l, bool is, uint32_t i)
{
    if (is && l->used < ALARM_LIST_MAX)
        l->index[l->used++] = i;
}

static void count_states(const struct alarms *a, int64_t now_ms, struct alarm_figures *f)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct alarm_state *s = &a->items[i].s;
        f->shelved += s->bits.shelved;
        f->suppressed += s->bits.suppressed;
        f->out_of_service += s->bits.oos;
        f->frozen += s->frozen;
        f->chattering += s->chattering;
        list(&f->shelved_list, s->bits.shelved, i);
        list(&f->oos_list, s->bits.oos, i);
        list(&f->chattering_list, s->chattering, i);
        for (int k = 0; k < 4; k++)
            f->causes[k] += s->causes[k];
        if (!alarms_seen(&s->bits))
            continue;
        f->standing[s->priority]++;
        f->unacked[s->priority] += !s->bits.acked;
        f->stale += s->bits.active && s->on_ms != ALARM_NEVER && now_ms - s->on_ms > DAY_MS;
    }
}

static void count_rates(const struct alarms *a, struct alarm_figures *f)
{
    uint32_t in_10 = 0;
    f->in_10_min = f->max_in_10_min = a->in_window;
    int64_t flood_ms = 0;
    for (int64_t ago = DAY_MINUTES - 1; ago >= 0; ago--) {
        const struct minute *m = alarms_count_minute(a, ago);
        uint32_t n = sum(m);
        in_10 += n;
        if (ago + WINDOW < DAY_MINUTES)
            in_10 -= sum(alarms_count_minute(a, ago + WINDOW));
        f->in_day += n;
        for (int p = 0; p < PRIORITY_COUNT; p++)
            f->by_priority_day[p] += m->by_priority[p];
        flood_ms += m->flood_ms;
        if (ago >= 60)
            continue;
        f->in_hour += n;
        if (in_10 > f->max_in_10_min)
            f->max_in_10_min = in_10;
    }
    f->flood = a->flood;
    f->flood_s_day = flood_ms / 1000;
    f->flood_hidden = a->flood_low;
}

/* Windows on the ten minutes of the clock; the present one counts as far as it has come. */
static void count_windows(const struct alarms *a, struct alarm_figures *f)
{
    int64_t into = a->minute % WINDOW;
    int64_t lived = a->minute - a->start_ms / 60000;
    uint32_t windows = 0, flooded = 0, in_window = 0;
    for (int64_t ago = 0; ago < DAY_MINUTES && ago <= lived; ago++) {
        in_window += sum(alarms_count_minute(a, ago));
        bool first_of_window = ago % WINDOW == into;
        if (!first_of_window && ago != lived)
            continue;
        windows++;
        flooded += in_window > alarms_flood_begin(a);
        in_window = 0;
    }
    f->flood_windows_share = windows ? (double)flooded / windows : 0;
}

static void sort(int64_t *x, uint32_t count)
{
    for (uint32_t k = 1; k < count; k++) {
        int64_t here = x[k];
        uint32_t at = k;
        for (; at > 0 && x[at - 1] > here; at--)
            x[at] = x[at - 1];
        x[at] = here;
    }
}

static void count_acks(const struct alarms *a, int64_t now_ms, struct alarm_figures *f)
{
    int64_t delays[ACKS_KEPT];
    uint32_t count = 0;
    for (uint32_t k = 0; k < a->ack_count; k++)
        if (now_ms - a->acks[k].t_ms <= DAY_MS)
            delays[count++] = a->acks[k].delay_ms;
    f->ack_median_s = f->ack_p90_s = (double)NAN;
    if (!count)
        return;
    sort(delays, count);
    uint32_t low = (count - 1) / 2, high = count / 2;
    f->ack_median_s = ((double)delays[low] + (double)delays[high]) / 2000;
    f->ack_p90_s = (double)delays[(count * 9 + 9) / 10 - 1] / 1000;
}

static void count_top(const struct alarms *a, struct alarm_figures *f)
{
    uint32_t all = 0, theirs = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        uint32_t n = alarms_count_day(a, i);
        all += n;
        if (!n || (f->top_used == 10 && n <= f->top_count[9]))
            continue;
        uint32_t at = f->top_used < 10 ? f->top_used++ : 9;
        for (; at > 0 && f->top_count[at - 1] < n; at--) {
            f->top[at] = f->top[at - 1];
            f->top_count[at] = f->top_count[at - 1];
        }
        f->top[at] = i;
        f->top_count[at] = n;
    }
    for (uint32_t k = 0; k < f->top_used; k++)
        theirs += f->top_count[k];
    f->top10_share = all ? (double)theirs / all : 0;
}

void alarms_figures(const struct alarms *a, int64_t now_ms, struct alarm_figures *out)
{
    memset(out, 0, sizeof(*out));
    count_states(a, now_ms, out);
    count_rates(a, out);
    count_windows(a, out);
    count_acks(a, now_ms, out);
    count_top(a, out);
}
