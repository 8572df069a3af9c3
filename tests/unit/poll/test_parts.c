/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that know no sockets: shapes, pieces, back-off, allowance, deadlines. */
#include "rig.c"

#include <netinet/tcp.h>
#include <sys/resource.h>

#include "poll/link.h"
#include "poll/party.h"
#include "poll/pieces.h"
#include "poll/shape.h"
#include "poll/timers.h"

static struct rig *one_line(void)
{
    struct rig *g = rig_new();
    rig_line(g, TRANSPORT_RTU, "/dev/null", 0);
    return g;
}

static bool nobody(const void *me, uint8_t function, uint16_t count)
{
    (void)me;
    (void)function;
    (void)count;
    return false;
}

static void no_shape_looks_like_a_poll_or_like_another_shape(void **state)
{
    (void)state;
    static const uint16_t counts[][4] = {{10, 10, 10}, {1, 2, 3}, {1}, {125}, {2, 4, 6, 8}, {1, 1}};
    for (size_t row = 0; row < sizeof(counts) / sizeof(counts[0]); row++) {
        struct rig *g = one_line();
        for (unsigned i = 0; i < 4 && counts[row][i]; i++)
            rig_read(g, 1, (uint16_t)(200 * i), counts[row][i], NS_PER_S);
        rig_read(g, 2, 0, 5, NS_PER_S);
        struct shapes s;
        shapes_find(&s, &g->plan, 0, 1);
        assert_in_range(s.count, SHAPES_ENOUGH, SHAPES_MAX);
        for (unsigned i = 0; i < s.count; i++) {
            assert_int_not_equal(s.at[i].count, 5);
            for (unsigned k = 0; k < 4; k++)
                assert_int_not_equal(s.at[i].count, counts[row][k]);
            for (unsigned k = 0; k < i; k++)
                assert_int_not_equal(s.at[i].count, s.at[k].count);
        }
        rig_free(g);
    }
}

static void a_shape_never_reads_what_must_not_be_read(void **state)
{
    (void)state;
    struct rig *g = one_line();
    static const struct never never[] = {{TABLE_HOLDING, 4, 9}};
    g->map.limits.never = never;
    g->map.limits.never_count = 1;
    rig_read(g, 1, 2, 2, NS_PER_S);
    struct shapes s;
    shapes_find(&s, &g->plan, 0, 1);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.at[0].first, 2);
    assert_int_equal(s.at[0].count, 1);
    rig_free(g);
}

static void a_shape_goes_over_no_barrier(void **state)
{
    (void)state;
    struct rig *g = one_line();
    static const struct barrier barrier = {TABLE_HOLDING, 5};
    g->map.limits.barriers = &barrier;
    g->map.limits.barrier_count = 1;
    rig_read(g, 1, 2, 2, NS_PER_S);
    struct shapes s;
    shapes_find(&s, &g->plan, 0, 1);
    assert_int_equal(s.count, 2);
    for (unsigned i = 0; i < s.count; i++)
        assert_true(s.at[i].first + s.at[i].count <= 5);
    rig_free(g);
}

static void an_outstanding_shape_is_not_used_again_soon(void **state)
{
    (void)state;
    struct rig *g = one_line();
    rig_read(g, 1, 0, 60, NS_PER_S);
    struct shapes s;
    mono_t now = {NS_PER_S};
    shapes_find(&s, &g->plan, 0, 1);
    assert_int_equal(s.count, SHAPES_MAX);
    struct shape *used[SHAPES_MAX];
    for (unsigned i = 0; i < SHAPES_MAX; i++) {
        used[i] = shapes_take(&s, 10 * NS_PER_S, nobody, NULL, now);
        assert_non_null(used[i]);
        for (unsigned k = 0; k < i; k++)
            assert_ptr_not_equal(used[i], used[k]);
    }
    assert_null(shapes_take(&s, 10 * NS_PER_S, nobody, NULL, now));
    assert_non_null(shapes_take(&s, 10 * NS_PER_S, nobody, NULL, mono_add(now, 10 * NS_PER_S)));
    shapes_proved(&s, used[3]); /* it answered in order: nothing older can come */
    shapes_refused(used[3]); /* one exception doesn't rule out what was served before */
    assert_ptr_equal(shapes_take(&s, 10 * NS_PER_S, nobody, NULL, now), used[3]);
    rig_free(g);
}

