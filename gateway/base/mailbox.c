/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mailbox.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    ALIGN = 16,
    CACHE_LINE = 64,
    ROOM_LEAST = 256,
    REWIND = 256 * 1024,
    KEPT = REWIND + 128 * 1024,
    WORTH_IT = 64 * 1024
};

/* In front of each message. A message never wraps: when the end of the ring is too near, a header
 * with SKIP says that the next one lies at the start. */
struct header {
    uint32_t length;
    uint32_t unused[3];
};

#define SKIP UINT32_MAX

static_assert(sizeof(struct header) == ALIGN, "what follows a header is aligned as it is");

/* put and taken count bytes since the beginning; each is written by one side only. The other
 * fields of a side are its own, and lie on its own cache lines. */
struct mailbox {
    unsigned char *ring;
    size_t size;
    int fd;

    _Alignas(CACHE_LINE) _Atomic uint64_t put;
    size_t put_at; /* put % size */
    size_t touched; /* no byte behind this was written since it was last given back */
    uint64_t taken_seen; /* taken when the putter last looked */
    _Atomic uint64_t dropped;

    _Alignas(CACHE_LINE) _Atomic uint64_t taken;
    size_t take_at;
    uint64_t put_seen;
    size_t peeked; /* bytes that mailbox_done gives back; 0: nothing is being read */
};

static size_t round_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

struct mailbox *mailbox_new(size_t bytes)
{
    struct mailbox *m = aligned_alloc(CACHE_LINE, round_up(sizeof(*m), CACHE_LINE));
    if (!m)
        return NULL;
    memset(m, 0, sizeof(*m));
    m->size = round_up(bytes < ROOM_LEAST ? ROOM_LEAST : bytes, CACHE_LINE);
    m->ring = aligned_alloc(CACHE_LINE, m->size);
    m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!m->ring || m->fd < 0) {
        mailbox_free(m);
        return NULL;
    }
    return m;
}

void mailbox_free(struct mailbox *m)
{
    if (!m)
        return;
    if (m->fd >= 0)
        close(m->fd);
    free(m->ring);
    free(m);
}

/* Asks the other side's counter only when the last answer would not do. */
static size_t free_bytes(struct mailbox *m, uint64_t put, size_t wanted)
{
    size_t room = m->size - (size_t)(put - m->taken_seen);
    if (room < wanted) {
        m->taken_seen = atomic_load_explicit(&m->taken, memory_order_acquire);
        room = m->size - (size_t)(put - m->taken_seen);
    }
    return room;
}

static void advance(size_t *at, size_t by, size_t size)
{
    *at += by;
    assert(*at <= size);
    if (*at == size)
        *at = 0;
}

/* The length of all parts together; SIZE_MAX: more than ever fits. Half the ring is the most: that
 * much is always free in one piece once the ring is empty. */
static size_t sum(const struct mailbox *m, const struct mailbox_part *parts, size_t count)
{
    size_t most = m->size / 2 - sizeof(struct header), all = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].length > most - all)
            return SIZE_MAX;
        all += parts[i].length;
    }
    return all < SKIP ? all : SIZE_MAX;
}

/* A slow disk fills a ring once; what that took is the machine's again when the ring is empty. */
static void give_back(struct mailbox *m)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), begin = (size_t)(uintptr_t)m->ring;
    size_t from = round_up(begin + KEPT, page) - begin, to = m->touched / page * page;
    if (to < from + WORTH_IT)
        return;
    /* No ring depends on it. */
    (void)madvise(m->ring + from, to - from, MADV_DONTNEED);
    m->touched = from;
}

