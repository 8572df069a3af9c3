/* SPDX-License-Identifier: Apache-2.0 */
/* headgate read PLANT AREA/DEVICE[/TAG]: what the device says now, by the same requests, rules and
 * decoding as the gateway's own. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/side.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "config/map.h"
#include "publish/json.h"

struct read_arguments {
    const char *plant_file, *path;
    struct plant_options options;
    bool json;
    int64_t patience_ns;
};

struct kept { /* a block as it came */
    struct kept *next;
    struct block block;
    uint8_t data[2 * REGISTERS_MAX];
};

struct reading {
    const struct read_arguments *arguments;
    struct arena *arena;
    const struct plan *plan; /* only the requests that are wanted */
    const struct device *device;
    int32_t only; /* point index; -1: all */
    struct board *board;
    uint32_t *touched;
    struct kept *first, **last;
    bool *ended; /* per request */
    uint32_t waiting;
    bool any_bad, printed;
};

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct read_arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        break;
    case 'l':
        a->options.lines_file = word;
        break;
    case 'm':
        a->options.library = word;
        break;
    case 't':
        if (!text_to_duration(word, &a->patience_ns) || a->patience_ns <= 0)
            argp_error(state, "'%s' is not a duration; write it with its unit, like 5s", word);
        break;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            a->plant_file = word;
        else if (state->arg_num == 1)
            a->path = word;
        else
            argp_error(state, "'%s' is too much: one device or tag at a time", word);
        break;
    case ARGP_KEY_END:
        if (state->arg_num < 2)
            argp_error(state, "say which plant file, and which AREA/DEVICE or AREA/DEVICE/TAG");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* "area/device" or "area/device/tag": finds both, or says what might have been meant. */
