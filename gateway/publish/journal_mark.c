/* SPDX-License-Identifier: Apache-2.0 */
/* How far each lane's rows have been on disk, noted beside the journal. A log whose end is torn, by
 * a card that lies about its writes or by somebody's copy of an older one, opens without a word;
 * then numbers that were sent already would be given again to other rows. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "publish/store.h"

struct mark {
    uint64_t epoch, committed[MESSAGE_JOURNALED];
    uint64_t check; /* of the others: a torn note is none */
};

static uint64_t check_of(const struct mark *m)
{
    uint64_t x = m->epoch * UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        x = (x ^ m->committed[i]) * UINT64_C(0x9E3779B97F4A7C15) + 1;
    return x;
}

static bool known(const struct journal *j, struct mark *m)
{
    if (j->mark < 0 || pread(j->mark, m, sizeof(*m), 0) != (ssize_t)sizeof(*m) ||
        m->check != check_of(m))
        return false;
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        if (!store_sane(m->committed[i]))
            return false;
    return store_sane(m->epoch);
}

/* A new epoch is a later one than the one noted, whatever became of the database and the clock. */
void mark_open(struct journal *j)
{
    struct mark m;
    char path[512];
    snprintf(path, sizeof(path), "%s/journal.mark", j->dir);
    j->mark = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (known(j, &m))
        j->epoch = m.epoch;
}

/* Another file, or another file system, may be in its place by now. */
void mark_again(struct journal *j)
{
    uint64_t epoch = j->epoch;
    if (j->mark >= 0)
        close(j->mark);
    mark_open(j);
    j->epoch = j->epoch > epoch ? j->epoch : epoch;
}

/* A file system that has just found a fault in itself gives up its own log, and then says of a sync
 * that went with it that it went well: ext4 does, one time in fifteen. But from then on it refuses
 * what that log would have to hold, such as another size of a file. */
bool mark_proves(const struct journal *j)
{
    struct stat st;
    if (j->mark < 0 || fstat(j->mark, &st) != 0)
        return true;
    off_t size = (off_t)sizeof(struct mark);
    return ftruncate(j->mark, st.st_size > size ? size : size + 1) == 0 ||
           (errno != EROFS && errno != EIO);
}

/* Not waited for: a note that is too old is only less of a help. */
void mark_write(const struct journal *j)
{
    struct mark m = {.epoch = j->epoch};
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        m.committed[i] = j->lanes[i].committed;
    m.check = check_of(&m);
    ssize_t n = pwrite(j->mark, &m, sizeof(m), 0);
    (void)n; /* torn, it is none; not written, it is an older one */
}

uint64_t mark_read(const struct journal *j, int lane)
{
    struct mark m;
    return known(j, &m) && m.epoch == j->epoch ? m.committed[lane] : 0;
}
