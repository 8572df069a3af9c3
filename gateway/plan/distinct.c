/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/distinct.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A bus may be busy for so much of its time with what is asked for distinction. */
static const double BUSY = 0.7;

enum {
    LENGTHS = 256, /* an answer has 250 bytes of data at most */
    READS_MOST = 200, /* of one unit; there aren't more lengths than about that */
    SEEN = 1, /* as a read's id, which it gets when the plan is whole */
};

struct slip { /* a feed on its way from one read to another */
    struct feed feed;
    uint32_t address;
    uint32_t read;
};

struct desk { /* one unit's work; tables are looked at one by one */
    struct unit_maker *m;
    struct request *reads; /* with room for the most that cutting can make */
    uint32_t read_count;
    struct slip *slips; /* by device and point */
    uint32_t slip_count;
    struct span *used; /* what some tag of the table reads; sorted, apart */
    uint32_t used_count;
    struct span *atoms; /* of a chain: what can't be cut; sorted, apart */
    uint32_t atom_count;
    uint32_t *chain; /* reads that could pass values on to each other */
    uint32_t chain_count;
    struct span *cuts, *best; /* of a chain, tried and so far best */
    uint16_t alike[LENGTHS]; /* reads of the table per length, those of the chain left out */
    uint8_t table;
    uint32_t max, max_gap;
    int64_t fixed_ns, each_ns;
    double load; /* of the line */
};

static uint32_t length_of(const struct desk *d, struct span s)
{
    return cost_bytes(d->table, s.last - s.first + 1);
}

static struct span span_of(const struct request *r)
{
    return (struct span){r->first, r->first + r->count - 1U};
}

