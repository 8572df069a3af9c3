/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's group commit, and what is done when the disk will not have it. */
#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "publish/encode.h"
#include "publish/store.h"

static void bind(sqlite3_stmt *s, int at, uint64_t x)
{
    sqlite3_bind_int64(s, at, (sqlite3_int64)x);
}

static int write_row(struct lane *l, uint64_t seq, int64_t time_ms, uint32_t topic,
                     const char *payload, size_t length)
{
    bind(l->insert, 1, seq);
    sqlite3_bind_int64(l->insert, 2, time_ms);
    sqlite3_bind_int64(l->insert, 3, topic);
    sqlite3_bind_text(l->insert, 4, payload, (int)length, SQLITE_STATIC);
    return store_step(l->insert);
}

static int note_gap(struct journal *j, int lane, uint64_t from, uint64_t to)
{
    sqlite3_bind_int(j->save_gap, 1, lane);
    bind(j->save_gap, 2, to);
    bind(j->save_gap, 3, from);
    return store_step(j->save_gap);
}

int store_gap(struct journal *j, int lane, uint64_t from, uint64_t to, const char *why)
{
    char body[256];
    struct json out = json_into(body, sizeof(body));
    encode_gap(&out, j->now, from, to, why);
    int rc = write_row(&j->lanes[lane], to, j->now.ms, 0, body, json_length(&out));
    return rc == SQLITE_OK ? note_gap(j, lane, from, to) : rc;
}

int store_lane(struct journal *j, int lane, uint64_t last)
{
    const struct lane *l = &j->lanes[lane];
    bind(j->save_lane, 1, (uint64_t)lane);
    bind(j->save_lane, 2, last);
    bind(j->save_lane, 3, l->acked);
    bind(j->save_lane, 4, l->overlap);
    bind(j->save_lane, 5, l->lost);
    bind(j->save_lane, 6, l->refused);
    return store_step(j->save_lane);
}

int store_lost_above(struct journal *j, int lane, uint64_t seq, uint64_t *lost)
{
    sqlite3_bind_int(j->lost_above, 1, lane);
    bind(j->lost_above, 2, seq);
    return store_number(j->lost_above, lost);
}

static int write_topics(struct journal *j)
{
    int rc = SQLITE_OK;
    for (uint32_t i = j->topics_saved; i < j->topic_count && rc == SQLITE_OK; i++) {
        const struct topic_entry *t = &j->topics[i];
        bind(j->save_topic, 1, i + 1);
        sqlite3_bind_text(j->save_topic, 2, t->text, (int)t->length, SQLITE_STATIC);
        rc = store_step(j->save_topic);
    }
    return rc;
}

/* Where a group of at most that many rows ends. */
static uint64_t group_end(const struct recent *r, uint32_t most)
{
    return r->end - r->saved > most ? r->saved + most : r->end;
}

/* Rows may be told of by the states that are kept with them, and states are written whole: then no
 * row of theirs may stay behind. */
static uint32_t share(const struct journal *j, int lane, uint32_t most)
{
    return j->kept_unsaved && lane != MESSAGE_HISTORY ? UINT32_MAX : most;
}

static uint64_t last_written(const struct lane *l, uint32_t most)
{
    const struct recent *r = &l->recent;
    uint64_t end = group_end(r, most);
    if (end > r->saved)
        return recent_at(r, end - 1)->seq;
    return l->gone_to ? l->gone_to : l->committed;
}

static int write_lane(struct journal *j, int i, uint32_t most)
{
    struct lane *l = &j->lanes[i];
    const struct recent *r = &l->recent;
    int rc = SQLITE_OK;
    if (l->gone_from)
        rc = store_gap(j, i, l->gone_from, l->gone_to, l->gone_why);
    for (uint64_t k = r->saved; k < group_end(r, most) && rc == SQLITE_OK; k++) {
        const struct recent_row *row = recent_at(r, k);
        rc = write_row(l, row->seq, row->time_ms, row->topic, r->bytes + row->at, row->length);
        if (rc == SQLITE_OK && row->topic == 0)
            rc = note_gap(j, i, row->from, row->seq);
    }
    return rc == SQLITE_OK ? store_lane(j, i, last_written(l, most)) : rc;
}

/* A row is refused once, however often the overlap sends it again. */
static int write_refusals(struct journal *j)
{
    int rc = SQLITE_OK;
    for (uint32_t i = 0; i < j->refusal_count && rc == SQLITE_OK; i++) {
        const struct refusal *r = &j->refusals[i];
        sqlite3_stmt *s = r->reason ? j->save_refused : j->undo_refused;
        sqlite3_bind_int(s, 1, r->lane);
        bind(s, 2, r->seq);
        if (r->reason)
            sqlite3_bind_int(s, 3, r->reason);
        rc = store_step(s);
        if (rc == SQLITE_OK && sqlite3_changes(j->db))
            j->lanes[r->lane].refused += r->reason ? 1 : UINT64_MAX;
    }
    return rc;
}

