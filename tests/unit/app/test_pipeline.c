/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks in, messages out through the door; nothing else of the program runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "app/pipeline.h"
#include "small_plant.h"

static struct door door;
static struct sequence sequence;
static struct pipeline *pipeline;

static int set_up(void **state)
{
    (void)state;
    memset(&door, 0, sizeof door);
    door.rows = mailbox_new(1 << 20);
    door.live = mailbox_new(1 << 20);
    sequence = (struct sequence){.next = {41, 7, 1}, .started = {900}};
    struct diags *ds = diags_new();
    struct pipeline_setup setup = {
        .plan = &small_plan, .door = &door, .sequence = &sequence, .diags = ds};
    pipeline = pipeline_new(&setup);
    diags_free(ds);
    return pipeline ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    pipeline_free(pipeline);
    mailbox_free(door.rows);
    mailbox_free(door.live);
    return 0;
}

struct heard {
    struct message m;
    char topic[256], payload[2048];
};

static bool hear(struct mailbox *box, struct heard *h)
{
    size_t length;
    const char *bytes = mailbox_peek(box, &length);
    if (!bytes)
        return false;
    memcpy(&h->m, bytes, sizeof h->m);
    assert_int_equal(length, sizeof h->m + h->m.topic_length + h->m.payload_length);
    memcpy(h->topic, bytes + sizeof h->m, h->m.topic_length);
    h->topic[h->m.topic_length] = 0;
    memcpy(h->payload, bytes + sizeof h->m + h->m.topic_length, h->m.payload_length);
    h->payload[h->m.payload_length] = 0;
    mailbox_done(box);
    return true;
}

/* The next history row; events on the way are passed over. */
static bool hear_history(struct heard *h)
{
    while (hear(door.rows, h))
        if (h->m.lane == MESSAGE_HISTORY)
            return true;
    return false;
}

/* The next row of one path; what hangs on it has rows of its own. */
static bool hear_of(const char *path, struct heard *h)
{
    while (hear_history(h))
        if (strstr(h->topic, path))
            return true;
    return false;
}

static const uint8_t seven_nine[4] = {0, 7, 0, 9}, seven_ten[4] = {0, 7, 0, 10};

static void feed(uint32_t request, enum fault fault, const uint8_t *data, int64_t ms)
{
    struct block b = small_block(request, fault, data, ms);
    pipeline_feed(pipeline, &b);
}

static void an_answer_becomes_a_history_frame_with_the_next_number(void **state)
{
    (void)state;
    struct heard h;
    feed(0, FAULT_NONE, seven_nine, 1000);
    assert_true(hear_history(&h));
    assert_int_equal(h.m.seq, 41);
    assert_string_equal(h.topic, "mine/v1/site/history/gw/mill/p1");
    assert_string_equal(
        h.payload,
        "\"device\":\"mill/p1\",\"timestamp\":1000,\"values\":{\"flow\":7,\"level\":9}}");
}

static void a_device_that_tells_changes_tells_only_them(void **state)
{
    (void)state;
    struct heard h;
    feed(1, FAULT_NONE, seven_nine, 1000);
    assert_true(hear_of("mill/p2", &h));
    while (hear_history(&h)) /* the derived tag, which lacks its other input */
        assert_non_null(strstr(h.topic, "mill/sum"));
    feed(1, FAULT_NONE, seven_nine, 2000);
    assert_false(hear_history(&h));
    feed(1, FAULT_NONE, seven_ten, 3000);
    assert_true(hear_of("mill/p2", &h));
    assert_string_equal(h.topic, "mine/v1/site/history/gw/mill/p2");
    assert_string_equal(h.payload,
                        "\"device\":\"mill/p2\",\"timestamp\":3000,\"values\":{\"level\":10}}");
}

static void silence_is_told_once_and_at_once(void **state)
{
    (void)state;
    struct heard h;
    feed(0, FAULT_NONE, seven_nine, 1000);
    feed(1, FAULT_NONE, seven_nine, 1000);
    while (hear_history(&h))
        ;
    feed(0, FAULT_TIMEOUT, NULL, 2000);
    assert_true(hear_history(&h));
    assert_string_equal(h.topic, "mine/v1/site/history/gw/mill/p1");
    assert_non_null(
        strstr(h.payload, "\"bad\":{\"flow\":{\"quality\":24,\"reason\":\"no answer\"}"));
    assert_null(strstr(h.payload, "\"flow\":7"));
    assert_true(hear_history(&h)); /* the derived tag that hangs on it */
    assert_string_equal(h.topic, "mine/v1/site/history/gw/mill/sum");
    assert_non_null(strstr(h.payload, "no answer"));
    assert_false(hear_history(&h));
    feed(0, FAULT_TIMEOUT, NULL, 3000);
    assert_false(hear_history(&h));
}

