/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "incident_plant.h"

static struct mine m;

static int begin(void **state)
{
    (void)state;
    mine_begin(&m);
    return m.incident ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    mine_end(&m);
    return 0;
}

static const struct incident_state *now(void)
{
    return incident_now(m.incident);
}

static bool says(const char *words)
{
    if (strstr(m.last.text, words))
        return true;
    print_message("no \"%s\" in:\n%s", words, m.last.text);
    return false;
}

static void a_leak_alone_opens_nothing(void **state)
{
    (void)state;
    mine_pass(&m, HOUR);
    mine_leak(&m, 0, true);
    mine_pass(&m, HOUR);
    assert_true(alarms_state(m.alarms, AL_LEAK)->bits.active);
    assert_false(now()->open);
    assert_int_equal(m.bulletins, 0);
}

static void a_leak_and_water_next_door_open_one_and_the_leak_was_first(void **state)
{
    (void)state;
    mine_leak(&m, 0, true);
    mine_pass(&m, 90 * MINUTE);
    mine_leak(&m, 1, true);
    mine_pass(&m, MINUTE);
    assert_true(now()->open);
    assert_string_equal(now()->id, "INC-2006-001");
    assert_int_equal(now()->trigger_alarm, AL_LEAK);
    assert_int_equal(now()->leak, 0);
    assert_int_equal(now()->areas[A_CRUSHER], AREA_FLOODED);
    assert_true(now()->milestones[MILESTONE_DETECTED].reached);
    assert_int_equal(now()->milestones[MILESTONE_DETECTED].t_ms,
                     alarms_state(m.alarms, AL_LEAK)->on_ms);
    assert_false(now()->milestones[MILESTONE_ACKNOWLEDGED].reached);
    assert_int_equal(m.bulletins, 1);
    assert_true(says("NOT YET ACKNOWLEDGED"));
    assert_true(says("Working: Substation A, Mill, Open pit, Underground."));
    struct order ack = {.verb = ORDER_ACK, .user = "operator", .value = (double)NAN};
    assert_null(alarms_order(m.alarms, AL_LEAK, &ack, m.now));
    mine_pass(&m, MINUTE);
    assert_true(now()->milestones[MILESTONE_ACKNOWLEDGED].reached);
    assert_string_equal(now()->milestones[MILESTONE_ACKNOWLEDGED].who, "operator");
}

static void water_long_after_or_far_away_is_no_partner(void **state)
{
    (void)state;
    mine_leak(&m, 0, true);
    mine_pass(&m, MINUTE);
    mine_leak(&m, 0, false);
    struct order o = {.verb = ORDER_ACK, .user = "operator", .value = (double)NAN};
    alarms_order(m.alarms, AL_LEAK, &o, m.now);
    mine_pass(&m, 3 * HOUR);
    mine_leak(&m, 1, true);
    mine_pass(&m, MINUTE);
    assert_false(now()->open);
}

static void a_critical_alarm_or_a_major_leak_opens_one(void **state)
{
    (void)state;
    alarms_set(m.alarms, AL_CRITICAL, true, NULL, m.now, m.now);
    mine_pass(&m, MINUTE);
    assert_true(now()->open);
    assert_string_equal(now()->opened_by, "rule: a critical alarm");
    assert_null(mine_order(&m, "close", "", ""));
    assert_false(now()->open);
    /* Repeating what stood when it was closed opens no new one. */
    mine_pass(&m, MINUTE);
    incident_alarm(m.incident, AL_CRITICAL, ALARM_DID_REALARM, m.now);
    assert_false(now()->open);
    m.view[0].class_ = LEAK_MAJOR;
    mine_leak(&m, 0, true);
    mine_pass(&m, MINUTE);
    assert_true(now()->open);
    assert_string_equal(now()->id, "INC-2006-002");
    assert_string_equal(now()->opened_by, "rule: a major leak");
    assert_int_equal(now()->bulletin, 1);
}

