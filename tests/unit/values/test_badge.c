/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers: equipment that is swapped, and scales that people change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "small.h"
#include "values/badge.h"

/* Request 0 brings the serial number, request 1 a flow, a counter and a text. */
enum { SERIAL, FLOW, COUNT, NOTE, HALF };

struct swap {
    struct small s;
    uint32_t touched[64];
};

static void begin(struct swap *w, const struct value *is, uint32_t is_count, const char *pin)
{
    struct small *s = &w->s;
    small_begin(s);
    small_point(s, point_of(RAW_U16, NULL), 0);
    small_point(s, point_of(RAW_U16, NULL), 1);
    struct point count = point_of(RAW_U32, NULL);
    count.kind = KIND_COUNTER;
    small_point(s, count, 1);
    struct point note = point_of(RAW_STRING, NULL);
    note.words = 2;
    small_point(s, note, 1);
    struct point half = point_of(RAW_F64, NULL);
    half.from = FLOW;
    half.curve = CURVE_LINEAR;
    half.scale = decimal_of("0.5");
    half.offset = decimal_of("0");
    small_point(s, half, -1);
    for (uint32_t i = 0; i < s->map.point_count; i++) {
        s->points[i].name = i == SERIAL ? "serial" : "tag";
        s->points[i].name_length = (uint32_t)strlen(s->points[i].name);
    }
    s->map.identity = (struct identity){.point = SERIAL, .is = is, .is_count = is_count};
    s->devices[0].identity = pin;
    s->requests[0].once = true;
    small_board(s);
}

static void end(struct swap *w)
{
    small_end(&w->s);
}

static void feed_at(struct swap *w, uint32_t request, uint32_t connection, const char *hex,
                    int seconds)
{
    struct small *s = &w->s;
    uint8_t bytes[64];
    struct block b = block_of(s, request);
    b.length = bytes_of(hex, bytes);
    b.data = bytes;
    b.connection = connection;
    b.answered = mono_add(b.answered, seconds * NS_PER_S);
    assert_true(board_touch_max(s->board) <= 64);
    s->count = board_feed(s->board, &b, w->touched);
}

static void feed(struct swap *w, uint32_t request, uint32_t connection, const char *hex)
{
    feed_at(w, request, connection, hex, 0);
}

static void serial(struct swap *w, uint32_t connection, unsigned number)
{
    char hex[16];
    snprintf(hex, sizeof hex, "%04X", number);
    feed(w, 0, connection, hex);
}

static void values(struct swap *w, uint32_t connection)
{
    feed(w, 1, connection, "0064 00000007 41423130");
}

/* The next notice as "kind was>is"; "" when there is none. */
static const char *noticed(struct swap *w)
{
    static const char *const kinds[] = {"learned",  "since",  "other", "back",
                                        "accepted", "unread", "again", "scale"};
    static char text[300];
    struct board_notice n;
    if (!board_next_notice(w->s.board, &n))
        return "";
    snprintf(text, sizeof text, "%s %s>%s", kinds[n.kind], n.was, n.is);
    return text;
}

static void nothing_is_believed_before_it_said_who_it_is(void **state)
{
    (void)state;
    struct swap w;
    begin(&w, NULL, 0, NULL);
    values(&w, 1);
    assert_string_equal(now_of(&w.s, FLOW), "100?: identity not yet read");
    assert_string_equal(now_of(&w.s, HALF), "50.0?: identity not yet read");
    assert_string_equal(noticed(&w), "");
    serial(&w, 1, 4711);
    assert_string_equal(now_of(&w.s, SERIAL), "4711");
    assert_string_equal(noticed(&w), "learned >4711");
    values(&w, 1);
    assert_string_equal(now_of(&w.s, FLOW), "100");
    assert_string_equal(now_of(&w.s, HALF), "50.0");
    /* The same one on another connection has to say so once more, and that is no news. */
    values(&w, 2);
    assert_string_equal(now_of(&w.s, FLOW), "100?: identity not yet read");
    assert_int_equal(board_tag(w.s.board, FLOW)->last.u, 100);
    serial(&w, 2, 4711);
    values(&w, 2);
    assert_string_equal(now_of(&w.s, FLOW), "100");
    assert_string_equal(noticed(&w), "");
    end(&w);
}

