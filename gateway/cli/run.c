/* SPDX-License-Identifier: Apache-2.0 */
/* headgate run PLANT */
#include <argp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "app/daemon.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/arguments.h"
#include "cli/play.h"
#include "cli/verbs.h"

struct run_arguments {
    struct plant_arguments on;
    struct daemon_options daemon;
    int verbosity; /* enum log_level */
    struct play play;
};

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct run_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->on;
        break;
    case 's':
        a->daemon.state_dir = word;
        break;
    case 't':
        duration_argument(state, word, "30s or 5m", &a->daemon.run_ns);
        break;
    case 'p':
        play_argument(state, word, &a->play);
        break;
    case 'v':
        a->verbosity = LOG_DEBUG;
        break;
    case 'q':
        a->verbosity = LOG_WARN;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* The broker's password and key pass through memory. Nobody finds them in a core; and where systemd
 * gave them to us, not even a process of the same user may look. */
static void keep_secrets(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    if (getenv("CREDENTIALS_DIRECTORY") != NULL)
        (void)prctl(PR_SET_DUMPABLE, 0);
}

int verb_run(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"state", 's', "DIR", 0,
         "where the journal lives (default: $STATE_DIRECTORY, else state/ beside PLANT)", 0},
        {"for", 't', "DURATION", 0, "stop by itself after this time, like 30s", 0},
        {"play", 'p', "BEGIN,SINCE,SPEED", 0,
         "a clock for stories: BEGIN was at SINCE (ms), and time runs SPEED times as fast", 0},
        {"verbose", 'v', NULL, 0, "say more", 0},
        {"quiet", 'q', NULL, 0, "say only what is wrong", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "PLANT",
        "Polls the devices of PLANT and publishes what they say over MQTT.\v"
        "SIGHUP reads the files again; a bad file changes nothing. SIGTERM ends within 2 s.",
        plant_child,
        NULL,
        NULL};
    struct run_arguments a = {.on.takes = {1, 1, "which plant file?", NULL}, .verbosity = LOG_INFO};
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    a.daemon.plant_file = a.on.plant_file;
    a.daemon.lines_file = a.on.options.lines_file;
    a.daemon.library = a.on.options.library;
    keep_secrets();
    log_init((enum log_level)a.verbosity, getenv("JOURNAL_STREAM") != NULL);
    if (a.play.speed > 0)
        clock_play(a.play.begin, a.play.since, a.play.speed);
    return daemon_run(&a.daemon) == 0 ? EXIT_DONE : EXIT_NO;
}
