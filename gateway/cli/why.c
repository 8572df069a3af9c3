/* SPDX-License-Identifier: Apache-2.0 */
/* headgate why PLANT TAG: the running gateway is asked, by its socket; where none runs, the
 * equipment itself. */
#include "cli/why.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/side.h"
#include "app/socket.h"
#include "app/state_dir.h"
#include "app/why.h"
#include "base/calendar.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/gateway.h"
#include "cli/point_words.h"
#include "cli/quality.h"
#include "cli/verbs.h"
#include "cli/why_rows.h"

struct why_arguments {
    struct plant_arguments on;
    const char *state;
    bool afresh;
    int64_t patience_ns;
};

struct why_run {
    struct why_arguments arguments;
    char state_dir[PATH_MAX];
    char asked[WHY_LINE_MAX]; /* the tag that is meant */
    char *said; /* JSON; to be freed */
    size_t length;
    const char *source; /* "gateway" or "device" */
    struct side side; /* of the plant file, when it had to be read */
    bool planned;
};

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct why_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
    case 'a':
        a->afresh = true;
        break;
    case 's':
        a->state = word;
        break;
    case 't':
        duration_argument(state, word, "5s", &a->patience_ns);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- the plant file -----------------------------------------------------------------------------
 */

static bool plan(struct why_run *w)
{
    if (!w->planned)
        w->planned = plant_argument_plan(&w->arguments.on, "why", &w->side);
    return w->planned;
}

/* An alarm or a leak stands for the tag that it looks at. TAG_NONE: it is neither, or looks at
 * many. */
static uint32_t tag_of_rule(const struct plant *p, const char *name, const char **kind)
{
    for (uint32_t i = 0; i < p->alarm_count; i++) {
        const struct alarm_rule *r = &p->alarms[i];
        if (strcmp(r->path, name) != 0)
            continue;
        *kind = "an alarm";
        if (r->origin == ALARM_CONDITION)
            return p->conditions[r->origin_index].tag;
        return r->origin == ALARM_SIGNAL ? r->origin_index : TAG_NONE;
    }
    for (uint32_t i = 0; i < p->leak_count; i++) {
        const struct leak_rule *l = &p->leaks[i];
        if (strcmp(l->name, name) != 0)
            continue;
        *kind = "a leak point";
        return l->input_count == 1 ? l->inputs[0].tag : l->tag_rate;
    }
    return TAG_NONE;
}

static bool tag_path(const struct plant *p, uint32_t tag, char *out, size_t room)
{
    char path[TAG_WORDS];
    int n = snprintf(out, room, "%s", words_of_tag(path, p, tag));
    return n > 0 && (size_t)n < room;
}

/* What the plant file says to a name that is no tag of the gateway's. true: `asked` is another one
 * now. */
static bool resolve(struct why_run *w)
{
    const char *kind = NULL, *name = w->arguments.on.subject;
    if (!plan(w))
        return false;
    const struct plant *p = w->side.plant;
    if (plant_find_tag(p, name) != TAG_NONE)
        return false;
    uint32_t tag = tag_of_rule(p, name, &kind);
    if (tag != TAG_NONE && tag_path(p, tag, w->asked, sizeof w->asked)) {
        fprintf(stderr, "headgate: %s is %s of the tag %s\n", name, kind, w->asked);
        return true;
    }
    if (kind) {
        fprintf(stderr, "headgate: %s is %s; ask about one of the tags that it looks at\n", name,
                kind);
        return false;
    }
    struct ask_target target;
    if (ask_find(p, w->side.arena, name, &target))
        fprintf(stderr,
                "headgate: %s is a device; ask about one of its tags, as 'headgate read' lists"
                " them\n",
                name);
    return false;
}

/* ---- the gateway --------------------------------------------------------------------------------
 */

static bool is_refused(const struct why_run *w)
{
    json_t *said = json_read(w->said, w->length);
    const char *error = json_string_value(json_object_get(said, "error"));
    bool refused = error && strcmp(error, "no such tag") == 0;
    json_decref(said);
    return refused;
}