static void a_request_is_cut_between_values_until_one_is_left(void **state)
{
    (void)state;
    struct rig *g = one_line();
    struct request *r = rig_read(g, 1, 0, 10, NS_PER_S); /* five values of two registers */
    struct pieces *ps = NULL;
    assert_true(pieces_cut(&ps, &g->plan, r, 0));
    assert_int_equal(ps->count, 2);
    assert_int_equal(ps->at[0].count, 4);
    assert_int_equal(ps->at[1].offset, 4);
    assert_int_equal(ps->at[1].count, 6);
    assert_true(pieces_cut(&ps, &g->plan, r, 1));
    assert_int_equal(ps->at[1].count, 2);
    assert_false(pieces_cut(&ps, &g->plan, r, 1));
    ps->at[1].hole = true;
    assert_true(pieces_cut(&ps, &g->plan, r, 2));
    pieces_join(ps); /* 0..3, hole 4..5, 6..9 */
    assert_int_equal(ps->count, 3);
    assert_int_equal(ps->at[2].offset, 6);
    assert_int_equal(ps->at[2].count, 4);
    free(ps);
    rig_free(g);
}

static void a_group_is_never_cut(void **state)
{
    (void)state;
    struct rig *g = one_line();
    g->points[0].group = g->points[3].group = 0;
    struct request *r = rig_read(g, 1, 0, 10, NS_PER_S);
    struct pieces *ps = NULL;
    assert_true(pieces_cut(&ps, &g->plan, r, 0));
    assert_int_equal(ps->at[0].count, 8);
    assert_int_equal(ps->at[1].offset, 8);
    assert_false(pieces_cut(&ps, &g->plan, r, 0));
    free(ps);
    rig_free(g);
}

/* Five values of two registers; the second one hangs on the fourth. */
static void a_value_is_cut_from_what_it_hangs_on_last_of_all(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct rig *g = one_line();
        struct point *p = &g->points[1];
        p->exp_from = kind == 0 ? 3 : -1;
        p->mul_from = kind == 1 ? 3 : -1;
        p->valid_if.point = kind == 2 ? 3 : -1;
        if (kind == 3) { /* what is computed from it does */
            g->points[9].from = 1;
            g->points[9].mul_from = 8;
            g->points[8].from = 3;
        }
        struct request *r = rig_read(g, 1, 0, 10, NS_PER_S);
        struct pieces *ps = NULL;
        assert_true(pieces_cut(&ps, &g->plan, r, 0));
        assert_int_equal(ps->at[0].count, 2);
        assert_int_equal(ps->at[1].count, 8);
        assert_true(pieces_cut(&ps, &g->plan, r, 1));
        assert_int_equal(ps->at[1].offset, 2);
        assert_int_equal(ps->at[1].count, 6);
        assert_int_equal(ps->at[2].count, 2);
        assert_true(pieces_cut(&ps, &g->plan, r, 1)); /* what is refused lies among them */
        assert_int_equal(ps->at[1].count, 2);
        assert_int_equal(ps->at[2].offset, 4);
        assert_int_equal(ps->at[2].count, 4);
        assert_true(pieces_cut(&ps, &g->plan, r, 2)); /* parted already */
        assert_int_equal(ps->at[2].count, 2);
        assert_false(pieces_cut(&ps, &g->plan, r, 2));
        free(ps);
        rig_free(g);
    }
}

static void gaps_fall_out_when_a_request_is_cut_and_are_named(void **state)
{
    (void)state;
    struct rig *g = one_line();
    struct request *r = rig_read(g, 3, 0x100, 10, NS_PER_S);
    static struct feed feeds[] = {{3, 0, 0, 0}, {3, 1, 8, 0}};
    char text[128];
    r->feeds = feeds;
    r->feed_count = 2;
    struct pieces *ps = NULL;
    assert_true(pieces_cut(&ps, &g->plan, r, 0));
    pieces_tell(ps, 0, &g->plan, r, text, sizeof(text));
    assert_string_equal(text, "limits: {never: [\"holding 0x0102..0x0107\"]}  "
                              "# unit 3 refuses to be read across it");
    free(ps);
    rig_free(g);
}

