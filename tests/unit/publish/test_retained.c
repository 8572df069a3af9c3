/* SPDX-License-Identifier: Apache-2.0 */
/* Two plants, one after the other, over one state directory: what is taken back from the broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "publish/retained.h"

#define POINT(NAME)                                                                                \
    {                                                                                              \
        .name = NAME, .name_length = sizeof NAME - 1                                               \
    }
static const struct point two_points[] = {POINT("flow"), POINT("level")};
static const struct map two = {.points = two_points, .point_count = 2};
static const struct map one = {.points = two_points, .point_count = 1};
static const struct device both[] = {{.path = "mill/p1", .map = &two},
                                     {.path = "mill/p2", .map = &two}};
static const struct device lone[] = {{.path = "mill/p1", .map = &one}};
static const struct derived sum[] = {
    {.path = "mill/sum/flow", .device_path = "mill/sum", .point = POINT("flow")}};

static const struct plant before = {.site = "site",
                                    .gateway = "gw",
                                    .mqtt = {.root = "mine/v1", .values = true},
                                    .devices = both,
                                    .device_count = 2,
                                    .derived = sum,
                                    .derived_count = 1,
                                    .tag_count = 5};
static const struct plant after = {.site = "site",
                                   .gateway = "gw",
                                   .mqtt = {.root = "mine/v1", .values = true},
                                   .devices = lone,
                                   .device_count = 1,
                                   .tag_count = 1};

/* An alarm may be called as a device or a tag is. */
static const struct alarm_rule alarms[] = {{.path = "mill/p1/level"}, {.path = "mill/p1/flow"}};
static const struct leak_rule leaks[] = {{.name = "dam"}, {.name = "sump"}};

static char dir[] = "/tmp/headgate-retained-XXXXXX";
static struct door door;
static struct retained *retained;

/* What the journal would have, and the tickets of what lay in the door. */
static struct {
    char key[32], bytes[1024];
    size_t size;
} kept[8];
static uint64_t tickets[16];
static size_t ticket_count;

static int set_up(void **state)
{
    (void)state;
    memset(&door, 0, sizeof door);
    memset(kept, 0, sizeof kept);
    ticket_count = 0;
    door.live = mailbox_new(1 << 20);
    door.rows = mailbox_new(1 << 20);
    door.connected = true;
    door.sessions = 1;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    retained = retained_new(dir, &door);
    return retained && door.live && door.rows ? 0 : -1;
}

/* The journal's part: each key has its newest state, or none. */
static void commit(void)
{
    const char *bytes;
    size_t length;
    while ((bytes = mailbox_peek(door.rows, &length)) != NULL) {
        struct message m;
        memcpy(&m, bytes, sizeof m);
        assert_int_equal(m.lane, MESSAGE_KEEP);
        assert_int_equal(length, sizeof m + m.keep_length);
        const char *key = bytes + sizeof m;
        size_t i = 0, size = m.keep_length - strlen(key) - 1;
        while (i < 8 && kept[i].key[0] && strcmp(kept[i].key, key) != 0)
            i++;
        assert_true(i < 8 && size <= sizeof kept[i].bytes);
        snprintf(kept[i].key, sizeof kept[i].key, "%s", key);
        memcpy(kept[i].bytes, key + strlen(key) + 1, size);
        kept[i].size = size;
        mailbox_done(door.rows);
    }
}

static size_t kept_keys(void)
{
    size_t n = 0;
    for (size_t i = 0; i < 8; i++)
        n += kept[i].size > 0;
    return n;
}

static void open_again(void)
{
    memset(door.retracted, 0, sizeof door.retracted);
    retained = retained_new(dir, &door);
    assert_non_null(retained);
    for (size_t i = 0; i < 8; i++)
        if (kept[i].size)
            assert_true(retained_restore(retained, kept[i].key, kept[i].bytes, kept[i].size));
}

static void begin_again(void)
{
    retained_free(retained);
    open_again();
}

/* Nothing is written at the end. */
static void kill_and_begin_again(void)
{
    char file[128], other[160];
    snprintf(file, sizeof file, "%s/retained.txt", dir);
    snprintf(other, sizeof other, "%s.kill", file);
    assert_int_equal(rename(file, other), 0);
    retained_free(retained);
    unlink(file);
    assert_int_equal(rename(other, file), 0);
    open_again();
}

static void tick(void)
{
    retained_tick(retained);
}

static int tear_down(void **state)
{
    (void)state;
    char file[128];
    retained_free(retained);
    mailbox_free(door.live);
    mailbox_free(door.rows);
    snprintf(file, sizeof file, "%s/retained.txt", dir);
    unlink(file);
    return rmdir(dir);
}

