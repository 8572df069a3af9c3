/* SPDX-License-Identifier: Apache-2.0 */
/* headgate plan PLANT: what will be asked, before the first byte is sent. */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/side.h"
#include "base/permit.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/plan.h"
#include "cli/verbs.h"
#include "config/map.h"
#include "plan/plan.h"

struct plan_arguments {
    struct plant_arguments on;
    struct plan_view view;
};

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct plan_arguments *a = state->input;
    uint64_t n;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
    case 'k':
        if (!text_to_u64(word, &n) || n > 255)
            argp_error(state, "'%s' is no number of units; 0 to 255", word);
        a->view.silent = (unsigned)n;
        break;
    case 't':
        a->view.all_tags = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

struct plan_totals plan_totals_of(const struct plan *p)
{
    struct plan_totals t = {0};
    for (uint32_t i = 0; i < p->request_count; i++) {
        const struct request *r = &p->requests[i];
        struct cost c = plan_request_cost(p, r);
        double per_s = (double)NS_PER_S / (double)r->period_ns;
        t.requests_per_s += per_s;
        t.bytes_per_s += per_s * (c.sent + c.received);
        t.tags += r->feed_count;
        for (uint32_t k = 0; k < r->feed_count; k++)
            t.tags_per_s += per_s / (r->feeds[k].every_nth > 0 ? r->feeds[k].every_nth : 1);
    }
    return t;
}

unsigned plan_units_of(const struct plan *p, uint32_t line)
{
    unsigned units = 0;
    for (uint32_t i = p->first_request[line]; i < p->first_request[line + 1]; i++)
        units += i == p->first_request[line] || p->requests[i].unit != p->requests[i - 1].unit;
    return units;
}

void plan_connect_text(const struct line *l, char *out, size_t room)
{
    if (l->transport == TRANSPORT_RTU)
        snprintf(out, room, "rtu://%s %u %u%c%u", l->device, l->baud, l->data_bits, l->parity,
                 l->stop_bits);
    else
        snprintf(out, room, "%s://%s:%u", l->transport == TRANSPORT_TCP ? "tcp" : "rtu+tcp",
                 l->host, l->port);
}

/* ---- for people ------------------------------------------------------------------------------ */

enum { WIDTH = 100, LEFT = 66 }; /* columns in all, and in front of the tags */

static const char *tag_name(const struct plan *p, const struct feed *f)
{
    return p->plant->devices[f->device].map->points[f->point].name;
}

/* "pump-1: flow, speed, +10", cut to the room that is left on the line. */
static void print_tags(const struct plan *p, const struct request *r)
{
    char text[512];
    enum { ROOM = WIDTH - LEFT };
    const struct device *d = &p->plant->devices[r->feeds[0].device];
    /* Without its area: there is little room, and --tags tells all. */
    const char *manner = r->alone ? " (alone)" : r->once ? " (first)" : "";
    size_t length = (size_t)snprintf(text, sizeof text, "%s%s:", d->name, manner);
    uint32_t shown = 0, devices = 1;
    for (uint32_t i = 1; i < r->feed_count; i++)
        devices += r->feeds[i].device != r->feeds[i - 1].device;
    if (devices > 1)
        length = (size_t)snprintf(text, sizeof text, "%s and %u more:", d->name, devices - 1);
    for (; devices == 1 && shown < r->feed_count; shown++) {
        const char *name = tag_name(p, &r->feeds[shown]);
        bool last = shown + 1 == r->feed_count;
        if (length + strlen(name) + (last ? 2 : 8) > ROOM)
            break;
        length +=
            (size_t)snprintf(text + length, sizeof text - length, "%s %s", shown ? "," : "", name);
    }
    if (shown == 0)
        snprintf(text + length, sizeof text - length, " %u tag%s", r->feed_count,
                 r->feed_count == 1 ? "" : "s");
    else if (shown < r->feed_count)
        snprintf(text + length, sizeof text - length, ", +%u", r->feed_count - shown);
    puts(text);
}

