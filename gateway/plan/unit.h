/* SPDX-License-Identifier: Apache-2.0 */
/* All that is wanted from one unit of one line, by however many devices share it, and the reads
 * that bring it. */
#ifndef PLAN_UNIT_H
#define PLAN_UNIT_H

#include "base/arena.h"
#include "base/diag.h"
#include "headgate/block.h"
#include "plan/form.h"

enum turn {                        /* wants of one kind share reads, others don't */
    TURN_POLL,
    TURN_ONCE,                     /* first of all on a new connection: identities, READ_ONCE */
    TURN_ALONE,                    /* side effects */
};

struct source {                    /* who wants wants[i] */
    uint32_t device, point;
    uint8_t table;
    uint8_t turn;                  /* enum turn */
};

struct told {                      /* a mistake in a map is told once, not once per device */
    struct place at;
    int what;
};

struct unit_maker {                /* memory used again from unit to unit; begin with zeroes */
    const struct plant *plant;
    struct diags *ds;
    struct told told[64];
    uint32_t told_count;

    const uint32_t *devices;       /* the unit's, rising */
    uint32_t device_count;
    uint32_t line;
    uint8_t unit;
    struct limits limits;          /* strictest of them; never and delay are elsewhere */
    bool has_barriers;             /* one of them has */
    int64_t delay_ns;
    bool has_alone;                /* some tag of the unit has a side effect */
    uint8_t alone[TABLE_COUNT][65536 / 8];     /* then: a bit for each address that such a tag reads */

    struct want *wants;
    struct source *sources;
    uint32_t want_count, want_room, source_room;
    uint32_t *order;               /* wants by table and address */
    uint32_t order_room;
    uint32_t *chosen;              /* those of one turn; same room */
    uint32_t chosen_room;
    uint32_t *numbers;             /* per device and point: its want; FORM_NONE */
    uint32_t number_count, number_room;
    struct bond *bonds;
    uint32_t bond_count, bond_room;
    struct span *never, *used;
    uint32_t *barriers;
    uint32_t never_room, used_room, barrier_room;
    struct group *groups;
    uint32_t group_room;
    struct form form;

    struct request *requests;      /* all units' so far; feeds are set in the end */
    uint32_t request_count, request_room;
    struct feed *feeds;            /* room for all points of the plant */
    uint32_t feed_count;
};

/* Adds the unit's requests and feeds. Mistakes go to ds. false: out of memory. */
bool unit_plan(struct unit_maker *m);
void unit_maker_fini(struct unit_maker *m);

enum turn unit_turn(const struct map *map, uint32_t point);
/* Does a span touch a register whose reading has a side effect? */
bool unit_touches_alone(const struct unit_maker *m, uint8_t table, struct span s);

/* Between unit.c, group.c and distinct.c. */
void unit_limits(struct unit_maker *m);                /* of its devices together */
bool unit_groups(struct unit_maker *m);                /* members come to want the whole group */
bool unit_put_in_order(struct unit_maker *m);
bool unit_bits(uint8_t table);
uint32_t unit_table_end(const struct unit_maker *m, uint32_t from);   /* in order */
const struct point *unit_point(const struct unit_maker *m, uint32_t want);
const struct map *unit_map(const struct unit_maker *m, uint32_t want);
bool unit_first_time(struct unit_maker *m, struct place at, int what);
const struct never *unit_forbids(const struct unit_maker *m, uint8_t table, struct span s,
                                 const struct map **whose);
/* The barrier that a read of so much would go over. */
const struct barrier *unit_barred(const struct unit_maker *m, uint8_t table, struct span s,
                                  const struct map **whose);
/* The ground under one table; order[from..to) are its wants by address. */
bool unit_ground(struct unit_maker *m, struct ground *g, uint32_t from, uint32_t to);

#endif
