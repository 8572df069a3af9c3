/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal gives up, and in which order: acknowledged rows cost nothing, unacknowledged
 * history costs a gap, events and audit are the dearest. */
#include <assert.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/log.h"
#include "publish/store.h"

enum { PIECE = 2000 }; /* rows at once: a few milliseconds */

static int remove_upto(struct journal *j, int lane, uint64_t upto)
{
    struct lane *l = &j->lanes[lane];
    sqlite3_bind_int64(l->remove, 1, (sqlite3_int64)upto);
    int rc = store_step(l->remove);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int(j->drop_gaps, 1, lane);
        sqlite3_bind_int64(j->drop_gaps, 2, (sqlite3_int64)upto);
        rc = store_step(j->drop_gaps);
    }
    if (rc == SQLITE_OK) {
        sqlite3_bind_int(j->drop_refused, 1, lane);
        sqlite3_bind_int64(j->drop_refused, 2, (sqlite3_int64)upto);
        rc = store_step(j->drop_refused);
    }
    return rc;
}

static bool end(struct journal *j, int rc)
{
    if (rc == SQLITE_OK)
        rc = store_exec(j, "COMMIT");
    if (rc != SQLITE_OK && !sqlite3_get_autocommit(j->db))
        store_exec(j, "ROLLBACK");
    if (rc != SQLITE_OK)
        store_trouble(j, rc);
    return rc == SQLITE_OK;
}

static void left(struct lane *l, uint64_t first)
{
    l->first = first;
    if (l->recent.first < l->recent.saved && recent_at(&l->recent, l->recent.first)->from < first)
        recent_forget(&l->recent);
}

/* Rows up to seq, all of them acknowledged. */
static bool drop_acked(struct journal *j, int lane, uint64_t upto, uint32_t rows)
{
    struct lane *l = &j->lanes[lane];
    if (upto > l->acked)
        upto = l->acked;
    if (upto > l->first + rows - 1)
        upto = l->first + rows - 1;
    if (upto < l->first || store_exec(j, "BEGIN IMMEDIATE") != SQLITE_OK)
        return false;
    int rc = remove_upto(j, lane, upto);
    if (rc == SQLITE_OK)
        rc = store_lane(j, lane, l->committed);
    if (!end(j, rc))
        return false;
    left(l, upto + 1);
    return true;
}

/* A piece of rows that nobody has acknowledged; a gap row takes the place of all that were ever
 * lost behind the cursor. */
static bool drop_unacked(struct journal *j, int lane, uint32_t rows)
{
    struct lane *l = &j->lanes[lane];
    uint64_t upto = l->first + rows < l->committed ? l->first + rows : l->committed;
    uint64_t from = l->acked + 1;
    /* Nothing but one gap row is left: to drop it would free nothing and hide the loss. */
    if (upto <= l->first || from > upto || store_exec(j, "BEGIN IMMEDIATE") != SQLITE_OK)
        return false;
    uint64_t all, above;
    int rc = store_lost_above(j, lane, l->acked, &all);
    if (rc == SQLITE_OK)
        rc = store_lost_above(j, lane, upto, &above);
    uint64_t lost = rc == SQLITE_OK ? upto - l->acked - (all - above) : 0;
    if (rc == SQLITE_OK)
        rc = remove_upto(j, lane, upto);
    if (rc == SQLITE_OK)
        rc = store_gap(j, lane, from, upto, "the journal is full");
    l->lost += lost;
    if (rc == SQLITE_OK)
        rc = store_lane(j, lane, l->committed);
    if (!end(j, rc)) {
        l->lost -= lost;
        return false;
    }
    l->lost_waiting += lost;
    left(l, upto);
    recent_forget(&l->recent);
    if (!j->giving_up)
        log_error("journal: no room: the oldest rows that nobody has acknowledged are given up; "
                  "gap frames will tell which");
    j->giving_up = true;
    return true;
}

static void calm_down(struct journal *j)
{
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        if (j->lanes[i].lost_waiting)
            return;
    if (j->giving_up)
        log_notice("journal: what was given up has been told");
    j->giving_up = false;
}

bool journal_drop_some(struct journal *j, uint32_t rows)
{
    static const enum message_lane order[] = {MESSAGE_HISTORY, MESSAGE_AUDIT, MESSAGE_EVENT};
    enum { LANES = sizeof(order) / sizeof(order[0]) };
    assert(j->db);
    for (int i = 0; i < LANES; i++)
        if (drop_acked(j, (int)order[i], UINT64_MAX, rows))
            return true;
    for (int i = 0; i < LANES; i++)
        if (drop_unacked(j, (int)order[i], rows))
            return true;
    return false;
}

static bool drop_old(struct journal *j, int lane, wall_t before)
{
    struct lane *l = &j->lanes[lane];
    if (l->first > l->acked)
        return false;
    sqlite3_bind_int64(l->oldest, 1, (sqlite3_int64)l->first);
    bool some = sqlite3_step(l->oldest) == SQLITE_ROW;
    bool old = some && sqlite3_column_int64(l->oldest, 1) < before.ms;
    sqlite3_reset(l->oldest);
    return old &&
           drop_acked(j, lane, journal_seq_at(j, (enum message_lane)lane, before) - 1, PIECE);
}

static void grow_older(struct journal *j, mono_t now)
{
    if (j->aged_at.ns)
        j->aged.ms += mono_since(now, j->aged_at) / NS_PER_MS;
    j->aged_at = now;
}

/* SQLite would go on writing into a file that nobody can find any more. */
static bool taken_away(struct journal *j)
{
    struct stat st;
    bool there = stat(j->file, &st) == 0;
    /* Whoever cannot look knows nothing. */
    if (there ? st.st_ino == j->inode : errno != ENOENT)
        return false;
    log_error("journal: %s was taken away while in use", j->file);
    j->damaged = true;
    return true;
}

bool journal_trim(struct journal *j, wall_t wall, mono_t now)
{
    bool more = false;
    j->now = wall;
    grow_older(j, now);
    if (!j->db || j->damaged || j->must_reopen || taken_away(j))
        return false;
    store_stop_reading(j);
    store_measure(j);
    calm_down(j);
    if (!j->trouble && j->tight)
        store_room(j);
    else if (!j->trouble)
        store_ballast(j);
    if (j->limits.max_bytes > 0 && j->bytes > (uint64_t)j->limits.max_bytes) {
        more = journal_drop_some(j, PIECE);
        store_measure(j);
    }
    for (int i = 0; i < MESSAGE_JOURNALED && j->limits.keep_ns > 0; i++)
        more = drop_old(j, i, (wall_t){j->aged.ms - j->limits.keep_ns / NS_PER_MS}) || more;
    return more;
}
