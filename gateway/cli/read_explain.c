/* SPDX-License-Identifier: Apache-2.0 */
/* headgate read --explain: what else the bytes could mean, and what lies beside them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/quality.h"
#include "cli/read.h"
#include "cli/why.h"
#include "config/map.h"
#include "poll/frames.h"
#include "poll/poller.h"
#include "poll/single.h"
#include "values/decode.h"

enum { TEXT_ROOM = 2 * REGISTERS_MAX + DECODE_TEXT_EXTRA };

static struct single *single(struct reading *r)
{
    const char *why = NULL;
    if (r->tried_single)
        return r->single;
    r->tried_single = true;
    asked_hang_up(r->asked);
    const struct plant *plant = r->asked->plan->plant;
    struct single_setup setup = {.interval_ns = r->target.device->delay_ns};
    r->single = single_open(&plant->lines[r->target.device->line], &setup, &why);
    if (!r->single)
        fprintf(stderr, "headgate: nothing more can be asked: %s\n", why ? why : "no connection");
    return r->single;
}

void read_hang_up(struct reading *r)
{
    single_close(r->single);
    r->single = NULL;
}

/* A hole is what was learned from exception 02. */
void read_print_refusal(const struct block *b, const char *said)
{
    uint8_t code = b->fault == FAULT_HOLE ? 2 : b->exception;
    const char *name = adu_exception_name(code);
    if (code > 0 && said != NULL && strcmp(said, name) == 0)
        printf(", exception %02u", code);
    else if (code > 0)
        printf(", exception %02u (%s)", code, name);
}

/* ---- what is near -------------------------------------------------------------------------------
 */

/* A register beside a barrier is left alone as well. */
static bool clear_of(const struct map *map, uint8_t table, uint32_t address)
{
    const struct limits *l = &map->limits;
    uint32_t below = address > 0 ? address - 1 : 0;
    return limits_never(l, table, address, address) == NULL &&
           limits_barrier(l, table, below, address + 1) == NULL &&
           !map_side_effect(map, table, address, address);
}

/* May the address be read just to look? What any device of this unit forbids is left alone. */
static bool may_look(const struct reading *r, uint8_t table, uint32_t address)
{
    const struct plant *plant = r->asked->plan->plant;
    const struct device *d = r->target.device;
    for (uint32_t i = 0; i < plant->device_count; i++) {
        const struct device *o = &plant->devices[i];
        if (o->line == d->line && o->unit == d->unit && !clear_of(o->map, table, address))
            return false;
    }
    return address <= UINT16_MAX;
}

struct near_words {
    bool before, behind; /* the register below and above the value is there */
    uint8_t data[2 * (REGISTERS_MAX + 2)];
};

static bool in_block(const struct block *b, int64_t first, uint32_t count)
{
    return first >= b->first && first + count <= (int64_t)b->first + b->count;
}

static bool fetch(struct reading *r, const struct point *p, uint32_t first, uint32_t count,
                  uint8_t *to)
{
    struct exchange x;
    struct single *s = single(r);
    if (!s)
        return false;
    single_ask(s, r->target.device->unit, adu_function(p->table), (uint16_t)first, (uint16_t)count,
               &x);
    if (x.fault != FAULT_NONE || x.length < count * 2U)
        return false;
    memcpy(to, x.data, count * 2U);
    return true;
}

/* The value shifted by one register: from the same answer where it holds that, else asked for. */
static bool shifted(struct reading *r, const struct block *b, const struct point *p, int by,
                    uint8_t *to)
{
    int64_t first = (int64_t)p->address + by;
    uint32_t edge = by < 0 ? (uint32_t)first : (uint32_t)(first + p->words - 1);
    if (first < 0 || edge > UINT16_MAX)
        return false;
    if (in_block(b, first, p->words)) {
        memcpy(to, b->data + 2 * (first - b->first), p->words * 2U);
        return true;
    }
    return may_look(r, p->table, edge) && fetch(r, p, (uint32_t)first, p->words, to);
}

/* ---- printing -----------------------------------------------------------------------------------
 */

static void print_sample(const struct sample *s)
{
    char value[400];
    printf("%s", explain_value(value, sizeof value, &s->value));
    if (s->reason)
        printf("   %s: %s", quality_word(s->quality), s->reason);
}

static void print_steps(const struct explain_input *in)
{
    struct explanation e;
    explain_point(in, &e);
    for (uint32_t i = 0; i < e.count; i++) {
        const struct explain_step *s = &e.steps[i];
        printf("    %-10s %s", explain_kind_name((enum explain_kind)s->kind), s->text);
        if (s->after.value.kind != VALUE_NONE || s->after.reason) {
            fputs(" = ", stdout);
            print_sample(&s->after);
        }
        putchar('\n');
    }
}