static void nothing_opens_by_itself_where_people_said_so(void **state)
{
    (void)state;
    m.plant.incidents.automatic = false;
    alarms_set(m.alarms, AL_CRITICAL, true, NULL, m.now, m.now);
    mine_pass(&m, MINUTE);
    assert_false(now()->open);
    assert_null(mine_order(&m, "open", "", ""));
    assert_true(now()->open);
    assert_string_equal(mine_order(&m, "open", "", ""), "an incident is open already");
    assert_true(now()->milestones[MILESTONE_ACKNOWLEDGED].reached);
}

/* Real minutes until a level is reached, by the rig's own physics. */
static double minutes_until(double level, double inflow)
{
    return (mine_volume(level) - mine_volume(m.x[T_LEVEL])) / inflow * 60;
}

static void the_time_to_the_floor_follows_volume_not_level(void **state)
{
    (void)state;
    uint32_t order[4];
    mine_pass(&m, 20 * MINUTE);
    assert_true(isnan(m.tag[T_MINUTES]));
    assert_int_equal(incident_threats(m.incident, order, 4), 0);
    mine_flood(&m, 40 * MINUTE, 200, 0);
    double truth = minutes_until(0.4, 200), said = m.tag[T_MINUTES];
    assert_true(fabs(said - truth) < 0.1 * truth);
    assert_int_equal(incident_threats(m.incident, order, 4), 2);
    assert_int_equal(order[0], E_SWITCHGEAR);
    assert_int_equal(order[1], E_CRUSHER);
    double crusher = now()->equipment[E_CRUSHER].minutes, wide = minutes_until(1.0, 200);
    assert_true(fabs(crusher - wide) < 0.1 * wide);
    /* A straight line through levels would say far less. */
    double naive = (1.0 - m.x[T_LEVEL]) / (m.x[T_LEVEL] - 0.02) * 40;
    assert_true(naive < 0.6 * wide);
    assert_false(alarms_state(m.alarms, AL_THREAT)->bits.active); /* not within 2 h */
    mine_flood(&m, 70 * MINUTE, 200, 0);
    assert_true(alarms_state(m.alarms, AL_THREAT)->bits.active);
    mine_flood(&m, 4 * HOUR, 200, 0);
    assert_true(m.tag[T_MINUTES] == 0);
}

static void a_level_that_is_lost_clears_no_threat(void **state)
{
    (void)state;
    mine_flood(&m, 60 * MINUTE, 300, 0);
    assert_true(alarms_state(m.alarms, AL_THREAT)->bits.active);
    m.x[T_LEVEL] = (double)NAN;
    mine_pass(&m, 3 * HOUR);
    assert_true(isnan(m.tag[T_MINUTES]));
    assert_true(alarms_state(m.alarms, AL_THREAT)->bits.active);
}

static void flooding(void)
{
    m.view[0].class_ = LEAK_MAJOR;
    m.view[0].rate = (struct estimate){310, 250, 380};
    m.view[0].score = 900;
    m.view[0].onset_ms.value = (double)(START - 4 * HOUR);
    mine_leak(&m, 0, true);
    mine_flood(&m, 3 * HOUR, 300, 0);
}

static void evidence_proposes_and_a_person_confirms(void **state)
{
    (void)state;
    flooding();
    m.x[T_CRUSHER] = 0;
    mine_flood(&m, 5 * MINUTE, 300, 0);
    assert_int_equal(now()->equipment[E_CRUSHER].state, EQUIPMENT_STOPPED_PROTECT);
    assert_true(now()->milestones[MILESTONE_PROTECTED].proposed);
    assert_false(now()->milestones[MILESTONE_PROTECTED].reached);
    assert_int_equal(mine_count(&m, INCIDENT_PROPOSED, "equipment_protected"), 1);
    assert_null(mine_order(&m, "bulletin", "", ""));
    mine_pass(&m, MINUTE);
    assert_true(says("Suspected by evidence, to be confirmed: equipment protected"));
    assert_non_null(mine_order(&m, "confirm", "plugged", ""));
    assert_null(mine_order(&m, "confirm", "equipment_protected", ""));
    assert_true(now()->milestones[MILESTONE_PROTECTED].reached);
    assert_int_equal(now()->milestones[MILESTONE_PROTECTED].automatic, false);
    mine_pass(&m, MINUTE);
    assert_string_equal(m.why[m.bulletins - 1], "stage");
}

