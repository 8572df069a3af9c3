/* SPDX-License-Identifier: Apache-2.0 */
/* States that are kept with the rows that tell of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "publish/journal.h"
#include "publish/store.h"

static const struct journal_limits wide = {INT64_C(72) * 3600 * NS_PER_S, INT64_C(1) << 31};
static const wall_t noon = {1764100000000};

static char dir[64];

static int fresh(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/headgate-keep-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int gone(void **state)
{
    char name[512];
    DIR *d = opendir(dir);
    (void)state;
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
        unlink(name);
    }
    if (d)
        closedir(d);
    return rmdir(dir);
}

static struct journal *opened(void)
{
    const char *why;
    struct journal *j = journal_open(dir, wide, noon, &why);
    assert_non_null(j);
    return j;
}

static void add(struct journal *j, enum message_lane lane, uint64_t seq, uint32_t length)
{
    static char payload[64 << 10];
    static const char topic[] = "m/s/event/g";
    memset(payload, 'x', length);
    const struct message m = {.lane = (uint8_t)lane,
                              .topic_length = sizeof(topic) - 1,
                              .payload_length = length,
                              .seq = seq,
                              .time = noon};
    journal_add(j, &m, topic, payload);
}

/* A transition: its row, and the state behind it, which says the row's number. */
static void turn(struct journal *j, uint64_t seq, const char *key)
{
    uint64_t blob[40] = {seq};
    blob[39] = ~seq;
    add(j, MESSAGE_EVENT, seq, 300);
    journal_keep(j, key, blob, sizeof(blob));
}

struct seen {
    const char *key;
    size_t size;
    uint64_t number, highest;
    unsigned count;
    uint8_t first, last;
};

static void see(void *me, const char *key, const void *blob, size_t size)
{
    struct seen *s = me;
    uint64_t words[40];
    s->count++;
    if (size == sizeof(words)) {
        memcpy(words, blob, size);
        assert_int_equal(words[39], ~words[0]);
        if (words[0] > s->highest)
            s->highest = words[0];
    }
    if (!s->key || strcmp(s->key, key) != 0)
        return;
    s->size = size;
    memcpy(&s->number, blob, size < sizeof(s->number) ? size : sizeof(s->number));
    memcpy(&s->first, blob, 1);
    memcpy(&s->last, (const uint8_t *)blob + size - 1, 1);
}

static struct seen kept(const struct journal *j, const char *key)
{
    struct seen s = {.key = key};
    journal_each_kept(j, see, &s);
    return s;
}

static void the_newest_state_of_each_key_comes_back(void **state)
{
    (void)state;
    struct journal *j = opened();
    assert_int_equal(kept(j, "a").count, 0);
    for (uint64_t i = 1; i <= 100; i++)
        turn(j, i, i % 2 ? "alarm/mill/sump/high" : "alarm/mill/sump/low");
    assert_true(journal_keep(j, "leak/dam", "learned", 7));
    assert_true(journal_unsaved(j));
    assert_true(journal_commit(j));
    journal_close(j);
    for (int times = 0; times < 2; times++) {
        j = opened();
        assert_int_equal(kept(j, "alarm/mill/sump/high").number, 99);
        assert_int_equal(kept(j, "alarm/mill/sump/low").number, 100);
        assert_int_equal(kept(j, "leak/dam").size, 7);
        assert_int_equal(kept(j, "").count, 3);
        journal_close(j);
    }
}

static void a_state_of_no_bytes_is_forgotten(void **state)
{
    (void)state;
    struct journal *j = opened();
    journal_keep(j, "a", "1", 1);
    journal_keep(j, "b", "2", 1);
    journal_keep(j, "c", NULL, 0);
    journal_commit(j);
    journal_keep(j, "a", NULL, 0);
    assert_int_equal(kept(j, "a").count, 1);
    journal_close(j);
    j = opened();
    assert_int_equal(kept(j, "b").first, '2');
    assert_int_equal(kept(j, "b").count, 1);
    journal_keep(j, "b", NULL, 0);
    journal_keep(j, "b", "3", 1);
    journal_close(j);
    j = opened();
    assert_int_equal(kept(j, "b").first, '3');
    journal_close(j);
}