static void silence_is_probed_at_growing_intervals(void **state)
{
    (void)state;
    struct request r = {.unit = 7, .period_ns = 10 * NS_PER_S};
    struct party p;
    party_init(&p, &r);
    party_add(&p, &r);
    static const int seconds[] = {1, 2, 4, 8, 16, 32, 60, 60};
    mono_t now = {NS_PER_S};
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        party_give_up(&p, 60 * NS_PER_S, i * 97, now);
        assert_int_equal(p.interval_ns, seconds[i] * NS_PER_S);
        int64_t wait = mono_since(p.next_probe, now);
        assert_in_range(wait, p.interval_ns * 9 / 10, p.interval_ns * 11 / 10);
        now = p.next_probe;
    }
    assert_true(party_heard(&p, now));
    assert_false(party_heard(&p, now));
    party_give_up(&p, 60 * NS_PER_S, 0, now);
    assert_int_equal(p.interval_ns, NS_PER_S);
}

static void the_silent_get_their_share_and_no_more(void **state)
{
    (void)state;
    struct allowance a;
    mono_t now = {0};
    allowance_init(&a, 0.1, NS_PER_S, now);
    int64_t spent = 0;
    for (int ms = 0; ms < 100000; ms += 10) {
        now = (mono_t){ms * NS_PER_MS};
        if (allowance_left(&a, now)) {
            allowance_spend(&a, 500 * NS_PER_MS, now);
            spent += 500 * NS_PER_MS;
        }
    }
    assert_in_range(spent, 10 * NS_PER_S, 12 * NS_PER_S);

    /* A bad hour of units that do answer is not a debt that the silent repay for minutes. */
    for (int i = 0; i < 1000; i++)
        allowance_spend(&a, 500 * NS_PER_MS, now);
    now = mono_add(now, 5 * NS_PER_S + NS_PER_MS);
    assert_true(allowance_left(&a, now));
}

static void the_earliest_deadline_is_always_first(void **state)
{
    (void)state;
    enum { N = 500 };
    static struct timer t[N];
    struct timers ts;
    uint32_t x = 1;
    assert_true(timers_init(&ts, N));
    for (unsigned step = 0; step < 20000; step++) {
        x = x * 1664525U + 1013904223U;
        unsigned i = (x >> 8) % N;
        timers_set(&ts, &t[i], x & 64 ? MONO_NEVER : (mono_t){x >> 12});
        if (step % 50)
            continue;
        mono_t least = MONO_NEVER;
        unsigned in = 0;
        for (unsigned k = 0; k < N; k++) {
            in += t[k].place != 0;
            if (t[k].place)
                least = mono_min(least, t[k].when);
        }
        assert_int_equal(in, ts.count);
        const struct timer *first = timers_first(&ts);
        assert_true(first ? first->when.ns == least.ns : in == 0);
    }
    timers_fini(&ts);
}

static void what_is_refused_is_tried_again_soon_and_then_ever_more_seldom(void **state)
{
    (void)state;
    static const int64_t seconds[] = {2, 4, 8, 16, 32, 60, 60};
    struct piece p = {.count = 1, .hole = true};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        p.pause_ns = refusal_pause(p.pause_ns, 60 * NS_PER_S);
        assert_int_equal(p.pause_ns, seconds[i] * NS_PER_S);
    }
    piece_served(&p);
    assert_false(p.hole);
    assert_int_equal(refusal_pause(p.pause_ns, 60 * NS_PER_S), 2 * NS_PER_S);
}