static void another_one_makes_all_tags_bad_until_the_old_one_is_back(void **state)
{
    (void)state;
    static const char bad[] = "bad 4: another identity: serial was 4711, is 4712";
    struct swap w;
    begin(&w, NULL, 0, NULL);
    serial(&w, 1, 4711);
    values(&w, 1);
    noticed(&w);
    serial(&w, 1, 4712);
    assert_int_equal(w.s.count, 5);
    for (uint32_t tag = SERIAL; tag <= HALF; tag++)
        assert_string_equal(now_of(&w.s, tag), bad);
    assert_string_equal(noticed(&w), "other 4711>4712");
    assert_int_equal(board_good(w.s.board), 0);
    feed(&w, 1, 1, "0065 00000001 41423130");
    assert_string_equal(now_of(&w.s, FLOW), bad);
    assert_string_equal(now_of(&w.s, COUNT), bad);
    /* On another connection as well, before it is read there; told once. */
    values(&w, 2);
    assert_string_equal(now_of(&w.s, FLOW), bad);
    serial(&w, 2, 4712);
    assert_string_equal(noticed(&w), "");
    serial(&w, 2, 4713);
    assert_string_equal(noticed(&w), "other 4711>4713");
    feed_fault(&w.s, 1, FAULT_TIMEOUT, 0);
    assert_string_equal(now_of(&w.s, FLOW), "bad 24: no answer");
    serial(&w, 2, 4711);
    assert_string_equal(noticed(&w), "back 4711>4711");
    values(&w, 2);
    assert_string_equal(now_of(&w.s, FLOW), "100");
    /* What the other one counted is no base for this one. */
    assert_string_equal(now_of(&w.s, COUNT), "7");
    end(&w);
}

static void the_map_and_the_plant_file_say_who_it_may_be(void **state)
{
    (void)state;
    static const struct value is[] = {{.kind = VALUE_INT, .i = 1648}, {.kind = VALUE_INT, .i = 7}};
    static const struct value to[] = {{.kind = VALUE_INT, .i = 1653}, {.kind = VALUE_NONE}};
    struct swap w;
    begin(&w, is, 2, NULL);
    w.s.map.identity.to = to;
    serial(&w, 1, 1654);
    assert_string_equal(now_of(&w.s, SERIAL),
                        "bad 4: another identity: serial is 1654, which the map is not for");
    assert_string_equal(noticed(&w), "other >1654");
    serial(&w, 1, 1653);
    assert_string_equal(noticed(&w), "back >1653");
    assert_string_equal(noticed(&w), "learned >1653");
    assert_string_equal(noticed(&w), "again 1653>1653");
    serial(&w, 1, 7); /* of the map, but another one */
    assert_string_equal(noticed(&w), "other 1653>7");
    end(&w);

    begin(&w, NULL, 0, "4711");
    serial(&w, 1, 4712);
    values(&w, 1);
    assert_string_equal(now_of(&w.s, FLOW),
                        "bad 4: another identity: serial is 4712, the plant file says 4711");
    serial(&w, 1, 4711);
    values(&w, 1);
    assert_string_equal(now_of(&w.s, FLOW), "100");
    end(&w);
}