static void a_plug_that_fails_is_said_at_once(void **state)
{
    (void)state;
    flooding();
    m.view[0].rate = (struct estimate){2, 0, 4};
    for (int k = 0; k < 15; k++) {
        m.view[0].score -= 10;
        mine_leak(&m, 0, true);
        mine_flood(&m, 10 * MINUTE, 0, 0);
    }
    assert_true(now()->milestones[MILESTONE_PLUGGED].proposed);
    assert_null(mine_order(&m, "confirm", "plugged", ""));
    assert_int_equal(now()->flags[FLAG_PLUGGED].answer, ANSWER_YES);
    mine_leak(&m, 0, false);
    mine_pass(&m, HOUR);
    assert_true(now()->milestones[MILESTONE_PLUGGED].reached);
    mine_leak(&m, 0, true);
    mine_pass(&m, MINUTE);
    assert_false(now()->milestones[MILESTONE_PLUGGED].reached);
    assert_true(now()->milestones[MILESTONE_PLUGGED].revoked);
    assert_int_equal(mine_count(&m, INCIDENT_REVOKED, "plugged"), 1);
    assert_string_equal(m.why[m.bulletins - 1], "revoked");
    assert_true(says("Plugged: NO LONGER"));
}

static void pumping_out_is_followed_to_its_end(void **state)
{
    (void)state;
    m.plant.incidents.auto_dewatering = true;
    flooding();
    assert_int_equal(now()->equipment[E_SWITCHGEAR].state, EQUIPMENT_FLOODED);
    mine_flood(&m, 6 * HOUR, 300, 0);
    double peak = now()->basins[0].peak;
    mine_flood(&m, 45 * MINUTE, 0, 2);
    assert_true(now()->milestones[MILESTONE_DEWATERING].reached);
    assert_true(now()->milestones[MILESTONE_DEWATERING].automatic);
    mine_flood(&m, 3 * HOUR, 0, 2);
    const struct basin_record *b = &now()->basins[0];
    double left = mine_volume(m.x[T_LEVEL]) / 300, said = (b->eta_ms.value - (double)m.now) / HOUR;
    assert_true(fabs(said - left) < 0.15 * left);
    assert_true(b->eta_ms.low <= b->eta_ms.value && b->eta_ms.value <= b->eta_ms.high);
    assert_true(fabs(b->net + 300) < 10);
    assert_true(fabs(b->peak - peak) < 300);
    assert_true(b->progress > 10 && b->progress < 90);
    assert_null(mine_order(&m, "bulletin", "", ""));
    mine_step(&m);
    assert_true(says("2 of 4 pumps run"));
    assert_true(says("Estimated clear by"));
    mine_flood(&m, 12 * HOUR, 0, 2);
    assert_true(now()->milestones[MILESTONE_DEWATERED].reached);
    assert_true(now()->milestones[MILESTONE_CONTAINED].proposed);
}

static void pumps_that_get_nowhere_are_an_alarm(void **state)
{
    (void)state;
    flooding();
    mine_flood(&m, 3 * HOUR, 310, 2);
    assert_true(now()->basins[0].stalled);
    assert_true(alarms_state(m.alarms, AL_STALLED)->bits.active);
    assert_true(isnan(now()->basins[0].eta_ms.value));
    mine_flood(&m, 3 * HOUR, 310, 4);
    assert_false(now()->basins[0].stalled);
}

