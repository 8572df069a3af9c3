/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"

enum {
    SCHEMA = 1,
    PAGE = 8192, /* small ones cost system calls, big ones wear out small plants' flash */
    WAL_PAGES = 512,
    WAL_LEAST = 32,
    BALLAST = 8 << 20,
    BALLAST_LEAST = 256 << 10,
    CHECKED_WHOLE = 64 << 20
};

static const char *const lane_words[MESSAGE_JOURNALED] = {"history", "event", "audit"};

static const char schema[] =
    "BEGIN;"
    "CREATE TABLE topic (id INTEGER PRIMARY KEY, topic TEXT NOT NULL);"
    "CREATE TABLE history (seq INTEGER PRIMARY KEY, time INTEGER, topic INTEGER, payload TEXT);"
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, time INTEGER, topic INTEGER, payload TEXT);"
    "CREATE TABLE audit (seq INTEGER PRIMARY KEY, time INTEGER, topic INTEGER, payload TEXT);"
    "CREATE TABLE gap (lane INTEGER, to_seq INTEGER, from_seq INTEGER,"
    " PRIMARY KEY (lane, to_seq)) WITHOUT ROWID;"
    "CREATE TABLE refused (lane INTEGER, seq INTEGER, reason INTEGER, PRIMARY KEY (lane, seq))"
    " WITHOUT ROWID;"
    "CREATE TABLE lane (lane INTEGER PRIMARY KEY, last INTEGER, acked INTEGER, overlap INTEGER,"
    " lost INTEGER, refused INTEGER);"
    "CREATE TABLE journal (epoch INTEGER);"
    "INSERT INTO lane VALUES (0,0,0,0,0,0),(1,0,0,0,0,0),(2,0,0,0,0,0);";

/* Came later than the rest. A journal that has it is still one that an older gateway can use. */
static const char kept_schema[] =
    "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value BLOB)";

int store_exec(struct journal *j, const char *sql)
{
    return sqlite3_exec(j->db, sql, NULL, NULL, NULL);
}

int store_step(sqlite3_stmt *s)
{
    sqlite3_step(s);
    return sqlite3_reset(s);
}

int store_number(sqlite3_stmt *s, uint64_t *x)
{
    *x = sqlite3_step(s) == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    return sqlite3_reset(s);
}

int store_missing(const struct journal *j)
{
    return sqlite3_errcode(j->db) == SQLITE_NOMEM ? SQLITE_NOMEM : SQLITE_CORRUPT;
}

bool store_sane(uint64_t x)
{
    return x < UINT64_C(1) << 62;
}

void store_stop_reading(struct journal *j)
{
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        sqlite3_reset(j->lanes[i].select);
        j->lanes[i].select_next = 0;
    }
}

int store_trouble(struct journal *j, int rc)
{
    switch (rc & 0xFF) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        j->trouble = NULL;
        break;
    case SQLITE_FULL:
        j->trouble = "the disk is full";
        break;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        j->trouble = "the journal can't be written";
        j->must_reopen = true;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        j->trouble = "the journal is damaged";
        j->damaged = true;
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        j->trouble = "another program holds the journal";
        break;
    case SQLITE_NOMEM:
        j->trouble = "out of memory";
        break;
    default:
        j->trouble = "the disk fails";
        j->must_reopen = true;
    }
    return rc;
}

/* With a clock that was never set two epochs could be the same second of 1970. */
static uint64_t new_epoch(const struct journal *j)
{
    uint64_t epoch = (uint64_t)(j->now.ms / 1000);
    if (epoch < 1577836800) {
        uint32_t chance = 0;
        if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
            chance = (uint32_t)getpid();
        epoch = 1 + chance % 1500000000;
    }
    return epoch > j->epoch ? epoch : j->epoch + 1;
}

static int prepare(struct journal *j, sqlite3_stmt **s, const char *sql)
{
    return sqlite3_prepare_v3(j->db, sql, -1, SQLITE_PREPARE_PERSISTENT, s, NULL);
}

