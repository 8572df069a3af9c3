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

static int set_up(void **state)
{
    (void)state;
    memset(&door, 0, sizeof door);
    door.live = mailbox_new(1 << 20);
    door.connected = true;
    door.sessions = 1;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    retained = retained_new(dir);
    return retained && door.live ? 0 : -1;
}

static void begin_again(void)
{
    retained_free(retained);
    retained = retained_new(dir);
    assert_non_null(retained);
}

static int tear_down(void **state)
{
    (void)state;
    char file[128];
    retained_free(retained);
    mailbox_free(door.live);
    snprintf(file, sizeof file, "%s/retained.txt", dir);
    unlink(file);
    return rmdir(dir);
}

static mono_t at(int64_t seconds)
{
    return (mono_t){(1000 + seconds) * NS_PER_S};
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
        memcpy(&m, bytes, sizeof m);
        assert_int_equal(m.lane, MESSAGE_STATE);
        assert_int_equal(m.payload_length, 0);
        assert_int_equal(length, sizeof m + m.topic_length);
        size_t n = strlen(all);
        snprintf(all + n, sizeof all - n, " %.*s", (int)m.topic_length, bytes + sizeof m);
        mailbox_done(door.live);
    }
    return all;
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
    retained_tick(retained, &door, at(0));
    assert_string_equal(taken_back(), "");
}

static void what_left_the_plant_is_taken_back_once(void **state)
{
    (void)state;
    retained_plan(retained, &before);
    begin_again();
    retained_plan(retained, &after);
    assert_int_equal(retained_left(retained), 8);
    retained_tick(retained, &door, at(0));
    assert_string_equal(taken_back(), left);
    retained_tick(retained, &door, at(30));
    assert_string_equal(taken_back(), "");
    retained_tick(retained, &door, at(61));
    assert_int_equal(retained_left(retained), 0);
    begin_again();
    retained_plan(retained, &after);
    retained_tick(retained, &door, at(100));
    assert_string_equal(taken_back(), "");
}

static void a_session_that_ends_too_soon_is_not_trusted(void **state)
{
    (void)state;
    retained_plan(retained, &before);
    retained_plan(retained, &after); /* as a reload does */
    retained_tick(retained, &door, at(0));
    assert_string_equal(taken_back(), left);
    door.connected = false;
    retained_tick(retained, &door, at(70));
    assert_int_equal(retained_left(retained), 8);
    door.connected = true;
    door.sessions++;
    retained_tick(retained, &door, at(80));
    assert_string_equal(taken_back(), left);
    begin_again(); /* killed before it was sure */
    retained_plan(retained, &after);
    retained_tick(retained, &door, at(0));
    assert_string_equal(taken_back(), left);
}

static void what_comes_back_is_left_alone(void **state)
{
    (void)state;
    retained_plan(retained, &before);
    retained_plan(retained, &after);
    retained_plan(retained, &before);
    retained_tick(retained, &door, at(0));
    assert_string_equal(taken_back(), "");
}

static void under_another_root_everything_is_taken_back(void **state)
{
    (void)state;
    struct plant moved = after;
    moved.mqtt.root = "mine/v2";
    retained_plan(retained, &after);
    retained_plan(retained, &moved);
    retained_tick(retained, &door, at(0));
    assert_string_equal(taken_back(), " mine/v1/site/gateway/gw mine/v1/site/device/mill/p1"
                                      " mine/v1/site/meta/mill/p1 mine/v1/site/value/mill/p1/flow");
}

static void without_the_value_lane_values_are_taken_back(void **state)
{
    (void)state;
    struct plant quiet = after;
    quiet.mqtt.values = false;
    retained_plan(retained, &after);
    retained_plan(retained, &quiet);
    retained_tick(retained, &door, at(0));
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
    retained_tick(retained, &door, at(0));
    assert_string_equal(taken_back(), "");
    begin_again();
    retained_plan(retained, &less);
    retained_tick(retained, &door, at(0));
    assert_string_equal(taken_back(), " mine/v1/site/alarm/mill/p1/flow mine/v1/site/leak/sump");
    begin_again(); /* killed before it was sure */
    retained_plan(retained, &after);
    retained_tick(retained, &door, at(0));
    assert_string_equal(taken_back(), " mine/v1/site/alarm/mill/p1/level mine/v1/site/leak/dam"
                                      " mine/v1/site/alarm/mill/p1/flow mine/v1/site/leak/sump");
    begin_again();
    retained_plan(retained, &watched);
    retained_tick(retained, &door, at(0));
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
    retained_tick(retained, &door, at(0));
    assert_string_equal(taken_back(), "");
}

int main(void)
{
#define CASE(F) cmocka_unit_test_setup_teardown(F, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(a_plant_that_stays_the_same_takes_nothing_back),
        CASE(what_left_the_plant_is_taken_back_once),
        CASE(a_session_that_ends_too_soon_is_not_trusted),
        CASE(what_comes_back_is_left_alone),
        CASE(under_another_root_everything_is_taken_back),
        CASE(without_the_value_lane_values_are_taken_back),
        CASE(alarms_and_leaks_that_left_are_taken_back),
        CASE(a_list_of_nonsense_takes_nothing_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