static void the_last_descriptors_are_left_to_others(void **state)
{
    (void)state;
    struct rlimit before, few;
    const union address to = {.v4 = {.sin_family = AF_INET, .sin_port = htons(9)}};
    const char *why = NULL;
    int fd = -1, lowest = dup(0);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)lowest + 8;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(link_tcp_open(&to, &fd, &why), LINK_FAILED);
    assert_string_equal(why, strerror(EMFILE));
    few.rlim_cur++;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    if (link_tcp_open(&to, &fd, &why) == LINK_FAILED)
        assert_string_not_equal(why, strerror(EMFILE)); /* nobody listens there */
    else
        link_tcp_close(fd, true);
    fd = dup(0);
    assert_int_equal(fd, lowest); /* and none was lost */
    close(fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void every_way_to_be_refused_has_its_line_for_the_map(void **state)
{
    (void)state;
    static struct feed one[] = {{3, 0, 0, 0}}, three[] = {{3, 0, 0, 0}, {3, 1, 2, 0}, {3, 2, 4, 0}};
    static const struct {
        enum table table;
        struct feed *feeds;
        uint32_t feed_count;
        struct piece first, second;
        const char *file, *text;
    } facts[] = {
        {TABLE_HOLDING,
         one,
         1,
         {.count = 2, .hole = true},
         {.offset = 2, .count = 2},
         "m.yaml",
         "limits: {never: [\"holding 0x0100..0x0101\"]}  # unit 3 refuses p0 (m.yaml:7)"},
        {TABLE_HOLDING,
         three,
         3,
         {.count = 6, .hole = true},
         {.offset = 6, .count = 2},
         "m.yaml",
         "limits: {never: [\"holding 0x0100..0x0105\"]}  # unit 3 refuses p0 and 2 more "
         "(m.yaml:7)"},
        {TABLE_INPUT,
         one,
         1,
         {.count = 2, .hole = true},
         {.offset = 2, .count = 2},
         NULL,
         "limits: {never: [\"input 0x0100..0x0101\"]}  # unit 3 refuses p0 (no file:7)"},
        {TABLE_HOLDING,
         one,
         0,
         {.count = 2, .hole = true},
         {.offset = 2, .count = 2},
         "m.yaml",
         "limits: {never: [\"holding 0x0100..0x0101\"]}  # unit 3 refuses it (no file:0)"},
        {TABLE_HOLDING,
         one,
         1,
         {.count = 4},
         {.offset = 4, .count = 2},
         NULL,
         "limits: {max_registers: 4}  # unit 3 refuses longer reads"},
        {TABLE_COIL,
         one,
         1,
         {.count = 8},
         {.offset = 8, .count = 16},
         NULL,
         "limits: {max_bits: 16}  # unit 3 refuses longer reads"},
        {TABLE_DISCRETE,
         one,
         1,
         {.count = 8},
         {.offset = 10, .count = 16},
         NULL,
         "limits: {never: [\"discrete 0x0108..0x0109\"]}  # unit 3 refuses to be read across it"},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct rig *g = one_line();
        struct request *r = rig_read(g, 3, 0x100, 10, NS_PER_S);
        char text[200];
        struct pieces *ps = calloc(1, sizeof(*ps) + 2 * sizeof(ps->at[0]));
        r->table = (uint8_t)facts[i].table;
        r->feeds = facts[i].feeds;
        r->feed_count = facts[i].feed_count;
        g->points[0].at.file = facts[i].file;
        g->points[0].at.line = 7;
        ps->count = 2;
        ps->at[0] = facts[i].first;
        ps->at[1] = facts[i].second;
        pieces_tell(ps, 0, &g->plan, r, text, sizeof(text));
        assert_string_equal(text, facts[i].text);
        free(ps);
        rig_free(g);
    }
}

static void shapes_keep_to_the_limits_of_tables_and_maps(void **state)
{
    (void)state;
    static const struct never never[] = {{TABLE_INPUT, 0, 65535}, {TABLE_HOLDING, 300, 400}};
    static const struct {
        enum table table;
        uint16_t first, count, most;
    } facts[] = {
        {TABLE_HOLDING, 0, 4, 125},   {TABLE_HOLDING, 65532, 4, 125},
        {TABLE_HOLDING, 0, 124, 125}, {TABLE_HOLDING, 0, 4, 5},
        {TABLE_HOLDING, 290, 8, 125}, {TABLE_HOLDING, 410, 8, 125},
        {TABLE_INPUT, 0, 4, 125},     {TABLE_COIL, 0, 20, 2000},
        {TABLE_COIL, 0, 20, 24},      {TABLE_DISCRETE, 8, 1999, 2000},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct rig *g = one_line();
        bool bits = facts[i].table <= TABLE_DISCRETE;
        g->map.limits.never = never;
        g->map.limits.never_count = 2;
        g->map.limits.max_bits = g->map.limits.max_registers = facts[i].most;
        struct request *r = rig_read(g, 1, 0, bits ? 16 : facts[i].count, NS_PER_S);
        r->table = (uint8_t)facts[i].table;
        r->first = facts[i].first;
        r->count = facts[i].count;
        struct shapes s;
        shapes_find(&s, &g->plan, 0, 1);
        for (unsigned k = 0; k < s.count; k++) {
            const struct shape *sh = &s.at[k];
            uint32_t end = (uint32_t)sh->first + sh->count;
            assert_int_equal(sh->function, adu_function(r->table));
            assert_true(sh->first >= r->first && end <= 65536 && sh->count <= facts[i].most);
            /* Longer than what is read anyway only where nobody forbade it. */
            for (size_t n = 0; n < 2 && end > (uint32_t)r->first + r->count; n++)
                assert_false(never[n].table == facts[i].table && sh->first <= never[n].last &&
                             end > never[n].first);
            assert_int_not_equal(shape_bytes(sh->function, sh->count),
                                 shape_bytes(sh->function, r->count));
        }
        rig_free(g);
    }
}

static void a_character_takes_as_long_as_its_bits(void **state)
{
    (void)state;
    static const struct {
        struct line line;
        int64_t char_us, gap_us;
    } facts[] = {
        {{.baud = 9600, .data_bits = 8, .parity = PARITY_EVEN, .stop_bits = 1}, 1145, 4010},
        {{.baud = 19200, .data_bits = 8, .parity = PARITY_NONE, .stop_bits = 2}, 572, 2005},
        {{.baud = 38400, .data_bits = 8, .parity = PARITY_NONE, .stop_bits = 1}, 260, 1750},
        {{.baud = 0}, 0, 1750},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        assert_int_equal(link_char_ns(&facts[i].line) / NS_PER_US, facts[i].char_us);
        assert_int_equal(link_gap_ns(&facts[i].line) / NS_PER_US, facts[i].gap_us);
    }
}

/* Values and groups as one request may hold them: what stays together when it is cut in two. */
static void what_overlaps_or_belongs_together_stays_together(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct {
            uint32_t device;
            uint16_t offset, words;
            int32_t group;
        } values[5];
        unsigned count;
        bool cut;
        struct piece first, second;
    } facts[] = {
        {"nothing in it", {{0}}, 0, false, {0}, {0}},
        {"one value", {{3, 0, 2, -1}}, 1, false, {0}, {0}},
        {"two values",
         {{3, 0, 2, -1}, {3, 2, 2, -1}},
         2,
         true,
         {.count = 2},
         {.offset = 2, .count = 2}},
        {"a value inside another",
         {{3, 0, 4, -1}, {3, 1, 2, -1}, {3, 6, 2, -1}},
         3,
         true,
         {.count = 4},
         {.offset = 6, .count = 2}},
        {"a value over the end of another",
         {{3, 0, 4, -1}, {3, 3, 2, -1}, {3, 6, 2, -1}},
         3,
         true,
         {.count = 5},
         {.offset = 6, .count = 2}},
        {"a group around another value",
         {{3, 0, 2, 0}, {3, 2, 2, -1}, {3, 4, 2, 0}, {3, 6, 2, -1}},
         4,
         true,
         {.count = 6},
         {.offset = 6, .count = 2}},
        {"a group whose first value lies behind, and whose last in the middle",
         {{3, 4, 2, 0}, {3, 0, 6, 0}, {3, 2, 2, 0}, {3, 8, 2, -1}},
         4,
         true,
         {.count = 6},
         {.offset = 8, .count = 2}},
        {"groups of the same number in two devices, and two groups in one",
         {{3, 0, 2, 0}, {4, 2, 2, 0}, {3, 4, 2, 1}, {3, 6, 2, 1}},
         4,
         true,
         {.count = 2},
         {.offset = 2, .count = 6}},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct rig *g = one_line();
        struct request *r = rig_read(g, 3, 0x100, 10, NS_PER_S);
        static struct feed feeds[5];
        for (unsigned k = 0; k < facts[i].count; k++) {
            feeds[k] = (struct feed){.device = facts[i].values[k].device,
                                     .point = k,
                                     .offset = facts[i].values[k].offset};
            g->points[k].words = facts[i].values[k].words;
            g->points[k].group = facts[i].values[k].group;
        }
        r->feeds = feeds;
        r->feed_count = facts[i].count;
        struct pieces *ps = NULL;
        bool cut = pieces_cut(&ps, &g->plan, r, 0);
        if (cut != facts[i].cut ||
            (cut && (ps->count != 2 || ps->at[0].offset != facts[i].first.offset ||
                     ps->at[0].count != facts[i].first.count ||
                     ps->at[1].offset != facts[i].second.offset ||
                     ps->at[1].count != facts[i].second.count)))
            fail_msg("%s: %d, %u+%u %u+%u", facts[i].what, cut, cut ? ps->at[0].offset : 0,
                     cut ? ps->at[0].count : 0, cut ? ps->at[1].offset : 0,
                     cut ? ps->at[1].count : 0);
        free(ps);
        rig_free(g);
    }
}

