/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "journal_rig.h"

static void rows_are_seen_after_the_commit_and_after_a_restart(void **state)
{
    (void)state;
    struct journal *j = opened(wide);
    struct journal_cursor c = {MESSAGE_HISTORY, 1};
    struct row r;
    assert_int_equal(journal_next(j, MESSAGE_HISTORY), 1);
    assert_int_equal(journal_epoch(j), noon.ms / 1000);
    for (uint64_t i = 1; i <= 1000; i++)
        assert_true(add(j, MESSAGE_HISTORY, i, 300));
    assert_true(add(j, MESSAGE_AUDIT, 0, 300));
    assert_int_equal(journal_pending(j), 1001);
    assert_false(journal_fetch(j, &c, &r));
    assert_true(journal_commit(j));
    assert_int_equal(whole(j, MESSAGE_HISTORY, 1), 0);
    journal_ack(j, MESSAGE_HISTORY, 400);
    journal_set_overlap(j, MESSAGE_HISTORY, 300);
    assert_true(journal_unsaved(j));
    sums(j);
    journal_close(j);

    j = opened(wide);
    assert_int_equal(journal_epoch(j), noon.ms / 1000);
    assert_int_equal(journal_next(j, MESSAGE_HISTORY), 1001);
    assert_int_equal(journal_acked(j, MESSAGE_HISTORY), 400);
    assert_int_equal(journal_overlap(j, MESSAGE_HISTORY), 300);
    assert_int_equal(journal_next(j, MESSAGE_AUDIT), 2);
    assert_int_equal(whole(j, MESSAGE_HISTORY, 1), 0);
    assert_int_equal(whole(j, MESSAGE_HISTORY, 777), 0);
    sums(j);
    struct journal_stats s;
    journal_stats(j, &s);
    assert_int_equal(s.waiting[MESSAGE_HISTORY], 600);
    assert_int_equal(s.oldest_waiting.ms, noon.ms + 401);
    journal_close(j);
}

static void more_rows_than_memory_holds_come_back_in_order(void **state)
{
    (void)state;
    struct journal *j = opened(wide);
    for (uint64_t i = 1; i <= 20000; i++) {
        assert_true(add(j, MESSAGE_HISTORY, i, 700));
        if (i % 50 == 0)
            assert_true(journal_commit(j));
    }
    assert_int_equal(whole(j, MESSAGE_HISTORY, 1), 0);
    /* Two cursors in one lane don't disturb each other. */
    struct journal_cursor a = {MESSAGE_HISTORY, 1}, b = {MESSAGE_HISTORY, 9000};
    struct row r;
    for (uint64_t i = 0; i < 600; i++) {
        assert_true(journal_fetch(j, &a, &r));
        assert_int_equal(r.seq, 1 + i);
        assert_true(journal_fetch(j, &b, &r));
        assert_int_equal(r.seq, 9000 + i);
    }
    assert_int_equal(journal_seq_at(j, MESSAGE_HISTORY, (wall_t){noon.ms + 1234}), 1234);
    assert_int_equal(journal_seq_at(j, MESSAGE_HISTORY, (wall_t){0}), 1);
    assert_int_equal(journal_seq_at(j, MESSAGE_HISTORY, (wall_t){INT64_MAX}), 20001);
    journal_close(j);
}