static void nothing_is_ready_while_an_item_is_open(void **state)
{
    (void)state;
    flooding();
    mine_flood(&m, 8 * HOUR, 0, 4);
    assert_null(mine_order(&m, "equipment", "crusher-switchgear", "testing"));
    assert_non_null(mine_order(&m, "equipment", "crusher-switchgear", "ready"));
    mine_flood(&m, 25 * HOUR, 0, 0);
    assert_non_null(mine_sign(&m, "crusher-switchgear", "oil", 30));
    assert_non_null(mine_sign(&m, "crusher-switchgear", "insulation", (double)NAN));
    assert_non_null(mine_sign(&m, "crusher-switchgear", "insulation", 1));
    assert_null(mine_sign(&m, "crusher-switchgear", "insulation", 50));
    assert_non_null(mine_order(&m, "equipment", "crusher-switchgear", "ready"));
    assert_null(mine_sign(&m, "crusher-switchgear", "visual", (double)NAN));
    assert_null(mine_order(&m, "equipment", "crusher-switchgear", "ready"));
    /* Water again: all of it has to be done anew. */
    m.x[T_SWITCHGEAR_WET] = 1;
    mine_pass(&m, MINUTE);
    assert_int_equal(now()->equipment[E_SWITCHGEAR].state, EQUIPMENT_FLOODED);
    assert_false(now()->equipment[E_SWITCHGEAR].checks[4].done);
}

static void bulletins_come_on_time(void **state)
{
    (void)state;
    assert_null(mine_order(&m, "open", "", ""));
    mine_pass(&m, 26 * HOUR);
    static const int hours[] = {0, 1, 2, 3, 4, 5, 6, 10, 14, 18, 22, 26};
    for (uint32_t n = 0; n < 12; n++)
        assert_true(m.bulletin_ms[n] - START >= hours[n] * HOUR &&
                    m.bulletin_ms[n] - START <= hours[n] * HOUR + 10000);
    assert_int_equal(m.bulletins, 12);
    assert_string_equal(m.why[0], "opened");
    assert_string_equal(m.why[5], "period");
    assert_true(says("Next bulletin 19:50."));
    assert_null(mine_order(&m, "close", "", ""));
    mine_pass(&m, 10 * HOUR);
    assert_int_equal(m.bulletins, 13);
    assert_string_equal(m.why[12], "closed");
}

static void a_drill_says_so_first(void **state)
{
    (void)state;
    struct order o = {.verb = ORDER_DRILL, .state = "on", .user = "trainer"};
    assert_null(incident_order(m.incident, &o, m.now));
    flooding();
    assert_true(now()->drill);
    assert_int_equal(strncmp(m.last.text, "*** DRILL ***\nBULLETIN ", 23), 0);
    snprintf(o.state, sizeof o.state, "off");
    assert_non_null(incident_order(m.incident, &o, m.now));
    assert_null(mine_order(&m, "close", "", ""));
    assert_null(incident_order(m.incident, &o, m.now));
}

static void nobody_can_write_a_line_of_the_bulletin_himself(void **state)
{
    (void)state;
    struct order o = {.verb = ORDER_INCIDENT,
                      .op = "open",
                      .user = "visitor",
                      .reason = "nothing\nPlugged: yes since 13:00.\r\n*** DRILL ***",
                      .value = (double)NAN};
    assert_null(incident_order(m.incident, &o, m.now));
    m.due = m.now;
    mine_step(&m);
    assert_true(says("nothing Plugged"));
    assert_null(strstr(m.last.text, "\nPlugged: yes"));
    assert_null(strstr(m.last.text, "\n***"));
}

static void large_figures_are_written_out(void **state)
{
    (void)state;
    m.view[0].class_ = LEAK_MAJOR;
    m.view[0].rate = (struct estimate){1108.6, 1095, 1131};
    m.view[0].lost = (struct estimate){31441, 30962, 31720};
    mine_leak(&m, 0, true);
    mine_pass(&m, MINUTE);
    assert_true(says("rate 1110 m3/h (1100 to 1130), estimated loss 31400 m3 (31000 to 31700)"));
}

