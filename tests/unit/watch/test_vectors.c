/* SPDX-License-Identifier: Apache-2.0 */
/* Thirty-day recordings of a pond, a tank and a pipe, where they lie beside the checkout: leaks are
 * found at least as early as by the prototype that made expected.json, and nothing else is. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "watch/balance.h"

static const struct pair pond[] = {{0, 0},      {1, 24000},  {2, 54000}, {3, 90000},
                                   {4, 132000}, {5, 180000}, {6, 234000}};
static const struct pair tank[] = {{0, 0}, {6, 1206}};

static const struct vector {
    const char *file;
    uint8_t profile;
    double nominal;
    const struct pair *stage;
    uint32_t stage_count;
    double catchment;
    uint8_t roles[4]; /* of the columns after t_s; ROLE_COUNT ends them */
    int64_t leak_s, found_s; /* -1: none; found_s: the prototype's first alarm's block ended */
} vectors[] = {
    {"pond_normal",
     PROFILE_POND,
     420,
     pond,
     7,
     120000,
     {ROLE_LEVEL, ROLE_IN, ROLE_OUT, ROLE_RAIN},
     -1,
     -1},
    {"pond_leak100",
     PROFILE_POND,
     420,
     pond,
     7,
     120000,
     {ROLE_LEVEL, ROLE_IN, ROLE_OUT, ROLE_RAIN},
     1037400,
     1768 * 600},
    {"tank_normal",
     PROFILE_TANK,
     19.5,
     tank,
     2,
     0,
     {ROLE_LEVEL, ROLE_IN, ROLE_OUT, ROLE_COUNT},
     -1,
     -1},
    {"pipe_leak2pct",
     PROFILE_PIPE,
     300,
     NULL,
     0,
     0,
     {ROLE_IN, ROLE_OUT, ROLE_RUN, ROLE_COUNT},
     432240,
     43259 * 10},
};

struct found {
    int64_t first_s;
    uint32_t before, after; /* times that firing began before the leak (or without), and in it */
    struct leak_view view; /* three hours after the first, or at the end */
};

static FILE *open_vector(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/../shared/data/vectors/%s.csv", TEST_SOURCE_DIR, name);
    return fopen(path, "r");
}

static void take_row(const struct vector *v, struct balance *b, const struct leak_context *c,
                     char *line, int64_t *t_ms)
{
    char *at = line;
    *t_ms = strtoll(at, &at, 10) * 1000;
    leak_balance.tick(b, c, *t_ms);
    for (uint32_t i = 0; i < 4 && v->roles[i] != ROLE_COUNT && *at == ','; i++)
        leak_balance.sample(b, c, i, strtod(at + 1, &at), *t_ms);
}

static void run(const struct vector *v, FILE *file, struct found *out)
{
    struct leak_input inputs[4] = {0};
    struct leak_rule rule = {
        .name = v->file,
        .profile = v->profile,
        .nominal = v->nominal,
        .inputs = inputs,
        .stage = v->stage,
        .stage_count = v->stage_count,
        .catchment = v->catchment,
        .k = (double)NAN,
        .h = (double)NAN,
        .c = (double)NAN,
        .c_h = (double)NAN,
        .bias_max = (double)NAN,
        .runoff = (double)NAN,
        .evaporation = 4,
    };
    while (rule.input_count < 4 && v->roles[rule.input_count] != ROLE_COUNT) {
        inputs[rule.input_count] =
            (struct leak_input){.role = v->roles[rule.input_count], .partner = -1, .factor = 1};
        rule.input_count++;
    }
    static const int64_t steps[] = {600000, 60000, 10000};
    struct leak_context c = {.rule = &rule, .step_ms = steps[v->profile]};
    static struct balance b;
    char line[256];
    bool before = false;
    int64_t t_ms;

    *out = (struct found){.first_s = -1};
    leak_balance.init(&b, &c, 0);
    if (!fgets(line, sizeof line, file))
        return;
    while (fgets(line, sizeof line, file)) {
        take_row(v, &b, &c, line, &t_ms);
        bool early = v->leak_s < 0 || t_ms <= v->leak_s * 1000;
        if (b.firing && !before) {
            out->before += early;
            out->after += !early;
            if (out->first_s < 0 && !early)
                out->first_s = t_ms / 1000;
        }
        before = b.firing;
        if (out->first_s < 0 || t_ms <= (out->first_s + 3 * 3600) * 1000)
            leak_balance.view(&b, &c, &out->view);
    }
}

static void leaks_are_found_early_and_nothing_else_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        struct found f;
        FILE *file = open_vector(v->file);
        if (!file) {
            print_message("SKIPPED: ../shared/data/vectors/%s.csv isn't there\n", v->file);
            skip();
        }
        run(v, file, &f);
        fclose(file);
        leak_balance.say(&f.view, f.view.text, sizeof f.view.text);
        print_message("%s: %u false, found %.2f h after it began (the prototype %.2f h): %s; onset "
                      "%+.2f h\n",
                      v->file, f.before,
                      f.first_s < 0 ? -1.0 : (double)(f.first_s - v->leak_s) / 3600.0,
                      v->leak_s < 0 ? -1.0 : (double)(v->found_s - v->leak_s) / 3600.0, f.view.text,
                      f.view.onset_ms.value / 3.6e6 - (double)v->leak_s / 3600.0);
        assert_int_equal(f.before, 0);
        if (v->leak_s < 0)
            continue;
        assert_true(f.first_s > v->leak_s);
        assert_true(f.first_s <= v->found_s);
        /* Told as good, or with an interval that says why not. */
        double width = f.view.rate.high - f.view.rate.low;
        assert_true(!f.view.preliminary || width > 0.6 * f.view.rate.value);
        assert_true(!f.view.preliminary || width < 2 * f.view.rate.value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaks_are_found_early_and_nothing_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
