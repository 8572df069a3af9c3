/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on disk before anybody is told. SQLite: WAL, synchronous FULL. One thread.
 *
 * Rows wait in memory until journal_commit and stay there for a while afterwards, so that what is
 * new is read without touching the disk, and a commit that failed can be tried again. */
#ifndef PUBLISH_JOURNAL_H
#define PUBLISH_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/plant.h"
#include "publish/message.h"

struct journal;

/* Opens or makes DIR/journal.db, locks it, and finds epoch and the next numbers. A journal that is
 * damaged is set aside (journal.db.damaged-TIME) and a new epoch begins; *why then says so, else it
 * is NULL. NULL with *why when it can't be used at all. *why is static text. */
struct journal *journal_open(const char *dir, struct journal_limits limits, wall_t now,
                             const char **why);
void journal_close(struct journal *j);                 /* commits; NULL is fine */

uint64_t journal_epoch(const struct journal *j);       /* changes when damage is found while running */
uint64_t journal_next(const struct journal *j, enum message_lane lane);    /* the next free seq */
uint64_t journal_first(const struct journal *j, enum message_lane lane);   /* oldest kept; next if none */
uint64_t journal_committed(const struct journal *j, enum message_lane lane);   /* newest on disk; 0: none */
uint64_t journal_acked(const struct journal *j, enum message_lane lane);   /* all up to here are acknowledged; 0: none */
/* What was acknowledged one overlap before the newest acknowledgement: a new session begins behind it. */
uint64_t journal_overlap(const struct journal *j, enum message_lane lane);

/* Adds a row to the open group. false: it could not be kept (counted; the next row that can be kept
 * is preceded by a gap row). A seq that jumps makes a gap row, too. Rows are visible to
 * journal_fetch only after journal_commit. */
bool journal_add(struct journal *j, const struct message *m, const char *topic, const char *payload);
/* false: disk trouble. The group stays in memory and is tried again with the next commit; when
 * memory is full its oldest rows are lost, counted, and become a gap. */
bool journal_commit(struct journal *j);
uint32_t journal_pending(const struct journal *j);     /* rows in the open group */
size_t journal_pending_bytes(const struct journal *j);
bool journal_unsaved(const struct journal *j);         /* cursors or states moved since the last commit */

/* The newest state of something (an alarm, a leak, what was learned), under its name: in the same
 * transaction as the rows added before it since the last commit. Latest per key; survives a commit
 * that failed, and a file that has to be begun anew. Size 0: forgotten. false: no memory, or too
 * large; the one before is kept. */
bool journal_keep(struct journal *j, const char *key, const void *blob, size_t size);
typedef void journal_kept_fn(void *me, const char *key, const void *blob, size_t size);
void journal_each_kept(const struct journal *j, journal_kept_fn *fn, void *me);
/* The same from outside, of a journal that may be in use: read only. false: there is none, or it
 * can't be read. */
bool journal_look(const char *dir, journal_kept_fn *fn, void *me);

/* Rows of one history topic from outside, the newest first, and how far the lane has come; likewise
 * read only, and for a moment. Looks back over so many rows of all topics at most. */
struct journal_seen {
    uint64_t seq;
    wall_t time;
    const char *payload;           /* without its head: see message.h */
    uint32_t payload_length;
    int refused;                   /* the broker's reason; 0: it wasn't */
};
struct journal_lane {
    uint64_t epoch, last, acked, refused;
};
typedef bool journal_seen_fn(void *me, const struct journal_seen *row);    /* false: enough */
enum { JOURNAL_LOOK_BACK = 20000 };
bool journal_look_rows(const char *dir, const char *topic, struct journal_lane *lane,
                       journal_seen_fn *fn, void *me);

/* All saved with the next commit. */
void journal_ack(struct journal *j, enum message_lane lane, uint64_t upto);
void journal_set_overlap(struct journal *j, enum message_lane lane, uint64_t upto);

/* What the broker doesn't take: kept, counted as dropped, known by its reason, which isn't 0. Saved
 * with the next commit; too many of them must not wait for it. */
void journal_refused(struct journal *j, enum message_lane lane, uint64_t seq, int reason);
void journal_accepted(struct journal *j, enum message_lane lane, uint64_t seq);   /* it did, later */
bool journal_refusals_wait(const struct journal *j);   /* many: commit soon */
int journal_refusal(struct journal *j, enum message_lane lane, uint64_t seq);     /* the reason; 0: none */
/* The first one that was refused for that reason, from seq on; 0: none. Only what is on disk. */
uint64_t journal_next_refused(struct journal *j, enum message_lane lane, uint64_t seq, int reason);

struct row {
    uint64_t seq;
    wall_t time;
    const char *topic;             /* NULL: a gap, which belongs to the lane's own topic */
    const char *payload;           /* all valid until the next call on this journal */
    uint32_t topic_length, payload_length;
};
/* Rows from cursor.next on, in order, committed ones only; moves the cursor. As many cursors as
 * wanted, by value. */
struct journal_cursor {
    enum message_lane lane;
    uint64_t next;
};
bool journal_fetch(struct journal *j, struct journal_cursor *cursor, struct row *row);

/* First seq whose row isn't older; next if none. Rows are taken to be in order of time. */
uint64_t journal_seq_at(struct journal *j, enum message_lane lane, wall_t time);

/* Makes room: old acknowledged rows, then, over the size, the oldest history. Does a bounded piece
 * of work; true: there is more to do. Rows grow old by mono, behind the newest row that was there
 * when the journal was opened: a wall clock that jumps by years takes nothing away. Also looks
 * whether the file is still there. */
bool journal_trim(struct journal *j, wall_t wall, mono_t now);

struct journal_stats {
    /* Since the epoch began, per lane; next - 1 = acked + waiting + dropped. */
    uint64_t acked[MESSAGE_JOURNALED], waiting[MESSAGE_JOURNALED], dropped[MESSAGE_JOURNALED];
    uint64_t bytes, commits;
    wall_t oldest_waiting;         /* history; 0: nothing waits */
    bool healthy;
    const char *trouble;           /* NULL when healthy */
};
void journal_stats(struct journal *j, struct journal_stats *out);

#endif
