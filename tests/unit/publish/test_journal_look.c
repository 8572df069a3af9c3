/* SPDX-License-Identifier: Apache-2.0 */
/* What is seen of a journal from outside, while its gateway writes it. */
#include "journal_rig.h"

struct seen {
    unsigned rows, most, refused;
    uint64_t newest, oldest;
};

static bool see(void *me, const struct journal_seen *row)
{
    struct seen *s = me;
    char expected[32];
    int n = snprintf(expected, sizeof expected, "\"n\":%llu", (unsigned long long)row->seq);
    assert_true(row->payload_length >= (uint32_t)n);
    assert_memory_equal(row->payload, expected, (size_t)n);
    assert_int_equal(row->time.ms, noon.ms + (int64_t)row->seq);
    if (s->rows++ == 0)
        s->newest = row->seq;
    s->oldest = row->seq;
    s->refused += row->refused != 0;
    return s->rows < s->most;
}

static void rows_of_a_topic_come_newest_first(void **state)
{
    (void)state;
    struct journal *j = opened(wide);
    for (uint64_t i = 1; i <= 70; i++)
        assert_true(add(j, MESSAGE_HISTORY, i, 60));
    assert_true(journal_commit(j));
    journal_ack(j, MESSAGE_HISTORY, 40);
    journal_refused(j, MESSAGE_HISTORY, 66, 135);
    assert_true(journal_commit(j));

    struct journal_lane lane;
    struct seen s = {.most = 100};
    assert_true(journal_look_rows(dir, "m/s/history/g/a/d3", &lane, see, &s));
    assert_int_equal(lane.epoch, journal_epoch(j));
    assert_int_equal(lane.last, 70);
    assert_int_equal(lane.acked, 40);
    assert_int_equal(s.rows, 10);
    assert_int_equal(s.newest, 66);
    assert_int_equal(s.oldest, 3);
    assert_int_equal(s.refused, 1);

    s = (struct seen){.most = 4};
    assert_true(journal_look_rows(dir, "m/s/history/g/a/d3", &lane, see, &s));
    assert_int_equal(s.rows, 4);
    s = (struct seen){.most = 4};
    assert_true(journal_look_rows(dir, "m/s/history/g/a/unheard-of", &lane, see, &s));
    assert_int_equal(s.rows, 0);

    /* Nothing is held: the gateway goes on. */
    assert_true(add(j, MESSAGE_HISTORY, 71, 60));
    assert_true(journal_commit(j));
    journal_close(j);
}

static void where_there_is_none_nothing_is_made(void **state)
{
    (void)state;
    struct journal_lane lane;
    struct seen s = {.most = 4};
    assert_false(journal_look_rows(dir, "m", &lane, see, &s));
    assert_int_equal(rmdir(dir), 0);
    assert_false(journal_look_rows(dir, "m", &lane, see, &s));
    strcpy(dir, "/tmp/headgate-journal-XXXXXX");
    assert_non_null(mkdtemp(dir));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_of_a_topic_come_newest_first, fresh, gone),
        cmocka_unit_test_setup_teardown(where_there_is_none_nothing_is_made, fresh, gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
