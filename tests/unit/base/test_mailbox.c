/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mailbox.h"

static void messages_come_out_as_they_went_in(void **state)
{
    (void)state;
    struct mailbox *m = mailbox_new(4096);
    size_t length;
    assert_null(mailbox_peek(m, &length));
    assert_true(mailbox_put(m, "head", 4, "and body", 8));
    assert_true(mailbox_put(m, NULL, 0, "", 0));
    assert_true(mailbox_put(m, "x", 1, NULL, 0));
    const char *got = mailbox_peek(m, &length);
    assert_non_null(got);
    assert_int_equal(length, 12);
    assert_memory_equal(got, "headand body", 12);
    assert_ptr_equal(mailbox_peek(m, &length), got); /* still the same */
    mailbox_done(m);
    assert_non_null(mailbox_peek(m, &length));
    assert_int_equal(length, 0);
    mailbox_done(m);
    got = mailbox_peek(m, &length);
    assert_int_equal(length, 1);
    assert_int_equal(*got, 'x');
    mailbox_done(m);
    assert_null(mailbox_peek(m, &length));
    const struct mailbox_part parts[] = {{"topic", 5}, {NULL, 0}, {" payload ", 9}, {"tail", 4}};
    assert_true(mailbox_put_parts(m, parts, 4));
    got = mailbox_peek(m, &length);
    assert_int_equal(length, 18);
    assert_memory_equal(got, "topic payload tail", 18);
    mailbox_done(m);
    assert_true(mailbox_put_parts(m, NULL, 0));
    assert_non_null(mailbox_peek(m, &length));
    assert_int_equal(length, 0);
    mailbox_free(m);
    mailbox_free(NULL);
}

static void full_means_refused_and_counted(void **state)
{
    (void)state;
    struct mailbox *m = mailbox_new(1024);
    char body[100] = {0};
    size_t accepted = 0, length;
    while (mailbox_put(m, NULL, 0, body, sizeof(body)))
        accepted++;
    assert_int_equal(accepted, 1024 / 128);
    assert_int_equal(mailbox_dropped(m), 1);
    assert_false(mailbox_put(m, body, 1, NULL, 0));
    assert_int_equal(mailbox_dropped(m), 2);
    assert_int_equal(mailbox_room(m), 0);
    for (size_t i = 0; i < accepted; i++) {
        assert_non_null(mailbox_peek(m, &length));
        assert_int_equal(length, sizeof(body));
        mailbox_done(m);
    }
    assert_null(mailbox_peek(m, &length));
    assert_true(mailbox_put(m, NULL, 0, body, sizeof(body)));
    mailbox_free(m);
}

/* The longest that is ever promised must fit whatever happened before. */
static void an_empty_ring_takes_half_its_size_from_anywhere(void **state)
{
    (void)state;
    enum { SIZE = 2048, MOST = SIZE / 2 - 16 };
    static unsigned char body[SIZE];
    for (size_t at = 0; at < SIZE; at += 16) {
        struct mailbox *m = mailbox_new(SIZE);
        size_t length, moved = 0;
        while (moved < at) {
            size_t step = at - moved >= 32 ? 16 : 0;
            assert_true(mailbox_put(m, NULL, 0, body, step));
            assert_non_null(mailbox_peek(m, &length));
            mailbox_done(m);
            moved += 16 + step;
        }
        assert_true(mailbox_put(m, NULL, 0, body, MOST));
        assert_false(mailbox_put(m, NULL, 0, body, MOST + 1));
        const void *got = mailbox_peek(m, &length);
        assert_non_null(got);
        assert_int_equal(length, MOST);
        assert_int_equal((uintptr_t)got % 16, 0);
        mailbox_done(m);
        assert_null(mailbox_peek(m, &length));
        mailbox_free(m);
    }
}

static void what_room_promises_fits(void **state)
{
    (void)state;
    static unsigned char body[4096];
    struct mailbox *m = mailbox_new(4096);
    uint32_t seed = 1;
    size_t length;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        size_t room = mailbox_room(m);
        if (room > 0 && seed >> 31) {
            size_t take = (seed >> 8) % 3 == 0 ? room : (seed >> 8) % room;
            assert_true(mailbox_put(m, NULL, 0, body, take));
        } else if (mailbox_peek(m, &length)) {
            mailbox_done(m);
        }
    }
    assert_int_equal(mailbox_dropped(m), 0);
    mailbox_free(m);
}

static void hopeless_lengths_are_refused(void **state)
{
    (void)state;
    struct mailbox *m = mailbox_new(1);
    char byte = 0;
    assert_false(mailbox_put(m, &byte, SIZE_MAX, &byte, 1));
    assert_false(mailbox_put(m, &byte, SIZE_MAX, &byte, SIZE_MAX));
    assert_false(mailbox_put(m, &byte, 100000, NULL, 0));
    assert_int_equal(mailbox_dropped(m), 3);
    assert_true(mailbox_put(m, &byte, 1, NULL, 0));
    mailbox_free(m);
}

static void the_bell_rings_until_it_is_heard(void **state)
{
    (void)state;
    struct mailbox *m = mailbox_new(1024);
    struct pollfd fd = {mailbox_fd(m), POLLIN, 0};
    assert_int_equal(poll(&fd, 1, 0), 0);
    mailbox_heard(m); /* silence is fine too */
    mailbox_wake(m);
    mailbox_wake(m);
    assert_int_equal(poll(&fd, 1, 0), 1);
    mailbox_heard(m);
    assert_int_equal(poll(&fd, 1, 0), 0);
    mailbox_free(m);
}

