/* SPDX-License-Identifier: Apache-2.0 */
/* headgate read PLANT AREA/DEVICE[/TAG]: what the device says now, by the same requests, rules and
 * decoding as the gateway's own. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/side.h"
#include "base/log.h"
#include "cli/gateway.h"
#include "cli/quality.h"
#include "cli/read.h"
#include "cli/verbs.h"
#include "config/map.h"
#include "publish/json.h"

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct read_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
    case 'a':
        a->addresses = true;
        break;
    case 'e':
        a->explain = true;
        break;
    case 'r':
        a->raw = true;
        break;
    case 's':
        a->state = word;
        break;
    case 't':
        duration_argument(state, word, "5s", &a->patience_ns);
        break;
    case ARGP_KEY_END:
        if (a->on.json && (a->explain || a->raw))
            argp_error(state, "--json has neither --explain nor --raw: they are for people");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static size_t raw_words(char *out, size_t room, const struct block *b, const struct feed *f,
                        const struct point *p)
{
    size_t n = 0;
    out[0] = 0;
    if (b->fault != FAULT_NONE)
        return 0;
    uint32_t start = (uint32_t)(b->request->first + f->offset) - b->first;
    bool bits = p->table == TABLE_COIL || p->table == TABLE_DISCRETE;
    for (uint32_t i = 0; i < p->words && n + 6 < room; i++) {
        uint32_t at = start + i;
        int printed = bits ? snprintf(out + n, room - n, "%d", b->data[at / 8] >> (at % 8) & 1)
                           : snprintf(out + n, room - n, "%s%02X%02X", i ? " " : "",
                                      b->data[2 * at], b->data[2 * at + 1]);
        n += (size_t)printed;
    }
    return n;
}

static void print_json(struct reading *r, const struct point *p, const struct sample *s,
                       const char *raw, double wire_ms)
{
    char text[2048];
    struct json j = json_into(text, sizeof text);
    bool addresses = r->arguments->addresses;
    json_raw(&j, r->printed ? ",\n" : "\n", r->printed ? 2 : 1);
    json_word(&j, "{\"tag\":");
    json_string(&j, p->name);
    json_word(&j, ",\"table\":");
    json_string(&j, p->from >= 0 ? NULL : table_name((enum table)p->table));
    json_word(&j, ",\"address\":");
    json_int(&j, p->address);
    if (addresses && p->from < 0) {
        struct explain_address a;
        explain_address(&a, (enum table)p->table, p->address);
        json_word(&j, ",\"addresses\":{\"hex\":");
        json_string(&j, a.hex);
        json_word(&j, ",\"number\":");
        json_int(&j, a.number);
        json_word(&j, ",\"modicon\":");
        json_string(&j, a.modicon);
        json_word(&j, ",\"iec\":");
        json_string(&j, a.iec[0] ? a.iec : NULL);
        json_word(&j, "}");
    }
    json_word(&j, ",\"raw\":");
    json_string(&j, raw[0] ? raw : NULL);
    json_word(&j, ",\"value\":");
    json_value(&j, &s->value);
    json_word(&j, ",\"unit\":");
    json_string(&j, p->unit);
    json_word(&j, ",\"quality\":");
    json_int(&j, s->quality);
    json_word(&j, ",\"reason\":");
    json_string(&j, s->reason);
    json_word(&j, ",\"timestamp\":");
    json_int(&j, s->time.ms);
    json_word(&j, ",\"wire_ms\":");
    json_real(&j, wire_ms, false);
    json_word(&j, "}");
    printf("%.*s", (int)json_length(&j), text);
}

static void print_addresses(const struct point *p)
{
    struct explain_address a;
    if (p->from >= 0)
        return;
    explain_address(&a, (enum table)p->table, p->address);
    printf("    address    wire %u (%s), number %u, %s%s%s\n", p->address, a.hex, a.number,
           a.modicon, a.iec[0] ? ", " : "", a.iec);
}

static void print_line(const struct point *p, const struct sample *s, const char *raw,
                       const struct block *b, double wire_ms)
{
    char value[512], address[32];
    struct json j = json_into(value, sizeof value - 1);
    json_value(&j, &s->value);
    value[json_length(&j)] = 0;
    if (p->from >= 0)
        snprintf(address, sizeof address, "computed");
    else
        snprintf(address, sizeof address, "%s %u", table_name((enum table)p->table), p->address);
    printf("%-28s %-15s %-20s %14s %-6s %s%s%s", p->name, address, raw,
           s->value.kind == VALUE_NONE ? "-" : value, p->unit, quality_word(s->quality),
           s->reason ? ": " : "", s->reason ? s->reason : "");
    read_print_refusal(b, s->reason);
    printf("  (%.1f ms)\n", wire_ms);
}

static void print_point(struct reading *r, uint32_t point)
{
    const struct device *d = r->target.device;
    const struct point *p = &d->map->points[point];
    const struct sample *s = &board_tag(r->asked->board, d->first_tag + point)->now;
    const struct feed *f;
    const struct ask_block *b = asked_of(r->asked, d, point, &f);
    if (!b)
        return; /* nothing came in the time given; told at the end */
    double wire_ms = (double)mono_since(b->block.answered, b->block.asked) / (double)NS_PER_MS;
    char raw[800] = "";
    if (p->from < 0)
        raw_words(raw, sizeof raw, &b->block, f, p);
    if (r->arguments->on.json)
        print_json(r, p, s, raw, wire_ms);
    else
        print_line(p, s, raw, &b->block, wire_ms);
    if (r->arguments->addresses && !r->arguments->on.json)
        print_addresses(p);
    if (r->arguments->explain && !r->arguments->on.json)
        read_explain(r, point);
    if (s->quality == QUALITY_CONFIG_ERROR)
        read_try_other_table(r, point);
    r->printed = true;
    r->disconnected |= s->quality == QUALITY_NOT_CONNECTED;
    r->any_bad |= s->quality != QUALITY_GOOD;
}

