/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch_session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/verbs.h"
#include "cli/watch_screen.h"

enum { QUIET_MS = 400, REDRAW_MS = 200 };

/* ---- the broker ------------------------------------------------------------------------------ */

static void on_connected(void *me)
{
    struct watch_session *s = me;
    s->subscribe = s->changed = true;
    s->view.trouble = NULL;
    watch_new_era(s->watch);
}

static void on_lost(void *me, const char *why)
{
    struct watch_session *s = me;
    snprintf(s->trouble, sizeof s->trouble, "%s", why != NULL ? why : "no reason given");
    s->view.trouble = s->trouble;
    s->changed = true;
}

static void on_message(void *me, const struct mqtt_message *m)
{
    struct watch_session *s = me;
    size_t prefix = strlen(s->watch->prefix);
    s->changed = true;
    if (strncmp(m->topic, s->watch->prefix, prefix) == 0 &&
        strncmp(m->topic + prefix, "reply/", 6) == 0) {
        watch_talk_hear(&s->view.talk, m->payload, m->length);
        return;
    }
    watch_hear(s->watch, m->topic, m->payload, m->length);
    s->heard = true;
}

/* What is retained comes all at once, and of QoS 1 a broker queues so many only (mosquitto: 1000)
 * and drops the rest without a word; at QoS 0 it writes them all. */
static void subscribe(struct watch_session *s)
{
    static const struct {
        const char *filter;
        bool always;
    } classes[] = {
        {"gateway/#", true}, {"device/#", false}, {"value/#", false},   {"stats/#", false},
        {"alarm/#", true},   {"leak/#", false},   {"incident/#", true}, {"bulletin/#", false},
    };
    char filter[700];
    s->subscribe = false;
    snprintf(filter, sizeof filter, "%sreply/+/%s", s->watch->prefix, s->id);
    bool fine = mqtt_subscribe(s->client, filter, 1);
    for (size_t i = 0; fine && i < sizeof classes / sizeof *classes; i++) {
        if (s->only_alarms && !classes[i].always)
            continue;
        snprintf(filter, sizeof filter, "%s%s", s->watch->prefix, classes[i].filter);
        fine = mqtt_subscribe(s->client, filter, 0);
    }
    if (!fine)
        mqtt_drop(s->client, "can't subscribe", clock_mono());
}

