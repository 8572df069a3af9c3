/* SPDX-License-Identifier: Apache-2.0 */
/* One plant file after another under a gateway that runs: what is refused and how it is told, and
 * what the watch room makes of it. Nothing is polled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/reload.h"
#include "base/clock.h"
#include "plan/change.h"

static const char plant_text[] =
    "format: 1\n"
    "site: s\n"
    "gateway: g\n"
    "timezone: UTC\n"
    "mqtt: {broker: 'mqtt://127.0.0.1:1883', root: r, keepalive: 30s, user: u, window: 100}\n"
    "journal: {keep: 72h, size: 1GiB}\n"
    "lines:\n"
    "  l: {connect: 'tcp://127.0.0.1:1'}\n"
    "areas: {a: A}\n"
    "devices:\n"
    "  d: {map: box, line: l, unit: 1, area: a, every: 1s}\n"
    "derived:\n"
    "  a/sum/two: {is: 2 * x, of: {x: a/d/other}}\n"
    "alarms:\n"
    "  a/d/high: {tag: a/d/head, above: 1, for: 10s, about: High}\n"
    "leaks:\n"
    "  notch: {kind: weir, area: a, head: a/d/head, angle: 90, about: Toe, priority: low}\n";
static const char map_text[] = "format: 1\n"
                               "tags:\n"
                               "  head: {at: holding 0, type: u16, scale: 0.01, unit: m}\n"
                               "  other: {at: holding 1, type: u16}\n";

enum { S = 1000 };
static const int64_t start_ms = INT64_C(1139079000000);

static const char *const files[] = {"plant.yaml", "maps/box.yaml"};
static const char *const texts[] = {plant_text, map_text};

static void write_files(int which, const char *from, const char *to)
{
    for (int i = 0; i < 2; i++) {
        const char *text = texts[i], *at = i == which && from ? strstr(text, from) : NULL;
        FILE *f = fopen(files[i], "w");
        assert_non_null(f);
        if (i == which && from)
            assert_non_null(at);
        if (at) {
            fwrite(text, 1, (size_t)(at - text), f);
            fputs(to, f);
            text = at + strlen(from);
        }
        fputs(text, f);
        fclose(f);
    }
}

static int in_a_folder(void **state)
{
    static char folder[] = "/tmp/headgate-test-XXXXXX";
    (void)state;
    return !mkdtemp(folder) || chdir(folder) != 0 || mkdir("maps", 0700) != 0;
}

static int out_of_it(void **state)
{
    char folder[64];
    (void)state;
    if (!getcwd(folder, sizeof folder))
        return -1;
    unlink(files[0]);
    unlink(files[1]);
    rmdir("maps");
    return chdir("/") != 0 || rmdir(folder) != 0;
}

/* ---- a gateway without its broker --------------------------------------------------------------
 */

static struct desk {
    struct loop *loop;
    struct door door;
    struct sequence sequence;
    struct diags *ds;
    struct side side;
} desk;

static const struct plant_options options = {.library = "nowhere"};

static void begin(void)
{
    memset(&desk, 0, sizeof desk);
    write_files(0, NULL, NULL);
    desk.loop = loop_new();
    desk.door.rows = mailbox_new(1 << 20);
    desk.door.live = mailbox_new(1 << 20);
    desk.door.connected = true;
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        desk.sequence.next[i] = 1;
    desk.ds = diags_new();
    assert_true(side_plan(&desk.side, "plant.yaml", &options, desk.ds));
    const struct pipeline_setup setup = {.plan = desk.side.plan,
                                         .door = &desk.door,
                                         .sequence = &desk.sequence,
                                         .diags = desk.ds,
                                         .wall = {start_ms},
                                         .now = {start_ms * NS_PER_MS}};
    desk.side.pipeline = pipeline_new(&setup);
    assert_non_null(desk.side.pipeline);
    assert_true(side_start(&desk.side, desk.loop, clock_mono()));
}

static void end(void)
{
    side_fini(&desk.side);
    mailbox_free(desk.door.rows);
    mailbox_free(desk.door.live);
    loop_free(desk.loop);
    diags_free(desk.ds);
}

static bool reload(char text[static RELOAD_TEXT])
{
    const struct reload r = {
        .file = "plant.yaml", .options = &options, .door = &desk.door, .sequence = &desk.sequence};
    struct diags *ds = diags_new();
    bool well = reload_side(&desk.side, &r, ds, text);
    diags_free(ds);
    return well;
}