static void print_orders(const struct explain_input *in, const struct sample *own,
                         struct explain_hint *h)
{
    struct explain_order orders[EXPLAIN_ORDERS];
    uint32_t count = explain_orders(in, orders);
    for (uint32_t i = 0; i < count; i++) {
        printf("    %-10s %s %s ", i ? "" : "orders", orders[i].name,
               orders[i].configured ? "*" : " ");
        print_sample(&orders[i].sample);
        putchar('\n');
    }
    explain_hint(h, in, own);
}

static void print_neighbours(struct reading *r, const struct block *b, const struct point *p,
                             const struct explain_input *in, const struct sample *own,
                             struct explain_hint *h)
{
    uint8_t data[2 * REGISTERS_MAX];
    char text[TEXT_ROOM], what[64];
    const char *title = "beside";
    for (int by = -1; by <= 1; by += 2) {
        int first = p->address + by;
        if (first < 0 || first + p->words > UINT16_MAX + 1)
            continue; /* there is none */
        snprintf(what, sizeof what, "%s %d", table_name((enum table)p->table), first);
        printf("    %-10s %s: ", title, what);
        title = "";
        if (!shifted(r, b, p, by, data)) {
            puts("not to be had");
            continue;
        }
        struct explain_input other = *in;
        other.data = data;
        other.offset = 0;
        other.text = text;
        struct explanation e;
        explain_point(&other, &e);
        for (unsigned i = 0; i < p->words && i < 4; i++)
            printf("%02X%02X ", data[2 * i], data[2 * i + 1]);
        fputs(" = ", stdout);
        print_sample(&e.result);
        putchar('\n');
        explain_weigh(h, p, own, &e.result, what);
    }
}

void read_explain(struct reading *r, uint32_t point)
{
    const struct device *d = r->target.device;
    const struct point *p = &d->map->points[point];
    const struct sample *own = &board_tag(r->asked->board, d->first_tag + point)->now;
    const struct feed *f;
    const struct ask_block *b = asked_of(r->asked, d, point, &f);
    char text[TEXT_ROOM];
    struct explain_hint h = {0};
    struct explain_input in = {.map = d->map, .point = point, .text = text};
    if (!b || b->block.fault != FAULT_NONE)
        return;
    ask_complete(r->asked, d, point, &in);
    in.data = b->block.data;
    in.offset = (uint16_t)(b->block.request->first + f->offset - b->block.first);
    print_steps(&in);
    bool registers = p->from < 0 && (p->table == TABLE_INPUT || p->table == TABLE_HOLDING);
    if (!registers)
        return;
    print_orders(&in, own, &h);
    if (!p->part_count && p->type != RAW_STRING)
        print_neighbours(r, &b->block, p, &in, own, &h);
    if (h.looks > 0)
        printf("    hint       %s\n", h.text);
}

void read_print_frames(const struct reading *r)
{
    for (uint32_t i = 0; r->asked->poller && i < r->asked->plan->request_count; i++) {
        const struct request *q = &r->asked->plan->requests[i];
        const struct frames *fs = poller_frames(r->asked->poller, q);
        static const enum frame_which which[] = {FRAME_GOOD, FRAME_BAD};
        for (size_t k = 0; k < sizeof which / sizeof *which; k++)
            why_print_raw(stdout, frames_find(fs, q->first, 1, which[k]), q->table);
    }
}

/* ---- the other function code --------------------------------------------------------------------
 */

void read_try_other_table(struct reading *r, uint32_t point)
{
    static const uint8_t other[TABLE_COUNT] = {[TABLE_COIL] = TABLE_DISCRETE,
                                               [TABLE_DISCRETE] = TABLE_COIL,
                                               [TABLE_INPUT] = TABLE_HOLDING,
                                               [TABLE_HOLDING] = TABLE_INPUT};
    const struct device *d = r->target.device;
    const struct point *p = &d->map->points[ask_root(d, point)];
    const struct feed *f;
    const struct ask_block *b = asked_of(r->asked, d, point, &f);
    bool refused = b && (b->block.fault == FAULT_HOLE || b->block.fault == FAULT_EXCEPTION) &&
                   b->block.exception <= 3;
    uint8_t table = other[p->table];
    if (!refused || r->tried_tables & 1U << p->table)
        return;
    r->tried_tables |= 1U << p->table;
    for (uint32_t i = 0; i < p->words; i++)
        if (!may_look(r, table, p->address + i))
            return;
    struct exchange x;
    struct single *s = single(r);
    if (!s)
        return;
    single_ask(s, d->unit, adu_function(table), p->address, p->words, &x);
    if (x.fault == FAULT_NONE)
        fprintf(stderr,
                "headgate: %s %u answers what %s %u refuses: the map of %s may name the wrong "
                "table\n",
                table_name((enum table)table), p->address, table_name((enum table)p->table),
                p->address, d->path);
}