static void one_that_was_swapped_between_two_runs_is_uncertain(void **state)
{
    (void)state;
    struct swap w;
    begin(&w, NULL, 0, NULL);
    board_remember_identity(w.s.board, 0, "4711", 4);
    serial(&w, 1, 4712);
    values(&w, 1);
    assert_string_equal(noticed(&w), "since 4711>4712");
    assert_string_equal(now_of(&w.s, FLOW),
                        "100?: another identity since the last run: serial was 4711, is 4712");
    serial(&w, 1, 4712);
    assert_string_equal(noticed(&w), "");
    struct board_identity id;
    assert_true(board_identity(w.s.board, 0, &id));
    assert_int_equal(id.state, IDENTITY_SINCE);
    assert_string_equal(id.known, "4711");
    assert_string_equal(id.now, "4712");
    serial(&w, 1, 9); /* swapped under our eyes */
    assert_string_equal(noticed(&w), "other 4711>9");
    values(&w, 1);
    assert_string_equal(now_of(&w.s, FLOW), "bad 4: another identity: serial was 4711, is 9");
    end(&w);

    begin(&w, NULL, 0, NULL);
    board_remember_identity(w.s.board, 0, "4711", 4);
    serial(&w, 1, 4711);
    values(&w, 1);
    assert_string_equal(noticed(&w), "");
    assert_string_equal(now_of(&w.s, FLOW), "100");
    end(&w);
}

static void a_reload_takes_the_new_one_for_right(void **state)
{
    (void)state;
    struct swap w;
    begin(&w, NULL, 0, NULL);
    serial(&w, 1, 4711);
    serial(&w, 1, 4712);
    while (*noticed(&w))
        ;
    const uint32_t none[] = {0};
    const uint32_t tags[] = {0, 1, 2, 3, 4};
    const struct change c = {.before = &w.s.plan,
                             .after = &w.s.plan,
                             .lines = none,
                             .namesakes = none,
                             .devices = none,
                             .tags = tags};
    struct board *old = w.s.board;
    w.s.plant.line_count = 0;
    w.s.board = board_new(&w.s.plan);
    assert_non_null(w.s.board);
    assert_true(board_carry(w.s.board, old, &c));
    board_free(old);
    assert_string_equal(noticed(&w), "accepted 4711>4712");
    assert_string_equal(now_of(&w.s, SERIAL), "bad 4: another identity: serial was 4711, is 4712");
    values(&w, 1);
    assert_string_equal(now_of(&w.s, FLOW), "100");
    serial(&w, 1, 4712);
    assert_string_equal(now_of(&w.s, SERIAL), "4712");
    end(&w);
}

static void what_is_read_once_in_doubt_is_asked_again(void **state)
{
    (void)state;
    struct swap w;
    begin(&w, NULL, 0, NULL);
    w.s.requests[1].once = true;
    values(&w, 1);
    serial(&w, 1, 4711);
    assert_string_equal(noticed(&w), "learned >4711");
    assert_string_equal(noticed(&w), "again 4711>4711");
    values(&w, 1);
    serial(&w, 1, 4711);
    assert_string_equal(noticed(&w), "");
    end(&w);
}

static void an_identity_that_says_nothing_is_not_read(void **state)
{
    (void)state;
    static const struct invalid invalid[] = {{0xFFFF, 0xFFFF, "none"}};
    struct swap w;
    begin(&w, NULL, 0, NULL);
    w.s.points[SERIAL].invalid = invalid;
    w.s.points[SERIAL].invalid_count = 1;
    serial(&w, 1, 0xFFFF);
    values(&w, 1);
    assert_string_equal(now_of(&w.s, FLOW), "100?: identity not yet read");
    serial(&w, 1, 4711);
    serial(&w, 1, 0xFFFF);
    values(&w, 1);
    assert_string_equal(now_of(&w.s, FLOW), "100");
    end(&w);
}

static void who_never_says_who_it_is_is_told_of(void **state)
{
    (void)state;
    struct swap w;
    struct board_identity id;
    struct block b;
    begin(&w, NULL, 0, NULL);
    for (int seconds = 0; seconds < 40; seconds += 4) {
        b = block_of(&w.s, 0);
        b.fault = FAULT_EXCEPTION;
        b.exception = 2;
        b.why = "illegal data address";
        b.connection = 1;
        board_feed(w.s.board, &b, w.touched);
        feed_at(&w, 1, 1, "0064 00000007 41423130", seconds);
        assert_true(board_identity(w.s.board, 0, &id));
        assert_true((id.reason != NULL) == (seconds >= 12));
        assert_string_equal(noticed(&w), seconds == 12 ? "unread >" : "");
    }
    assert_string_equal(id.reason, "identity not yet read: serial: illegal data address");
    serial(&w, 1, 4711);
    assert_string_equal(noticed(&w), "learned >4711");
    assert_string_equal(noticed(&w), "back 4711>4711");
    assert_true(board_identity(w.s.board, 0, &id));
    assert_null(id.reason);
    values(&w, 1);
    assert_string_equal(now_of(&w.s, FLOW), "100");
    end(&w);
}