static void what_did_not_change_costs_no_write(void **state)
{
    (void)state;
    struct journal *j = opened();
    journal_keep(j, "a", "same", 4);
    journal_commit(j);
    journal_keep(j, "a", "same", 4);
    journal_keep(j, "nobody", NULL, 0);
    assert_false(journal_unsaved(j));
    journal_close(j);
}

static void a_megabyte_is_kept_whole(void **state)
{
    (void)state;
    static uint8_t big[1 << 20];
    struct journal *j = opened();
    char key[32];
    memset(big, 0x5A, sizeof(big));
    big[0] = 1;
    big[sizeof(big) - 1] = 2;
    assert_true(journal_keep(j, "big", big, sizeof(big)));
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "alarm/a/d/%d", i);
        assert_true(journal_keep(j, key, big, 1000));
    }
    assert_true(journal_commit(j));
    assert_false(journal_keep(j, "big", big, (size_t)1 << 40));
    journal_close(j);
    j = opened();
    struct seen s = kept(j, "big");
    assert_int_equal(s.count, 1001);
    assert_int_equal(s.size, sizeof(big));
    assert_int_equal(s.first, 1);
    assert_int_equal(s.last, 2);
    journal_close(j);
}

/* Writes transitions, several to a commit, until it is killed. */
static void writer(int told)
{
    const char *why;
    struct journal *j = journal_open(dir, wide, noon, &why);
    if (!j)
        _exit(1);
    char key[32];
    for (uint64_t i = journal_next(j, MESSAGE_EVENT);; i++) {
        snprintf(key, sizeof(key), "alarm/a/d/%llu", (unsigned long long)(i % 13));
        turn(j, i, key);
        if (i % 5 == 0 && journal_commit(j) && write(told, &i, sizeof(i)) != sizeof(i))
            _exit(1);
    }
}

static void a_power_cut_leaves_both_or_neither(void **state)
{
    (void)state;
    for (unsigned times = 0; times < 30; times++) {
        int told[2];
        uint64_t promised = 0, i;
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        if (child == 0)
            writer(told[1]);
        close(told[1]);
        for (unsigned n = 0; n < 3 + times * 3 && read(told[0], &i, sizeof(i)) == sizeof(i); n++)
            promised = i;
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(told[0], &i, sizeof(i)) == sizeof(i))
            promised = i;
        close(told[0]);
        struct journal *j = opened();
        uint64_t newest = journal_committed(j, MESSAGE_EVENT);
        assert_true(promised > 0 && newest >= promised);
        for (uint64_t k = newest - 12; k <= newest; k++) {
            char key[32];
            snprintf(key, sizeof(key), "alarm/a/d/%llu", (unsigned long long)(k % 13));
            assert_int_equal(kept(j, key).number, k);
        }
        assert_int_equal(kept(j, "").highest, newest);
        journal_close(j);
    }
}

/* A disk that takes no more: files may not grow. */
static void states_survive_a_commit_that_failed(void **state)
{
    (void)state;
    struct rlimit before, tight;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    struct journal *j = opened();
    turn(j, 1, "alarm/x");
    turn(j, 2, "alarm/y");
    assert_true(journal_commit(j));
    tight = before;
    tight.rlim_cur = 4096;
    setrlimit(RLIMIT_FSIZE, &tight);
    /* More than memory holds: of the rows the oldest become a gap, of the states the newest stays.
     */
    for (uint64_t i = 3; i <= 2000; i++) {
        turn(j, i, "alarm/x");
        if (i % 100 == 0)
            assert_false(journal_commit(j));
    }
    journal_keep(j, "alarm/y", NULL, 0);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_true(journal_commit(j));
    journal_close(j);
    j = opened();
    assert_int_equal(journal_committed(j, MESSAGE_EVENT), 2000);
    assert_int_equal(kept(j, "alarm/x").number, 2000);
    assert_int_equal(kept(j, "alarm/x").count, 1);
    journal_close(j);
}