static void print_all_tags(const struct plan *p, const struct request *r)
{
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct feed *f = &r->feeds[i];
        const struct device *d = &p->plant->devices[f->device];
        const struct point *point = &d->map->points[f->point];
        char every[32];
        int64_t period = r->period_ns * (f->every_nth > 0 ? f->every_nth : 1);
        printf("        %-7u %-6s %s/%s", (unsigned)r->first + f->offset,
               raw_type_name((enum raw_type)point->type), d->path, point->name);
        if (period != r->period_ns)
            printf(" (told every %s)", text_from_duration(every, period));
        putchar('\n');
    }
}

static void print_request(const struct plan_view *v, const struct request *r)
{
    const struct plan *p = v->plan;
    struct cost c = plan_request_cost(p, r);
    char every[32], range[16];
    if (r->count == 1)
        snprintf(range, sizeof range, "%u", r->first);
    else
        snprintf(range, sizeof range, "%u..%u", r->first, r->first + r->count - 1U);
    printf("  %4u  %-8s  %-12s %5u %6u  %-8s %8.1f ms  ", r->unit, table_name((enum table)r->table),
           range, r->count, c.sent + c.received, text_from_duration(every, r->period_ns),
           (double)c.ns / (double)NS_PER_MS);
    print_tags(p, r);
    if (v->all_tags)
        print_all_tags(p, r);
}

static void print_cycles(const struct plan_view *v, uint32_t line)
{
    const struct line *l = &v->plan->plant->lines[line];
    unsigned units = plan_units_of(v->plan, line);
    printf("  one round of all requests: %.2f s", plan_worst_cycle(v->plan, line, 0));
    for (unsigned k = 1; k <= v->silent && k <= units; k++)
        printf("%s %.2f s",
               k == 1   ? "; the round in which 1 unit falls silent:"
               : k == 2 ? "; 2 units:"
                        : ",",
               plan_worst_cycle(v->plan, line, k));
    putchar('\n');
    if (v->silent > 0 && units > 1)
        printf("  later, silent units get at most %.0f %% of the line together\n",
               100 * l->silent_share);
}

static void print_line(const struct plan_view *v, uint32_t line)
{
    const struct plan *p = v->plan;
    const struct line *l = &p->plant->lines[line];
    char connect[300], timeout[32];
    plan_connect_text(l, connect, sizeof connect);
    /* A serial port's stable name is long; then the rest goes to a line of its own. */
    bool fits = strlen(l->name) + strlen(connect) + 48 <= WIDTH;
    printf("\n%s  %s%stimeout %s, %u retr%s  busy %.1f %%\n", l->name, connect,
           fits ? "  " : "\n  ", text_from_duration(timeout, l->timeout_ns), l->retries,
           l->retries == 1 ? "y" : "ies", 100 * plan_line_load(p, line));
    if (p->first_request[line] == p->first_request[line + 1]) {
        puts("  nothing to ask");
        return;
    }
    printf("  %4s  %-8s  %-12s %5s %6s  %-8s %11s  %s\n", "unit", "table", "range", "count",
           "bytes", "every", "takes", "tags");
    for (uint32_t i = p->first_request[line]; i < p->first_request[line + 1]; i++)
        print_request(v, &p->requests[i]);
    print_cycles(v, line);
}

void plan_write_text(const struct plant *p, uint32_t index, char *out, size_t room)
{
    const struct write_permit *w = &p->commands.writes[index];
    const struct device *d = &p->devices[plant_device_of(p, w->tag)];
    const struct point *point = &d->map->points[w->tag - d->first_tag];
    int n = snprintf(out, room, "%s/%s", d->path, point->name);
    if (n > 0 && (size_t)n < room && !isnan(w->low))
        n += snprintf(out + n, room - (size_t)n, " %g..%g%s%s", w->low, w->high,
                      *point->unit ? " " : "", point->unit);
    if (n > 0 && (size_t)n < room && point->danger)
        snprintf(out + n, room - (size_t)n, " (dangerous)");
}