/* All topics that lie in the door, each behind a space, in the order of putting. */
static const char *taken_back(void)
{
    static char all[2048];
    const char *bytes;
    size_t length;
    all[0] = '\0';
    while ((bytes = mailbox_peek(door.live, &length)) != NULL) {
        struct message m;
        ticket_count = all[0] ? ticket_count : 0;
        memcpy(&m, bytes, sizeof m);
        assert_int_equal(m.lane, MESSAGE_STATE);
        assert_int_equal(m.payload_length, 0);
        assert_int_equal(length, sizeof m + m.topic_length);
        assert_true(m.seq > 0 && ticket_count < 16);
        tickets[ticket_count++] = m.seq;
        size_t n = strlen(all);
        snprintf(all + n, sizeof all - n, " %.*s", (int)m.topic_length, bytes + sizeof m);
        mailbox_done(door.live);
    }
    return all;
}

/* The first so many of what lay in the door last are answered by the broker. */
static void answer(size_t count, bool refused)
{
    assert_true(count <= ticket_count);
    for (size_t i = 0; i < count; i++)
        door.retracted[tickets[i] % RETRACTIONS] = 2 * tickets[i] + refused;
}

static const char left[] = " mine/v1/site/value/mill/p1/level mine/v1/site/device/mill/p2"
                           " mine/v1/site/meta/mill/p2 mine/v1/site/value/mill/p2/flow"
                           " mine/v1/site/value/mill/p2/level mine/v1/site/device/mill/sum"
                           " mine/v1/site/meta/mill/sum mine/v1/site/value/mill/sum/flow";

static void a_plant_that_stays_the_same_takes_nothing_back(void **state)
{
    (void)state;
    retained_plan(retained, &before);
    begin_again();
    retained_plan(retained, &before);
    tick();
    assert_string_equal(taken_back(), "");
}

static void what_left_the_plant_is_taken_back_once(void **state)
{
    (void)state;
    retained_plan(retained, &before);
    begin_again();
    retained_plan(retained, &after);
    assert_int_equal(retained_left(retained), 8);
    tick();
    assert_string_equal(taken_back(), left);
    tick();
    assert_string_equal(taken_back(), "");
    assert_int_equal(retained_left(retained), 8);
    answer(8, false);
    tick();
    assert_int_equal(retained_left(retained), 0);
    door.sessions++; /* a broker that came back has nothing of it, or has it from somebody else */
    tick();
    assert_string_equal(taken_back(), "");
    begin_again();
    retained_plan(retained, &after);
    tick();
    assert_string_equal(taken_back(), "");
}

/* The device may be another gateway's by now. */
static void what_was_acknowledged_is_never_taken_back_again(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool killed, commented;
    } facts[] = {{"a reload", false, false},
                 {"a kill", true, false},
                 {"a reload for a comment, and a kill", true, true}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        retained_plan(retained, &before);
        retained_plan(retained, &after);
        tick();
        assert_string_equal(taken_back(), left);
        answer(3, false);
        tick();
        commit();
        if (facts[i].commented)
            retained_plan(retained, &after);
        tick();
        if (facts[i].commented)
            taken_back();
        commit();
        if (facts[i].killed)
            kill_and_begin_again();
        retained_plan(retained, &after);
        assert_int_equal(retained_left(retained), 5);
        tick();
        if (strcmp(taken_back(), strstr(left, " mine/v1/site/value/mill/p2/flow")) != 0)
            fail_msg("after %s", facts[i].what);
        answer(5, false);
        tick();
        commit();
        if (facts[i].killed)
            kill_and_begin_again();
        retained_plan(retained, &after);
        tick();
        assert_string_equal(taken_back(), "");
        commit();
        assert_int_equal(kept_keys(), 0); /* the list says it all, and the journal has forgotten */
    }
}

static void a_stop_in_between_writes_what_is_left(void **state)
{
    (void)state;
    retained_plan(retained, &before);
    retained_plan(retained, &after);
    tick();
    taken_back();
    answer(7, false); /* heard when the broker thread has ended, and no tick comes any more */
    begin_again();
    retained_plan(retained, &after);
    tick();
    assert_string_equal(taken_back(), strstr(left, " mine/v1/site/value/mill/sum/flow"));
}

/* Gone, back with us, and gone again: what was struck then says nothing of now. */
static void a_device_that_was_here_again_is_taken_back_again(void **state)
{
    (void)state;
    retained_plan(retained, &before);
    retained_plan(retained, &after);
    tick();
    taken_back();
    answer(8, false);
    tick();
    commit();
    kill_and_begin_again();
    retained_plan(retained, &before);
    tick();
    assert_string_equal(taken_back(), "");
    kill_and_begin_again(); /* before the journal has forgotten */
    retained_plan(retained, &after);
    tick();
    assert_string_equal(taken_back(), left);
}