/* Whoever's socket lies there: what it says of a tag of that name must be of this plant. */
static bool is_ours(const struct why_run *w)
{
    struct arena *a = arena_new(0);
    json_t *said = json_read(w->said, w->length);
    const char *site = json_string_value(json_object_get(said, "site"));
    const char *gateway = json_string_value(json_object_get(said, "gateway"));
    const char *our_site, *our_gateway;
    bool ours = true;
    if (site && gateway && a &&
        plant_names(a, w->arguments.on.plant_file, &our_site, &our_gateway)) {
        ours = strcmp(site, our_site) == 0 && strcmp(gateway, our_gateway) == 0;
        if (!ours)
            fprintf(stderr,
                    "headgate: the gateway with its state in %s is %s of %s, and not %s of %s, "
                    "which %s is for; --state says where that one is\n",
                    w->state_dir, gateway, site, our_gateway, our_site, w->arguments.on.plant_file);
    }
    json_decref(said);
    arena_free(a);
    return ours;
}

enum hearing { HEARD_SAID, HEARD_NOBODY, HEARD_NO };

static enum hearing ask_gateway(struct why_run *w)
{
    mono_t end = mono_add(clock_mono(), w->arguments.patience_ns);
    for (int turn = 0; turn < 2; turn++) {
        int fd = socket_connect(w->state_dir);
        if (fd < 0) {
            if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
                return HEARD_NOBODY;
            fprintf(stderr, "headgate: the gateway of %s can't be asked: %s%s\n", w->state_dir,
                    strerror(errno), errno == EACCES ? "; be its user, or root" : "");
            return HEARD_NO;
        }
        char line[WHY_LINE_MAX + 8];
        snprintf(line, sizeof line, "why %s\n", w->asked);
        bool said = gateway_talk(fd, line, end, w->said, WHY_ROOM, &w->length);
        int error = errno;
        close(fd);
        if (!said) {
            fprintf(stderr, "headgate: the gateway of %s did not answer: %s\n", w->state_dir,
                    strerror(error));
            return HEARD_NO;
        }
        if (!is_refused(w))
            return is_ours(w) ? HEARD_SAID : HEARD_NO;
        if (turn > 0 || !resolve(w))
            break;
    }
    if (w->planned && plant_find_tag(w->side.plant, w->asked) != TAG_NONE)
        fprintf(stderr,
                "headgate: the running gateway doesn't know %s: it runs with another plant file,"
                " or has not read this one again\n",
                w->asked);
    return HEARD_NO;
}

/* ---- the equipment ------------------------------------------------------------------------------
 */

static bool encode(struct why_run *w, const struct asked *asked, uint32_t tag)
{
    const struct why_view view = {
        .plan = asked->plan, .board = asked->board, .poller = asked->poller, .wall = clock_wall()};
    struct json j = json_into(w->said, WHY_ROOM);
    why_tag(&j, &view, tag);
    w->length = json_length(&j);
    return !j.overflow;
}

static bool ask_equipment(struct why_run *w)
{
    struct ask_target target;
    if (!plan(w))
        return false;
    if (plant_find_tag(w->side.plant, w->asked) == TAG_NONE && !resolve(w))
        return false;
    if (!ask_find(w->side.plant, w->side.arena, w->asked, &target) || target.tag == TAG_NONE)
        return false;
    if (target.derived) {
        fprintf(stderr, "headgate: %s is made by the gateway, and none runs with its state in %s\n",
                w->asked, w->state_dir);
        return false;
    }
    const struct ask_wish wish = {
        .device = target.device, .point = target.point, .patience_ns = w->arguments.patience_ns};
    struct asked *asked = ask_now(w->side.arena, w->side.plan, &wish);
    bool well = asked && encode(w, asked, target.tag);
    asked_free(asked);
    w->source = "device";
    return well;
}

/* ---- telling ------------------------------------------------------------------------------------
 */

