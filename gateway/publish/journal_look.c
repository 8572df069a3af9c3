/* SPDX-License-Identifier: Apache-2.0 */
/* A look into a journal that somebody else may be writing: nothing is locked, nothing changed. */
#include <sqlite3.h>
#include <stdio.h>

#include "publish/journal.h"

static bool each(sqlite3 *db, journal_kept_fn *fn, void *me)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, "SELECT key, value FROM kept", -1, &s, NULL) != SQLITE_OK)
        return false;
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(s, 0);
        const void *blob = sqlite3_column_blob(s, 1);
        if (key && blob)
            fn(me, key, blob, (size_t)sqlite3_column_bytes(s, 1));
    }
    sqlite3_finalize(s);
    return code == SQLITE_DONE;
}

static bool open_db(const char *dir, sqlite3 **db)
{
    char uri[4200];
    snprintf(uri, sizeof uri, "%s/journal.db", dir);
    if (sqlite3_open_v2(uri, db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return false;
    sqlite3_busy_timeout(*db, 2000);
    return true;
}

/* Up to `count` numbers of the first row. */
static bool numbers(sqlite3 *db, const char *sql, const char *text, uint64_t *out, int count)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        return false;
    if (text)
        sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
    int code = sqlite3_step(s);
    for (int i = 0; i < count; i++)
        out[i] = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, i) : 0;
    sqlite3_finalize(s);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool each_row(sqlite3 *db, uint64_t topic, uint64_t behind, journal_seen_fn *fn, void *me)
{
    static const char sql[] =
        "SELECT seq, time, payload, (SELECT reason FROM refused WHERE lane = 0"
        " AND refused.seq = history.seq) FROM history WHERE seq > ?1"
        " AND topic = ?2 ORDER BY seq DESC";
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)behind);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)topic);
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        struct journal_seen row = {.seq = (uint64_t)sqlite3_column_int64(s, 0),
                                   .time = {sqlite3_column_int64(s, 1)},
                                   .payload = (const char *)sqlite3_column_text(s, 2),
                                   .payload_length = (uint32_t)sqlite3_column_bytes(s, 2),
                                   .refused = sqlite3_column_int(s, 3)};
        if (row.payload && !fn(me, &row)) {
            code = SQLITE_DONE;
            break;
        }
    }
    sqlite3_finalize(s);
    return code == SQLITE_DONE;
}

bool journal_look_rows(const char *dir, const char *topic, struct journal_lane *lane,
                       journal_seen_fn *fn, void *me)
{
    sqlite3 *db = NULL;
    uint64_t of_lane[3] = {0}, id = 0;
    /* One transaction, so that rows and cursors are of one moment. */
    bool good =
        open_db(dir, &db) && sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK &&
        numbers(db, "SELECT last, acked, refused FROM lane WHERE lane = 0", NULL, of_lane, 3) &&
        numbers(db, "SELECT epoch FROM journal", NULL, &lane->epoch, 1) &&
        numbers(db, "SELECT id FROM topic WHERE topic = ?1", topic, &id, 1);
    lane->last = of_lane[0];
    lane->acked = of_lane[1];
    lane->refused = of_lane[2];
    uint64_t behind = lane->last > JOURNAL_LOOK_BACK ? lane->last - JOURNAL_LOOK_BACK : 0;
    good = good && (id == 0 || each_row(db, id, behind, fn, me));
    sqlite3_close(db);
    return good;
}

bool journal_look(const char *dir, journal_kept_fn *fn, void *me)
{
    sqlite3 *db = NULL;
    bool good = open_db(dir, &db);
    good = good && each(db, fn, me);
    sqlite3_close(db);
    return good;
}