static int by_first(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Sorts, and makes one of those that overlap; touching ones too where `touching`. */
static uint32_t merged(struct span *s, uint32_t count, bool touching)
{
    uint32_t n = 0;
    if (count > 1)
        qsort(s, count, sizeof *s, by_first);
    for (uint32_t i = 0; i < count; i++) {
        if (n > 0 && s[i].first < s[n - 1].last + 1 + touching) {
            if (s[i].last > s[n - 1].last)
                s[n - 1].last = s[i].last;
        } else {
            s[n++] = s[i];
        }
    }
    return n;
}

static const struct point *point_of(const struct desk *d, const struct slip *s)
{
    return &d->m->plant->devices[s->feed.device].map->points[s->feed.point];
}

static struct span span_of_slip(const struct desk *d, const struct slip *s)
{
    uint32_t words = point_of(d, s)->words;
    return (struct span){s->address, s->address + (words > 0 ? words : 1U) - 1};
}

/* An unused run that is passed over must be short enough, and none of it forbidden. */
static bool readable(const struct desk *d, struct span s)
{
    const struct map *whose;
    if (s.first < d->used[0].first || s.last > d->used[d->used_count - 1].last)
        return false;
    for (uint32_t i = 1; i < d->used_count; i++) {
        uint32_t gap = d->used[i].first - d->used[i - 1].last - 1;
        if (gap > d->max_gap && s.first < d->used[i].first && s.last > d->used[i - 1].last)
            return false;
    }
    return unit_forbids(d->m, d->table, s, &whose) == NULL &&
           !unit_touches_alone(d->m, d->table, s) && unit_barred(d->m, d->table, s, &whose) == NULL;
}

/* ---- chains ---------------------------------------------------------------------------------- */

/* Two reads of one rate that were parted for their length only. */
static bool joined(const struct desk *d, const struct request *a, const struct request *b)
{
    uint32_t after = a->first + a->count, before = b->first;
    const struct map *whose;
    if (before <= after)
        return unit_barred(d->m, d->table, (struct span){a->first, before + b->count - 1U},
                           &whose) == NULL;
    return (int64_t)(before - after) * d->each_ns < d->fixed_ns &&
           readable(d, (struct span){after - 1, before});
}

static void find_chain(struct desk *d, uint32_t from)
{
    d->chain_count = 0;
    d->chain[d->chain_count++] = from;
    for (uint32_t i = from + 1; i < d->read_count; i++) {
        const struct request *r = &d->reads[i], *last = &d->reads[d->chain[d->chain_count - 1]];
        if (r->table != d->table || r->period_ns != last->period_ns || r->once != last->once ||
            r->alone)
            continue;
        if (!joined(d, last, r))
            return;
        d->chain[d->chain_count++] = i;
    }
}

static bool in_chain(const struct desk *d, uint32_t read)
{
    for (uint32_t i = 0; i < d->chain_count; i++) {
        if (d->chain[i] == read)
            return true;
    }
    return false;
}

/* All that belongs to one atomic group of one device. */
static struct span whole_group(const struct desk *d, const struct slip *s)
{
    struct span whole = span_of_slip(d, s);
    int32_t group = point_of(d, s)->group;
    for (uint32_t i = 0; i < d->slip_count && group >= 0; i++) {
        const struct slip *other = &d->slips[i];
        struct span o = span_of_slip(d, other);
        if (other->feed.device != s->feed.device || point_of(d, other)->group != group)
            continue;
        whole.first = o.first < whole.first ? o.first : whole.first;
        whole.last = o.last > whole.last ? o.last : whole.last;
    }
    return whole;
}

static void find_atoms(struct desk *d)
{
    d->atom_count = 0;
    for (uint32_t i = 0; i < d->slip_count; i++) {
        if (in_chain(d, d->slips[i].read))
            d->atoms[d->atom_count++] = whole_group(d, &d->slips[i]);
    }
    d->atom_count = merged(d->atoms, d->atom_count, false);
}

/* Counts the lengths of the table's reads; not those of the chain. */
static void find_lengths(struct desk *d)
{
    memset(d->alike, 0, sizeof d->alike);
    for (uint32_t i = 0; i < d->read_count; i++) {
        if (d->reads[i].table == d->table && !in_chain(d, i))
            d->alike[length_of(d, span_of(&d->reads[i]))]++;
    }
}

/* ---- ways of cutting a chain ----------------------------------------------------------------- */

struct way {
    uint32_t count; /* of cuts */
    uint32_t alike; /* how many still look like another */
    int64_t ns; /* what one round of them costs */
};

static struct way judged(const struct desk *d, const struct span *cuts, uint32_t count)
{
    uint16_t alike[LENGTHS];
    struct way w = {.count = count};
    memcpy(alike, d->alike, sizeof alike);
    for (uint32_t i = 0; i < count; i++) {
        w.alike += alike[length_of(d, cuts[i])]++ > 0;
        w.ns += d->fixed_ns + (int64_t)(cuts[i].last - cuts[i].first + 1) * d->each_ns;
    }
    return w;
}

/* A little more of what is readable anyway, behind it or in front of it. */
static bool widened(const struct desk *d, struct span *s, const uint16_t alike[LENGTHS])
{
    for (uint32_t more = 1; s->last - s->first + 1 + more <= d->max; more++) {
        struct span behind = {s->first, s->last + more}, ahead = {s->first - more, s->last};
        if ((int64_t)more * d->each_ns >= d->fixed_ns)
            return false;
        if (alike[length_of(d, behind)] > 0)
            continue;
        if (readable(d, behind)) {
            *s = behind;
            return true;
        }
        if (more <= s->first && readable(d, ahead)) {
            *s = ahead;
            return true;
        }
    }
    return false;
}

static uint32_t widen_chain(const struct desk *d, struct span *cuts)
{
    uint16_t alike[LENGTHS];
    memcpy(alike, d->alike, sizeof alike);
    for (uint32_t i = 0; i < d->chain_count; i++)
        alike[length_of(d, span_of(&d->reads[d->chain[i]]))]++;
    for (uint32_t i = 0; i < d->chain_count; i++) {
        cuts[i] = span_of(&d->reads[d->chain[i]]);
        uint32_t length = length_of(d, cuts[i]);
        if (alike[length] > 1 && widened(d, &cuts[i], alike)) {
            alike[length]--;
            alike[length_of(d, cuts[i])]++;
        }
    }
    return d->chain_count;
}

/* From the start, each read as long as it can be without looking like another. */
static uint32_t cut_anew(const struct desk *d, struct span *cuts)
{
    uint16_t alike[LENGTHS];
    uint32_t count = 0;
    memcpy(alike, d->alike, sizeof alike);
    for (uint32_t from = 0, to; from < d->atom_count; from = to) {
        struct span longest = d->atoms[from];
        to = from;
        for (uint32_t i = from; i < d->atom_count; i++) {
            struct span s = {d->atoms[from].first, d->atoms[i].last};
            if (s.last - s.first >= d->max || !readable(d, s))
                break;
            longest = s;
            if (alike[length_of(d, s)] == 0)
                to = i + 1;
        }
        struct span s = {longest.first, to > from ? d->atoms[to - 1].last : longest.last};
        if (to == from) {
            (void)widened(d, &s, alike);
            while (to < d->atom_count && d->atoms[to].last <= longest.last)
                to++;
        }
        alike[length_of(d, s)]++;
        cuts[count++] = s;
    }
    return count;
}

/* ---- taking the best ------------------------------------------------------------------------- */

static bool better(const struct way *a, const struct way *b)
{
    return a->alike != b->alike ? a->alike < b->alike : a->ns < b->ns;
}

static struct request read_of(const struct desk *d, struct span s)
{
    struct request r = d->reads[d->chain[0]];
    r.first = (uint16_t)s.first;
    r.count = (uint16_t)(s.last - s.first + 1);
    return r;
}

/* The chain's reads become these; new ones stand behind its last. */
static void apply(struct desk *d, const struct span *cuts, uint32_t count)
{
    uint32_t more = count - d->chain_count, behind = d->chain[d->chain_count - 1] + 1;
    for (uint32_t i = 0; i < d->slip_count; i++) {
        struct slip *s = &d->slips[i];
        if (s->read >= behind)
            s->read += more;
        else if (in_chain(d, s->read)) {
            struct span whole = whole_group(d, s);
            uint32_t k = 0;
            while (k < count && (cuts[k].first > whole.first || cuts[k].last < whole.last))
                k++;
            assert(k < count); /* cuts cover what was read before */
            s->read = k < d->chain_count ? d->chain[k] : behind + k - d->chain_count;
        }
    }
    memmove(d->reads + behind + more, d->reads + behind,
            (d->read_count - behind) * sizeof *d->reads);
    for (uint32_t k = d->chain_count; k < count; k++)
        d->reads[behind + k - d->chain_count] = read_of(d, cuts[k]);
    for (uint32_t k = 0; k < d->chain_count; k++)
        d->reads[d->chain[k]] = read_of(d, cuts[k]);
    d->read_count += more;
}

static void mend_chain(struct desk *d)
{
    find_lengths(d);
    for (uint32_t i = 0; i < d->chain_count; i++)
        d->cuts[i] = span_of(&d->reads[d->chain[i]]);
    const struct way now = judged(d, d->cuts, d->chain_count);
    if (now.alike == 0)
        return;
    find_atoms(d);
    double period = (double)d->reads[d->chain[0]].period_ns;
    struct way best = now;
    for (int k = 0; k < 2; k++) {
        uint32_t count = k == 0 ? widen_chain(d, d->cuts) : cut_anew(d, d->cuts);
        struct way w = judged(d, d->cuts, count);
        int64_t more = w.ns - now.ns;
        bool affordable = more < d->fixed_ns / 8 || d->load + (double)more / period < BUSY;
        if (w.count < now.count || !affordable || !better(&w, &best))
            continue;
        best = w;
        memcpy(d->best, d->cuts, count * sizeof *d->best);
    }
    if (best.alike == now.alike)
        return;
    d->load += (double)(best.ns - now.ns) / period;
    apply(d, d->best, best.count);
}

static void mend_table(struct desk *d, uint8_t table)
{
    struct tariff t = cost_tariff(&d->m->plant->lines[d->m->line], d->m->delay_ns);
    bool bits = unit_bits(table);
    d->table = table;
    d->max = bits ? d->m->limits.max_bits : d->m->limits.max_registers;
    d->max_gap = bits ? d->m->limits.max_gap * 16U : d->m->limits.max_gap;
    d->fixed_ns = t.fixed_ns;
    d->each_ns = bits ? t.byte_ns / 8 : t.byte_ns * 2;
    d->used_count = 0;
    for (uint32_t i = 0; i < d->slip_count; i++) {
        if (d->reads[d->slips[i].read].table == table)
            d->used[d->used_count++] = span_of_slip(d, &d->slips[i]);
    }
    d->used_count = merged(d->used, d->used_count, true);
    for (uint32_t i = 0; i < d->read_count; i++) {
        if (d->reads[i].table != table || d->reads[i].id == SEEN || d->reads[i].alone)
            continue;
        find_chain(d, i);
        for (uint32_t k = 0; k < d->chain_count; k++)
            d->reads[d->chain[k]].id = SEEN;
        mend_chain(d);
    }
}

/* ---- one unit -------------------------------------------------------------------------------- */

static int by_point(const void *a, const void *b)
{
    const struct feed *x = &((const struct slip *)a)->feed, *y = &((const struct slip *)b)->feed;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return (x->point > y->point) - (x->point < y->point);
}

static bool lay_out(struct desk *d, const struct request *from, uint32_t count)
{
    uint32_t feeds = 0;
    for (uint32_t i = 0; i < count; i++)
        feeds += from[i].feed_count;
    uint32_t most = count + feeds;
    d->reads = calloc(most, sizeof *d->reads);
    d->slips = calloc(feeds, sizeof *d->slips);
    d->used = calloc(feeds, sizeof *d->used);
    d->atoms = calloc(feeds, sizeof *d->atoms);
    d->chain = calloc(most, sizeof *d->chain);
    d->cuts = calloc(most, sizeof *d->cuts);
    d->best = calloc(most, sizeof *d->best);
    if (!d->reads || !d->slips || !d->used || !d->atoms || !d->chain || !d->cuts || !d->best)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        d->reads[d->read_count] = from[i];
        d->reads[d->read_count].id = 0;
        for (uint32_t k = 0; k < from[i].feed_count; k++) {
            const struct feed *f = &from[i].feeds[k];
            d->slips[d->slip_count++] = (struct slip){*f, from[i].first + f->offset, i};
        }
        d->read_count++;
    }
    qsort(d->slips, d->slip_count, sizeof *d->slips, by_point);
    return true;
}