static int tell(struct why_run *w)
{
    json_t *said = json_read(w->said, w->length);
    const char *error = json_string_value(json_object_get(said, "error"));
    const char *tag = json_string_value(json_object_get(said, "tag"));
    if (error || !tag || strcmp(tag, w->asked) != 0) {
        fprintf(stderr, "headgate: the gateway says: %s\n",
                error ? error : "nothing that makes sense");
        verb_no(w->arguments.on.json, error ? error : "the gateway said nothing that makes sense");
        json_decref(said);
        return EXIT_NO;
    }
    bool good = json_integer_value(json_object_get(said, "quality")) == QUALITY_GOOD;
    struct why_rows rows;
    why_rows_read(&rows, w->state_dir, said);
    if (w->arguments.on.json) {
        size_t end = w->length;
        while (end > 0 && w->said[end - 1] != '}')
            end--;
        printf("{\"source\":\"%s\",%.*s", w->source, (int)(end > 2 ? end - 2 : 0), w->said + 1);
        why_rows_json(stdout, &rows);
        puts("}");
    } else {
        if (strcmp(w->source, "device") == 0)
            puts("No gateway was asked: this is what the device says now.");
        why_print(stdout, said);
        why_rows_print(stdout, &rows);
    }
    json_decref(said);
    return good ? EXIT_DONE : EXIT_NO;
}

/* Files that can't be read now are no matter of a gateway that runs by others. */
static void compare(struct why_run *w)
{
    struct diags *ds = w->planned ? NULL : diags_new();
    if (ds)
        w->planned = side_plan(&w->side, w->arguments.on.plant_file, &w->arguments.on.options, ds);
    diags_free(ds);
    if (!w->planned)
        return;
    const struct plant *p = w->side.plant;
    uint32_t tag = plant_find_tag(p, w->asked);
    if (tag != TAG_NONE && tag < p->first_derived)
        gateway_compare(w->side.plan, w->state_dir, &p->devices[plant_device_of(p, tag)]);
}

static int run(struct why_run *w)
{
    enum hearing o = w->arguments.afresh ? HEARD_NOBODY : ask_gateway(w);
    if (o == HEARD_NOBODY && !w->arguments.afresh)
        fprintf(stderr,
                "headgate: no gateway runs with its state in %s: asking the device (--state says "
                "where else it may be; as a service, /var/lib/headgate/plant)\n",
                w->state_dir);
    if (o == HEARD_NO || (o == HEARD_NOBODY && !ask_equipment(w)))
        return verb_no(w->arguments.on.json, o == HEARD_NO ? "the gateway gave no answer of use"
                                                           : "nobody could be asked for that tag");
    compare(w);
    return tell(w);
}

int verb_why(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"afresh", 'a', NULL, 0, "ask the device itself, even while a gateway runs", 0},
        {"state", 's', "DIR", 0,
         "where the gateway's journal lives (default: $STATE_DIRECTORY, else state/ beside PLANT)",
         0},
        {"timeout", 't', "DURATION", 0, "give up after this time (default 5s)", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "PLANT AREA/DEVICE/TAG",
        "Why a tag is what it is: how it is read, the last frames byte by byte, decoding step by "
        "step, "
        "the rule that made its quality, and what of it was published.\v"
        "Exit status 1 when the tag is not good.",
        plant_json_child,
        NULL,
        NULL};
    static struct why_run w;
    w = (struct why_run){
        .arguments = {.on.takes = {2, 2, "say which plant file, and which AREA/DEVICE/TAG",
                                   "one tag at a time"},
                      .patience_ns = 5 * NS_PER_S},
        .source = "gateway"};
    if (!verb_arguments(&argp, argc, argv, &w.arguments))
        return EXIT_NO;
    log_init(LOG_WARN, 0);
    int n = snprintf(w.asked, sizeof w.asked, "%s", w.arguments.on.subject);
    if (n < 0 || (size_t)n >= sizeof w.asked || strchr(w.asked, '\n') ||
        !state_dir(w.state_dir, sizeof w.state_dir, w.arguments.state, w.arguments.on.plant_file)) {
        static const char why[] = "that is no tag's name, or the path of the state is too long";
        fprintf(stderr, "headgate: %s\n", why);
        return verb_no(w.arguments.on.json, why);
    }
    w.said = malloc(WHY_ROOM);
    int status = w.said ? run(&w) : verb_no_memory("why");
    free(w.said);
    if (w.planned)
        side_fini(&w.side);
    return status;
}