static void people_are_told_why_not(void **state)
{
    (void)state;
    struct order o = {.verb = ORDER_INCIDENT, .op = "open", .value = (double)NAN};
    assert_string_equal(incident_order(m.incident, &o, m.now), "say who you are: user");
    assert_string_equal(mine_order(&m, "close", "", ""), "no incident is open");
    assert_non_null(mine_order(&m, "fly", "", ""));
    assert_null(mine_order(&m, "open", "", ""));
    assert_non_null(mine_order(&m, "area", "moon", "flooded"));
    assert_non_null(mine_order(&m, "area", "mill", "wet"));
    assert_non_null(mine_order(&m, "milestone", "closed", ""));
    assert_non_null(mine_order(&m, "revoke", "plugged", ""));
    assert_non_null(mine_order(&m, "flag", "plugged", "perhaps"));
    snprintf(o.user, sizeof o.user, "supervisor");
    snprintf(o.op, sizeof o.op, "milestone");
    snprintf(o.subject, sizeof o.subject, "isolated");
    o.time_ms = m.now + 1;
    assert_non_null(incident_order(m.incident, &o, m.now));
    o.time_ms = m.now - HOUR;
    assert_null(incident_order(m.incident, &o, m.now));
    assert_int_equal(now()->milestones[MILESTONE_ISOLATED].t_ms, m.now - HOUR);
    snprintf(o.incident, sizeof o.incident, "INC-1999-001");
    assert_string_equal(incident_order(m.incident, &o, m.now), "that incident is not open");
}

static void a_restart_repeats_no_number_and_announces_nothing_twice(void **state)
{
    (void)state;
    flooding();
    assert_null(mine_order(&m, "milestone", "isolated", ""));
    mine_pass(&m, 30 * MINUTE);
    uint32_t bulletins = now()->bulletin;
    struct incident *old = m.incident;
    m.incident = incident_new(&m.plant, m.alarms,
                              &(struct incident_hooks){&m, mine_told, mine_bulletin, mine_tag});
    assert_true(incident_restore(m.incident, m.kept, m.kept_size, m.now));
    assert_true(now()->open);
    assert_string_equal(now()->id, incident_now(old)->id);
    assert_int_equal(now()->leak, 0);
    assert_int_equal(now()->equipment[E_SWITCHGEAR].state, EQUIPMENT_FLOODED);
    incident_free(old);
    mine_pass(&m, 10 * MINUTE);
    assert_int_equal(mine_count(&m, INCIDENT_MILESTONE, "isolated"), 1);
    assert_int_equal(mine_count(&m, INCIDENT_MILESTONE, "detected"), 1);
    assert_int_equal(mine_count(&m, INCIDENT_OPENED, NULL), 1);
    assert_int_equal(now()->bulletin, bulletins);
    assert_null(mine_order(&m, "bulletin", "", ""));
    mine_step(&m);
    assert_int_equal(m.last.number, bulletins + 1);
    /* Damaged or foreign bytes are refused whole. */
    unsigned char *bytes = m.kept;
    for (size_t n = 0; n < m.kept_size; n += 997) {
        bytes[n] ^= 0x40;
        assert_false(incident_restore(m.incident, m.kept, m.kept_size, m.now));
        bytes[n] ^= 0x40;
    }
    assert_false(incident_restore(m.incident, m.kept, m.kept_size - 1, m.now));
    assert_false(incident_restore(m.incident, m.kept, 0, m.now));
}

static void a_kill_between_a_milestone_and_its_bulletin_loses_neither(void **state)
{
    (void)state;
    flooding();
    uint32_t number = now()->bulletin;
    assert_null(
        mine_order(&m, "milestone", "isolated", "")); /* kept with this event; then the end */
    incident_free(m.incident);
    m.incident = incident_new(&m.plant, m.alarms,
                              &(struct incident_hooks){&m, mine_told, mine_bulletin, mine_tag});
    assert_true(incident_restore(m.incident, m.kept, m.kept_size, m.now));
    mine_pass(&m, MINUTE);
    assert_int_equal(m.last.number, number + 1);
    assert_string_equal(m.last.why, "stage");
    assert_int_equal(mine_count(&m, INCIDENT_MILESTONE, "isolated"), 1);
}

static void before_feedbacks_are_read_again_they_say_what_they_said_last(void **state)
{
    (void)state;
    flooding();
    incident_free(m.incident);
    m.incident = incident_new(&m.plant, m.alarms,
                              &(struct incident_hooks){&m, mine_told, mine_bulletin, mine_tag});
    assert_true(incident_restore(m.incident, m.kept, m.kept_size, m.now));
    assert_null(mine_order(&m, "bulletin", "", ""));
    incident_tick(m.incident, m.now);
    assert_string_equal(m.last.why, "asked");
    assert_true(says("Working: Substation A, Mill, Open pit, Underground."));
    assert_false(says("Standing"));
}