static void clear(struct desk *d)
{
    free(d->reads);
    free(d->slips);
    free(d->used);
    free(d->atoms);
    free(d->chain);
    free(d->cuts);
    free(d->best);
}

/* Back among the requests of all, and the feeds to where they were dealt out first. */
static bool put_back(struct desk *d, uint32_t first, uint32_t count, uint32_t first_feed)
{
    struct unit_maker *m = d->m;
    uint32_t more = d->read_count - count, behind = first + count;
    if (!form_room(&m->requests, &m->request_room, m->request_count + more, sizeof *m->requests))
        return false;
    memmove(m->requests + behind + more, m->requests + behind,
            (m->request_count - behind) * sizeof *m->requests);
    memcpy(m->requests + first, d->reads, d->read_count * sizeof *d->reads);
    m->request_count += more;

    struct feed *next = m->feeds + first_feed;
    for (uint32_t i = 0; i < d->read_count; i++) {
        struct request *r = &m->requests[first + i];
        r->feeds = next;
        for (uint32_t k = 0; k < d->slip_count; k++) {
            const struct slip *s = &d->slips[k];
            if (s->read != i)
                continue;
            *next = s->feed;
            next++->offset = (uint16_t)(s->address - r->first);
        }
        r->feed_count = (uint32_t)(next - r->feeds);
    }
    return true;
}

