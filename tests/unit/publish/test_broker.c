/* SPDX-License-Identifier: Apache-2.0 */
/* The broker thread against a real mosquitto of its own, on a loopback port that was free. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "publish/broker.h"
#include "publish/mqtt.h"

static const char *program; /* mosquitto; NULL: not installed */
static char dir[64], state[96];
static uint16_t port;
static pid_t mosquitto;
static char more_config[512];

/* Below those that the system gives away by itself: a broker that is started again finds its own.
 */
static uint16_t free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static unsigned tried;
    for (int rc = -1; rc != 0;) {
        a.sin_port = htons((uint16_t)(10000 + ((unsigned)getpid() * 61 + tried++) % 22000));
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        rc = bind(fd, (struct sockaddr *)&a, sizeof(a));
        close(fd);
    }
    return ntohs(a.sin_port);
}

static void start_mosquitto(void)
{
    char config[96];
    snprintf(config, sizeof(config), "%s/mosquitto.conf", dir);
    FILE *f = fopen(config, "w");
    assert_non_null(f);
    fprintf(f,
            "listener %u 127.0.0.1\nallow_anonymous true\npersistence false\n"
            "max_inflight_messages 200\nmax_queued_messages 100000\n%s",
            port, more_config);
    fclose(f);
    mosquitto = fork();
    if (mosquitto == 0) {
        FILE *quiet = freopen("/dev/null", "w", stderr);
        (void)quiet;
        execl(program, program, "-c", config, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 200; i++) {
        struct sockaddr_in a = {.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int rc = connect(fd, (struct sockaddr *)&a, sizeof(a));
        close(fd);
        if (rc == 0)
            return;
        poll(NULL, 0, 20);
    }
    fail_msg("mosquitto did not start");
}

static void kill_mosquitto(void)
{
    if (mosquitto > 0) {
        kill(mosquitto, SIGKILL);
        waitpid(mosquitto, NULL, 0);
    }
    mosquitto = 0;
}

static int fresh(void **unused)
{
    (void)unused;
    strcpy(dir, "/tmp/headgate-broker-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(state, sizeof(state), "%s/state", dir);
    more_config[0] = '\0';
    port = free_port();
    return 0;
}

static void empty(const char *path)
{
    char name[512];
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
        unlink(name);
    }
    if (d)
        closedir(d);
    rmdir(path);
}

static struct broker *broker;

static int gone(void **unused)
{
    (void)unused;
    /* After a failed fact. */
    if (broker)
        broker_stop(broker, 0);
    broker = NULL;
    kill_mosquitto();
    empty(state);
    empty(dir);
    return 0;
}

/* ---- a historian ---- */

enum { MOST = 100000 };
struct historian {
    struct mqtt to;
    struct mqtt_client *client;
    bool subscribed;
    uint8_t times[MOST]; /* deliveries of each history seq */
    uint64_t highest, disorder, deliveries, gaps;
    unsigned events, audits, values, offlines, devices, gone;
    char gateway_state[512], reply[1024], last_reply[1024], device[64];
    uint8_t correlation[16];
    size_t correlation_length;
};
static struct historian h;

static uint64_t number(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void heard(void *me, const struct mqtt_message *m)
{
    char text[4096] = {0};
    (void)me;
    if (m->length)
        memcpy(text, m->payload, m->length < sizeof(text) - 1 ? m->length : sizeof(text) - 1);
    if (strstr(m->topic, "/history/")) {
        uint64_t seq = number(text, "\"seq\":"), from = seq;
        assert_true(seq > 0 && seq < MOST);
        assert_ptr_equal(strstr(text, "{\"gateway\":\"g\",\"epoch\":"), text);
        if (strstr(text, "\"gap\"")) {
            assert_string_equal(m->topic, "m/v1/s/history/g/gateway/gap");
            from = number(text, "\"from_seq\":");
            h.gaps += h.times[seq] ? 0 : seq - from + 1;
        }
        h.deliveries++;
        for (uint64_t i = from; i <= seq; i++) {
            if (!h.times[i] && i != h.highest + 1)
                h.disorder++;
            if (!h.times[i])
                h.highest = i;
            h.times[i] = h.times[i] ? 2 : 1;
        }
    } else if (strstr(m->topic, "/event/")) {
        h.events++;
    } else if (strstr(m->topic, "/audit/")) {
        h.audits++;
    } else if (strstr(m->topic, "/value/")) {
        h.values++;
    } else if (strstr(m->topic, "/gateway/")) {
        h.offlines += strstr(text, "\"offline\"") != NULL;
        snprintf(h.gateway_state, sizeof(h.gateway_state), "%.500s", text);
    } else if (strstr(m->topic, "/device/")) {
        snprintf(h.device, sizeof(h.device), "%.60s", text);
        h.devices++;
    } else if (strstr(m->topic, "/gone/")) {
        h.gone++;
    } else if (strstr(m->topic, "reply")) {
        snprintf(h.reply, sizeof(h.reply), "%s", h.last_reply);
        snprintf(h.last_reply, sizeof(h.last_reply), "%.1000s", text);
        h.correlation_length = m->correlation_length;
    }
}

static void up(void *me)
{
    (void)me;
    h.subscribed = mqtt_subscribe(h.client, "m/v1/#", 1) && mqtt_subscribe(h.client, "reply/#", 1);
}

static void historian_opens(void)
{
    const char *why;
    h.to = (struct mqtt){.host = "127.0.0.1",
                         .port = port,
                         .version = 5,
                         .keepalive_ns = 10 * NS_PER_S,
                         .client_id = "historian",
                         .window = 100};
    h.client = mqtt_new(&h.to, NULL, (struct mqtt_hooks){.connected = up, .message = heard}, &why);
    assert_non_null(h.client);
}

static void historian_reads(int64_t for_ms)
{
    mono_t until = mono_add(clock_mono(), for_ms * NS_PER_MS);
    for (mono_t now = clock_mono(); mono_before(now, until); now = clock_mono()) {
        struct pollfd p = {mqtt_fd(h.client), mqtt_wants(h.client), 0};
        poll(&p, 1, 5);
        mqtt_run(h.client, p.revents, clock_mono());
        /* Back sooner than the gateway, or it would see nothing of what comes in between. */
        if (!mqtt_connected(h.client) && h.subscribed) {
            h.subscribed = false;
            mqtt_free(h.client);
            historian_opens();
        } else if (mqtt_fd(h.client) < 0 && !mono_before(mono_add(now, 0), (mono_t){0}) &&
                   mono_since(mqtt_due(h.client), now) > 100 * NS_PER_MS) {
            mqtt_free(h.client);
            historian_opens();
        }
    }
}

/* What is so at once on an idle machine may take several times as long on one that has more to do.
 */
#define AWAIT(condition, ms)                                                                       \
    do {                                                                                           \
        for (int tries = 0; !(condition) && tries < (ms) / 5; tries++)                             \
            historian_reads(20);                                                                   \
        assert_true(condition);                                                                    \
    } while (0)

/* ---- a gateway ---- */

static struct door door;
static struct mqtt to;
static uint64_t given;

static void gateway_starts(uint8_t version)
{
    const char *why;
    const struct journal_limits limits = {72 * 3600 * NS_PER_S, INT64_C(1) << 30};
    memset(&door, 0, sizeof(door));
    door_allow(&door, &(struct command_rules){.allow = UINT32_MAX, .fresh_ms = 30000});
    door.rows = mailbox_new(4 << 20);
    door.live = mailbox_new(1 << 20);
    to = (struct mqtt){.host = "127.0.0.1",
                       .port = port,
                       .root = "m/v1",
                       .client_id = "headgate-s-g",
                       .version = version,
                       .keepalive_ns = 10 * NS_PER_S,
                       .window = 200,
                       .overlap_ns = 60 * NS_PER_S,
                       .values = true,
                       .history = true};
    struct journal *j = journal_open(state, limits, clock_wall(), &why);
    assert_non_null(j);
    given = journal_next(j, MESSAGE_HISTORY) - 1;
    const struct broker_setup setup = {
        .mqtt = &to, .site = "s", .gateway = "g", .version = "0.1.0", .started = clock_wall()};
    broker = broker_new(&door, j, &setup, &why);
    assert_non_null(broker);
    assert_true(broker_start(broker));
}

static void gateway_stops(int64_t grace_ns)
{
    mono_t before = clock_mono();
    broker_stop(broker, grace_ns);
    assert_true(mono_since(clock_mono(), before) < grace_ns + NS_PER_S);
    broker_free(broker);
    broker = NULL;
    mailbox_free(door.rows);
    mailbox_free(door.live);
}

static bool put(enum message_lane lane, uint64_t seq, const char *topic, const char *payload)
{
    char body[2048];
    struct message m = {.lane = (uint8_t)lane,
                        .topic_length = (uint16_t)strlen(topic),
                        .payload_length = (uint32_t)strlen(payload),
                        .seq = seq,
                        .time = clock_wall()};
    int n = snprintf(body, sizeof(body), "%s%s", topic, payload);
    return mailbox_put(lane < MESSAGE_JOURNALED ? door.rows : door.live, &m, sizeof(m), body,
                       (size_t)n);
}

static void sample(unsigned rows)
{
    static const char body[] =
        "\"device\":\"a/"
        "d\",\"timestamp\":1,\"values\":{\"flow\":1.5,\"run\":true,\"x\":12345.678}}";
    char topic[64];
    for (unsigned i = 0; i < rows; i++) {
        snprintf(topic, sizeof(topic), "m/v1/s/history/g/a/d%u", i % 5);
        put(MESSAGE_HISTORY, ++given, topic, body);
    }
    mailbox_wake(door.rows);
}

static void acquired_is_acked_plus_waiting_plus_dropped(void)
{
    struct stats_lane s = door_lane(&door, MESSAGE_HISTORY, given);
    assert_int_equal(s.acquired, s.acked + s.waiting + s.dropped);
    assert_int_equal(s.acquired, given);
}

static bool need_mosquitto(void)
{
    if (!program)
        print_message("SKIPPED: mosquitto is not installed\n");
    return program != NULL;
}

static void begin(uint8_t version)
{
    memset(&h, 0, sizeof(h));
    start_mosquitto();
    historian_opens();
    AWAIT(h.subscribed, 3000);
    gateway_starts(version);
    AWAIT(strstr(h.gateway_state, "\"state\":\"online\""), 3000);
}

static void end(void)
{
    gateway_stops(NS_PER_S);
    mqtt_free(h.client);
    kill_mosquitto();
}

static void frames_arrive_in_order(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    for (uint8_t version = 5; version >= 3; version = (uint8_t)(version - 2)) {
        begin(version);
        uint64_t first = given;
        for (uint64_t i = 1; i <= first; i++)
            h.times[i] = 1;
        h.highest = first;
        assert_int_equal(door.sessions, 1);
        for (int i = 0; i < 20; i++) {
            sample(100);
            if (i == 10)
                given += 7; /* a loss on the way */
            put(MESSAGE_VALUE, 0, "m/v1/s/value/a/d/flow", "{\"value\":1.0}");
            mailbox_wake(door.live);
            historian_reads(20);
        }
        put(MESSAGE_EVENT, (uint64_t)(6 - version), "m/v1/s/event/g", "\"type\":\"x\"}");
        put(MESSAGE_STATE, 0, "m/v1/s/device/a/d", "{\"state\":\"online\"}");
        mailbox_wake(door.rows);
        mailbox_wake(door.live);
        AWAIT(h.highest == given && h.values == 20 && h.device[0], 5000);
        assert_int_equal(h.disorder, 0);
        assert_int_equal(h.gaps, 7);
        historian_reads(700);
        acquired_is_acked_plus_waiting_plus_dropped();
        assert_int_equal(
            door.counters.acked[MESSAGE_HISTORY] + door.counters.dropped[MESSAGE_HISTORY], given);
        end();
    }
}

static void nothing_is_missing_after_the_broker_was_killed(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    begin(5);
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < 10; i++) {
            sample(50);
            historian_reads(20);
        }
        kill_mosquitto();
        for (int i = 0; i < 20; i++) {
            sample(50);
            historian_reads(20);
        }
        start_mosquitto();
        for (int i = 0; i < 50; i++) {
            sample(20);
            historian_reads(20);
        }
    }
    AWAIT(h.highest == given, 15000);
    for (uint64_t i = 1; i <= given; i++)
        assert_true(h.times[i] > 0);
    assert_int_equal(h.disorder, 0);
    assert_true(door.counters.reconnects >= 1);
    assert_int_equal(door.sessions, door.counters.reconnects + 1);
    historian_reads(700);
    acquired_is_acked_plus_waiting_plus_dropped();
    assert_int_equal(door.counters.dropped[MESSAGE_HISTORY], 0);
    end();
}

static void a_restart_goes_on_where_it_was(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    begin(5);
    sample(500);
    AWAIT(h.highest == 500, 5000);
    kill_mosquitto();
    sample(300);
    historian_reads(300);
    gateway_stops(200 * NS_PER_MS);
    start_mosquitto();
    AWAIT(h.subscribed, 3000);
    gateway_starts(5);
    assert_int_equal(given, 800);
    sample(10);
    AWAIT(h.highest == 810, 5000);
    assert_int_equal(h.disorder, 0);
    end();
}

static void a_stop_says_offline_and_a_dead_network_does_not_hold_it(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    begin(5);
    sample(100);
    gateway_stops(NS_PER_S);
    AWAIT(strstr(h.gateway_state, "\"reason\":\"stop\""), 2000);
    AWAIT(h.highest == 100, 2000);
    gateway_starts(5);
    AWAIT(strstr(h.gateway_state, "\"state\":\"online\""), 3000);
    kill(mosquitto, SIGSTOP);
    sample(100);
    poll(NULL, 0, 300);
    gateway_stops(500 * NS_PER_MS);
    kill(mosquitto, SIGCONT);
    /* Nobody said goodbye, so the last will speaks. */
    AWAIT(strstr(h.gateway_state, "\"reason\":\"will\"") || strstr(h.gateway_state, "stop"), 15000);
    mqtt_free(h.client);
    kill_mosquitto();
}

static void somebody_elses_offline_is_contradicted(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    begin(5);
    const char lie[] = "{\"state\":\"offline\",\"reason\":\"will\"}";
    const struct mqtt_message m = {.topic = "m/v1/s/gateway/g",
                                   .payload = lie,
                                   .length = sizeof(lie) - 1,
                                   .qos = 1,
                                   .retained = true};
    int mid;
    assert_int_equal(mqtt_publish(h.client, &m, &mid), MQTT_SENT);
    AWAIT(h.offlines > 0 && strstr(h.gateway_state, "\"online\""), 3000);
    end();
}

static void command(const char *verb, const char *payload, bool retained, const char *response)
{
    char topic[64];
    snprintf(topic, sizeof(topic), "m/v1/s/cmd/g/%s", verb);
    const struct mqtt_message m = {.topic = topic,
                                   .payload = payload,
                                   .length = strlen(payload),
                                   .qos = 1,
                                   .retained = retained,
                                   .response_topic = response,
                                   .correlation = "k1",
                                   .correlation_length = response ? 2 : 0};
    int mid;
    h.last_reply[0] = h.reply[0] = '\0';
    assert_int_equal(mqtt_publish(h.client, &m, &mid), MQTT_SENT);
}

static void replay_serves_acknowledged_rows_again(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    begin(5);
    sample(1000);
    AWAIT(h.highest == 1000, 5000);
    historian_reads(300);
    memset(h.times, 0, sizeof(h.times));
    h.deliveries = 0;
    command("replay", "{\"id\":\"a1\",\"client\":\"hist\",\"from_seq\":101,\"to_seq\":700}", false,
            NULL);
    AWAIT(strstr(h.last_reply, "\"status\":\"done\""), 5000);
    assert_non_null(strstr(h.reply, "\"status\":\"accepted\""));
    assert_non_null(strstr(h.last_reply, "\"count\":600"));
    assert_non_null(strstr(h.last_reply, "\"id\":\"a1\""));
    assert_int_equal(h.deliveries, 600);
    for (uint64_t i = 1; i <= 1000; i++)
        assert_int_equal(h.times[i], i >= 101 && i <= 700);
    /* By time, and to where the asker wants it. */
    char all[128];
    snprintf(all, sizeof(all), "{\"id\":\"a2\",\"from\":0,\"to\":%lld}",
             (long long)clock_wall().ms);
    command("replay", all, false, "reply/to/me");
    AWAIT(strstr(h.last_reply, "\"status\":\"done\""), 5000);
    assert_non_null(strstr(h.last_reply, "\"count\":1000"));
    assert_int_equal(h.correlation_length, 2);
    AWAIT(h.audits == 4, 3000);
    assert_int_equal(door.counters.replayed, 1600);
    end();
}

static void what_is_no_honest_command_is_refused_with_a_reason(void **unused)
{
    (void)unused;
    static char long_one[6000];
    static const struct {
        const char *verb, *payload;
        const char *why;
        bool retained;
    } cases[] = {
        {"replay", "{", "not a JSON object", false},
        {"replay", "[1]", "not a JSON object", false},
        {"replay", "{\"id\":\"x\",\"id\":\"y\"}", "not a JSON object: a member stands in it twice",
         false},
        {"replay", "{\"from_seq\":1,\"to_seq\":2} x", "not a JSON object", false},
        {"replay", "{\"id\":\"x\"}", "give from and to", false},
        {"replay", "{\"from_seq\":5,\"to_seq\":2}", "whole numbers", false},
        {"replay", "{\"from_seq\":-5,\"to_seq\":2}", "whole numbers", false},
        {"replay", "{\"from_seq\":1.5,\"to_seq\":2}", "whole numbers", false},
        {"replay", "{\"from_seq\":1,\"to_seq\":2,\"lane\":\"audit\"}", "lane is", false},
        {"replay", "{\"from_seq\":1,\"to_seq\":2,\"sent\":1000}", "30 s", false},
        {"replay", "{\"from_seq\":1,\"to_seq\":2,\"sent\":9000000000000}", "30 s", false},
        {"replay", "{\"from_seq\":1,\"to_seq\":2}", "nothing of that", false},
        {"replay", "{\"from_seq\":1,\"to_seq\":2,\"lanes\":\"event\"}",
         "replay knows no member \\\"lanes\\\"; did you mean \\\"lane\\\"?", false},
        {"replay", "{\"from_seq\":1,\"to_seq\":2,\"until\":\"event\"}",
         "replay knows no member \\\"until\\\"", false},
        {"explode", "{\"id\":\"x\"}", "no such command; there are ack", false},
        {"ack", "{\"id\":\"x\"}", "`ack` needs `sent`", false},
        {"replay", "{\"id\":7}", "at most 64", false},
        {"replay", "{\"client\":\"a/b\",\"from_seq\":1,\"to_seq\":2}", "client is a name", false},
        {"replay", "{\"client\":\"#\",\"from_seq\":1,\"to_seq\":2}", "client is a name", false},
        {"replay", long_one, "4096", false},
    };
    if (!need_mosquitto())
        skip();
    begin(5);
    memset(long_one, ' ', sizeof(long_one) - 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        command(cases[i].verb, cases[i].payload, cases[i].retained, "reply/x");
        AWAIT(h.last_reply[0], 3000);
        if (!strstr(h.last_reply, cases[i].why))
            print_message("%s: %s\n", cases[i].payload, h.last_reply);
        assert_non_null(strstr(h.last_reply, "\"status\":\"refused\""));
        assert_non_null(strstr(h.last_reply, cases[i].why));
    }
    /* A reply never lands on a topic that means something. */
    h.values = 0;
    command("replay", "{", false, "m/v1/s/value/a/d/flow");
    historian_reads(300);
    assert_int_equal(h.values, 0);
    end();
}

/* The plant thread's side of a command: what comes in, and an answer that finds its way. */
static void a_command_goes_through_the_door_and_so_does_its_answer(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    begin(5);
    static const char topic[] = "reply/to/me", text[] = "{\"status\":\"done\"}";
    char asked[128];
    snprintf(asked, sizeof(asked),
             "{\"id\":\"x\",\"user\":\"ann\",\"alarm\":\"a/d/high\",\"sent\":%lld}",
             (long long)clock_wall().ms);
    struct mailbox *commands = mailbox_new(1 << 16);
    const void *at = NULL;
    size_t length = 0;
    door.commands = commands;
    command("ack", asked, false, topic);
    for (int i = 0; i < 150 && !(at = mailbox_peek(commands, &length)); i++)
        historian_reads(20);
    assert_non_null(at);
    struct command c;
    memcpy(&c, at, sizeof(c));
    assert_string_equal(c.verb, "ack");
    assert_string_equal(c.reply_topic, topic);
    assert_int_equal(c.correlation_length, 2);
    assert_int_equal(length, sizeof(c) + strlen(asked));
    assert_memory_equal((const char *)at + sizeof(c), asked, strlen(asked));
    const struct message m = {.lane = MESSAGE_REPLY,
                              .topic_length = sizeof(topic) - 1,
                              .payload_length = sizeof(text) - 1,
                              .correlation_length = c.correlation_length};
    const struct mailbox_part parts[] = {{&m, sizeof(m)},
                                         {topic, sizeof(topic) - 1},
                                         {text, sizeof(text) - 1},
                                         {c.correlation, c.correlation_length}};
    assert_true(mailbox_put_parts(door.live, parts, 4));
    mailbox_wake(door.rows);
    AWAIT(h.last_reply[0], 3000);
    assert_string_equal(h.last_reply, text);
    assert_int_equal(h.correlation_length, 2);
    end();
    mailbox_free(commands);
}

/* Somebody's panel has gone mad; another's acknowledgement is among it. */
static void of_two_hundred_commands_at_once_each_is_looked_at(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    begin(5);
    for (int i = 0; i < 200; i++)
        command("explode", "{\"id\":\"x\",\"client\":\"mad\"}", false, NULL);
    AWAIT(h.audits >= 200, 10000);
    assert_int_equal(h.audits, 200);
    end();
}

static void count_kept(void *me, const char *key, const void *blob, size_t size)
{
    unsigned *seen = me;
    if (strcmp(key, "alarm/a/d/high") == 0 && size == 5 && memcmp(blob, "state", 5) == 0)
        *seen += 1;
    if (strcmp(key, "leak/dam") == 0 && size == 5 && memcmp(blob, "noise", 5) == 0)
        *seen += 10;
}

static void states_pass_the_door_with_their_rows_and_alone(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    begin(5);
    static const char topic[] = "m/v1/s/event/g", body[] = "\"type\":\"alarm\"}";
    static const char with[] = "alarm/a/d/high\0state", alone[] = "leak/dam\0noise";
    const struct message row = {.lane = MESSAGE_EVENT,
                                .urgent = 1,
                                .topic_length = sizeof(topic) - 1,
                                .payload_length = sizeof(body) - 1,
                                .seq = 1,
                                .time = clock_wall(),
                                .keep_length = sizeof(with) - 1};
    const struct message keep = {.lane = MESSAGE_KEEP, .keep_length = sizeof(alone) - 1};
    const struct mailbox_part parts[] = {{&row, sizeof(row)},
                                         {topic, sizeof(topic) - 1},
                                         {body, sizeof(body) - 1},
                                         {with, sizeof(with) - 1}};
    assert_true(mailbox_put_parts(door.rows, parts, 4));
    assert_true(mailbox_put(door.rows, &keep, sizeof(keep), alone, sizeof(alone) - 1));
    mailbox_wake(door.rows);
    AWAIT(h.events == 1, 3000);
    gateway_stops(NS_PER_S);
    const char *why;
    unsigned seen = 0;
    struct journal *j = journal_open(state, (struct journal_limits){0}, clock_wall(), &why);
    assert_non_null(j);
    journal_each_kept(j, count_kept, &seen);
    assert_int_equal(seen, 11);
    assert_int_equal(journal_next(j, MESSAGE_EVENT), 2);
    journal_close(j);
    mqtt_free(h.client);
    kill_mosquitto();
}

static void a_retained_command_is_not_obeyed(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    memset(&h, 0, sizeof(h));
    start_mosquitto();
    historian_opens();
    AWAIT(h.subscribed, 3000);
    command("replay", "{\"client\":\"me\",\"from_seq\":1,\"to_seq\":2}", true, NULL);
    historian_reads(100);
    gateway_starts(5);
    AWAIT(strstr(h.last_reply, "retained"), 3000);
    end();
}

static void a_refused_row_is_a_dead_letter_and_the_rest_goes_on(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    char acl[128];
    snprintf(acl, sizeof(acl), "%s/acl", dir);
    FILE *f = fopen(acl, "w");
    fprintf(f, "topic read #\ntopic write m/v1/s/gateway/#\ntopic write m/v1/s/history/g/a/d0\n"
               "topic write m/v1/s/history/g/a/d1\n");
    fclose(f);
    chmod(dir, 0755);
    chmod(acl, 0644);
    snprintf(more_config, sizeof(more_config), "acl_file %s\n", acl);
    begin(5);
    sample(100);
    for (int i = 0; i < 100 && door.counters.acked[0] + door.counters.dropped[0] < 100; i++)
        historian_reads(50);
    historian_reads(2600);
    assert_int_equal(door.counters.dropped[0], 60);
    assert_int_equal(door.counters.acked[0], 40);
    assert_int_equal(door.counters.refused, 60);
    assert_int_equal(h.deliveries, 40);
    acquired_is_acked_plus_waiting_plus_dropped();
    end();
}

/* An empty retained message with a ticket takes a topic back, and who put it learns what became of
 * it; others need no answer. */
static void how_the_broker_answers_a_ticket_is_told(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    char acl[128];
    snprintf(acl, sizeof(acl), "%s/acl", dir);
    FILE *f = fopen(acl, "w");
    fprintf(f, "topic read #\ntopic write m/v1/s/gateway/#\ntopic write m/v1/s/meta/#\n");
    fclose(f);
    chmod(dir, 0755);
    chmod(acl, 0644);
    snprintf(more_config, sizeof(more_config), "acl_file %s\n", acl);
    begin(5);
    AWAIT(door.connected, 3000);
    put(MESSAGE_STATE, 0, "m/v1/s/meta/a/d", "{}");
    put(MESSAGE_STATE, 7, "m/v1/s/meta/a/d", "");
    put(MESSAGE_STATE, 8, "m/v1/s/device/a/d", "");
    put(MESSAGE_STATE, 9 + RETRACTIONS, "m/v1/s/meta/a/e", "");
    mailbox_wake(door.live);
    AWAIT(door.retracted[9], 3000);
    assert_int_equal(door.retracted[7], 2 * 7);
    assert_int_equal(door.retracted[8], 2 * 8 + 1);
    assert_int_equal(door.retracted[9], 2 * (9 + RETRACTIONS));
    for (int i = 0; i < RETRACTIONS; i++)
        assert_true(i >= 7 && i <= 9 ? door.retracted[i] != 0 : door.retracted[i] == 0);
    end();
}

static void a_replay_that_is_denied_says_so_when_all_is_answered(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    char acl[128];
    snprintf(acl, sizeof(acl), "%s/acl", dir);
    FILE *f = fopen(acl, "w");
    fprintf(f, "topic readwrite #\n");
    fclose(f);
    chmod(dir, 0755);
    chmod(acl, 0644);
    snprintf(more_config, sizeof(more_config), "acl_file %s\n", acl);
    begin(5);
    sample(100);
    AWAIT(door.counters.acked[0] == 100, 5000);
    f = fopen(acl, "w");
    fprintf(f, "topic deny m/v1/s/history/g/a/d1\ntopic readwrite #\n");
    fclose(f);
    kill(mosquitto, SIGHUP);
    historian_reads(300);
    h.deliveries = 0;
    command("replay", "{\"id\":\"a1\",\"client\":\"hist\",\"from_seq\":1,\"to_seq\":100}", false,
            NULL);
    AWAIT(strstr(h.last_reply, "\"status\":\"failed\""), 5000);
    assert_non_null(strstr(h.last_reply, "the broker refused 20 of 100 rows (reason 0x87)"));
    assert_non_null(strstr(h.last_reply, "\"count\":80"));
    assert_int_equal(h.deliveries, 80);
    f = fopen(acl, "w");
    fprintf(f, "topic readwrite #\n");
    fclose(f);
    kill(mosquitto, SIGHUP);
    historian_reads(300);
    command("replay", "{\"id\":\"a2\",\"client\":\"hist\",\"from_seq\":1,\"to_seq\":100}", false,
            NULL);
    AWAIT(strstr(h.last_reply, "\"status\":\"done\""), 5000);
    assert_non_null(strstr(h.last_reply, "\"count\":100"));
    assert_int_equal(h.deliveries, 180);
    end();
}

/* What was denied of a topic arrives when it is allowed: the newest of it, and nothing of what has
 * been taken back meanwhile. */
static void a_denied_state_is_tried_again_with_its_newest_content(void **unused)
{
    (void)unused;
    if (!need_mosquitto())
        skip();
    char acl[128];
    snprintf(acl, sizeof(acl), "%s/acl", dir);
    FILE *f = fopen(acl, "w");
    fprintf(f, "topic read #\ntopic write m/v1/s/gateway/#\n");
    fclose(f);
    chmod(dir, 0755);
    chmod(acl, 0644);
    snprintf(more_config, sizeof(more_config), "acl_file %s\n", acl);
    begin(5);
    AWAIT(door.connected, 3000);
    put(MESSAGE_STATE, 0, "m/v1/s/device/a/d", "{\"n\":1}");
    put(MESSAGE_STATE, 0, "m/v1/s/gone/a/d", "{\"n\":1}");
    mailbox_wake(door.live);
    AWAIT(door.counters.refused == 2, 3000);
    put(MESSAGE_STATE, 0, "m/v1/s/device/a/d", "{\"n\":2}");
    put(MESSAGE_STATE, 5, "m/v1/s/gone/a/d", "");
    mailbox_wake(door.live);
    AWAIT(door.retracted[5], 3000);
    historian_reads(3500); /* it is tried in vain, and not counted again */
    assert_int_equal(door.counters.refused, 4);
    assert_int_equal(h.device[0], 0);
    f = fopen(acl, "w");
    fprintf(f, "topic readwrite #\n");
    fclose(f);
    kill(mosquitto, SIGHUP);
    AWAIT(h.device[0], 8000);
    assert_string_equal(h.device, "{\"n\":2}");
    historian_reads(3500);
    assert_int_equal(h.gone, 0);
    assert_int_equal(h.devices, 1);
    end();
}

/* More than is remembered: when some of it is taken, all is told as to a new session. */
static void what_was_forgotten_of_denied_states_is_told_anew(void **unused)
{
    enum { STATES = 1800, SIZE = 1900 };
    (void)unused;
    if (!need_mosquitto())
        skip();
    char acl[128], topic[64], payload[SIZE + 1];
    snprintf(acl, sizeof(acl), "%s/acl", dir);
    FILE *f = fopen(acl, "w");
    fprintf(f, "topic read #\ntopic write m/v1/s/gateway/#\n");
    fclose(f);
    chmod(dir, 0755);
    chmod(acl, 0644);
    snprintf(more_config, sizeof(more_config), "acl_file %s\n", acl);
    begin(5);
    AWAIT(door.connected, 3000);
    memset(payload, 'x', SIZE);
    payload[SIZE] = '\0';
    for (unsigned i = 0; i < STATES;) {
        snprintf(topic, sizeof(topic), "m/v1/s/device/a/d%u", i);
        if (mailbox_room(door.live) > 2 * SIZE && put(MESSAGE_STATE, 0, topic, payload))
            i++;
        else
            historian_reads(20);
        mailbox_wake(door.live);
    }
    AWAIT(door.counters.refused == STATES, 8000);
    uint32_t sessions = door.sessions;
    historian_reads(3500);
    assert_int_equal(door.sessions, sessions);
    f = fopen(acl, "w");
    fprintf(f, "topic readwrite #\n");
    fclose(f);
    kill(mosquitto, SIGHUP);
    AWAIT(door.sessions > sessions, 10000);
    historian_reads(4000);
    assert_int_equal(door.sessions, sessions + 1);
    assert_in_range(h.devices, STATES / 2, STATES - 1); /* two megabytes of them, each once */
    end();
}

int main(void)
{
    static const char *const places[] = {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto",
                                         "/usr/bin/mosquitto"};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !program; i++)
        if (access(places[i], X_OK) == 0)
            program = places[i];
#define FACT(f) cmocka_unit_test_setup_teardown(f, fresh, gone)
    const struct CMUnitTest facts[] = {
        FACT(frames_arrive_in_order),
        FACT(nothing_is_missing_after_the_broker_was_killed),
        FACT(a_restart_goes_on_where_it_was),
        FACT(a_stop_says_offline_and_a_dead_network_does_not_hold_it),
        FACT(somebody_elses_offline_is_contradicted),
        FACT(replay_serves_acknowledged_rows_again),
        FACT(what_is_no_honest_command_is_refused_with_a_reason),
        FACT(a_command_goes_through_the_door_and_so_does_its_answer),
        FACT(states_pass_the_door_with_their_rows_and_alone),
        FACT(of_two_hundred_commands_at_once_each_is_looked_at),
        FACT(a_retained_command_is_not_obeyed),
        FACT(a_refused_row_is_a_dead_letter_and_the_rest_goes_on),
        FACT(how_the_broker_answers_a_ticket_is_told),
        FACT(a_denied_state_is_tried_again_with_its_newest_content),
        FACT(what_was_forgotten_of_denied_states_is_told_anew),
        FACT(a_replay_that_is_denied_says_so_when_all_is_answered),
    };
    return cmocka_run_group_tests(facts, NULL, NULL);
}
