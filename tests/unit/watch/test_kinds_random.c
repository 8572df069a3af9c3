/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever comes, in whatever order: numbers stay numbers, and what was saved goes on as if nothing
 * had happened. */
#include "kinds.h"

enum { SAMPLES = 1000000 };

static const enum input_role demand_roles[] = {ROLE_IN, ROLE_OUT, ROLE_LEVEL};
static const enum input_role idle_roles[] = {ROLE_LEVEL, ROLE_INLET, ROLE_OUTLET};
static const enum input_role sump_roles[] = {ROLE_LEVEL, ROLE_PUMP, ROLE_PUMP, ROLE_FLOAT};
static const enum input_role weir_roles[] = {ROLE_HEAD};
static const enum input_role freeboard_roles[] = {ROLE_LEVEL};
static const struct pair stage[] = {{0, 0}, {2, 400}, {5, 2500}};

static const struct subject {
    const struct leak_kind_ops *ops;
    enum leak_kind kind;
    const enum input_role *roles;
    uint32_t count;
} subjects[] = {
    {&leak_demand, LEAK_DEMAND, demand_roles, 3},
    {&leak_idle, LEAK_IDLE, idle_roles, 3},
    {&leak_sump, LEAK_SUMP, sump_roles, 4},
    {&leak_weir, LEAK_WEIR, weir_roles, 1},
    {&leak_freeboard, LEAK_FREEBOARD, freeboard_roles, 1},
};

/* Calm for long times, so that much is learned, and wild now and then. */
static double reading(struct dice *d, enum input_role role, double *level, bool wild)
{
    if (wild && dice_roll(d) < 0.2)
        return (dice_roll(d) - 0.5) * pow(10, 12 * dice_roll(d));
    switch ((int)role) {
    case ROLE_IN:
        return 100 + 10 * dice_noise(d);
    case ROLE_OUT:
        return 30 + dice_noise(d);
    case ROLE_LEVEL:
    case ROLE_HEAD:
        *level = fmin(fmax(*level + 0.002 * dice_noise(d), 0.01), 4.9);
        return *level;
    default:
        return dice_roll(d) < 0.1 ? 1 : 0;
    }
}

static void sane(const struct leak_view *v)
{
    assert_true(v->state <= LEAK_BLIND && v->class_ <= LEAK_RUPTURE);
    assert_non_null(memchr(v->text, 0, sizeof(v->text)));
    assert_null(strstr(v->text, "nan"));
    assert_false(isinf(v->value) || isinf(v->score) || isinf(v->rate.value));
    assert_true(v->learning_left_h >= 0);
    assert_true(isnan(v->rate.value) ||
                (v->rate.low <= v->rate.value && v->rate.value <= v->rate.high));
    assert_true(isnan(v->minutes) || v->minutes >= 0);
    assert_true(isnan(v->onset_ms.value) ||
                (v->onset_ms.low <= v->onset_ms.value && v->onset_ms.value <= v->onset_ms.high));
    if (!v->firing)
        return;
    assert_true(v->state == LEAK_SUSPECT || v->state == LEAK_BLIND);
    assert_true(v->detector[0] && v->text[0] && v->class_ != LEAK_NO_CLASS);
    assert_true(!isnan(v->limit));
}

static void one(const struct subject *s, uint64_t seed)
{
    struct kind_rig k;
    struct dice d = {seed};
    kind_open(&k, s->ops, s->kind, s->roles, s->count);
    k.rule.stage = stage;
    k.rule.stage_count = 3;
    k.rule.crest = 5;
    k.rule.freeboard_min = 1;
    kind_begin(&k);
    double level = 2;
    int64_t t = 0;
    char *kept = malloc(s->ops->size);
    assert_non_null(kept);
    uint32_t spoken = 0;
    for (int i = 0; i < SAMPLES; i++) {
        bool wild = i / 20000 % 5 == 4;
        t += (int64_t)(dice_roll(&d) * (wild ? 2e6 : 6e4));
        if (wild && dice_roll(&d) < 0.0005)
            t += (int64_t)(dice_roll(&d) * 40) * KIND_DAY;
        uint32_t input = (uint32_t)(dice_roll(&d) * s->count);
        double what = dice_roll(&d);
        k.context.stands = what > 0.9 && wild;
        k.context.zone_ms = wild && what < 0.1 ? -5 * KIND_HOUR : 0;
        if (wild && what < 0.01)
            s->ops->bad(k.state, &k.context, input, t);
        else if (wild && what < 0.02)
            s->ops->step(k.state, &k.context, input, t);
        else if (wild && what < 0.0202)
            s->ops->reset(k.state, &k.context, t);
        else
            s->ops->sample(k.state, &k.context, input, reading(&d, s->roles[input], &level, wild),
                           t);
        assert_true(s->ops->tick(k.state, &k.context, t) > t);
        if (i % 16 == 0) {
            struct leak_view v = kind_view(&k);
            sane(&v);
            spoken += v.text[0] != 0;
        }
        /* Switched off and on: the state moves to another place in memory. */
        if (i % 5000 == 0) {
            memcpy(kept, k.state, s->ops->size);
            memset(k.state, 0xa5, s->ops->size);
            void *moved = k.state;
            k.state = kept;
            kept = moved;
        }
    }
    assert_int_equal(spoken, SAMPLES / 16);
    struct leak_sense out[LEAK_CURVE_MAX];
    if (s->ops->curve)
        assert_true(s->ops->curve(k.state, &k.context, out) <= LEAK_CURVE_MAX);
    free(kept);
    kind_close(&k);
}

