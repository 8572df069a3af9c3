/* SPDX-License-Identifier: Apache-2.0 */
/* From messages and keys to screens, without a broker and without a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/watch.h"

static const wall_t NOW = {1764100060000};

static void hear(struct watch *w, const char *topic, const char *payload)
{
    watch_hear(w, topic, payload, strlen(payload));
}

static struct watch *small_site(void)
{
    struct watch *w = watch_new("mine/v1", "lac");
    hear(w, "mine/v1/lac/value/mill/pump-1/flow",
         "{\"value\":412.5,\"timestamp\":1764100057000,\"quality\":192,\"unit\":\"m\302\263/h\"}");
    hear(w, "mine/v1/lac/value/mill/pump-1/pressure",
         "{\"value\":null,\"timestamp\":1764099940000,\"quality\":24,\"unit\":\"bar\","
         "\"reason\":\"no answer\",\"last\":7.25,\"last_timestamp\":1764099930000}");
    hear(w, "mine/v1/lac/value/mill/meter/energy",
         "{\"value\":\"18446744073709551615\",\"timestamp\":1764100059000,\"quality\":192}");
    hear(w, "mine/v1/lac/value/pit/pump-9/run",
         "{\"value\":true,\"timestamp\":1764100059000,\"quality\":64,\"reason\":\"frozen\"}");
    hear(
        w, "mine/v1/lac/device/mill/pump-1",
        "{\"state\":\"online\",\"since\":1764000000000,\"timestamp\":1764100000000,\"rtt_ms\":4.25,"
        "\"good\":120,\"timeouts\":1,\"garbled\":2,\"exceptions\":3,\"line\":\"mill-plc\",\"unit\":"
        "3,"
        "\"map\":\"some/map\"}");
    hear(w, "mine/v1/lac/device/pit/pump-9",
         "{\"state\":\"silent\",\"reason\":\"no answer\",\"since\":1764100000000,\"rtt_ms\":null,"
         "\"line\":\"pit-bus\"}");
    hear(w, "mine/v1/lac/gateway/gw1",
         "{\"state\":\"online\",\"started\":1764092860000,\"version\":\"0.1.0\"}");
    hear(w, "mine/v1/lac/stats/gw1",
         "{\"timestamp\":1764100040000,\"polls\":1000,\"waiting\":12,\"acknowledged\":900,"
         "\"dropped\":0,\"acquired\":912}");
    hear(w, "mine/v1/lac/stats/gw1",
         "{\"timestamp\":1764100050000,\"polls\":1500,\"waiting\":3,\"acknowledged\":950,"
         "\"dropped\":0,\"acquired\":953}");
    watch_sort(w);
    return w;
}

static struct watch_view screen_of(unsigned rows, unsigned columns)
{
    return (struct watch_view){.title = "lac  mqtt://127.0.0.1:1883",
                               .rows = rows,
                               .columns = columns,
                               .messages_per_s = 9};
}

/* The drawn screen without escape sequences; each line at most `columns` wide, `rows` of them. */
static char *drawn(struct watch *w, struct watch_view *v)
{
    struct canvas c = {0};
    watch_draw(&c, w, v, NOW);
    char *plain = calloc(1, c.length + 1), *to = plain;
    unsigned lines = 1, column = 0;
    assert_non_null(plain);
    for (const char *s = c.text; *s != 0; s++) {
        if (*s == 27) {
            while (strchr("HJKm", *s) == NULL)
                s++;
            continue;
        }
        *to++ = *s;
        lines += *s == '\n';
        column = *s == '\n' || *s == '\r' ? 0 : column + ((*s & 0xC0) != 0x80);
        assert_true(column <= v->columns);
    }
    assert_int_equal(lines, v->rows);
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

static void devices_and_gateways_are_shown(void **state)
{
    (void)state;
    struct watch *w = small_site();
    struct watch_view v = screen_of(24, 80);
    assert_says(
        w, &v, "gw1 online 2 h  9 msg/s  50 polls/s  journal: 3 waiting, 950 acked, 0 lost ", true);
    assert_says(w, &v, "mill/pump", true);
    assert_says(w, &v, "online     27 h     4.2      120      6 mill-plc", true);
    assert_says(w, &v, "silent     60 s       -        0      0 pit-bus: no an~", true);
    assert_says(w, &v, "NOT CONNECTED", false);
    v.trouble = "refused";
    assert_says(w, &v, "NOT CONNECTED: refused", true);
    watch_free(w);
}

static void values_have_quality_age_and_reason_in_words(void **state)
{
    (void)state;
    struct watch *w = small_site();
    struct watch_view v = screen_of(24, 120);
    watch_key(&v, w, WATCH_TAB);
    assert_says(w, &v, "        412.5 m\302\263/h    good            3 s", true);
    assert_says(w, &v, "            - bar     no comms      2 min no answer; last 7.25", true);
    assert_says(w, &v, "         true         uncertain       1 s frozen", true);
    assert_says(w, &v, " 18446744073709551615 ", true);
    v.columns = 80; /* half a number is none */
    assert_says(w, &v, ">mill/meter/energy             #####  ", true);
    v.columns = 64; /* names are cut in front; the line below tells all */
    assert_says(w, &v, ">~ter/energy ", true);
    assert_says(w, &v, "mill/meter/energy = 18446744073709551615, good", true);
    watch_free(w);
}

static void a_filter_is_typed_kept_and_taken_back(void **state)
{
    (void)state;
    struct watch *w = small_site();
    struct watch_view v = screen_of(24, 100);
    const char *keys = "\t/pit";
    for (const char *k = keys; *k != 0; k++)
        watch_key(&v, w, *k);
    assert_says(w, &v, "filter: pit_", true);
    assert_says(w, &v, "pit/pump-9/run", true);
    assert_says(w, &v, "mill/pump-1/flow", false);
    watch_key(&v, w, WATCH_ENTER);
    assert_says(w, &v, "pit_", false);
    for (const char *k = "/q*"; *k != 0; k++) /* q is a letter while typing */
        watch_key(&v, w, *k);
    assert_false(v.quit);
    assert_says(w, &v, " 0 shown", true);
    watch_key(&v, w, WATCH_ESCAPE);
    assert_string_equal(v.filter, "pit");
    watch_key(&v, w, WATCH_ESCAPE);
    assert_says(w, &v, "mill/pump-1/flow", true);
    watch_key(&v, w, 'q');
    assert_true(v.quit);
    watch_free(w);
}

static void enter_shows_one_devices_values(void **state)
{
    (void)state;
    struct watch *w = small_site();
    struct watch_view v = screen_of(24, 100);
    free(drawn(w, &v));
    watch_key(&v, w, WATCH_DOWN);
    watch_key(&v, w, WATCH_ENTER);
    assert_string_equal(v.focus, "pit/pump-9/");
    assert_says(w, &v, "pit/pump-9/run", true);
    assert_says(w, &v, "mill/meter/energy", false);
    watch_key(&v, w, WATCH_ESCAPE);
    assert_says(w, &v, "[devices]", true);
    watch_free(w);
}

static void screens_of_any_size_are_kept(void **state)
{
    (void)state;
    struct watch *w = small_site();
    char topic[64];
    for (int i = 0; i < 300; i++) {
        snprintf(topic, sizeof topic, "mine/v1/lac/value/area/device/tag_%03d", i);
        hear(w, topic, "{\"value\":1,\"quality\":192,\"timestamp\":1764100059000}");
    }
    watch_sort(w);
    for (unsigned rows = 7; rows < 60; rows += 9) {
        for (unsigned columns = 62; columns < 250; columns += 35) {
            struct watch_view v = screen_of(rows, columns);
            v.colour = columns % 2 == 0;
            watch_key(&v, w, WATCH_TAB);
            const int keys[] = {WATCH_END, WATCH_UP, WATCH_PAGE_UP, WATCH_HOME, WATCH_PAGE_DOWN};
            for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
                watch_key(&v, w, keys[i]);
                free(drawn(w, &v));
                assert_true(v.selected[WATCH_VALUES] < 304);
                assert_true(v.selected[WATCH_VALUES] >= v.top[WATCH_VALUES]);
            }
        }
    }
    struct watch_view v = screen_of(24, 100);
    watch_key(&v, w, WATCH_TAB);
    watch_key(&v, w, WATCH_END);
    assert_says(w, &v, ">pit/pump-9/run", true);
    watch_free(w);
}

