/* SPDX-License-Identifier: Apache-2.0 */
/* The newest rows of one lane in memory: those that wait for a commit, and before them those that
 * are on disk already and most likely the next to be published. */
#ifndef PUBLISH_RECENT_H
#define PUBLISH_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recent_row {
    uint64_t seq;
    uint64_t from;                 /* of a gap: the first seq it stands for; else seq */
    int64_t time_ms;
    uint32_t topic;                /* id in the topic book; 0: a gap */
    uint32_t length;
    size_t at;                     /* of the payload in bytes */
};

/* Rows are counted from the beginning of time: [first, saved) are on disk, [saved, end) are not. */
struct recent {
    char *bytes;
    size_t size, head, waiting_bytes;
    struct recent_row *rows;
    uint32_t capacity;
    uint64_t first, saved, end;
};

bool recent_init(struct recent *r, size_t bytes, uint32_t rows);
void recent_fini(struct recent *r);
/* Copies the payload; rows on disk give way. false: only rows that wait are left to give way. */
bool recent_put(struct recent *r, struct recent_row row, const char *payload);
/* Gives up the oldest waiting row, and every row on disk before it. */
struct recent_row recent_lose(struct recent *r);
void recent_saved(struct recent *r, uint64_t upto);    /* rows before that index are on disk now */
void recent_forget(struct recent *r);                  /* rows on disk: what lies there isn't theirs any more */
const struct recent_row *recent_at(const struct recent *r, uint64_t i);

/* Index of the first row on disk with that seq or a later one, provided that no row between is
 * missing here; false: ask the disk. */
bool recent_find(const struct recent *r, uint64_t seq, uint64_t *i);

#endif