static void a_jump_in_the_numbers_is_a_gap_row(void **state)
{
    (void)state;
    struct journal *j = opened(wide);
    struct journal_cursor c = {MESSAGE_EVENT, 1};
    struct row r;
    struct journal_stats s;
    add(j, MESSAGE_EVENT, 1, 100);
    add(j, MESSAGE_EVENT, 5, 100);
    assert_false(add(j, MESSAGE_EVENT, 5, 100));
    assert_false(add(j, MESSAGE_EVENT, 6, 500000));
    add(j, MESSAGE_EVENT, 7, 100);
    sums(j);
    journal_stats(j, &s);
    assert_int_equal(s.dropped[MESSAGE_EVENT], 4);
    assert_int_equal(s.waiting[MESSAGE_EVENT], 3);
    for (int turn = 0; turn < 2; turn++) {
        assert_true(journal_commit(j));
        c.next = 1;
        assert_true(journal_fetch(j, &c, &r) && r.seq == 1);
        assert_true(journal_fetch(j, &c, &r) && is_gap(&r, 2, 4));
        assert_true(journal_fetch(j, &c, &r) && r.seq == 5);
        assert_true(journal_fetch(j, &c, &r) && is_gap(&r, 6, 6));
        assert_true(journal_fetch(j, &c, &r) && r.seq == 7);
        assert_false(journal_fetch(j, &c, &r));
        journal_close(j);
        j = opened(wide);
    }
    journal_ack(j, MESSAGE_EVENT, 4);
    sums(j);
    journal_stats(j, &s);
    assert_int_equal(s.acked[MESSAGE_EVENT], 1);
    assert_int_equal(s.waiting[MESSAGE_EVENT], 2);
    journal_ack(j, MESSAGE_EVENT, 7);
    journal_stats(j, &s);
    assert_int_equal(s.acked[MESSAGE_EVENT], 3);
    assert_int_equal(s.waiting[MESSAGE_EVENT], 0);
    journal_close(j);
}

static void refused_rows_are_counted_once(void **state)
{
    (void)state;
    struct journal *j = opened(wide);
    struct journal_stats s;
    for (uint64_t i = 1; i <= 10; i++)
        add(j, MESSAGE_HISTORY, i, 100);
    journal_commit(j);
    for (int turn = 0; turn < 3; turn++) {
        journal_ack(j, MESSAGE_HISTORY, 10);
        journal_refused(j, MESSAGE_HISTORY, 4, 0x87);
        journal_commit(j);
        sums(j);
    }
    journal_stats(j, &s);
    assert_int_equal(s.dropped[MESSAGE_HISTORY], 1);
    assert_int_equal(s.acked[MESSAGE_HISTORY], 9);
    journal_close(j);
}

static void refusals_wait_for_a_commit_and_never_overflow(void **state)
{
    (void)state;
    struct journal *j = opened(wide);
    struct journal_stats s;
    const struct message undated = {
        .lane = MESSAGE_EVENT, .topic_length = 3, .payload_length = 2, .time = {0}};
    for (int i = 0; i < 3000; i++)
        assert_true(journal_add(j, &undated, "a/b", "{}"));
    assert_true(journal_commit(j));
    for (uint64_t seq = 1; seq <= 3000; seq++) {
        assert_int_equal(journal_refusals_wait(j), seq > 1024);
        journal_refused(j, MESSAGE_EVENT, seq, 0x97);
    }
    assert_int_equal(journal_refusal(j, MESSAGE_EVENT, 1), 0x97);
    assert_int_equal(journal_refusal(j, MESSAGE_HISTORY, 1), 0);
    assert_true(journal_commit(j));
    assert_false(journal_refusals_wait(j));
    journal_stats(j, &s);
    assert_in_range(s.dropped[MESSAGE_EVENT], 1024, 3000);
    sums(j);
    journal_close(j);
}