static void what_a_broker_sends_cannot_command_the_terminal(void **state)
{
    (void)state;
    struct watch *w = small_site();
    hear(w, "mine/v1/lac/value/a/b/\033[2Jc",
         "{\"value\":\"\\u001b[31mx\",\"quality\":0,\"reason\":\"\\u009b2J\\u0007\"}");
    watch_sort(w);
    struct watch_view v = screen_of(24, 100);
    struct canvas c = {0};
    watch_key(&v, w, WATCH_TAB);
    watch_draw(&c, w, &v, NOW);
    assert_null(strstr(c.text, "\033[2J"));
    assert_null(strstr(c.text, "\033[31m"));
    assert_null(strstr(c.text, "\302\233"));
    assert_non_null(strstr(c.text, "a/b/?[2Jc"));
    free(c.text);
    watch_free(w);
}

static void nonsense_is_counted_and_cleared_topics_go(void **state)
{
    static const char *const nonsense[] = {"{",    "[]",  "7", "{\"value\":1,\"value\":2}",
                                           "\xff", "null"};
    (void)state;
    struct watch *w = small_site();
    uint32_t values = w->values.count;
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
        hear(w, "mine/v1/lac/value/x/y/z", nonsense[i]);
    hear(w, "mine/v1/lac/value/", "{}");
    assert_int_equal(w->odd, sizeof nonsense / sizeof *nonsense + 1);
    assert_int_equal(w->values.count, values);
    hear(w, "mine/v1/elsewhere/value/x/y/z", "{}");
    hear(w, "mine/v1/lac/other/x", "{}");
    assert_int_equal(w->values.count, values);
    hear(w, "mine/v1/lac/device/mill/pump-1", "{\"state\":7,\"rtt_ms\":\"x\",\"good\":-1}");

    struct watch_view v = screen_of(24, 100);
    watch_key(&v, w, WATCH_TAB);
    watch_hear(w, "mine/v1/lac/value/pit/pump-9/run", NULL, 0);
    assert_says(w, &v, "pit/pump-9/run", false);
    hear(w, "mine/v1/lac/value/pit/pump-9/run", "{\"value\":false,\"quality\":192}");
    assert_says(w, &v, "pit/pump-9/run", true);
    watch_free(w);
}

