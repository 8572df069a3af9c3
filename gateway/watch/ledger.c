/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/ledger.h"

#include <math.h>

static const int64_t slot_ms = 20 * 60 * 1000, day_ms = 24 * 60 * 60 * 1000;
enum { ALL_SEEN = 200 };
static const double enough = 0.5;

void ledger_init(struct ledger *l, int64_t step_ms)
{
    int64_t blocks = step_ms >= slot_ms ? 1 : (slot_ms + step_ms - 1) / step_ms;
    int64_t slots = (day_ms + blocks * step_ms / 2) / (blocks * step_ms);
    *l = (struct ledger){
        .blocks_per_slot = (uint32_t)blocks,
        .slots_per_day = slots < 1 ? 1 : (uint32_t)slots,
        .slot_h = (double)(blocks * step_ms) / 3.6e6,
    };
}

static void close_slot(struct ledger *l)
{
    uint32_t i = l->next;
    l->account[i] = l->now_account;
    l->total[i] = l->now_seen ? l->now_total / l->now_seen : (double)NAN;
    l->seen[i] = (uint8_t)(l->now_seen * ALL_SEEN / l->blocks_per_slot);
    l->next = (i + 1) % LEDGER_SLOTS;
    if (l->count < LEDGER_SLOTS)
        l->count++;
    l->now_total = 0;
    l->now_seen = l->now_blocks = 0;
}

void ledger_add(struct ledger *l, double missing, double total, bool seen)
{
    l->now_account += missing;
    if (seen) {
        l->now_total += total;
        l->now_seen++;
    }
    if (++l->now_blocks >= l->blocks_per_slot)
        close_slot(l);
}

void ledger_skip(struct ledger *l, uint64_t blocks)
{
    uint64_t all = (uint64_t)(LEDGER_SLOTS + 1) * l->blocks_per_slot;
    for (uint64_t i = 0; i < blocks && i < all; i++)
        ledger_add(l, 0, 0, false);
}

double ledger_coverage(const struct ledger *l)
{
    uint32_t days = l->count < l->slots_per_day ? l->count : l->slots_per_day, seen = 0;
    for (uint32_t back = 1; back <= days; back++)
        seen += l->seen[(l->next + LEDGER_SLOTS - back) % LEDGER_SLOTS];
    return (double)seen / (ALL_SEEN * (double)l->slots_per_day);
}

double ledger_unaccounted(const struct ledger *l)
{
    if (!(ledger_coverage(l) >= enough))
        return (double)NAN;
    double newest = l->account[(l->next + LEDGER_SLOTS - 1) % LEDGER_SLOTS];
    if (l->count <= l->slots_per_day)
        return newest; /* the account began at 0, less than a day ago */
    return newest - l->account[(l->next + LEDGER_SLOTS - 1 - l->slots_per_day) % LEDGER_SLOTS];
}