static void a_changed_scale_is_told_once(void **state)
{
    (void)state;
    struct swap w;
    struct small *s = &w.s;
    small_begin(s);
    struct point p = point_of(RAW_U16, NULL);
    p.exp_from = 1;
    p.name = "flow";
    p.name_length = 4;
    small_point(s, p, 0);
    p = point_of(RAW_S16, NULL);
    p.name = "flow_sf";
    p.name_length = 7;
    small_point(s, p, 0);
    small_board(s);
    feed(&w, 0, 0, "0064 FFFF");
    assert_string_equal(now_of(s, 0), "10.0");
    assert_string_equal(noticed(&w), "");
    feed(&w, 0, 0, "0064 FFFE");
    assert_string_equal(now_of(s, 0), "1.00");
    struct board_notice n;
    assert_true(board_next_notice(s->board, &n));
    assert_string_equal(n.text, "flow_sf was -1, is -2, and scales flow");
    feed(&w, 0, 0, "0064 FFFE");
    assert_string_equal(noticed(&w), "");
    end(&w);
}

static void of_many_tags_that_a_scale_scales_some_are_named(void **state)
{
    (void)state;
    struct swap w;
    struct small *s = &w.s;
    char names[POINTS][64];
    small_begin(s);
    struct point scale = point_of(RAW_S16, NULL);
    scale.name = "sf";
    scale.name_length = 2;
    small_point(s, scale, 0);
    for (unsigned i = 1; i < POINTS; i++) {
        struct point p = point_of(RAW_U16, NULL);
        int n = snprintf(names[i], sizeof names[i],
                         "a-name-that-is-really-not-a-short-one-at-all-%u", i);
        p.name = names[i];
        p.name_length = (uint32_t)n;
        p.exp_from = i == POINTS - 1 ? -1 : 0; /* of the last it is no scale */
        small_point(s, p, 0);
    }
    small_board(s);
    static const char rest[] = " 0001 0001 0001 0001 0001 0001 0001 0001 0001 0001 0001";
    char hex[80];
    for (int i = 0; i < 2; i++) {
        snprintf(hex, sizeof hex, "000%d%s", i, rest);
        feed_words(s, 0, hex);
    }
    struct board_notice n;
    assert_true(board_next_notice(s->board, &n));
    assert_non_null(strstr(
        n.text, "sf was 0, is 1, and scales a-name-that-is-really-not-a-short-one-at-all-1 "));
    const char *more = strstr(n.text, " and ");
    while (strstr(more + 1, " and "))
        more = strstr(more + 1, " and ");
    unsigned left = 0, named = 0;
    assert_int_equal(sscanf(more, " and %u more", &left), 1);
    for (const char *at = n.text; (at = strstr(at, "a-name")) != NULL; at++)
        named++;
    assert_int_equal(named + left, POINTS - 2);
    end(&w);
}

