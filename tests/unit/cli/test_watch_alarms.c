/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms, leaks and incidents: from messages and keys to screens, and to what is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "cli/watch.h"

#define SITE "mine/v1/lac/"
#define MINUTE 60000

static const wall_t NOW = {1764100060000}; /* 19:47:40 UTC */
static const mono_t MONO = {5000000000};

static void hear(struct watch *w, const char *topic, const char *payload)
{
    char whole[600];
    int n = snprintf(whole, sizeof whole, SITE "%s", topic);
    assert_in_range(n, 1, sizeof whole - 1);
    watch_hear(w, whole, payload, strlen(payload));
}

static void alarm_is(struct watch *w, const char *path, const char *state, const char *priority,
                     int minutes_ago, int seq, const char *more)
{
    char topic[400], payload[1200];
    snprintf(topic, sizeof topic, "alarm/%s", path);
    snprintf(payload, sizeof payload,
             "{\"id\":\"%s\",\"gateway\":\"gw1\",\"state\":\"%s\",\"priority\":\"%s\",\"seq\":%d,"
             "\"timestamp\":%lld,\"on\":%lld%s%s}",
             path, state, priority, seq, (long long)NOW.ms - (long long)minutes_ago * MINUTE,
             (long long)NOW.ms - (long long)minutes_ago * MINUTE, *more ? "," : "", more);
    hear(w, topic, payload);
}

static struct watch *site_with_alarms(void)
{
    struct watch *w = watch_new("mine/v1", "lac");
    assert_true(calendar_zone("UTC"));
    hear(w, "gateway/gw1", "{\"state\":\"online\",\"started\":1764092860000}");
    alarm_is(w, "mill/sump/low", "UNACK", "low", 3, 1, "\"text\":\"a little\"");
    alarm_is(w, "mill/sump/fine", "NORM", "critical", 3, 0, "\"text\":\"nothing\"");
    alarm_is(w, "mill/sump/shelved", "SHLVD", "high", 3, 4,
             "\"shelved_until\":1764103660000,\"user\":\"m.roy\",\"reason\":\"cleaning\","
             "\"text\":\"level 2 m\"");
    alarm_is(w, "mill/sump/acked", "ACKED", "critical", 1, 2, "\"user\":\"m.roy\"");
    alarm_is(w, "mill/sump/older", "UNACK", "high", 9, 3, "");
    alarm_is(w, "mill/sump/newer", "RTNUN", "high", 8, 3, "");
    alarm_is(w, "mill/sump/flood", "UNACK", "critical", 60, 12,
             "\"first_out\":true,\"value\":1.31,\"limit\":1.2,\"unit\":\"m\","
             "\"text\":\"level 1.31 m\",\"about\":\"Water rising\","
             "\"consequence\":\"Switchgear floods\",\"response\":\"Start the standby pump\"");
    watch_sort(w);
    return w;
}

static struct watch_view alarm_screen(unsigned rows, unsigned columns)
{
    return (struct watch_view){.title = "lac",
                               .rows = rows,
                               .columns = columns,
                               .page = WATCH_ALARMS,
                               .talk = {.user = "a.b", .client = "me"}};
}

/* Without escape sequences and spaces at the ends of lines; each line ends with \n. */
static char *drawn(struct watch *w, struct watch_view *v)
{
    struct canvas c = {0};
    watch_draw(&c, w, v, NOW);
    char *plain = calloc(1, c.length + 2), *to = plain;
    unsigned lines = 1, column = 0;
    assert_non_null(plain);
    for (const char *s = c.text; *s != 0; s++) {
        if (*s == 27) {
            while (strchr("HJKm", *s) == NULL)
                s++;
            continue;
        }
        if (*s == '\r')
            continue;
        while (*s == '\n' && to > plain && to[-1] == ' ')
            to--;
        *to++ = *s;
        lines += *s == '\n';
        column = *s == '\n' ? 0 : column + ((*s & 0xC0) != 0x80);
        assert_true(column < v->columns); /* the last one would be erased */
    }
    assert_int_equal(lines, v->rows);
    while (to > plain && to[-1] == ' ')
        to--;
    memcpy(to, "\n", 2);
    free(c.text);
    return plain;
}

static void assert_says(struct watch *w, struct watch_view *v, const char *words, bool yes)
{
    char *screen = drawn(w, v);
    if ((strstr(screen, words) != NULL) != yes)
        fail_msg("%s \"%s\" in:\n%s", yes ? "no" : "there is", words, screen);
    free(screen);
}

