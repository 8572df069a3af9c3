/* SPDX-License-Identifier: Apache-2.0 */
#include "app/daemon.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "app/reload.h"
#include "app/socket.h"
#include "app/socket_words.h"
#include "app/state_dir.h"
#include "app/tell.h"
#include "base/arena.h"
#include "base/calendar.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "poll/write.h"
#include "publish/retained.h"

/* Rows wait here while the broker thread commits; at 50,000 tags a second this is some seconds of
 * a slow disk. Live messages are only ever the newest, so they need less. */
enum { ROWS_BYTES = 8 << 20, LIVE_BYTES = 2 << 20, COMMANDS_BYTES = 64 << 10 };

/* Answers arrive in bursts; the broker thread is woken once for a burst: when all that were asked
 * have answered, or so long after the first. */
static const int64_t wake_ns = 10 * NS_PER_MS;
static const int64_t wake_apart_ns = 2 * NS_PER_MS;
static const int64_t grace_ns = 600 * NS_PER_MS;

struct gateway {
    const struct daemon_options *options;
    struct plant_options plant_options;
    char state_dir[PATH_MAX];
    struct loop *loop;
    struct side side;
    struct door door;
    struct sequence sequence;
    struct broker *broker;
    struct socket_door *socket; /* NULL: nobody can ask why */
    struct arena *own; /* what the broker thread reads; plants come and go with reloads */
    struct retained *retained;
    struct memory *memory; /* of an earlier run, until the first plan has it */
    struct watcher signals, commands;
    struct log_quota strays;
    mono_t wake_due; /* MONO_NEVER: nothing put since the last wake */
    mono_t woken;
    mono_t watchdog_due;
    int64_t watchdog_ns; /* 0: nobody asked for it */
    bool stop, reload, broken;
};

static bool find_state_dir(struct gateway *g)
{
    return state_dir(g->state_dir, sizeof g->state_dir, g->options->state_dir,
                     g->options->plant_file) &&
           (mkdir(g->state_dir, 0750) == 0 || errno == EEXIST);
}

/* Thousands of lines need descriptors; nothing in this process uses select(). */
static void raise_file_limit(const struct plant *plant)
{
    struct rlimit l;
    rlim_t want = (rlim_t)plant->line_count * 2 + 64;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= want)
        return;
    l.rlim_cur = want < l.rlim_max ? want : l.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur < want)
        log_warn("gateway: %u lines may need %llu descriptors, and %llu are allowed: raise "
                 "LimitNOFILE=",
                 plant->line_count, (unsigned long long)want, (unsigned long long)l.rlim_cur);
}

static void on_signal(void *me, uint32_t events)
{
    (void)events;
    struct gateway *g = me;
    struct signalfd_siginfo info;
    ssize_t n;
    while ((n = read(g->signals.fd, &info, sizeof info)) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            g->reload = true;
        else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            g->stop = true;
        else if (log_may(&g->strays, clock_mono()))
            log_notice("gateway: signal %u of process %u means nothing here", info.ssi_signo,
                       info.ssi_pid);
    }
    /* One that can't be told to end must not go on. */
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        log_error("gateway: signals can't be read: %s", strerror(errno));
        g->stop = g->broken = true;
    }
}

