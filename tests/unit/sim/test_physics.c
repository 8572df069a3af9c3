/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sim/physics.h"
#include "sim/sim.h"
#include "small.h"
#include "values/decode.h"

static struct world *world_of(struct small *s)
{
    return world_new(s->arena, s->plant, image_new(s->arena, s->plant));
}

static void a_step_moves_what_it_names(void **state)
{
    (void)state;
    static const char lua[] = "local b = basin {{0, 0}, {5, 500}}\n"
                              "b:level(2)\n"
                              "function step(dt)\n"
                              "  local out, over = b:step(100, 40, dt)\n"
                              "  set('a/one/level', b:level())\n"
                              "  set('a/one/flow', out)\n"
                              "  set('a/one/status.running', true)\n"
                              "  set('a/one/model', 'PM5')\n"
                              "  set('a/two/volume', 250)\n"
                              "  set('a/three/energy', math.floor(time() * 10 + 0.5))\n"
                              "  set('a/four/level', lag(get('a/four/level') or 1, 3, 10, dt))\n"
                              "end\n";
    struct small s;
    small_begin(&s, small_map, small_plant, lua);
    struct world *w = world_of(&s);
    struct physics *p = physics_new(w, small_file(&s, "physics.lua"), 1, s.ds);
    if (p == NULL)
        diags_print(s.ds, stderr);
    assert_non_null(p);
    const char *why;
    for (int i = 0; i < 600; i++)
        assert_true(physics_step(p, 0.1, &why));
    /* 60 m3/h for a minute are 1 m3 in 100 m3 a metre. */
    assert_true(fabs(w->numbers[plant_find_tag(s.plant, "a/one/level")] - 2.01) < 1e-9);
    assert_int_equal(image_words(w->image, plant_find_tag(s.plant, "a/one/level"))[0], 201);
    assert_int_equal(image_words(w->image, plant_find_tag(s.plant, "a/one/status"))[0], 1);
    assert_int_equal(image_words(w->image, plant_find_tag(s.plant, "a/one/model"))[0], 0x504D);
    /* Saying a volume sets the level that it is computed from. */
    assert_int_equal(image_words(w->image, plant_find_tag(s.plant, "a/two/level"))[0], 250);
    assert_true(w->owned[plant_find_tag(s.plant, "a/two/level")]);
    assert_false(w->owned[plant_find_tag(s.plant, "a/two/energy")]);
    assert_int_equal(image_words(w->image, plant_find_tag(s.plant, "a/three/energy"))[1], 600);
    assert_true(w->numbers[plant_find_tag(s.plant, "a/four/level")] > 2.98);
    physics_free(p);
    small_end(&s);
}

static void what_only_tells_is_computed_when_it_is_shown(void **state)
{
    (void)state;
    static const char lua[] = "local moved, shown = 0, 0\n"
                              "function step(dt) moved = moved + dt end\n"
                              "function show()\n"
                              "  shown = shown + 1\n"
                              "  set('a/one/level', moved)\n"
                              "  set('a/one/flow', shown)\n"
                              "end\n";
    struct small s;
    small_begin(&s, small_map, small_plant, lua);
    struct world *w = world_of(&s);
    struct physics *p = physics_new(w, small_file(&s, "physics.lua"), 1, s.ds);
    assert_non_null(p);
    assert_true(w->owned[plant_find_tag(s.plant, "a/one/level")]);
    const char *why;
    for (int i = 0; i < 3; i++)
        assert_true(physics_step(p, 1, &why));
    assert_true(fabs(w->numbers[plant_find_tag(s.plant, "a/one/level")]) < 1e-9);
    assert_true(physics_show(p, &why));
    assert_true(fabs(w->numbers[plant_find_tag(s.plant, "a/one/level")] - 3) < 1e-9);
    assert_true(fabs(w->numbers[plant_find_tag(s.plant, "a/one/flow")] - 2) < 1e-9);
    physics_free(p);
    small_end(&s);
}