static void what_no_session_answered_goes_again_in_the_next_one(void **state)
{
    (void)state;
    retained_plan(retained, &before);
    door.connected = false;
    retained_plan(retained, &after); /* as a reload does */
    tick();
    assert_string_equal(taken_back(), "");
    door.connected = true;
    tick();
    assert_string_equal(taken_back(), left);
    answer(3, false);
    door.connected = false;
    tick();
    assert_int_equal(retained_left(retained), 5);
    door.connected = true;
    door.sessions++;
    tick();
    assert_string_equal(taken_back(), strstr(left, " mine/v1/site/value/mill/p2/flow"));
    answer(5, false);
    tick();
    assert_int_equal(retained_left(retained), 0);
}

static void what_the_broker_refuses_stays_in_the_list(void **state)
{
    (void)state;
    retained_plan(retained, &before);
    retained_plan(retained, &after);
    tick();
    taken_back();
    answer(8, true);
    tick();
    assert_int_equal(retained_left(retained), 8);
    tick();
    assert_string_equal(taken_back(), ""); /* not again and again */
    door.sessions++;
    tick();
    assert_string_equal(taken_back(), left);
    answer(8, true);
    begin_again();
    retained_plan(retained, &after);
    tick();
    assert_string_equal(taken_back(), left);
}

/* More than may wait for an answer at once, and more than one slot of the journal holds. */
static void a_long_list_is_taken_back_in_turns(void **state)
{
    (void)state;
    enum { MANY = 700 };
    static struct point points[MANY];
    static char names[MANY][8];
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        points[i] = (struct point){.name = names[i], .name_length = (uint32_t)strlen(names[i])};
    }
    const struct map large = {.points = points, .point_count = MANY};
    const struct device devices[] = {{.path = "mill/p1", .map = &large}};
    struct plant full = after, quiet = after;
    full.devices = quiet.devices = devices;
    full.tag_count = quiet.tag_count = MANY;
    quiet.mqtt.values = false;
    retained_plan(retained, &full);
    retained_plan(retained, &quiet);
    uint32_t gone = 0;
    for (int turn = 0; turn < 4; turn++) {
        size_t length, n = 0;
        const char *bytes;
        tick();
        for (; (bytes = mailbox_peek(door.live, &length)) != NULL; n++, gone++) {
            struct message m;
            memcpy(&m, bytes, sizeof m);
            if (turn < 3)
                door.retracted[m.seq % RETRACTIONS] = 2 * m.seq;
            mailbox_done(door.live);
        }
        assert_int_equal(n, turn < 2 ? RETRACTIONS : turn == 2 ? MANY - 2 * RETRACTIONS : 0);
        assert_true(n <= RETRACTIONS);
    }
    assert_int_equal(gone, MANY);
    assert_int_equal(retained_left(retained), 0);
    size_t length, rows = 0;
    for (; mailbox_peek(door.rows, &length); rows++) {
        const char *bytes = mailbox_peek(door.rows, &length), *key = bytes + sizeof(struct message);
        assert_true(length < 1024);
        assert_true(retained_restore(retained, key, key + strlen(key) + 1,
                                     length - sizeof(struct message) - strlen(key) - 1));
        mailbox_done(door.rows);
    }
    assert_true(rows >= (MANY + 63) / 64 && rows < (MANY + 63) / 64 + 4);
}

static void nonsense_of_the_journal_strikes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        size_t size;
        bool ours;
    } facts[] = {{"taken-back/0", 7, true},
                 {"taken-back/0", 12, true},
                 {"taken-back/x", 16, true},
                 {"taken-back/", 16, true},
                 {"taken-back/99999999999", 16, true},
                 {"taken-back/1", 4096, true},
                 {"taken-back/1", 0, true},
                 {"overlap", 16, false}};
    static const uint64_t bytes[512] = {1};
    retained_plan(retained, &before);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        assert_int_equal(retained_restore(retained, facts[i].key, bytes, facts[i].size),
                         facts[i].ours);
    retained_plan(retained, &after);
    tick();
    assert_string_equal(taken_back(), left);
}