static void a_million_samples_leave_numbers_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        one(&subjects[i], 1000 + i);
}

static void feed(struct kind_rig *k, struct dice *d, double *level, int from, int to)
{
    for (int i = from; i < to; i++) {
        int64_t t = (int64_t)i * 20000;
        uint32_t input = (uint32_t)(dice_roll(d) * k->rule.input_count);
        kind_give(k, input, reading(d, (enum input_role)k->inputs[input].role, level, false), t);
    }
}

/* Views are compared member by member where they are numbers: NaN differs from itself. */
static void same(const struct leak_view *a, const struct leak_view *b)
{
    assert_int_equal(a->firing, b->firing);
    assert_int_equal(a->state, b->state);
    assert_string_equal(a->text, b->text);
    assert_memory_equal(&a->rate, &b->rate, sizeof(a->rate));
    assert_memory_equal(&a->score, &b->score, sizeof(a->score));
    assert_memory_equal(&a->value, &b->value, sizeof(a->value));
    assert_memory_equal(&a->baseline, &b->baseline, sizeof(a->baseline));
}

static void what_was_saved_goes_on_bit_for_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        const struct subject *s = &subjects[i];
        struct kind_rig whole, halves;
        struct dice d = {77 + i}, e = {77 + i};
        double level = 2, other = 2;
        kind_open(&whole, s->ops, s->kind, s->roles, s->count);
        kind_open(&halves, s->ops, s->kind, s->roles, s->count);
        whole.rule.stage = halves.rule.stage = stage;
        whole.rule.stage_count = halves.rule.stage_count = 3;
        whole.rule.crest = halves.rule.crest = 5;
        whole.rule.freeboard_min = halves.rule.freeboard_min = 1;
        kind_begin(&whole);
        kind_begin(&halves);
        feed(&whole, &d, &level, 0, 150000);
        feed(&halves, &e, &other, 0, 70001);
        void *saved = malloc(s->ops->size);
        assert_non_null(saved);
        memcpy(saved, halves.state, s->ops->size);
        kind_begin(&halves);
        memcpy(halves.state, saved, s->ops->size);
        free(saved);
        feed(&halves, &e, &other, 70001, 150000);
        struct leak_view a = kind_view(&whole), b = kind_view(&halves);
        same(&a, &b);
        kind_close(&whole);
        kind_close(&halves);
    }
}

/* Nothing is known at first: equipment that is down when the gateway starts. Then as ever. */
static void begin_at(struct kind_rig *k, const struct subject *s, int64_t start, uint64_t seed)
{
    struct dice d = {seed};
    double level = 2;
    kind_open(k, s->ops, s->kind, s->roles, s->count);
    k->rule.stage = stage;
    k->rule.stage_count = 3;
    k->rule.crest = 5;
    k->rule.freeboard_min = 1;
    s->ops->init(k->state, &k->context, start);
    for (int64_t t = start; t < start + 5 * KIND_MINUTE; t += 10000)
        for (uint32_t input = 0; input < s->count; input++) {
            s->ops->bad(k->state, &k->context, input, t);
            s->ops->step(k->state, &k->context, input, t);
        }
    s->ops->reset(k->state, &k->context, start + 5 * KIND_MINUTE);
    for (int i = 0; i < 50000; i++) {
        uint32_t input = (uint32_t)(dice_roll(&d) * s->count);
        kind_give(k, input, reading(&d, s->roles[input], &level, i % 5000 > 4900),
                  start + 6 * KIND_MINUTE + (int64_t)i * 20000);
    }
}

static void about(double a, double b)
{
    assert_true((isnan(a) && isnan(b)) || fabs(a - b) <= 1e-6 * (1 + fabs(a)));
}

static void a_date_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        struct kind_rig a, b;
        begin_at(&a, &subjects[i], 0, 500 + i);
        begin_at(&b, &subjects[i], 2900 * 7 * KIND_DAY, 500 + i);
        struct leak_view x = kind_view(&a), y = kind_view(&b);
        assert_int_equal(x.firing, y.firing);
        assert_int_equal(x.state, y.state);
        assert_string_equal(x.text, y.text);
        assert_int_equal(a.times, b.times);
        about(x.learning_left_h, y.learning_left_h);
        about(x.rate.value, y.rate.value);
        about(x.score, y.score);
        about(x.limit, y.limit);
        about(x.value, y.value);
        about(x.baseline, y.baseline);
        kind_close(&a);
        kind_close(&b);
    }
}

static void states_are_small(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        assert_true(subjects[i].ops->size <= 16384);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_samples_leave_numbers_numbers),
        cmocka_unit_test(what_was_saved_goes_on_bit_for_bit),
        cmocka_unit_test(a_date_changes_nothing),
        cmocka_unit_test(states_are_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