static void a_map_names_numbers_ranges_and_words(void **state)
{
    (void)state;
    static const struct value is[] = {{.kind = VALUE_INT, .i = 10},
                                      {.kind = VALUE_TEXT, .text = "P3", .length = 2},
                                      {.kind = VALUE_INT, .i = 30}};
    static const struct value to[] = {
        {.kind = VALUE_INT, .i = 20}, {.kind = VALUE_NONE}, {.kind = VALUE_NONE}};
    const struct {
        struct value v;
        bool with, without; /* ranges */
    } facts[] = {
        {{.kind = VALUE_INT, .i = 9}, false, false},
        {{.kind = VALUE_INT, .i = 10}, true, true},
        {{.kind = VALUE_UINT, .u = 15}, true, false},
        {{.kind = VALUE_REAL, .real = 20}, true, false},
        {{.kind = VALUE_INT, .i = 21}, false, false},
        {{.kind = VALUE_UINT, .u = 30}, true, true},
        {{.kind = VALUE_TEXT, .text = "P3x", .length = 2}, true, true},
        {{.kind = VALUE_TEXT, .text = "P4", .length = 2}, false, false},
        {{.kind = VALUE_BOOL, .truth = true}, false, false},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct identity id = {.is = is, .is_count = 3, .to = to};
        assert_int_equal(identity_fits(&id, &facts[i].v), facts[i].with);
        id.to = NULL;
        assert_int_equal(identity_fits(&id, &facts[i].v), facts[i].without);
        id.is_count = 0; /* whoever it is */
        assert_true(identity_fits(&id, &facts[i].v));
    }
}

static void the_same_answer_twice_is_told_once(void **state)
{
    (void)state;
    static const struct {
        const char *pin;
        unsigned before, numbers[4]; /* before: of the last run, 0: none */
        const char *told[4]; /* NULL: nothing more is said */
    } facts[] = {
        {"4711", 0, {4711, 4711}, {"learned >4711", ""}},
        {"4711", 0, {4712, 4712, 4713, 4711}, {"other >4712", "", "other >4713", "back >4711"}},
        {NULL,
         0,
         {4711, 4712, 4712, 4711},
         {"learned >4711", "other 4711>4712", "", "back 4711>4711"}},
        {NULL, 4711, {4712, 4712, 4711, 4711}, {"since 4711>4712", "", "back 4711>4711", ""}},
        {NULL,
         4711,
         {4711, 4713, 4714, 4711},
         {"", "other 4711>4713", "other 4711>4714", "back 4711>4711"}},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct swap w;
        char before[8];
        begin(&w, NULL, 0, facts[i].pin);
        snprintf(before, sizeof before, "%u", facts[i].before);
        if (facts[i].before)
            board_remember_identity(w.s.board, 0, before, 4);
        for (unsigned k = 0; k < 4 && facts[i].numbers[k]; k++) {
            serial(&w, 1, facts[i].numbers[k]);
            const char *said = noticed(&w);
            if (strcmp(said, facts[i].told[k]) != 0)
                fail_msg("fact %zu, answer %u: %s", i, k, said);
            while (*noticed(&w))
                ;
        }
        end(&w);
    }
}

static void a_known_one_that_comes_back_after_a_misfit_is_back(void **state)
{
    (void)state;
    static const struct value is[] = {{.kind = VALUE_INT, .i = 4711},
                                      {.kind = VALUE_INT, .i = 4712}};
    struct swap w;
    begin(&w, is, 2, NULL);
    serial(&w, 1, 4711);
    assert_string_equal(noticed(&w), "learned >4711");
    serial(&w, 1, 9);
    assert_string_equal(noticed(&w), "other 4711>9");
    serial(&w, 1, 4711);
    assert_string_equal(noticed(&w), "back 4711>4711");
    values(&w, 1);
    assert_string_equal(now_of(&w.s, FLOW), "100");
    end(&w);
}

static void only_what_can_have_been_said_is_remembered(void **state)
{
    (void)state;
    struct swap w;
    char text[IDENTITY_ROOM + 1];
    struct board_identity id;
    memset(text, 'x', sizeof text);
    begin(&w, NULL, 0, NULL);
    board_remember_identity(w.s.board, 0, "", 0);
    board_remember_identity(w.s.board, 0, text, IDENTITY_ROOM);
    assert_true(board_identity(w.s.board, 0, &id));
    assert_string_equal(id.known, "");
    board_remember_identity(w.s.board, 0, text, IDENTITY_ROOM - 1);
    assert_true(board_identity(w.s.board, 0, &id));
    assert_int_equal(strlen(id.known), IDENTITY_ROOM - 1);
    w.s.map.identity.point = -1;
    end(&w);
}