/* Does a row (or a live message) with these words wait in the box? Takes all of them out. */
static bool heard(struct mailbox *box, const char *topic, const char *words)
{
    size_t length;
    bool found = false;
    for (const char *at; (at = mailbox_peek(box, &length)) != NULL; mailbox_done(box)) {
        struct message m;
        memcpy(&m, at, sizeof m);
        char *text = strndup(at + sizeof m, (size_t)m.topic_length + m.payload_length);
        assert_non_null(text);
        found = found || (strncmp(text, topic, strlen(topic)) == 0 &&
                          (words ? strstr(text, words) != NULL : m.payload_length == 0));
        free(text);
    }
    return found;
}

static void what_belongs_to_the_process_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *named;
    } facts[] = {
        {"site: s", "site: t", "site"},
        {"gateway: g", "gateway: h", "gateway"},
        {"timezone: UTC", "timezone: Europe/Berlin", "timezone"},
        {"127.0.0.1:1883", "127.0.0.2:1883", "mqtt.broker"},
        {"127.0.0.1:1883", "127.0.0.1:1884", "mqtt.broker"},
        {"root: r", "root: q", "mqtt.root"},
        {"user: u", "user: v", "mqtt.user"},
        {"keepalive: 30s", "keepalive: 31s", "mqtt.keepalive"},
        {"window: 100", "window: 101, client_id: me, overlap: 1s, version: 3.1.1",
         "mqtt.client_id, mqtt.version, mqtt.window, mqtt.overlap"},
        {"keep: 72h", "keep: 73h", "journal.keep"},
        {"size: 1GiB", "size: 2GiB", "journal.size"},
        {"site: s\ngateway: g", "site: t\ngateway: h", "site, gateway"},
    };
    begin();
    const struct plan *plan = desk.side.plan;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        char text[RELOAD_TEXT], expected[RELOAD_TEXT];
        write_files(0, facts[i].from, facts[i].to);
        assert_false(reload(text));
        snprintf(expected, sizeof expected, "changed, but needs a restart: %s", facts[i].named);
        assert_string_equal(text, expected);
        assert_ptr_equal(desk.side.plan, plan);
    }
    end();
}

static void a_mistake_is_told_with_its_place_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        int file;
        const char *from, *to, *begins, *ends;
    } facts[] = {
        {0, "unit: 1", "unit: one", "plant.yaml:11:32: unit `one` is no whole number", "0x0C"},
        {0, "every: 1s", "evry: 1s", "plant.yaml:11:", ""},
        {0, "areas:", "areas: [}", "plant.yaml:9:", ""},
        {0, "unit: 1, area: a", "unit: 0.5, area: b", "plant.yaml:11:32: ", " mistakes)"},
        {0, "2 * x", "2 * (x", "plant.yaml:13:", ""},
        {0, "2 * x", "2 * y", "plant.yaml:13:", ""},
        {0, "map: box", "map: bx", "plant.yaml:11:", ""},
        {1, "type: u16}", "type: u17}", "maps/box.yaml:4:", ""},
    };
    begin();
    const struct plan *plan = desk.side.plan;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        char text[RELOAD_TEXT];
        write_files(facts[i].file, facts[i].from, facts[i].to);
        assert_false(reload(text));
        size_t length = strlen(text), tail = strlen(facts[i].ends);
        if (strncmp(text, facts[i].begins, strlen(facts[i].begins)) != 0 || length < tail ||
            strcmp(text + length - tail, facts[i].ends) != 0)
            fail_msg("%s", text);
        assert_ptr_equal(desk.side.plan, plan);
    }
    end();
}

static void a_file_that_is_gone_changes_nothing(void **state)
{
    (void)state;
    char text[RELOAD_TEXT];
    begin();
    unlink("plant.yaml");
    assert_false(reload(text));
    assert_non_null(strstr(text, "plant.yaml"));
    write_files(0, NULL, NULL);
    assert_true(reload(text));
    end();
}

/* ---- the watch room
 * ------------------------------------------------------------------------------ */

static void feed(uint16_t head, int64_t ms)
{
    const struct request *r = &desk.side.plan->requests[0];
    uint8_t data[2 * REGISTERS_MAX] = {0};
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct device *d = &desk.side.plant->devices[r->feeds[i].device];
        if (strcmp(d->map->points[r->feeds[i].point].name, "head") != 0)
            continue;
        data[2 * r->feeds[i].offset] = (uint8_t)(head >> 8);
        data[2 * r->feeds[i].offset + 1] = (uint8_t)head;
    }
    const struct block b = {.request = r,
                            .data = data,
                            .length = 2U * r->count,
                            .first = r->first,
                            .count = r->count,
                            .time = {ms},
                            .asked = {ms * NS_PER_MS},
                            .answered = {ms * NS_PER_MS}};
    pipeline_feed(desk.side.pipeline, &b);
    pipeline_tick(desk.side.pipeline, NULL, (wall_t){ms}, (mono_t){ms * NS_PER_MS});
}

