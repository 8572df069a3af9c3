/* SPDX-License-Identifier: Apache-2.0 */
/* A journal that says what no journal of ours ever said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "publish/journal.h"

static const struct journal_limits wide = {INT64_C(72) * 3600 * NS_PER_S, INT64_C(1) << 31};
static const wall_t noon = {1764100000000};
static const char body[] = "\"n\":1}";
static char dir[64];

static int fresh(void **state)
{
    (void)state;
    log_init((enum log_level)0, 0);
    strcpy(dir, "/tmp/headgate-journal-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int gone(void **state)
{
    char name[512];
    (void)state;
    DIR *d = opendir(dir);
    for (const struct dirent *e; d && (e = readdir(d)) != NULL;) {
        snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
        unlink(name);
    }
    if (d)
        closedir(d);
    return rmdir(dir);
}

static struct journal *opened(const char **why)
{
    struct journal *j = journal_open(dir, wide, noon, why);
    assert_non_null(j);
    return j;
}

static void add_to_all(struct journal *j)
{
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        const struct message m = {.lane = (uint8_t)i,
                                  .topic_length = 3,
                                  .payload_length = sizeof(body) - 1,
                                  .time = noon};
        assert_true(journal_add(j, &m, "a/b", body));
    }
    assert_true(journal_commit(j));
}

static void forge(const char *sql)
{
    char path[128], *error = NULL;
    sqlite3 *db;
    snprintf(path, sizeof(path), "%s/journal.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    sqlite3_close(db);
}

static void key_is_there(void *me, const char *key, const void *blob, size_t size)
{
    (void)me;
    assert_non_null(key);
    assert_non_null(blob);
    assert_true(size > 0);
}

static void numbers_that_were_never_given_are_damage(void **state)
{
    static const char *const forged[] = {
        "UPDATE lane SET last = -1",
        "UPDATE lane SET last = 9223372036854775807",
        "UPDATE lane SET acked = last + 1",
        "UPDATE lane SET acked = -2, last = -2",
        "UPDATE lane SET overlap = 4611686018427387904",
        "UPDATE lane SET lost = -5",
        "UPDATE lane SET refused = 9223372036854775807",
        "INSERT INTO event VALUES (9223372036854775807, 1, 1, 'x')",
        "DELETE FROM event; INSERT INTO event VALUES (-3, 1, 1, 'x')",
        "UPDATE journal SET epoch = -1",
        "UPDATE journal SET epoch = 9223372036854775807",
        "INSERT INTO kept VALUES (NULL, 'x')",
        "UPDATE lane SET overlap = last + 1",
        "INSERT INTO lane VALUES (3, 0, 0, 0, 0, 0)",
        "INSERT INTO lane VALUES (-1, 0, 0, 0, 0, 0)",
        "UPDATE journal SET epoch = 0",
        "DELETE FROM journal",
        "UPDATE topic SET id = 2",
        "INSERT INTO topic VALUES (2, 'a/b')",
        "PRAGMA user_version = 9",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        const char *why;
        fresh(NULL);
        struct journal *j = opened(&why);
        add_to_all(j);
        journal_ack(j, MESSAGE_EVENT, 1);
        add_to_all(j);
        journal_close(j);
        forge(forged[i]);
        j = opened(&why);
        if (!why || !strstr(why, "set aside"))
            fail_msg("%s: %s", forged[i], why ? why : "was taken");
        assert_true(journal_epoch(j) > 0 && journal_epoch(j) < UINT64_C(1) << 40);
        add_to_all(j);
        for (int l = 0; l < MESSAGE_JOURNALED; l++) {
            struct journal_cursor c = {(enum message_lane)l, 1};
            struct row row;
            assert_int_equal(journal_next(j, (enum message_lane)l), 2);
            assert_true(journal_fetch(j, &c, &row));
            assert_int_equal(row.seq, 1);
            assert_int_equal(row.payload_length, sizeof(body) - 1);
            assert_false(journal_fetch(j, &c, &row));
        }
        struct journal_stats s;
        journal_stats(j, &s);
        assert_int_equal(s.waiting[MESSAGE_EVENT], 1);
        assert_int_equal(s.dropped[MESSAGE_EVENT], 0);
        journal_each_kept(j, key_is_there, NULL);
        journal_close(j);
        gone(NULL);
    }
}

static void a_look_from_outside_passes_by_what_has_no_name(void **state)
{
    const char *why;
    (void)state;
    struct journal *j = opened(&why);
    assert_true(journal_keep(j, "alarm/a", "x", 1));
    assert_true(journal_commit(j));
    journal_close(j);
    forge("INSERT INTO kept VALUES (NULL, 'y'), ('empty', NULL), ('also', x'')");
    assert_true(journal_look(dir, key_is_there, NULL));
}

static void a_note_of_impossible_numbers_is_none(void **state)
{
    /* As journal_mark.c writes it: epoch, three numbers, and a sum of them. */
    uint64_t note[5] = {1, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    const char *why;
    char path[128];
    (void)state;
    struct journal *j = opened(&why);
    add_to_all(j);
    note[0] = journal_epoch(j);
    journal_close(j);
    uint64_t x = note[0] * UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 1; i < 4; i++)
        x = (x ^ note[i]) * UINT64_C(0x9E3779B97F4A7C15) + 1;
    note[4] = x;
    snprintf(path, sizeof(path), "%s/journal.mark", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(note, sizeof(note), 1, f), 1);
    fclose(f);
    j = opened(&why);
    assert_null(why);
    assert_int_equal(journal_next(j, MESSAGE_EVENT), 2);
    journal_close(j);
}

