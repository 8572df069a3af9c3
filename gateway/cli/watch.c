/* SPDX-License-Identifier: Apache-2.0 */
/* headgate watch [PLANT]: what a site's gateways say, live. It hears what any historian hears, and
 * needs no way to the gateway itself. */
#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "cli/watch.h"
#include "cli/watch_screen.h"
#include "config/plant.h"
#include "publish/mqtt.h"

enum { QUIET_MS = 400, REDRAW_MS = 200 };

struct watch_arguments {
    const char *plant_file, *broker, *root, *site, *filter;
    char host[300]; /* what mqtt.host points to */
    struct mqtt mqtt; /* from options only */
    struct plant_options options;
    bool once, json;
    int64_t patience_ns;
};

struct session {
    const struct watch_arguments *arguments;
    struct watch *watch;
    struct watch_view view;
    struct canvas canvas;
    struct mqtt_client *client;
    bool subscribe, heard, changed;
    char trouble[160], title[200];
    mono_t counted_at;
    uint64_t counted;
};

/* ---- the command line ------------------------------------------------------------------------ */

/* mqtt://HOST[:PORT], mqtts://HOST[:PORT]; IPv6 in brackets */
static bool parse_broker(char *text, struct mqtt *m)
{
    m->tls = strncmp(text, "mqtts://", 8) == 0;
    if (!m->tls && strncmp(text, "mqtt://", 7) != 0)
        return false;
    char *host = text + (m->tls ? 8 : 7), *port = strrchr(host, ':');
    m->port = m->tls ? 8883 : 1883;
    if (*host == '[') {
        char *end = strchr(++host, ']');
        if (end == NULL || (end[1] != 0 && end[1] != ':'))
            return false;
        port = end[1] == ':' ? end + 1 : NULL;
        *end = 0;
    }
    if (port != NULL) {
        uint64_t number;
        if (!text_to_u64(port + 1, &number) || number == 0 || number > UINT16_MAX)
            return false;
        m->port = (uint16_t)number;
        *port = 0;
    }
    m->host = host;
    return *host != 0 && strpbrk(host, "/@ ") == NULL;
}

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct watch_arguments *a = state->input;
    switch (key) {
    case 'b':
        a->broker = word;
        snprintf(a->host, sizeof a->host, "%s", word);
        if (!parse_broker(a->host, &a->mqtt))
            argp_error(state, "broker '%s': write mqtt://HOST:1883 or mqtts://HOST:8883", word);
        break;
    case 'r':
        a->root = word;
        break;
    case 's':
        a->site = word;
        break;
    case 'u':
        a->mqtt.user = word;
        break;
    case 'p':
        a->mqtt.password_file = word;
        break;
    case 'c':
        a->mqtt.ca = word;
        break;
    case 'm':
        a->options.library = word;
        break;
    case 'l':
        a->options.lines_file = word;
        break;
    case 'f':
        a->filter = word;
        break;
    case 'o':
        a->once = true;
        break;
    case 'j':
        a->json = a->once = true;
        break;
    case 't':
        if (!text_to_duration(word, &a->patience_ns) || a->patience_ns <= 0)
            argp_error(state, "'%s' is not a duration; write it with its unit, like 5s", word);
        break;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one plant file at a time; '%s' is too much", word);
        a->plant_file = word;
        break;
    case ARGP_KEY_END:
        if (a->plant_file == NULL && (a->broker == NULL || a->root == NULL || a->site == NULL))
            argp_error(state, "say which plant file, or --broker, --root and --site");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- the broker ------------------------------------------------------------------------------ */

static void on_connected(void *me)
{
    struct session *s = me;
    s->subscribe = s->changed = true;
    s->view.trouble = NULL;
}

static void on_lost(void *me, const char *why)
{
    struct session *s = me;
    snprintf(s->trouble, sizeof s->trouble, "%s", why != NULL ? why : "no reason given");
    s->view.trouble = s->trouble;
    s->changed = true;
}

static void on_message(void *me, const struct mqtt_message *m)
{
    struct session *s = me;
    watch_hear(s->watch, m->topic, m->payload, m->length);
    s->heard = s->changed = true;
}

static void subscribe(struct session *s)
{
    static const char *const classes[] = {"gateway/#", "device/#", "value/#", "stats/#"};
    char filter[600];
    s->subscribe = false;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        snprintf(filter, sizeof filter, "%s%s", s->watch->prefix, classes[i]);
        if (!mqtt_subscribe(s->client, filter, i < 2 ? 1 : 0)) {
            mqtt_drop(s->client, "can't subscribe", clock_mono());
            return;
        }
    }
}