static void parts_that_are_joined_were_served_if_both_were(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        struct pieces *ps = calloc(1, sizeof(*ps) + 2 * sizeof(ps->at[0]));
        ps->count = 2;
        ps->keep = i & 8;
        ps->at[0] = (struct piece){.count = 4, .served = i & 1};
        ps->at[1] = (struct piece){.offset = i & 4 ? 5 : 4, .count = 4, .served = i & 2};
        pieces_join(ps);
        bool joined = !(i & 8) && !(i & 4);
        assert_int_equal(ps->count, joined ? 1 : 2);
        assert_int_equal(ps->at[0].served, joined ? (i & 3) == 3 : i & 1);
        free(ps);
    }
}

static void misses_are_counted_up_to_what_fits(void **state)
{
    (void)state;
    const struct request r = {.unit = 7, .period_ns = 10 * NS_PER_S};
    struct party p;
    party_init(&p, &r);
    for (unsigned i = 0; i < 70000; i++)
        party_missed(&p);
    assert_int_equal(p.misses, UINT16_MAX);
}

/* Of whichever device the unit has, polled or not: two maps may share a unit. */
static void a_shape_asks_for_nothing_that_any_device_of_the_unit_forbids(void **state)
{
    (void)state;
    static const struct {
        enum { LATCH, NEVER, BARRIER, LENGTH } what;
        uint8_t unit, line, table;
        uint16_t first, count;
        bool beyond; /* may be read along */
    } facts[] = {
        {LATCH, 1, 0, TABLE_HOLDING, 14, 2, false},   {LATCH, 1, 0, TABLE_HOLDING, 60, 2, true},
        {LATCH, 1, 0, TABLE_INPUT, 14, 2, true},      {LATCH, 2, 0, TABLE_HOLDING, 14, 2, true},
        {LATCH, 1, 1, TABLE_HOLDING, 14, 2, true},    {LATCH, 1, 0, TABLE_HOLDING, 2, 2, true},
        {NEVER, 1, 0, TABLE_HOLDING, 14, 2, false},   {NEVER, 1, 0, TABLE_INPUT, 14, 2, true},
        {NEVER, 2, 0, TABLE_HOLDING, 14, 2, true},    {NEVER, 1, 1, TABLE_HOLDING, 14, 2, true},
        {BARRIER, 1, 0, TABLE_HOLDING, 14, 2, false}, {BARRIER, 2, 0, TABLE_HOLDING, 14, 2, true},
        {LENGTH, 1, 0, TABLE_HOLDING, 14, 4, false},  {LENGTH, 2, 0, TABLE_HOLDING, 14, 4, true},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct rig *g = one_line();
        rig_read(g, 1, 10, 4, NS_PER_S);
        const uint16_t first = facts[i].first, count = facts[i].count;
        const struct never never = {facts[i].table, first, (uint16_t)(first + count - 1)};
        const struct barrier barrier = {facts[i].table, first};
        struct point latch = g->points[0];
        latch.table = facts[i].table;
        latch.address = first;
        latch.words = count;
        latch.read_mode = READ_ON_DEMAND;
        latch.side_effect = facts[i].what == LATCH;
        struct map other = g->map;
        other.points = &latch;
        other.point_count = 1;
        other.limits.never = &never;
        other.limits.never_count = facts[i].what == NEVER;
        other.limits.barriers = &barrier;
        other.limits.barrier_count = facts[i].what == BARRIER;
        other.limits.max_registers = facts[i].what == LENGTH ? count : 125;
        g->devices[200] =
            (struct device){.map = &other, .unit = facts[i].unit, .line = facts[i].line};
        struct shapes s;
        shapes_find(&s, &g->plan, 0, 1);
        assert_true(s.count > 0);
        bool beyond = false;
        for (unsigned k = 0; k < s.count; k++)
            beyond = beyond || s.at[k].first + s.at[k].count > 14;
        assert_int_equal(beyond, facts[i].beyond);
        rig_free(g);
    }
}