/* The head had no number then; the older form passes over ours. */
static void a_list_of_an_earlier_version_is_read(void **state)
{
    (void)state;
    char file[128], line[256];
    uint64_t number;
    snprintf(file, sizeof file, "%s/retained.txt", dir);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs("retained mine/v1/site gw 0123456789abcdef 1\nat mill/p1\n\tflow\n\tlevel\n"
          "old mine/v1/site/value/mill/p9/x\n",
          f);
    fclose(f);
    retained_plan(retained, &after);
    tick();
    assert_string_equal(taken_back(),
                        " mine/v1/site/value/mill/p1/level mine/v1/site/value/mill/p9/x");
    f = fopen(file, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    assert_int_equal(sscanf(line, "retained mine/v1/site gw %*x 2 %lu", &number), 1);
    assert_int_equal(number, 1);
}

static void what_comes_back_is_left_alone(void **state)
{
    (void)state;
    retained_plan(retained, &before);
    retained_plan(retained, &after);
    retained_plan(retained, &before);
    tick();
    assert_string_equal(taken_back(), "");
}

static void under_another_root_everything_is_taken_back(void **state)
{
    (void)state;
    struct plant moved = after;
    moved.mqtt.root = "mine/v2";
    retained_plan(retained, &after);
    retained_plan(retained, &moved);
    tick();
    assert_string_equal(taken_back(), " mine/v1/site/gateway/gw mine/v1/site/device/mill/p1"
                                      " mine/v1/site/meta/mill/p1 mine/v1/site/value/mill/p1/flow");
}

static void a_root_may_have_spaces(void **state)
{
    (void)state;
    struct plant spaced = before, less = after;
    spaced.mqtt.root = less.mqtt.root = "north mine/v 1";
    retained_plan(retained, &spaced);
    retained_plan(retained, &less);
    tick();
    assert_int_equal(retained_left(retained), 8);
    assert_non_null(strstr(taken_back(), " north mine/v 1/site/value/mill/p1/level"));
    answer(ticket_count, false);
    tick();
    commit();
    begin_again();
    retained_plan(retained, &less);
    tick();
    assert_string_equal(taken_back(), "");
}

static void without_the_value_lane_values_are_taken_back(void **state)
{
    (void)state;
    struct plant quiet = after;
    quiet.mqtt.values = false;
    retained_plan(retained, &after);
    retained_plan(retained, &quiet);
    tick();
    assert_string_equal(taken_back(), " mine/v1/site/value/mill/p1/flow");
}

static void alarms_and_leaks_that_left_are_taken_back(void **state)
{
    (void)state;
    struct plant watched = after, less = after;
    watched.alarms = less.alarms = alarms;
    watched.leaks = less.leaks = leaks;
    watched.alarm_count = watched.leak_count = 2;
    less.alarm_count = less.leak_count = 1;
    retained_plan(retained, &watched);
    retained_plan(retained, &watched);
    tick();
    assert_string_equal(taken_back(), "");
    begin_again();
    retained_plan(retained, &less);
    tick();
    assert_string_equal(taken_back(), " mine/v1/site/alarm/mill/p1/flow mine/v1/site/leak/sump");
    begin_again(); /* killed before it was sure */
    retained_plan(retained, &after);
    tick();
    assert_string_equal(taken_back(), " mine/v1/site/alarm/mill/p1/level mine/v1/site/leak/dam"
                                      " mine/v1/site/alarm/mill/p1/flow mine/v1/site/leak/sump");
    begin_again();
    retained_plan(retained, &watched);
    tick();
    assert_string_equal(taken_back(), "");
}

static void a_list_of_nonsense_takes_nothing_back(void **state)
{
    (void)state;
    char file[128];
    snprintf(file, sizeof file, "%s/retained.txt", dir);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs("at mill/p9\n\tflow\n\xff\xfe\nold x\n", f);
    fclose(f);
    retained_plan(retained, &after);
    tick();
    assert_string_equal(taken_back(), "");
}

int main(void)
{
#define CASE(F) cmocka_unit_test_setup_teardown(F, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(a_plant_that_stays_the_same_takes_nothing_back),
        CASE(what_left_the_plant_is_taken_back_once),
        CASE(what_was_acknowledged_is_never_taken_back_again),
        CASE(a_stop_in_between_writes_what_is_left),
        CASE(a_device_that_was_here_again_is_taken_back_again),
        CASE(what_no_session_answered_goes_again_in_the_next_one),
        CASE(what_the_broker_refuses_stays_in_the_list),
        CASE(a_long_list_is_taken_back_in_turns),
        CASE(nonsense_of_the_journal_strikes_nothing),
        CASE(a_list_of_an_earlier_version_is_read),
        CASE(what_comes_back_is_left_alone),
        CASE(under_another_root_everything_is_taken_back),
        CASE(without_the_value_lane_values_are_taken_back),
        CASE(a_root_may_have_spaces),
        CASE(alarms_and_leaks_that_left_are_taken_back),
        CASE(a_list_of_nonsense_takes_nothing_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