/* The same steps as reload_side, by a clock of our own. */
static void follow(int64_t ms)
{
    struct side fresh;
    struct arena *notes = arena_new(0);
    struct memory *memory = memory_new();
    struct diags *ds = diags_new();
    if (!side_plan(&fresh, "plant.yaml", &options, ds))
        diags_print(ds, stderr);
    assert_non_null(fresh.plan);
    const struct change *c = change_find(notes, desk.side.plan, fresh.plan);
    pipeline_remember(desk.side.pipeline, memory);
    const struct pipeline_setup setup = {.plan = fresh.plan,
                                         .door = &desk.door,
                                         .sequence = &desk.sequence,
                                         .diags = ds,
                                         .wall = {ms},
                                         .now = {ms * NS_PER_MS},
                                         .memory = memory,
                                         .before = desk.side.pipeline,
                                         .change = c};
    fresh.pipeline = pipeline_new(&setup);
    assert_non_null(fresh.pipeline);
    if (pipeline_take_over(fresh.pipeline, desk.side.pipeline, c, desk.side.arena, (wall_t){ms},
                           (mono_t){ms * NS_PER_MS}))
        desk.side.arena = NULL;
    side_fini(&desk.side);
    desk.side = fresh;
    memory_free(memory);
    arena_free(notes);
    diags_free(ds);
}

/* Is a kept state of this name to be forgotten? Takes all rows out. */
static bool forgotten(const char *key)
{
    size_t length;
    bool found = false;
    for (const char *at; (at = mailbox_peek(desk.door.rows, &length)) != NULL;
         mailbox_done(desk.door.rows)) {
        struct message m;
        memcpy(&m, at, sizeof m);
        found = found || (m.lane == MESSAGE_KEEP && m.keep_length == strlen(key) + 1 &&
                          strcmp(at + sizeof m, key) == 0);
    }
    return found;
}

static void only_states_of_another_plant_file_are_forgotten(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        bool foreign;
    } facts[] = {
        {"alarm/a/gone/high", true}, {"leak/gone", true}, {"overlap", false}, {"timeline", false}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        begin();
        struct memory *memory = memory_new();
        memory_add(memory, facts[i].key, &start_ms, sizeof start_ms);
        poller_free(desk.side.poller);
        desk.side.poller = NULL;
        pipeline_free(desk.side.pipeline);
        const struct pipeline_setup setup = {.plan = desk.side.plan,
                                             .door = &desk.door,
                                             .sequence = &desk.sequence,
                                             .diags = desk.ds,
                                             .wall = {start_ms},
                                             .now = {start_ms * NS_PER_MS},
                                             .memory = memory};
        desk.side.pipeline = pipeline_new(&setup);
        assert_non_null(desk.side.pipeline);
        assert_int_equal(forgotten(facts[i].key), facts[i].foreign);
        memory_free(memory);
        end();
    }
}

static const char alarm_topic[] = "r/s/event/g";

/* A delay of ten seconds is under way when the file changes. */
static void the_room_goes_on_unless_its_own_words_changed(void **state)
{
    (void)state;
    static const struct {
        int file;
        const char *from, *to;
        bool goes_on;
    } facts[] = {
        {0, "format: 1", "# a remark\nformat: 1", true},
        {0, "every: 1s", "every: 1s, stale: 1m", true},
        {0, "2 * x", "3 * x", true},
        {0, "127.0.0.1:1'", "127.0.0.1:1', timeout: 2s", true},
        {1, "  other: {at: holding 1, type: u16", "  other: {at: holding 1, type: u16, scale: 3",
         true},
        {1, "tags:\n", "tags:\n  more: {at: holding 2, type: u16}\n", true}, /* numbers shift */
        {0, "above: 1,", "above: 1.1,", false},
        {0, "about: High", "about: Higher", false},
        {0, "angle: 90", "angle: 60", false},
        {1, "scale: 0.01", "scale: 0.02", false},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        begin();
        int64_t t = start_ms;
        feed(50, t);
        for (int n = 0; n < 6; n++)
            feed(200, t += S);
        write_files(facts[i].file, facts[i].from, facts[i].to);
        follow(t);
        heard(desk.door.rows, "", "");
        for (int n = 0; n < 6; n++)
            feed(200, t += S);
        if (heard(desk.door.rows, alarm_topic, "a/d/high") != facts[i].goes_on)
            fail_msg("`%s`: it %s", facts[i].to, facts[i].goes_on ? "forgot" : "went on");
        for (int n = 0; n < 6; n++)
            feed(200, t += S);
        assert_int_equal(heard(desk.door.rows, alarm_topic, "a/d/high"), !facts[i].goes_on);
        follow(t); /* and once more, back to where it began */
        write_files(0, NULL, NULL);
        follow(t);
        feed(200, t += S);
        assert_false(heard(desk.door.rows, alarm_topic, "annunciated"));
        end();
    }
}