static void a_barrier_holds_in_its_table_and_on_both_sides(void **state)
{
    (void)state;
    static const struct {
        struct barrier barrier;
        unsigned end; /* no shape goes further; 0: as far as it likes */
    } facts[] = {{{TABLE_HOLDING, 15}, 15},
                 {{TABLE_INPUT, 15}, 0},
                 {{TABLE_HOLDING, 10}, 0},
                 {{TABLE_HOLDING, 300}, 0}};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct rig *g = one_line();
        g->map.limits.barriers = &facts[i].barrier;
        g->map.limits.barrier_count = 1;
        rig_read(g, 1, 10, 4, NS_PER_S);
        struct shapes s;
        unsigned furthest = 0;
        shapes_find(&s, &g->plan, 0, 1);
        for (unsigned k = 0; k < s.count; k++)
            if (s.at[k].first + s.at[k].count > furthest)
                furthest = s.at[k].first + s.at[k].count;
        assert_true(facts[i].end ? furthest <= facts[i].end : furthest > 15);
        rig_free(g);
    }
}

/* Between them they read every length; so for one unit only its own lengths are avoided. */
static void a_line_that_uses_every_length_leaves_those_of_other_units(void **state)
{
    (void)state;
    struct rig *g = one_line();
    rig_read(g, 1, 0, 60, NS_PER_S);
    rig_read(g, 1, 100, 2, NS_PER_S);
    for (uint16_t count = 1; count <= 70; count++)
        if (count != 2 && count != 60)
            rig_read(g, 2, 200, count, NS_PER_S);
    struct shapes s;
    shapes_find(&s, &g->plan, 0, 1);
    assert_true(s.count >= SHAPES_ENOUGH);
    for (unsigned i = 0; i < s.count; i++)
        assert_true(s.at[i].count != 2 && s.at[i].count != 60);
    rig_free(g);
}