static void press(struct watch_view *v, struct watch *w, const char *keys)
{
    for (const char *k = keys; *k != 0; k++)
        watch_key(v, w, (unsigned char)*k == '\n' ? WATCH_ENTER : (unsigned char)*k);
}

/* What goes out for the keys, "topic payload"; "" when nothing does. */
static const char *sent_for(struct watch_view *v, struct watch *w, const char *keys)
{
    static char out[2400];
    static struct watch_command command;
    free(drawn(w, v));
    press(v, w, keys);
    out[0] = 0;
    if (v->wished && watch_talk_ask(&v->talk, &v->wish, NOW, MONO, &command))
        snprintf(out, sizeof out, "%s %.*s", command.topic, (int)command.length, command.payload);
    v->wished = false;
    return out;
}

/* ---- how it looks ---------------------------------------------------------------------------- */

static void what_needs_somebody_stands_first(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(24, 100);
    assert_says(
        w, &v,
        "\n priority state      since alarm                               says\n"
        ">critical UNACK     60 min mill/sump/flood                     (first) level 1.31 m\n"
        " critical ACKED       60 s mill/sump/acked\n"
        " high     RTNUN      8 min mill/sump/newer\n"
        " high     UNACK      9 min mill/sump/older\n"
        " low      UNACK      3 min mill/sump/low                       a little\n"
        " high     SHLVD      3 min mill/sump/shelved                   until 20:47 by m.roy:"
        " cleaning; lev~\n\n",
        true);
    assert_says(w, &v,
                "\nalarms: 2 critical (1 unack), 2 high (2 unack), 1 low (1 unack), 1 shelved\n",
                true);
    watch_free(w);
}

static void the_chosen_alarm_is_told_in_full(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(24, 100);
    assert_says(w, &v, ", value 1.31, limit 1.2 m\nlevel 1.31 m; Water rising\n", true);
    assert_says(w, &v, "\nconsequence: Switchgear floods\nresponse: Start the standby pump\n",
                true);
    v.rows = 12; /* one line is left: what to do */
    assert_says(w, &v, "\nmill/sump/flood: level 1.31 m; response: Start the standby pump\n", true);
    watch_free(w);
}

static void normal_alarms_are_shown_when_asked_for(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(24, 100);
    assert_says(w, &v, "mill/sump/fine", false);
    press(&v, w, "n");
    assert_says(w, &v, "mill/sump/fine", true);
    press(&v, w, "n/shel\n");
    assert_says(w, &v, " 1 shown  filter: shel\n", true);
    watch_free(w);
}

static void what_is_chosen_stays_chosen_while_rows_move(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(24, 100);
    free(drawn(w, &v));
    press(&v, w, "jj");
    assert_says(w, &v, "\n>high     RTNUN      8 min mill/sump/newer", true);
    alarm_is(w, "mill/sump/worst", "UNACK", "critical", 0, 1, "");
    watch_sort(w);
    assert_non_null(strstr(sent_for(&v, w, "a"), "\"alarm\":\"mill/sump/newer\""));
    assert_says(w, &v, "\n>high     RTNUN      8 min mill/sump/newer", true);
    watch_hear(w, SITE "alarm/mill/sump/newer", "", 0); /* gone: the next one is chosen */
    assert_says(w, &v, "\n>high     UNACK      9 min mill/sump/older", true);
    watch_free(w);
}

static void alarms_of_an_offline_gateway_are_old(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(24, 120);
    hear(w, "gateway/gw1", "{\"state\":\"offline\",\"reason\":\"will\"}");
    assert_says(w, &v, "(gateway offline) (first) level", true);
    assert_says(w, &v, "\nalarms (6 old: gateway offline): 2 critical (1 unack), ", true);
    watch_free(w);
}

