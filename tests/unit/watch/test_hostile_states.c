/* SPDX-License-Identifier: Apache-2.0 */
/* Kept states that somebody wrote who knew how their sums are made: nothing breaks on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alarm_plant.h"
#include "base/text.h"
#include "incident_plant.h"

static const unsigned char scribbles[] = {0xFF, 0x7F, 0x80, 0x02, '\n'};
enum { SCRIBBLES = sizeof scribbles };

static void terminated(const char *s, size_t room)
{
    size_t n = strnlen(s, room);
    assert_true(n < room);
    assert_true(text_is_utf8(s, n));
    assert_null(memchr(s, '\n', n));
}

static void an_alarm_stays_one_whatever_is_written_over_it(void **state)
{
    enum { SUM = 16, STATE = 24 }; /* where they are: see alarms_save.c */
    struct alarm_rule rule = a_rule();
    struct scene s;
    (void)state;
    scene_open(&s, &rule, 1);
    size_t size = alarms_save_size();
    unsigned char *kept = malloc(size), *bytes = malloc(size);
    assert_true(kept && bytes);
    alarms_save(s.alarms, 0, kept);
    for (size_t at = STATE; at < size; at++)
        for (int k = 0; k < SCRIBBLES; k++) {
            uint32_t seed;
            memcpy(bytes, kept, size);
            memset(bytes + at, scribbles[k], size - at < 200 ? size - at : 200);
            memcpy(&seed, bytes + 12, sizeof seed);
            uint64_t sum = text_hash(seed, bytes + STATE, size - STATE);
            memcpy(bytes + SUM, &sum, sizeof sum);
            assert_true(alarms_restore(s.alarms, 0, bytes, size, s.now));
            (void)alarms_run(s.alarms, s.now);
            const struct alarm_state *now = alarms_state(s.alarms, 0);
            assert_true(now->bits.mode <= ALARM_OUT_OF_SERVICE && now->priority < PRIORITY_COUNT);
            terminated(now->user, sizeof now->user);
            terminated(now->reason, sizeof now->reason);
            terminated(now->cause, sizeof now->cause);
            terminated(now->evidence.unit, sizeof now->evidence.unit);
            terminated(now->evidence.text, sizeof now->evidence.text);
            terminated(now->evidence.more, sizeof now->evidence.more);
            assert_true(now->on_ms <= s.now && now->on_ms >= INT64_MIN / 4);
        }
    free(kept);
    free(bytes);
    scene_close(&s);
}

static void an_incident_stays_one_whatever_is_written_over_it(void **state)
{
    enum { SUM = 40, HEAD = 48 }; /* see incident_keep.c */
    struct mine *m = calloc(1, sizeof *m);
    (void)state;
    assert_non_null(m);
    mine_begin(m);
    unsigned char *kept = calloc(1, incident_save_size()), *bytes = malloc(incident_save_size());
    assert_true(kept && bytes);
    size_t size = incident_save(m->incident, kept);
    for (size_t at = HEAD; at < size; at += 61)
        for (int k = 0; k < SCRIBBLES; k++) {
            memcpy(bytes, kept, size);
            memset(bytes + at, scribbles[k], size - at < 90 ? size - at : 90);
            uint64_t sum = text_hash(0, bytes + HEAD, size - HEAD);
            memcpy(bytes + SUM, &sum, sizeof sum);
            assert_true(incident_restore(m->incident, bytes, size, m->now));
            (void)incident_tick(m->incident, m->now);
            const struct incident_state *now = incident_now(m->incident);
            char left[INCIDENT_ID_MAX];
            terminated(now->id, sizeof now->id);
            assert_true(text_is_name(now->id, strlen(now->id)) || (!now->number && !now->id[0]));
            if (incident_left(bytes, size, left))
                assert_true(text_is_name(left, strlen(left)));
            terminated(now->title, sizeof now->title);
            terminated(now->opened_by, sizeof now->opened_by);
            for (int i = 0; i < MILESTONE_COUNT; i++)
                terminated(now->milestones[i].evidence, INCIDENT_NOTE_MAX);
            for (int i = 0; i < INCIDENT_EQUIPMENT; i++)
                assert_true(now->equipment[i].state < EQUIPMENT_STATE_COUNT);
        }
    free(kept);
    free(bytes);
    mine_end(m);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_stays_one_whatever_is_written_over_it),
        cmocka_unit_test(an_incident_stays_one_whatever_is_written_over_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
