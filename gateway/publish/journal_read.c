/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's way out: from memory while a row is young, else from the disk. */
#include "publish/store.h"

static bool from_memory(struct journal *j, const struct lane *l, uint64_t i, struct row *row)
{
    const struct recent_row *r = recent_at(&l->recent, i);
    *row = (struct row){.seq = r->seq,
                        .time = {r->time_ms},
                        .payload = l->recent.bytes + r->at,
                        .payload_length = r->length};
    if (r->topic) {
        row->topic = j->topics[r->topic - 1].text;
        row->topic_length = j->topics[r->topic - 1].length;
    }
    return true;
}

static bool take(struct journal *j, struct lane *l, uint64_t next, struct row *row)
{
    sqlite3_stmt *s = l->select;
    uint64_t seq = (uint64_t)sqlite3_column_int64(s, 0);
    uint64_t topic = (uint64_t)sqlite3_column_int64(s, 2);
    const char *payload = (const char *)sqlite3_column_text(s, 3);
    /* In a damaged file numbers may go back, and whoever follows them would never come to an end.
     */
    if (seq < next || seq > l->committed || topic > j->topic_count || !payload) {
        store_trouble(j, payload ? SQLITE_CORRUPT : store_missing(j));
        return false;
    }
    *row = (struct row){.seq = seq,
                        .time = {sqlite3_column_int64(s, 1)},
                        .payload = payload,
                        .payload_length = (uint32_t)sqlite3_column_bytes(s, 3)};
    if (topic) {
        row->topic = j->topics[topic - 1].text;
        row->topic_length = j->topics[topic - 1].length;
    }
    return true;
}

static bool from_disk(struct journal *j, struct lane *l, uint64_t next, struct row *row)
{
    if (!l->select)
        return false;
    /* The select gives a bounded number of rows: none left may mean only that. */
    for (int turn = 0; turn < 2; turn++) {
        if (l->select_next != next) {
            sqlite3_reset(l->select);
            sqlite3_bind_int64(l->select, 1, (sqlite3_int64)next);
            sqlite3_bind_int64(l->select, 2, (sqlite3_int64)l->committed);
        }
        int rc = sqlite3_step(l->select);
        if (rc == SQLITE_ROW && take(j, l, next, row)) {
            l->select_next = row->seq + 1;
            return true;
        }
        sqlite3_reset(l->select);
        bool resumed = l->select_next == next;
        l->select_next = 0;
        if (rc != SQLITE_DONE && rc != SQLITE_ROW)
            store_trouble(j, rc);
        if (rc != SQLITE_DONE || !resumed)
            return false;
    }
    return false;
}

bool journal_fetch(struct journal *j, struct journal_cursor *cursor, struct row *row)
{
    struct lane *l = &j->lanes[cursor->lane];
    uint64_t i;
    if (cursor->next > l->committed)
        return false;
    bool got = recent_find(&l->recent, cursor->next, &i) ? from_memory(j, l, i, row)
                                                         : from_disk(j, l, cursor->next, row);
    if (got)
        cursor->next = row->seq + 1;
    return got;
}

uint64_t journal_seq_at(struct journal *j, enum message_lane lane, wall_t time)
{
    struct lane *l = &j->lanes[lane];
    uint64_t low = l->first, high = l->committed + 1;
    store_stop_reading(j);
    while (low < high && l->oldest) {
        uint64_t middle = low + (high - low) / 2;
        sqlite3_bind_int64(l->oldest, 1, (sqlite3_int64)middle);
        bool some = sqlite3_step(l->oldest) == SQLITE_ROW;
        uint64_t seq = some ? (uint64_t)sqlite3_column_int64(l->oldest, 0) : 0;
        bool older = some && seq >= middle && sqlite3_column_int64(l->oldest, 1) < time.ms;
        sqlite3_reset(l->oldest);
        if (older)
            low = seq + 1;
        else
            high = middle;
    }
    return low;
}
