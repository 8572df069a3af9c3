/* SPDX-License-Identifier: Apache-2.0 */
/* Random readings and faults through every kind: whatever comes in, a leak point stays believable.
 * HEADGATE_STORM sets how many readings each kind gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "points.h"
#include "watch/leak_parts.h"

enum { S = 1000, MIN = 60 * S, HOUR = 60 * MIN };

static const struct pair stage[] = {{0, 0}, {1, 24}, {4, 132}, {6, 234}};

static uint64_t seed;

static uint32_t roll(uint32_t sides)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % sides;
}

static double share(void)
{
    return roll(1 << 20) / (double)(1 << 20);
}

static void rule_of(struct point_rig *rig, enum leak_kind kind)
{
    memset(rig, 0, sizeof *rig);
    rig->rule = point_rule(kind);
    struct leak_rule *r = &rig->rule;
    r->stage = stage;
    r->stage_count = 4;
    r->nominal = 100;
    r->profile = PROFILE_TANK;
    r->learn_ms = 2 * HOUR;
    switch (kind) {
    case LEAK_BALANCE:
        point_input(rig, ROLE_LEVEL, MIN);
        point_input(rig, ROLE_IN, 10 * S);
        point_input(rig, ROLE_OUT, 10 * S)->partner = 3;
        point_input(rig, ROLE_RUN, S);
        point_input(rig, ROLE_RAIN, 10 * MIN);
        r->catchment = 1000;
        break;
    case LEAK_DEMAND:
        point_input(rig, ROLE_IN, MIN);
        point_input(rig, ROLE_OUT, MIN);
        break;
    case LEAK_IDLE:
        point_input(rig, ROLE_LEVEL, MIN);
        point_input(rig, ROLE_INLET, MIN);
        point_input(rig, ROLE_OUTLET, MIN);
        r->k = 0.2;
        break;
    case LEAK_SUMP:
        point_input(rig, ROLE_LEVEL, 10 * S);
        point_input(rig, ROLE_PUMP, 10 * S)->nominal = 40;
        point_input(rig, ROLE_FLOAT, 10 * S);
        break;
    case LEAK_LIMIT:
        point_input(rig, ROLE_VALUE, S);
        r->high_high = 5;
        r->high = 4;
        r->low = 1;
        r->deadband = 0.1;
        break;
    case LEAK_ROC:
        point_input(rig, ROLE_VALUE, S);
        r->by = 0.5;
        r->within_ms = 10 * MIN;
        break;
    case LEAK_SHIFT:
        point_input(rig, ROLE_VALUE, S);
        r->learn_ms = 0;
        break;
    case LEAK_SWITCH:
        for (int i = 0; i < 3; i++)
            point_input(rig, ROLE_SWITCH, S);
        point_input(rig, ROLE_TEST, S);
        r->vote = 2;
        break;
    case LEAK_WEIR:
        point_input(rig, ROLE_HEAD, MIN);
        r->angle = 90;
        r->zero = 0;
        r->high = 50;
        break;
    case LEAK_FREEBOARD:
        point_input(rig, ROLE_LEVEL, MIN);
        r->crest = 5;
        r->freeboard_min = 1;
        break;
    case LEAK_KIND_COUNT:
        break;
    }
}

/* Moods last for a while: calm, drifting, standing, wild, silent. At first there is nothing worse
 * than drift, so that every kind has learned something before it is hit. */
struct weather {
    double x, at;
    int mood;
};

static struct sample reading(struct weather *w, bool digital, bool young)
{
    static const double monsters[] = {1e308, -1e308, 1e15, 0, -5, 1e9, 5e-324};
    if (roll(200) == 0)
        w->mood = (int)roll(young ? 2 : 6);
    if (digital && w->mood < 4) {
        w->at = roll(50) == 0 ? (w->at > 0.5 ? 0 : 1) : w->at;
        struct sample s = {.value = {.kind = VALUE_BOOL, .truth = w->at > 0.5},
                           .quality = QUALITY_GOOD};
        return s;
    }
    switch (w->mood) {
    case 0:
        return point_good(w->x = w->at + 0.01 * share());
    case 1:
        return point_good(w->x = w->at += 0.01 * (share() - 0.5));
    case 2:
        return point_good(w->x);
    case 3:
        w->at = 6 * share();
        return point_good(w->x = w->at);
    case 4:
        return roll(2) ? point_bad() : point_good(monsters[roll(7)]);
    default:
        return roll(3) ? point_bad() : point_good((double)NAN);
    }
}

static void in_order(const struct estimate *e)
{
    if (isnan(e->value))
        return;
    assert_true(isfinite(e->value));
    assert_false(e->low > e->value);
    assert_false(e->high < e->value);
}