static void an_identity_without_a_tag_is_none(void **state)
{
    (void)state;
    for (int beyond = 0; beyond < 2; beyond++) {
        struct small s;
        struct board_identity id;
        small_begin(&s);
        small_point(&s, point_of(RAW_U16, NULL), 0);
        s.map.identity.point = beyond ? 1 : -1; /* of a narrow copy of the map */
        small_board(&s);
        board_remember_identity(s.board, 0, "4711", 4);
        assert_false(board_identity(s.board, 0, &id));
        feed_words(&s, 0, "0005");
        assert_string_equal(now_of(&s, 0), "5");
        small_end(&s);
    }
}

/* A text for an identity: spaces only, or never asked for. */
static void why_an_identity_is_not_known_is_said(void **state)
{
    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        struct small s;
        struct swap w;
        struct board_identity id;
        small_begin(&s);
        struct point serial_text = point_of(RAW_STRING, NULL);
        serial_text.words = 2;
        serial_text.name = "serial";
        serial_text.name_length = 6;
        small_point(&s, serial_text, 0);
        small_point(&s, point_of(RAW_U16, NULL), 1);
        s.map.identity.point = 0;
        small_board(&s);
        w.s = s;
        for (int seconds = 0; seconds < 24; seconds += 8) {
            if (asked)
                feed_at(&w, 0, 1, "2020 2020", seconds);
            feed_at(&w, 1, 1, "0005", seconds);
        }
        assert_true(board_identity(s.board, 0, &id));
        assert_string_equal(id.reason, asked ? "identity not yet read: serial is empty"
                                             : "identity not yet read: serial: not yet read");
        assert_string_equal(told_as(&board_tag(s.board, 1)->now), "5?: identity not yet read");
        feed_at(&w, 0, 1, "5033 2020", 30);
        feed_at(&w, 1, 1, "0005", 30);
        assert_string_equal(told_as(&board_tag(s.board, 1)->now), "5");
        small_end(&s);
    }
}

static void who_does_not_say_it_on_another_connection_is_told_of(void **state)
{
    (void)state;
    struct swap w;
    struct board_identity id;
    begin(&w, NULL, 0, NULL);
    serial(&w, 1, 4711);
    for (int seconds = 0; seconds < 24; seconds += 8)
        feed_at(&w, 1, 2, "0064 00000007 41423130", seconds);
    assert_true(board_identity(w.s.board, 0, &id));
    assert_string_equal(id.reason, "identity not yet read: serial: no answer yet");
    end(&w);
}

static void a_part_of_a_block_without_it_says_nothing_of_who_it_is(void **state)
{
    (void)state;
    struct small s;
    struct board_identity id;
    small_begin(&s);
    small_point(&s, point_of(RAW_U16, NULL), 0);
    struct point wide = point_of(RAW_U32, NULL);
    wide.name = "serial";
    wide.name_length = 6;
    small_point(&s, wide, 0);
    small_point(&s, point_of(RAW_U16, NULL), 0);
    s.map.identity.point = 1;
    small_board(&s);
    feed_part(&s, 0, 0, "0001");
    feed_part(&s, 0, 3, "0003");
    assert_true(board_identity(s.board, 0, &id));
    assert_string_equal(id.now, "");
    feed_part(&s, 0, 1, "0000 1267");
    assert_true(board_identity(s.board, 0, &id));
    assert_string_equal(id.now, "4711");
    small_end(&s);
}

