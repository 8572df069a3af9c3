/* SPDX-License-Identifier: Apache-2.0 */
/* A journal in a directory of its own, rows whose content says their number, and whether all are
 * there. */
#ifndef TEST_PUBLISH_JOURNAL_RIG_H
#define TEST_PUBLISH_JOURNAL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "publish/journal.h"

static const struct journal_limits wide = {INT64_C(72) * 3600 * NS_PER_S, INT64_C(1) << 31};
static const wall_t noon = {1764100000000};

static char dir[64];

static inline int fresh(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/headgate-journal-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static inline void empty(const char *path)
{
    char name[512];
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
        unlink(name);
    }
    if (d)
        closedir(d);
}

static inline int gone(void **state)
{
    (void)state;
    empty(dir);
    return rmdir(dir);
}

static inline struct journal *opened(struct journal_limits limits)
{
    const char *why;
    struct journal *j = journal_open(dir, limits, noon, &why);
    if (!j || why)
        print_message("%s\n", why);
    assert_non_null(j);
    return j;
}

static inline bool add(struct journal *j, enum message_lane lane, uint64_t seq, size_t length)
{
    static char payload[1 << 20];
    char topic[32];
    int n = snprintf(topic, sizeof(topic), "m/s/history/g/a/d%u", (unsigned)(seq % 7));
    memset(payload, 'x', length);
    snprintf(payload, sizeof(payload), "\"n\":%llu", (unsigned long long)seq);
    struct message m = {.lane = (uint8_t)lane,
                        .topic_length = (uint16_t)n,
                        .payload_length = (uint32_t)length,
                        .seq = seq,
                        .time = {noon.ms + (int64_t)seq}};
    return journal_add(j, &m, topic, payload);
}

static inline uint64_t content(const struct row *r)
{
    unsigned long long n = 0;
    char start[32] = {0};
    memcpy(start, r->payload, r->payload_length < 31 ? r->payload_length : 31);
    sscanf(start, "\"n\":%llu", &n);
    return n;
}

static inline bool is_gap(const struct row *r, unsigned long long from, unsigned long long to)
{
    char want[96], have[256] = {0};
    snprintf(want, sizeof(want), "\"gap\":{\"from_seq\":%llu,\"to_seq\":%llu,\"reason\":\"", from,
             to);
    memcpy(have, r->payload, r->payload_length < 255 ? r->payload_length : 255);
    return !r->topic && r->seq == to && strstr(have, want);
}

static inline void sums(struct journal *j)
{
    struct journal_stats s;
    journal_stats(j, &s);
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        assert_int_equal(s.acked[i] + s.waiting[i] + s.dropped[i],
                         journal_next(j, (enum message_lane)i) - 1);
}

/* Every seq from `from` on is there as a row or inside a gap. The number of gaps' seqs. */
static inline uint64_t whole(struct journal *j, enum message_lane lane, uint64_t from)
{
    struct journal_cursor c = {lane, from};
    struct row r;
    uint64_t expected = from, lost = 0;
    while (journal_fetch(j, &c, &r)) {
        if (!r.topic) {
            unsigned long long a = 0, b = 0;
            char have[256] = {0};
            memcpy(have, r.payload, r.payload_length < 255 ? r.payload_length : 255);
            const char *gap = strstr(have, "\"gap\":{");
            assert_non_null(gap);
            assert_int_equal(sscanf(gap, "\"gap\":{\"from_seq\":%llu,\"to_seq\":%llu", &a, &b), 2);
            assert_true(a <= expected);
            assert_int_equal(b, r.seq);
            lost += b - expected + 1;
        } else {
            assert_int_equal(r.seq, expected);
            assert_int_equal(content(&r), r.seq);
        }
        expected = r.seq + 1;
    }
    assert_int_equal(expected, journal_committed(j, lane) + 1);
    return lost;
}

#endif
