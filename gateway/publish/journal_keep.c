/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept beside the rows: the newest state of each alarm, leak and incident. It goes to disk
 * in the transaction of the row that tells of it, so that after a power cut nobody is told twice,
 * and nothing was told that isn't known any more. All of it stays in memory, too: when the file has
 * to be begun anew, the states are what must not be lost with it. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "publish/store.h"

static struct kept *find(const struct journal *j, const char *key, uint64_t hash)
{
    for (uint32_t i = 0; i < j->kept_count; i++)
        if (j->kept[i].hash == hash && strcmp(j->kept[i].key, key) == 0)
            return &j->kept[i];
    return NULL;
}

static struct kept *make(struct journal *j, const char *key, uint64_t hash)
{
    if (j->kept_count == j->kept_room) {
        uint32_t room = j->kept_room ? 2 * j->kept_room : 16;
        struct kept *more = realloc(j->kept, room * sizeof(*more));
        if (!more)
            return NULL;
        j->kept = more;
        j->kept_room = room;
    }
    char *own = strdup(key);
    if (!own)
        return NULL;
    j->kept[j->kept_count] = (struct kept){.key = own, .hash = hash};
    return &j->kept[j->kept_count++];
}

static void take_out(struct journal *j, struct kept *k)
{
    free(k->key);
    free(k->blob);
    *k = j->kept[--j->kept_count];
}

/* 1: it is another one than before, 0: the same, -1: out of memory. */
static int put(struct journal *j, const char *key, const void *blob, size_t size)
{
    uint64_t hash = text_hash(0, key, strlen(key));
    struct kept *k = find(j, key, hash);
    if (k ? k->size == size && (size == 0 || memcmp(k->blob, blob, size) == 0) : size == 0)
        return 0;
    /* The old one stays whole until the new one has its place. */
    void *own = size ? malloc(size) : NULL;
    if (size && !own)
        return -1;
    if (!k && !(k = make(j, key, hash))) {
        free(own);
        return -1;
    }
    if (size)
        memcpy(own, blob, size);
    free(k->blob);
    k->blob = own;
    k->size = size;
    k->unsaved = true;
    return 1;
}

bool journal_keep(struct journal *j, const char *key, const void *blob, size_t size)
{
    int changed = size > KEPT_MOST ? -1 : put(j, key, blob, size);
    if (changed < 0)
        log_error("journal: the state of %s (%zu bytes) could not be kept", key, size);
    if (changed > 0)
        j->kept_unsaved = j->dirty = true;
    return changed >= 0;
}

void journal_each_kept(const struct journal *j, journal_kept_fn *fn, void *me)
{
    for (uint32_t i = 0; i < j->kept_count; i++)
        if (j->kept[i].size)
            fn(me, j->kept[i].key, j->kept[i].blob, j->kept[i].size);
}

int kept_read(struct journal *j)
{
    sqlite3_stmt *s = NULL;
    if (j->kept_known)
        return SQLITE_OK;
    int rc = sqlite3_prepare_v2(j->db, "SELECT key, value FROM kept", -1, &s, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(s, 0);
        const void *blob = sqlite3_column_blob(s, 1);
        size_t size = (size_t)sqlite3_column_bytes(s, 1);
        if (!key || (size && !blob))
            rc = store_missing(j);
        else
            rc = put(j, key, blob, size) < 0 ? SQLITE_NOMEM : SQLITE_OK;
    }
    sqlite3_finalize(s);
    for (uint32_t i = 0; i < j->kept_count; i++)
        j->kept[i].unsaved = false;
    j->kept_known = rc == SQLITE_DONE;
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int kept_write(struct journal *j)
{
    int rc = SQLITE_OK;
    for (uint32_t i = 0; j->kept_unsaved && i < j->kept_count && rc == SQLITE_OK; i++) {
        const struct kept *k = &j->kept[i];
        if (!k->unsaved)
            continue;
        sqlite3_stmt *s = k->size ? j->save_kept : j->drop_kept;
        sqlite3_bind_text(s, 1, k->key, -1, SQLITE_STATIC);
        if (k->size)
            sqlite3_bind_blob(s, 2, k->blob, (int)k->size, SQLITE_STATIC);
        rc = store_step(s);
    }
    return rc;
}

void kept_saved(struct journal *j)
{
    for (uint32_t i = j->kept_unsaved ? j->kept_count : 0; i-- > 0;) {
        j->kept[i].unsaved = false;
        if (!j->kept[i].size)
            take_out(j, &j->kept[i]);
    }
    j->kept_unsaved = false;
}

void kept_anew(struct journal *j)
{
    if (!j->kept_known) { /* read from a file that turned out to be damaged */
        kept_free(j);
        return;
    }
    for (uint32_t i = 0; i < j->kept_count; i++)
        j->kept[i].unsaved = true;
    j->kept_unsaved = j->kept_count > 0;
}

void kept_free(struct journal *j)
{
    while (j->kept_count)
        take_out(j, &j->kept[j->kept_count - 1]);
    free(j->kept);
    j->kept = NULL;
    j->kept_room = 0;
}