/* Waits for the broker, for keys (fd -1: none) or for the time. */
static bool wait_for(struct session *s, int keys, mono_t until)
{
    mono_t due = mono_min(until, mqtt_due(s->client));
    int64_t wait = mono_since(due, clock_mono());
    struct pollfd fds[] = {{mqtt_fd(s->client), mqtt_wants(s->client), 0}, {keys, POLLIN, 0}};
    int timeout = wait <= 0 ? 0 : wait > NS_PER_S ? 1000 : (int)(wait / NS_PER_MS) + 1;
    if (poll(fds, 2, timeout) < 0 && errno != EINTR)
        return false;
    mqtt_run(s->client, fds[0].revents, clock_mono());
    if (s->subscribe && mqtt_connected(s->client))
        subscribe(s);
    return (fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

/* ---- once ------------------------------------------------------------------------------------ */

/* Retained messages come in one go; when it has been quiet for a moment, that was all. */
static int look_once(struct session *s)
{
    mono_t start = clock_mono(), end = mono_add(start, s->arguments->patience_ns),
           last = MONO_NEVER;
    while (mono_before(clock_mono(), end)) {
        uint64_t known =
            s->watch->values.count + s->watch->devices.count + s->watch->gateways.count;
        mono_t quiet = last.ns == INT64_MAX ? end : mono_add(last, QUIET_MS * NS_PER_MS);
        if (s->heard && mono_before(quiet, clock_mono()))
            break;
        wait_for(s, -1, mono_min(end, quiet));
        if (s->watch->values.count + s->watch->devices.count + s->watch->gateways.count != known)
            last = clock_mono();
    }
    if (!s->heard) {
        fprintf(stderr, "headgate: %s: %s\n", s->title,
                s->view.trouble != NULL ? s->view.trouble
                                        : "connected, but no gateway speaks there");
        return EXIT_NO;
    }
    watch_sort(s->watch);
    if (s->arguments->json)
        watch_print_json(&s->canvas, s->watch, s->view.filter);
    else
        watch_print(&s->canvas, s->watch, &s->view, clock_wall());
    fwrite(s->canvas.text, 1, s->canvas.length, stdout);
    return EXIT_DONE;
}

/* ---- live ------------------------------------------------------------------------------------ */

static bool read_keys(struct session *s)
{
    char bytes[64];
    ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
    if (length <= 0)
        return length < 0 && (errno == EAGAIN || errno == EINTR);
    for (size_t at = 0; at < (size_t)length;) {
        int key;
        at += watch_key_parse(bytes + at, (size_t)length - at, &key);
        watch_key(&s->view, s->watch, key);
    }
    s->changed = true;
    return true;
}

static void count(struct session *s, mono_t now)
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

static int look_on(struct session *s)
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
        bool pressed =
            wait_for(s, STDIN_FILENO, s->changed ? draw : mono_add(clock_mono(), NS_PER_S));
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

static int watch_site(const struct watch_arguments *a, const struct mqtt *to, const char *root,
                      const char *site)
{
    struct session s = {.arguments = a};
    char id[64];
    const char *why = "out of memory";
    struct mqtt_hooks hooks = {
        .me = &s, .connected = on_connected, .lost = on_lost, .message = on_message};
    snprintf(id, sizeof id, "headgate-watch-%d-%llx", (int)getpid(),
             (unsigned long long)clock_wall().ms);
    snprintf(s.title, sizeof s.title, "%s  mqtt%s://%s:%u", site, to->tls ? "s" : "", to->host,
             to->port);
    snprintf(s.view.filter, sizeof s.view.filter, "%s", a->filter != NULL ? a->filter : "");
    s.view.title = s.title;
    s.view.trouble = "connecting";
    s.changed = true;
    s.watch = watch_new(root, site);
    s.client = s.watch != NULL ? mqtt_new(to, id, hooks, &why) : NULL;
    int status = EXIT_NO;
    if (s.client == NULL)
        fprintf(stderr, "headgate: %s: %s\n", s.title, why);
    else
        status = a->once ? look_once(&s) : look_on(&s);
    if (s.client != NULL)
        mqtt_disconnect(s.client);
    mqtt_free(s.client);
    watch_free(s.watch);
    free(s.canvas.text);
    return status;
}

/* A plant file's own broker, root and site, unless the options say otherwise. */
static int watch_plant(const struct watch_arguments *a)
{
    struct diags *ds = diags_new();
    struct arena *arena = arena_new(0);
    const struct plant *plant = NULL;
    if (ds != NULL && arena != NULL)
        plant = plant_load(arena, a->plant_file, &a->options, ds);
    int status = EXIT_NO;
    if (plant == NULL && ds != NULL) {
        diags_print(ds, stderr);
    } else if (plant != NULL) {
        struct mqtt to = plant->mqtt;
        if (a->broker != NULL) {
            to.host = a->mqtt.host;
            to.port = a->mqtt.port;
            to.tls = a->mqtt.tls;
        }
        if (a->mqtt.user != NULL) {
            to.user = a->mqtt.user;
            to.password_file = a->mqtt.password_file;
        }
        if (a->mqtt.ca != NULL)
            to.ca = a->mqtt.ca;
        status = watch_site(a, &to, a->root != NULL ? a->root : plant->mqtt.root,
                            a->site != NULL ? a->site : plant->site);
    }
    arena_free(arena);
    diags_free(ds);
    return status;
}

int verb_watch(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"once", 'o', NULL, 0, "print one snapshot and end", 0},
        {"json", 'j', NULL, 0, "the snapshot as JSON", 0},
        {"filter", 'f', "GLOB", 0, "only these: a glob like mill/*/flow, or a part of the name", 0},
        {"for", 't', "DURATION", 0, "--once: wait this long at most (default 3s)", 0},
        {"broker", 'b', "URL", 0, "mqtt://HOST:PORT or mqtts://HOST:PORT", 0},
        {"root", 'r', "ROOT", 0, "beginning of the topics, like mine/v1", 0},
        {"site", 's', "SITE", 0, "the site, as in the plant file", 0},
        {"user", 'u', "NAME", 0, "for the broker", 0},
        {"password-file", 'p', "FILE", 0, "for the broker", 0},
        {"ca", 'c', "FILE", 0, "certificate that vouches for the broker", 0},
        {"lines", 'l', "FILE", 0, "as the other verbs take it; changes nothing here", 0},
        {"maps", 'm', "DIR", 0, "the library of register maps (default: the installed one)", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "[PLANT]",
        "A live screen of devices and values, as they are published. Tab goes from devices to "
        "values, "
        "Enter to one device's values, / filters, arrows and PgUp PgDn scroll, q quits.\v"
        "Without PLANT, --broker, --root and --site say where to listen. Exit status 1 when "
        "nothing "
        "was heard.",
        NULL,
        NULL,
        NULL};
    struct watch_arguments a = {.patience_ns = 3 * NS_PER_S};
    a.mqtt.version = 5;
    a.mqtt.keepalive_ns = 10 * NS_PER_S;
    a.mqtt.window = 200;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    log_init(LOG_ERROR, 0);
    return a.plant_file != NULL ? watch_plant(&a) : watch_site(&a, &a.mqtt, a.root, a.site);
}
