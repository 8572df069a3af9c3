/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a journal, told again and again, each time with another call that fails: memory, the
 * disk as SQLite sees it, the system. Whatever fails, what was promised to be on disk is there
 * afterwards, no number has two rows, and everything works again. */
#include <fcntl.h>
#include <sqlite3.h>

#include "base/log.h"
#include "failing.h"
#include "journal_rig.h"

enum { MOST = 128 };

struct story {
    bool narrow; /* so little room that the oldest rows are given up */
    bool may_be_replaced; /* what fails looks like damage */
    uint64_t epoch; /* of the promises; another one makes them void */
    uint64_t promised[MESSAGE_JOURNALED];
    bool row[MESSAGE_JOURNALED][MOST]; /* was taken as a row, not as a gap */
    uint64_t state, promised_state;
    unsigned starts;
};

static void heed_epoch(const struct journal *j, struct story *s)
{
    if (s->epoch == journal_epoch(j))
        return;
    if (s->epoch && (!s->may_be_replaced || journal_epoch(j) < s->epoch))
        fail_msg("a new epoch without damage, or an older one");
    *s = (struct story){.narrow = s->narrow,
                        .may_be_replaced = s->may_be_replaced,
                        .epoch = journal_epoch(j),
                        .state = s->state,
                        .starts = s->starts};
}

static void say(struct journal *j, struct story *s, enum message_lane lane, uint64_t jump)
{
    uint64_t seq = journal_next(j, lane) + jump;
    assert_true(seq < MOST);
    bool taken = add(j, lane, seq, 300);
    heed_epoch(j, s);
    s->row[lane][seq] = taken;
}

static void commit(struct journal *j, struct story *s)
{
    bool good = journal_commit(j);
    heed_epoch(j, s);
    if (!good)
        return;
    assert_int_equal(journal_pending(j), 0);
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        s->promised[i] = journal_committed(j, (enum message_lane)i);
    s->promised_state = s->state;
}

static void keep(struct journal *j, struct story *s, uint64_t state)
{
    if (journal_keep(j, "alarm/mill/high", &state, sizeof state))
        s->state = state;
    journal_keep(j, "leak/dam", "learned", state % 2 ? 7 : 0);
}

/* Reads on as far as it goes; what comes is true and in order. */
static void read_some(struct journal *j)
{
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        struct journal_cursor c = {(enum message_lane)i, 1};
        struct row r;
        for (uint64_t before = 0; journal_fetch(j, &c, &r); before = r.seq) {
            assert_true(r.seq > before && r.seq <= journal_committed(j, c.lane));
            assert_true(!r.topic || content(&r) == r.seq);
        }
        journal_seq_at(j, c.lane, (wall_t){noon.ms + 3});
    }
    int reason = journal_refusal(j, MESSAGE_HISTORY, 3);
    assert_true(reason == 0 || reason == 151);
    uint64_t refused = journal_next_refused(j, MESSAGE_HISTORY, 1, 151);
    assert_true(refused == 0 || refused == 3);
    sums(j);
}

static void work(struct journal *j, struct story *s, uint64_t turn)
{
    if (s->epoch != journal_epoch(j))
        s->state = 0; /* nobody could read it; one that is replaced while in use keeps it */
    heed_epoch(j, s);
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        enum message_lane lane = (enum message_lane)i;
        assert_true(journal_next(j, lane) > s->promised[i]);
        assert_true(s->promised[i] == 0 || journal_first(j, lane) <= s->promised[i]);
    }
    keep(j, s, 2 * turn);
    for (int i = 0; i < 4; i++)
        say(j, s, MESSAGE_HISTORY, 0);
    say(j, s, MESSAGE_EVENT, 0);
    commit(j, s);
    journal_ack(j, MESSAGE_HISTORY, 2);
    journal_set_overlap(j, MESSAGE_HISTORY, 1);
    journal_refused(j, MESSAGE_HISTORY, 3, 151);
    journal_refused(j, MESSAGE_HISTORY, 4, 151);
    journal_accepted(j, MESSAGE_HISTORY, 4);
    keep(j, s, 2 * turn + 1);
    say(j, s, MESSAGE_HISTORY, 3); /* a jump */
    say(j, s, MESSAGE_AUDIT, 0);
    commit(j, s);
    read_some(j);
    journal_trim(j, noon, (mono_t){(int64_t)turn * NS_PER_S});
    journal_trim(j, noon, (mono_t){(int64_t)(turn + 1) * NS_PER_S});
    say(j, s, MESSAGE_HISTORY, 0);
    commit(j, s);
    read_some(j);
}

static char refusal[512];