bool mailbox_put_parts(struct mailbox *m, const struct mailbox_part *parts, size_t count)
{
    uint64_t put = atomic_load_explicit(&m->put, memory_order_relaxed);
    size_t to_end = m->size - m->put_at;
    size_t length = sum(m, parts, count);
    bool sane = length != SIZE_MAX;
    size_t need = sane ? sizeof(struct header) + round_up(length, ALIGN) : 0;
    /* An empty ring begins at its start again, so that no more of it is ever touched than the taker
     * was behind. */
    bool rewind =
        m->put_at >= REWIND && need <= m->put_at && free_bytes(m, put, m->size) == m->size;
    size_t skip = need > to_end || rewind ? to_end : 0;
    if (!sane || free_bytes(m, put, skip + need) < skip + need) {
        atomic_fetch_add_explicit(&m->dropped, 1, memory_order_relaxed);
        return false;
    }
    if (rewind)
        give_back(m);
    if (skip > 0) {
        const struct header over = {.length = SKIP};
        memcpy(m->ring + m->put_at, &over, sizeof(over));
        m->touched = m->put_at + sizeof(over) > m->touched ? m->put_at + sizeof(over) : m->touched;
        m->put_at = 0;
    }
    const struct header header = {.length = (uint32_t)length};
    unsigned char *at = m->ring + m->put_at;
    memcpy(at, &header, sizeof(header));
    at += sizeof(header);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].length > 0)
            memcpy(at, parts[i].at, parts[i].length);
        at += parts[i].length;
    }
    m->touched = m->put_at + need > m->touched ? m->put_at + need : m->touched;
    advance(&m->put_at, need, m->size);
    atomic_store_explicit(&m->put, put + skip + need, memory_order_release);
    return true;
}

bool mailbox_put(struct mailbox *m, const void *head, size_t head_length, const void *body,
                 size_t body_length)
{
    const struct mailbox_part parts[] = {{head, head_length}, {body, body_length}};
    return mailbox_put_parts(m, parts, 2);
}

size_t mailbox_room(struct mailbox *m)
{
    uint64_t put = atomic_load_explicit(&m->put, memory_order_relaxed);
    size_t room = free_bytes(m, put, m->size);
    size_t to_end = m->size - m->put_at;
    size_t most = m->size / 2;
    if (room > to_end) /* in one piece: up to the end, or from the start */
        room = to_end > room - to_end ? to_end : room - to_end;
    room = room < most ? room : most;
    return room > sizeof(struct header) ? room - sizeof(struct header) : 0;
}

void mailbox_wake(struct mailbox *m)
{
    uint64_t one = 1;
    int keep = errno;
    while (write(m->fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    errno = keep; /* EAGAIN: it rings already */
}

const void *mailbox_peek(struct mailbox *m, size_t *length)
{
    uint64_t taken = atomic_load_explicit(&m->taken, memory_order_relaxed);
    if (m->put_seen == taken)
        m->put_seen = atomic_load_explicit(&m->put, memory_order_acquire);
    if (m->put_seen == taken)
        return NULL;
    struct header header;
    memcpy(&header, m->ring + m->take_at, sizeof(header));
    size_t skip = 0;
    if (header.length == SKIP) {
        skip = m->size - m->take_at;
        memcpy(&header, m->ring, sizeof(header));
    }
    size_t at = skip > 0 ? 0 : m->take_at;
    m->peeked = skip + sizeof(header) + round_up(header.length, ALIGN);
    *length = header.length;
    return m->ring + at + sizeof(header);
}

void mailbox_done(struct mailbox *m)
{
    assert(m->peeked > 0);
    uint64_t taken = atomic_load_explicit(&m->taken, memory_order_relaxed);
    m->take_at = (m->take_at + m->peeked) % m->size;
    atomic_store_explicit(&m->taken, taken + m->peeked, memory_order_release);
    m->peeked = 0;
}

int mailbox_fd(const struct mailbox *m)
{
    return m->fd;
}

void mailbox_heard(struct mailbox *m)
{
    uint64_t rings;
    int keep = errno;
    while (read(m->fd, &rings, sizeof(rings)) < 0 && errno == EINTR)
        ;
    errno = keep;
}

uint64_t mailbox_dropped(const struct mailbox *m)
{
    return atomic_load_explicit(&m->dropped, memory_order_relaxed);
}