bool watch_session_wait(struct watch_session *s, int keys, mono_t until)
{
    mono_t due = mono_min(mono_min(until, watch_talk_due(&s->view.talk)), mqtt_due(s->client));
    int64_t wait = mono_since(due, clock_mono());
    struct pollfd fds[] = {{mqtt_fd(s->client), mqtt_wants(s->client), 0}, {keys, POLLIN, 0}};
    int timeout = wait <= 0 ? 0 : wait > NS_PER_S ? 1000 : (int)(wait / NS_PER_MS) + 1;
    if (poll(fds, 2, timeout) < 0 && errno != EINTR)
        return false;
    mqtt_run(s->client, fds[0].revents, clock_mono());
    if (s->subscribe && mqtt_connected(s->client))
        subscribe(s);
    if (watch_talk_tick(&s->view.talk, clock_mono()))
        s->changed = true;
    return (fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

void watch_session_send(struct watch_session *s)
{
    struct watch_command command;
    char topic[700];
    int mid;
    s->view.wished = false;
    s->changed = true;
    if (!watch_talk_ask(&s->view.talk, &s->view.wish, clock_wall(), clock_mono(), &command))
        return;
    snprintf(topic, sizeof topic, "%s%s", s->watch->prefix, command.topic);
    const struct mqtt_message m = {.topic = topic,
                                   .payload = command.payload,
                                   .length = command.length,
                                   .qos = 1,
                                   .content_type = "application/json"};
    static const char *const why[] = {[MQTT_NOT_CONNECTED] = "there is no connection to the broker",
                                      [MQTT_TOO_LARGE] = "the broker takes no message as long",
                                      [MQTT_FAILED] = "the broker's client refused it"};
    enum mqtt_result result = mqtt_publish(s->client, &m, &mid);
    if (result != MQTT_SENT)
        watch_talk_unsent(&s->view.talk, why[result]);
    mqtt_flush(s->client);
}

bool watch_session_begin(struct watch_session *s, const struct mqtt *to, const char *root,
                         const char *site, const char **why)
{
    struct mqtt_hooks hooks = {
        .me = s, .connected = on_connected, .lost = on_lost, .message = on_message};
    snprintf(s->id, sizeof s->id, "headgate-watch-%d-%llx", (int)getpid(),
             (unsigned long long)clock_wall().ms);
    snprintf(s->title, sizeof s->title, "%s  mqtt%s://%s:%u", site, to->tls ? "s" : "", to->host,
             to->port);
    s->view.title = s->title;
    s->view.trouble = "connecting";
    s->view.talk.client = s->id;
    s->changed = true;
    *why = "out of memory";
    s->watch = watch_new(root, site);
    s->client = s->watch != NULL ? mqtt_new(to, s->id, hooks, why) : NULL;
    return s->client != NULL;
}

void watch_session_end(struct watch_session *s)
{
    if (s->client != NULL)
        mqtt_disconnect(s->client);
    mqtt_free(s->client);
    watch_free(s->watch);
    free(s->canvas.text);
}

/* ---- once ------------------------------------------------------------------------------------ */

static uint64_t known(const struct watch *w)
{
    const struct watch_list *lists[] = {&w->values, &w->devices,   &w->gateways, &w->alarms,
                                        &w->leaks,  &w->incidents, &w->bulletins};
    uint64_t count = 0;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        count += lists[i]->count;
    return count;
}

/* Retained messages come in one go; when it has been quiet for a moment, that was all. */
int watch_session_once(struct watch_session *s, int64_t patience_ns, bool json)
{
    mono_t start = clock_mono(), end = mono_add(start, patience_ns), last = MONO_NEVER;
    while (mono_before(clock_mono(), end)) {
        uint64_t before = known(s->watch);
        mono_t quiet = last.ns == INT64_MAX ? end : mono_add(last, QUIET_MS * NS_PER_MS);
        if (s->heard && mono_before(quiet, clock_mono()))
            break;
        watch_session_wait(s, -1, mono_min(end, quiet));
        if (known(s->watch) != before)
            last = clock_mono();
    }
    if (!s->heard) {
        const char *why =
            s->view.trouble != NULL ? s->view.trouble : "connected, but no gateway speaks there";
        fprintf(stderr, "headgate: %s: %s\n", s->title, why);
        return verb_no(json, why);
    }
    watch_sort(s->watch);
    if (json)
        watch_print_json(&s->canvas, s->watch, &s->view);
    else
        watch_print(&s->canvas, s->watch, &s->view, clock_wall());
    fwrite(s->canvas.text, 1, s->canvas.length, stdout);
    return EXIT_DONE;
}

/* ---- live ------------------------------------------------------------------------------------ */

static bool read_keys(struct watch_session *s)
{
    char bytes[64];
    ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
    if (length <= 0)
        return length < 0 && (errno == EAGAIN || errno == EINTR);
    for (size_t at = 0; at < (size_t)length;) {
        int key;
        at += watch_key_parse(bytes + at, (size_t)length - at, &key);
        watch_key(&s->view, s->watch, key);
        if (s->view.wished)
            watch_session_send(s);
    }
    s->changed = true;
    return true;
}

static void count(struct watch_session *s, mono_t now)
{
    int64_t passed = mono_since(now, s->counted_at);
    if (passed < NS_PER_S)
        return;
    s->view.messages_per_s =
        (double)(s->watch->messages - s->counted) * (double)NS_PER_S / (double)passed;
    s->counted = s->watch->messages;
    s->counted_at = now;
    s->changed = true; /* ages move on, too */
}

int watch_session_live(struct watch_session *s)
{
    if (!screen_open()) {
        fprintf(stderr, "headgate: this is no terminal; --once prints a snapshot\n");
        return EXIT_USAGE;
    }
    s->view.colour = getenv("NO_COLOR") == NULL;
    s->counted_at = clock_mono();
    mono_t draw = s->counted_at;
    bool whole = true;
    while (whole && !s->view.quit && !screen_told_to_stop()) {
        bool pressed = watch_session_wait(s, STDIN_FILENO,
                                          s->changed ? draw : mono_add(clock_mono(), NS_PER_S));
        if (pressed && !read_keys(s))
            break;
        mono_t now = clock_mono();
        count(s, now);
        bool resized = screen_resized(&s->view.rows, &s->view.columns);
        if (!resized && !pressed && (!s->changed || mono_before(now, draw)))
            continue;
        watch_sort(s->watch);
        watch_draw(&s->canvas, s->watch, &s->view, clock_wall());
        whole = screen_write(s->canvas.text, s->canvas.length);
        s->changed = false;
        draw = mono_add(now, REDRAW_MS * NS_PER_MS);
    }
    screen_close();
    return EXIT_DONE;
}
