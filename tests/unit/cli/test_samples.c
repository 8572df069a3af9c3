/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/play.h"
#include "cli/samples.h"
#include "cli/score.h"

static const struct choice choices[] = {{0, "stopped", 7}, {1, "running", 7}};
static const struct point points[] = {
    {.name = "level", .type = RAW_F32, .bit = -1},
    {.name = "run", .type = RAW_BOOL, .bit = -1},
    {.name = "state", .type = RAW_U16, .bit = -1, .choices = choices, .choice_count = 2},
};
static const struct map map = {.name = "m", .points = points, .point_count = 3};
static const struct device devices[] = {{.name = "pond", .path = "tailings/pond", .map = &map}};
static const struct plant plant = {
    .devices = devices, .device_count = 1, .first_derived = 3, .tag_count = 3};

static char path[64];

static void write_file(const char *text)
{
    strcpy(path, "/tmp/headgate-samples-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static struct samples *open_text(const char *text, const char *truth, struct diags *ds)
{
    static const struct samples_alias alias = {"L", "tailings/pond/level"};
    write_file(text);
    return samples_open(
        &(struct samples_setup){
            .file = path, .plant = &plant, .aliases = &alias, .alias_count = 1, .truth = truth},
        ds);
}

/* Nobody waits for the alarms of forty years because a clock wasn't set, and none runs over. */
static void times_that_cannot_be_are_no_times(void **state)
{
    (void)state;
    static const struct {
        const char *rows;
        int good, errors;
    } cases[] = {
        {"0,1\n9223372036854775807,2\n", 1, 0},
        {"-9223372036854775808,1\n-1000000000000000,1\n5,2\n", 1, 0},
        {"1e15,1\n", 0, 0},
        {"9999-12-31T23:59:59Z,1\n", 0, 0},
        {"-60000,1\n0,2\n60000,3\n", 3, 0},
        {"0,1\n1764000000000,2\n1764000001000,2\n", 1, 1},
        {"2005-03-01T00:00:00Z,1\n2006-02-04T00:00:00Z,2\n", 2, 0},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        struct diags *ds = diags_new();
        struct samples_row row;
        char text[200];
        int good = 0;
        snprintf(text, sizeof text, "timestamp,L\n%s", cases[n].rows);
        struct samples *s = open_text(text, NULL, ds);
        assert_non_null(s);
        while (samples_next(s, &row, ds))
            good++;
        assert_int_equal(good, cases[n].good);
        assert_int_equal(diags_errors(ds), cases[n].errors);
        samples_close(s);
        unlink(path);
        diags_free(ds);
    }
}

static void a_table_too_wide_is_refused_not_cut(void **state)
{
    (void)state;
    struct diags *ds = diags_new();
    static char text[5000 * 4];
    strcpy(text, "timestamp,L");
    for (size_t n = strlen(text); n < 5000 * 3; n += 2)
        memcpy(text + n, ",x", 3);
    strcat(text, "\n0,1\n");
    assert_null(open_text(text, NULL, ds));
    assert_true(diags_errors(ds) > 0);
    unlink(path);
    diags_free(ds);
}

static void rows_become_samples(void **state)
{
    (void)state;
    struct diags *ds = diags_new();
    struct samples *s = open_text("timestamp,L,tailings/pond/run,tailings/pond/state,what,leak\r\n"
                                  "1000,4.001,1,running,x,0\r\n"
                                  "2000,,0,\"stopped\",y,5.5\n"
                                  "\n# a remark\n"
                                  "2000,4.1,1,running,z,1\n"
                                  "late,4.1,1,running,z,1\n"
                                  "4000,broken,true,7,w,\n",
                                  "leak", ds);
    assert_non_null(s);
    assert_int_equal(samples_period_ms(s), 2000);
    assert_int_equal(samples_first_ms(s), 1000);
    assert_int_equal(diags_errors(ds), 0);
    assert_int_equal(diags_count(ds), 1); /* `what` is left out */
    struct samples_row row;
    assert_true(samples_next(s, &row, ds));
    assert_int_equal(row.t_ms, 1000);
    assert_int_equal(row.count, 3);
    assert_int_equal(row.cells[0].tag, 0);
    assert_int_equal(row.cells[0].sample.value.kind, VALUE_REAL);
    assert_int_equal(row.cells[1].sample.value.kind, VALUE_BOOL);
    assert_true(row.cells[1].sample.value.truth);
    assert_memory_equal(row.cells[2].sample.value.text, "running", 7);
    assert_true(row.truth < 0.1);
    assert_true(samples_next(s, &row, ds));
    assert_int_equal(row.count, 2); /* an empty field is no sample */
    assert_true(row.truth > 5.4);
    assert_true(samples_next(s, &row, ds)); /* two bad rows are told of and left out */
    assert_int_equal(row.t_ms, 4000);
    assert_int_equal(row.cells[0].sample.quality, QUALITY_BAD);
    assert_true(row.cells[1].sample.value.truth);
    assert_true(isnan(row.truth));
    assert_false(samples_next(s, &row, ds));
    assert_int_equal(diags_count(ds), 3);
    samples_close(s);
    unlink(path);
    diags_free(ds);
}

static void seconds_and_semicolons_are_understood(void **state)
{
    (void)state;
    struct diags *ds = diags_new();
    struct samples *s = open_text("\xef\xbb\xbft_s;L\n0;1.5\n60;1.6\n120;1.7\n", NULL, ds);
    struct samples_row row;
    assert_non_null(s);
    assert_int_equal(samples_period_ms(s), 60000);
    assert_true(samples_next(s, &row, ds));
    assert_int_equal(row.t_ms, 0);
    assert_true(samples_next(s, &row, ds));
    assert_int_equal(row.t_ms, 60000);
    samples_close(s);
    unlink(path);
    diags_free(ds);
}

static void a_bad_head_is_refused_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *truth;
    } cases[] = {
        {"", NULL},
        {"when,L\n1,2\n", NULL},
        {"timestamp,nothing\n1,2\n", NULL},
        {"timestamp,L,tailings/pond/level\n1,2,3\n", NULL},
        {"timestamp,L\n1,2\n", "leak"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diags *ds = diags_new();
        struct samples *s = open_text(cases[i].text, cases[i].truth, ds);
        if (s || diags_errors(ds) == 0)
            fail_msg("case %zu was taken", i);
        unlink(path);
        diags_free(ds);
    }
}

static void found_late_and_false_alarms_are_counted(void **state)
{
    (void)state;
    struct score s = {0};
    const int64_t h = 3600000;
    for (int64_t t = 0; t <= 100; t++) {
        score_time(&s, t >= 50 && t < 60 ? 20 : 0, t * h);
        if (t == 10 || t == 53 || t == 55 || t == 70 || t == 90)
            score_alarm(&s, t * h);
    }
    assert_int_equal(s.alarms, 5);
    assert_int_equal(s.false_alarms, 2); /* the one ten hours after the leak is its echo */
    assert_int_equal(s.episodes, 1);
    assert_int_equal(s.found, 1);
    assert_true(fabs(score_median_delay_h(&s) - 3) < 1e-9);
    assert_true(fabs(s.clean_h - 90) < 1e-9);
    assert_true(fabs(score_false_per_30d(&s) - 16) < 1e-9);
}

static void a_story_has_a_clock(void **state)
{
    (void)state;
    struct play p;
    assert_null(play_parse("2006-02-04T12:00:00-05:00,1795393200000,600", &p));
    assert_int_equal(p.begin.ms, 1139072400000);
    assert_int_equal(p.since.ms, 1795393200000);
    assert_true(p.speed > 599 && p.speed < 601);
    assert_non_null(play_parse("2006-02-04T12:00:00-05:00", &p));
    assert_non_null(play_parse("noon,1,2", &p));
    assert_non_null(play_parse("2006-02-04T12:00:00Z,1,-2", &p));
    assert_non_null(play_parse("2006-02-04T12:00:00Z,x,2", &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_samples),
        cmocka_unit_test(times_that_cannot_be_are_no_times),
        cmocka_unit_test(a_table_too_wide_is_refused_not_cut),
        cmocka_unit_test(seconds_and_semicolons_are_understood),
        cmocka_unit_test(a_bad_head_is_refused_with_its_reason),
        cmocka_unit_test(found_late_and_false_alarms_are_counted),
        cmocka_unit_test(a_story_has_a_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