/* What a reload makes of who was known. */
static void a_reload_keeps_what_is_known_of_the_same_equipment(void **state)
{
    (void)state;
    static const struct {
        const char *what, *pin_before, *pin_after;
        unsigned number;
        uint32_t device, line;
        const char *name; /* of the identity's tag afterwards */
        enum identity_state state;
        const char *known;
        uint32_t connection;
    } facts[] = {
        {"nothing changed", NULL, NULL, 4711, 0, 0, "serial", IDENTITY_RIGHT, "4711", 1},
        {"pinned as before", "4711", "4711", 4711, 0, 0, "serial", IDENTITY_RIGHT, "4711", 1},
        {"its line begins anew", NULL, NULL, 4711, 0, CHANGE_NONE, "serial", IDENTITY_RIGHT, "4711",
         0},
        {"pinned now", NULL, "4711", 4711, 0, 0, "serial", IDENTITY_RIGHT, "4711", 0},
        {"pinned to another", "4711", "4712", 4711, 0, 0, "serial", IDENTITY_RIGHT, "4711", 0},
        {"a misfit stays one", "4711", "4711", 4712, 0, 0, "serial", IDENTITY_MISFIT, "", 1},
        {"a new device", NULL, NULL, 4711, CHANGE_NONE, 0, "serial", IDENTITY_UNREAD, "", 0},
        {"another tag says who it is", NULL, NULL, 4711, 0, 0, "model", IDENTITY_UNREAD, "", 0},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct swap old, now;
        struct board_identity id;
        begin(&old, NULL, 0, facts[i].pin_before);
        begin(&now, NULL, 0, facts[i].pin_after);
        now.s.points[SERIAL].name = facts[i].name;
        now.s.points[SERIAL].name_length = (uint32_t)strlen(facts[i].name);
        serial(&old, 1, facts[i].number);
        values(&old, 1);
        const uint32_t tags[] = {0, 1, 2, 3, 4};
        const struct change c = {.before = &old.s.plan,
                                 .after = &now.s.plan,
                                 .lines = &facts[i].line,
                                 .namesakes = &facts[i].device,
                                 .devices = &facts[i].device,
                                 .tags = tags};
        assert_true(board_carry(now.s.board, old.s.board, &c));
        assert_true(board_identity(now.s.board, 0, &id));
        if (id.state != facts[i].state || strcmp(id.known, facts[i].known) != 0 ||
            id.connection != facts[i].connection)
            fail_msg("%s: state %d, %s, connection %u", facts[i].what, (int)id.state, id.known,
                     id.connection);
        assert_string_equal(noticed(&now), "");
        end(&old);
        end(&now);
    }
}

static void a_text_in_doubt_and_the_last_good_one_are_both_carried(void **state)
{
    (void)state;
    struct swap old, now;
    begin(&old, NULL, 0, NULL);
    begin(&now, NULL, 0, NULL);
    serial(&old, 1, 4711);
    values(&old, 1);
    feed(&old, 1, 2, "0064 00000007 43443130");
    static const char doubted[] = "'CD10'?: identity not yet read";
    assert_string_equal(now_of(&old.s, NOTE), doubted);
    char last[8] = "";
    const struct value *v = &board_tag(old.s.board, NOTE)->last;
    memcpy(last, v->text, v->length);
    const uint32_t none[] = {0}, tags[] = {0, 1, 2, 3, 4};
    const struct change c = {.before = &old.s.plan,
                             .after = &now.s.plan,
                             .lines = none,
                             .namesakes = none,
                             .devices = none,
                             .tags = tags};
    assert_true(board_carry(now.s.board, old.s.board, &c));
    end(&old); /* nothing of it is looked at any more */
    assert_string_equal(now_of(&now.s, NOTE), doubted);
    v = &board_tag(now.s.board, NOTE)->last;
    assert_int_equal(v->kind, VALUE_TEXT);
    assert_memory_equal(v->text, last, v->length);
    end(&now);
}

static void what_nobody_takes_is_lost_when_there_is_no_room(void **state)
{
    (void)state;
    struct swap w;
    begin(&w, NULL, 0, NULL);
    for (unsigned i = 0; i < BOARD_NOTICES + 5; i++)
        serial(&w, 1, 100 + i);
    unsigned told = 0;
    while (*noticed(&w))
        told++;
    assert_int_equal(told, BOARD_NOTICES);
    end(&w);
}

