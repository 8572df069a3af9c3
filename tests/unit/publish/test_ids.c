/* SPDX-License-Identifier: Apache-2.0 */
/* A broker that reads everything and acknowledges nothing until it is told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "publish/broker.h"

enum { VALUES = 70000, QOS1_MOST = 64 };

static struct shared {
    _Atomic uint32_t values, rows, acked;
    _Atomic bool acknowledge;
} * shared;

static uint8_t bytes[1 << 20];
static size_t have;
static uint8_t open_ids[QOS1_MOST][2];
static uint32_t open_count;

static void answer(int fd)
{
    for (; open_count > 0; open_count--) {
        const uint8_t puback[] = {0x40, 2, open_ids[open_count - 1][0],
                                  open_ids[open_count - 1][1]};
        if (write(fd, puback, sizeof(puback)) != sizeof(puback))
            _exit(1);
        shared->acked++;
    }
}

static void packet(int fd, const uint8_t *p, size_t head)
{
    static const uint8_t connack[] = {0x20, 2, 0, 0};
    if (p[0] >> 4 == 1 && write(fd, connack, sizeof(connack)) != sizeof(connack))
        _exit(1);
    if (p[0] >> 4 != 3)
        return;
    if ((p[0] & 6) == 0) {
        shared->values++;
        return;
    }
    size_t topic = (size_t)p[head] << 8 | p[head + 1];
    if (open_count < QOS1_MOST)
        memcpy(open_ids[open_count++], p + head + 2 + topic, 2);
    shared->rows++;
}

static void serve(int listener)
{
    int fd = accept(listener, NULL, NULL);
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, 10);
        if (shared->acknowledge)
            answer(fd);
        if (!p.revents)
            continue;
        ssize_t n = read(fd, bytes + have, sizeof(bytes) - have);
        if (n <= 0)
            _exit(0);
        have += (size_t)n;
        size_t at = 0;
        while (at + 5 < have) {
            size_t length = 0, head = 1;
            for (unsigned shift = 0; head < 5; shift += 7) {
                length |= (size_t)(bytes[at + head] & 0x7F) << shift;
                if (!(bytes[at + head++] & 0x80))
                    break;
            }
            if (at + head + length > have)
                break;
            packet(fd, bytes + at, head);
            at += head + length;
        }
        memmove(bytes, bytes + at, have - at);
        have -= at;
    }
}

static bool put(struct mailbox *box, enum message_lane lane, uint64_t seq, const char *topic,
                const char *payload)
{
    char body[256];
    const struct message m = {.lane = (uint8_t)lane,
                              .topic_length = (uint16_t)strlen(topic),
                              .payload_length = (uint32_t)strlen(payload),
                              .seq = seq,
                              .urgent = true,
                              .time = clock_wall()};
    int n = snprintf(body, sizeof(body), "%s%s", topic, payload);
    return mailbox_put(box, &m, sizeof(m), body, (size_t)n);
}

static bool reaches(const _Atomic uint32_t *count, uint32_t most, int64_t ms)
{
    for (; ms > 0 && *count < most; ms -= 5)
        poll(NULL, 0, 5);
    return *count >= most;
}

static void no_message_id_meets_itself_in_flight(void **state)
{
    static struct door door;
    char dir[] = "/tmp/headgate-ids-XXXXXX", command[64];
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(a);
    const char *why;
    (void)state;
    assert_non_null(mkdtemp(dir));
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &length), 0);
    pid_t child = fork();
    if (child == 0)
        serve(listener);
    close(listener);

    const struct mqtt to = {.host = "127.0.0.1",
                            .port = ntohs(a.sin_port),
                            .root = "m/v1",
                            .client_id = "headgate-s-g",
                            .version = 3,
                            .keepalive_ns = 60 * NS_PER_S,
                            .window = 20};
    const struct broker_setup setup = {
        .mqtt = &to, .site = "s", .gateway = "g", .version = "0.1.0", .started = clock_wall()};
    door.rows = mailbox_new(1 << 20);
    door.live = mailbox_new(1 << 20);
    struct journal *j = journal_open(dir, (struct journal_limits){0}, clock_wall(), &why);
    assert_non_null(j);
    struct broker *b = broker_new(&door, j, &setup, &why);
    assert_non_null(b);
    assert_true(broker_start(b));
    put(door.rows, MESSAGE_HISTORY, 1, "m/v1/s/history/g/a/d", "\"values\":{}}");
    mailbox_wake(door.rows);
    assert_true(reaches(&shared->rows, 2, 5000)); /* that we are online, and the row */

    for (uint32_t n = 0; n < VALUES;) {
        if (put(door.live, MESSAGE_VALUE, 0, "m/v1/s/value/a/d/t", "{}")) {
            n++;
            continue;
        }
        mailbox_wake(door.live);
        uint32_t before = shared->values;
        if (!reaches(&shared->values, before + 1, 500))
            break;
    }
    mailbox_wake(door.live);
    poll(NULL, 0, 200);
    uint32_t held = shared->values;
    assert_true(held > 50000 && held < 65000);
    shared->acknowledge = true;
    assert_true(reaches(&shared->acked, 2, 5000));
    assert_true(reaches(&shared->values, held + 1000, 5000));

    broker_stop(b, 0);
    assert_true(broker_free(b));
    mailbox_free(door.rows);
    mailbox_free(door.live);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_message_id_meets_itself_in_flight)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
