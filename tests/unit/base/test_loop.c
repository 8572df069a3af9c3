/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/loop.h"

struct bell {
    struct loop *loop;
    struct watcher watcher;
    struct watcher *victim; /* removed when this one rings */
    int rings;
    uint32_t events;
};

static void ring(void *me, uint32_t events)
{
    struct bell *bell = me;
    bell->rings++;
    bell->events = events;
    uint64_t count;
    if (read(bell->watcher.fd, &count, sizeof(count)) < 0)
        bell->rings += 1000;
    if (bell->victim) {
        int fd = bell->victim->fd;
        loop_remove(bell->loop, bell->victim);
        assert_int_equal(bell->victim->fd, -1);
        close(fd);
    }
}

static void bell_init(struct bell *bell, struct loop *loop)
{
    *bell = (struct bell){.loop = loop};
    bell->watcher = (struct watcher){eventfd(0, EFD_NONBLOCK), EPOLLIN, ring, bell};
    assert_true(loop_add(loop, &bell->watcher));
}

static void press(const struct bell *bell)
{
    uint64_t one = 1;
    assert_int_equal(write(bell->watcher.fd, &one, sizeof(one)), sizeof(one));
}

static void only_what_is_ready_is_called(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct bell a, b;
    bell_init(&a, loop);
    bell_init(&b, loop);
    assert_int_equal(loop_run(loop, 0), 0);
    press(&a);
    assert_int_equal(loop_run(loop, -1), 1);
    assert_int_equal(a.rings, 1);
    assert_int_equal(a.events, EPOLLIN);
    assert_int_equal(b.rings, 0);
    assert_int_equal(loop_run(loop, 1000), 0);
    close(a.watcher.fd);
    close(b.watcher.fd);
    loop_free(loop);
    loop_free(NULL);
}

static void who_is_removed_in_a_callback_is_not_called(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct bell a, b;
    bell_init(&a, loop);
    bell_init(&b, loop);
    a.victim = &b.watcher;
    b.victim = &a.watcher;
    press(&a);
    press(&b);
    assert_int_equal(loop_run(loop, 0), 1);
    assert_int_equal(a.rings + b.rings, 1);
    assert_int_equal(loop_run(loop, 0), 0);
    loop_remove(loop, &a.watcher); /* again does nothing */
    loop_remove(loop, &b.watcher);
    loop_free(loop);
}

static void one_may_remove_itself(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct bell a;
    bell_init(&a, loop);
    a.victim = &a.watcher;
    press(&a);
    assert_int_equal(loop_run(loop, 0), 1);
    assert_int_equal(a.watcher.fd, -1);
    loop_free(loop);
}

static void interest_can_change(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct bell a;
    bell_init(&a, loop);
    press(&a);
    assert_true(loop_change(loop, &a.watcher, 0));
    assert_int_equal(loop_run(loop, 0), 0);
    assert_true(loop_change(loop, &a.watcher, 0));
    assert_true(loop_change(loop, &a.watcher, EPOLLIN | EPOLLOUT));
    assert_int_equal(loop_run(loop, 0), 1);
    assert_int_equal(a.events, EPOLLIN | EPOLLOUT);
    close(a.watcher.fd);
    loop_free(loop);
}

static void more_than_one_batch_gets_through(void **state)
{
    (void)state;
    enum { MANY = 600 };
    struct loop *loop = loop_new();
    struct bell *bells = calloc(MANY, sizeof(*bells));
    for (size_t i = 0; i < MANY; i++) {
        bell_init(&bells[i], loop);
        press(&bells[i]);
    }
    int called = 0;
    for (int pass = 0; pass < 5; pass++)
        called += loop_run(loop, 0);
    assert_int_equal(called, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(bells[i].rings, 1);
        close(bells[i].watcher.fd);
    }
    free(bells);
    loop_free(loop);
}

static void a_descriptor_that_cannot_be_watched_is_told(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct watcher w = {12345, EPOLLIN, ring, NULL};
    assert_false(loop_add(loop, &w));
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_ready_is_called),
        cmocka_unit_test(who_is_removed_in_a_callback_is_not_called),
        cmocka_unit_test(one_may_remove_itself),
        cmocka_unit_test(interest_can_change),
        cmocka_unit_test(more_than_one_batch_gets_through),
        cmocka_unit_test(a_descriptor_that_cannot_be_watched_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