static void say_hole(void *me, const char *text)
{
    (void)me;
    fprintf(stderr, "headgate: %s\n", text);
}

static int read_device(const struct read_arguments *a, struct side *side)
{
    struct reading r = {.arguments = a};
    if (!ask_find(side->plant, side->arena, a->on.subject, &r.target))
        return verb_no(a->on.json, "the plant has nothing of that name");
    if (r.target.derived) {
        const char *is = r.target.derived->expression;
        fprintf(stderr, "headgate: %s is derived%s%s; %s\n", a->on.subject,
                is ? ": " : " by the gateway", is ? is : "",
                is ? "read its inputs" : "no device says it");
        return verb_no(a->on.json, "it is derived; no device says it");
    }
    gateway_compare_beside(side->plan, a->state, a->on.plant_file, r.target.device);
    const struct ask_wish wish = {.device = r.target.device,
                                  .point = r.target.point,
                                  .patience_ns = a->patience_ns,
                                  .event = say_hole};
    struct asked *asked = ask_now(side->arena, side->plan, &wish);
    if (!asked)
        return verb_no_memory("read");
    r.asked = asked;
    if (a->raw && !a->on.json)
        read_print_frames(&r);
    if (a->on.json)
        fputs("[", stdout);
    for (uint32_t i = 0; i < r.target.device->map->point_count; i++)
        if (r.target.point < 0 || (int32_t)i == r.target.point)
            print_point(&r, i);
    if (a->on.json)
        fputs("\n]\n", stdout);
    if (asked->unfinished > 0)
        fprintf(stderr, "headgate: %u of %u requests had no end after the time given\n",
                asked->unfinished, asked->plan->request_count);
    const struct line *line = &side->plant->lines[r.target.device->line];
    if (r.disconnected && line->transport == TRANSPORT_RTU)
        fputs("headgate: a gateway that runs holds its ports; what it hears is told by "
              "'headgate why'\n",
              stderr);
    int status = asked->unfinished == 0 && !r.any_bad ? EXIT_DONE : EXIT_NO;
    read_hang_up(&r);
    asked_free(asked);
    return status;
}

int verb_read(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"addresses", 'a', NULL, 0, "each address in every notation", 0},
        {"explain", 'e', NULL, 0,
         "decoding step by step, every byte order, the neighbours, and what looks better", 0},
        {"raw", 'r', NULL, 0, "the frames in hexadecimal, field by field", 0},
        {"state", 's', "DIR", 0,
         "where a gateway that runs has its journal (default: $STATE_DIRECTORY, else state/ beside "
         "PLANT)",
         0},
        {"timeout", 't', "DURATION", 0, "give up after this time (default 10s)", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "PLANT AREA/DEVICE[/TAG]",
        "Asks one device now and prints raw words, value, quality and the time on the wire.\v"
        "Exit status 1 when anything asked for is not good.",
        plant_json_child,
        NULL,
        NULL};
    struct read_arguments a = {
        .on.takes = {2, 2, "say which plant file, and which AREA/DEVICE or AREA/DEVICE/TAG",
                     "one device or tag at a time"},
        .patience_ns = 10 * NS_PER_S};
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    log_init(LOG_WARN, 0);

    struct side side;
    if (!plant_argument_plan(&a.on, "read", &side))
        return verb_no(a.on.json, "the plant file can't be used");
    int status = read_device(&a, &side);
    side_fini(&side);
    return status;
}
