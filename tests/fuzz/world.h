/* SPDX-License-Identifier: Apache-2.0 */
/* A plant with one of everything that is watched, from the board to the door, without a line to it
 * and without a disk: for the targets that get at it through its commands and what it kept. */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "fuzz.h"

#include "app/lookout.h"
#include "app/side.h"

#define WORLD_START INT64_C(1139079000000)

static const char world_plant[] =
    "format: 1\nsite: s\ngateway: g\nmqtt: {broker: \"mqtt://127.0.0.1:1883\", root: r}\n"
    "lines: {l: {connect: \"tcp://10.9.8.7:502\"}}\n"
    "areas: {a: A, b: {title: B, neighbours: [a]}}\n"
    "commands: {allow: [alarms, incidents, replay, write], writes: {a/x/target: {limits: [1, 4]}}}\n"
    "devices:\n"
    "  x: {map: m, line: l, unit: 1, area: a, every: 1s}\n"
    "  y: {map: m, line: l, unit: 2, area: b, every: 1s}\n"
    "alarms:\n"
    "  a/x/high: {tag: a/x/level, above: 2, clear: 1.8, priority: high, about: High, response: "
    "Look, consequence: Wet, latch: true}\n"
    "  a/x/much: {tag: a/x/flow, above: 100, for: 2s, suppress_by: a/x/status.test, about: M}\n"
    "leaks:\n"
    "  bal: {kind: balance, profile: pond, area: b, level: b/y/level, stage: [[0, 0], [4, 90000]], "
    "in: [{flow: a/x/flow, accuracy: 0.5%}], out: [b/y/flow], nominal: 420 m3/h, about: z}\n"
    "  zone: {kind: demand, area: a, in: [{flow: a/x/flow}], about: z}\n"
    "  quiet: {kind: idle, area: a, level: a/x/level, surface: 201 m2, inlet: a/x/status.running, "
    "outlet: [a/x/status.valve], min: 0.2 m3/h, about: z}\n"
    "  pit: {kind: sump, area: a, level: a/x/level, area_m2: 6, pumps: [{run: a/x/status.running, "
    "capacity: 40 m3/h}], float: a/x/status.float, about: z}\n"
    "  lim: {kind: limit, area: a, tag: a/x/level, hh: 3, h: 2, l: 1, ll: 0.5, about: z, proof: "
    "{every: 10d}}\n"
    "  rate: {kind: roc, area: a, tag: a/x/level, by: 0.1, within: 10m, direction: rising, about: "
    "z}\n"
    "  sh: {kind: shift, area: a, tag: a/x/pressure, k: 1, h: 20, about: z}\n"
    "  sw: {kind: switch, area: b, inputs: [b/y/status.wet1, b/y/status.wet2], priority: critical, "
    "response: r, consequence: c}\n"
    "  notch: {kind: weir, area: a, head: a/x/head, angle: 90, high: 30 m3/h, about: z}\n"
    "  free: {kind: freeboard, area: b, level: b/y/level, crest: 6.0 m, min: 1.0 m, about: z}\n"
    "equipment:\n"
    "  mcc: {class: switchgear, area: a, floor: 0.4 m, water: a/x/level, warn: 1h, checks: "
    "{insulation: {sign: value, low: 5, unit: MOhm}, temp: {text: cool, tag: a/x/pressure, low: 1, "
    "high: 2, for: 10m}}}\n"
    "incidents:\n"
    "  capture: 2m\n"
    "  basins:\n"
    "    floor: {area: a, level: a/x/level, surface: 100 m2, target: 5 cm, pumps: [{run: "
    "a/x/status.running, flow: a/x/flow2}], wet: [a/x/status.wet1]}\n";

static struct world {
    struct side side;
    struct door door;
    struct board *board;
    struct teller *teller;
    struct lookout *lookout;
    struct sequence sequence;
    int64_t now, due;
} world;