static void rows_that_were_never_written_end_the_reading(void **state)
{
    static const char *const forged[] = {"UPDATE event SET topic = 77",
                                         "UPDATE event SET payload = NULL"};
    (void)state;
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        const char *why;
        struct journal_stats s;
        struct row row;
        fresh(NULL);
        struct journal *j = opened(&why);
        add_to_all(j);
        add_to_all(j);
        journal_close(j);
        forge(forged[i]);
        j = opened(&why);
        uint64_t epoch = journal_epoch(j);
        struct journal_cursor c = {MESSAGE_EVENT, 1};
        assert_false(journal_fetch(j, &c, &row));
        journal_stats(j, &s);
        assert_non_null(s.trouble);
        assert_true(journal_commit(j));
        assert_true(journal_epoch(j) > epoch);
        assert_true(journal_fetch(j, &c, &row)); /* a gap in their place */
        assert_null(row.topic);
        assert_int_equal(row.seq, 2);
        journal_close(j);
        gone(NULL);
    }
}

static void without_a_clock_two_epochs_are_hardly_ever_the_same(void **state)
{
    uint64_t epochs[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *why;
        fresh(NULL);
        struct journal *j = journal_open(dir, wide, (wall_t){5000}, &why);
        assert_non_null(j);
        epochs[i] = journal_epoch(j);
        assert_in_range(epochs[i], 1, 1577836800);
        add_to_all(j);
        journal_close(j);
        gone(NULL);
    }
    assert_int_not_equal(epochs[0], epochs[1]);
}

static void what_is_no_journal_is_refused_in_words(void **state)
{
    char path[512];
    const char *why;
    (void)state;
    journal_close(NULL);
    assert_false(journal_look(dir, key_is_there, NULL)); /* there is none */
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_null(journal_open(path, wide, noon, &why));
    assert_non_null(strstr(why, "too long"));
    forge("CREATE TABLE strange (x)");
    assert_false(journal_look(dir, key_is_there, NULL));
}

/* A database that is too long to be looked through at each start, and whose numbers go back: made
 * by changing the bytes of one of them. */
static void numbers_that_go_back_end_the_reading(void **state)
{
    enum { ROWS = 5000, AT = 1700, ROW_BYTES = 15000 };
    static char payload[ROW_BYTES + 1];
    const char *why;
    char path[128];
    (void)state;
    memset(payload, 'x', ROW_BYTES);
    struct journal *j = opened(&why);
    for (unsigned i = 1; i <= ROWS; i++) {
        const struct message m = {
            .lane = MESSAGE_EVENT, .topic_length = 3, .payload_length = ROW_BYTES, .time = noon};
        assert_true(journal_add(j, &m, "a/b", payload));
        if (i % 16 == 0)
            assert_true(journal_commit(j));
    }
    journal_close(j);
    snprintf(path, sizeof(path), "%s/journal.db", dir);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    /* A cell: its length and its number as varints, then the header of the record. */
    static const unsigned char cell[] = {0x80 | AT >> 7, AT & 0x7F, 6, 0};
    static unsigned char page[8192];
    bool found = false;
    for (long at = 0; !found && fseek(f, at, SEEK_SET) == 0 && fread(page, sizeof(page), 1, f) == 1;
         at += (long)sizeof(page)) {
        unsigned char *c = page[0] == 0x0D ? memmem(page, sizeof(page), cell, 2) : NULL;
        if (!c || (c[2] != 5 && c[2] != 6 && c[2] != 7))
            continue;
        c[0] = 0x80;
        c[1] = 1;
        fseek(f, at, SEEK_SET);
        assert_int_equal(fwrite(page, sizeof(page), 1, f), 1);
        found = true;
    }
    fclose(f);
    assert_true(found);
    j = opened(&why);
    assert_null(why);
    struct journal_cursor c = {MESSAGE_EVENT, 1};
    struct row row;
    unsigned rows = 0;
    for (uint64_t before = 0; rows < 2 * ROWS && journal_fetch(j, &c, &row); rows++) {
        assert_true(row.seq > before);
        before = row.seq;
    }
    assert_true(rows < AT);
    assert_true(journal_commit(j)); /* begins anew */
    assert_int_equal(journal_next(j, MESSAGE_EVENT), ROWS + 1);
    journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_that_were_never_given_are_damage),
        cmocka_unit_test_setup_teardown(a_look_from_outside_passes_by_what_has_no_name, fresh,
                                        gone),
        cmocka_unit_test(rows_that_were_never_written_end_the_reading),
        cmocka_unit_test(without_a_clock_two_epochs_are_hardly_ever_the_same),
        cmocka_unit_test_setup_teardown(what_is_no_journal_is_refused_in_words, fresh, gone),
        cmocka_unit_test_setup_teardown(numbers_that_go_back_end_the_reading, fresh, gone),
        cmocka_unit_test_setup_teardown(a_note_of_impossible_numbers_is_none, fresh, gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
