/* SPDX-License-Identifier: Apache-2.0 */
/* A historian that only counts: messages, tags, gaps in `seq`, and how long a value took from the
 * answer of its PLC (`timestamp`) to here. A line on stdin is answered with the counters and begins
 * them anew; the end of stdin ends the program. */
#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 200000, SLOT_US = 100 }; /* latencies up to 20 s */

static uint64_t messages, history, values, tags, bad_tags, gaps, repeats, next_seq, next_epoch;
static uint64_t latencies[SLOTS], measured;
static double first_at; /* of the first history or value message ever */

static double wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static const char *after(const char *payload, size_t length, const char *word)
{
    const char *at = memmem(payload, length, word, strlen(word));
    return at ? at + strlen(word) : NULL;
}

static uint64_t members(const char *at, const char *end)
{
    uint64_t n = 0;
    for (; at < end && *at != '}'; at++)
        n += *at == ':';
    return n;
}

static void follow(const char *payload, size_t length)
{
    const char *epoch = after(payload, length, "\"epoch\":"),
               *seq = after(payload, length, "\"seq\":");
    if (!epoch || !seq)
        return;
    uint64_t e = strtoull(epoch, NULL, 10), s = strtoull(seq, NULL, 10);
    if (e == next_epoch && s > next_seq)
        gaps += s - next_seq;
    else if (e == next_epoch && s < next_seq) {
        repeats++;
        return;
    }
    next_epoch = e;
    next_seq = s + 1;
}

static void on_message(struct mosquitto *m, void *me, const struct mosquitto_message *msg,
                       const mosquitto_property *props)
{
    (void)m, (void)me, (void)props;
    static char text[65536];
    size_t length =
        (size_t)msg->payloadlen < sizeof(text) ? (size_t)msg->payloadlen : sizeof(text) - 1;
    if (length > 0)
        memcpy(text, msg->payload, length);
    text[length] = '\0';
    messages++;
    if (msg->retain) /* from before our time */
        return;
    bool is_history = strstr(msg->topic, "/history/"), is_value = strstr(msg->topic, "/value/");
    if (!is_history && !is_value)
        return;
    double now = wall_ms();
    if (first_at == 0)
        first_at = now;
    if (is_value) {
        values++;
        tags++;
    } else {
        history++;
        const char *good = after(text, length, "\"values\":{"),
                   *bad = after(text, length, "\"bad\":{");
        tags += good                            ? members(good, text + length)
                : strncmp(text, "{\"t", 3) == 0 ? members(text, text + length)
                                                : 0;
        bad_tags += bad ? 1 : 0;
        follow(text, length);
    }
    const char *stamp = after(text, length, "\"timestamp\":");
    if (stamp) {
        double us = (now - strtod(stamp, NULL)) * 1e3;
        size_t slot = us < 0 ? 0 : (size_t)(us / SLOT_US);
        latencies[slot < SLOTS ? slot : SLOTS - 1]++;
        measured++;
    }
}

static double percentile(double share)
{
    uint64_t want = (uint64_t)((double)measured * share), seen = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        seen += latencies[i];
        if (seen > want)
            return (double)(i + 1) * SLOT_US / 1e3;
    }
    return 0;
}

static void report(void)
{
    printf("{\"messages\":%llu,\"history\":%llu,\"values\":%llu,\"tags\":%llu,\"frames_with_bad\":%"
           "llu,"
           "\"gaps\":%llu,\"repeats\":%llu,\"first_ms\":%.1f,\"p50_ms\":%.1f,\"p99_ms\":%.1f}\n",
           (unsigned long long)messages, (unsigned long long)history, (unsigned long long)values,
           (unsigned long long)tags, (unsigned long long)bad_tags, (unsigned long long)gaps,
           (unsigned long long)repeats, first_at, percentile(0.5), percentile(0.99));
    fflush(stdout);
    messages = history = values = tags = bad_tags = gaps = repeats = measured = 0;
    memset(latencies, 0, sizeof(latencies));
}

static void on_connect(struct mosquitto *m, void *filter, int rc, int flags,
                       const mosquitto_property *props)
{
    (void)flags, (void)props;
    if (rc == 0)
        mosquitto_subscribe(m, NULL, filter, 0);
}

static void on_subscribe(struct mosquitto *m, void *me, int mid, int n, const int *qos)
{
    (void)m, (void)me, (void)mid, (void)n, (void)qos;
    puts("ready");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s BROKER_PORT FILTER\n", argv[0]);
        return 2;
    }
    mosquitto_lib_init();
    struct mosquitto *m = mosquitto_new(NULL, true, argv[2]);
    if (!m)
        return 1;
    mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(m, MOSQ_OPT_RECEIVE_MAXIMUM, 2000);
    mosquitto_connect_v5_callback_set(m, on_connect);
    mosquitto_subscribe_callback_set(m, on_subscribe);
    mosquitto_message_v5_callback_set(m, on_message);
    if (mosquitto_connect(m, "127.0.0.1", (int)strtol(argv[1], NULL, 10), 60) != MOSQ_ERR_SUCCESS)
        return 1;
    for (;;) {
        struct pollfd p[2] = {{STDIN_FILENO, POLLIN, 0}, {mosquitto_socket(m), POLLIN, 0}};
        if (mosquitto_want_write(m))
            p[1].events |= POLLOUT;
        if (poll(p, 2, 1000) < 0 && errno != EINTR)
            return 1;
        if (p[0].revents) {
            char line[256];
            if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
                return 0;
            report();
        }
        if (p[1].revents & POLLIN && mosquitto_loop_read(m, 1) != MOSQ_ERR_SUCCESS) {
            fputs("counter: the broker left\n", stderr);
            return 1;
        }
        if (p[1].revents & POLLOUT)
            mosquitto_loop_write(m, 1);
        mosquitto_loop_misc(m);
    }
}