static bool find(const struct plant *plant, struct arena *arena, struct reading *r)
{
    const char *path = r->arguments->path;
    const char *first = strchr(path, '/');
    const char *second = first ? strchr(first + 1, '/') : NULL;
    char *device_path = arena_copy(arena, path, second ? (size_t)(second - path) : strlen(path));
    r->only = -1;
    r->device = device_path ? plant_find_device(plant, device_path) : NULL;
    if (!r->device) {
        for (uint32_t i = 0; i < plant->derived_count; i++)
            if (strcmp(plant->derived[i].path, path) == 0) {
                const char *is = plant->derived[i].expression;
                fprintf(stderr, "headgate: %s is derived%s%s; %s\n", path,
                        is ? ": " : " by the gateway", is ? is : "",
                        is ? "read its inputs" : "no device says it");
                return false;
            }
        const char *near = device_path ? plant_suggest_device(plant, device_path) : NULL;
        fprintf(stderr, "headgate: %s has no device '%s'%s%s%s\n", plant->file, device_path,
                near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
        return false;
    }
    if (!second)
        return true;
    uint32_t tag = plant_find_tag(plant, path);
    if (tag == TAG_NONE) {
        const char *near = plant_suggest_tag(plant, arena, path);
        fprintf(stderr, "headgate: %s has no tag '%s'%s%s%s\n", r->device->path, second + 1,
                near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
        return false;
    }
    r->only = (int32_t)(tag - r->device->first_tag);
    return true;
}

/* A point is wanted itself, or because the wanted one is computed from it. */
static bool wanted(const struct reading *r, uint32_t point)
{
    if (r->only < 0 || (int32_t)point == r->only)
        return true;
    const struct point *points = r->device->map->points, *p = &points[r->only];
    for (int depth = 0; p->from >= 0 && depth < 8; depth++) {
        if (p->from == (int32_t)point)
            return true;
        p = &points[p->from];
    }
    return p->exp_from == (int32_t)point || p->mul_from == (int32_t)point ||
           p->valid_if.point == (int32_t)point;
}

static bool serves(const struct reading *r, const struct plant *plant, const struct request *q)
{
    uint32_t device = (uint32_t)(r->device - plant->devices);
    for (uint32_t i = 0; i < q->feed_count; i++)
        if (q->feeds[i].device == device && wanted(r, q->feeds[i].point))
            return true;
    return false;
}

/* A plan of the wanted requests alone. */
static const struct plan *narrow(struct arena *arena, const struct plan *whole,
                                 const struct reading *r)
{
    struct plan *p = arena_get(arena, sizeof *p);
    struct request *requests = arena_get_array(arena, whole->request_count, sizeof *requests);
    uint32_t *starts = arena_get_array(arena, whole->plant->line_count + 1, sizeof *starts);
    if (!p || !requests || !starts)
        return NULL;
    uint32_t n = 0;
    for (uint32_t line = 0; line < whole->plant->line_count; line++) {
        starts[line] = n;
        for (uint32_t i = whole->first_request[line]; i < whole->first_request[line + 1]; i++)
            if (serves(r, whole->plant, &whole->requests[i])) {
                requests[n] = whole->requests[i];
                requests[n].id = n;
                n++;
            }
    }
    starts[whole->plant->line_count] = n;
    *p = (struct plan){whole->plant, requests, n, starts, whole->tick_ns};
    return p;
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

static const char *quality_word(enum quality q)
{
    switch (q) {
    case QUALITY_GOOD:
        return "good";
    case QUALITY_UNCERTAIN:
        return "uncertain";
    case QUALITY_CONFIG_ERROR:
        return "config error";
    case QUALITY_NOT_CONNECTED:
        return "not connected";
    case QUALITY_DEVICE_FAILURE:
        return "device failure";
    case QUALITY_SENSOR_FAILURE:
        return "sensor failure";
    case QUALITY_LAST_KNOWN:
        return "last known";
    case QUALITY_COMM_FAILURE:
        return "comm failure";
    case QUALITY_OUT_OF_SERVICE:
        return "out of service";
    case QUALITY_BAD:
        break;
    }
    return "bad";
}

static void print_json(struct reading *r, const struct point *p, const struct sample *s,
                       const char *raw, double wire_ms)
{
    char text[2048];
    struct json j = json_into(text, sizeof text);
    json_raw(&j, r->printed ? ",\n" : "\n", r->printed ? 2 : 1);
    json_word(&j, "{\"tag\":");
    json_string(&j, p->name);
    json_word(&j, ",\"table\":");
    json_string(&j, p->from >= 0 ? NULL : table_name((enum table)p->table));
    json_word(&j, ",\"address\":");
    json_int(&j, p->address);
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

static void print_line(const struct point *p, const struct sample *s, const char *raw,
                       double wire_ms)
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
    printf("  (%.1f ms)\n", wire_ms);
}

static const struct feed *feed_of(const struct block *b, uint32_t device, uint32_t point)
{
    for (uint32_t i = 0; i < b->request->feed_count; i++)
        if (b->request->feeds[i].device == device && b->request->feeds[i].point == point)
            return &b->request->feeds[i];
    return NULL;
}

/* Blocks are kept until all have come: a value may hang on a scale that is read after it. */
static void on_block(void *me, const struct block *b)
{
    struct reading *r = me;
    if (r->ended[b->request->id] || b->fault == FAULT_BACKED_OFF)
        return;
    struct kept *k = arena_get(r->arena, sizeof *k);
    if (!k)
        return;
    k->block = *b;
    if (b->length > 0 && b->length <= sizeof k->data)
        memcpy(k->data, b->data, b->length);
    k->block.data = k->data;
    *r->last = k;
    r->last = &k->next;
    board_feed(r->board, b, r->touched);
    if (b->first == b->request->first && b->count == b->request->count) {
        r->ended[b->request->id] = true;
        r->waiting--;
    }
}

static void print_point(struct reading *r, const struct block *b, uint32_t point)
{
    const struct point *p = &r->device->map->points[point];
    const struct sample *s = &board_tag(r->board, r->device->first_tag + point)->now;
    double wire_ms = (double)mono_since(b->answered, b->asked) / (double)NS_PER_MS;
    uint32_t device = (uint32_t)(r->device - r->plan->plant->devices);
    const struct feed *f = p->from >= 0 ? NULL : feed_of(b, device, point);
    char raw[800] = "";
    if (f)
        raw_words(raw, sizeof raw, b, f, p);
    if (r->arguments->json)
        print_json(r, p, s, raw, wire_ms);
    else
        print_line(p, s, raw, wire_ms);
    r->printed = true;
    r->any_bad |= s->quality != QUALITY_GOOD;
}

static void print_all(struct reading *r)
{
    const struct device *d = r->device;
    for (const struct kept *k = r->first; k; k = k->next) {
        uint32_t n = board_feed(r->board, &k->block, r->touched);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t point = r->touched[i] - d->first_tag;
            bool here = r->touched[i] >= d->first_tag && point < d->map->point_count;
            if (here && (r->only < 0 || (int32_t)point == r->only))
                print_point(r, &k->block, point);
        }
    }
}

static void on_event(void *me, const struct poll_event *e)
{
    (void)me;
    if (e->kind == POLL_HOLE_LEARNED)
        fprintf(stderr, "headgate: %s\n", e->text);
}

static bool ask(struct reading *r)
{
    struct loop *loop = loop_new();
    struct poller_hooks hooks = {.me = r, .block = on_block, .event = on_event};
    struct poller *poller = loop ? poller_new(loop, r->plan, hooks, clock_mono()) : NULL;
    mono_t end = mono_add(clock_mono(), r->arguments->patience_ns);
    while (poller && r->waiting > 0 && mono_before(clock_mono(), end)) {
        mono_t due = mono_min(poller_run(poller, clock_mono()), end);
        int64_t wait = mono_since(due, clock_mono());
        loop_run(loop, wait > 0 ? wait : 0);
    }
    poller_free(poller);
    loop_free(loop);
    return poller != NULL;
}

static int read_device(const struct read_arguments *a, struct side *side)
{
    struct reading r = {.arguments = a, .arena = side->arena};
    r.last = &r.first;
    if (!find(side->plant, side->arena, &r))
        return EXIT_NO;
    r.plan = narrow(side->arena, side->plan, &r);
    r.board = r.plan ? board_new(r.plan) : NULL;
    int status = EXIT_NO;
    if (r.board) {
        r.waiting = r.plan->request_count;
        r.ended = arena_get_array(side->arena, r.plan->request_count + 1, sizeof *r.ended);
        r.touched = arena_get_array(side->arena, board_touch_max(r.board) + 1, sizeof *r.touched);
        if (a->json)
            fputs("[", stdout);
        bool asked = r.ended && r.touched && ask(&r);
        print_all(&r);
        if (asked && r.waiting == 0 && !r.any_bad)
            status = EXIT_DONE;
        if (a->json)
            fputs("\n]\n", stdout);
        if (r.waiting > 0)
            fprintf(stderr, "headgate: %u of %u requests had no end after the time given\n",
                    r.waiting, r.plan->request_count);
    }
    board_free(r.board);
    return status;
}

int verb_read(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"json", 'j', NULL, 0, "print JSON", 0},
        {"lines", 'l', "FILE", 0, "other addresses for lines, as 'headgate sim' writes them", 0},
        {"maps", 'm', "DIR", 0, "the library of register maps (default: the installed one)", 0},
        {"timeout", 't', "DURATION", 0, "give up after this time (default 10s)", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "PLANT AREA/DEVICE[/TAG]",
        "Asks one device now and prints raw words, value, quality and the time on the wire.\v"
        "Exit status 1 when anything asked for is not good.",
        NULL,
        NULL,
        NULL};
    struct read_arguments a = {.patience_ns = 10 * NS_PER_S};
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    log_init(LOG_WARN, 0);

    struct diags *ds = diags_new();
    struct side side = {0};
    if (!ds)
        return verb_no_memory("read");
    bool planned = side_plan(&side, a.plant_file, &a.options, ds);
    if (!planned)
        diags_print(ds, stderr);
    int status = planned ? read_device(&a, &side) : EXIT_NO;
    side_fini(&side);
    diags_free(ds);
    return status;
}
