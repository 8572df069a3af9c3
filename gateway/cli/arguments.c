/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include <stdio.h>
#include <string.h>

#include "app/side.h"
#include "base/calendar.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "publish/json.h"

bool verb_arguments(const struct argp *argp, int argc, char **argv, void *input)
{
    /* What is wrong with the words has been said, and the program ended; this is something else. */
    int error = argp_parse(argp, argc, argv, 0, NULL, input);
    if (error)
        fprintf(stderr, "%s: %s\n", argv[0], strerror(error));
    return error == 0;
}

int verb_no_memory(const char *verb)
{
    fprintf(stderr, "headgate %s: out of memory\n", verb);
    return EXIT_NO;
}

int verb_no(bool json_wanted, const char *why)
{
    char text[2048];
    struct json j = json_into(text, sizeof text);
    json_word(&j, "{\"error\":");
    json_string(&j, why);
    json_word(&j, "}");
    if (json_wanted)
        printf("%.*s\n", (int)json_length(&j), text);
    return EXIT_NO;
}

void duration_argument(struct argp_state *state, const char *word, const char *like, int64_t *out)
{
    if (!text_to_duration(word, out) || *out <= 0)
        argp_error(state, "'%s' is not a duration; write it with its unit, like %s", word, like);
}

void day_argument(struct argp_state *state, const char *word, const char **out)
{
    char stamp[CALENDAR_MAX];
    int64_t ms;
    snprintf(stamp, sizeof stamp, "%.10sT00:00:00Z", word);
    if (strlen(word) != 10 || !calendar_read(stamp, &ms))
        argp_error(state, "'%s' is no day; write it like 2026-11-23", word);
    *out = word;
}

/* ---- the plant file ---------------------------------------------------------------------------
 */

static void take_word(struct plant_arguments *a, char *word, struct argp_state *state)
{
    const char **const words[] = {&a->plant_file, &a->subject, &a->value};
    if (state->arg_num < a->takes.most)
        *words[state->arg_num] = word;
    else if (a->takes.too_many != NULL)
        argp_error(state, "'%s' is too much: %s", word, a->takes.too_many);
    else
        argp_error(state, "one plant file at a time; '%s' is too much", word);
}

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct plant_arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        break;
    case 'l':
        a->options.lines_file = word;
        break;
    case 'm':
        a->options.library = word;
        break;
    case ARGP_KEY_ARG:
        take_word(a, word, state);
        break;
    case ARGP_KEY_END:
        if (state->arg_num < a->takes.least)
            argp_error(state, "%s", a->takes.too_few);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option said[] = {
    {"json", 'j', NULL, 0, "print JSON", 0},
    {"lines", 'l', "FILE", 0, "other addresses for lines, as 'headgate sim' writes them", 0},
    {"maps", 'm', "DIR", 0, "the library of register maps (default: the installed one)", 0},
    {0}};
static const struct argp with_json = {.options = said, .parser = parse};
static const struct argp without_json = {.options = said + 1, .parser = parse};
static const struct argp words_only = {.parser = parse};
const struct argp_child plant_json_child[] = {{&with_json, 0, NULL, 0}, {0}};
const struct argp_child plant_child[] = {{&without_json, 0, NULL, 0}, {0}};
const struct argp_child plant_words_child[] = {{&words_only, 0, NULL, 0}, {0}};

bool plant_argument_plan(const struct plant_arguments *a, const char *verb, struct side *out)
{
    struct diags *ds = diags_new();
    *out = (struct side){0};
    if (ds == NULL) {
        verb_no_memory(verb);
        return false;
    }
    bool planned = side_plan(out, a->plant_file, &a->options, ds);
    if (!planned)
        diags_print(ds, stderr);
    diags_free(ds);
    return planned;
}

const struct plant *plant_argument_load(struct arena *arena, const char *file,
                                        const struct plant_options *options, const char *verb)
{
    struct diags *ds = diags_new();
    if (ds == NULL) {
        verb_no_memory(verb);
        return NULL;
    }
    const struct plant *plant = plant_load(arena, file, options, ds);
    if (plant == NULL)
        diags_print(ds, stderr);
    diags_free(ds);
    return plant;
}
