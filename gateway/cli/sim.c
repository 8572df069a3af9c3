/* SPDX-License-Identifier: Apache-2.0 */
/* headgate sim PLANT: plays every device of the plant on ports and terminals of this machine. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/play.h"
#include "cli/verbs.h"
#include "sim/sim.h"

struct sim_arguments {
    struct plant_arguments on;
    const char *lines_file, *story_file;
    struct play play;
    struct sim_setup setup;
    double seconds; /* 0: until told to end */
    bool quiet;
};

static double positive(const char *word, const char *what, struct argp_state *state)
{
    double x = 0;
    if (!text_to_real(word, &x) || x <= 0)
        argp_error(state, "'%s' is no %s; write a number above 0", word, what);
    return x;
}

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct sim_arguments *a = state->input;
    uint64_t n = 0;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
    case 'l':
        a->lines_file = word;
        break;
    case 'm':
        a->on.options.library = word;
        break;
    case 'd':
        a->setup.server.dir = word;
        break;
    case 'f':
        a->setup.physics = word;
        break;
    case 'v':
        a->setup.speed = positive(word, "speed", state);
        break;
    case 's':
        a->seconds = positive(word, "number of seconds", state);
        break;
    case 'q':
        a->quiet = true;
        break;
    case 'p':
        if (!text_to_u64(word, &n) || n < 1024 || n > 65535)
            argp_error(state, "'%s' is no port to count from; take 1024 to 65535", word);
        a->setup.server.port_base = (uint16_t)n;
        break;
    case 'r':
        if (!text_to_u64(word, &a->setup.seed))
            argp_error(state, "'%s' is no seed; write a whole number", word);
        break;
    case 't':
        a->story_file = word;
        break;
    case 'y':
        play_argument(state, word, &a->play);
        a->setup.speed = a->play.speed;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"lines", 'l', "FILE", 0, "Write where each line can be reached, for `headgate run --lines`",
     0},
    {"maps", 'm', "DIR", 0, "Library of register maps", 0},
    {"dir", 'd', "DIR", 0, "Links to terminals go here (default: a fresh directory)", 0},
    {"port", 'p', "BASE", 0, "Count ports up from here (default: free ones)", 0},
    {"physics", 'f', "FILE", 0, "Lua file with step(dt) (default: physics.lua beside PLANT)", 0},
    {"speed", 'v', "N", 0, "Let the plant's time pass N times as fast", 0},
    {"seconds", 's', "N", 0, "End after N seconds", 0},
    {"seed", 'r', "N", 0, "Of noise and of generic values", 0},
    {"quiet", 'q', NULL, 0, "Don't print where the lines are", 0},
    {"story", 't', "FILE", 0, "What happens, and when; the physics' act(name, x) is told", 0},
    {"play", 'y', "BEGIN,SINCE,SPEED", 0, "The story's clock, the same as of `headgate run --play`",
     0},
    {0}};

/* A line is a descriptor, and so is everybody who asks on it. */
static void raise_descriptors(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static void told(void *arg, uint32_t events)
{
    bool *stop = arg;
    (void)events;
    *stop = true;
}

static void print_lines(const struct plant *plant, const struct server *server)
{
    int width = 0;
    for (uint32_t i = 0; i < plant->line_count; i++) {
        int n = (int)strlen(plant->lines[i].name);
        width = n > width ? n : width;
    }
    printf("%s: %u device%s, %u tag%s\n", plant->site, plant->device_count,
           plant->device_count == 1 ? "" : "s", plant->first_derived,
           plant->first_derived == 1 ? "" : "s");
    for (uint32_t i = 0; i < plant->line_count; i++)
        printf("  %-*s %s\n", width, plant->lines[i].name, server_address(server, i));
    fflush(stdout);
}

/* With a clock the story is where that clock says; without one it begins now. */
static bool begin_story(struct sim_arguments *a, struct arena *arena, struct diags *ds)
{
    if (a->story_file == NULL)
        return true;
    const struct story *story = story_load(arena, a->story_file, ds);
    a->setup.story = story;
    if (story == NULL || !(a->play.speed > 0))
        return story != NULL;
    clock_play(a->play.begin, a->play.since, a->play.speed);
    a->setup.story_time = (double)(clock_wall().ms - story->begin_ms) / 1000;
    return true;
}

static int play(const struct sim_arguments *a, const struct plant *plant, struct loop *loop,
                struct watcher *signals, const bool *stop, struct diags *ds)
{
    mono_t start = clock_mono(), next = start;
    struct sim *sim = sim_new(loop, plant, &a->setup, start, ds);
    if (sim == NULL) {
        diags_print(ds, stderr);
        return EXIT_NO;
    }
    bool good = loop_add(loop, signals);
    if (good && a->lines_file != NULL)
        good = server_write_lines(sim_server(sim), a->lines_file);
    if (good && !a->quiet)
        print_lines(plant, sim_server(sim));
    mono_t end =
        a->seconds > 0 ? mono_add(start, (int64_t)(a->seconds * (double)NS_PER_S)) : MONO_NEVER;
    while (good && !*stop) {
        mono_t now = clock_mono();
        if (!mono_before(now, end))
            break;
        good = sim_run(sim, now, &next);
        int64_t wait = mono_since(mono_min(next, end), clock_mono());
        if (good && loop_run(loop, wait > 0 ? wait : 0) < 0) {
            log_error("waiting: %s", strerror(errno));
            good = false;
        }
    }
    if (a->lines_file != NULL)
        unlink(a->lines_file);
    loop_remove(loop, signals);
    sim_free(sim);
    return good ? EXIT_DONE : EXIT_NO;
}

int verb_sim(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "PLANT",
        "Plays every device of PLANT on this machine, so that a plant can "
        "be tried without a plant.\v`headgate run PLANT --lines FILE` then finds them.",
        plant_words_child,
        NULL,
        NULL};
    struct sim_arguments a = {.on.takes = {1, 1, "say which plant file", "one plant at a time"},
                              .setup = {.speed = 1, .seed = 1}};
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    int result = EXIT_NO;
    struct arena *arena = arena_new(0);
    struct diags *ds = diags_new();
    struct loop *loop = loop_new();
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    bool stop = false;
    struct watcher signals = {fd, 1, told, &stop};
    if (arena == NULL || ds == NULL || loop == NULL || fd < 0) {
        log_error("%s", strerror(errno));
    } else {
        const struct plant *plant = plant_load(arena, a.on.plant_file, &a.on.options, ds);
        if (plant == NULL || !begin_story(&a, arena, ds))
            diags_print(ds, stderr);
        else
            result = play(&a, plant, loop, &signals, &stop, ds);
    }
    if (fd >= 0)
        close(fd);
    loop_free(loop);
    diags_free(ds);
    arena_free(arena);
    return result;
}