static void keys_are_read_off_the_terminals_bytes(void **state)
{
    static const struct {
        const char *bytes;
        size_t taken;
        int key;
    } cases[] = {{"q", 1, 'q'},
                 {"\033", 1, WATCH_ESCAPE},
                 {"\033[Aq", 3, WATCH_UP},
                 {"\033OBq", 3, WATCH_DOWN},
                 {"\033[5~", 4, WATCH_PAGE_UP},
                 {"\033[6~x", 4, WATCH_PAGE_DOWN},
                 {"\033[1~", 4, WATCH_HOME},
                 {"\033[F", 3, WATCH_END},
                 {"\033[1;5Cq", 6, WATCH_OTHER},
                 {"\r", 1, WATCH_ENTER},
                 {"\n", 1, WATCH_ENTER},
                 {"\b", 1, WATCH_BACKSPACE}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int key;
        assert_int_equal(watch_key_parse(cases[i].bytes, strlen(cases[i].bytes), &key),
                         cases[i].taken);
        assert_int_equal(key, cases[i].key);
    }
}

static void a_snapshot_in_json_is_exact(void **state)
{
    (void)state;
    struct watch *w = small_site();
    struct canvas c = {0};
    watch_print_json(&c, w, &(struct watch_view){.filter = "mill/*"});
    assert_non_null(
        strstr(c.text, "{\"name\":\"mill/pump-1/flow\",\"value\":412.5,\"quality\":192"));
    assert_non_null(strstr(c.text, "\"value\":\"18446744073709551615\""));
    assert_non_null(strstr(c.text, "\"value\":null,\"quality\":24"));
    assert_non_null(strstr(c.text, "\"last\":7.25"));
    assert_null(strstr(c.text, "pit/"));
    free(c.text);
    watch_free(w);
}

static void what_an_offline_gateway_said_is_old(void **state)
{
    (void)state;
    struct watch *w = small_site();
    struct watch_view v = screen_of(24, 120);
    hear(w, "mine/v1/lac/device/mill/meter", "{\"state\":\"online\",\"gateway\":\"gw2\"}");
    hear(w, "mine/v1/lac/gateway/gw2", "{\"state\":\"online\"}");
    hear(w, "mine/v1/lac/device/mill/pump-1", "{\"state\":\"online\",\"gateway\":\"gw1\"}");
    hear(w, "mine/v1/lac/gateway/gw1", "{\"state\":\"offline\",\"reason\":\"will\"}");
    watch_sort(w);
    free(drawn(w, &v));
    assert_says(w, &v, "unknown", true);
    assert_says(w, &v, ": gateway offline", true);
    watch_key(&v, w, WATCH_TAB);
    watch_key(&v, w, WATCH_DOWN);
    assert_says(w, &v, " m\302\263/h    was good ", true);
    assert_says(w, &v, "mill/pump-1/flow = 412.5 m\302\263/h, gateway offline; was good", true);
    assert_says(w, &v, "18446744073709551615         good ", true);
    hear(w, "mine/v1/lac/gateway/gw1", "{\"state\":\"online\"}");
    assert_says(w, &v, "was good", false);
    watch_free(w);
}