static void leaks_are_told_with_their_figures(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(30, 120);
    hear(w, "leak/dam",
         "{\"leak\":\"dam\",\"kind\":\"balance\",\"area\":\"tailings\",\"state\":\"suspect\","
         "\"since\":1764099460000,\"firing\":true,\"class\":\"minor\",\"preliminary\":true,"
         "\"rate\":{\"value\":86.0,\"low\":52.0,\"high\":121.0},"
         "\"lost\":{\"value\":352.0,\"low\":310.0,\"high\":400.0},"
         "\"onset\":{\"value\":1764085200000,\"low\":1764081600000,\"high\":1764088800000},"
         "\"detector\":\"cusum\",\"score\":352.0,\"limit\":338.0,\"unit\":\"m3\","
         "\"unaccounted_24h\":352.0,\"coverage\":0.97,\"text\":\"352 m3 unaccounted for\"}");
    hear(w, "leak/sump",
         "{\"leak\":\"sump\",\"state\":\"blind\",\"since\":1764100000000,\"why\":\"level: no "
         "answer\",\"text\":\"blind: level: no answer\"}");
    hear(w, "leak/weir", "{\"leak\":\"weir\",\"state\":\"live\",\"since\":1764100000000}");
    watch_sort(w);
    press(&v, w, "4");
    assert_says(w, &v, "[leaks]", true);
    assert_says(
        w, &v,
        "\n>dam                           suspect   10 min       86      352      352 minor: "
        "352 m3 unaccounted for\n",
        true);
    assert_says(w, &v, "\nrate 86 (52 to 121), lost 352 (310 to 400) m3, since about ", true);
    assert_says(w, &v,
                "; preliminary\ncusum 352 of 338 m3; unaccounted for in 24 h: 352 m3; inputs good "
                "for 97 % of it\n",
                true);
    press(&v, w, "j");
    assert_says(w, &v, "\n>sump ", true);
    assert_says(w, &v, "\nblind: level: no answer\n", true);
    watch_free(w);
}

static const char incident[] =
    "{\"incident\":\"INC-1\",\"gateway\":\"gw1\",\"state\":\"open\",\"stage\":\"plugged\","
    "\"drill\":true,\"opened\":1764092860000,\"title\":\"Dam\",\"opened_by\":\"rule: any\","
    "\"trigger\":\"mill/sump/flood\",\"alarms_attached\":3,"
    "\"source\":{\"leak\":\"dam\",\"area\":\"tailings\",\"rate\":{\"value\":86.0,\"low\":52.0,"
    "\"high\":121.0},\"onset\":{\"value\":null},\"lost\":{\"value\":352.0}},"
    "\"flags\":{\"plugged\":{\"answer\":\"yes\",\"user\":\"a.b\"}},"
    "\"milestones\":[{\"milestone\":\"detected\",\"state\":\"confirmed\",\"time\":1764092860000,"
    "\"by\":\"auto\"},{\"milestone\":\"contained\",\"state\":\"proposed\",\"proposed\":"
    "1764092960000,\"evidence\":\"the level holds\"},{\"milestone\":\"dewatering_done\",\"state\":"
    "\"proposed\",\"proposed\":1764092960000}],"
    "\"areas\":[{\"area\":\"mill\",\"state\":\"flooded\",\"reason\":\"water\"},{\"area\":\"camp\","
    "\"state\":\"operating\"}],"
    "\"threats\":[{\"equipment\":\"switchgear\",\"minutes\":38.2},{\"equipment\":\"mill-1\","
    "\"minutes\":300.0}],"
    "\"basins\":[{\"basin\":\"pit\",\"level\":1.5,\"target_level\":0.05,\"volume\":250.0,"
    "\"net\":-40.0,\"progress\":25.0,\"pumps\":2,\"running\":1,\"eta\":{\"value\":1764107260000,"
    "\"low\":1764103660000,\"high\":1764110860000},\"eta_change_min\":-30.0},"
    "{\"basin\":\"sump\",\"eta\":null,\"stalled\":true}],"
    "\"equipment\":[{\"equipment\":\"crusher\",\"state\":\"flooded\",\"since\":1764092860000,"
    "\"checks\":[{\"item\":\"dry\",\"done\":true},{\"item\":\"megger\",\"done\":false}]},"
    "{\"equipment\":\"mill-1\",\"state\":\"running\"}],"
    "\"bulletin\":4,\"next_bulletin\":1764103660000}";

