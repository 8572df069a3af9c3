/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on disk before anybody is told. SQLite: WAL, synchronous FULL. One thread. */
#ifndef PUBLISH_JOURNAL_H
#define PUBLISH_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/plant.h"
#include "publish/message.h"

struct journal;

/* Opens or makes DIR/journal.db, locks it, and finds epoch and the next numbers. A journal that is
 * damaged is set aside (journal.db.damaged-TIME) and a new epoch begins; *why then says so. NULL with
 * *why when it can't be used at all. */
struct journal *journal_open(const char *dir, struct journal_limits limits, wall_t now,
                             const char **why);
void journal_close(struct journal *j);                 /* commits */

uint64_t journal_epoch(const struct journal *j);
uint64_t journal_next(const struct journal *j, enum message_lane lane);    /* the next free seq */
uint64_t journal_first(const struct journal *j, enum message_lane lane);   /* oldest kept; next if none */
uint64_t journal_acked(const struct journal *j, enum message_lane lane);   /* all up to here are acknowledged; 0: none */

/* Adds a row to the open group. false: it could not be kept (counted; the next row that can be kept
 * is preceded by a gap row). Rows are visible to journal_read only after journal_commit. */
bool journal_add(struct journal *j, const struct message *m, const char *topic, const char *payload);
bool journal_commit(struct journal *j);                /* false: disk trouble; the group is lost and counted, a gap follows */
uint32_t journal_pending(const struct journal *j);     /* rows in the open group */

void journal_ack(struct journal *j, enum message_lane lane, uint64_t upto);    /* saved with the next commit */

struct row {
    uint64_t seq;
    wall_t time;
    const char *topic, *payload;   /* valid until the next journal_read_next */
    uint32_t topic_length, payload_length;
};
/* Rows from seq on, in order, committed ones only. One reader per lane; begin again to go elsewhere. */
void journal_read(struct journal *j, enum message_lane lane, uint64_t from_seq);
bool journal_read_next(struct journal *j, enum message_lane lane, struct row *row);

uint64_t journal_seq_at(struct journal *j, enum message_lane lane, wall_t time);  /* first seq not older; next if none */

/* Makes room: old acknowledged rows, then, over the size, the oldest history. Call every few
 * seconds; does a bounded piece of work. */
void journal_trim(struct journal *j, wall_t now);

struct journal_stats {
    uint64_t rows[MESSAGE_JOURNALED], bytes, lost, commits;
    bool healthy;
    const char *trouble;           /* NULL when healthy */
};
void journal_stats(const struct journal *j, struct journal_stats *out);

#endif