static bool listen_to_signals(struct gateway *g)
{
    sigset_t set;
    sigemptyset(&set);
    /* The latter would end it: by somebody's habits with other daemons, or a library's timer. */
    static const int heard[] = {SIGTERM, SIGINT,    SIGHUP, SIGUSR1, SIGUSR2,
                                SIGALRM, SIGVTALRM, SIGIO,  SIGPWR};
    for (size_t i = 0; i < sizeof heard / sizeof *heard; i++)
        sigaddset(&set, heard[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    signal(SIGPIPE, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    g->signals = (struct watcher){.fd = fd, .events = EPOLLIN, .fn = on_signal, .me = g};
    return fd >= 0 && loop_add(g->loop, &g->signals);
}

static void on_command(void *me, uint32_t events)
{
    (void)events;
    struct gateway *g = me;
    size_t length;
    mailbox_heard(g->door.commands);
    for (const char *at; (at = mailbox_peek(g->door.commands, &length)) != NULL;) {
        struct command c;
        memcpy(&c, at, sizeof c);
        assert(length == sizeof c + c.payload_length);
        if (c.news[0])
            pipeline_note(g->side.pipeline, c.news, g->side.plant->gateway, at + sizeof c, c.time);
        else
            pipeline_order(g->side.pipeline, g->side.poller, &c, at + sizeof c, clock_wall(),
                           clock_mono());
        mailbox_done(g->door.commands);
    }
}

static bool open_door(struct gateway *g)
{
    g->door.rows = mailbox_new(ROWS_BYTES);
    g->door.live = mailbox_new(LIVE_BYTES);
    g->door.commands = mailbox_new(COMMANDS_BYTES);
    if (!g->door.rows || !g->door.live || !g->door.commands)
        return false;
    door_allow(&g->door, &g->side.plant->commands);
    g->commands = (struct watcher){
        .fd = mailbox_fd(g->door.commands), .events = EPOLLIN, .fn = on_command, .me = g};
    return loop_add(g->loop, &g->commands);
}

static const char *keep(struct gateway *g, const char *text)
{
    return text ? arena_copy(g->own, text, strlen(text)) : NULL;
}

/* false: out of memory. */
static bool keep_setup(struct gateway *g, struct broker_setup *s)
{
    const struct plant *plant = g->side.plant;
    g->own = arena_new(0);
    struct mqtt *m = g->own ? arena_get(g->own, sizeof *m) : NULL;
    if (!m)
        return false;
    *m = plant->mqtt;
    m->host = keep(g, m->host);
    m->root = keep(g, m->root);
    m->user = keep(g, m->user);
    m->password_file = keep(g, m->password_file);
    m->ca = keep(g, m->ca);
    m->cert = keep(g, m->cert);
    m->key = keep(g, m->key);
    m->client_id = keep(g, m->client_id);
    *s = (struct broker_setup){.mqtt = m,
                               .site = keep(g, plant->site),
                               .gateway = keep(g, plant->gateway),
                               .version = HEADGATE_VERSION,
                               .started = g->sequence.started};
    return !arena_exhausted(g->own);
}

static const char owner_key[] = "owner";

/* Each kept state finds its place: what was taken back, the numbers that go on, or the watch room
 * of the first plan. */
static void remember(void *me, const char *key, const void *bytes, size_t size)
{
    struct gateway *g = me;
    if (strcmp(key, owner_key) != 0 && !retained_restore(g->retained, key, bytes, size) &&
        !sequence_restore(&g->sequence, key, bytes, size))
        memory_add(g->memory, key, bytes, size);
}

/* Whose journal it is. Under another name its rows would be told again as somebody else's, and what
 * stands retained at the broker would be taken for left over. */
struct owner {
    char mine[192], kept[192];
};

static void see_owner(void *me, const char *key, const void *bytes, size_t size)
{
    struct owner *o = me;
    if (strcmp(key, owner_key) == 0 && size < sizeof(o->kept)) {
        memcpy(o->kept, bytes, size);
        o->kept[size] = '\0';
    }
}

static bool is_ours(const struct gateway *g, struct journal *journal)
{
    struct owner o = {.kept = ""};
    snprintf(o.mine, sizeof(o.mine), "site %s, gateway %s", g->side.plant->site,
             g->side.plant->gateway);
    journal_each_kept(journal, see_owner, &o);
    if (*o.kept && strcmp(o.kept, o.mine) != 0) {
        log_error("%s: the journal there belongs to %s, and this is %s: give this one a directory "
                  "of its own with --state, or, if it was given a new name, move the old one away",
                  g->state_dir, o.kept, o.mine);
        return false;
    }
    return journal_keep(journal, owner_key, o.mine, strlen(o.mine));
}

static bool start_broker(struct gateway *g)
{
    const char *why = NULL;
    const struct plant *plant = g->side.plant;
    struct journal *journal = journal_open(g->state_dir, plant->journal, clock_wall(), &why);
    if (!journal) {
        log_error("%s: the journal can't be used: %s; --state DIR says where else it may be",
                  g->state_dir, why);
        return false;
    }
    if (why)
        log_warn("%s: %s", g->state_dir, why);
    if (!is_ours(g, journal)) {
        journal_close(journal);
        return false;
    }
    for (int lane = 0; lane < MESSAGE_JOURNALED; lane++)
        g->sequence.next[lane] = journal_next(journal, (enum message_lane)lane);

    /* Before the journal is the broker thread's. */
    journal_each_kept(journal, remember, g);

    g->sequence.started = clock_wall();

    struct broker_setup setup;
    why = "out of memory";
    if (keep_setup(g, &setup))
        g->broker = broker_new(&g->door, journal, &setup, &why);
    if (!g->broker) {
        journal_close(journal);
        log_error("mqtt: %s", why);
        return false;
    }
    if (!broker_start(g->broker)) {
        log_error("gateway: no thread could be started");
        return false;
    }
    return true;
}

static bool read_plant(struct gateway *g, struct diags *ds)
{
    if (!side_plan(&g->side, g->options->plant_file, &g->plant_options, ds))
        return false;
    if (find_state_dir(g))
        return true;
    log_error("%s: can't be made or used for state: %s; --state DIR says where else", g->state_dir,
              strerror(errno));
    return false;
}

static size_t on_question(void *me, const char *line, size_t length, char *out, size_t room)
{
    struct gateway *g = me;
    struct why_view view = {.plan = g->side.plan, .poller = g->side.poller, .wall = clock_wall()};
    pipeline_look(g->side.pipeline, &view);
    return socket_words(&view, line, length, out, room);
}

/* The journal's lock is held: no other gateway can be at home here. */
static void open_socket(struct gateway *g)
{
    const struct socket_setup setup = {
        .loop = g->loop, .dir = g->state_dir, .room = WHY_ROOM, .fn = on_question, .me = g};
    const char *why;
    g->socket = socket_open(&setup, &why);
    if (!g->socket)
        log_warn("%s: no socket, so `headgate why` can't ask here: %s", g->state_dir, why);
}

static bool start(struct gateway *g, struct diags *ds)
{
    raise_file_limit(g->side.plant);
    const char *zone = g->side.plant->timezone;
    if (zone && !calendar_zone(zone)) /* before there is another thread */
        log_warn("%s: no timezone `%s` on this machine; times in words are UTC",
                 g->options->plant_file, zone);
    g->loop = loop_new();
    if (!g->loop || !listen_to_signals(g) || !open_door(g)) {
        log_error("gateway: %s", strerror(errno));
        return false;
    }
    g->memory = memory_new();
    g->retained = retained_new(g->state_dir, &g->door);
    if (!g->memory || !g->retained || !start_broker(g) ||
        !side_build(&g->side, &g->door, &g->sequence, g->memory, NULL, NULL, ds))
        return false;
    memory_free(g->memory);
    g->memory = NULL;
    retained_plan(g->retained, g->side.plant);
    open_socket(g);
    return side_start(&g->side, g->loop, clock_mono());
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

static void describe(const struct gateway *g, const char *what, char *text, size_t room)
{
    const struct plant *p = g->side.plant;
    uint32_t requests = g->side.plan->request_count;
    snprintf(text, room, "%s: %u device%s, %u tag%s, %u request%s on %u line%s", what,
             p->device_count, plural(p->device_count), p->tag_count, plural(p->tag_count), requests,
             plural(requests), p->line_count, plural(p->line_count));
}

/* systemd waits for READY=1 behind this, and takes it for the answer to its own signal only when it
 * is younger than that. */
static void tell_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
               (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

static void reload(struct gateway *g)
{
    char text[RELOAD_TEXT];
    const struct reload r = {.file = g->options->plant_file,
                             .options = &g->plant_options,
                             .door = &g->door,
                             .sequence = &g->sequence};
    g->reload = false;
    tell_reloading();
    mono_t begun = clock_mono();
    struct diags *ds = diags_new();
    bool well = ds && reload_side(&g->side, &r, ds, text);
    if (ds)
        diags_print(ds, stderr);
    else
        snprintf(text, sizeof text, "out of memory");
    diags_free(ds);
    if (well) {
        log_notice("%s: reloaded: %s", g->options->plant_file, text);
        retained_plan(g->retained, g->side.plant);
        door_allow(&g->door, &g->side.plant->commands);
        raise_file_limit(g->side.plant);
    } else {
        log_error("%s: not reloaded, everything runs on as it was: %s", g->options->plant_file,
                  text);
    }
    pipeline_note(g->side.pipeline, well ? "reloaded" : "reload-refused", g->side.plant->gateway,
                  text, clock_wall());
    int64_t pause = mono_since(clock_mono(), begun);
    poller_forgive(g->side.poller, pause);
    log_info("gateway: the reload took %.1f ms", (double)pause / 1e6);
    describe(g, "running", text, sizeof text);
    sd_notifyf(0, "READY=1\nSTATUS=%s%s", text, well ? "" : "; the last reload was refused");
}

/* The kernel's next reason to wake us; due times never lie in the past by more than one pass. */
static int64_t wait_until(mono_t due, mono_t now)
{
    if (due.ns == INT64_MAX)
        return -1;
    int64_t wait = mono_since(due, now);
    return wait > 0 ? wait : 0;
}

static void pass(struct gateway *g, mono_t end)
{
    mono_t now = clock_mono();
    mono_t due = poller_run(g->side.poller, now);
    due = mono_min(due, pipeline_tick(g->side.pipeline, g->side.poller, clock_wall(), now));
    due = mono_min(due, socket_tick(g->socket, now));
    bool put = retained_tick(g->retained);
    put = pipeline_flush(g->side.pipeline) || put;
    if (put && g->wake_due.ns == INT64_MAX)
        g->wake_due = mono_add(now, wake_ns);
    if (g->wake_due.ns != INT64_MAX && poller_waiting(g->side.poller) == 0)
        g->wake_due = mono_min(g->wake_due, mono_add(g->woken, wake_apart_ns));
    if (!mono_before(now, g->wake_due)) {
        mailbox_wake(g->door.rows); /* one bell is enough: both boxes are emptied */
        g->wake_due = MONO_NEVER;
        g->woken = now;
    }
    if (g->watchdog_ns && !mono_before(now, g->watchdog_due)) {
        sd_notify(0, "WATCHDOG=1");
        g->watchdog_due = mono_add(now, g->watchdog_ns / 3);
    }
    if (g->watchdog_ns)
        due = mono_min(due, g->watchdog_due);
    due = mono_min(mono_min(due, g->wake_due), end);
    loop_run(g->loop, wait_until(due, clock_mono()));
    if (!mono_before(clock_mono(), end))
        g->stop = true;
}

static void serve(struct gateway *g)
{
    char text[160];
    describe(g, "started", text, sizeof text);
    log_notice("%s: %s", g->options->plant_file, text);
    pipeline_note(g->side.pipeline, "started", g->side.plant->gateway, text, clock_wall());

    uint64_t watchdog_us = 0;
    if (sd_watchdog_enabled(0, &watchdog_us) > 0)
        g->watchdog_ns = (int64_t)watchdog_us * NS_PER_US;
    sd_notifyf(0, "READY=1\nSTATUS=%s", text);
    mono_t end = g->options->run_ns ? mono_add(clock_mono(), g->options->run_ns) : MONO_NEVER;
    while (!g->stop) {
        pass(g, end);
        if (g->reload)
            reload(g);
    }
    sd_notify(0, "STOPPING=1");
    log_notice("%s: stopping", g->options->plant_file);
    poller_cancel_writes(g->side.poller, "the gateway was stopped", clock_mono());
    pipeline_note(g->side.pipeline, "stopped", g->side.plant->gateway, "told to stop",
                  clock_wall());
}

int daemon_run(const struct daemon_options *o)
{
    static struct gateway g; /* a thread that is left behind still looks through its door */
    g = (struct gateway){.options = o,
                         .plant_options = {.library = o->library,
                                           .lines_file = o->lines_file,
                                           .pace = clock_speed()},
                         .signals = {.fd = -1},
                         .wake_due = MONO_NEVER};
    struct diags *ds = diags_new(), *later = diags_new();
    bool started = ds && later && read_plant(&g, ds);
    if (!ds || !later)
        log_error("%s: out of memory", o->plant_file);
    else
        diags_print(ds, stderr); /* before another thread writes there, too */
    started = started && start(&g, later);
    if (later)
        diags_print(later, stderr);
    diags_free(ds);
    diags_free(later);
    if (started)
        serve(&g);

    socket_close(g.socket);
    side_fini(&g.side);
    if (g.broker)
        broker_stop(g.broker, grace_ns);
    retained_free(g.retained);
    if (broker_free(g.broker)) { /* else its thread still uses these */
        arena_free(g.own);
        mailbox_free(g.door.rows);
        mailbox_free(g.door.live);
        mailbox_free(g.door.commands);
    }
    memory_free(g.memory);
    if (g.signals.fd >= 0)
        close(g.signals.fd);
    loop_free(g.loop);
    return started && !g.broken ? 0 : 1;
}