static void an_incident_is_told_as_a_page(void **state)
{
    static const char *const words[] = {
        "\nDRILL  INC-1: plugged, 2 h  alarms: 2 critical (1 unack)",
        "\nDRILL  INC-1: plugged, open: Dam, since ",
        "\nopened by rule: any, first alarm mill/sump/flood, 3 alarms\n",
        "\nsource: leak dam in tailings, 86 (52 to 121) m3/h since about -, lost 352 m3\n",
        "\ncontained unknown, plugged yes (a.b), environment_release unknown, people_safe "
        "unknown\n",
        "\n  contained            proposed  ",
        ": the level holds  (c confirms)\n",
        "\n  switchgear                     38 min\n  mill-1                         5.0 h\n",
        "\n  pit                  level 1.5 m (target 0.05), 250 m3, net -40 m3/h, 25 % done, "
        "pumps 1 of 2, empty at ",
        ", 30 min earlier than in the last bulletin\n",
        ", STALLED\n",
        "\n  mill                           flooded: water\n  operating: camp\n",
        "\n  crusher                        flooded since ",
        "; open: megger\n",
        "\nbulletin 4, ",
        "\n  BULLETIN 4\n  all is well\n",
    };
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(60, 180);
    press(&v, w, "5");
    assert_says(w, &v, "no incident", true);
    hear(w, "bulletin/INC-1",
         "{\"incident\":\"INC-1\",\"number\":4,\"timestamp\":1764099460000,\"why\":\"stage\","
         "\"text\":\"BULLETIN 4\\nall is well\\n\"}");
    hear(w, "incident/INC-1", incident);
    hear(w, "incident/INC-0",
         "{\"incident\":\"INC-0\",\"state\":\"closed\",\"stage\":\"closed\",\"opened\":1}");
    watch_sort(w);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_says(w, &v, words[i], true);
    press(&v, w, "]");
    assert_says(w, &v, "\nINC-0: closed, closed", true);
    press(&v, w, "[");
    v.rows = 14; /* and scrolls */
    press(&v, w, "G");
    assert_says(w, &v, "\n  all is well\n", true);
    press(&v, w, "g");
    assert_says(w, &v, "\nopened by rule: any", true);
    watch_free(w);
}

static void pages_of_any_size_are_kept(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    hear(w, "incident/INC-1", incident);
    watch_sort(w);
    for (unsigned rows = 7; rows < 40; rows += 3) {
        for (unsigned columns = 62; columns < 250; columns += 41) {
            for (int page = 0; page < WATCH_PAGES; page++) {
                struct watch_view v = alarm_screen(rows, columns);
                v.page = (enum watch_page)page;
                v.colour = columns % 2 == 0;
                free(drawn(w, &v));
                press(&v, w, "G sjjk");
                free(drawn(w, &v));
            }
        }
    }
    watch_free(w);
}

/* ---- what goes out --------------------------------------------------------------------------- */

#define HEAD "{\"id\":\"1\",\"client\":\"me\",\"user\":\"a.b\",\"sent\":1764100060000,"

