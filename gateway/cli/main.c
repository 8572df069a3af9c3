/* SPDX-License-Identifier: Apache-2.0 */
/* The table of verbs. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/verbs.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *does;
} verbs[] = {
    {"run", verb_run, "the gateway: poll, judge, publish"},
    {"check", verb_check, "read plant files or maps, run the maps' examples, print every mistake"},
    {"plan", verb_plan, "the requests that will be sent, and what they cost"},
    {"read", verb_read, "ask now: raw words, value, quality, time on the wire"},
    {"scan", verb_scan, "who answers on a line, what it says it is, which maps it fits"},
    {"probe", verb_probe, "what might lie at an address: every way to read it, ranked"},
    {"why", verb_why, "why a tag is what it is: frames, decoding, rule, journal"},
    {"sim", verb_sim, "play every device of a plant on ports and ptys of this machine"},
    {"write", verb_write, "one value into a device, when map and plant file allow it"},
    {"watch", verb_watch, "a live screen of devices and values"},
    {"replay", verb_replay, "a recorded history through alarms, leaks and incidents"},
    {"commission", verb_commission, "is each point what the instrument shows? asked and recorded"},
    {"docs", verb_docs, "the tag list of a plant for the binder: Markdown, HTML or CSV"},
    {"explain", verb_explain, "what a leak point has learned, and how small a leak it finds"},
    {"import", verb_import, "a register map from Kepware, Ignition, Telegraf ... or any CSV"},
};
enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static void usage(FILE *out)
{
    fputs("usage: headgate VERB [ARGUMENTS]\n\n", out);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].does);
    fputs("\n'headgate VERB --help' tells the rest; so does 'man headgate'.\n"
          "Exit status: 0 done, 1 the answer is no, 2 wrong usage.\n",
          out);
}

static int unknown(const char *word)
{
    const char *names[VERB_COUNT];
    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i].name;
    const char *nearest = text_nearest(word, names, VERB_COUNT);
    fprintf(stderr, "headgate: there is no verb '%s'%s%s%s\n", word,
            nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    usage(stderr);
    return EXIT_USAGE;
}

/* argp takes the program's name from argv[0], and exits with its own idea of "usage". */
static int run(const struct verb *verb, int argc, char **argv)
{
    static char name[32];
    snprintf(name, sizeof name, "headgate %s", verb->name);
    argv[0] = name;
    argp_err_exit_status = EXIT_USAGE;
    return verb->run(argc, argv);
}

/* A full disk takes half a plan, and whoever reads it knows of no other half. What a verb has told
 * itself it has cleared. */
static int printed(int status)
{
    errno = 0;
    bool before = ferror(stdout) != 0, now = fflush(stdout) != 0;
    if (!before && !now)
        return status;
    fprintf(stderr, "headgate: cannot write standard output%s%s\n", errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    return EXIT_NO;
}

static int work(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        usage(stdout);
        return EXIT_DONE;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts("headgate " HEADGATE_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(word, verbs[i].name) == 0)
            return run(&verbs[i], argc - 1, argv + 1);
    return unknown(word);
}

int main(int argc, char **argv)
{
    return printed(work(argc, argv));
}
