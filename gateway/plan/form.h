/* SPDX-License-Identifier: Apache-2.0 */
/* How one table of one unit is cut into reads: by price, within what the unit allows. Pure; knows
 * no plant and no names. Addresses count registers, or bits in bit tables. */
#ifndef PLAN_FORM_H
#define PLAN_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORM_NONE UINT32_MAX

struct span {
    uint32_t first, last;          /* inclusive */
};

struct want {                      /* what must arrive in one read, at least once a period */
    struct span span;
    int64_t period_ns;
    uint32_t item;                 /* scratch */
    uint32_t read;                 /* the answer: index in form->reads */
};

struct bond {                      /* two wants that like to travel together */
    uint32_t a, b;
};

struct read {
    struct span span;
    int64_t period_ns;
};

struct ground {                    /* what the unit allows in this table, and what a read costs */
    uint32_t max;                  /* length of one read */
    uint32_t max_gap;              /* unused addresses in a row that a read may pass over */
    const struct span *never;      /* sorted */
    uint32_t never_count;
    const uint32_t *barriers;      /* no read begins below one and ends at it or above */
    uint32_t barrier_count;
    const struct span *used;       /* all that some tag reads; sorted, apart from each other */
    uint32_t used_count;
    int64_t fixed_ns, each_ns;     /* of one read, of one address more */
};

/* Memory that is used again from table to table. Begin with zeroes. */
struct form {
    struct read *reads;            /* sorted by first address */
    uint32_t read_count, read_room;
    struct item *items;
    uint32_t item_room;
};

/* Cuts wants[order[0..count)], which are sorted by first address, the longest first; every want
 * fits in a read and touches no never. Appends nothing: reads are this table's only.
 * false: out of memory. */
bool form_reads(struct form *f, const struct ground *g, struct want *wants, const uint32_t *order,
                uint32_t count, const struct bond *bonds, uint32_t bond_count);
void form_fini(struct form *f);

/* The longest run of addresses in (after, before) that nobody uses. */
uint32_t form_unused(const struct ground *g, uint32_t after, uint32_t before);

/* slot: the address of an array's pointer, which grows to `need` items. false: out of memory. */
bool form_room(void *slot, uint32_t *room, uint32_t need, size_t size);

#endif