static int write_group(struct journal *j, uint32_t most)
{
    uint64_t refused[MESSAGE_JOURNALED];
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        refused[i] = j->lanes[i].refused;
    assert(j->db);
    int rc = store_exec(j, "BEGIN IMMEDIATE");
    if (rc != SQLITE_OK)
        return rc;
    rc = write_topics(j);
    if (rc == SQLITE_OK)
        rc = write_refusals(j);
    for (int i = 0; i < MESSAGE_JOURNALED && rc == SQLITE_OK; i++)
        rc = write_lane(j, i, share(j, i, most));
    if (rc == SQLITE_OK)
        rc = kept_write(j);
    if (rc == SQLITE_OK)
        rc = store_exec(j, "COMMIT");
    if (rc == SQLITE_OK && !mark_proves(j))
        rc = SQLITE_IOERR_FSYNC;
    if (rc != SQLITE_OK && !sqlite3_get_autocommit(j->db))
        store_exec(j, "ROLLBACK");
    for (int i = 0; i < MESSAGE_JOURNALED && rc != SQLITE_OK; i++)
        j->lanes[i].refused = refused[i];
    return rc;
}

static void group_saved(struct journal *j, uint32_t most)
{
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        struct lane *l = &j->lanes[i];
        uint32_t rows = share(j, i, most);
        l->committed = last_written(l, rows);
        recent_saved(&l->recent, group_end(&l->recent, rows));
        l->gone_from = l->gone_to = 0;
        l->lost_unsaved = 0;
        for (uint64_t k = l->recent.saved; k < l->recent.end; k++)
            if (recent_at(&l->recent, k)->topic == 0)
                l->lost_unsaved +=
                    recent_at(&l->recent, k)->seq - recent_at(&l->recent, k)->from + 1;
    }
    j->topics_saved = j->topic_count;
    kept_saved(j);
    j->refusal_count = 0;
    j->dirty = false;
    j->commits++;
    mark_write(j);
}

/* What an I/O error leaves in SQLite's cache isn't what lies on the disk. Memory knows more than
 * the disk about everything but the rows. */
static int reopen(struct journal *j)
{
    struct lane before[MESSAGE_JOURNALED];
    uint64_t epoch = j->epoch;
    memcpy(before, j->lanes, sizeof(before));
    store_close(j);
    mark_again(j);
    int rc = store_open(j);
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        struct lane *l = &j->lanes[i];
        l->acked = before[i].acked;
        l->overlap = before[i].overlap;
        l->lost = before[i].lost;
        l->refused = before[i].refused;
        l->lost_waiting = before[i].lost_waiting;
        l->committed = before[i].committed;
    }
    /* Another file lay there, or none: what memory takes for committed is in neither. */
    if (rc == SQLITE_OK && j->epoch != epoch)
        rc = SQLITE_CORRUPT;
    if (rc == SQLITE_OK) {
        j->must_reopen = false;
        return rc;
    }
    store_close(j);
    if (rc != SQLITE_CORRUPT)
        j->epoch = epoch;
    return rc;
}

static int replace(struct journal *j)
{
    log_error("journal: %s is damaged; set aside, a new epoch begins", j->file);
    int rc = store_replace(j);
    j->damaged = rc != SQLITE_OK;
    return rc;
}

/* On a full disk: room for a little, a little, and so on. */
static int squeeze(struct journal *j)
{
    enum { LITTLE = 64, TURNS = 400 };
    int rc = SQLITE_FULL;
    store_full(j);
    for (int turn = 0; turn < TURNS; turn++) {
        rc = write_group(j, LITTLE);
        if (rc == SQLITE_OK)
            group_saved(j, LITTLE);
        else if ((rc & 0xFF) != SQLITE_FULL || !journal_drop_some(j, LITTLE))
            break;
        if (rc == SQLITE_OK && journal_pending(j) == 0)
            break;
    }
    return rc;
}

static int write_all(struct journal *j)
{
    if (j->trouble)
        store_room(j);
    int rc = write_group(j, UINT32_MAX);
    if (rc == SQLITE_OK)
        group_saved(j, UINT32_MAX);
    return (rc & 0xFF) == SQLITE_FULL ? squeeze(j) : rc;
}

static int write_somehow(struct journal *j)
{
    int rc = SQLITE_OK;
    if (j->damaged)
        rc = replace(j);
    else if (j->must_reopen || !j->db)
        rc = reopen(j);
    if (rc == SQLITE_OK)
        rc = write_all(j);
    if ((rc & 0xFF) == SQLITE_CORRUPT || (rc & 0xFF) == SQLITE_NOTADB) {
        rc = replace(j);
        if (rc == SQLITE_OK)
            rc = write_all(j);
    }
    return rc;
}

bool journal_commit(struct journal *j)
{
    bool work = j->dirty || j->damaged || journal_pending(j) > 0;
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        work = work || j->lanes[i].gone_from;
    if (!work)
        return !j->trouble;
    const char *before = j->trouble;
    store_stop_reading(j);
    int rc = store_trouble(j, write_somehow(j));
    if (j->trouble && j->trouble != before)
        log_error("journal: %s (%s); rows wait in memory", j->trouble, sqlite3_errstr(rc));
    if (!j->trouble && before)
        log_notice("journal: is written again");
    return rc == SQLITE_OK;
}