/* Each start a minute after the one before: a second has one epoch only. */
static struct journal *begin(struct story *s)
{
    const char *why;
    const wall_t now = {noon.ms + 60000 * (int64_t)++s->starts};
    struct journal_limits limits = wide;
    if (s->narrow)
        limits.max_bytes = 1;
    struct journal *j = journal_open(dir, limits, now, &why);
    if (!j)
        snprintf(refusal, sizeof refusal, "%s", why);
    return j;
}

static void live(struct story *s)
{
    for (uint64_t turn = 1; turn <= 2; turn++) {
        struct journal *j = begin(s);
        if (!j)
            j = begin(s); /* as systemd would start it again */
        if (!j)
            return;
        work(j, s, turn);
        journal_close(j);
    }
}

static void see_state(void *me, const char *key, const void *blob, size_t size)
{
    uint64_t *state = me;
    if (strcmp(key, "alarm/mill/high") == 0 && size == sizeof *state)
        memcpy(state, blob, size);
}

/* Every promised number is there: what was taken as a row as that row, unless it was given up and
 * this is told. */
static void look(struct journal *j, const struct story *s, enum message_lane lane)
{
    uint64_t from = s->narrow || s->may_be_replaced ? journal_acked(j, lane) + 1 : 1;
    struct journal_cursor c = {lane, from};
    struct row r;
    whole(j, lane, from);
    bool strict = !s->narrow && !s->may_be_replaced;
    for (uint64_t expected = from; strict && journal_fetch(j, &c, &r); expected = r.seq + 1)
        for (uint64_t seq = expected; !r.topic && seq <= r.seq; seq++)
            if (seq <= s->promised[lane] && s->row[lane][seq])
                fail_msg("row %llu was promised and is a gap", (unsigned long long)seq);
    assert_true(journal_committed(j, lane) >= s->promised[lane]);
}

static void afterwards(struct story *s)
{
    uint64_t state = 0;
    struct journal *j = begin(s);
    if (!j)
        fail_msg("cannot be opened any more: %s", refusal);
    heed_epoch(j, s);
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        look(j, s, (enum message_lane)i);
    sums(j);
    journal_each_kept(j, see_state, &state);
    assert_true(state >= s->promised_state);
    assert_true(journal_look(dir, see_state, &state));
    s->may_be_replaced = s->narrow = false;
    uint64_t next = journal_next(j, MESSAGE_EVENT);
    assert_true(add(j, MESSAGE_EVENT, next, 100));
    assert_true(journal_commit(j));
    struct journal_stats stats;
    journal_stats(j, &stats);
    assert_null(stats.trouble);
    journal_close(j);
    j = opened(wide);
    assert_int_equal(journal_committed(j, MESSAGE_EVENT), next);
    journal_close(j);
}

/* Thousands of journals are written, and none of them meets a power cut. */
int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

int fsync(int fd)
{
    (void)fd;
    return 0;
}

static void fresh_and_small(void)
{
    assert_int_equal(fresh(NULL), 0);
    /* A ballast that is there already keeps its size. */
    char path[128];
    snprintf(path, sizeof path, "%s/journal.ballast", dir);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, 256 << 10), 0);
    close(fd);
}

struct trouble {
    const char *name;
    unsigned kinds;
    int error;
    bool looks_like_damage;
    unsigned every; /* so many places are one too many for a short run */
    bool also_lasting, also_narrow;
};

static const struct trouble troubles[] = {
    {"memory", FAIL_MEMORY, 0, false, 1, true, true},
    {"SQLite's memory", FAIL_LIBRARY, 0, false, 67, true, false},
    {"disk full", FAIL_DATABASE, SQLITE_FULL, false, 5, true, true},
    {"disk full, late", FAIL_DATABASE | FAIL_LATE, SQLITE_FULL, false, 11, false, false},
    {"input or output", FAIL_DATABASE, SQLITE_IOERR, false, 3, true, true},
    {"no sync", FAIL_DATABASE | FAIL_LATE, SQLITE_IOERR_FSYNC, false, 5, false, true},
    {"damage", FAIL_DATABASE, SQLITE_CORRUPT, true, 3, false, true},
    {"not a database", FAIL_DATABASE, SQLITE_NOTADB, true, 11, true, false},
    {"busy", FAIL_DATABASE, SQLITE_BUSY, false, 7, false, false},
    {"no memory, says SQLite", FAIL_DATABASE, SQLITE_NOMEM, false, 11, false, false},
    {"read only", FAIL_DATABASE, SQLITE_READONLY, false, 13, false, false},
    {"no right to", FAIL_SYSTEM, EACCES, false, 1, true, false},
    {"no room", FAIL_SYSTEM, ENOSPC, false, 1, false, false},
};