static void mistakes_have_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *lua, *says;
        uint32_t line;
    } facts[] = {
        {"function step(dt)\n  set('a/one/levle', 1)\nend\n", "no tag 'a/one/levle'", 2},
        {"function step(dt\n", "expected", 2},
        {"local x = 1\n", "no function step", 1},
        {"function step(dt)\n\n  set('a/one/level', {})\nend\n", "a number", 3},
        {"function step(dt)\n  set('a/one/level', nil)\nend\n", "no value", 2},
        {"function step(dt)\n  set('a/one/level', 'high')\nend\n", "can't say 'high'", 2},
        {"function step(dt) end\n\nfunction show()\n  set('a/one/levle', 1)\nend\n", "no tag", 4},
        {"function step(dt)\n  while true do end\nend\n", "doesn't end", 2},
        {"function step(dt)\n  io.open('/etc/passwd')\nend\n", "'io'", 2},
        {"local b = basin {{0, 0}, {0, 1}}\nfunction step(dt) end\n", "rise", 1},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct small s;
        small_begin(&s, small_map, small_plant, facts[i].lua);
        assert_null(physics_new(world_of(&s), small_file(&s, "physics.lua"), 1, s.ds));
        assert_int_equal(diags_errors(s.ds), 1);
        const struct diag *d = diags_at(s.ds, 0);
        if (strstr(d->text, facts[i].says) == NULL || d->at.line != facts[i].line)
            fail_msg("fact %zu: line %u: %s", i, d->at.line, d->text);
        small_end(&s);
    }
}

static void noise_is_the_same_with_the_same_seed(void **state)
{
    (void)state;
    static const char lua[] = "function step(dt) set('a/one/flow', 100 + noise(2)) end\n";
    double first[2][50], sum = 0;
    for (int run = 0; run < 2; run++) {
        struct small s;
        const char *why;
        small_begin(&s, small_map, small_plant, lua);
        struct world *w = world_of(&s);
        struct physics *p = physics_new(w, small_file(&s, "physics.lua"), 9, s.ds);
        for (int i = 0; i < 50; i++) {
            assert_true(physics_step(p, 1, &why));
            first[run][i] = w->numbers[plant_find_tag(s.plant, "a/one/flow")];
            sum += first[run][i] - 100;
        }
        physics_free(p);
        small_end(&s);
    }
    assert_memory_equal(first[0], first[1], sizeof first[0]);
    assert_true(fabs(sum / 100) < 1);
}

/* What the gateway would make of a tag of a device, without its conditions. */
static struct sample seen(const struct world *w, uint32_t tag)
{
    static char text[600];
    uint8_t wire[256];
    const struct point *p = world_point(w, tag);
    uint32_t first = w->device_of[tag]->first_tag;
    struct sample s, other;
    if (p->from >= 0) {
        other = seen(w, first + (uint32_t)p->from);
        decode_from(p, &other, &s);
        return s;
    }
    const uint16_t *words = image_words(w->image, tag);
    for (unsigned i = 0; i < p->words; i++) {
        wire[2 * i] = (uint8_t)(words[i] >> 8);
        wire[2 * i + 1] = (uint8_t)words[i];
    }
    if (p->table == TABLE_COIL || p->table == TABLE_DISCRETE)
        wire[0] = words[0] != 0;
    decode_point(p, wire, 0, text, &s);
    if (p->exp_from >= 0) {
        other = seen(w, first + (uint32_t)p->exp_from);
        decode_scaled(p, &other, NULL, &s);
    }
    return s;
}

static double number(const struct world *w, const char *path)
{
    struct sample s = seen(w, plant_find_tag(w->plant, path));
    return value_number(&s.value);
}

static struct sim *mine_of(struct small *s, struct loop *loop, double speed)
{
    struct plant_options options = {.library = TEST_SOURCE_DIR "/maps"};
    struct sim_setup setup = {.speed = speed, .seed = 1};
    s->arena = arena_new(0);
    s->ds = diags_new();
    s->plant =
        plant_load(s->arena, TEST_SOURCE_DIR "/examples/lac-des-iles/plant.yaml", &options, s->ds);
    struct sim *sim = s->plant == NULL ? NULL : sim_new(loop, s->plant, &setup, (mono_t){0}, s->ds);
    if (sim == NULL)
        diags_print(s->ds, stderr);
    assert_non_null(sim);
    return sim;
}