static void keys_become_commands(void **state)
{
    static const struct {
        int page;
        const char *keys, *sent;
    } cases[] = {
        {WATCH_ALARMS, "a", "cmd/gw1/ack " HEAD "\"alarm\":\"mill/sump/flood\",\"seq\":12}"},
        {WATCH_ALARMS, "ja", "cmd/gw1/ack " HEAD "\"alarm\":\"mill/sump/acked\",\"seq\":2}"},
        {WATCH_ALARMS, "rop\n",
         "cmd/gw1/reset " HEAD "\"alarm\":\"mill/sump/flood\",\"cause\":\"operation\",\"seq\":12}"},
        {WATCH_ALARMS, "r\n", ""},
        {WATCH_ALARMS, "rx\n", ""},
        {WATCH_ALARMS, "rx\n\177leak\n",
         "cmd/gw1/reset " HEAD "\"alarm\":\"mill/sump/flood\",\"cause\":\"leak\",\"seq\":12}"},
        {WATCH_ALARMS, "s30 \303\251cluse \"B\"\n",
         "cmd/gw1/shelve " HEAD "\"alarm\":\"mill/sump/flood\",\"reason\":\"\303\251cluse "
         "\\\"B\\\"\",\"seq\":12,\"minutes\":30.0}"},
        {WATCH_ALARMS, "s2h pump\n",
         "cmd/gw1/shelve " HEAD "\"alarm\":\"mill/sump/flood\",\"reason\":\"pump\",\"seq\":12,"
         "\"minutes\":120.0}"},
        {WATCH_ALARMS, "s30\n", ""},
        {WATCH_ALARMS, "spump 30\n", ""},
        {WATCH_ALARMS, "s0.5 pump\n", ""},
        {WATCH_ALARMS, "s30 x\033", ""},
        {WATCH_ALARMS, "u", "cmd/gw1/unshelve " HEAD "\"alarm\":\"mill/sump/flood\"}"},
        {WATCH_ALARMS, "o  order 17 \n",
         "cmd/gw1/oos " HEAD "\"alarm\":\"mill/sump/flood\",\"reason\":\"order 17\"}"},
        {WATCH_ALARMS, "o  \n", ""},
        {WATCH_ALARMS, "i", "cmd/gw1/in-service " HEAD "\"alarm\":\"mill/sump/flood\"}"},
        {WATCH_ALARMS, "/nothing\na", ""},
        {WATCH_INCIDENTS, "c\n",
         "cmd/gw1/incident " HEAD "\"incident\":\"INC-1\",\"op\":\"confirm\",\"subject\":"
         "\"contained\"}"},
        {WATCH_INCIDENTS, "c\025dewatering_done\n",
         "cmd/gw1/incident " HEAD "\"incident\":\"INC-1\",\"op\":\"confirm\",\"subject\":"
         "\"dewatering_done\"}"},
        {WATCH_INCIDENTS, "c\025\n", ""},
        {WATCH_INCIDENTS, "b",
         "cmd/gw1/incident " HEAD "\"incident\":\"INC-1\",\"op\":\"bulletin\"}"},
        {WATCH_DEVICES, "asruoicb", ""},
        {WATCH_LEAKS, "asruoicb", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct watch *w = site_with_alarms();
        struct watch_view v = alarm_screen(30, 120);
        hear(w, "incident/INC-1", incident);
        watch_sort(w);
        v.page = (enum watch_page)cases[i].page;
        const char *sent = sent_for(&v, w, cases[i].keys);
        if (strcmp(sent, cases[i].sent) != 0)
            fail_msg("case %zu: '%s' sends\n%s\nnot\n%s", i, cases[i].keys, sent, cases[i].sent);
        free(drawn(w, &v));
        watch_free(w);
    }
}

static void the_number_is_that_of_the_screen(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(24, 100);
    free(drawn(w, &v));
    alarm_is(w, "mill/sump/flood", "UNACK", "critical", 0, 13, "");
    press(&v, w, "a"); /* before the screen is drawn anew */
    assert_true(v.wished && v.wish.has_seq);
    assert_int_equal(v.wish.seq, 12);
    free(drawn(w, &v));
    press(&v, w, "a");
    assert_int_equal(v.wish.seq, 13);
    watch_free(w);
}

static void nobody_asks_without_a_name_or_a_gateway(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(24, 100);
    v.talk.user = NULL;
    assert_string_equal(sent_for(&v, w, "a"), "");
    assert_says(w, &v, "\nnobody knows who you are: start with --user NAME\n", true);
    v.talk.user = "a.b";
    hear(w, "alarm/mill/sump/flood",
         "{\"gateway\":\"x/#\",\"state\":\"UNACK\",\"priority\":\"critical\"}");
    assert_string_equal(sent_for(&v, w, "ga"), "");
    assert_says(w, &v, "which gateway speaks for it", true);
    watch_free(w);
}

static void answers_are_told(void **state)
{
    static const struct {
        const char *reply, *status;
        bool refused;
    } cases[] = {
        {"{\"id\":\"1\",\"status\":\"done\"}", "ack mill/sump/flood: done", false},
        {"{\"id\":\"1\",\"status\":\"refused\",\"error\":\"stale\"}",
         "ack mill/sump/flood: refused: stale", true},
        {"{\"id\":\"1\",\"status\":\"refused\"}", "ack mill/sump/flood: refused: no reason given",
         true},
        {"{\"id\":\"2\",\"status\":\"done\"}", "ack mill/sump/flood: asked gw1 ...", false},
        {"{\"id\":1,\"status\":\"done\"}", "ack mill/sump/flood: asked gw1 ...", false},
        {"[]", "ack mill/sump/flood: asked gw1 ...", false},
        {"{", "ack mill/sump/flood: asked gw1 ...", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct watch *w = site_with_alarms();
        struct watch_view v = alarm_screen(24, 100);
        sent_for(&v, w, "a");
        watch_talk_hear(&v.talk, cases[i].reply, strlen(cases[i].reply));
        assert_string_equal(v.talk.status, cases[i].status);
        assert_int_equal(v.talk.refused, cases[i].refused);
        press(&v, w, "j"); /* seen */
        assert_string_equal(v.talk.status, "");
        watch_free(w);
    }
}

static void a_refusal_is_not_wiped_out_by_other_news(void **state)
{
    static const char refused[] = "{\"id\":\"1\",\"status\":\"refused\",\"error\":\"stale\"}",
                      done[] = "{\"id\":\"2\",\"status\":\"done\"}";
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(24, 100);
    sent_for(&v, w, "a");
    sent_for(&v, w, "ja");
    watch_talk_hear(&v.talk, refused, sizeof refused - 1);
    watch_talk_hear(&v.talk, done, sizeof done - 1);
    assert_string_equal(v.talk.status, "ack mill/sump/flood: refused: stale");
    assert_int_equal(watch_talk_due(&v.talk).ns, MONO_NEVER.ns);
    watch_free(w);
}

static void silence_is_told_after_five_seconds(void **state)
{
    static const char late[] = "{\"id\":\"1\",\"status\":\"done\"}";
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(24, 100);
    sent_for(&v, w, "a");
    mono_t due = mono_add(MONO, 5 * NS_PER_S);
    assert_int_equal(watch_talk_due(&v.talk).ns, due.ns);
    assert_false(watch_talk_tick(&v.talk, (mono_t){due.ns - 1}));
    assert_true(watch_talk_tick(&v.talk, due));
    assert_true(v.talk.refused);
    assert_says(w, &v, "\nack mill/sump/flood: no answer from gw1 within 5 s", true);
    assert_false(watch_talk_tick(&v.talk, due));
    watch_talk_hear(&v.talk, late, sizeof late - 1);
    assert_string_equal(v.talk.status, "ack mill/sump/flood: done, after more than 5 s");
    watch_talk_hear(&v.talk, late, sizeof late - 1);
    assert_false(v.talk.refused);
    sent_for(&v, w, "a");
    watch_talk_unsent(&v.talk, "no connection");
    assert_string_equal(v.talk.status, "ack mill/sump/flood: not sent: no connection");
    assert_int_equal(watch_talk_due(&v.talk).ns, MONO_NEVER.ns);
    watch_free(w);
}

static void many_questions_do_not_get_in_each_others_way(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = alarm_screen(24, 100);
    for (int i = 0; i < 3 * TALK_WAITING; i++) {
        char reply[80];
        sent_for(&v, w, "a");
        int length =
            snprintf(reply, sizeof reply, "{\"id\":\"%u\",\"status\":\"done\"}", v.talk.asked);
        if (i % 2 == 0)
            watch_talk_hear(&v.talk, reply, (size_t)length);
        assert_int_equal(v.talk.done, i % 2 == 0);
    }
    watch_free(w);
}

static void what_is_typed_is_edited(void **state)
{
    static const struct {
        const char *keys, *text;
    } cases[] = {{"ab\177c", "ac"},
                 {"\303\251\177", ""},
                 {"\177\177x", "x"},
                 {"abc\025d", "d"},
                 {"a\001\002b", "ab"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct watch_line l;
        watch_line_begin(&l, "", "");
        for (const char *k = cases[i].keys; *k != 0; k++)
            assert_int_equal(watch_line_key(&l, (unsigned char)*k), LINE_GOES_ON);
        assert_string_equal(l.text, cases[i].text);
    }
    struct watch_line l;
    watch_line_begin(&l, "", "");
    for (int i = 0; i < 1000; i++)
        watch_line_key(&l, 'x');
    assert_int_equal(strlen(l.text), sizeof l.text - 1);
}

/* ---- what isn't well-formed ------------------------------------------------------------------ */

static void nonsense_does_no_harm(void **state)
{
    static const char *const payloads[] = {
        "{}",
        "{\"state\":7,\"priority\":[],\"seq\":\"x\",\"on\":{},\"text\":3,\"user\":null}",
        "{\"state\":\"UNACK\",\"priority\":\"new\",\"on\":9223372036854775807,\"value\":1e308}",
        ("{\"state\":\"open\",\"opened\":-9223372036854775807,\"milestones\":{},\"areas\":[1,[]],"
         "\"basins\":[{}],\"threats\":[null,{}],\"flags\":[],\"equipment\":[{\"checks\":7}]}"),
        "{\"number\":\"x\",\"text\":\"\\u001b[2J\\n\\n\\n\"}",
        "[]",
        "\xff",
    };
    static const char *const topics[] = {"alarm/a/b/c", "leak/l", "incident/i", "bulletin/i"};
    (void)state;
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        struct watch *w = watch_new("mine/v1", "lac");
        for (size_t t = 0; t < sizeof topics / sizeof *topics; t++)
            hear(w, topics[t], payloads[i]);
        watch_sort(w);
        for (int page = 0; page < WATCH_PAGES; page++) {
            struct watch_view v = alarm_screen(40, 100);
            struct canvas c = {0};
            v.page = (enum watch_page)page;
            free(drawn(w, &v));
            press(&v, w, "ncr\nas\n");
            free(drawn(w, &v));
            watch_draw(&c, w, &v, NOW);
            assert_null(strstr(c.text, "\033[2J"));
            free(c.text);
        }
        watch_free(w);
    }
}

/* ---- on paper -------------------------------------------------------------------------------- */

static void a_snapshot_has_the_pages_that_say_something(void **state)
{
    (void)state;
    struct watch *w = site_with_alarms();
    struct watch_view v = {.page = WATCH_DEVICES};
    struct canvas c = {0};
    hear(w, "incident/INC-1", incident);
    watch_sort(w);
    watch_print(&c, w, &v, NOW);
    assert_non_null(strstr(c.text, "\nDRILL  INC-1: plugged, 2 h  alarms: 2 critical"));
    assert_non_null(strstr(c.text, "\ndevice "));
    assert_non_null(strstr(c.text, "\npriority state "));
    assert_non_null(strstr(c.text, " until 20:47 by m.roy: cleaning; level 2 m\n"));
    assert_null(strstr(c.text, "\nleak "));
    assert_non_null(strstr(c.text, "\n  operating: camp\n"));
    assert_null(strstr(c.text, " \n"));
    c.length = 0;
    v.only = true;
    v.page = WATCH_LEAKS;
    watch_print(&c, w, &v, NOW);
    assert_null(strstr(c.text, "\npriority state "));
    assert_non_null(strstr(c.text, "\nleak "));
    free(c.text);
    watch_free(w);
}

static void a_snapshot_in_json_has_what_was_said(void **state)
{
    (void)state;
    struct watch *w = watch_new("mine/v1", "lac");
    struct watch_view v = {.filter = "mill/*"};
    struct canvas c = {0};
    hear(w, "alarm/mill/a/b", " { \"value\" : 0.1,\"on\":null } \n");
    hear(w, "alarm/pit/a/b", "{\"value\":1}");
    hear(w, "leak/mill/x", "{}");
    watch_sort(w);
    watch_print_json(&c, w, &v);
    assert_string_equal(c.text,
                        "{\"gateways\":[],\n\"devices\":[],\n\"values\":[],\n\"alarms\":[\n"
                        "{\"name\":\"mill/a/b\",\"value\" : 0.1,\"on\":null }],\n\"leaks\":[\n"
                        "{\"name\":\"mill/x\"}],\n\"incidents\":[],\n\"bulletins\":[]}\n");
    c.length = 0;
    v.only = true;
    v.page = WATCH_LEAKS;
    watch_print_json(&c, w, &v);
    assert_string_equal(c.text, "{\"gateways\":[],\n\"leaks\":[\n{\"name\":\"mill/x\"}]}\n");
    free(c.text);
    watch_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_needs_somebody_stands_first),
        cmocka_unit_test(the_chosen_alarm_is_told_in_full),
        cmocka_unit_test(normal_alarms_are_shown_when_asked_for),
        cmocka_unit_test(what_is_chosen_stays_chosen_while_rows_move),
        cmocka_unit_test(alarms_of_an_offline_gateway_are_old),
        cmocka_unit_test(leaks_are_told_with_their_figures),
        cmocka_unit_test(an_incident_is_told_as_a_page),
        cmocka_unit_test(pages_of_any_size_are_kept),
        cmocka_unit_test(keys_become_commands),
        cmocka_unit_test(the_number_is_that_of_the_screen),
        cmocka_unit_test(nobody_asks_without_a_name_or_a_gateway),
        cmocka_unit_test(answers_are_told),
        cmocka_unit_test(a_refusal_is_not_wiped_out_by_other_news),
        cmocka_unit_test(silence_is_told_after_five_seconds),
        cmocka_unit_test(many_questions_do_not_get_in_each_others_way),
        cmocka_unit_test(what_is_typed_is_edited),
        cmocka_unit_test(nonsense_does_no_harm),
        cmocka_unit_test(a_snapshot_has_the_pages_that_say_something),
        cmocka_unit_test(a_snapshot_in_json_has_what_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