static void a_refused_row_may_be_accepted_later(void **state)
{
    (void)state;
    struct journal *j = opened(wide);
    struct journal_stats s;
    for (uint64_t i = 1; i <= 10; i++)
        add(j, MESSAGE_HISTORY, i, 100);
    journal_commit(j);
    journal_ack(j, MESSAGE_HISTORY, 10);
    journal_refused(j, MESSAGE_HISTORY, 4, 0x87);
    journal_refused(j, MESSAGE_HISTORY, 5, 0x95);
    journal_refused(j, MESSAGE_HISTORY, 8, 0x87);
    assert_int_equal(journal_refusal(j, MESSAGE_HISTORY, 4), 0x87);
    journal_commit(j);
    journal_close(j);
    j = opened(wide);
    assert_int_equal(journal_refusal(j, MESSAGE_HISTORY, 3), 0);
    assert_int_equal(journal_refusal(j, MESSAGE_HISTORY, 5), 0x95);
    assert_int_equal(journal_refusal(j, MESSAGE_EVENT, 4), 0);
    assert_int_equal(journal_next_refused(j, MESSAGE_HISTORY, 0, 0x87), 4);
    assert_int_equal(journal_next_refused(j, MESSAGE_HISTORY, 5, 0x87), 8);
    assert_int_equal(journal_next_refused(j, MESSAGE_HISTORY, 9, 0x87), 0);
    assert_int_equal(journal_next_refused(j, MESSAGE_EVENT, 0, 0x87), 0);
    for (int turn = 0; turn < 2; turn++) {
        journal_accepted(j, MESSAGE_HISTORY, 4);
        assert_int_equal(journal_refusal(j, MESSAGE_HISTORY, 4), 0);
        journal_commit(j);
        sums(j);
    }
    assert_int_equal(journal_next_refused(j, MESSAGE_HISTORY, 0, 0x87), 8);
    journal_stats(j, &s);
    assert_int_equal(s.dropped[MESSAGE_HISTORY], 2);
    assert_int_equal(s.acked[MESSAGE_HISTORY], 8);
    assert_false(journal_refusals_wait(j));
    for (uint64_t i = 1; i <= 1500; i++)
        journal_refused(j, MESSAGE_HISTORY, i, 0x87);
    assert_true(journal_refusals_wait(j));
    journal_close(j);
}

static void two_gateways_cannot_share_a_journal(void **state)
{
    (void)state;
    const char *why;
    struct journal *j = opened(wide);
    assert_null(journal_open(dir, wide, noon, &why));
    assert_non_null(strstr(why, "another gateway"));
    journal_close(j);
    journal_close(opened(wide));
    assert_null(journal_open("/proc/nowhere/at/all", wide, noon, &why));
    assert_non_null(why);
}

/* The tail of the log as a power cut leaves it, and pages that a bad disk made up. */
static void scribble(const char *tail, off_t at, size_t length, bool cut)
{
    char path[128], junk[4096];
    snprintf(path, sizeof(path), "%s/journal.db%s", dir, tail);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    off_t size = lseek(fd, 0, SEEK_END);
    memset(junk, 0x5A, sizeof(junk));
    if (cut)
        assert_int_equal(ftruncate(fd, size + at), 0);
    else
        assert_int_equal(pwrite(fd, junk, length, at < 0 ? size + at : at), (ssize_t)length);
    close(fd);
}

