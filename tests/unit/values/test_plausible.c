/* SPDX-License-Identifier: Apache-2.0 */
/* Registers whose meaning is known, told to somebody who has only a range and an address that is
 * off by one: does the true reading stand near the top? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "values/plausible.h"

enum { FIRST = 90, COUNT = 30, AT = 100, ROUNDS = 8 };

/* ---- equipment that isn't there -------------------------------------------------------------- */

static void put(uint16_t *at, uint64_t raw, int words, bool least_first)
{
    for (int i = 0; i < words; i++) {
        int shift = 16 * (least_first ? i : words - 1 - i);
        at[i] = (uint16_t)(raw >> shift);
    }
}

static uint64_t bits_of_float(double x)
{
    float f = (float)x;
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static uint64_t bits_of_double(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static uint64_t groups(uint64_t n, uint64_t base, int digits)
{
    uint64_t out = 0;
    for (int i = 0; i < digits; i++, n /= base)
        out |= (n % base) << (i * (base == 10 ? 4 : 16));
    return out;
}

static void swap_bytes(uint16_t *at, int words)
{
    for (int i = 0; i < words; i++)
        at[i] = (uint16_t)(at[i] << 8 | at[i] >> 8);
}

struct hidden {
    const char *what;
    uint8_t type, words;
    const char *order;
    double scale, value, step; /* step: from round to round, at most */
    double low, high;
    int off; /* what people think its address is, less where it is */
    char beside; /* what its neighbours are: f, F (CDAB), i, l (u32), L (u32 CDAB) */
};

static const struct hidden hidden[] = {
    {"a flow as float", RAW_F32, 2, "ABCD", 1, 412.3, 1.7, 0, 800, 1, 'f'},
    {"a flow, words swapped", RAW_F32, 2, "CDAB", 1, 412.3, 1.7, 0, 800, -1, 'F'},
    {"a level, all swapped", RAW_F32, 2, "DCBA", 1, 3.37, 0.01, 0, 10, 1, 'i'},
    {"a temperature, bytes swapped", RAW_F32, 2, "BADC", 1, 21.43, 0.02, -20, 60, 0, 'i'},
    {"a temperature in tenths", RAW_S16, 1, "", 0.1, -12.4, 0.1, -40, 60, 1, 'i'},
    {"a voltage in hundredths", RAW_U16, 1, "", 0.01, 231.07, 0.3, 200, 260, -1, 'i'},
    {"a frequency in thousandths", RAW_U16, 1, "", 0.001, 50.013, 0.01, 49, 51, 1, 'i'},
    {"a volume", RAW_U32, 2, "ABCD", 1, 1834211, 3, 1e6, 3e6, 1, 'l'},
    {"a volume, words swapped", RAW_U32, 2, "CDAB", 1, 1834211, 3, 1e6, 3e6, -1, 'L'},
    {"a negative power", RAW_S32, 2, "ABCD", 1, -48211, 35, -90000, 90000, 0, 'l'},
    {"a power, words swapped", RAW_S32, 2, "CDAB", 0.1, -4821.1, 9, -9000, 9000, 1, 'L'},
    {"a long float", RAW_F64, 4, "ABCDEFGH", 1, 88.123, 0.2, 0, 200, -1, 'i'},
    {"an energy of 64 bits", RAW_U64, 4, "ABCDEFGH", 1, 81234567890.0, 900, 5e10, 2e11, 1, 'l'},
    {"an energy, words swapped", RAW_U64, 4, "GHEFCDAB", 1, 81234567890.0, 900, 5e10, 2e11, 0, 'L'},
    {"a count in BCD", RAW_BCD32, 2, "ABCD", 1, 134581, 2, 1e5, 2e5, 1, 'i'},
    {"an energy modulo 10000", RAW_M10K32, 2, "ABCD", 1, 4561234, 5, 4e6, 6e6, -1, 'i'},
    {"a temperature with its sign apart", RAW_SM16, 1, "", 0.1, -8.3, 0.1, -30, 30, 1, 'i'},
    {"a speed", RAW_U16, 1, "", 1, 1483, 4, 1400, 1550, 1, 'i'},
    {"a pressure in hundredths", RAW_S16, 1, "", 0.01, 6.42, 0.02, -1, 10, -1, 'i'},
    {"a current as float among floats", RAW_F32, 2, "ABCD", 1, 63.2, 0.4, 0, 400, -1, 'f'},
};

static uint64_t raw_of(const struct hidden *h, double value)
{
    long long n = llround(value / h->scale);
    switch (h->type) {
    case RAW_F32:
        return bits_of_float(value);
    case RAW_F64:
        return bits_of_double(value);
    case RAW_BCD32:
        return groups((uint64_t)n, 10, 8);
    case RAW_M10K32:
        return groups((uint64_t)n, 10000, 2);
    case RAW_SM16:
        return n < 0 ? 0x8000U | (uint64_t)-n : (uint64_t)n;
    default:
        return (uint64_t)n;
    }
}

/* A wave, so that nothing but a counter only rises. */
static double wave(double middle, double step, int round, int which)
{
    return middle + step * 1.5 * sin(0.7 * round + which);
}

static void put_neighbours(uint16_t *w, char beside, int round)
{
    static const uint16_t ints[] = {2304, 17,   0,   512, 1, 9987, 431, 65535, 75, 3,
                                    1204, 4002, 250, 18,  0, 0,    960, 2311,  12, 77};
    for (int i = 0; i < COUNT; i++)
        w[i] = (uint16_t)(ints[i % 20] + (ints[i % 20] > 100 && ints[i % 20] < 60000
                                              ? (uint16_t)((round * (i + 3)) % 5)
                                              : 0));
    for (int i = 0; i + 1 < COUNT && beside != 'i'; i += 2) {
        double x = wave(20 + 31 * i, 0.3, round, i);
        if (beside == 'f' || beside == 'F')
            put(w + i, bits_of_float(x), 2, beside == 'F');
        else
            put(w + i, (uint64_t)(90000.0 * (i + 1) + 2 * round), 2, beside == 'L');
    }
}

static void play(const struct hidden *h, uint16_t words[ROUNDS][COUNT])
{
    bool counts =
        h->type == RAW_U32 || h->type == RAW_U64 || h->type == RAW_BCD32 || h->type == RAW_M10K32;
    for (int r = 0; r < ROUNDS; r++) {
        put_neighbours(words[r], h->beside, r);
        uint16_t *at = words[r] + (AT - FIRST);
        double x = counts ? h->value + h->step * r : wave(h->value, h->step, r, 0);
        bool swapped = h->order[0] != '\0' && h->order[0] != 'A' && h->order[0] != 'B';
        put(at, raw_of(h, x), h->words, swapped);
        if (h->order[0] == 'B' || h->order[0] == 'D' || h->order[0] == 'H')
            swap_bytes(at, h->words);
    }
}

static size_t rank_of(const struct hidden *h, const struct plausible *found, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (found[i].point.type == h->type && found[i].point.address == AT &&
            fabs(found[i].point.scale.real - h->scale) < 1e-9 &&
            (strcmp(found[i].order, h->order) == 0))
            return i + 1;
    return 0;
}

static void the_true_reading_stands_among_the_first_three(void **state)
{
    (void)state;
    static struct plausible found[40];
    static uint16_t words[ROUNDS][COUNT];
    int missed = 0;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        const struct hidden *h = &hidden[i];
        play(h, words);
        struct plausible_words table = {TABLE_HOLDING, FIRST, COUNT, ROUNDS, words[0], NULL};
        struct plausible_wish wish = {.address = (uint16_t)(AT + h->off),
                                      .span = 1,
                                      .slack = 1,
                                      .has_range = true,
                                      .low = h->low,
                                      .high = h->high,
                                      .expect = (double)NAN};
        size_t n = plausible_rank(&table, 1, &wish, found, 40);
        size_t rank = rank_of(h, found, n);
        if (rank == 0 || rank > 3) {
            missed++;
            print_message("%s: rank %zu of %zu\n", h->what, rank, n);
        }
    }
    assert_int_equal(missed, 0);
}

static const struct plausible_wish anything = {.address = 10, .span = 1, .expect = (double)NAN};

static void what_reads_the_same_is_told_once(void **state)
{
    (void)state;
    static const uint16_t words[] = {123};
    struct plausible_words table = {TABLE_HOLDING, 10, 1, 1, words, NULL};
    struct plausible_wish wish = anything;
    struct plausible found[20];
    wish.has_range = true;
    wish.low = 0;
    wish.high = 200;
    size_t n = plausible_rank(&table, 1, &wish, found, 20);
    assert_true(n > 0);
    assert_int_equal(found[0].point.type, RAW_U16);
    for (size_t i = 1; i < n; i++)
        assert_false(found[i].value.kind == found[0].value.kind &&
                     found[i].value.places == found[0].value.places &&
                     found[i].value.i == found[0].value.i);
    wish.low = -200; /* now there is a sign */
    plausible_rank(&table, 1, &wish, found, 20);
    assert_int_equal(found[0].point.type, RAW_S16);
}

static void registers_that_are_refused_are_part_of_no_reading(void **state)
{
    (void)state;
    static const uint16_t words[] = {0x4366, 0x3333, 0x4366, 0x3333};
    static const bool known[] = {true, false, true, true};
    struct plausible_words table = {TABLE_INPUT, 10, 4, 1, words, known};
    struct plausible_wish wish = anything;
    struct plausible found[60];
    wish.slack = 3;
    size_t n = plausible_rank(&table, 1, &wish, found, 60);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++)
        assert_true(found[i].point.words == 1 || found[i].point.address >= 12);
}

