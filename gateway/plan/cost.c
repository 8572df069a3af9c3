/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/cost.h"

#include <stdlib.h>

#include "plan/plan.h"

/* Typical times to think. A PLC answers between two scans; a meter or a drive needs longer than the
 * guide suggests; a register costs a PLC some time beyond the wire's. They only have to be of the
 * right size: cutting compares them, and what really happens is measured at run time. */
static const int64_t TCP_ANSWER_NS = 5 * NS_PER_MS, TCP_BYTE_NS = 1 * NS_PER_US,
                     TCP_CONNECT_NS = 1 * NS_PER_MS, SERIAL_ANSWER_NS = 10 * NS_PER_MS;

enum {
    CHARACTER_BITS = 11,
    FAST_BAUD = 19200, /* above it the gap no longer shrinks */
    MBAP_BYTES = 7,
    ASK_BYTES = 5, /* function, address, count */
    ANSWER_BYTES = 2, /* function, byte count */
    RTU_BYTES = 3 /* unit, CRC */
};

static int64_t character_ns(uint32_t baud)
{
    return CHARACTER_BITS * NS_PER_S / (baud > 0 ? baud : 9600);
}

int64_t cost_gap_ns(uint32_t baud)
{
    return baud > FAST_BAUD ? 1750 * NS_PER_US : character_ns(baud) * 7 / 2;
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct tariff cost_tariff(const struct line *l, int64_t unit_delay_ns)
{
    struct tariff t = {0};
    if (l->transport == TRANSPORT_TCP) {
        t.sent = MBAP_BYTES + ASK_BYTES;
        t.received = MBAP_BYTES + ANSWER_BYTES;
        t.byte_ns = TCP_BYTE_NS;
        t.silence_ns = longer(l->delay_ns, unit_delay_ns);
        t.fixed_ns = t.silence_ns + TCP_ANSWER_NS + (t.sent + t.received) * t.byte_ns;
        t.recover_ns = TCP_CONNECT_NS;
        return t;
    }
    t.sent = RTU_BYTES + ASK_BYTES;
    t.received = RTU_BYTES + ANSWER_BYTES;
    t.byte_ns = character_ns(l->baud);
    t.silence_ns = longer(cost_gap_ns(l->baud) + l->delay_ns, unit_delay_ns);
    t.fixed_ns =
        t.silence_ns + cost_gap_ns(l->baud) + SERIAL_ANSWER_NS + (t.sent + t.received) * t.byte_ns;
    if (l->transport == TRANSPORT_RTU_OVER_TCP)
        t.fixed_ns += TCP_ANSWER_NS;
    /* A bus without transaction numbers must prove its alignment with a read of its own. */
    t.recover_ns = t.fixed_ns;
    return t;
}

struct cost plan_request_cost(const struct plan *p, const struct request *r)
{
    struct tariff t = cost_tariff(&p->plant->lines[r->line], r->delay_ns);
    uint32_t data = cost_bytes(r->table, r->count);
    return (struct cost){t.sent, t.received + data, t.fixed_ns + data * t.byte_ns};
}

int64_t plan_silent_cost(const struct plan *p, const struct request *r)
{
    const struct line *l = &p->plant->lines[r->line];
    struct tariff t = cost_tariff(l, r->delay_ns);
    return (1 + l->retries) * (t.silence_ns + t.sent * t.byte_ns + l->timeout_ns + t.recover_ns);
}

double plan_line_load(const struct plan *p, uint32_t line)
{
    double load = 0;
    for (uint32_t i = p->first_request[line]; i < p->first_request[line + 1]; i++) {
        const struct request *r = &p->requests[i];
        load += (double)plan_request_cost(p, r).ns / (double)r->period_ns;
    }
    return load;
}

static int dearer_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

double plan_worst_cycle(const struct plan *p, uint32_t line, unsigned silent)
{
    /* A unit that falls silent costs one request with its retries; after that it is backed off, and
     * the rest of its requests is not sent. Its price is what that takes beyond its usual share. */
    int64_t price[256] = {0};
    unsigned units = 0;
    int64_t cycle = 0;
    uint32_t end = p->first_request[line + 1];
    for (uint32_t i = p->first_request[line]; i < end;) {
        uint8_t unit = p->requests[i].unit;
        int64_t well = 0, worst = 0;
        for (; i < end && p->requests[i].unit == unit; i++) {
            well += plan_request_cost(p, &p->requests[i]).ns;
            worst = longer(worst, plan_silent_cost(p, &p->requests[i]));
        }
        cycle += well;
        price[units++] = worst - well;
    }
    qsort(price, units, sizeof *price, dearer_first);
    for (unsigned k = 0; k < units && k < silent; k++)
        cycle += longer(price[k], 0);
    return (double)cycle / (double)NS_PER_S;
}