/* Fills a journal in a child that dies without a word. */
static void die_after(uint64_t rows)
{
    pid_t child = fork();
    if (child == 0) {
        const char *why;
        struct journal *j = journal_open(dir, wide, noon, &why);
        uint64_t next = journal_next(j, MESSAGE_HISTORY);
        for (uint64_t i = next; i < next + rows; i++) {
            add(j, MESSAGE_HISTORY, i, 900);
            if (i % 20 == 0)
                journal_commit(j);
        }
        kill(getpid(), SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
}

/* What was on the disk may have been sent: its numbers are not given again. */
static void a_torn_log_loses_its_tail_only_and_says_so(void **state)
{
    (void)state;
    const char *why;
    struct journal_cursor c = {MESSAGE_HISTORY, 81};
    struct row r;
    die_after(100);
    scribble("-wal", -3000, 0, true);
    struct journal *j = journal_open(dir, wide, noon, &why);
    assert_non_null(j);
    assert_non_null(strstr(why, "lost its end"));
    assert_int_equal(journal_epoch(j), noon.ms / 1000);
    assert_int_equal(journal_committed(j, MESSAGE_HISTORY), 80);
    assert_int_equal(journal_next(j, MESSAGE_HISTORY), 102);
    assert_true(add(j, MESSAGE_HISTORY, 102, 100));
    assert_true(journal_commit(j));
    assert_true(journal_fetch(j, &c, &r));
    assert_true(is_gap(&r, 81, 101));
    assert_int_equal(whole(j, MESSAGE_HISTORY, 1), 21);
    sums(j);
    journal_close(j);
    j = opened(wide);
    assert_int_equal(journal_next(j, MESSAGE_HISTORY), 103);
    journal_close(j);
}

static void a_damaged_file_is_set_aside_and_a_new_epoch_begins(void **state)
{
    (void)state;
    const char *why;
    const off_t places[] = {0, 4096 * 30};
    uint64_t epoch = 0;
    for (size_t i = 0; i < 2; i++) {
        struct journal *j = opened(wide);
        for (uint64_t n = 0; n < 500; n++)
            add(j, MESSAGE_HISTORY, journal_next(j, MESSAGE_HISTORY), 900);
        journal_close(j);
        scribble("", places[i], 4096, false);
        j = journal_open(dir, wide, (wall_t){noon.ms + 5000 * (int64_t)i}, &why);
        assert_non_null(j);
        assert_non_null(why);
        assert_non_null(strstr(why, "set aside"));
        assert_true(journal_epoch(j) > epoch);
        epoch = journal_epoch(j);
        assert_int_equal(journal_next(j, MESSAGE_HISTORY), 1);
        add(j, MESSAGE_HISTORY, 1, 10);
        assert_true(journal_commit(j));
        journal_close(j);
        j = opened(wide);
        assert_int_equal(journal_next(j, MESSAGE_HISTORY), 2);
        journal_close(j);
    }
}

static void nothing_committed_is_lost_by_kill_minus_nine(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 25; turn++) {
        int told[2];
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        if (child == 0) {
            const char *why;
            struct journal *j = journal_open(dir, wide, noon, &why);
            for (uint64_t i = journal_next(j, MESSAGE_HISTORY);; i++) {
                add(j, MESSAGE_HISTORY, i, 500 + i % 1000);
                if (i % 7 == 0 && journal_commit(j))
                    if (write(told[1], &i, sizeof(i)) != sizeof(i))
                        _exit(1);
            }
        }
        close(told[1]);
        uint64_t promised = 0, i;
        for (unsigned n = 0; n < 5 + turn * 7 && read(told[0], &i, sizeof(i)) == sizeof(i); n++)
            promised = i;
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(told[0], &i, sizeof(i)) == sizeof(i))
            promised = i;
        close(told[0]);
        struct journal *j = opened(wide);
        assert_true(journal_committed(j, MESSAGE_HISTORY) >= promised);
        assert_int_equal(whole(j, MESSAGE_HISTORY, 1), 0);
        journal_close(j);
    }
}

static mono_t later(int64_t seconds)
{
    return (mono_t){(1000 + seconds) * NS_PER_S};
}

static void old_rows_go_when_acknowledged_only(void **state)
{
    (void)state;
    struct journal *j = opened((struct journal_limits){10 * NS_PER_S, INT64_C(1) << 30});
    for (uint64_t i = 1; i <= 30000; i++)
        add(j, MESSAGE_HISTORY, i, 100);
    journal_commit(j);
    journal_ack(j, MESSAGE_HISTORY, 15000);
    journal_trim(j, noon, later(0));
    while (journal_trim(j, noon, later(22)))
        ;
    assert_int_equal(journal_first(j, MESSAGE_HISTORY), 12000);
    while (journal_trim(j, noon, later(90)))
        ;
    assert_int_equal(journal_first(j, MESSAGE_HISTORY), 15001);
    assert_int_equal(whole(j, MESSAGE_HISTORY, 15001), 0);
    sums(j);
    journal_ack(j, MESSAGE_HISTORY, 30000);
    while (journal_trim(j, noon, later(90)))
        ;
    assert_int_equal(journal_first(j, MESSAGE_HISTORY), 30001);
    journal_close(j);
    j = opened(wide);
    assert_int_equal(journal_next(j, MESSAGE_HISTORY), 30001);
    journal_close(j);
}

