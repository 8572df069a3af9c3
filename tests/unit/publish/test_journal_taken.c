/* SPDX-License-Identifier: Apache-2.0 */
/* A journal that is taken away, damaged, reopened at random: what a historian could ever hear of it
 * says of each number what became of it. */
#include "journal_rig.h"

#include <sys/stat.h>

/* Thousands of syncs; where there is no such folder it takes longer. */
static int fresh_in_memory(void **state)
{
    strcpy(dir, "/dev/shm/headgate-journal-XXXXXX");
    return mkdtemp(dir) ? 0 : fresh(state);
}

static uint32_t seed = 1;
static uint32_t rnd(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

enum { MOST = 20000 };
static struct {
    bool heard, gap;
} seqs[MOST];

static void listen(struct journal *j, uint64_t *acked)
{
    struct journal_cursor c = {MESSAGE_HISTORY, *acked + 1};
    struct row r;
    unsigned n = rnd(40);
    for (unsigned i = 0; i < n && journal_fetch(j, &c, &r); i++) {
        assert_true(r.seq < MOST);
        if (r.topic) {
            assert_int_equal(content(&r), r.seq);
            seqs[r.seq].heard = true;
        } else {
            unsigned long long a, b;
            char have[256] = {0};
            memcpy(have, r.payload, r.payload_length < 255 ? r.payload_length : 255);
            assert_int_equal(sscanf(strstr(have, "\"gap\":{"),
                                    "\"gap\":{\"from_seq\":%llu,\"to_seq\":%llu", &a, &b),
                             2);
            assert_true(a <= b && b == r.seq);
            for (unsigned long long k = a; k <= b; k++)
                seqs[k].gap = true;
        }
        *acked = r.seq;
    }
}

static void whatever_happens_each_number_is_heard_or_missed(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 30; turn++) {
        seed = turn + 1;
        memset(seqs, 0, sizeof seqs);
        empty(dir);
        struct journal *j = opened(wide);
        uint64_t next = 1, cursor = 0, overlap = 0, last_epoch = journal_epoch(j);
        int64_t ms = 0;
        for (unsigned step = 0; step < 400; step++) {
            ms += 100;
            switch (rnd(24)) {
            default: /* rows */
                for (unsigned k = rnd(30); k > 0; k--) {
                    if (rnd(50) == 0)
                        next += rnd(5);
                    add(j, MESSAGE_HISTORY, next++, 50 + rnd(200));
                }
                break;
            case 1:
            case 2:
            case 3:
            case 4:
                journal_commit(j);
                break;
            case 5:
            case 6:
            case 7:
            case 8:
            case 9:
            case 10:
                listen(j, &cursor);
                if (rnd(2))
                    journal_ack(j, MESSAGE_HISTORY, cursor);
                break;
            case 11:
            case 12: { /* the overlap grows */
                uint64_t a = journal_acked(j, MESSAGE_HISTORY);
                if (a > overlap)
                    overlap += rnd((uint32_t)(a - overlap) + 1);
                journal_set_overlap(j, MESSAGE_HISTORY, overlap);
                break;
            }
            case 13: /* a new session */
                cursor = journal_overlap(j, MESSAGE_HISTORY);
                break;
            case 14: { /* a restart */
                journal_close(j);
                j = opened(wide);
                assert_true(journal_next(j, MESSAGE_HISTORY) == next);
                cursor = journal_overlap(j, MESSAGE_HISTORY);
                break;
            }
            case 15: /* taken away */
                empty(dir);
                journal_trim(j, noon, (mono_t){(1000 + ms) * NS_PER_MS});
                break;
            case 16:
                journal_trim(j, noon, (mono_t){(1000 + ms) * NS_PER_MS});
                break;
            }
            sums(j);
            if (journal_epoch(j) != last_epoch) {
                assert_true(journal_epoch(j) > last_epoch);
                last_epoch = journal_epoch(j);
                cursor = journal_overlap(j, MESSAGE_HISTORY);
                /* first row of the new epoch tells from the overlap on */
                struct journal_cursor c = {MESSAGE_HISTORY, cursor + 1};
                struct row r;
                if (journal_fetch(j, &c, &r) && !r.topic) {
                    unsigned long long a = 0;
                    sscanf(strstr(r.payload, "from_seq"), "from_seq\":%llu", &a);
                    if (a != cursor + 1)
                        fail_msg("turn %u step %u: gap from %llu, overlap at %llu", turn, step, a,
                                 (unsigned long long)cursor);
                }
                whole(j, MESSAGE_HISTORY, cursor + 1);
            }
        }
        journal_commit(j);
        cursor = journal_overlap(j, MESSAGE_HISTORY);
        for (unsigned k = 0; k < 2000; k++)
            listen(j, &cursor);
        for (uint64_t s = 1; s < next; s++)
            if (!seqs[s].heard && !seqs[s].gap)
                fail_msg("turn %u: %llu of %llu is neither", turn, (unsigned long long)s,
                         (unsigned long long)next);
        journal_close(j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_happens_each_number_is_heard_or_missed,
                                        fresh_in_memory, gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