static int prepare_lane(struct journal *j, struct lane *l, const char *name)
{
    char sql[160];
    int rc = SQLITE_OK;
    const struct {
        sqlite3_stmt **s;
        const char *format;
    } rows[] = {
        /* A commit whose fsync failed is tried again, and may find its own rows. */
        {&l->insert, "INSERT OR REPLACE INTO %s VALUES (?1, ?2, ?3, ?4)"},
        {&l->select, "SELECT seq, time, topic, payload FROM %s WHERE seq BETWEEN ?1 AND ?2"
                     " ORDER BY seq LIMIT 256"},
        {&l->remove, "DELETE FROM %s WHERE seq <= ?1"},
        {&l->oldest, "SELECT seq, time FROM %s WHERE seq >= ?1 ORDER BY seq LIMIT 1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && rc == SQLITE_OK; i++) {
        sqlite3_snprintf(sizeof(sql), sql, rows[i].format, name);
        rc = prepare(j, rows[i].s, sql);
    }
    return rc;
}

static int prepare_all(struct journal *j)
{
    int rc = SQLITE_OK;
    const struct {
        sqlite3_stmt **s;
        const char *sql;
    } rows[] = {
        {&j->save_topic, "INSERT OR REPLACE INTO topic VALUES (?1, ?2)"},
        {&j->save_lane, "INSERT OR REPLACE INTO lane VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
        {&j->save_gap, "INSERT OR REPLACE INTO gap VALUES (?1, ?2, ?3)"},
        {&j->save_refused, "INSERT OR IGNORE INTO refused VALUES (?1, ?2, ?3)"},
        {&j->lost_above, "SELECT sum(to_seq - max(from_seq, ?2 + 1) + 1) FROM gap"
                         " WHERE lane = ?1 AND to_seq > ?2"},
        {&j->drop_gaps, "DELETE FROM gap WHERE lane = ?1 AND to_seq <= ?2"},
        {&j->find_refused, "SELECT reason FROM refused WHERE lane = ?1 AND seq = ?2"},
        {&j->next_refused, "SELECT seq FROM refused WHERE lane = ?1 AND seq >= ?2 AND reason = ?3"
                           " ORDER BY seq LIMIT 1"},
        {&j->undo_refused, "DELETE FROM refused WHERE lane = ?1 AND seq = ?2"},
        {&j->drop_refused, "DELETE FROM refused WHERE lane = ?1 AND seq <= ?2"},
        {&j->save_kept, "INSERT OR REPLACE INTO kept VALUES (?1, ?2)"},
        {&j->drop_kept, "DELETE FROM kept WHERE key = ?1"},
        {&j->pages, "PRAGMA page_count"},
        {&j->free_pages, "PRAGMA freelist_count"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && rc == SQLITE_OK; i++)
        rc = prepare(j, rows[i].s, rows[i].sql);
    for (int i = 0; i < MESSAGE_JOURNALED && rc == SQLITE_OK; i++)
        rc = prepare_lane(j, &j->lanes[i], lane_words[i]);
    return rc;
}

static int begin_new(struct journal *j)
{
    char sql[96];
    j->epoch = new_epoch(j);
    sqlite3_snprintf(sizeof(sql), sql,
                     "INSERT INTO journal VALUES (%lld); PRAGMA user_version=%d; COMMIT",
                     (long long)j->epoch, SCHEMA);
    int rc = store_exec(j, schema);
    return rc == SQLITE_OK ? store_exec(j, sql) : rc;
}

static int one(struct journal *j, const char *sql, uint64_t *x)
{
    sqlite3_stmt *s = NULL;
    *x = 0;
    int rc = sqlite3_prepare_v2(j->db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
        *x = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* A small file is read whole. In a big one SQLite finds damage when it gets there; to look for it
 * at every start would keep the plant waiting. */
static int look_through(struct journal *j)
{
    struct stat st;
    sqlite3_stmt *s = NULL;
    if (stat(j->file, &st) != 0 || st.st_size > CHECKED_WHOLE)
        return SQLITE_OK;
    int rc = sqlite3_prepare_v2(j->db, "PRAGMA quick_check(1)", -1, &s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
        const unsigned char *verdict = rc == SQLITE_ROW ? sqlite3_column_text(s, 0) : NULL;
        if (rc == SQLITE_ROW && !verdict)
            rc = store_missing(j);
        else if (rc == SQLITE_ROW)
            rc = strcmp((const char *)verdict, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
    }
    sqlite3_finalize(s);
    return rc;
}

static int read_topics(struct journal *j)
{
    sqlite3_stmt *s = NULL;
    uint32_t n = 0;
    int rc = sqlite3_prepare_v2(j->db, "SELECT id, topic FROM topic ORDER BY id", -1, &s, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(s, 1);
        uint32_t length = (uint32_t)sqlite3_column_bytes(s, 1);
        /* Ids count from 1 without a hole, and each topic has one; anything else isn't ours. When
         * the file is opened again while running, the book knows them already. */
        uint32_t id = text ? book_add(j, text, length) : 0;
        n++;
        if (!text)
            rc = store_missing(j);
        else if (!id)
            rc = SQLITE_NOMEM;
        else
            rc = id == n && sqlite3_column_int64(s, 0) == (sqlite3_int64)n ? SQLITE_OK
                                                                           : SQLITE_CORRUPT;
    }
    sqlite3_finalize(s);
    j->topics_saved = n;
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int read_lanes(struct journal *j)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(j->db, "SELECT lane, last, acked, overlap, lost, refused FROM lane",
                                -1, &s, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        int i = sqlite3_column_int(s, 0);
        rc = i >= 0 && i < MESSAGE_JOURNALED ? SQLITE_OK : SQLITE_CORRUPT;
        if (rc != SQLITE_OK)
            break;
        struct lane *l = &j->lanes[i];
        for (int k = 1; k <= 5 && rc == SQLITE_OK; k++)
            rc = store_sane((uint64_t)sqlite3_column_int64(s, k)) ? SQLITE_OK : SQLITE_CORRUPT;
        if (rc != SQLITE_OK)
            break;
        l->committed = (uint64_t)sqlite3_column_int64(s, 1);
        l->acked = (uint64_t)sqlite3_column_int64(s, 2);
        l->overlap = (uint64_t)sqlite3_column_int64(s, 3);
        l->lost = (uint64_t)sqlite3_column_int64(s, 4);
        l->refused = (uint64_t)sqlite3_column_int64(s, 5);
        if (l->acked > l->committed || l->overlap > l->committed)
            rc = SQLITE_CORRUPT;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int read_state(struct journal *j)
{
    uint64_t epoch;
    int rc = one(j, "SELECT epoch FROM journal", &epoch);
    if (rc == SQLITE_OK && (epoch == 0 || !store_sane(epoch)))
        return SQLITE_CORRUPT;
    if (rc == SQLITE_OK)
        j->epoch = epoch;
    if (rc == SQLITE_OK)
        rc = read_topics(j);
    if (rc == SQLITE_OK)
        rc = read_lanes(j);
    for (int i = 0; i < MESSAGE_JOURNALED && rc == SQLITE_OK; i++) {
        struct lane *l = &j->lanes[i];
        char sql[64];
        uint64_t newest;
        sqlite3_snprintf(sizeof(sql), sql, "SELECT max(seq) FROM %s", lane_words[i]);
        rc = one(j, sql, &newest);
        if (rc == SQLITE_OK && !store_sane(newest))
            rc = SQLITE_CORRUPT;
        if (rc != SQLITE_OK)
            break;
        if (newest > l->committed)
            l->committed = newest;
        sqlite3_bind_int64(l->oldest, 1, 0);
        rc = store_number(l->oldest, &l->first);
        if (l->first == 0)
            l->first = l->committed + 1;
        if (rc == SQLITE_OK)
            rc = store_lost_above(j, i, l->acked, &l->lost_waiting);
    }
    return rc == SQLITE_OK ? kept_read(j) : rc;
}

/* The log that is found here may be in the kernel's memory and nowhere else: after a sync that
 * failed its pages count as written. What is appended to such a log is lost with it when the power
 * goes. So it is copied into the file, which is synced, and begun anew. On a full disk it has to
 * do. */
static int bring_home(struct journal *j)
{
    int rc = sqlite3_wal_checkpoint_v2(j->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    bool busy = (rc & 0xFF) == SQLITE_BUSY || (rc & 0xFF) == SQLITE_LOCKED;
    return busy || (rc & 0xFF) == SQLITE_FULL ? SQLITE_OK : rc;
}

int store_open(struct journal *j)
{
    char pragma[96];
    struct stat st;
    uint64_t version = 0;
    int wal = j->ballast / (2 * PAGE) < WAL_PAGES ? (int)(j->ballast / (2 * PAGE)) : WAL_PAGES;
    int rc = sqlite3_open_v2(
        j->file, &j->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_extended_result_codes(j->db, 1);
    sqlite3_busy_timeout(j->db, 500); /* the stop waits for it, and has 2 s in all */
    sqlite3_snprintf(sizeof(pragma), pragma,
                     "PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=%d",
                     wal ? wal : WAL_LEAST, 2 * PAGE * WAL_PAGES);
    rc = store_exec(j, "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                       "PRAGMA temp_store=MEMORY");
    if (rc == SQLITE_OK)
        rc = store_exec(j, pragma);
    if (rc == SQLITE_OK)
        rc = bring_home(j);
    if (rc == SQLITE_OK)
        rc = one(j, "PRAGMA user_version", &version);
    if (rc == SQLITE_OK && version == 0)
        rc = begin_new(j);
    else if (rc == SQLITE_OK && version != SCHEMA)
        rc = SQLITE_NOTADB;
    if (rc == SQLITE_OK && version)
        rc = look_through(j);
    if (rc == SQLITE_OK)
        rc = store_exec(j, kept_schema);
    if (rc == SQLITE_OK)
        rc = prepare_all(j);
    if (rc == SQLITE_OK && stat(j->file, &st) != 0)
        rc = SQLITE_CANTOPEN;
    if (rc != SQLITE_OK)
        return rc;
    j->inode = st.st_ino;
    return read_state(j);
}

static void finish(sqlite3_stmt **s)
{
    sqlite3_finalize(*s);
    *s = NULL;
}

void store_close(struct journal *j)
{
    sqlite3_stmt **own[] = {&j->find_refused, &j->save_topic,   &j->save_lane,    &j->save_gap,
                            &j->save_refused, &j->undo_refused, &j->next_refused, &j->lost_above,
                            &j->drop_gaps,    &j->drop_refused, &j->save_kept,    &j->drop_kept,
                            &j->pages,        &j->free_pages};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        finish(own[i]);
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        struct lane *l = &j->lanes[i];
        finish(&l->insert);
        finish(&l->select);
        finish(&l->remove);
        finish(&l->oldest);
        l->select_next = 0;
    }
    sqlite3_close(j->db);
    j->db = NULL;
}

/* What waits in memory is all that the new epoch begins with; what was on the disk is a gap before
 * it, from where a new session would have begun: it can't be sent again either. */
static void begin_lane(struct lane *l, uint64_t sent)
{
    const struct recent *r = &l->recent;
    uint64_t first = r->saved < r->end ? recent_at(r, r->saved)->from : l->next;
    uint64_t lost = first - 1 - sent;
    l->gone_from = lost ? sent + 1 : 0;
    l->gone_to = lost ? first - 1 : 0;
    l->gone_why = "the journal was damaged or taken away";
    for (uint64_t i = r->saved; i < r->end; i++)
        if (recent_at(r, i)->topic == 0)
            lost += recent_at(r, i)->seq - recent_at(r, i)->from + 1;
    l->committed = l->acked = l->overlap = sent;
    l->first = l->gone_to ? l->gone_to : first;
    l->lost = l->lost_waiting = l->lost_unsaved = lost;
    l->refused = 0;
}

int store_replace(struct journal *j)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    size_t room = strlen(j->file) + 64;
    char *from = malloc(room), *to = malloc(room);
    uint64_t epoch, sent[MESSAGE_JOURNALED];
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        sent[i] = journal_overlap(j, (enum message_lane)i);
    bool room_for_names = from && to;
    if (!room_for_names || !store_lock_again(j)) {
        free(from);
        free(to);
        return room_for_names ? SQLITE_BUSY : SQLITE_NOMEM;
    }
    int rc = SQLITE_OK;
    epoch = j->epoch;
    store_close(j);
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        snprintf(from, room, "%s%s", j->file, tails[i]);
        snprintf(to, room, "%s.damaged-%lld%s", j->file, (long long)(j->now.ms / 1000), tails[i]);
        /* What stays there would be taken for the new one. */
        if (rename(from, to) != 0 && errno != ENOENT && unlink(from) != 0)
            rc = SQLITE_CANTOPEN;
    }
    free(from);
    free(to);
    j->epoch = epoch;
    if (rc != SQLITE_OK)
        return rc;
    /* The book stays: rows that wait point into it. */
    kept_anew(j);
    rc = store_open(j);
    /* The numbers go on where they were; the new epoch simply doesn't begin with 1. */
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        recent_forget(&j->lanes[i].recent);
        begin_lane(&j->lanes[i], sent[i]);
    }
    j->refusal_count = 0;
    j->dirty = true;
    return rc;
}

int64_t store_newest_ms(struct journal *j)
{
    int64_t newest = 0;
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        struct lane *l = &j->lanes[i];
        sqlite3_bind_int64(l->oldest, 1, (sqlite3_int64)l->committed);
        int64_t time =
            sqlite3_step(l->oldest) == SQLITE_ROW ? sqlite3_column_int64(l->oldest, 1) : 0;
        sqlite3_reset(l->oldest);
        newest = time > newest ? time : newest;
    }
    return newest;
}

void store_measure(struct journal *j)
{
    uint64_t pages, unused;
    if (store_number(j->pages, &pages) == SQLITE_OK &&
        store_number(j->free_pages, &unused) == SQLITE_OK)
        j->bytes = (pages - (unused < pages ? unused : pages)) * PAGE;
}

/* The ballast is at least as big as the log may become, so that giving it up always lets the log be
 * brought home and begun anew. */
static uint64_t room_on_disk(const struct journal *j)
{
    struct statvfs fs;
    return statvfs(j->dir, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : 0;
}

static size_t ballast_for(const struct journal *j)
{
    uint64_t most = room_on_disk(j) / 8;
    return most > BALLAST ? BALLAST : most < BALLAST_LEAST ? 0 : (size_t)most;
}

void store_ballast(struct journal *j)
{
    char path[512];
    struct stat st;
    if (j->ballast)
        return;
    snprintf(path, sizeof(path), "%s/journal.ballast", j->dir);
    size_t size =
        stat(path, &st) == 0 && st.st_size >= BALLAST_LEAST ? (size_t)st.st_size : ballast_for(j);
    int fd = size ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    if (posix_fallocate(fd, 0, (off_t)size) == 0)
        j->ballast = size;
    else
        unlink(path);
    close(fd);
    if (j->ballast && j->db)
        store_exec(j, "PRAGMA max_page_count=4294967294");
}

/* What the ballast left behind is no room that came back. */
void store_room(struct journal *j)
{
    if (room_on_disk(j) < j->spent + BALLAST_LEAST)
        return;
    store_ballast(j);
    store_exec(j, "PRAGMA max_page_count=4294967294");
    if (j->tight)
        log_notice("journal: there is room on the disk again");
    j->tight = false;
}

void store_full(struct journal *j)
{
    char text[512];
    snprintf(text, sizeof(text), "%s/journal.ballast", j->dir);
    unlink(text);
    if (!j->tight) {
        log_error("journal: the disk is full: old rows make room for new ones");
        j->spent = 0;
    }
    size_t given = j->ballast;
    j->spent += given;
    j->ballast = 0;
    j->tight = true;
    sqlite3_wal_checkpoint_v2(j->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    /* From here on the file must live on the pages that it has and a share of the ballast's, which
     * a young one needs; the rest is the log's: the next time there will be none to give. */
    uint64_t pages;
    if (store_number(j->pages, &pages) != SQLITE_OK)
        return;
    sqlite3_snprintf(sizeof(text), text, "PRAGMA max_page_count=%lld",
                     (long long)(pages + given / 4 / PAGE));
    store_exec(j, text);
}
