/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/oneline.h"

#include <stdarg.h>
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

bool oneline_wrong(struct oneline *o, const char *verb, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(o->wrong, sizeof o->wrong, format, args);
    va_end(args);
    fprintf(stderr, "headgate %s: %s\n", verb, o->wrong);
    return false;
}

int oneline_no(const struct oneline *o, bool json_wanted, int status)
{
    (void)verb_no(json_wanted, o->wrong);
    return status;
}

static bool find_in_plant(struct oneline *o, const char *verb)
{
    const char *names[256];
    size_t count = 0;
    const struct plant *plant = plant_argument_load(o->arena, o->words[0], &o->options, verb);
    if (plant == NULL) {
        snprintf(o->wrong, sizeof o->wrong, "the plant file can't be used");
        return false;
    }
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
    return oneline_wrong(o, verb, "%.200s has no line '%.80s'%s%s%s", plant->file, o->words[1],
                         nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "'?" : "");
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
        snprintf(o->wrong, sizeof o->wrong, "out of memory");
        return false;
    }
    if (strstr(o->words[0], "://") != NULL) {
        const char *wrong = line_from_address(o->words[0], o->arena, &o->line);
        o->used = 1;
        if (wrong != NULL)
            return oneline_wrong(o, verb, "%.200s: %s", o->words[0], wrong);
    } else if (o->word_count < 2) {
        return oneline_wrong(o, verb,
                             "%.200s is no address like tcp://10.0.0.5:502; of a plant file, name "
                             "the line too",
                             o->words[0]);
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

bool oneline_unit(struct oneline *o, const char *verb, const char *word, uint8_t *out)
{
    uint64_t n;
    bool tcp = o->line.transport == TRANSPORT_TCP;
    if (!text_to_u64(word, &n) || n > (tcp ? 255U : 247U))
        return oneline_wrong(o, verb, "'%.80s' is no unit; on this line they go from %d to %d",
                             word, tcp ? 0 : 1, tcp ? 255 : 247);
    if (n == 0 && !tcp)
        return oneline_wrong(o, verb, "unit 0 on a bus is everybody at once, and nobody answers");
    *out = (uint8_t)n;
    return true;
}