static void words_are_found_among_registers(void **state)
{
    (void)state;
    static const uint16_t words[] = {1, 0x4232, 0x3320, 0x3131, 0x3220, 0, 77};
    struct plausible_words table = {TABLE_HOLDING, 9, 7, 1, words, NULL};
    struct plausible_wish wish = anything;
    struct plausible found[20];
    size_t n = plausible_rank(&table, 1, &wish, found, 20);
    assert_true(n > 0);
    assert_int_equal(found[0].point.type, RAW_STRING);
    assert_int_equal(found[0].value.length, 7);
    assert_memory_equal(found[0].value.text, "B23 112", 7);
    wish.text = "112";
    n = plausible_rank(&table, 1, &wish, found, 20);
    assert_int_equal(n, 1);
    assert_true(found[0].fits);
}

static void what_is_expected_is_told_from_what_is_only_near(void **state)
{
    (void)state;
    static const uint16_t words[] = {2290, 2302, 2315};
    struct plausible_words table = {TABLE_HOLDING, 9, 3, 1, words, NULL};
    struct plausible_wish wish = {.address = 10,
                                  .span = 1,
                                  .slack = 1,
                                  .has_range = true,
                                  .low = 225.4,
                                  .high = 234.6,
                                  .expect = 230.2};
    struct plausible found[20];
    assert_true(plausible_rank(&table, 1, &wish, found, 20) > 0);
    assert_int_equal(found[0].point.address, 10);
    assert_true(fabs(found[0].point.scale.real - 0.1) < 1e-9);
}