static void a_clock_that_jumps_takes_nothing_away(void **state)
{
    (void)state;
    const int64_t years = INT64_C(10) * 365 * 86400 * 1000;
    const struct journal_limits hours = {INT64_C(72) * 3600 * NS_PER_S, INT64_C(1) << 30};
    struct journal *j = opened(hours);
    for (uint64_t i = 1; i <= 100; i++)
        add(j, MESSAGE_HISTORY, i, 100);
    journal_commit(j);
    journal_ack(j, MESSAGE_HISTORY, 100);
    journal_trim(j, noon, later(0));
    journal_trim(j, (wall_t){noon.ms + years}, later(2));
    journal_trim(j, (wall_t){noon.ms - years}, later(4));
    assert_int_equal(journal_first(j, MESSAGE_HISTORY), 1);
    journal_close(j);
    /* It may be wrong from the start, too. */
    const char *why;
    j = journal_open(dir, hours, (wall_t){noon.ms + years}, &why);
    assert_non_null(j);
    journal_trim(j, (wall_t){noon.ms + years}, later(6));
    journal_trim(j, (wall_t){noon.ms + years}, later(8));
    assert_int_equal(journal_first(j, MESSAGE_HISTORY), 1);
    assert_int_equal(whole(j, MESSAGE_HISTORY, 1), 0);
    journal_trim(j, noon, later(8 + 73 * 3600));
    assert_int_equal(journal_first(j, MESSAGE_HISTORY), 101);
    journal_close(j);
}

static void a_file_taken_away_is_noticed_and_what_it_held_is_a_gap(void **state)
{
    (void)state;
    struct journal *j = opened(wide);
    struct journal_cursor c = {MESSAGE_HISTORY, 1};
    struct row r;
    for (uint64_t i = 1; i <= 100; i++)
        add(j, MESSAGE_HISTORY, i, 100);
    journal_commit(j);
    journal_ack(j, MESSAGE_HISTORY, 40);
    journal_set_overlap(j, MESSAGE_HISTORY, 30); /* a new session would have begun with 31 */
    uint64_t epoch = journal_epoch(j);
    empty(dir);
    assert_int_equal(rmdir(dir), 0);
    for (uint64_t i = 101; i <= 110; i++)
        add(j, MESSAGE_HISTORY, i, 100);
    journal_trim(j, noon, later(0));
    assert_true(journal_commit(j));
    assert_true(journal_epoch(j) > epoch);
    sums(j);
    c.next = journal_overlap(j, MESSAGE_HISTORY) + 1;
    assert_true(journal_fetch(j, &c, &r));
    assert_true(is_gap(&r, 31, 100));
    assert_non_null(strstr(r.payload, "taken away"));
    assert_int_equal(whole(j, MESSAGE_HISTORY, 31), 70);
    journal_close(j);
    j = opened(wide);
    assert_int_equal(journal_next(j, MESSAGE_HISTORY), 111);
    assert_int_equal(whole(j, MESSAGE_HISTORY, 31), 70);
    sums(j);
    journal_close(j);
}

static void a_directory_made_anew_is_locked_again(void **state)
{
    (void)state;
    const char *why;
    struct journal *j = opened(wide);
    add(j, MESSAGE_HISTORY, 1, 100);
    journal_commit(j);
    empty(dir);
    assert_int_equal(rmdir(dir), 0);
    journal_trim(j, noon, later(0));
    add(j, MESSAGE_HISTORY, 2, 100);
    assert_true(journal_commit(j));
    assert_null(journal_open(dir, wide, noon, &why));
    assert_non_null(strstr(why, "another gateway"));
    /* And one in which somebody else has begun is left alone. */
    empty(dir);
    struct journal *other = opened(wide);
    add(other, MESSAGE_HISTORY, 1, 100);
    assert_true(journal_commit(other));
    journal_trim(j, noon, later(2));
    add(j, MESSAGE_HISTORY, 3, 100);
    assert_false(journal_commit(j));
    add(other, MESSAGE_HISTORY, 2, 100);
    journal_trim(other, noon, later(2));
    assert_true(journal_commit(other));
    assert_int_equal(whole(other, MESSAGE_HISTORY, 1), 0);
    journal_close(other);
    assert_true(journal_commit(j));
    journal_close(j);
}

