/* SPDX-License-Identifier: Apache-2.0 */
/* The door for people on this machine: what may come in, what is heard, and that nobody holds it
 * open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "publish/json_read.h"

#include "app/socket.h"
#include "app/socket_words.h"
#include "base/clock.h"
#include "small_plant.h"

static char home[64], deep[400];

struct door {
    struct loop *loop;
    struct socket_door *door;
    unsigned asked;
    size_t last;
};

static size_t echo(void *me, const char *line, size_t length, char *out, size_t room)
{
    struct door *d = me;
    d->asked++;
    d->last = length;
    assert_in_range(length, 0, SOCKET_LINE_MAX - 1);
    memset(out, 'x', room);
    memcpy(out, line, length);
    return d->last == 3 ? room : length; /* "all" wants a long answer */
}

static void open_door(struct door *d, const char *dir)
{
    const char *why = NULL;
    *d = (struct door){.loop = loop_new()};
    const struct socket_setup setup = {
        .loop = d->loop, .dir = dir, .room = WHY_ROOM, .fn = echo, .me = d};
    d->door = socket_open(&setup, &why);
    if (!d->door)
        fail_msg("%s", why);
}

static void close_door(struct door *d)
{
    socket_close(d->door);
    loop_free(d->loop);
}

static void turn(struct door *d)
{
    for (int i = 0; i < 8; i++) {
        socket_tick(d->door, clock_mono());
        loop_run(d->loop, 0);
    }
}

static int knock(const char *dir, const char *words, size_t length)
{
    int fd = socket_connect(dir);
    assert_true(fd >= 0);
    if (length > 0)
        assert_int_equal(send(fd, words, length, MSG_NOSIGNAL), length);
    return fd;
}

static size_t heard(int fd)
{
    char text[WHY_ROOM];
    size_t n = 0;
    ssize_t got;
    while (n < sizeof text && (got = recv(fd, text + n, sizeof text - n, MSG_DONTWAIT)) > 0)
        n += (size_t)got;
    return n;
}

static char *join(char *out, size_t room, const char *dir)
{
    snprintf(out, room, "%s/" SOCKET_NAME, dir);
    return out;
}

static void it_is_the_owner_s_wherever_it_lies_and_goes_with_the_gateway(void **state)
{
    (void)state;
    char path[500];
    struct stat s;
    const char *const dirs[] = {home, deep};
    for (int i = 0; i < 2; i++) {
        struct door d;
        open_door(&d, dirs[i]);
        join(path, sizeof path, dirs[i]);
        assert_int_equal(stat(path, &s), 0);
        assert_true(S_ISSOCK(s.st_mode));
        assert_int_equal(s.st_mode & 0777, 0600);
        int fd = knock(dirs[i], "hello\n", 6);
        turn(&d);
        assert_int_equal(heard(fd), 5);
        close(fd);
        close_door(&d);
        assert_int_equal(stat(path, &s), -1);
        assert_int_equal(socket_connect(dirs[i]), -1);
        assert_int_equal(errno, ENOENT);
    }
}

static void what_a_killed_gateway_left_is_replaced_and_nothing_else(void **state)
{
    (void)state;
    char path[500];
    const char *why = NULL;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct door d;
    snprintf(a.sun_path, sizeof a.sun_path, "%s/" SOCKET_NAME, home);
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(stale, (const struct sockaddr *)&a, sizeof a), 0);
    close(stale);
    assert_int_equal(socket_connect(home), -1);
    assert_int_equal(errno, ECONNREFUSED);
    open_door(&d, home);
    join(path, sizeof path, home);
    /* Somebody else's by now: left alone. */
    assert_int_equal(unlink(path), 0);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    close(file);
    close_door(&d);
    assert_int_equal(access(path, F_OK), 0);

    struct loop *loop = loop_new();
    const struct socket_setup setup = {.loop = loop, .dir = home, .room = 64, .fn = echo};
    assert_null(socket_open(&setup, &why));
    assert_non_null(strstr(why, "no socket"));
    loop_free(loop);
    assert_int_equal(unlink(path), 0);
}

static void only_one_whole_line_is_answered(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        size_t length, answer;
    } cases[] = {
        {"status\n", 7, 6}, {"\n", 1, 0}, {"a\nb\n", 4, 0}, {"a\nb", 3, 0}, {"all\n", 4, WHY_ROOM}};
    struct door d;
    open_door(&d, home);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = knock(home, cases[i].words, cases[i].length);
        turn(&d);
        size_t n = 0;
        for (int k = 0; k < 20; k++) {
            n += heard(fd);
            turn(&d);
        }
        assert_int_equal(n, cases[i].answer);
        close(fd);
    }
    char lines[600];
    memset(lines, 'y', sizeof lines);
    int fd = knock(home, lines, sizeof lines);
    unsigned asked = d.asked;
    turn(&d);
    assert_int_equal(d.asked, asked);
    close(fd);
    close_door(&d);
}