static bool any_alike(const struct request *r, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = i + 1; k < count; k++) {
            if (alike_answers(&r[i], &r[k]))
                return true;
        }
    }
    return false;
}

static double load_of(const struct unit_maker *m, uint32_t from)
{
    double load = 0;
    for (uint32_t i = from; i < m->request_count; i++) {
        const struct request *r = &m->requests[i];
        struct tariff t = cost_tariff(&m->plant->lines[r->line], r->delay_ns);
        int64_t ns = t.fixed_ns + cost_bytes(r->table, r->count) * t.byte_ns;
        load += (double)ns / (double)r->period_ns;
    }
    return load;
}

bool distinct_unit(struct unit_maker *m, uint32_t line_from)
{
    uint32_t first = line_from, count = 0;
    while (first < m->request_count && m->requests[first].unit != m->unit)
        first++;
    while (first + count < m->request_count && m->requests[first + count].unit == m->unit)
        count++;
    if (count > READS_MOST || !any_alike(m->requests + first, count))
        return true;
    struct desk d = {.m = m, .load = load_of(m, line_from)};
    uint32_t first_feed = (uint32_t)(m->requests[first].feeds - m->feeds);
    bool whole = lay_out(&d, m->requests + first, count);
    for (uint8_t table = 0; whole && table < TABLE_COUNT; table++)
        mend_table(&d, table);
    whole = whole && put_back(&d, first, count, first_feed);
    clear(&d);
    return whole;
}