/* After a sync that failed, pages of the log may be in memory only, and look well. */
static void a_log_that_is_found_is_brought_home_before_anything_is_added(void **state)
{
    (void)state;
    char log[128];
    struct stat st;
    die_after(100);
    snprintf(log, sizeof(log), "%s/journal.db-wal", dir);
    assert_int_equal(stat(log, &st), 0);
    assert_true(st.st_size > 0);
    struct journal *j = opened(wide);
    assert_int_equal(stat(log, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(whole(j, MESSAGE_HISTORY, 1), 0);
    journal_close(j);
}

static void over_its_size_history_goes_first_and_leaves_a_gap(void **state)
{
    (void)state;
    const int64_t most = 4 << 20;
    struct journal *j = opened((struct journal_limits){72 * 3600 * NS_PER_S, most});
    for (uint64_t i = 1; i <= 10; i++)
        add(j, MESSAGE_EVENT, i, 100);
    for (uint64_t i = 1; i <= 30000; i++) {
        add(j, MESSAGE_HISTORY, i, 1000);
        if (i % 100 == 0)
            journal_commit(j);
        if (i == 2000)
            journal_ack(j, MESSAGE_HISTORY, 500);
        if (i % 1000 == 0)
            while (journal_trim(j, noon, later(0)))
                ;
    }
    journal_commit(j);
    while (journal_trim(j, noon, later(0)))
        ;
    struct journal_stats s;
    journal_stats(j, &s);
    assert_true(s.bytes <= (uint64_t)most);
    assert_int_equal(s.waiting[MESSAGE_EVENT], 10);
    assert_true(s.dropped[MESSAGE_HISTORY] > 25000);
    sums(j);
    uint64_t lost = whole(j, MESSAGE_HISTORY, 501);
    assert_int_equal(lost, s.dropped[MESSAGE_HISTORY]);
    journal_close(j);
    j = opened(wide);
    sums(j);
    assert_int_equal(whole(j, MESSAGE_HISTORY, 501), lost);
    journal_close(j);
    char path[128];
    struct stat st;
    snprintf(path, sizeof(path), "%s/journal.db", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 2 * most + (4 << 20));
}

/* A disk that takes no more: files may not grow. */
static void without_disk_rows_wait_then_become_a_gap_and_it_heals(void **state)
{
    (void)state;
    struct journal_stats s;
    struct rlimit before, tight;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    struct journal *j = opened(wide);
    for (uint64_t i = 1; i <= 100; i++)
        add(j, MESSAGE_HISTORY, i, 1000);
    assert_true(journal_commit(j));
    tight = before;
    tight.rlim_cur = 4096;
    setrlimit(RLIMIT_FSIZE, &tight);
    for (uint64_t i = 101; i <= 10000; i++) {
        assert_true(add(j, MESSAGE_HISTORY, i, 1000));
        if (i % 500 == 0)
            assert_false(journal_commit(j));
    }
    journal_stats(j, &s);
    assert_false(s.healthy);
    assert_non_null(s.trouble);
    assert_true(s.dropped[MESSAGE_HISTORY] > 5000);
    sums(j);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_true(journal_commit(j));
    journal_stats(j, &s);
    assert_true(s.healthy);
    sums(j);
    assert_int_equal(whole(j, MESSAGE_HISTORY, 1), s.dropped[MESSAGE_HISTORY]);
    journal_close(j);
    j = opened(wide);
    assert_int_equal(whole(j, MESSAGE_HISTORY, 1), s.dropped[MESSAGE_HISTORY]);
    sums(j);
    journal_close(j);
}

static void on_a_full_disk_the_oldest_rows_make_room(void **state)
{
    (void)state;
    if (mount("none", dir, "tmpfs", 0, "size=10m") != 0) {
        print_message("SKIPPED: no right to mount a small tmpfs here\n");
        skip();
    }
    struct journal *j = opened(wide);
    struct journal_stats s;
    uint64_t acked = 0;
    for (uint64_t i = 1; i <= 40000; i++) {
        add(j, MESSAGE_HISTORY, i, 1000);
        if (i % 100 == 0)
            journal_commit(j);
        if (i == 3000)
            journal_ack(j, MESSAGE_HISTORY, acked = 2000);
    }
    journal_commit(j);
    journal_stats(j, &s);
    uint64_t first = journal_first(j, MESSAGE_HISTORY);
    uint64_t lost = whole(j, MESSAGE_HISTORY, first > acked ? acked + 1 : first);
    assert_int_equal(lost, s.dropped[MESSAGE_HISTORY]);
    assert_non_null(s.trouble); /* people are told while it lasts */
    sums(j);
    /* The newest are there: the journal did not just stop. */
    assert_true(journal_committed(j, MESSAGE_HISTORY) > 39000);
    journal_close(j);
    umount(dir);
}

static void fill_up(char *path, size_t room)
{
    static char piece[4096];
    snprintf(path, room, "%s/fill", dir);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    while (write(fd, piece, sizeof(piece)) > 0) {
    }
    close(fd);
}

/* Nothing is lost while acknowledged rows can give way, but they were to be kept for days. */
static void a_full_disk_is_told_although_old_rows_make_room(void **state)
{
    (void)state;
    if (mount("none", dir, "tmpfs", 0, "size=20m") != 0) {
        print_message("SKIPPED: no right to mount a small tmpfs here\n");
        skip();
    }
    struct journal_stats s;
    char fill[300];
    struct journal *j = opened(wide);
    uint64_t i = 0;
    while (i < 100)
        add(j, MESSAGE_HISTORY, ++i, 1000);
    assert_true(journal_commit(j));
    fill_up(fill, sizeof(fill));
    for (; i < 8100; i++) {
        add(j, MESSAGE_HISTORY, i + 1, 1000);
        assert_true(journal_commit(j));
        journal_ack(j, MESSAGE_HISTORY, i + 1);
        if (i % 50 == 0)
            journal_trim(j, (wall_t){1}, (mono_t){1});
    }
    journal_stats(j, &s);
    assert_int_equal(s.dropped[MESSAGE_HISTORY], 0);
    assert_true(s.healthy);
    assert_non_null(s.trouble);
    uint64_t first = journal_first(j, MESSAGE_HISTORY);
    assert_true(first > 1);
    unlink(fill);
    journal_trim(j, (wall_t){1}, (mono_t){1});
    journal_stats(j, &s);
    assert_null(s.trouble);
    for (uint64_t end = i + 1000; i < end; i++)
        add(j, MESSAGE_HISTORY, i + 1, 1000);
    assert_true(journal_commit(j));
    assert_int_equal(journal_first(j, MESSAGE_HISTORY), first); /* it grows again */
    journal_close(j);
    umount(dir);
}

/* With nobody there to acknowledge: the newest rows live on the pages that the oldest had. */
static void on_a_disk_that_somebody_else_filled_the_oldest_rows_make_room(void **state)
{
    (void)state;
    if (mount("none", dir, "tmpfs", 0, "size=16m") != 0) {
        print_message("SKIPPED: no right to mount a small tmpfs here\n");
        skip();
    }
    struct journal_stats s;
    char fill[300];
    struct journal *j = opened(wide);
    uint64_t i = 0;
    while (i < 10)
        add(j, MESSAGE_HISTORY, ++i, 1000);
    assert_true(journal_commit(j));
    fill_up(fill, sizeof(fill));
    for (uint64_t n = 0; n < 12000; n++) {
        add(j, MESSAGE_HISTORY, ++i, 1000);
        if (i % 40 == 0 && !journal_commit(j))
            fail_msg("row %llu could not be committed", (unsigned long long)i);
        if (i % 400 == 0)
            journal_trim(j, (wall_t){1}, (mono_t){1});
    }
    assert_true(journal_commit(j));
    journal_stats(j, &s);
    assert_non_null(s.trouble);
    assert_true(s.dropped[MESSAGE_HISTORY] > 5000);
    assert_true(journal_next(j, MESSAGE_HISTORY) - journal_first(j, MESSAGE_HISTORY) > 200);
    assert_int_equal(whole(j, MESSAGE_HISTORY, 1), s.dropped[MESSAGE_HISTORY]);
    sums(j);
    unlink(fill);
    journal_trim(j, (wall_t){1}, (mono_t){1});
    journal_close(j);
    umount(dir);
}

/* Too small a disk for any ballast, filled by somebody else, who then cleans up. */
static void a_disk_that_has_room_again_is_written_again(void **state)
{
    (void)state;
    if (mount("none", dir, "tmpfs", 0, "size=1m") != 0) {
        print_message("SKIPPED: no right to mount a small tmpfs here\n");
        skip();
    }
    struct journal_stats s;
    char fill[300];
    struct journal *j = opened(wide);
    for (uint64_t i = 1; i <= 10; i++)
        add(j, MESSAGE_EVENT, i, 1000);
    assert_true(journal_commit(j));
    fill_up(fill, sizeof(fill));
    for (uint64_t i = 11; i <= 400; i++) {
        add(j, MESSAGE_EVENT, i, 1000);
        journal_commit(j);
    }
    assert_false(journal_commit(j));
    unlink(fill);
    assert_true(journal_commit(j));
    journal_stats(j, &s);
    assert_true(s.healthy);
    assert_int_equal(whole(j, MESSAGE_EVENT, 1), s.dropped[MESSAGE_EVENT]);
    journal_close(j);
    umount(dir);
}

int main(void)
{
#define FACT(f) cmocka_unit_test_setup_teardown(f, fresh, gone)
    const struct CMUnitTest facts[] = {
        FACT(rows_are_seen_after_the_commit_and_after_a_restart),
        FACT(more_rows_than_memory_holds_come_back_in_order),
        FACT(a_jump_in_the_numbers_is_a_gap_row),
        FACT(refused_rows_are_counted_once),
        FACT(refusals_wait_for_a_commit_and_never_overflow),
        FACT(a_refused_row_may_be_accepted_later),
        FACT(two_gateways_cannot_share_a_journal),
        FACT(a_torn_log_loses_its_tail_only_and_says_so),
        FACT(a_damaged_file_is_set_aside_and_a_new_epoch_begins),
        FACT(nothing_committed_is_lost_by_kill_minus_nine),
        FACT(old_rows_go_when_acknowledged_only),
        FACT(a_clock_that_jumps_takes_nothing_away),
        FACT(a_file_taken_away_is_noticed_and_what_it_held_is_a_gap),
        FACT(a_directory_made_anew_is_locked_again),
        FACT(a_log_that_is_found_is_brought_home_before_anything_is_added),
        FACT(over_its_size_history_goes_first_and_leaves_a_gap),
        FACT(without_disk_rows_wait_then_become_a_gap_and_it_heals),
        FACT(on_a_full_disk_the_oldest_rows_make_room),
        FACT(a_full_disk_is_told_although_old_rows_make_room),
        FACT(on_a_disk_that_somebody_else_filled_the_oldest_rows_make_room),
        FACT(a_disk_that_has_room_again_is_written_again),
    };
    return cmocka_run_group_tests(facts, NULL, NULL);
}