static void who_says_nothing_has_to_go_after_two_seconds(void **state)
{
    (void)state;
    struct door d;
    open_door(&d, home);
    int silent[SOCKET_CLIENTS], fd;
    for (int i = 0; i < SOCKET_CLIENTS; i++)
        silent[i] = knock(home, "why", i % 2 == 0 ? 0 : 3);
    turn(&d);
    fd = knock(home, "late\n", 5); /* waits outside */
    turn(&d);
    assert_int_equal(d.asked, 0);
    mono_t due = socket_tick(d.door, clock_mono());
    assert_in_range(mono_since(due, clock_mono()), 1, 2 * NS_PER_S);
    socket_tick(d.door, mono_add(clock_mono(), 2 * NS_PER_S));
    loop_run(d.loop, 0);
    turn(&d);
    assert_int_equal(d.asked, 1);
    assert_int_equal(heard(fd), 4);
    for (int i = 0; i < SOCKET_CLIENTS; i++)
        close(silent[i]);
    close(fd);
    close_door(&d);
}

static void more_than_twenty_a_second_wait(void **state)
{
    (void)state;
    struct door d;
    open_door(&d, home);
    int fd;
    unsigned knocks = 0;
    while (knocks < 40 && (fd = socket_connect(home)) >= 0) {
        knocks++;
        (void)send(fd, "hello\n", 6, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
        if (socket_tick(d.door, clock_mono()).ns != INT64_MAX)
            break; /* it doesn't listen for a while */
        loop_run(d.loop, 0);
        loop_run(d.loop, 0);
    }
    assert_in_range(knocks, SOCKET_A_SECOND / 2, SOCKET_A_SECOND + 4);
    close_door(&d);
}

/* ---- words --------------------------------------------------------------------------------------
 */

static const char *answered(const struct why_view *v, const char *line, size_t length)
{
    static char out[WHY_ROOM];
    size_t n = socket_words(v, line, length, out, sizeof out);
    assert_in_range(n, 3, sizeof out);
    assert_int_equal(out[n - 1], '\n');
    out[n - 1] = 0;
    json_t *said = json_read(out, n - 1);
    assert_non_null(said);
    json_decref(said);
    return out;
}

static void whatever_is_said_the_answer_is_json(void **state)
{
    (void)state;
    static const struct request request = {.table = TABLE_HOLDING,
                                           .unit = 1,
                                           .count = 2,
                                           .period_ns = NS_PER_S,
                                           .feeds = small_feeds,
                                           .feed_count = 2};
    static const uint32_t first[] = {0, 1};
    const struct plan plan = {&small_plant, &request, 1, first, NS_PER_MS};
    struct board *board = board_new(&plan);
    const struct why_view v = {.plan = &plan, .board = board, .publishes = true, .wall = {5000}};
    static const struct {
        const char *line, *part;
    } cases[] = {
        {"status", "\"tags\":5"},
        {"status", "\"plan\":\""},
        {"maps", "\"maps\":[{\"name\":\""},
        {"why mill/p1/flow", "nothing has come yet"},
        {"why mill/p2/flow", "no request of the plan reads it"},
        {"why mill/sum/flow", "the worst input decides: a (mill/p1/flow)"},
        {"why mill/p1/flo", "no such tag"},
        {"why ", "no such tag"},
        {"", "\"error\""},
        {"stop", "\"error\""},
        {"why\tmill/p1/flow", "\"error\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = answered(&v, cases[i].line, strlen(cases[i].line));
        if (!strstr(said, cases[i].part))
            fail_msg("%s: %s", cases[i].line, said);
    }
    srand(7);
    for (int round = 0; round < 20000; round++) {
        char line[SOCKET_LINE_MAX];
        size_t length = (size_t)rand() % sizeof line;
        for (size_t i = 0; i < length; i++)
            line[i] = (char)rand();
        if (round % 2 == 0 && length > 20)
            memcpy(line, "why mill/p1/flow", (size_t)(rand() % 17));
        answered(&v, line, length);
    }
    board_free(board);
}

static int make_homes(void **state)
{
    (void)state;
    strcpy(home, "/tmp/headgate-socket-XXXXXX");
    if (!mkdtemp(home))
        return -1;
    snprintf(deep, sizeof deep, "%s", home);
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(deep);
        snprintf(deep + n, sizeof deep - n, "/%080d", i);
        if (mkdir(deep, 0700) != 0)
            return -1;
    }
    return 0;
}

static int drop_homes(void **state)
{
    (void)state;
    rmdir(deep);
    *strrchr(deep, '/') = 0;
    rmdir(deep);
    return rmdir(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_owner_s_wherever_it_lies_and_goes_with_the_gateway),
        cmocka_unit_test(what_a_killed_gateway_left_is_replaced_and_nothing_else),
        cmocka_unit_test(only_one_whole_line_is_answered),
        cmocka_unit_test(who_says_nothing_has_to_go_after_two_seconds),
        cmocka_unit_test(more_than_twenty_a_second_wait),
        cmocka_unit_test(whatever_is_said_the_answer_is_json),
    };
    return cmocka_run_group_tests(tests, make_homes, drop_homes);
}
