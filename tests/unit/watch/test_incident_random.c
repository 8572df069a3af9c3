/* SPDX-License-Identifier: Apache-2.0 */
/* A hundred thousand orders that make sense or don't, while water comes and goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "incident_plant.h"

enum { ORDERS = 100000 };

static struct mine m;
static uint64_t dice = 42;

static uint32_t roll(uint32_t sides)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice >> 33) % sides;
}

static void pick(char *out, size_t room, const char *const *words, uint32_t count)
{
    snprintf(out, room, "%s", words[roll(count)]);
}
#define PICK(out, words) pick(out, sizeof(out), words, sizeof(words) / sizeof *(words))

static void order(void)
{
    static const char *const ops[] = {"open",      "close",   "area",     "equipment", "equipment",
                                      "milestone", "confirm", "confirm",  "revoke",    "flag",
                                      "signoff",   "signoff", "bulletin", "",          "fly"};
    static const char *const subjects[] = {"tailings",
                                           "crusher",
                                           "mill",
                                           "primary-crusher",
                                           "crusher-switchgear",
                                           "mill-motor",
                                           "detected",
                                           "acknowledged",
                                           "equipment_protected",
                                           "isolated",
                                           "plugged",
                                           "contained",
                                           "dewatering_started",
                                           "dewatering_done",
                                           "inspected",
                                           "testing_started",
                                           "first_restart",
                                           "all_restarted",
                                           "closed",
                                           "environment_release",
                                           "people_safe",
                                           "",
                                           "nobody"};
    static const char *const states[] = {
        "operating", "flooded",    "running", "stopped", "damaged", "drying", "testing", "ready",
        "restarted", "workaround", "yes",     "no",      "unknown", "on",     "off",     ""};
    static const char *const items[] = {"visual", "insulation", "oil", "dry", ""};
    static const char long_name[] = "an extraordinarily long name of a person who has more titles "
                                    "than anybody could ever need here";
    static const char *const users[] = {"anna", "", long_name};
    struct order o = {.verb = roll(20) ? ORDER_INCIDENT : ORDER_DRILL};
    PICK(o.op, ops);
    PICK(o.subject, subjects);
    PICK(o.state, states);
    PICK(o.item, items);
    PICK(o.user, users);
    static const char *const bits[] = {"\n", "r", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x92\xa7"};
    for (uint32_t n = roll(100), k = 0; k < n; k++)
        strcat(o.reason, bits[roll(5)]);
    o.value = roll(3) ? (double)roll(100) : (double)NAN;
    o.time_ms = roll(4) ? 0 : m.now - 60000 + (int64_t)roll(120000);
    const char *why = incident_order(m.incident, &o, m.now);
    assert_true(!why || why[0]);
    m.due = m.now;
}

static void world(void)
{
    static double v = 50;
    v = fmax(0, v + (roll(3) ? 1 : -1) * (double)roll(600) / 6);
    m.x[T_LEVEL] = roll(50) ? mine_level(fmin(v, 24000)) : (double)NAN;
    m.x[T_WET] = roll(4) == 0;
    m.x[T_SWITCHGEAR_WET] = roll(40) == 0;
    m.x[T_CRUSHER] = roll(30) ? m.x[T_CRUSHER] : (double)roll(2);
    m.x[T_RUN1 + roll(4)] = roll(2);
    if (roll(200) == 0)
        mine_leak(&m, roll(2), roll(2));
    if (roll(500) == 0)
        alarms_set(m.alarms, AL_CRITICAL, roll(2), NULL, m.now, m.now);
}

static uint32_t lines(const char *text)
{
    uint32_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void invariants(uint32_t *number, uint32_t *bulletin)
{
    const struct incident_state *s = incident_now(m.incident);
    assert_true(s->number >= *number);
    if (s->number == *number)
        assert_true(s->bulletin >= *bulletin);
    *number = s->number;
    assert_true(text_is_utf8(m.last.text, strlen(m.last.text)));
    assert_true(text_is_utf8(s->title, strlen(s->title)));
    *bulletin = s->bulletin;
    if (s->bulletin > 0) {
        assert_true(lines(m.last.text) <= BULLETIN_LINES);
        assert_true(strlen(m.last.text) < BULLETIN_MAX);
    }
    if (s->open) {
        assert_true(s->milestones[MILESTONE_DETECTED].reached);
        assert_false(s->milestones[MILESTONE_CLOSED].reached);
        assert_true(m.due > m.now || s->next_bulletin_ms <= m.now + 4 * (int64_t)HOUR);
    } else if (s->number > 0) {
        assert_true(s->milestones[MILESTONE_CLOSED].reached);
    }
    for (uint32_t n = 0; n < E_COUNT; n++) {
        const struct equipment_record *r = &s->equipment[n];
        assert_true(r->state < EQUIPMENT_STATE_COUNT);
        assert_true(isnan(r->minutes) || r->minutes >= 0);
    }
    for (uint32_t n = 0; n < MILESTONE_COUNT; n++)
        assert_false(s->milestones[n].reached && s->milestones[n].revoked);
    const struct estimate *e = &s->basins[0].eta_ms;
    if (isfinite(e->value))
        assert_true(e->low <= e->value && e->value <= e->high && isfinite(e->high));
}

/* What is kept says the same as what was there. */
static void change_the_engine(void)
{
    mine_keep(&m);
    struct incident *next = incident_new(
        &m.plant, m.alarms, &(struct incident_hooks){&m, mine_told, mine_bulletin, mine_tag});
    assert_true(incident_restore(next, m.kept, m.kept_size, m.now));
    void *again = malloc(incident_save_size());
    assert_int_equal(incident_save(next, again), m.kept_size);
    assert_string_equal(incident_now(next)->id, incident_now(m.incident)->id);
    free(again);
    incident_free(m.incident);
    m.incident = next;
}

static void no_order_breaks_an_incident(void **state)
{
    (void)state;
    uint32_t number = 0, bulletin = 0;
    mine_begin(&m);
    for (uint32_t n = 0; n < ORDERS; n++) {
        order();
        world();
        if (roll(3) == 0)
            mine_step(&m);
        if (roll(2000) == 0)
            change_the_engine();
        invariants(&number, &bulletin);
    }
    print_message("%u incidents, %u bulletins, %u changes told\n", number, m.bulletins,
                  m.told_count);
    assert_true(number > 100);
    mine_end(&m);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_order_breaks_an_incident),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
