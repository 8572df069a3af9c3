/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/oneline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/verbs.h"

static volatile sig_atomic_t stopped;
const volatile sig_atomic_t *const oneline_stop = &stopped;

static void parity(struct argp_state *state, const char *word, char *out)
{
    static const char *const words[] = {"none", "even", "odd"};
    static const char letters[] = {PARITY_NONE, PARITY_EVEN, PARITY_ODD};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            *out = letters[i];
    if (*out == 0)
        argp_error(state, "'%s' is no parity; it is none, even or odd", word);
}

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct oneline *o = state->input;
    uint64_t n = 0;
    switch (key) {
    case 'b':
        if (!text_to_u64(word, &n) || n < 50 || n > 4000000)
            argp_error(state, "'%s' is no baud rate", word);
        o->baud = (uint32_t)n;
        break;
    case 'p':
        parity(state, word, &o->parity);
        break;
    case 's':
        if (!text_to_u64(word, &n) || n < 1 || n > 2)
            argp_error(state, "'%s' stop bits: it is 1 or 2", word);
        o->stop_bits = (uint8_t)n;
        break;
    case 'e':
        o->echo = true;
        break;
    case 't':
        duration_argument(state, word, "300ms", &o->timeout_ns);
        break;
    case 'l':
        o->options.lines_file = word;
        break;
    case 'm':
        o->options.library = word;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"baud", 'b', "N", 0, "of a serial line (19200)", 1},
    {"parity", 'p', "WORD", 0, "none, even or odd (even)", 1},
    {"stop", 's', "N", 0, "stop bits, 1 or 2 (1)", 1},
    {"echo", 'e', NULL, 0, "the adapter repeats what it sends", 1},
    {"timeout", 't', "TIME", 0, "how long an answer may take", 1},
    {"lines", 'l', "FILE", 0, "other addresses for the lines of PLANT, as 'headgate sim' writes",
     1},
    {"maps", 'm', "DIR", 0, "library of register maps", 1},
    {0},
};
const struct argp oneline_argp = {.options = options, .parser = parse};

static bool find_in_plant(struct oneline *o, const char *verb)
{
    const char *names[256];
    size_t count = 0;
    const struct plant *plant = plant_argument_load(o->arena, o->words[0], &o->options, verb);
    if (plant == NULL)
        return false;
    for (uint32_t i = 0; i < plant->line_count; i++) {
        if (strcmp(plant->lines[i].name, o->words[1]) == 0) {
            o->line = plant->lines[i];
            o->plant = plant;
            o->number = i;
            return true;
        }
        if (count < sizeof names / sizeof *names)
            names[count++] = plant->lines[i].name;
    }
    const char *nearest = text_nearest(o->words[1], names, count);
    fprintf(stderr, "headgate %s: %s has no line '%s'%s%s%s\n", verb, plant->file, o->words[1],
            nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
            nearest != NULL ? "'?" : "");
    return false;
}

static void change(struct oneline *o)
{
    struct line *l = &o->line;
    l->baud = o->baud != 0 ? o->baud : l->baud;
    l->parity = o->parity != 0 ? o->parity : l->parity;
    l->stop_bits = o->stop_bits != 0 ? o->stop_bits : l->stop_bits;
    l->echo = l->echo || o->echo;
    l->timeout_ns = o->timeout_ns != 0 ? o->timeout_ns : l->timeout_ns;
}

bool oneline_find(struct oneline *o, const char *verb, int *status)
{
    *status = EXIT_USAGE;
    o->arena = arena_new(0);
    if (o->arena == NULL) {
        *status = verb_no_memory(verb);
        return false;
    }
    if (strstr(o->words[0], "://") != NULL) {
        const char *wrong = line_from_address(o->words[0], o->arena, &o->line);
        o->used = 1;
        if (wrong != NULL) {
            fprintf(stderr, "headgate %s: %s: %s\n", verb, o->words[0], wrong);
            return false;
        }
    } else if (o->word_count < 2) {
        fprintf(stderr,
                "headgate %s: %s is no address like tcp://10.0.0.5:502; of a plant file, name the "
                "line too\n",
                verb, o->words[0]);
        return false;
    } else {
        o->used = 2;
        *status = EXIT_NO;
        if (!find_in_plant(o, verb))
            return false;
    }
    change(o);
    return true;
}

bool oneline_open(const struct oneline *o, const struct single_setup *setup, const char *verb,
                  struct single **out)
{
    const char *why = NULL;
    *out = single_open(&o->line, setup, &why);
    if (*out == NULL)
        fprintf(stderr, "headgate %s: %s: %s\n", verb, o->line.name, why);
    return *out != NULL;
}

void oneline_close(struct oneline *o)
{
    arena_free(o->arena);
    o->arena = NULL;
}

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

void oneline_catch(void)
{
    struct sigaction a = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

bool oneline_unit(const char *word, const struct line *l, uint8_t *out)
{
    uint64_t n;
    bool tcp = l->transport == TRANSPORT_TCP;
    if (!text_to_u64(word, &n) || n > (tcp ? 255U : 247U)) {
        fprintf(stderr, "headgate: '%s' is no unit; on this line they go from %d to %d\n", word,
                tcp ? 0 : 1, tcp ? 255 : 247);
        return false;
    }
    if (n == 0 && !tcp) {
        fputs("headgate: unit 0 on a bus is everybody at once, and nobody answers\n", stderr);
        return false;
    }
    *out = (uint8_t)n;
    return true;
}
