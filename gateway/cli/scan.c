/* SPDX-License-Identifier: Apache-2.0 */
/* headgate scan LINE: who is there, and what is it? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/scan.h"
#include "cli/verbs.h"

struct scan_arguments {
    struct scan *scan;
    const char *units;
};

/* A unit stands behind the line in other verbs; a scan that passed over it would ask them all. */
static void take_word(struct scan *s, char *word, struct argp_state *state)
{
    bool address = s->on.word_count > 0 && strstr(s->on.words[0], "://") != NULL;
    if (s->on.word_count >= (address ? 1U : 2U) && word[strspn(word, "0123456789,-")] == '\0')
        argp_error(state, "'%s' is too much; for one unit or some, say -u %s", word, word);
    if (s->on.word_count >= (address ? 1U : 2U))
        argp_error(state, "'%s' is too much: one line at a time", word);
    s->on.words[s->on.word_count++] = word;
}

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct scan_arguments *a = state->input;
    struct scan *s = a->scan;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &s->on;
        break;
    case 'u':
        a->units = word;
        break;
    case 'r':
        if (!text_to_real(word, &s->rate) || s->rate < 0.1 || s->rate > 1000)
            argp_error(state, "'%s': 0.1 to 1000 questions a second", word);
        break;
    case 'i':
        s->identify = true;
        break;
    case 'j':
        s->json = true;
        break;
    case ARGP_KEY_ARG:
        take_word(s, word, state);
        break;
    case ARGP_KEY_END:
        if (s->on.word_count == 0)
            argp_error(state, "say which LINE, like tcp://10.0.0.5:502");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Somebody else's bus and somebody else's gateway: gently, but not for ever. */
static struct single_setup manners(struct scan *s)
{
    struct line *l = &s->on.line;
    bool tcp = l->transport == TRANSPORT_TCP;
    if (s->on.used == 1 && s->on.timeout_ns == 0)
        l->timeout_ns = (tcp ? 500 : 300) * NS_PER_MS;
    if (tcp && !(s->rate > 0))
        s->rate = 10;
    return (struct single_setup){.interval_ns = s->rate > 0 ? (int64_t)(1e9 / s->rate) : 0,
                                 .stop = oneline_stop};
}

static int run(struct scan *s)
{
    struct scan_identity *identity = calloc(1, sizeof *identity);
    s->library = scan_library_new(s);
    if (identity == NULL || s->library == NULL) {
        free(identity);
        scan_library_free(s->library);
        return verb_no_memory("scan");
    }
    scan_print_begin(s);
    scan_find(s);
    bool any = false;
    for (unsigned i = 0; i < s->count; i++) {
        uint8_t unit = s->order[i];
        if (!scan_is_there(&s->units[unit]) || (s->indifferent && any))
            continue;
        *identity = (struct scan_identity){.runs = -1};
        if (!*oneline_stop)
            scan_identify(s, unit, identity);
        scan_print_unit(s, unit, identity, !any);
        any = true;
    }
    scan_print_end(s, any);
    free(identity);
    scan_library_free(s->library);
    return any ? EXIT_DONE : EXIT_NO;
}

int verb_scan(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"units", 'u', "LIST", 0, "like 1-10,17; TCP: 1, 255, 0, then 2-247; buses: 1-247", 0},
        {"rate", 'r', "N", 0, "at most so many questions a second (TCP: 10)", 0},
        {"identify", 'i', NULL, 0, "try the first values of every map of the library too", 0},
        {"json", 'j', NULL, 0, "for programs", 0},
        {0},
    };
    static const struct argp_child children[] = {{&oneline_argp, 0, "The line:", 1}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "LINE\nPLANT LINE-NAME",
        .doc = "Who answers on this line, what it says it is, and which register maps it fits.",
        .children = children,
    };
    static struct scan s;
    s = (struct scan){.rate = 0};
    struct scan_arguments a = {.scan = &s};
    int status;
    if (!verb_arguments(&argp, argc, argv, &a))
        return EXIT_NO;
    bool good = oneline_find(&s.on, "scan", &status);
    if (good && !scan_order(&s, a.units)) {
        good = false;
        status = EXIT_USAGE;
    }
    if (!good) {
        status = oneline_no(&s.on, s.json, status);
    } else {
        status = EXIT_NO;
        struct single_setup setup = manners(&s);
        oneline_catch();
        if (oneline_open(&s.on, &setup, "scan", &s.single))
            status = run(&s);
        else
            status = verb_no(s.json, "the line can't be opened");
        single_close(s.single);
    }
    oneline_close(&s.on);
    return status;
}