static void every_tag_of_the_example_mine_is_good_for_hours(void **state)
{
    (void)state;
    struct small s;
    struct loop *loop = loop_new();
    struct sim *sim = mine_of(&s, loop, 300);
    struct world *w = sim_world(sim);
    mono_t now = {0}, next;
    int starts = -1, pumped = 0;
    double level = 0, seepage = 0, total = 0;
    for (int tick = 0; tick < 200; tick++) {
        now = mono_add(now, 100 * NS_PER_MS);
        assert_true(sim_run(sim, now, &next));
        for (uint32_t t = 0; t < s.plant->first_derived; t++) {
            struct sample v = seen(w, t);
            if (v.quality != QUALITY_GOOD)
                fail_msg("%s/%s at %g s: %s", w->device_of[t]->path, world_point(w, t)->name,
                         sim_time(sim), v.reason);
        }
        level = number(w, "tailings/pond/level");
        seepage = number(w, "tailings/pond/seepage");
        double p1 = number(w, "substation-1/incomer-1/power_total");
        double p2 = number(w, "substation-1/feeder-mill/power") +
                    number(w, "substation-1/feeder-crusher/power");
        assert_true(fabs(p1 - p2 - 12) < 3);
        assert_true(level > 2.5 && level < 4 && seepage > 10 && seepage < 60);
        bool runs = number(w, "mill/pump-1/status_bits.running") != 0;
        double amps = number(w, "mill/pump-1/motor_current");
        /* A pump that stands draws nothing, one that runs does (it ramps within a step). */
        assert_true(runs ? amps > 0 : amps < 20);
        pumped += runs;
        int now_starts = (int)number(w, "mill/pump-1/number_of_starts");
        assert_true(starts < 0 || now_starts >= starts);
        starts = now_starts;
        double counted = number(w, "substation-1/incomer-1/energy_active_delivered");
        assert_true(counted > total);
        total = counted;
    }
    assert_true(sim_time(sim) > 5900);
    assert_true(starts > 401 && pumped > 5);
    sim_free(sim);
    loop_free(loop);
    arena_free(s.arena);
    diags_free(s.ds);
}

static void a_plant_without_physics_lives_calmly(void **state)
{
    (void)state;
    struct small s;
    struct loop *loop = loop_new();
    struct sim_setup setup = {.speed = 60, .seed = 1};
    mono_t now = {0}, next;
    small_begin(&s, small_map, small_plant, NULL);
    struct sim *sim = sim_new(loop, s.plant, &setup, now, s.ds);
    assert_non_null(sim);
    struct world *w = sim_world(sim);
    double low = 99, high = 0, energy = 0;
    for (int tick = 0; tick < 600; tick++) {
        now = mono_add(now, 100 * NS_PER_MS);
        assert_true(sim_run(sim, now, &next));
        assert_true(mono_since(next, now) == 100 * NS_PER_MS);
        for (uint32_t t = 0; t < s.plant->first_derived; t++)
            assert_int_equal(seen(w, t).quality, QUALITY_GOOD);
        low = fmin(low, number(w, "a/one/level"));
        high = fmax(high, number(w, "a/one/level"));
        assert_true(number(w, "a/one/energy") >= energy);
        energy = number(w, "a/one/energy");
    }
    assert_true(high > low && high - low < 2);
    assert_true(number(w, "a/one/status.running") == 1);
    assert_true(number(w, "a/one/flood") == 0);
    sim_free(sim);
    loop_free(loop);
    small_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_moves_what_it_names),
        cmocka_unit_test(what_only_tells_is_computed_when_it_is_shown),
        cmocka_unit_test(mistakes_have_their_line),
        cmocka_unit_test(noise_is_the_same_with_the_same_seed),
        cmocka_unit_test(every_tag_of_the_example_mine_is_good_for_hours),
        cmocka_unit_test(a_plant_without_physics_lives_calmly),
    };
    return cmocka_run_group_tests_name("sim/physics", tests, NULL, NULL);
}
