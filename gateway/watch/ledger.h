/* SPDX-License-Identifier: Apache-2.0 */
/* The last two days in slots of some twenty minutes: what was missing in each, and how much of it
 * was seen. From it come the unaccounted volume of the last 24 h, the coverage, and the long view
 * that an estimate of a slow leak needs. Slots are numbered by time, so a gap is seen as a gap.
 * Flat. */
#ifndef WATCH_LEDGER_H
#define WATCH_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

enum { LEDGER_SLOTS = 150 };

struct ledger {
    double account[LEDGER_SLOTS]; /* at the slot's end: sum of in - out - change of store, m3 */
    double total[LEDGER_SLOTS]; /* mean of C over the slot, m3 */
    uint8_t seen[LEDGER_SLOTS]; /* share with good inputs, 0..200 */
    double now_account, now_total; /* of the slot that is being filled */
    uint32_t now_seen, now_blocks; /* blocks; now_seen: those with good inputs */
    uint32_t count, next;
    uint32_t blocks_per_slot, slots_per_day;
    double slot_h;
};

void ledger_init(struct ledger *l, int64_t step_ms);
/* `blocks` evaluations that passed with this missing volume (m3; 0 while nobody looked), and C. */
void ledger_add(struct ledger *l, double missing, double total, bool seen);
void ledger_skip(struct ledger *l, uint64_t blocks); /* so many that nobody saw */
double ledger_coverage(const struct ledger *l); /* of the last 24 h, 0..1 */
/* in - out - change of store over the last 24 h up to the last full slot; nothing corrected,
 * nothing scaled up: hours that weren't seen count nothing. NaN when more than half of them
 * weren't. */
double ledger_unaccounted(const struct ledger *l);

#endif
