/* SPDX-License-Identifier: Apache-2.0 */
/* The whole transition table, written down from the specification and not from the code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "watch/alarm.h"

enum { NO = 0, YES = 1, ANY = 2 };

static const char *const events[ALARM_EVENT_COUNT] = {
    "on",     "off",      "ack",      "reset",      "realarm", "worse",
    "shelve", "unshelve", "suppress", "unsuppress", "oos",     "in-service"};

static struct alarm_bits bits_of(const char *name)
{
    static const struct {
        const char *name;
        struct alarm_bits b;
    } known[] = {
        {"NORM", {.acked = true}},
        {"UNACK", {.active = true}},
        {"ACKED", {.active = true, .acked = true}},
        {"RTNUN", {.active = false}},
        {"LUNACK", {.latched = true}},
        {"LACK", {.acked = true, .latched = true}},
        {"SHLVD", {.acked = true, .shelved = true, .mode = ALARM_SHELVED}},
        {"DSUPR", {.acked = true, .suppressed = true, .mode = ALARM_SUPPRESSED}},
        {"OOSRV", {.acked = true, .oos = true, .mode = ALARM_OUT_OF_SERVICE}},
        /* the same, hiding something that stands */
        {"SHLVD+", {.active = true, .shelved = true, .mode = ALARM_SHELVED}},
        {"DSUPR+", {.active = true, .suppressed = true, .mode = ALARM_SUPPRESSED}},
        {"OOSRV+", {.active = true, .oos = true, .mode = ALARM_OUT_OF_SERVICE}},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].b;
    fail_msg("no state is called %s", name);
    return known[0].b;
}

/* A cell: the state it leads to, with ! when somebody has to be told (and the sequence rises); "-":
 * nothing happens; "ok": accepted, nothing happens; "?code": refused. */
static const struct {
    const char *from;
    int latch, ack; /* of the rule; the row holds for these */
    const char *cells; /* one for each event, in the order below */
} table[] = {
    /* on, off, ack, reset, realarm, worse, shelve, unshelve, suppress, unsuppress, oos, in-service
     */
    {"NORM", ANY, ANY, "UNACK! - ?not_active ? - - SHLVD ? DSUPR - OOSRV ?"},
    {"UNACK", NO, YES, "- RTNUN ACKED ?active - UNACK! SHLVD ? DSUPR - OOSRV ?"},
    {"UNACK", NO, NO, "- NORM ACKED ?active - UNACK! SHLVD ? DSUPR - OOSRV ?"},
    {"UNACK", YES, ANY, "- LUNACK ACKED ?active - UNACK! SHLVD ? DSUPR - OOSRV ?"},
    {"ACKED", NO, ANY, "- NORM ok ?active UNACK! UNACK! SHLVD ? DSUPR - OOSRV ?"},
    {"ACKED", YES, ANY, "- LACK ok ?active UNACK! UNACK! SHLVD ? DSUPR - OOSRV ?"},
    {"RTNUN", ANY, ANY, "UNACK! - NORM ? - - SHLVD ? DSUPR - OOSRV ?"},
    {"LUNACK", ANY, ANY, "UNACK! - LACK ?ack_first - - SHLVD ? DSUPR - OOSRV ?"},
    {"LACK", ANY, ANY, "UNACK! - ok NORM - - SHLVD ? DSUPR - OOSRV ?"},
    {"SHLVD", ANY, ANY, "SHLVD - ?not_active ? - - ok NORM SHLVD - OOSRV ?"},
    {"DSUPR", ANY, ANY, "DSUPR - ?not_active ? - - SHLVD ? - NORM OOSRV ?"},
    {"OOSRV", ANY, ANY, "OOSRV - ?not_active ? - - OOSRV ? OOSRV - ok NORM"},
    {"SHLVD+", ANY, ANY, "- SHLVD SHLVD ?active - - ok UNACK! SHLVD - OOSRV ?"},
    {"DSUPR+", ANY, ANY, "- DSUPR DSUPR ?active - - SHLVD ? - UNACK! OOSRV ?"},
    {"OOSRV+", ANY, ANY, "- OOSRV OOSRV ?active - - OOSRV ? OOSRV - ok UNACK!"},
};

