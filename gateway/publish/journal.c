/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "publish/encode.h"
#include "publish/store.h"

enum {
    HISTORY_BYTES = 3 << 20,
    HISTORY_ROWS = 4096,
    OTHER_BYTES = 256 << 10,
    OTHER_ROWS = 512,
    GAP_ROOM = 256,
};

static char said[512]; /* for *why: one journal is opened, at the start */

static const char *say(const char *what, const char *dir, const char *detail)
{
    snprintf(said, sizeof(said), "%s/journal.db: %s%s%s", dir, what, *detail ? ": " : "", detail);
    return said;
}

static bool take_lock(struct journal *j, const char *dir, const char **why)
{
    char path[512];
    if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
        *why = say("the directory can't be made", dir, strerror(errno));
        return false;
    }
    snprintf(path, sizeof(path), "%s/journal.lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        *why = say("can't be locked", dir, strerror(errno));
        return false;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        *why = say("another gateway is using it", dir, "");
        close(fd);
        return false;
    }
    if (j->lock >= 0)
        close(j->lock);
    j->lock = fd;
    return true;
}

bool store_lock_again(struct journal *j)
{
    struct stat ours, there;
    char path[512];
    const char *why;
    snprintf(path, sizeof(path), "%s/journal.lock", j->dir);
    if (fstat(j->lock, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev &&
        ours.st_ino == there.st_ino)
        return true;
    if (!take_lock(j, j->dir, &why)) {
        log_error("journal: %s", why);
        return false;
    }
    /* The note and the ballast beside it were taken away as well. */
    mark_again(j);
    j->ballast = 0;
    store_ballast(j);
    return true;
}

static void fini(struct journal *j)
{
    store_close(j);
    book_free(j);
    kept_free(j);
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        recent_fini(&j->lanes[i].recent);
    if (j->mark >= 0)
        close(j->mark);
    if (j->lock >= 0)
        close(j->lock);
    free(j->dir);
    free(j->file);
    free(j);
}

static struct journal *blank(const char *dir)
{
    struct journal *j = calloc(1, sizeof(*j));
    size_t room = strlen(dir) + sizeof("/journal.db");
    if (!j)
        return NULL;
    j->lock = j->mark = -1;
    j->dir = strdup(dir);
    j->file = malloc(room);
    bool well = j->dir && j->file;
    if (well)
        snprintf(j->file, room, "%s/journal.db", dir);
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        bool history = i == MESSAGE_HISTORY;
        well = recent_init(&j->lanes[i].recent, history ? HISTORY_BYTES : OTHER_BYTES,
                           history ? HISTORY_ROWS : OTHER_ROWS) &&
               well;
        j->lanes[i].next = 1;
    }
    if (well)
        return j;
    fini(j);
    return NULL;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    journal_commit(j);
    if (journal_pending(j))
        log_error("journal: %u rows could never be written and are lost: %s", journal_pending(j),
                  j->trouble ? j->trouble : "no reason is known");
    fini(j);
}

uint64_t journal_epoch(const struct journal *j)
{
    return j->epoch;
}

uint64_t journal_next(const struct journal *j, enum message_lane lane)
{
    return j->lanes[lane].next;
}

uint64_t journal_first(const struct journal *j, enum message_lane lane)
{
    return j->lanes[lane].first;
}

uint64_t journal_committed(const struct journal *j, enum message_lane lane)
{
    return j->lanes[lane].committed;
}

uint64_t journal_acked(const struct journal *j, enum message_lane lane)
{
    return j->lanes[lane].acked;
}

uint64_t journal_overlap(const struct journal *j, enum message_lane lane)
{
    const struct lane *l = &j->lanes[lane];
    return l->overlap < l->acked ? l->overlap : l->acked;
}

uint32_t journal_pending(const struct journal *j)
{
    uint64_t n = 0;
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        n += j->lanes[i].recent.end - j->lanes[i].recent.saved;
    return (uint32_t)n;
}