static void believable(const struct leak_view *v, const struct leak_view *before, bool reset,
                       bool sump)
{
    assert_in_range(v->state, LEAK_LEARNING, LEAK_BLIND);
    assert_true(v->coverage >= 0 && v->coverage <= 1);
    assert_true(isfinite(v->learning_left_h) && v->learning_left_h >= 0);
    assert_non_null(v->detector);
    assert_non_null(v->score_unit);
    assert_non_null(memchr(v->why, 0, sizeof v->why));
    assert_non_null(memchr(v->text, 0, sizeof v->text));
    in_order(&v->rate);
    in_order(&v->onset_ms);
    in_order(&v->lost);
    assert_int_equal(v->why[0] != 0, v->blind_since_ms != 0);
    if (v->state == LEAK_BLIND)
        assert_true(v->why[0]);
    assert_int_equal(v->frozen, v->state == LEAK_BLIND && v->firing);
    if (v->firing && v->state != LEAK_BLIND) {
        assert_true(v->detector[0] && v->text[0]);
        assert_int_not_equal(v->class_, LEAK_NO_CLASS);
        /* A float has no number. */
        assert_true(sump || (isfinite(v->score) && isfinite(v->limit)));
    }
    /* A blind point neither finds nor lets go, but what a float found alone the float may end. */
    bool by_float = sump && before->why[0] && before->state == LEAK_SUSPECT && !v->firing;
    if (v->state == LEAK_BLIND && !reset && !by_float)
        assert_int_equal(v->firing, before->firing);
}

static struct leak *twin_of(const struct point_rig *rig)
{
    size_t size = leak_save_size(rig->leak);
    void *bytes = malloc(size);
    assert_non_null(bytes);
    leak_save(rig->leak, bytes);
    struct leak *twin = leak_new(&rig->rule, 0, rig->now_ms);
    assert_true(leak_restore(twin, bytes, size, rig->now_ms));
    free(bytes);
    return twin;
}

static int64_t pause_ms(void)
{
    switch (roll(2000)) {
    case 0:
        return roll(3 * HOUR);
    case 1:
        return roll(10 * MIN);
    case 2:
        return 0;
    default:
        return 1 + roll(2 * S);
    }
}

struct storm {
    struct point_rig rig;
    struct leak *twin; /* restored from the other one some time ago */
    struct leak_view before;
    int64_t due_ms;
    uint32_t found;
    bool sump;
};

static void look(struct storm *m, bool reset)
{
    struct leak_view v, other;
    leak_view(m->rig.leak, &v);
    believable(&v, &m->before, reset, m->sump);
    if (m->twin) {
        leak_view(m->twin, &other);
        assert_memory_equal(&v, &other, sizeof v);
    }
    m->found += v.firing && !m->before.firing;
    m->before = v;
}

static void tick(struct storm *m, int64_t t_ms, bool reset)
{
    m->due_ms = leak_tick(m->rig.leak, t_ms);
    assert_true(m->due_ms > t_ms);
    if (m->twin)
        assert_int_equal(leak_tick(m->twin, t_ms), m->due_ms);
    look(m, reset);
}

static uint32_t storm(enum leak_kind kind, uint32_t readings)
{
    struct storm m = {.sump = kind == LEAK_SUMP};
    struct weather weather[POINT_INPUTS] = {{0}};
    rule_of(&m.rig, kind);
    m.rig.leak = leak_new(&m.rig.rule, 0, 0);
    tick(&m, 0, true);
    for (uint32_t i = 0; i < readings; i++) {
        uint32_t input = roll(m.rig.rule.input_count);
        struct sample s = reading(&weather[input], m.rig.inputs[input].digital, i < readings / 4);
        bool reset = roll(20000) == 0;
        if (roll(5000) == 0) {
            leak_free(m.twin);
            m.twin = twin_of(&m.rig);
        }
        int64_t until = m.rig.now_ms + pause_ms();
        while (m.due_ms < until)
            tick(&m, m.due_ms, false);
        m.rig.now_ms = until;
        leak_sample(m.rig.leak, input, &s, until);
        if (m.twin)
            leak_sample(m.twin, input, &s, until);
        if (reset) {
            leak_reset(m.rig.leak, until);
            if (m.twin)
                leak_reset(m.twin, until);
        }
        tick(&m, until, reset);
    }
    leak_free(m.twin);
    leak_free(m.rig.leak);
    return m.found;
}

static void whatever_comes_in_a_point_stays_believable(void **state)
{
    (void)state;
    const char *asked = getenv("HEADGATE_STORM");
    uint32_t readings = asked ? (uint32_t)strtoul(asked, NULL, 10) : 50000;
    for (int kind = 0; kind < LEAK_KIND_COUNT; kind++) {
        seed = (uint64_t)kind + 1;
        uint32_t found = storm((enum leak_kind)kind, readings);
        print_message("%s: %u readings, found something %u times\n", leak_kinds[kind]->name,
                      readings, found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_comes_in_a_point_stays_believable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