static void a_bit_that_changed_is_found_where_on_or_off_is_expected(void **state)
{
    (void)state;
    static const uint16_t words[] = {0x0112, 0x0112, 0x0132, 0x0132};
    struct plausible_words table = {TABLE_HOLDING, 10, 1, 4, words, NULL};
    struct plausible_wish wish = anything;
    struct plausible found[40];
    wish.has_range = wish.bits = true;
    wish.expect = 1;
    wish.low = 0.95;
    wish.high = 1.05;
    size_t n = plausible_rank(&table, 1, &wish, found, 40);
    assert_true(n >= 4);
    assert_int_equal(found[0].point.bit, 5);
    assert_true(found[0].value.kind == VALUE_BOOL && found[0].value.truth);
    for (size_t i = 0; i < n; i++) /* those that are off aren't offered */
        assert_true(found[i].point.bit != 0 && found[i].point.bit != 3);
}

static void a_wish_is_taken_as_it_is_meant(void **state)
{
    (void)state;
    static const uint16_t words[] = {0x4366, 0x3333, 7, 8, 0x4366, 0x3333, 7, 8};
    enum { ROOM = 400 };
    static struct plausible found[ROOM];
    struct plausible_words tables[2] = {{TABLE_HOLDING, 0, 4, 2, words, NULL},
                                        {TABLE_INPUT, 0, 4, 2, words, NULL}};
    struct plausible_wish wish = anything;
    wish.address = 0;
    /* Without rounds, or with more than there can be, there is nothing to be read. */
    tables[0].rounds = 0;
    assert_int_equal(plausible_rank(tables, 1, &wish, found, ROOM), 0);
    tables[0].rounds = PLAUSIBLE_ROUNDS_MAX + 1;
    assert_int_equal(plausible_rank(tables, 1, &wish, found, ROOM), 0);
    tables[0].rounds = 2;
    assert_int_equal(plausible_rank(tables, 1, &wish, found, 0), 0);
    /* A span of none is that address. */
    size_t one = plausible_rank(tables, 1, &wish, found, ROOM);
    wish.span = 0;
    assert_int_equal(plausible_rank(tables, 1, &wish, found, ROOM), one);
    for (size_t i = 0; i < one; i++)
        assert_int_equal(found[i].point.address, 0);
    /* Looked for before the first address, and behind the last. */
    wish.slack = 10;
    size_t all = plausible_rank(tables, 1, &wish, found, ROOM);
    assert_true(all > one);
    for (size_t i = 0; i < all; i++)
        assert_true(found[i].point.address + found[i].point.words <= 4);
    wish.bits = true;
    plausible_rank(tables, 1, &wish, found, ROOM);
    wish.bits = false;
    /* A table that says the same is the other's mirror, and told as that. */
    size_t both = plausible_rank(tables, 2, &wish, found, ROOM);
    assert_in_range(both, all, 2 * all);
    unsigned mirrored = 0;
    for (size_t i = 0; i < both; i++)
        mirrored += found[i].mirrored;
    assert_true(mirrored > 0);
}