static bool the_longer(const void *me, uint8_t function, uint16_t count)
{
    assert_int_equal(function, 3);
    return count > *(const uint16_t *)me;
}

static void a_shape_that_is_polled_meanwhile_is_not_taken(void **state)
{
    (void)state;
    struct rig *g = one_line();
    rig_read(g, 1, 0, 60, NS_PER_S);
    struct shapes s;
    uint16_t limit = 12;
    shapes_find(&s, &g->plan, 0, 1);
    unsigned taken = 0;
    for (struct shape *sh; (sh = shapes_take(&s, NS_PER_S, the_longer, &limit, (mono_t){1}));
         taken++)
        assert_true(sh->count <= limit);
    assert_true(taken >= 3 && taken < s.count);
    rig_free(g);
}

static void patience_with_a_connection_is_at_least_a_millisecond(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        int ms;
    } facts[] = {{0, 10000}, {1, 1}, {NS_PER_MS - 1, 1}, {250 * NS_PER_MS, 250}};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        int ms = 0;
        socklen_t length = sizeof(ms);
        link_tcp_patience(s, facts[i].ns);
        assert_int_equal(getsockopt(s, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, &length), 0);
        assert_int_equal(ms, facts[i].ms);
    }
    close(s);
}

static void a_port_is_set_up_as_its_line_says_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        uint32_t baud;
        uint8_t data_bits, stop_bits;
        char parity;
        const char *why; /* NULL: it opens */
    } facts[] = {
        {9600, 8, 1, PARITY_NONE, NULL},
        {19200, 8, 2, PARITY_NONE, NULL},
        {19200, 7, 1, PARITY_EVEN, NULL},
        {115200, 8, 1, PARITY_ODD, NULL},
        {12345, 8, 1, PARITY_NONE, "the port can't run at this speed"},
        {0, 8, 1, PARITY_NONE, "Invalid argument"},
    };
    char name[64];
    int master = rig_pty(name);
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        const struct line l = {.device = name,
                               .baud = facts[i].baud,
                               .data_bits = facts[i].data_bits,
                               .stop_bits = facts[i].stop_bits,
                               .parity = facts[i].parity};
        const char *why = NULL;
        int fd = -1;
        struct serial *s = link_serial_open(&l, &fd, &why);
        if (facts[i].why) {
            assert_null(s);
            assert_string_equal(why, facts[i].why);
            continue;
        }
        if (!s)
            fail_msg("%zu: %s", i, why);
        struct termios is;
        assert_int_equal(tcgetattr(fd, &is), 0);
        /* Of parity and seven bits a pty knows nothing. */
        assert_int_equal((is.c_cflag & CSTOPB) != 0, facts[i].stop_bits == 2);
        assert_int_equal(is.c_cc[VMIN], 1);
        link_serial_close(s);
    }
    link_serial_close(NULL);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_is_tried_again_soon_and_then_ever_more_seldom),
        cmocka_unit_test(no_shape_looks_like_a_poll_or_like_another_shape),
        cmocka_unit_test(a_shape_never_reads_what_must_not_be_read),
        cmocka_unit_test(a_shape_goes_over_no_barrier),
        cmocka_unit_test(an_outstanding_shape_is_not_used_again_soon),
        cmocka_unit_test(a_request_is_cut_between_values_until_one_is_left),
        cmocka_unit_test(a_group_is_never_cut),
        cmocka_unit_test(a_value_is_cut_from_what_it_hangs_on_last_of_all),
        cmocka_unit_test(gaps_fall_out_when_a_request_is_cut_and_are_named),
        cmocka_unit_test(every_way_to_be_refused_has_its_line_for_the_map),
        cmocka_unit_test(shapes_keep_to_the_limits_of_tables_and_maps),
        cmocka_unit_test(a_character_takes_as_long_as_its_bits),
        cmocka_unit_test(silence_is_probed_at_growing_intervals),
        cmocka_unit_test(the_silent_get_their_share_and_no_more),
        cmocka_unit_test(the_last_descriptors_are_left_to_others),
        cmocka_unit_test(the_earliest_deadline_is_always_first),
        cmocka_unit_test(what_overlaps_or_belongs_together_stays_together),
        cmocka_unit_test(parts_that_are_joined_were_served_if_both_were),
        cmocka_unit_test(misses_are_counted_up_to_what_fits),
        cmocka_unit_test(a_shape_asks_for_nothing_that_any_device_of_the_unit_forbids),
        cmocka_unit_test(a_barrier_holds_in_its_table_and_on_both_sides),
        cmocka_unit_test(a_line_that_uses_every_length_leaves_those_of_other_units),
        cmocka_unit_test(a_shape_that_is_polled_meanwhile_is_not_taken),
        cmocka_unit_test(patience_with_a_connection_is_at_least_a_millisecond),
        cmocka_unit_test(a_port_is_set_up_as_its_line_says_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