static void print_writes(const struct plant *p)
{
    char text[320];
    bool any = (p->commands.allow & PERMIT_BIT(ORDER_WRITE)) != 0 && p->commands.write_count > 0;
    fputs(any ? "people may write: " : "people may write: nothing\n", stdout);
    for (uint32_t i = 0; any && i < p->commands.write_count; i++) {
        plan_write_text(p, i, text, sizeof text);
        printf("%s%s", i ? ", " : "", text);
    }
    fputs(any ? "\n" : "", stdout);
}

static uint32_t count_on_demand(const struct plant *plant)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < plant->device_count; i++) {
        const struct map *map = plant->devices[i].map;
        for (uint32_t k = 0; k < map->point_count; k++)
            count += map->points[k].from < 0 && map->points[k].read_mode == READ_ON_DEMAND;
    }
    return count;
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

void plan_print(const struct plan_view *v)
{
    const struct plan *p = v->plan;
    struct plan_totals t = plan_totals_of(p);
    char tick[32];
    printf("%s: site %s, gateway %s\n", p->plant->file, p->plant->site, p->plant->gateway);
    char demand[32] = "";
    uint32_t on_demand = count_on_demand(p->plant);
    if (on_demand > 0)
        snprintf(demand, sizeof demand, ", %u on demand", on_demand);
    printf("%u line%s, %u device%s, %u tag%s (%u read%s, %u computed, %u derived), %u request%s\n",
           p->plant->line_count, plural(p->plant->line_count), p->plant->device_count,
           plural(p->plant->device_count), p->plant->tag_count, plural(p->plant->tag_count), t.tags,
           demand, p->plant->first_derived - t.tags - on_demand, p->plant->derived_count,
           p->request_count, plural(p->request_count));
    printf("%.1f requests/s, %.1f kB/s, %.1f tags/s; polls are grouped on ticks of %s\n",
           t.requests_per_s, t.bytes_per_s / 1000, t.tags_per_s,
           text_from_duration(tick, p->tick_ns));
    char allowed[PERMIT_TEXT_MAX], fresh[32];
    printf("people may command: %s; within %s of being sent\n",
           permit_text(allowed, p->plant->commands.allow),
           text_from_duration(fresh, p->plant->commands.fresh_ms * NS_PER_MS));
    print_writes(p->plant);
    for (uint32_t i = 0; i < p->plant->line_count; i++)
        print_line(v, i);
    puts("\nAddresses are wire addresses, from 0. Times are predicted: frames and gaps from the "
         "baud\n"
         "rate, and a typical time to think (5 ms on TCP, 10 ms on a bus). Bytes: question and "
         "answer.");
}

int verb_plan(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"silent", 'k', "K", 0, "worst cycle with up to K silent units on a line (default 2)", 0},
        {"tags", 't', NULL, 0, "every tag with its address on a line of its own", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "PLANT",
        "Prints the requests that the gateway would send: ranges, rates, the predicted time of "
        "each, "
        "how busy every line would be, and the worst cycle when units fall silent.\v"
        "Sends nothing. Warnings about lines that can't keep their rates come last, with a remedy.",
        plant_json_child,
        NULL,
        NULL};
    struct plan_arguments a = {.on.takes = {1, 1, "which plant file?", NULL}, .view.silent = 2};
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;

    struct diags *ds = diags_new();
    struct side side = {0};
    if (ds == NULL)
        return verb_no_memory("plan");
    bool planned = side_plan(&side, a.on.plant_file, &a.on.options, ds);
    a.view.plan = side.plan;
    a.view.ds = ds;
    if (planned && a.on.json)
        plan_print_json(&a.view);
    else if (planned)
        plan_print(&a.view);
    fflush(stdout);
    if (!planned || !a.on.json)
        diags_print(ds, stderr);
    side_fini(&side);
    diags_free(ds);
    return planned ? EXIT_DONE : verb_no(a.on.json, "the plant file can't be used");
}