static void identities_are_compared_as_people_write_them(void **state)
{
    (void)state;
    const struct {
        struct value v;
        const char *written;
        bool is;
    } facts[] = {
        {{.kind = VALUE_UINT, .u = 4711}, "4711", true},
        {{.kind = VALUE_UINT, .u = 4711}, "4711.0", true},
        {{.kind = VALUE_UINT, .u = 4711}, "04711", true},
        {{.kind = VALUE_INT, .i = 12, .places = 1}, "1.2", true},
        {{.kind = VALUE_REAL, .real = (double)1.1F, .single = true}, "1.1", true},
        {{.kind = VALUE_REAL, .real = 1.1}, "1.2", false},
        {{.kind = VALUE_TEXT, .text = "B23 112x", .length = 7}, "B23 112", true},
        {{.kind = VALUE_TEXT, .text = "0012", .length = 4}, "12", false},
        {{.kind = VALUE_BOOL, .truth = true}, "true", true},
        {{.kind = VALUE_BOOL, .truth = false}, "false", true},
        {{.kind = VALUE_BOOL, .truth = false}, "0", false},
        {{.kind = VALUE_TEXT, .text = "B23 113", .length = 7}, "B23 112", false},
        {{.kind = VALUE_INT, .i = -3}, "-3", true},
        {{.kind = VALUE_INT, .i = 3}, "three", false},
        {{.kind = VALUE_REAL, .real = 1.25e-11}, "0.0000000000125", true},
        {{.kind = VALUE_NONE}, "", true},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (identity_is(facts[i].written, &facts[i].v) != facts[i].is)
            fail_msg("%zu: %s", i, facts[i].written);
    char a[IDENTITY_ROOM], b[IDENTITY_ROOM], text[200];
    memset(text, 'x', sizeof text);
    struct value v = {.kind = VALUE_TEXT, .text = text, .length = 200};
    identity_text(&v, a);
    text[199] = 'y';
    identity_text(&v, b);
    assert_true(strlen(a) < IDENTITY_ROOM && strcmp(a, b) != 0);
    /* Cut between two characters, wherever their bytes lie. */
    for (unsigned shift = 0; shift < 3; shift++) {
        memset(text, 'x', sizeof text);
        for (unsigned i = shift; i + 2 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 3);
        identity_text(&v, a);
        size_t cut = (size_t)(strchr(a, '~') - a);
        assert_true(cut > 0 && (cut - shift) % 3 == 0);
    }
    memset(text, '\x80', sizeof text); /* no text at all */
    identity_text(&v, a);
    assert_int_equal(a[0], '~');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_believed_before_it_said_who_it_is),
        cmocka_unit_test(another_one_makes_all_tags_bad_until_the_old_one_is_back),
        cmocka_unit_test(the_map_and_the_plant_file_say_who_it_may_be),
        cmocka_unit_test(one_that_was_swapped_between_two_runs_is_uncertain),
        cmocka_unit_test(a_reload_takes_the_new_one_for_right),
        cmocka_unit_test(what_is_read_once_in_doubt_is_asked_again),
        cmocka_unit_test(an_identity_that_says_nothing_is_not_read),
        cmocka_unit_test(who_never_says_who_it_is_is_told_of),
        cmocka_unit_test(a_changed_scale_is_told_once),
        cmocka_unit_test(of_many_tags_that_a_scale_scales_some_are_named),
        cmocka_unit_test(a_map_names_numbers_ranges_and_words),
        cmocka_unit_test(the_same_answer_twice_is_told_once),
        cmocka_unit_test(a_known_one_that_comes_back_after_a_misfit_is_back),
        cmocka_unit_test(only_what_can_have_been_said_is_remembered),
        cmocka_unit_test(an_identity_without_a_tag_is_none),
        cmocka_unit_test(why_an_identity_is_not_known_is_said),
        cmocka_unit_test(who_does_not_say_it_on_another_connection_is_told_of),
        cmocka_unit_test(a_part_of_a_block_without_it_says_nothing_of_who_it_is),
        cmocka_unit_test(a_reload_keeps_what_is_known_of_the_same_equipment),
        cmocka_unit_test(a_text_in_doubt_and_the_last_good_one_are_both_carried),
        cmocka_unit_test(what_nobody_takes_is_lost_when_there_is_no_room),
        cmocka_unit_test(identities_are_compared_as_people_write_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