static void sums_have_no_place_that_works(void **state)
{
    (void)state;
    static const struct device devices[] = {{.area = A_TAILINGS}, {.area = A_PIT}};
    flooding();
    m.plant.devices = devices;
    m.plant.device_count = 2;
    assert_null(mine_order(&m, "bulletin", "", ""));
    incident_tick(m.incident, m.now);
    assert_true(says("Working: Mill, Open pit."));
    m.plant.device_count = 0;
}

static uint64_t dice;

static double chance(void)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(dice >> 40) / 16777216.0;
}

/* Each bulletin's promise against when the pit really was empty; pumps fail and are mended. */
static void the_times_in_bulletins_lie_inside_their_own_intervals(void **state)
{
    (void)state;
    enum { JOBS = 8 };
    uint32_t promises = 0, kept = 0;
    for (uint32_t job = 0; job < JOBS; job++) {
        double low[64], high[64], v = 20000;
        bool on[4] = {true, true, true, true};
        uint32_t count = 0, bulletins = 0;
        mine_end(&m);
        mine_begin(&m);
        dice = job + 1;
        m.x[T_LEVEL] = mine_level(v);
        mine_order(&m, "open", "", "");
        int64_t done = 0;
        for (int64_t s = 0; s < 100 * 360 && !done; s++) {
            double out = 0;
            for (int k = 0; k < 4; k++) {
                if (chance() < 1.0 / 360 / (on[k] ? 50 : 3))
                    on[k] = !on[k];
                out += on[k] ? 150 : 0;
                m.x[T_RUN1 + k] = on[k];
            }
            v += (180 * exp(-(double)s / 360 / 24) - out) / 360;
            double noisy = mine_level(fmax(v, 0)) + 0.004 * (chance() + chance() - 1);
            m.x[T_LEVEL] = round(fmax(noisy, 0) * 1000) / 1000;
            m.x[T_WET] = v > 50;
            mine_step(&m);
            const struct basin_record *b = &now()->basins[0];
            if (m.bulletins != bulletins && isfinite(b->eta_ms.value) && count < 64) {
                low[count] = b->eta_ms.low;
                high[count++] = b->eta_ms.high;
            }
            bulletins = m.bulletins;
            if (v <= mine_volume(0.05))
                done = m.now;
        }
        assert_true(done != 0);
        for (uint32_t n = 0; n < count; n++) {
            promises++;
            kept += low[n] <= (double)done && (double)done <= high[n];
        }
    }
    print_message("%u of %u times in bulletins were inside their interval\n", kept, promises);
    assert_true(promises > 8 * JOBS);
    assert_true(kept * 4 >= promises * 3);
}

static void what_runs_for_half_an_hour_is_restarted(void **state)
{
    (void)state;
    flooding();
    m.x[T_CRUSHER] = 0;
    mine_flood(&m, HOUR, 300, 0);
    assert_int_equal(now()->equipment[E_CRUSHER].state, EQUIPMENT_STOPPED_PROTECT);
    m.x[T_CRUSHER] = 1; /* while high alarms of its area stand, that is no restart */
    mine_flood(&m, HOUR, 0, 4);
    assert_int_equal(now()->equipment[E_CRUSHER].state, EQUIPMENT_STOPPED_PROTECT);
    mine_flood(&m, 6 * HOUR, 0, 4);
    assert_int_equal(now()->equipment[E_CRUSHER].state, EQUIPMENT_RESTARTED);
    assert_true(now()->milestones[MILESTONE_FIRST_RESTART].proposed);
    assert_false(now()->milestones[MILESTONE_RESTARTED].proposed); /* the switchgear isn't */
    assert_null(mine_order(&m, "equipment", "crusher-switchgear", "workaround"));
    mine_pass(&m, MINUTE);
    assert_true(now()->milestones[MILESTONE_RESTARTED].proposed);
}