size_t journal_pending_bytes(const struct journal *j)
{
    size_t n = 0;
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        n += j->lanes[i].recent.waiting_bytes;
    return n;
}

bool journal_unsaved(const struct journal *j)
{
    return j->dirty;
}

static void count_lost(struct lane *l, uint64_t seqs)
{
    l->lost += seqs;
    l->lost_waiting += seqs;
    l->lost_unsaved += seqs;
}

/* The oldest rows that wait give way until this one fits; what went becomes one gap. A gap that
 * goes was counted when it came. */
static void put(struct journal *j, struct lane *l, struct recent_row row, const char *payload)
{
    bool tried = false;
    while (!recent_put(&l->recent, row, payload)) {
        if (!tried && !j->trouble) {
            tried = true;
            journal_commit(j);
            continue;
        }
        struct recent_row gone = recent_lose(&l->recent);
        if (gone.topic)
            count_lost(l, 1);
        if (!l->gone_from) {
            l->gone_from = gone.from;
            l->gone_why = "the disk could not be written";
        }
        l->gone_to = gone.seq;
    }
}

static void put_gap(struct journal *j, struct lane *l, uint64_t from, uint64_t to, const char *why)
{
    char body[GAP_ROOM];
    struct json out = json_into(body, sizeof(body));
    encode_gap(&out, j->now, from, to, why);
    count_lost(l, to - from + 1);
    put(j, l,
        (struct recent_row){.seq = to,
                            .from = from,
                            .time_ms = j->now.ms,
                            .topic = 0,
                            .length = (uint32_t)json_length(&out)},
        body);
}

struct journal *journal_open(const char *dir, struct journal_limits limits, wall_t now,
                             const char **why)
{
    struct journal *j = strlen(dir) < 400 ? blank(dir) : NULL;
    *why = NULL;
    if (!j) {
        *why = "the journal's path is too long, or memory is short";
        return NULL;
    }
    j->limits = limits;
    j->now = now;
    if (!take_lock(j, dir, why)) {
        fini(j);
        return NULL;
    }
    store_ballast(j);
    mark_open(j);
    int rc = store_open(j);
    if ((rc & 0xFF) == SQLITE_CORRUPT || (rc & 0xFF) == SQLITE_NOTADB) {
        *why = say("was damaged and set aside, a new epoch begins", dir,
                   j->db ? sqlite3_errstr(rc) : "");
        for (int i = 0; i < MESSAGE_JOURNALED; i++) { /* what it says of its rows is no better */
            struct lane *l = &j->lanes[i];
            l->committed = l->acked = l->overlap = l->lost = l->lost_waiting = l->refused = 0;
        }
        rc = store_replace(j);
    }
    if (rc != SQLITE_OK) {
        *why = say("can't be used", dir, sqlite3_errstr(rc));
        fini(j);
        return NULL;
    }
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        struct lane *l = &j->lanes[i];
        uint64_t known = mark_read(j, i);
        l->next = l->committed + 1;
        if (known > l->committed) {
            put_gap(j, l, l->committed + 1, known + 1, "the journal lost its end");
            l->next = known + 2; /* the gap is a row with a number of its own */
            *why = say("has lost its end; a gap tells which rows", dir, "");
        }
    }
    int64_t newest = store_newest_ms(j);
    j->aged.ms = newest > 0 && newest < now.ms ? newest : now.ms;
    store_measure(j);
    return j;
}

bool journal_add(struct journal *j, const struct message *m, const char *topic, const char *payload)
{
    struct lane *l = &j->lanes[m->lane];
    uint64_t seq = m->seq ? m->seq : l->next;
    if (m->time.ms > 0)
        j->now = m->time;
    if (seq < l->next) {
        log_error("journal: number %llu was given twice, the second row is not kept",
                  (unsigned long long)seq);
        return false;
    }
    if (seq > l->next)
        put_gap(j, l, l->next, seq - 1, "the gateway could not keep up");
    l->next = seq + 1;
    uint32_t id = book_add(j, topic, m->topic_length);
    if (!id || m->payload_length > l->recent.size / 4) {
        put_gap(j, l, seq, seq, id ? "too large" : "out of memory");
        return false;
    }
    put(j, l,
        (struct recent_row){.seq = seq,
                            .from = seq,
                            .time_ms = m->time.ms,
                            .topic = id,
                            .length = m->payload_length},
        payload);
    return true;
}