static void tags_that_the_room_makes_find_their_new_numbers(void **state)
{
    (void)state;
    begin();
    int64_t t = start_ms;
    for (int n = 0; n < 40; n++)
        feed(20, t += S);
    write_files(1, "tags:\n", "tags:\n  more: {at: holding 2, type: u16}\n");
    follow(t);
    heard(desk.door.live, "", "");
    for (int n = 0; n < 40; n++)
        feed(30, t += S);
    assert_true(heard(desk.door.live, "r/s/value/a/notch/flow", "\"quality\":192"));
    end();
}

/* Its topic holds what was good under the old file. */
static void a_tag_that_changed_says_at_once_that_it_is_not_yet_read(void **state)
{
    (void)state;
    static const char said[] = "\"quality\":8,\"reason\":\"not yet read\"";
    static const struct {
        const char *name, *from, *to;
        bool told[3]; /* head, other, two */
    } facts[] = {
        {"a remark", "format: 1", "# a remark\nformat: 1", {false, false, false}},
        {"a scale", "holding 1, type: u16", "holding 1, type: u16, scale: 3", {false, true, true}},
        {"an address", "at: holding 0", "at: holding 2", {true, false, false}},
    };
    static const char *const topics[] = {"a/d/head", "a/d/other", "a/sum/two"};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        for (size_t k = 0; k < 3; k++) {
            char live[64], row[64], words[128];
            begin();
            feed(50, start_ms);
            write_files(1, facts[i].from, facts[i].to);
            follow(start_ms + S);
            heard(desk.door.live, "", "");
            heard(desk.door.rows, "", "");
            pipeline_tick(desk.side.pipeline, NULL, (wall_t){start_ms + S},
                          (mono_t){(start_ms + S) * NS_PER_MS});
            snprintf(live, sizeof live, "r/s/value/%s", topics[k]);
            snprintf(row, sizeof row, "r/s/history/g/%.*s", k < 2 ? 3 : 5, topics[k]);
            snprintf(words, sizeof words, "\"%s\":{%s}", strrchr(topics[k], '/') + 1, said);
            if (heard(desk.door.live, live, "not yet read") != facts[i].told[k] ||
                heard(desk.door.rows, row, k < 2 ? words : "not yet read") != facts[i].told[k])
                fail_msg("%s: %s", facts[i].name, topics[k]);
            pipeline_tick(desk.side.pipeline, NULL, (wall_t){start_ms + 2 * S},
                          (mono_t){(start_ms + 2 * S) * NS_PER_MS});
            assert_false(heard(desk.door.live, live, "not yet read")); /* once */
            end();
        }
    }
}

static void an_incident_is_left_when_nothing_is_watched_any_more(void **state)
{
    (void)state;
    begin();
    feed(50, start_ms);
    struct command c = {.verb = "incident", .time = {start_ms}};
    const char order[] = "{\"op\":\"open\",\"user\":\"u\",\"reason\":\"trial\"}";
    c.payload_length = sizeof order - 1;
    pipeline_order(desk.side.pipeline, NULL, &c, order, (wall_t){start_ms},
                   (mono_t){start_ms * NS_PER_MS});
    feed(50, start_ms + S);
    assert_true(heard(desk.door.rows, alarm_topic, "\"type\":\"incident\""));
    const char *rules = strstr(plant_text, "alarms:");
    assert_non_null(rules);
    write_files(0, rules, "");
    follow(start_ms + 2 * S);
    assert_true(heard(desk.door.rows, alarm_topic, "\"type\":\"incident-left\""));
    assert_true(heard(desk.door.live, "r/s/incident/", NULL));
    atomic_fetch_add(&desk.door.sessions, 1); /* and in each session that follows */
    feed(50, start_ms + 3 * S);
    assert_true(heard(desk.door.live, "r/s/incident/", NULL));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_states_of_another_plant_file_are_forgotten),
        cmocka_unit_test(what_belongs_to_the_process_is_named),
        cmocka_unit_test(a_mistake_is_told_with_its_place_and_changes_nothing),
        cmocka_unit_test(a_file_that_is_gone_changes_nothing),
        cmocka_unit_test(the_room_goes_on_unless_its_own_words_changed),
        cmocka_unit_test(tags_that_the_room_makes_find_their_new_numbers),
        cmocka_unit_test(a_tag_that_changed_says_at_once_that_it_is_not_yet_read),
        cmocka_unit_test(an_incident_is_left_when_nothing_is_watched_any_more),
    };
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