/* A full disk is written in small pieces; events are never cut from the states behind them. */
static void on_a_full_disk_states_and_rows_stay_together(void **state)
{
    (void)state;
    struct journal *j = opened();
    for (uint64_t i = 1; i <= 3000; i++)
        add(j, MESSAGE_HISTORY, i, 1000);
    assert_true(journal_commit(j));
    char sql[64];
    uint64_t pages;
    assert_int_equal(store_number(j->pages, &pages), SQLITE_OK);
    snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%llu", (unsigned long long)pages);
    assert_int_equal(store_exec(j, sql), SQLITE_OK);
    for (uint64_t i = 1; i <= 2000; i++) {
        add(j, MESSAGE_HISTORY, 3000 + i, 1000);
        turn(j, i, i % 2 ? "alarm/x" : "alarm/y");
        if (i % 250)
            continue;
        assert_true(journal_commit(j));
        assert_int_equal(journal_committed(j, MESSAGE_EVENT), i);
    }
    assert_true(journal_first(j, MESSAGE_HISTORY) > 1);
    journal_close(j);
    j = opened();
    assert_int_equal(journal_committed(j, MESSAGE_EVENT), 2000);
    assert_int_equal(kept(j, "alarm/x").number, 1999);
    assert_int_equal(kept(j, "alarm/y").number, 2000);
    journal_close(j);
}

static void a_file_that_is_taken_away_takes_no_state_with_it(void **state)
{
    (void)state;
    char path[128];
    struct journal *j = opened();
    turn(j, 1, "alarm/x");
    journal_commit(j);
    snprintf(path, sizeof(path), "%s/journal.db", dir);
    unlink(path);
    journal_trim(j, noon, (mono_t){NS_PER_S});
    turn(j, 2, "alarm/y");
    assert_true(journal_commit(j));
    journal_close(j);
    j = opened();
    assert_int_equal(kept(j, "alarm/x").number, 1);
    assert_int_equal(kept(j, "alarm/y").number, 2);
    journal_close(j);
}

static void sql(const char *text)
{
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof(path), "%s/journal.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_journal_from_before_gets_the_table(void **state)
{
    (void)state;
    struct journal *j = opened();
    turn(j, 1, "alarm/x");
    journal_close(j);
    sql("DROP TABLE kept");
    j = opened();
    assert_int_equal(journal_next(j, MESSAGE_EVENT), 2);
    assert_int_equal(kept(j, "").count, 0);
    turn(j, 2, "alarm/x");
    journal_close(j);
    j = opened();
    assert_int_equal(kept(j, "alarm/x").number, 2);
    journal_close(j);
}

static void states_of_a_damaged_file_are_not_believed(void **state)
{
    (void)state;
    const char *why;
    struct journal *j = opened();
    for (uint64_t i = 1; i <= 500; i++)
        turn(j, i, "alarm/x");
    journal_close(j);
    char path[128];
    snprintf(path, sizeof(path), "%s/journal.db", dir);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    fseek(f, 4096 * 5, SEEK_SET);
    for (int i = 0; i < 8192; i++)
        fputc(0x5A, f);
    fclose(f);
    j = journal_open(dir, wide, noon, &why);
    assert_non_null(j);
    assert_non_null(why);
    assert_int_equal(kept(j, "").count, 0);
    turn(j, 1, "alarm/x");
    assert_true(journal_commit(j));
    assert_int_equal(kept(j, "alarm/x").number, 1);
    journal_close(j);
}

int main(void)
{
#define FACT(f) cmocka_unit_test_setup_teardown(f, fresh, gone)
    const struct CMUnitTest facts[] = {
        FACT(the_newest_state_of_each_key_comes_back),
        FACT(a_state_of_no_bytes_is_forgotten),
        FACT(what_did_not_change_costs_no_write),
        FACT(a_megabyte_is_kept_whole),
        FACT(a_power_cut_leaves_both_or_neither),
        FACT(states_survive_a_commit_that_failed),
        FACT(on_a_full_disk_states_and_rows_stay_together),
        FACT(a_file_that_is_taken_away_takes_no_state_with_it),
        FACT(a_journal_from_before_gets_the_table),
        FACT(states_of_a_damaged_file_are_not_believed),
    };
    return cmocka_run_group_tests(facts, NULL, NULL);
}