void journal_ack(struct journal *j, enum message_lane lane, uint64_t upto)
{
    struct lane *l = &j->lanes[lane];
    if (upto > l->committed)
        upto = l->committed;
    if (upto <= l->acked)
        return;
    l->acked = upto;
    uint64_t above = 0;
    if (l->lost_waiting > l->lost_unsaved && j->db)
        store_lost_above(j, (int)lane, upto, &above);
    l->lost_waiting = l->lost_unsaved + above;
    j->dirty = true;
}

void journal_set_overlap(struct journal *j, enum message_lane lane, uint64_t upto)
{
    struct lane *l = &j->lanes[lane];
    if (upto == l->overlap)
        return;
    l->overlap = upto;
    j->dirty = true;
}

void journal_refused(struct journal *j, enum message_lane lane, uint64_t seq, int reason)
{
    if (j->refusal_count < REFUSALS)
        j->refusals[j->refusal_count++] = (struct refusal){(int)lane, reason, seq};
    j->dirty = true;
}

void journal_accepted(struct journal *j, enum message_lane lane, uint64_t seq)
{
    journal_refused(j, lane, seq, 0);
}

bool journal_refusals_wait(const struct journal *j)
{
    return j->refusal_count >= REFUSALS / 2;
}

int journal_refusal(struct journal *j, enum message_lane lane, uint64_t seq)
{
    for (uint32_t i = j->refusal_count; i-- > 0;)
        if (j->refusals[i].lane == (int)lane && j->refusals[i].seq == seq)
            return j->refusals[i].reason;
    if (!j->lanes[lane].refused || !j->db)
        return 0;
    sqlite3_bind_int(j->find_refused, 1, (int)lane);
    sqlite3_bind_int64(j->find_refused, 2, (sqlite3_int64)seq);
    uint64_t reason;
    store_number(j->find_refused, &reason);
    return (int)reason;
}

uint64_t journal_next_refused(struct journal *j, enum message_lane lane, uint64_t seq, int reason)
{
    if (!j->lanes[lane].refused || !j->db)
        return 0;
    sqlite3_bind_int(j->next_refused, 1, (int)lane);
    sqlite3_bind_int64(j->next_refused, 2, (sqlite3_int64)seq);
    sqlite3_bind_int(j->next_refused, 3, reason);
    uint64_t found;
    store_number(j->next_refused, &found);
    return found;
}

void journal_stats(struct journal *j, struct journal_stats *out)
{
    *out = (struct journal_stats){
        .bytes = j->bytes, .commits = j->commits, .healthy = !j->trouble, .trouble = j->trouble};
    if (j->giving_up && !j->trouble)
        out->trouble = "the journal is full: the oldest rows are given up";
    else if (j->tight && !j->trouble)
        out->trouble = "the disk is full: old rows make room for new ones";
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        const struct lane *l = &j->lanes[i];
        uint64_t last = l->next - 1;
        out->dropped[i] = l->lost + l->refused;
        out->waiting[i] = last - l->acked - l->lost_waiting;
        /* A refused row counts before the cursor has passed it. */
        if (out->waiting[i] > last - out->dropped[i])
            out->waiting[i] = last - out->dropped[i];
        out->acked[i] = last - out->waiting[i] - out->dropped[i];
    }
    struct lane *h = &j->lanes[MESSAGE_HISTORY];
    if (out->waiting[MESSAGE_HISTORY]) {
        struct journal_cursor c = {MESSAGE_HISTORY, h->acked + 1};
        struct row row;
        if (journal_fetch(j, &c, &row))
            out->oldest_waiting = row.time;
    }
}
