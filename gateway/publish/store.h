/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the journal: its database and what all its files share. Nobody else includes this. */
#ifndef PUBLISH_STORE_H
#define PUBLISH_STORE_H

#include <sqlite3.h>

#include "publish/journal.h"
#include "publish/recent.h"

struct topic_entry {
    char *text;
    uint32_t length;
    uint64_t hash;
};

struct lane {
    uint64_t next;                 /* after all rows, those that wait included */
    uint64_t committed;            /* newest on disk */
    uint64_t first;                /* oldest on disk; committed + 1 if none */
    uint64_t acked, overlap;
    uint64_t lost, refused;        /* seqs, since the epoch began */
    uint64_t lost_waiting;         /* of the lost, those above acked */
    uint64_t lost_unsaved;         /* of those, the ones the gap table doesn't know yet */
    /* Rows given up since the newest kept one; they become a gap row as soon as one can be kept. */
    uint64_t gone_from, gone_to;   /* 0: none */
    const char *gone_why;
    struct recent recent;
    sqlite3_stmt *insert, *select, *remove, *oldest;
    uint64_t select_next;          /* what the running select gives next; 0: it isn't running */
};

struct kept {                      /* a state: see journal_keep */
    char *key;
    uint64_t hash;
    void *blob;
    size_t size;                   /* 0: it goes with the next commit */
    bool unsaved;
};

enum { KEPT_MOST = 16 << 20 };

struct refusal {
    int lane, reason;
    uint64_t seq;
};

enum { REFUSALS = 2048 };          /* between two commits; half of it is a reason for one, and a window holds fewer */

struct journal {
    char *dir, *file;
    int lock, mark;                /* descriptors; -1: none */
    struct journal_limits limits;
    wall_t now;                    /* as last heard */
    wall_t aged;                   /* what rows are old against; goes on with the monotonic clock */
    mono_t aged_at;                /* 0: not yet begun */
    uint64_t inode;                /* of the database; another one there isn't ours */
    sqlite3 *db;
    sqlite3_stmt *save_topic, *save_lane, *save_gap, *save_refused, *lost_above, *drop_gaps,
        *drop_refused, *find_refused, *next_refused, *undo_refused, *save_kept, *drop_kept, *pages, *free_pages;
    struct lane lanes[MESSAGE_JOURNALED];
    struct topic_entry *topics;    /* id is index + 1 */
    uint32_t topic_count, topic_room, topics_saved;
    uint32_t *topic_slots, slot_count;                 /* open addressing: id, 0 free */
    struct refusal refusals[REFUSALS];
    uint32_t refusal_count;
    struct kept *kept;
    uint32_t kept_count, kept_room;
    bool kept_known;               /* read from disk; from then on memory knows more */
    bool kept_unsaved;             /* some are */
    uint64_t epoch, bytes, commits;
    bool dirty;
    const char *trouble;
    bool damaged;                  /* found while reading or writing */
    bool giving_up;                /* unacknowledged rows, for want of room; until all are acknowledged */
    bool must_reopen;              /* after an I/O error nothing in the cache is to be believed */
    size_t ballast;                /* bytes; 0: there is none */
    bool tight;                    /* the disk was full: the file lives on the pages that it has */
    size_t spent;                  /* ballast that was given up then */
};

/* Opens the database and reads what it knows into j. An SQLite code. */
int store_open(struct journal *j);
void store_close(struct journal *j);
/* Renames a database that can't be read, so that somebody may look at it, and makes a new one with a
 * new epoch. Rows that wait stay waiting. */
int store_replace(struct journal *j);
/* The directory may be another one than that which was locked. false: somebody else has it now. */
bool store_lock_again(struct journal *j);
int store_exec(struct journal *j, const char *sql);
int store_step(sqlite3_stmt *s);                       /* one step, then reset; SQLITE_DONE is OK */
void store_stop_reading(struct journal *j);            /* an open read would keep the WAL from starting over */
/* Remembers what is wrong; OK makes it healthy again. Returns rc. */
int store_trouble(struct journal *j, int rc);
/* No number that was ever given is as large; one that is, or was negative, would wrap around. */
bool store_sane(uint64_t x);
/* First column of the first row into x; 0 if there is none, or it can't be read: see the code. */
int store_number(sqlite3_stmt *s, uint64_t *x);
void store_measure(struct journal *j);                 /* sets bytes; if it can't, they stay */
/* What is wrong with a column that should hold a text or a blob and is NULL: it isn't ours, or there
 * was no memory to fetch it. */
int store_missing(const struct journal *j);
int64_t store_newest_ms(struct journal *j);            /* the time of the newest row; 0: there is none */
/* A file that is given up when the disk is full. Taken (again) when there is plenty of room. */
void store_ballast(struct journal *j);
void store_room(struct journal *j);                    /* after that: is there some again? then it may grow */
void store_full(struct journal *j);                    /* the disk is: gives it up, and grows no more */

/* journal_mark.c: how far rows have been on disk, as noted outside of the database. */
void mark_open(struct journal *j);
void mark_again(struct journal *j);
void mark_write(const struct journal *j);
bool mark_proves(const struct journal *j);                  /* a sync just now was no lie */
uint64_t mark_read(const struct journal *j, int lane);      /* 0: not known */

uint32_t book_add(struct journal *j, const char *topic, uint32_t length);   /* id; 0: out of memory */
void book_free(struct journal *j);

/* journal_keep.c */
int kept_read(struct journal *j);                      /* once */
int kept_write(struct journal *j);                     /* into an open transaction */
void kept_saved(struct journal *j);                    /* which was committed */
void kept_anew(struct journal *j);                     /* the database is a new one */
void kept_free(struct journal *j);

/* Writes the gap row for seqs from..to into an open transaction. */
int store_gap(struct journal *j, int lane, uint64_t from, uint64_t to, const char *why);
int store_lane(struct journal *j, int lane, uint64_t last);   /* cursors and counters, likewise */
int store_lost_above(struct journal *j, int lane, uint64_t seq, uint64_t *lost);
/* Gives up to that many of the least dear rows; false: there is nothing to give, or no way to. */
bool journal_drop_some(struct journal *j, uint32_t rows);

#endif