static void check(const char *from, enum alarm_event e, const char *want, struct alarm_step s)
{
    const char *name = alarm_name_words(alarm_name_of(&s.next));
    bool loud = strchr(want, '!') != NULL;
    bool ok = s.annunciate == loud && s.new_seq == loud;
    if (want[0] == '?')
        ok = ok && s.refusal && strncmp(s.refusal, want + 1, strlen(want + 1)) == 0 && !s.changed;
    else if (strcmp(want, "-") == 0 || strcmp(want, "ok") == 0)
        ok = ok && !s.refusal && !s.changed;
    else
        ok = ok && !s.refusal && s.changed && strncmp(name, want, strcspn(want, "!")) == 0 &&
             strlen(name) == strcspn(want, "!");
    if (!ok)
        fail_msg("%s, %s: wanted %s, got %s%s, changed %d, refusal %s", from, events[e], want, name,
                 s.annunciate ? "!" : "", s.changed, s.refusal ? s.refusal : "none");
}

static void cell_of(char cell[16], const char *cells, int e)
{
    for (; e > 0; e--)
        cells = strchr(cells, ' ') + 1;
    size_t length = strcspn(cells, " ");
    assert_true(length < 16);
    memcpy(cell, cells, length);
    cell[length] = '\0';
}

static bool holds(int wanted, int given)
{
    return wanted == ANY || wanted == given;
}

static void every_state_answers_every_event_as_specified(void **state)
{
    (void)state;
    unsigned cells = 0;
    for (size_t row = 0; row < sizeof(table) / sizeof(table[0]); row++)
        for (int rule = 0; rule < 4; rule++) {
            const struct alarm_rule r = {
                .latch = rule & 1, .ack_required = rule & 2, .shelvable = true};
            if (!holds(table[row].latch, r.latch) || !holds(table[row].ack, r.ack_required))
                continue;
            struct alarm_bits b = bits_of(table[row].from);
            /* what is active under a latching rule carries its latch already */
            b.latched = b.latched || (b.active && r.latch);
            for (int e = 0; e < ALARM_EVENT_COUNT; e++, cells++) {
                char cell[16];
                cell_of(cell, table[row].cells, e);
                check(table[row].from, (enum alarm_event)e, cell,
                      alarm_step(&r, b, (enum alarm_event)e));
            }
        }
    print_message("%u cells\n", cells);
    assert_true(cells >= 9 * 12 * 4);
}