static void a_no_to_a_proposal_lasts_as_long_as_its_evidence(void **state)
{
    (void)state;
    flooding();
    mine_flood(&m, 2 * HOUR, 0, 0);
    assert_true(now()->milestones[MILESTONE_CONTAINED].proposed);
    assert_null(mine_order(&m, "flag", "contained", "yes"));
    assert_true(now()->milestones[MILESTONE_CONTAINED].reached);
    assert_null(mine_order(&m, "revoke", "contained", ""));
    mine_pass(&m, 3 * HOUR);
    assert_false(now()->milestones[MILESTONE_CONTAINED].proposed);
    assert_int_equal(now()->flags[FLAG_CONTAINED].answer, ANSWER_NO);
    mine_flood(&m, HOUR, 300, 0);
    mine_flood(&m, 2 * HOUR, 0, 0);
    assert_true(now()->milestones[MILESTONE_CONTAINED].proposed);
}

static void a_plant_beyond_the_bounds_is_followed_in_part_and_that_is_said(void **state)
{
    (void)state;
    static struct area areas[INCIDENT_AREAS + 6];
    static struct equipment equipment[INCIDENT_EQUIPMENT + 2];
    static char names[INCIDENT_EQUIPMENT + 2][8];
    for (uint32_t n = 0; n < INCIDENT_EQUIPMENT + 2; n++) {
        snprintf(names[n], sizeof names[n], "n%u", n);
        equipment[n] = m.plant.equipment[E_MILL];
        equipment[n].name = names[n];
        if (n < INCIDENT_AREAS + 6)
            areas[n] = (struct area){.name = names[n], .title = ""};
    }
    m.plant.areas = areas;
    m.plant.area_count = INCIDENT_AREAS + 6;
    m.plant.equipment = equipment;
    m.plant.equipment_count = INCIDENT_EQUIPMENT + 2;
    incident_free(m.incident);
    m.incident = incident_new(&m.plant, m.alarms,
                              &(struct incident_hooks){&m, mine_told, mine_bulletin, mine_tag});
    assert_null(mine_order(&m, "open", "", ""));
    assert_non_null(mine_order(&m, "equipment", "n129", "damaged"));
    mine_pass(&m, HOUR);
    assert_true(says("6 more areas aren't followed."));
    assert_true(says("2 more aren't followed."));
    assert_true(says("n7 and 56 more."));
}

int main(void)
{
    calendar_zone("America/Toronto");
#define FACT(f) cmocka_unit_test_setup_teardown(f, begin, end)
    static const struct CMUnitTest tests[] = {
        FACT(a_leak_alone_opens_nothing),
        FACT(a_leak_and_water_next_door_open_one_and_the_leak_was_first),
        FACT(water_long_after_or_far_away_is_no_partner),
        FACT(a_critical_alarm_or_a_major_leak_opens_one),
        FACT(nothing_opens_by_itself_where_people_said_so),
        FACT(the_time_to_the_floor_follows_volume_not_level),
        FACT(a_level_that_is_lost_clears_no_threat),
        FACT(evidence_proposes_and_a_person_confirms),
        FACT(a_plug_that_fails_is_said_at_once),
        FACT(pumping_out_is_followed_to_its_end),
        FACT(pumps_that_get_nowhere_are_an_alarm),
        FACT(nothing_is_ready_while_an_item_is_open),
        FACT(bulletins_come_on_time),
        FACT(a_drill_says_so_first),
        FACT(nobody_can_write_a_line_of_the_bulletin_himself),
        FACT(large_figures_are_written_out),
        FACT(people_are_told_why_not),
        FACT(a_restart_repeats_no_number_and_announces_nothing_twice),
        FACT(the_times_in_bulletins_lie_inside_their_own_intervals),
        FACT(what_runs_for_half_an_hour_is_restarted),
        FACT(a_no_to_a_proposal_lasts_as_long_as_its_evidence),
        FACT(a_plant_beyond_the_bounds_is_followed_in_part_and_that_is_said),
        FACT(a_kill_between_a_milestone_and_its_bulletin_loses_neither),
        FACT(before_feedbacks_are_read_again_they_say_what_they_said_last),
        FACT(sums_have_no_place_that_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
