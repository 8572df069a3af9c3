/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "points.h"

enum { S = 1000 };

static void begin(struct point_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    rig->rule = point_rule(LEAK_SHIFT);
    point_input(rig, ROLE_VALUE, S);
}

static void start(struct point_rig *rig)
{
    rig->leak = leak_new(&rig->rule, S, 0);
    assert_non_null(rig->leak);
}

/* Sum of four dice: near enough to normal noise of sd 1. */
static double noise(uint64_t *seed)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(*seed >> 40) / (double)(1 << 24) - 0.5;
    }
    return sum * 1.7320508;
}

static int64_t run(struct point_rig *rig, double mean, int samples, uint64_t *seed)
{
    for (int i = 0; i < samples; i++) {
        point_give(rig, 0, mean + noise(seed), rig->now_ms + S);
        if (point_view(rig).firing)
            return i;
    }
    return -1;
}

static void it_learns_then_looks_then_finds_and_ends(void **state)
{
    (void)state;
    struct point_rig rig;
    uint64_t seed = 7;
    begin(&rig);
    start(&rig);
    run(&rig, 100, 200, &seed);
    struct leak_view v = point_view(&rig);
    assert_int_equal(v.state, LEAK_LEARNING);
    assert_near(v.learning_left_h, 200 / 3600.0, 1e-6);
    run(&rig, 100, 200, &seed);
    v = point_view(&rig);
    assert_int_equal(v.state, LEAK_LIVE);
    assert_near(v.baseline, 100, 0.2);
    assert_near(v.baseline_sd, 1, 0.15);
    assert_int_equal(run(&rig, 100, 100000, &seed), -1);
    int64_t from = rig.now_ms;
    int64_t after = run(&rig, 97, 100, &seed);
    assert_in_range(after, 6, 15);
    v = point_view(&rig);
    assert_int_equal(v.state, LEAK_SUSPECT);
    assert_string_equal(v.detector, "fall");
    assert_true(v.rate.low <= -3 && v.rate.high >= -3);
    assert_true(fabs(v.onset_ms.value - (double)from) < 10 * S);
    for (int i = 0; i < 40; i++)
        point_give(&rig, 0, 100 + noise(&seed), rig.now_ms + S);
    assert_false(point_view(&rig).firing);
    leak_free(rig.leak);
}

static void a_direction_may_be_chosen_and_one_spike_is_no_shift(void **state)
{
    (void)state;
    struct point_rig rig;
    uint64_t seed = 9;
    begin(&rig);
    rig.rule.rising = true;
    start(&rig);
    run(&rig, 100, 400, &seed);
    point_give(&rig, 0, 1e6, rig.now_ms + S);
    assert_int_equal(run(&rig, 100, 1000, &seed), -1);
    assert_int_equal(run(&rig, 90, 1000, &seed), -1);
    assert_true(run(&rig, 103, 100, &seed) > 0);
    leak_free(rig.leak);
}

static void a_value_that_stood_still_while_it_was_learned_has_scatter_all_the_same(void **state)
{
    (void)state;
    struct point_rig rig;
    begin(&rig);
    start(&rig);
    for (int i = 0; i < 400; i++)
        point_give(&rig, 0, 50, rig.now_ms + S);
    struct leak_view v = point_view(&rig);
    assert_true(v.baseline_sd > 0);
    for (int i = 0; i < 400; i++)
        point_give(&rig, 0, i % 2 ? 50.01 : 50, rig.now_ms + S);
    assert_false(point_view(&rig).firing);
    leak_free(rig.leak);
}

/* The rig's runs: `;`-separated, flow in the 9th column and the label in the 10th. */
struct tally {
    uint32_t both, only_alarm, only_label, neither, runs;
};

static void tally_file(const char *path, struct tally *t)
{
    FILE *f = fopen(path, "r");
    char line[512];
    struct point_rig rig;
    if (!f)
        return;
    t->runs++;
    begin(&rig);
    start(&rig);
    while (fgets(line, sizeof line, f)) {
        double column[11] = {0};
        char *at = line;
        for (int i = 0; i < 10 && (at = strchr(at, ';')); i++)
            column[i] = strtod(++at, NULL);
        if (line[0] < '0' || line[0] > '9')
            continue;
        point_give(&rig, 0, column[7], rig.now_ms + S);
        bool alarm = point_view(&rig).firing, label = column[8] > 0.5;
        t->both += alarm && label;
        t->only_alarm += alarm && !label;
        t->only_label += !alarm && label;
        t->neither += !alarm && !label;
    }
    leak_free(rig.leak);
    fclose(f);
}

static void a_real_rig_is_watched_as_well_as_the_deep_models_do(void **state)
{
    (void)state;
    struct tally t = {0};
    for (int i = 0; i < 16; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/../shared/data/skab/valve1_%d.csv", TEST_SOURCE_DIR, i);
        tally_file(path, &t);
    }
    if (t.runs == 0) {
        print_message("SKIPPED: ../shared/data/skab isn't here\n");
        skip();
    }
    double f1 = 2.0 * t.both / (2.0 * t.both + t.only_alarm + t.only_label);
    double far_ = (double)t.only_alarm / (t.only_alarm + t.neither);
    double mar = (double)t.only_label / (t.only_label + t.both);
    print_message("%u runs of the rig: F1 %.3f, FAR %.1f %%, MAR %.1f %%\n", t.runs, f1, 100 * far_,
                  100 * mar);
    assert_true(f1 >= 0.80);
    assert_true(far_ <= 0.20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns_then_looks_then_finds_and_ends),
        cmocka_unit_test(a_direction_may_be_chosen_and_one_spike_is_no_shift),
        cmocka_unit_test(a_value_that_stood_still_while_it_was_learned_has_scatter_all_the_same),
        cmocka_unit_test(a_real_rig_is_watched_as_well_as_the_deep_models_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