static void a_list_is_never_longer_than_its_room(void **state)
{
    (void)state;
    static const uint16_t words[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct plausible_words table = {TABLE_HOLDING, 65524, 12, 1, words, NULL};
    struct plausible_wish wish = {.address = 65530, .span = 6, .slack = 6, .expect = (double)NAN};
    struct plausible found[3];
    assert_int_equal(plausible_rank(&table, 1, &wish, found, 3), 3);
    assert_int_equal(plausible_rank(&table, 1, &wish, found, 0), 0);
    assert_int_equal(plausible_rank(&table, 0, &wish, found, 3), 0);
    for (int i = 1; i < 3; i++)
        assert_true(found[i - 1].score >= found[i].score);
}

static void addresses_are_taken_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint16_t wire;
        int table, other; /* -1: none */
    } rows[] = {
        {"100", true, 100, -1, -1},
        {"0x64", true, 100, -1, -1},
        {"40001", true, 0, TABLE_HOLDING, 40001},
        {"40101", true, 100, TABLE_HOLDING, 40101},
        {"400101", true, 100, TABLE_HOLDING, -1},
        {"465536", true, 65535, TABLE_HOLDING, -1},
        {"30101", true, 100, TABLE_INPUT, 30101},
        {"300101", true, 100, TABLE_INPUT, -1},
        {"40000", true, 40000, -1, -1},
        {"0x9C41", true, 40001, -1, -1},
        {"50000", true, 50000, -1, -1},
        {"%MW100", true, 100, TABLE_HOLDING, -1},
        {"%iw7", true, 7, TABLE_INPUT, -1},
        {"%MW", false, 0, 0, 0},
        {"%MW70000", false, 0, 0, 0},
        {"%MW99999999999999999999", false, 0, 0, 0},
        {"%MX7", false, 0, 0, 0},
        {"70000", false, 0, 0, 0},
        {"465537", false, 0, 0, 0},
        {"-1", false, 0, 0, 0},
        {"", false, 0, 0, 0},
        {"12a", false, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plausible_address a;
        bool good = plausible_address(rows[i].text, &a);
        if (good != rows[i].good)
            fail_msg("%s", rows[i].text);
        if (!good)
            continue;
        assert_int_equal(a.wire, rows[i].wire);
        assert_int_equal(a.table, rows[i].table);
        assert_int_equal(a.has_other ? (int)a.other : -1, rows[i].other);
        assert_non_null(a.took);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_true_reading_stands_among_the_first_three),
        cmocka_unit_test(what_reads_the_same_is_told_once),
        cmocka_unit_test(registers_that_are_refused_are_part_of_no_reading),
        cmocka_unit_test(words_are_found_among_registers),
        cmocka_unit_test(what_is_expected_is_told_from_what_is_only_near),
        cmocka_unit_test(a_bit_that_changed_is_found_where_on_or_off_is_expected),
        cmocka_unit_test(a_wish_is_taken_as_it_is_meant),
        cmocka_unit_test(a_list_is_never_longer_than_its_room),
        cmocka_unit_test(addresses_are_taken_as_people_write_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