static void what_comes_out_of_hiding_is_judged_anew(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int latch, ack;
        const char *meanwhile; /* letters: n on, f off, a ack, r reset */
        const char *want;
    } cases[] = {
        {"NORM", ANY, ANY, "", "NORM"},      {"NORM", ANY, ANY, "n", "UNACK!"},
        {"NORM", NO, ANY, "nf", "NORM"},     {"NORM", YES, ANY, "nf", "LUNACK!"},
        {"NORM", YES, ANY, "nfa", "LACK"},   {"NORM", YES, ANY, "nfar", "NORM"},
        {"NORM", ANY, ANY, "nfn", "UNACK!"}, {"UNACK", ANY, ANY, "", "UNACK!"},
        {"UNACK", ANY, ANY, "a", "UNACK!"},  {"UNACK", NO, YES, "f", "RTNUN"},
        {"UNACK", NO, NO, "f", "NORM"},      {"UNACK", NO, YES, "fa", "NORM"},
        {"UNACK", YES, ANY, "f", "LUNACK!"}, {"ACKED", ANY, ANY, "", "UNACK!"},
        {"ACKED", NO, ANY, "f", "NORM"},     {"ACKED", YES, ANY, "f", "LACK"},
        {"RTNUN", NO, YES, "", "RTNUN"},     {"RTNUN", NO, YES, "nf", "RTNUN"},
        {"RTNUN", NO, YES, "a", "NORM"},     {"LUNACK", YES, ANY, "", "LUNACK!"},
        {"LUNACK", YES, ANY, "a", "LACK"},   {"LACK", YES, ANY, "", "LACK"},
        {"LACK", YES, ANY, "nf", "LUNACK!"}, {"LACK", YES, ANY, "r", "NORM"},
    };
    static const enum alarm_event in[] = {ALARM_EVENT_SHELVE, ALARM_EVENT_SUPPRESS,
                                          ALARM_EVENT_OOS};
    static const enum alarm_event leave[] = {ALARM_EVENT_UNSHELVE, ALARM_EVENT_UNSUPPRESS,
                                             ALARM_EVENT_IN_SERVICE};
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
        for (int m = 0; m < 3; m++)
            for (int rule = 0; rule < 4; rule++) {
                const struct alarm_rule r = {
                    .latch = rule & 1, .ack_required = rule & 2, .shelvable = true};
                if (!holds(cases[c].latch, r.latch) || !holds(cases[c].ack, r.ack_required))
                    continue;
                struct alarm_bits b = bits_of(cases[c].from);
                b.latched = b.latched || (b.active && r.latch);
                b = alarm_step(&r, b, in[m]).next;
                for (const char *l = cases[c].meanwhile; *l; l++) {
                    enum alarm_event e = *l == 'n'   ? ALARM_EVENT_ON
                                         : *l == 'f' ? ALARM_EVENT_OFF
                                         : *l == 'a' ? ALARM_EVENT_ACK
                                                     : ALARM_EVENT_RESET;
                    struct alarm_step s = alarm_step(&r, b, e);
                    assert_null(s.refusal);
                    assert_false(s.annunciate);
                    b = s.next;
                }
                struct alarm_step s = alarm_step(&r, b, leave[m]);
                s.changed = true;
                check(cases[c].from, leave[m], cases[c].want, s);
            }
}

static void what_is_hidden_twice_stays_hidden_until_both_are_gone(void **state)
{
    (void)state;
    const struct alarm_rule r = {.ack_required = true, .shelvable = true};
    struct alarm_bits b = {.active = true, .acked = true};
    b = alarm_step(&r, b, ALARM_EVENT_SUPPRESS).next;
    b = alarm_step(&r, b, ALARM_EVENT_SHELVE).next;
    b = alarm_step(&r, b, ALARM_EVENT_OOS).next;
    assert_int_equal(alarm_name_of(&b), ALARM_OOSRV);
    struct alarm_step s = alarm_step(&r, b, ALARM_EVENT_UNSHELVE);
    assert_int_equal(alarm_name_of(&s.next), ALARM_OOSRV);
    assert_false(s.annunciate);
    s = alarm_step(&r, s.next, ALARM_EVENT_IN_SERVICE);
    assert_int_equal(alarm_name_of(&s.next), ALARM_DSUPR);
    assert_int_equal(s.next.mode, ALARM_SUPPRESSED);
    assert_false(s.annunciate);
    s = alarm_step(&r, s.next, ALARM_EVENT_UNSUPPRESS);
    assert_int_equal(alarm_name_of(&s.next), ALARM_UNACK);
    assert_true(s.annunciate);
}

static void some_alarms_cannot_be_shelved(void **state)
{
    (void)state;
    const struct alarm_rule r = {.ack_required = true};
    struct alarm_step s = alarm_step(&r, (struct alarm_bits){.active = true}, ALARM_EVENT_SHELVE);
    assert_non_null(s.refusal);
    assert_false(s.next.shelved);
    assert_false(s.changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_answers_every_event_as_specified),
        cmocka_unit_test(what_comes_out_of_hiding_is_judged_anew),
        cmocka_unit_test(what_is_hidden_twice_stays_hidden_until_both_are_gone),
        cmocka_unit_test(some_alarms_cannot_be_shelved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
