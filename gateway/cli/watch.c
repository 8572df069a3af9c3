/* SPDX-License-Identifier: Apache-2.0 */
/* headgate watch [PLANT]: what a site's gateways say, live. It hears what any historian hears, asks
 * for what anybody may ask for, and needs no way to the gateway itself. */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/play.h"
#include "cli/verbs.h"
#include "cli/watch_session.h"

struct watch_arguments {
    struct plant_arguments on;
    const char *broker, *root, *site, *filter, *user;
    char host[300]; /* what mqtt.host points to */
    struct mqtt mqtt; /* from options only */
    enum watch_page page;
    bool paged, all, once;
    struct watch_wish wish; /* ASK_NOTHING: just look */
    const char *reason, *cause;
    int64_t patience_ns;
    struct play play;
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

/* Long options only. */
enum { BROKER_USER = 256, USER, PAGE, ALL, SEQ, REASON, CAUSE, MINUTES, PLAY, CERT, KEY, ORDERS };

static const struct {
    enum watch_ask ask;
    const char *name, *of, *about;
} orders[] = {
    {ASK_ACK, "ack", "ALARM", "acknowledge an alarm, print the answer and end"},
    {ASK_RESET, "reset", "ALARM", "reset a latched alarm; wants --cause"},
    {ASK_SHELVE, "shelve", "ALARM", "hide an alarm for --minutes; wants --reason"},
    {ASK_UNSHELVE, "unshelve", "ALARM", "end that"},
    {ASK_OOS, "oos", "ALARM", "take an alarm out of service; wants --reason"},
    {ASK_IN_SERVICE, "in-service", "ALARM", "put it back"},
    {ASK_CONFIRM, "confirm", "MILESTONE", "confirm a proposed milestone of the open incident"},
    {ASK_BULLETIN, "bulletin", NULL, "ask for a bulletin of the open incident"},
};
enum { ORDER_COUNT = sizeof orders / sizeof *orders };

static void parse_order(struct watch_wish *wish, size_t nth, const char *word,
                        struct argp_state *state)
{
    bool milestone = orders[nth].ask == ASK_CONFIRM;
    size_t room = milestone ? sizeof wish->text : sizeof wish->subject;
    if (wish->ask != ASK_NOTHING)
        argp_error(state, "one order at a time; --%s is too much", orders[nth].name);
    wish->ask = orders[nth].ask;
    if (word != NULL && *word == '\0')
        argp_error(state, "--%s: say which %s", orders[nth].name,
                   milestone ? "milestone" : "alarm");
    if (word != NULL && strlen(word) >= room)
        argp_error(state, "--%s: that is too long for a name", orders[nth].name);
    snprintf(milestone ? wish->text : wish->subject, room, "%s", word != NULL ? word : "");
}

/* What an order needs beside its subject: options, not questions. */
static void check_order(struct watch_arguments *a, struct argp_state *state)
{
    struct watch_wish *w = &a->wish;
    char typed[400];
    const char *missing = NULL;
    if (w->ask != ASK_NOTHING && a->on.json)
        argp_error(state, "--json is the snapshot; an order is answered in words");
    if (w->ask == ASK_NOTHING &&
        (w->has_seq || a->reason != NULL || a->cause != NULL || !isnan(w->minutes)))
        argp_error(state, "--seq, --reason, --cause and --minutes go with an order, like --ack");
    if (w->ask == ASK_SHELVE && isnan(w->minutes))
        argp_error(state, "--shelve needs --minutes");
    if ((w->ask == ASK_SHELVE || w->ask == ASK_OOS) && a->reason == NULL)
        argp_error(state, "it needs a --reason");
    if (w->ask == ASK_RESET && a->cause == NULL)
        argp_error(state, "--reset needs --cause leak, instrument, operation or unknown");
    if (w->ask == ASK_SHELVE) {
        snprintf(typed, sizeof typed, "%.17g %s", w->minutes, a->reason);
        missing = watch_wish_take(w, typed);
    } else if (w->ask == ASK_RESET || w->ask == ASK_OOS) {
        missing = watch_wish_take(w, w->ask == ASK_RESET ? a->cause : a->reason);
    }
    if (missing != NULL)
        argp_error(state, "%s", missing);
}

static bool parse_word(struct watch_arguments *a, int key, char *word, struct argp_state *state)
{
    switch (key) {
    case USER:
        a->user = word;
        break;
    case PAGE:
        a->paged = watch_page_of(word, &a->page);
        if (!a->paged)
            argp_error(state, "pages are devices, values, alarms, leaks and incidents");
        break;
    case ALL:
        a->all = true;
        break;
    case SEQ:
        a->wish.has_seq = text_to_u64(word, &a->wish.seq) && a->wish.seq <= INT64_MAX;
        if (!a->wish.has_seq)
            argp_error(state, "--seq is a whole number");
        break;
    case REASON:
        a->reason = word;
        break;
    case CAUSE:
        a->cause = word;
        break;
    case MINUTES:
        if (!text_to_real(word, &a->wish.minutes))
            argp_error(state, "--minutes is a number");
        break;
    case CERT:
        a->mqtt.cert = word;
        break;
    case KEY:
        a->mqtt.key = word;
        break;
    case PLAY:
        play_argument(state, word, &a->play);
        break;
    default:
        if (key < ORDERS || key >= ORDERS + ORDER_COUNT)
            return false;
        parse_order(&a->wish, (size_t)(key - ORDERS), word, state);
    }
    return true;
}

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct watch_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
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
    case BROKER_USER:
        a->mqtt.user = word;
        break;
    case 'p':
        a->mqtt.password_file = word;
        break;
    case 'c':
        a->mqtt.ca = word;
        break;
    case 'm':
        a->on.options.library = word;
        break;
    case 'l':
        a->on.options.lines_file = word;
        break;
    case 'f':
        a->filter = word;
        break;
    case 'o':
        a->once = true;
        break;
    case 'j':
        a->on.json = a->once = true;
        break;
    case 't':
        duration_argument(state, word, "5s", &a->patience_ns);
        break;
    case ARGP_KEY_END:
        if (a->on.plant_file == NULL && (a->broker == NULL || a->root == NULL || a->site == NULL))
            argp_error(state, "say which plant file, or --broker, --root and --site");
        if ((a->mqtt.cert == NULL) != (a->mqtt.key == NULL))
            argp_error(state, "--cert and --key belong together");
        check_order(a, state);
        break;
    default:
        return parse_word(a, key, word, state) ? 0 : ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int watch_site(const struct watch_arguments *a, const struct mqtt *to, const char *root,
                      const char *site)
{
    struct watch_session s = {.only_alarms = a->wish.ask != ASK_NOTHING};
    const char *why;
    int status = EXIT_NO;
    snprintf(s.view.filter, sizeof s.view.filter, "%s", a->filter != NULL ? a->filter : "");
    s.view.page = a->page;
    s.view.only = a->paged;
    s.view.all = a->all;
    s.view.talk.user = a->user;
    if (!watch_session_begin(&s, to, root, site, &why)) {
        fprintf(stderr, "headgate: %s: %s\n", s.title, why);
        status = verb_no(a->on.json, why);
    } else if (a->wish.ask != ASK_NOTHING)
        status = watch_session_order(&s, &a->wish, a->patience_ns);
    else
        status =
            a->once ? watch_session_once(&s, a->patience_ns, a->on.json) : watch_session_live(&s);
    watch_session_end(&s);
    return status;
}

/* Somebody edits a map, and nobody could acknowledge an alarm meanwhile: where the broker, the root
 * and the site can be read, the rest need not be right. */
static const struct plant *load(struct arena *arena, const struct watch_arguments *a)
{
    struct diags *ds = diags_new();
    if (ds == NULL) {
        verb_no_memory("watch");
        return NULL;
    }
    const char *file = a->on.plant_file;
    const struct plant *plant = plant_load(arena, file, &a->on.options, ds);
    if (plant == NULL && (plant = plant_heading(arena, file)) != NULL) {
        size_t errors = diags_errors(ds);
        fprintf(stderr,
                "headgate watch: warning: %s or a map has %zu mistake%s ('headgate check' tells "
                "%s); its broker, root and site can be read and are used\n",
                file, errors, errors == 1 ? "" : "s", errors == 1 ? "it" : "them");
    } else if (plant == NULL) {
        diags_print(ds, stderr);
    }
    diags_free(ds);
    return plant;
}

/* A plant file's own broker, root and site, unless the options say otherwise. */
static int watch_plant(const struct watch_arguments *a)
{
    struct arena *arena = arena_new(0);
    const struct plant *plant = arena != NULL ? load(arena, a) : NULL;
    int status = plant != NULL ? EXIT_NO : verb_no(a->on.json, "the plant file can't be used");
    if (plant != NULL) {
        struct mqtt to = plant->mqtt;
        calendar_zone(plant->timezone);
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
        if (a->mqtt.cert != NULL) {
            to.cert = a->mqtt.cert;
            to.key = a->mqtt.key;
        }
        status = watch_site(a, &to, a->root != NULL ? a->root : plant->mqtt.root,
                            a->site != NULL ? a->site : plant->site);
    }
    arena_free(arena);
    return status;
}

static const struct argp_option looks[] = {
    {"once", 'o', NULL, 0, "print one snapshot and end", 0},
    {"json", 'j', NULL, 0, "the snapshot as JSON", 0},
    {"page", PAGE, "NAME", 0, "devices, values, alarms, leaks or incidents", 0},
    {"all", ALL, NULL, 0, "alarms that say nothing, too", 0},
    {"filter", 'f', "GLOB", 0, "only these: a glob like mill/*/flow, or a part of the name", 0},
    {"for", 't', "DURATION", 0, "without a screen: wait this long at most (default 3s)", 0},
    {"user", USER, "NAME", 0, "who you are, for orders (default: $USER)", 0},
    {"seq", SEQ, "N", 0, "the alarm's number as you saw it (default: as it is)", 0},
    {"reason", REASON, "TEXT", 0, "for --shelve and --oos", 0},
    {"cause", CAUSE, "WORD", 0, "for --reset: leak, instrument, operation or unknown", 0},
    {"minutes", MINUTES, "N", 0, "for --shelve", 0},
    {"broker", 'b', "URL", 0, "mqtt://HOST:PORT or mqtts://HOST:PORT", 0},
    {"root", 'r', "ROOT", 0, "beginning of the topics, like mine/v1", 0},
    {"site", 's', "SITE", 0, "the site, as in the plant file", 0},
    {"broker-user", BROKER_USER, "NAME", 0, "for the broker", 0},
    {"password-file", 'p', "FILE", 0, "for the broker", 0},
    {"ca", 'c', "FILE", 0, "certificate that vouches for the broker", 0},
    {"cert", CERT, "FILE", 0, "our certificate for the broker", 0},
    {"key", KEY, "FILE", 0, "its key", 0},
    {"play", PLAY, "BEGIN,SINCE,SPEED", 0, "the clock of a story, as 'headgate run' was given it",
     0},
    {"lines", 'l', "FILE", 0, "as the other verbs take it; changes nothing here", 0},
    {"maps", 'm', "DIR", 0, "the library of register maps (default: the installed one)", 0},
};
enum { LOOKS = sizeof looks / sizeof *looks };

int verb_watch(int argc, char **argv)
{
    struct argp_option options[LOOKS + ORDER_COUNT + 1];
    memset(options, 0, sizeof options);
    memcpy(options, looks, sizeof looks);
    for (size_t i = 0; i < ORDER_COUNT; i++)
        options[LOOKS + i] = (struct argp_option){
            orders[i].name, ORDERS + (int)i, orders[i].of, 0, orders[i].about, 0};
    const struct argp argp = {
        options,
        parse,
        "[PLANT]",
        "A live screen of devices, values, alarms, leaks and incidents, as they are published. Tab "
        "goes from page to page, Enter from a device to its values, / filters, arrows and PgUp "
        "PgDn scroll, q quits; alarms and incidents have keys of their own, which are told at the "
        "bottom.\v"
        "Without PLANT, --broker, --root and --site say where to listen. Exit status 1 when "
        "nothing was heard, or an order was refused.",
        plant_words_child,
        NULL,
        NULL};
    struct watch_arguments a = {
        .on.takes = {0, 1, NULL, NULL}, .patience_ns = 3 * NS_PER_S, .user = getenv("USER")};
    a.wish.minutes = (double)NAN;
    a.mqtt.version = 5;
    a.mqtt.keepalive_ns = 10 * NS_PER_S;
    a.mqtt.window = 200;
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    log_init(LOG_ERROR, 0);
    if (a.play.speed > 0)
        clock_play(a.play.begin, a.play.since, a.play.speed);
    return a.on.plant_file != NULL ? watch_plant(&a) : watch_site(&a, &a.mqtt, a.root, a.site);
}