static inline void world_load(void)
{
    char dir[] = "/tmp/headgate-fuzz-XXXXXX", path[64];
    static const struct plant_options options = {.library = SOURCE_DIR "/tests/fuzz/plants/maps"};
    struct diags *ds = diags_new();
    HOLDS(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/plant.yaml", dir);
    FILE *f = fopen(path, "w");
    HOLDS(f && fputs(world_plant, f) >= 0 && fclose(f) == 0);
    bool good = side_plan(&world.side, path, &options, ds);
    unlink(path);
    rmdir(dir);
    if (!good)
        diags_print(ds, stderr);
    HOLDS(good);
    diags_free(ds);
    world.door.rows = mailbox_new(4 << 20);
    world.door.live = mailbox_new(4 << 20);
    world.door.commands = mailbox_new(1 << 20);
}

static inline void world_open(void)
{
    atomic_store(&world.door.connected, true);
    world.now = world.due = WORLD_START;
    memset(world.sequence.next, 0, sizeof world.sequence.next);
    world.sequence.next[MESSAGE_EVENT] = world.sequence.next[MESSAGE_HISTORY] = 1;
    world.sequence.bulletin.length = 0;
    world.board = board_new(world.side.plan);
    world.teller = teller_new(world.side.plan, &world.door, &world.sequence);
    HOLDS(world.board && world.teller);
    const struct lookout_setup setup = {.plant = world.side.plant,
                                        .board = world.board,
                                        .teller = world.teller,
                                        .now_ms = world.now,
                                        .keeps = true};
    world.lookout = lookout_new(&setup);
    HOLDS(world.lookout);
}

/* What came through the door is what a broker would get: JSON, to topics without wildcards. */
static inline void world_check(struct mailbox *m, bool journaled)
{
    static char text[1 << 20];
    const void *at;
    size_t length;
    for (; (at = mailbox_peek(m, &length)) != NULL; mailbox_done(m)) {
        struct message head;
        memcpy(&head, at, sizeof head);
        const char *topic = (const char *)at + sizeof head;
        HOLDS(sizeof head + head.topic_length + head.payload_length <= length);
        HOLDS(!memchr(topic, '+', head.topic_length) && !memchr(topic, '#', head.topic_length));
        HOLDS(!memchr(topic, '\0', head.topic_length));
        if (head.lane == MESSAGE_KEEP || head.payload_length == 0)
            continue;
        json_error_t error;
        size_t n = 0;
        if (journaled)
            text[n++] = '{';
        HOLDS(n + head.payload_length <= sizeof text);
        memcpy(text + n, topic + head.topic_length, head.payload_length);
        json_t *o = json_loadb(text, n + head.payload_length, JSON_REJECT_DUPLICATES, &error);
        if (!o)
            fprintf(stderr, "%.*s\n%s\n%.*s\n", (int)head.topic_length, topic, error.text,
                    (int)(n + head.payload_length), text);
        HOLDS(o);
        json_decref(o);
    }
}

static inline void world_listen(void)
{
    world_check(world.door.rows, true);
    world_check(world.door.live, false);
}

static inline void world_close(void)
{
    lookout_free(world.lookout);
    teller_free(world.teller);
    board_free(world.board);
}

static inline void world_run(int64_t until)
{
    for (int turns = 0; world.due <= until && turns < 2000; turns++) {
        world.now = world.due > world.now ? world.due : world.now;
        world.due = lookout_run(world.lookout, world.now, (mono_t){world.now * NS_PER_MS});
        HOLDS(world.due > world.now);
    }
    world.now = until;
}

static inline void world_put(uint32_t tag, double x, bool good)
{
    struct sample s = {.quality = good ? QUALITY_GOOD : QUALITY_BAD,
                       .reason = good ? NULL : "torn off",
                       .time = {world.now},
                       .value = {.kind = good ? VALUE_REAL : VALUE_NONE, .real = x}};
    board_put(world.board, tag, &s);
    lookout_feed(world.lookout, &tag, 1, world.now);
    world.due = world.now;
    world_run(world.now + 1);
}

#endif