enum { MESSAGES = 300000 };

struct traffic {
    struct mailbox *mailbox;
    _Atomic bool over;
    uint64_t put;
};

struct letter {
    uint64_t number;
    uint32_t length, sum;
};

static uint32_t fill(unsigned char *body, uint64_t number, size_t length)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        body[i] = (unsigned char)(number * 31 + i);
        sum = sum * 33 + body[i];
    }
    return sum;
}

static void *putter(void *me)
{
    struct traffic *t = me;
    unsigned char body[700];
    for (uint64_t n = 0; n < MESSAGES; n++) {
        size_t length = n * n % (n % 64 == 0 ? 700 : 90);
        struct letter head = {n, (uint32_t)length, fill(body, n, length)};
        t->put += mailbox_put(t->mailbox, &head, sizeof(head), body, length);
        if (n % 50 == 0)
            mailbox_wake(t->mailbox);
    }
    atomic_store(&t->over, true);
    mailbox_wake(t->mailbox);
    return NULL;
}

static void two_threads_lose_nothing_that_was_accepted(void **state)
{
    (void)state;
    struct traffic t = {.mailbox = mailbox_new(8192)};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, putter, &t), 0);
    uint64_t taken = 0, next = 0;
    bool over = false;
    while (!over) {
        struct pollfd fd = {mailbox_fd(t.mailbox), POLLIN, 0};
        poll(&fd, 1, -1);
        mailbox_heard(t.mailbox);
        over = atomic_load(&t.over); /* before the last emptying */
        size_t length;
        const struct letter *letter;
        while ((letter = mailbox_peek(t.mailbox, &length))) {
            unsigned char expected[700];
            assert_int_equal(length, sizeof(*letter) + letter->length);
            assert_true(letter->number >= next);
            assert_int_equal(fill(expected, letter->number, letter->length), letter->sum);
            assert_memory_equal(letter + 1, expected, letter->length);
            next = letter->number + 1;
            taken++;
            mailbox_done(t.mailbox);
        }
    }
    pthread_join(thread, NULL);
    assert_true(taken == t.put);
    assert_true(taken > 0);
    assert_true(t.put + mailbox_dropped(t.mailbox) == MESSAGES);
    mailbox_free(t.mailbox);
}

static void an_emptied_ring_touches_little_of_itself(void **state)
{
    (void)state;
    enum { RING = 4 << 20, MESSAGE = 1400 };
    struct mailbox *m = mailbox_new(RING);
    static const char body[MESSAGE];
    const char *lowest = NULL, *highest = NULL;
    size_t length;
    for (int i = 0; i < 20000; i++) {
        assert_true(mailbox_put(m, NULL, 0, body, sizeof body));
        const char *at = mailbox_peek(m, &length);
        assert_int_equal(length, sizeof body);
        lowest = !lowest || at < lowest ? at : lowest;
        highest = at > highest ? at : highest;
        mailbox_done(m);
    }
    assert_true(highest - lowest < 300 * 1024);
    assert_int_equal(mailbox_dropped(m), 0);
    mailbox_free(m);
}

static size_t resident(const void *from, size_t length)
{
    static unsigned char seen[4096];
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = ((uintptr_t)from + page) / page * page;
    size_t pages = length / page - 1, count = 0;
    assert_true(pages < sizeof seen);
    assert_int_equal(mincore((void *)at, pages * page, seen), 0);
    for (size_t i = 0; i < pages; i++)
        count += seen[i] & 1;
    return count * page;
}

static void what_a_full_ring_took_is_given_back_when_it_is_empty(void **state)
{
    (void)state;
    enum { RING = 8 << 20, MESSAGE = 4000 };
    struct mailbox *m = mailbox_new(RING);
    static char body[MESSAGE];
    const char *first = NULL;
    size_t length, number = 0, taken = 0;
    for (int flood = 0; flood < 3; flood++) {
        while (memcpy(body, &number, sizeof number) && mailbox_put(m, NULL, 0, body, sizeof body))
            number++;
        first = flood ? first : mailbox_peek(m, &length);
        assert_true(resident(first, RING - MESSAGE) > 7 << 20);
        for (int after = 0; after < 1000; after++) {
            for (const char *at; (at = mailbox_peek(m, &length)); mailbox_done(m), taken++)
                assert_memory_equal(at, &taken, sizeof taken);
            memcpy(body, &number, sizeof number);
            number += mailbox_put(m, NULL, 0, body, sizeof body);
        }
        assert_true(resident(first, RING - MESSAGE) < 1 << 20);
    }
    assert_int_equal(number, taken + 1);
    mailbox_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_emptied_ring_touches_little_of_itself),
        cmocka_unit_test(what_a_full_ring_took_is_given_back_when_it_is_empty),
        cmocka_unit_test(messages_come_out_as_they_went_in),
        cmocka_unit_test(full_means_refused_and_counted),
        cmocka_unit_test(an_empty_ring_takes_half_its_size_from_anywhere),
        cmocka_unit_test(what_room_promises_fits),
        cmocka_unit_test(hopeless_lengths_are_refused),
        cmocka_unit_test(the_bell_rings_until_it_is_heard),
        cmocka_unit_test(two_threads_lose_nothing_that_was_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