static void a_derived_tag_follows_its_inputs_in_a_frame_of_its_own(void **state)
{
    (void)state;
    struct heard h;
    feed(0, FAULT_NONE, seven_nine, 1000);
    feed(1, FAULT_NONE, seven_nine, 1010);
    char last[2048] = "";
    while (hear_history(&h))
        if (strstr(h.topic, "mill/sum"))
            strcpy(last, h.payload);
    assert_non_null(strstr(last, "\"values\":{\"flow\":14"));
}

static void values_wait_for_a_session_and_then_all_are_told(void **state)
{
    (void)state;
    struct heard h;
    feed(0, FAULT_NONE, seven_nine, 1000);
    pipeline_tick(pipeline, NULL, (wall_t){1100}, (mono_t){1});
    assert_false(hear(door.live, &h));

    atomic_store(&door.connected, true);
    atomic_store(&door.sessions, 1);
    pipeline_tick(pipeline, NULL, (wall_t){1200}, (mono_t){2});
    bool flow = false;
    uint32_t metas = 0, devices = 0;
    while (hear(door.live, &h)) {
        if (strcmp(h.topic, "mine/v1/site/value/mill/p1/flow") == 0) {
            flow = true;
            assert_string_equal(
                h.payload, "{\"value\":7,\"timestamp\":1000,\"quality\":192,\"unit\":\"m3/h\"}");
            assert_int_equal(h.m.lane, MESSAGE_VALUE);
        }
        assert_null(strstr(h.topic, "value/mill/p2")); /* never asked: nothing to tell */
        metas += strstr(h.topic, "/meta/") != NULL;
        devices += strstr(h.topic, "/device/") != NULL;
    }
    assert_true(flow);
    assert_int_equal(metas, 3); /* two devices and the path of the derived tag */
    assert_int_equal(devices, 2);

    pipeline_tick(pipeline, NULL, (wall_t){1300}, (mono_t){3});
    assert_false(hear(door.live, &h));
    feed(0, FAULT_NONE, seven_ten, 2000);
    pipeline_tick(pipeline, NULL, (wall_t){2100}, (mono_t){4});
    assert_true(hear(door.live, &h));
    assert_string_equal(h.topic, "mine/v1/site/value/mill/p1/level");
    assert_false(hear(door.live, &h));
}

static void a_full_door_loses_rows_but_never_their_numbers(void **state)
{
    (void)state;
    struct heard h;
    for (int64_t i = 0; i < 20000; i++)
        feed(0, FAULT_NONE, i % 2 ? seven_nine : seven_ten, 1000 + i);
    assert_true(mailbox_dropped(door.rows) > 0);
    uint64_t last = 40, heard = 0;
    while (hear_history(&h)) {
        assert_true(h.m.seq > last);
        last = h.m.seq;
        heard++;
    }
    uint64_t given = sequence.next[MESSAGE_HISTORY] - 41;
    assert_true(heard < given);
    feed(0, FAULT_NONE, seven_nine, 99999);
    assert_true(hear_history(&h));
    assert_int_equal(h.m.seq, 41 + given); /* the jump is for the broker thread to see */
}

static void a_state_change_is_an_event_that_is_committed_at_once(void **state)
{
    (void)state;
    struct heard h = {.m = {.seq = 0}};
    feed(0, FAULT_NONE, seven_nine, 1000);
    assert_true(hear(door.rows, &h));
    assert_int_equal(h.m.lane, MESSAGE_EVENT);
    assert_int_equal(h.m.seq, 7);
    assert_true(h.m.urgent);
    assert_string_equal(h.topic, "mine/v1/site/event/gw");
    assert_non_null(strstr(h.payload, "\"online\""));
    assert_non_null(strstr(h.payload, "\"mill/p1\""));
}

static void trouble_of_the_disk_is_an_event_and_so_is_its_end(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *trouble, *type;
    } turns[] = {
        {1000, NULL, NULL},
        {1200, "the disk is full", "\"type\":\"journal-trouble\""},
        {1400, "the disk is full", NULL},
        {1600, NULL, NULL}, /* perhaps for a moment only */
        {9000, NULL, "\"type\":\"journal-well\""},
        {9200, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        struct heard h;
        atomic_store(&door.trouble, turns[i].trouble);
        pipeline_tick(pipeline, NULL, (wall_t){turns[i].ms}, (mono_t){turns[i].ms * NS_PER_MS});
        bool told;
        while ((told = hear(door.rows, &h)) && h.m.lane != MESSAGE_EVENT) {
        }
        assert_int_equal(told, turns[i].type != NULL);
        if (told && !strstr(h.payload, turns[i].type))
            fail_msg("turn %zu: %s", i, h.payload);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_becomes_a_history_frame_with_the_next_number,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_device_that_tells_changes_tells_only_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(silence_is_told_once_and_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_derived_tag_follows_its_inputs_in_a_frame_of_its_own,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_wait_for_a_session_and_then_all_are_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_door_loses_rows_but_never_their_numbers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(trouble_of_the_disk_is_an_event_and_so_is_its_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_state_change_is_an_event_that_is_committed_at_once,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
