/* SPDX-License-Identifier: Apache-2.0 */
/* What a read costs on a line: the figures that the cutting, the load and the warnings share. */
#ifndef PLAN_COST_H
#define PLAN_COST_H

#include <stdbool.h>

#include "headgate/block.h"

/* cost of a read = fixed_ns + bytes of data * byte_ns */
struct tariff {
    uint32_t sent, received;       /* bytes of the frames, without the data */
    int64_t fixed_ns;
    int64_t byte_ns;
    int64_t silence_ns;            /* part of fixed_ns: what passes before the first byte is sent */
    int64_t recover_ns;            /* after an attempt without an answer, before the line is usable */
};

/* unit_delay_ns: the silence that the unit itself wants. */
struct tariff cost_tariff(const struct line *l, int64_t unit_delay_ns);
int64_t cost_gap_ns(uint32_t baud);    /* 3.5 characters of silence, as the serial line guide has it */

static inline uint32_t cost_bytes(uint8_t table, uint32_t count)
{
    return table <= TABLE_DISCRETE ? (count + 7) / 8 : count * 2;
}

/* Remarks about lines that can't keep their rates. */
struct diags;
void advice_lines(const struct plan *p, struct diags *ds);
/* About tags that others hang on, which are read more seldom. false: no memory to look. */
bool advice_partners(const struct plan *p, struct diags *ds);

#endif