static void without_a_connection_nothing_is_shown_as_news(void **state)
{
    (void)state;
    struct watch *w = small_site();
    hear(w, "mine/v1/lac/alarm/mill/sump/high", "{\"gateway\":\"gw1\",\"state\":\"NORM\"}");
    watch_sort(w);
    const unsigned widths[] = {60, 80, 120};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct watch_view v = screen_of(12, widths[i]);
        watch_key(&v, w, WATCH_TAB);
        assert_says(w, &v, " was good ", false);
        assert_says(w, &v, "no alarm stands", true);
        v.trouble = "Connection refused";
        assert_says(w, &v, "NOT CONNECTED: Conn", true);
        assert_says(w, &v, "gw1 unknown: not connected", true);
        assert_says(w, &v, "gw1 online", false);
        assert_says(w, &v, "as last heard: no alarm stood", true);
        assert_says(w, &v, " was good ", true);
        v.trouble = NULL;
        assert_says(w, &v, "no alarm stands", true);
    }
    watch_free(w);
}

/* A broker that keeps nothing, and a gateway that ended meanwhile: there is no last will any more. */
static void what_is_not_heard_again_is_not_news(void **state)
{
    (void)state;
    struct watch *w = small_site();
    struct watch_view v = screen_of(24, 120);
    hear(w, "mine/v1/lac/alarm/mill/sump/high", "{\"gateway\":\"gw1\",\"state\":\"UNACK\"}");
    watch_new_era(w);
    watch_key(&v, w, WATCH_TAB);
    watch_key(&v, w, WATCH_DOWN);
    assert_says(w, &v, "gw1 unknown: not heard again; was online", true);
    assert_says(w, &v, "flow = 412.5 m\302\263/h, not heard again; was good", true);
    assert_says(w, &v, "(1 old: not heard again)", true);
    hear(w, "mine/v1/lac/gateway/gw1", "{\"state\":\"online\",\"started\":1764092860000}");
    hear(w, "mine/v1/lac/value/mill/pump-1/flow",
         "{\"value\":412.5,\"timestamp\":1764100057000,\"quality\":192}");
    assert_says(w, &v, "gw1 online", true);
    assert_says(w, &v, "flow = 412.5, good", true);
    watch_free(w);
}

static void a_snapshot_on_paper_cuts_nothing(void **state)
{
    (void)state;
    struct watch *w = small_site();
    struct watch_view v = {.filter = ""};
    struct canvas c = {0};
    hear(w,
         "mine/v1/lac/value/an-area-of-great-length/a-device-of-great-length/a-tag-of-great-length",
         "{\"value\":null,\"quality\":16,\"timestamp\":1764100059000,"
         "\"reason\":\"a reason that tells at great length what is wrong with the sensor\"}");
    watch_sort(w);
    watch_print(&c, w, &v, NOW);
    assert_non_null(strstr(c.text, "/a-device-of-great-length/a-tag-of-great-length "));
    assert_non_null(strstr(c.text, "what is wrong with the sensor\n"));
    assert_null(strstr(c.text, " \n"));
    assert_non_null(strstr(c.text, " 18446744073709551615 "));
    free(c.text);
    watch_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_and_gateways_are_shown),
        cmocka_unit_test(values_have_quality_age_and_reason_in_words),
        cmocka_unit_test(a_filter_is_typed_kept_and_taken_back),
        cmocka_unit_test(enter_shows_one_devices_values),
        cmocka_unit_test(screens_of_any_size_are_kept),
        cmocka_unit_test(what_a_broker_sends_cannot_command_the_terminal),
        cmocka_unit_test(nonsense_is_counted_and_cleared_topics_go),
        cmocka_unit_test(keys_are_read_off_the_terminals_bytes),
        cmocka_unit_test(a_snapshot_in_json_is_exact),
        cmocka_unit_test(what_an_offline_gateway_said_is_old),
        cmocka_unit_test(without_a_connection_nothing_is_shown_as_news),
        cmocka_unit_test(what_is_not_heard_again_is_not_news),
        cmocka_unit_test(a_snapshot_on_paper_cuts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
