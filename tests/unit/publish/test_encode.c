/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "publish/encode.h"
#include "publish/topic.h"

static char out[META_ROOM + 1];

static struct json begin(void)
{
    memset(out, 0, sizeof(out));
    return json_into(out, META_ROOM);
}

/* What an independent, strict reader makes of it. */
static json_t *parsed(const char *text, size_t length)
{
    json_error_t e;
    json_t *o = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (!o)
        print_message("%s in %.*s\n", e.text, (int)length, text);
    assert_non_null(o);
    return o;
}

#define TEXT(s)                                                                                    \
    {                                                                                              \
        .kind = VALUE_TEXT, .length = sizeof(s) - 1, .text = (s)                                   \
    }

static void values_are_written_so_that_nobody_misreads_them(void **state)
{
    (void)state;
    static const struct {
        struct value v;
        const char *want;
    } cases[] = {
        {{.kind = VALUE_NONE}, "null"},
        {{.kind = VALUE_BOOL, .truth = true}, "true"},
        {{.kind = VALUE_BOOL, .truth = false}, "false"},
        {{.kind = VALUE_INT, .i = 0}, "0"},
        {{.kind = VALUE_INT, .i = -5}, "-5"},
        {{.kind = VALUE_INT, .i = INT64_MIN}, "\"-9223372036854775808\""},
        {{.kind = VALUE_UINT, .u = UINT64_MAX}, "\"18446744073709551615\""},
        {{.kind = VALUE_UINT, .u = UINT64_C(9007199254740992)}, "9007199254740992"},
        {{.kind = VALUE_UINT, .u = UINT64_C(9007199254740993)}, "\"9007199254740993\""},
        {{.kind = VALUE_INT, .i = -INT64_C(9007199254740993)}, "\"-9007199254740993\""},
        {{.kind = VALUE_INT, .places = 2, .i = 4120}, "41.20"},
        {{.kind = VALUE_INT, .places = 2, .i = -7}, "-0.07"},
        {{.kind = VALUE_UINT, .places = 3, .u = 0}, "0.000"},
        {{.kind = VALUE_UINT, .places = 1, .u = UINT64_MAX}, "1844674407370955161.5"},
        {{.kind = VALUE_INT, .places = 3, .i = -INT64_C(9007199254740993)}, "-9007199254740.993"},
        {{.kind = VALUE_REAL, .real = 70}, "70.0"},
        {{.kind = VALUE_REAL, .real = 412.5}, "412.5"},
        {{.kind = VALUE_REAL, .single = true, .real = 230.199997}, "230.2"},
        {{.kind = VALUE_REAL, .real = 0.1}, "0.1"},
        {{.kind = VALUE_REAL, .real = (double)NAN}, "null"},
        {{.kind = VALUE_REAL, .real = (double)INFINITY}, "null"},
        {{.kind = VALUE_REAL, .real = -(double)INFINITY}, "null"},
        {TEXT("running"), "\"running\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct value v = cases[i].v;
        if (v.single)
            v.real = (double)(float)v.real;
        struct json j = begin();
        json_value(&j, &v);
        assert_string_equal(out, cases[i].want);
        json_decref(parsed(out, json_length(&j)));
    }
}

static void hostile_text_stays_inside_its_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t length;
        const char *want;
    } cases[] = {
        {"", 0, "\"\""},
        {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
        {"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
        {"\0x\x1f\x7f", 4, "\"\\u0000x\\u001f\\u007f\""},
        {"m\xC2\xB3/h", 5, "\"m\xC2\xB3/h\""},
        {"\xE2\x82\xAC\xF0\x9F\x92\xA7", 7, "\"\xE2\x82\xAC\xF0\x9F\x92\xA7\""},
        {"\xC0\xAF", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* overlong */
        {"\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* surrogate */
        {"\xF4\x90\x80\x80", 4, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* cut off */
        {"\xFF", 1, "\"\xEF\xBF\xBD\""},
        {"\xC3\"", 2, "\"\xEF\xBF\xBD\\\"\""},
        {"</script>", 9, "\"</script>\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json j = begin();
        json_text(&j, cases[i].s, cases[i].length);
        assert_false(j.overflow);
        assert_string_equal(out, cases[i].want);
        if (!memchr(cases[i].s, 0, cases[i].length))
            json_decref(parsed(out, json_length(&j)));
    }
}

static void nothing_is_written_behind_the_end(void **state)
{
    (void)state;
    char small[64];
    const struct sample s = {.value = {.kind = VALUE_REAL, .real = 412.5},
                             .quality = QUALITY_GOOD,
                             .time = {1764100000123}};
    for (size_t room = 0; room < sizeof(small); room++) {
        memset(small, '#', sizeof(small));
        struct json j = json_into(small, room);
        encode_value(&j, &s, NULL, s.time, "m3/h");
        assert_true(j.overflow);
        assert_true(json_length(&j) <= room);
        for (size_t i = room; i < sizeof(small); i++)
            assert_int_equal(small[i], '#');
    }
}

static void value_payloads_are_the_contracts(void **state)
{
    (void)state;
    const struct value last = {.kind = VALUE_REAL, .real = 412.5};
    const wall_t then = {1764100000123};
    static const struct {
        struct sample s;
        bool with_last;
        const char *unit, *want;
    } cases[] = {
        {{.value = {.kind = VALUE_REAL, .real = 412.5}, .quality = 192, .time = {1764100000123}},
         true,
         "m3/h",
         "{\"value\":412.5,\"timestamp\":1764100000123,\"quality\":192,\"unit\":\"m3/h\"}"},
        {{.quality = 24, .reason = "no answer", .time = {1764100030000}},
         true,
         "m3/h",
         "{\"value\":null,\"timestamp\":1764100030000,\"quality\":24,\"unit\":\"m3/h\",\"reason\":"
         "\"no answer\",\"last\":412.5,\"last_timestamp\":1764100000123}"},
        {{.value = {.kind = VALUE_BOOL, .truth = true}, .quality = 192, .time = {5}},
         false,
         "",
         "{\"value\":true,\"timestamp\":5,\"quality\":192}"},
        {{.value = {.kind = VALUE_INT, .i = 3}, .quality = 64, .reason = "stale", .time = {5}},
         false,
         "",
         "{\"value\":3,\"timestamp\":5,\"quality\":64,\"reason\":\"stale\"}"},
        {{.value = {.kind = VALUE_REAL, .real = (double)NAN}, .quality = 192, .time = {5}},
         false,
         "A",
         "{\"value\":null,\"timestamp\":5,\"quality\":16,\"unit\":\"A\",\"reason\":\"not a "
         "number\"}"},
        {{.value = {.kind = VALUE_INT, .i = 9}, .quality = 24, .reason = "x", .time = {5}},
         false,
         "",
         "{\"value\":null,\"timestamp\":5,\"quality\":24,\"reason\":\"x\"}"},
        {{.quality = 192, .time = {5}},
         false,
         "",
         "{\"value\":null,\"timestamp\":5,\"quality\":0,\"reason\":\"no value\"}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json j = begin();
        encode_value(&j, &cases[i].s, cases[i].with_last ? &last : NULL, then, cases[i].unit);
        assert_string_equal(out, cases[i].want);
        json_decref(parsed(out, json_length(&j)));
    }
}

static void a_history_frame_is_the_contracts(void **state)
{
    (void)state;
    static char room[FRAME_ROOM];
    struct frame f;
    const struct sample flow = {.value = {.kind = VALUE_REAL, .real = 412.5}, .quality = 192},
                        run = {.value = {.kind = VALUE_BOOL, .truth = true}, .quality = 192},
                        pressure = {.quality = 16, .reason = "open sensor"},
                        level = {
                            .value = {.kind = VALUE_INT, .i = 4}, .quality = 64, .reason = "stale"};
    struct json j = begin();
    encode_head(&j, "gw1", 1764000000, 918273);
    frame_begin(&f, room, sizeof(room), "mill/pump-1", (wall_t){1764100000123});
    assert_true(frame_add(&f, "\"pressure\":", 11, &pressure));
    assert_true(frame_add(&f, "\"flow\":", 7, &flow));
    assert_true(frame_add(&f, "\"run\":", 6, &run));
    size_t n = frame_end(&f);
    json_raw(&j, room, n);
    assert_string_equal(
        out, "{\"gateway\":\"gw1\",\"epoch\":1764000000,\"seq\":918273,\"device\":\"mill/pump-1\","
             "\"timestamp\":1764100000123,\"values\":{\"flow\":412.5,\"run\":true},"
             "\"bad\":{\"pressure\":{\"quality\":16,\"reason\":\"open sensor\"}}}");
    json_decref(parsed(out, json_length(&j)));

    frame_begin(&f, room, sizeof(room), "mill/pump-1", (wall_t){1});
    frame_add(&f, "\"level\":", 8, &level);
    room[frame_end(&f)] = '\0';
    assert_string_equal(room, "\"device\":\"mill/pump-1\",\"timestamp\":1,\"values\":{},\"bad\":{"
                              "\"level\":{\"quality\":64,\"reason\":\"stale\",\"value\":4}}}");
    frame_begin(&f, room, sizeof(room), "d", (wall_t){1});
    frame_add(&f, "\"flow\":", 7, &flow);
    room[frame_end(&f)] = '\0';
    assert_string_equal(room, "\"device\":\"d\",\"timestamp\":1,\"values\":{\"flow\":412.5}}");
}

static void a_frame_that_is_full_says_so_and_stays_whole(void **state)
{
    (void)state;
    static char room[600];
    const struct sample good = {.value = {.kind = VALUE_INT, .i = 123456}, .quality = 192},
                        bad = {.quality = 24, .reason = "no answer"};
    uint32_t told = 0, frames = 0;
    for (uint32_t i = 0; i < 100; frames++) {
        struct frame f;
        uint32_t before = i;
        frame_begin(&f, room, sizeof(room), "a/b", (wall_t){7});
        for (; i < 100; i++) {
            char key[16];
            int n = snprintf(key, sizeof(key), "\"t%u\":", i);
            if (!frame_add(&f, key, (uint32_t)n, i % 3 ? &good : &bad))
                break;
        }
        assert_int_equal(f.count, i - before);
        assert_true(i > before);
        size_t n = frame_end(&f);
        assert_true(n > 0 && n <= sizeof(room) / 2);
        struct json j = begin();
        encode_head(&j, "g", 1, 1);
        json_raw(&j, room, n);
        json_t *o = parsed(out, json_length(&j));
        told += (uint32_t)(json_object_size(json_object_get(o, "values")) +
                           json_object_size(json_object_get(o, "bad")));
        json_decref(o);
    }
    assert_int_equal(told, 100);
    assert_true(frames > 3);
}

static struct point points[3] = {
    {.name = "flow",
     .name_length = 4,
     .from = -1,
     .table = TABLE_INPUT,
     .type = RAW_F32,
     .address = 4,
     .words = 2,
     .order = {2, 3, 0, 1},
     .bytes = 4,
     .bit = -1,
     .group = -1,
     .exp_from = -1,
     .mul_from = -1,
     .unit = "m3/h",
     .about = "Slurry \"flow\"",
     .has_valid = true,
     .valid_high = 800,
     .max_silence_ns = 60 * NS_PER_S},
    {.name = "status.ready",
     .name_length = 12,
     .from = -1,
     .table = TABLE_HOLDING,
     .type = RAW_U16,
     .address = 100,
     .words = 1,
     .order = {0, 1},
     .bytes = 2,
     .bit = 3,
     .group = -1,
     .exp_from = -1,
     .mul_from = -1,
     .unit = "",
     .about = "",
     .kind = KIND_STATE},
    {.name = "volume",
     .name_length = 6,
     .from = 0,
     .bit = -1,
     .group = -1,
     .exp_from = -1,
     .mul_from = -1,
     .unit = "m3",
     .about = "",
     .curve = CURVE_TABLE},
};
static const struct map map = {.name = "v/m",
                               .title = "A pump",
                               .hash = "0123456789abcdef",
                               .identity = {.point = -1},
                               .points = points,
                               .point_count = 3};
static const struct line line = {.name = "l1"};
static const struct device device = {
    .name = "pump-1", .path = "mill/pump-1", .map = &map, .unit = 3, .every_ns = NS_PER_S};
static const struct input inputs[] = {{"a", 0}, {"b", 1}};
static const struct derived derived[] = {{.path = "mill/pump-1/double",
                                          .device_path = "mill/pump-1",
                                          .inputs = inputs,
                                          .input_count = 2,
                                          .expression = "a + b",
                                          .point = {.name = "double",
                                                    .from = -1,
                                                    .bit = -1,
                                                    .exp_from = -1,
                                                    .mul_from = -1,
                                                    .unit = "m3/h",
                                                    .about = ""}}};
static const struct plant plant = {.site = "s",
                                   .gateway = "g",
                                   .mqtt = {.root = "m/v1"},
                                   .lines = &line,
                                   .line_count = 1,
                                   .devices = &device,
                                   .device_count = 1,
                                   .derived = derived,
                                   .derived_count = 1,
                                   .first_derived = 3,
                                   .tag_count = 4};

static const char *at(json_t *o, const char *a, const char *b)
{
    json_t *x = json_object_get(o, a);
    return json_string_value(b ? json_object_get(x, b) : x);
}

static double told_every(int32_t identity, int64_t every_ns, uint8_t read_mode, uint32_t tag)
{
    struct point mine[3];
    struct map my_map = map;
    struct device slow = device;
    memcpy(mine, points, sizeof mine);
    mine[0].every_ns = every_ns;
    mine[0].read_mode = read_mode;
    my_map.points = mine;
    my_map.identity.point = identity;
    slow.map = &my_map;
    slow.every_ns = 10 * NS_PER_S;
    const struct meta m = {.plant = &plant, .path = "mill/pump-1", .device = &slow, .time = {9}};
    struct json j = begin();
    encode_meta(&j, &m, 0, 1);
    json_t *o = parsed(out, json_length(&j));
    json_t *every = json_object_get(json_array_get(json_object_get(o, "tags"), tag), "every_ms");
    double ms = every == NULL ? 0 : json_number_value(every);
    json_decref(o);
    return ms;
}

static void the_dictionary_tells_how_often_it_is_asked(void **state)
{
    (void)state;
    static const struct {
        int32_t identity;
        int64_t every_ns;
        uint8_t read_mode;
        uint32_t tag;
        double ms; /* 0: not told */
    } cases[] = {
        {-1, 0, READ_POLL, 0, 10000},
        {-1, NS_PER_S / 4, READ_POLL, 0, 250},
        {0, 0, READ_POLL, 0, 8000},
        {0, 60 * NS_PER_S, READ_POLL, 0, 8000},
        {0, 2 * NS_PER_S, READ_POLL, 0, 2000},
        {0, 0, READ_POLL, 1, 10000},
        {0, 0, READ_POLL, 2, 8000}, /* computed from it */
        {-1, 0, READ_ONCE, 0, 24 * 3600e3},
        {-1, 0, READ_ON_DEMAND, 0, 0},
        {-1, 0, READ_ON_DEMAND, 2, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double ms =
            told_every(cases[i].identity, cases[i].every_ns, cases[i].read_mode, cases[i].tag);
        if (ms < cases[i].ms || ms > cases[i].ms)
            fail_msg("case %zu: %g", i, ms);
    }
}

static void the_dictionary_tells_what_a_historian_asks(void **state)
{
    (void)state;
    const struct meta m = {.plant = &plant, .path = "mill/pump-1", .device = &device, .time = {9}};
    struct json j = begin();
    assert_int_equal(meta_count(&m), 4);
    assert_int_equal(encode_meta(&j, &m, 0, 1), 4);
    json_t *o = parsed(out, json_length(&j)), *tags = json_object_get(o, "tags");
    assert_int_equal(json_array_size(tags), 4);
    assert_true(json_is_true(json_object_get(o, "last")));
    assert_string_equal(at(o, "map_hash", NULL), "0123456789abcdef");
    json_t *flow = json_array_get(tags, 0), *ready = json_array_get(tags, 1);
    assert_string_equal(at(flow, "topic", NULL), "m/v1/s/value/mill/pump-1/flow");
    assert_string_equal(at(flow, "type", NULL), "real");
    assert_string_equal(at(flow, "about", NULL), "Slurry \"flow\"");
    assert_string_equal(at(flow, "register", "order"), "CDAB");
    assert_string_equal(at(flow, "register", "table"), "input");
    assert_string_equal(at(ready, "type", NULL), "boolean");
    assert_string_equal(at(json_array_get(tags, 2), "from", NULL), "flow");
    assert_string_equal(at(json_array_get(tags, 3), "inputs", "b"), "mill/pump-1/status.ready");
    assert_null(json_object_get(json_array_get(tags, 3), "type")); /* numbers, truths or texts */
    json_decref(o);

    /* In as many parts as it takes, every tag in one of them. */
    uint32_t next = 0, told = 0;
    for (unsigned part = 1; next < 4; part++) {
        j = json_into(out, 700);
        uint32_t from = next;
        next = encode_meta(&j, &m, from, part);
        assert_false(j.overflow);
        o = parsed(out, json_length(&j));
        told += (uint32_t)json_array_size(json_object_get(o, "tags"));
        assert_int_equal(json_is_true(json_object_get(o, "last")), next == 4);
        assert_int_equal(json_integer_value(json_object_get(o, "part")), part);
        json_decref(o);
    }
    assert_int_equal(told, 4);
}

/* A type per tag: the tags that are computed from another one are of the type that comes of it. */
static void the_dictionary_tells_the_type_that_comes(void **state)
{
    (void)state;
    static const struct decimal one = {1, 1, 0}, tenth = {0.1, 1, 1}, none = {0};
    enum {
        PLAIN,
        TENTH,
        TENFOLD,
        BIT,
        COPY,
        COPY_OF_BIT,
        MASKED,
        HALVED,
        BIT_OF,
        MULTIPLIED,
        MANY
    };
    static const char *const types[MANY] = {"integer", "real",    "integer", "boolean", "integer",
                                            "boolean", "integer", "real",    "boolean", "real"};
    struct point p[MANY];
    for (int i = 0; i < MANY; i++)
        p[i] = (struct point){.table = TABLE_HOLDING,
                              .type = RAW_U64,
                              .bit = -1,
                              .from = -1,
                              .exp_from = -1,
                              .mul_from = -1,
                              .name = "p",
                              .unit = "",
                              .about = ""};
    p[TENTH].curve = p[TENFOLD].curve = p[HALVED].curve = CURVE_LINEAR;
    p[TENTH].scale = p[HALVED].scale = tenth;
    p[TENFOLD].scale = one;
    p[TENTH].offset = p[TENFOLD].offset = p[HALVED].offset = none;
    p[BIT].bit = p[BIT_OF].bit = 3;
    p[COPY].from = p[MASKED].from = p[HALVED].from = p[BIT_OF].from = PLAIN;
    p[COPY_OF_BIT].from = BIT;
    p[MASKED].mask = 0xFF;
    p[MULTIPLIED].mul_from = PLAIN;
    struct map own = map;
    struct device d = device;
    struct plant none_derived = plant;
    own.points = p;
    own.point_count = MANY;
    d.map = &own;
    none_derived.devices = &d;
    none_derived.derived_count = 0;
    const struct meta m = {.plant = &none_derived, .path = "mill/pump-1", .device = &d};
    struct json j = begin();
    assert_int_equal(encode_meta(&j, &m, 0, 1), MANY);
    json_t *o = parsed(out, json_length(&j)), *tags = json_object_get(o, "tags");
    for (int i = 0; i < MANY; i++)
        assert_string_equal(at(json_array_get(tags, (size_t)i), "type", NULL), types[i]);
    json_decref(o);
}

/* A tag that the gateway finds out itself has neither register nor expression. */
static void the_dictionary_knows_what_is_watched(void **state)
{
    (void)state;
    struct derived made = plant.derived[0];
    made.expression = NULL;
    made.inputs = NULL;
    made.input_count = 0;
    struct plant watched = plant;
    watched.derived = &made;
    const struct meta m = {.plant = &watched, .path = "mill/pump-1", .device = &device};
    struct json j = begin();
    assert_int_equal(encode_meta(&j, &m, 0, 1), 4);
    json_t *o = parsed(out, json_length(&j));
    json_t *tag = json_array_get(json_object_get(o, "tags"), 3);
    assert_true(json_is_true(json_object_get(tag, "watched")));
    assert_null(json_object_get(tag, "derived"));
    assert_true(json_is_false(json_object_get(tag, "writable")));
    json_decref(o);
}

static void everything_else_is_valid_json_too(void **state)
{
    (void)state;
    const struct device_status d = {.device = &device,
                                    .line = &line,
                                    .gateway = "g",
                                    .state = "silent",
                                    .reason = "no answer",
                                    .since = {5},
                                    .time = {6},
                                    .rtt_ns = -1};
    const struct gateway_status g = {.gateway = "g",
                                     .version = "0.1.0",
                                     .state = "offline",
                                     .reason = "will",
                                     .time = {5},
                                     .started = {4},
                                     .epoch = 3};
    struct stats s = {.gateway = "g", .epoch = 1, .interval_ns = 10 * NS_PER_S};
    s.lanes[MESSAGE_HISTORY] = (struct stats_lane){10, 6, 3, 1};
    s.lanes[MESSAGE_EVENT] = (struct stats_lane){2, 2, 0, 0};
    struct json j = begin();
    encode_device(&j, &d);
    json_t *o = parsed(out, json_length(&j));
    assert_string_equal(at(o, "state", NULL), "silent");
    assert_true(json_is_null(json_object_get(o, "rtt_ms")));
    json_decref(o);
    j = begin();
    encode_gateway(&j, &g);
    assert_string_equal(
        out, "{\"state\":\"offline\",\"timestamp\":5,\"gateway\":\"g\",\"reason\":\"will\","
             "\"version\":\"0.1.0\",\"started\":4,\"epoch\":3}");
    j = begin();
    encode_stats(&j, &s);
    o = parsed(out, json_length(&j));
    assert_int_equal(json_integer_value(json_object_get(o, "acquired")), 12);
    assert_int_equal(json_integer_value(json_object_get(o, "acknowledged")) +
                         json_integer_value(json_object_get(o, "waiting")) +
                         json_integer_value(json_object_get(o, "dropped")),
                     12);
    json_decref(o);
    j = begin();
    encode_head(&j, "g", 7, 8);
    encode_event(&j, &(struct event){"line_down", "radio", "no route", {5}, "\"line\":\"radio\""});
    assert_string_equal(
        out, "{\"gateway\":\"g\",\"epoch\":7,\"seq\":8,\"type\":\"line_down\",\"subject\":"
             "\"radio\",\"text\":\"no route\",\"timestamp\":5,\"line\":\"radio\"}");
    j = begin();
    encode_head(&j, "g", 7, 9);
    encode_gap(&j, (wall_t){5}, 3, 9, "the disk is full");
    assert_string_equal(
        out, "{\"gateway\":\"g\",\"epoch\":7,\"seq\":9,\"timestamp\":5,\"gap\":{\"from_seq\":3,"
             "\"to_seq\":9,\"reason\":\"the disk is full\"}}");
    json_decref(parsed(out, json_length(&j)));
}

static void topics_have_their_class_at_the_fixed_level(void **state)
{
    (void)state;
    char topic[TOPIC_MAX], root[TOPIC_MAX];
    size_t n = topic_make(topic, "mine/v1", "ldi", TOPIC_VALUE, "mill/pump-1", NULL);
    assert_string_equal(topic, "mine/v1/ldi/value/mill/pump-1");
    n = topic_append(topic, n, "status.ready", 12);
    assert_int_equal(n, strlen(topic));
    assert_string_equal(topic, "mine/v1/ldi/value/mill/pump-1/status.ready");
    topic_make(topic, "mine/v1", "ldi", TOPIC_HISTORY, "gw1", "mill/pump-1");
    assert_string_equal(topic, "mine/v1/ldi/history/gw1/mill/pump-1");
    for (int c = TOPIC_VALUE; c <= TOPIC_AUDIT; c++)
        assert_true(*topic_class_name((enum topic_class)c));
    memset(root, 'r', sizeof(root) - 1);
    root[sizeof(root) - 1] = '\0';
    assert_int_equal(topic_make(topic, root, "s", TOPIC_VALUE, "a/d", "t"), 0);
    assert_int_equal(topic_append(root, sizeof(root) - 5, "flow", 4), 0);
}

int main(void)
{
    const struct CMUnitTest facts[] = {
        cmocka_unit_test(values_are_written_so_that_nobody_misreads_them),
        cmocka_unit_test(hostile_text_stays_inside_its_quotes),
        cmocka_unit_test(nothing_is_written_behind_the_end),
        cmocka_unit_test(value_payloads_are_the_contracts),
        cmocka_unit_test(a_history_frame_is_the_contracts),
        cmocka_unit_test(a_frame_that_is_full_says_so_and_stays_whole),
        cmocka_unit_test(the_dictionary_tells_what_a_historian_asks),
        cmocka_unit_test(the_dictionary_tells_how_often_it_is_asked),
        cmocka_unit_test(the_dictionary_tells_the_type_that_comes),
        cmocka_unit_test(the_dictionary_knows_what_is_watched),
        cmocka_unit_test(everything_else_is_valid_json_too),
        cmocka_unit_test(topics_have_their_class_at_the_fixed_level),
    };
    return cmocka_run_group_tests(facts, NULL, NULL);
}