static const char *what; /* failed last, and where; 0: all is well */
static long where;

static void sweep(const struct trouble *t, bool narrow, bool lasting)
{
    long places = 1, step = getenv("HEADGATE_LONG") ? 1 : (long)t->every;
    for (bool failed = true; failed; places += step) {
        struct story s = {.narrow = narrow, .may_be_replaced = t->looks_like_damage};
        fresh_and_small();
        what = t->name;
        where = places;
        fail_at(t->kinds, places, lasting, t->error);
        live(&s);
        failed = fail_none();
        afterwards(&s);
        gone(NULL);
    }
    assert_true(places > 10);
    where = 0;
}

static void one_call_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
        sweep(&troubles[i], false, false);
}

static void all_calls_fail_from_some_time_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
        if (troubles[i].also_lasting)
            sweep(&troubles[i], false, true);
}

static void one_call_fails_while_rows_are_given_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
        if (troubles[i].also_narrow)
            sweep(&troubles[i], true, false);
}

/* The file is damaged, or taken away while in use; and then something fails. */
static void damage_and_another_failure(void **state)
{
    static const struct trouble twice[] = {
        {.name = "memory", .kinds = FAIL_MEMORY},
        {.name = "no right to", .kinds = FAIL_SYSTEM, .error = EACCES},
        {.name = "input or output", .kinds = FAIL_DATABASE, .error = SQLITE_IOERR, .every = 3},
        {.name = "SQLite's memory", .kinds = FAIL_LIBRARY, .every = 67},
    };
    (void)state;
    for (size_t i = 0; i < 4 * sizeof twice / sizeof twice[0]; i++) {
        const struct trouble *t = &twice[i / 4];
        bool in_use = i % 2, lasting = i / 2 % 2, failed = true;
        char path[128];
        for (long n = 1; failed; n += t->every ? t->every : 1) {
            struct story s = {.may_be_replaced = true};
            fresh_and_small();
            snprintf(path, sizeof path, "%s/journal.db", dir);
            what = t->name;
            where = n;
            struct journal *j = begin(&s);
            work(j, &s, 1);
            if (in_use) {
                assert_int_equal(unlink(path), 0);
            } else {
                journal_close(j);
                int fd = open(path, O_WRONLY);
                assert_int_equal(pwrite(fd, "x", 1, 0), 1);
                close(fd);
            }
            fail_at(t->kinds, n, lasting, t->error);
            if (!in_use)
                j = begin(&s);
            if (j)
                work(j, &s, 2);
            journal_close(j);
            failed = fail_none();
            afterwards(&s);
            gone(NULL);
        }
        where = 0;
    }
}

static int tell_where(void **state)
{
    (void)state;
    if (where)
        print_message("%s, place %ld\n", what, where);
    return 0;
}

/* SQLite's own memory is ours, so that it runs out with the rest. */
enum { HEAD = 16 };

void *__real_malloc(size_t n);
void *__real_realloc(void *p, size_t n);

static void *get(int n)
{
    char *p = fail_library() ? NULL : __real_malloc((size_t)n + HEAD);
    if (!p)
        return NULL;
    memcpy(p, &n, sizeof n);
    return p + HEAD;
}

static void give(void *p)
{
    free((char *)p - HEAD);
}

static void *resize(void *p, int n)
{
    char *more = fail_library() ? NULL : __real_realloc((char *)p - HEAD, (size_t)n + HEAD);
    if (!more)
        return NULL;
    memcpy(more, &n, sizeof n);
    return more + HEAD;
}

static int size_of(void *p)
{
    int n;
    memcpy(&n, (char *)p - HEAD, sizeof n);
    return n;
}

static int round_up(int n)
{
    return (n + 7) & ~7;
}

static int ready(void *me)
{
    (void)me;
    return SQLITE_OK;
}

static void done(void *me)
{
    (void)me;
}

int main(void)
{
    static const sqlite3_mem_methods ours = {get,      give,  resize, size_of,
                                             round_up, ready, done,   NULL};
    const struct CMUnitTest facts[] = {
        cmocka_unit_test_teardown(one_call_fails, tell_where),
        cmocka_unit_test_teardown(damage_and_another_failure, tell_where),
        cmocka_unit_test_teardown(all_calls_fail_from_some_time_on, tell_where),
        cmocka_unit_test_teardown(one_call_fails_while_rows_are_given_up, tell_where),
    };
    log_init((enum log_level)0, 0);
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK)
        return 1;
    return cmocka_run_group_tests(facts, NULL, NULL);
}
