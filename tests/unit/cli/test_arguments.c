/* SPDX-License-Identifier: Apache-2.0 */
/* The words and options that most verbs take. argp ends the program over a mistake, so each row is
 * a program of its own, and what it said on stderr is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/verbs.h"

struct verb {
    struct plant_arguments on;
    int64_t ns;
    const char *day;
};

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct verb *v = state->input;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = &v->on;
    else if (key == 't')
        duration_argument(state, word, "7s", &v->ns);
    else if (key == 'd')
        day_argument(state, word, &v->day);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static bool run(const struct argp_child *children, struct verb *v, char **argv)
{
    static const struct argp_option options[] = {
        {"time", 't', "TIME", 0, NULL, 0}, {"day", 'd', "DAY", 0, NULL, 0}, {0}};
    const struct argp argp = {.options = options, .parser = parse, .children = children};
    int argc = 0;
    while (argv[argc])
        argc++;
    return verb_arguments(&argp, argc, argv, v);
}

static const struct plant_words one = {1, 1, "which plant file?", NULL};
static const struct plant_words two = {2, 2, "say both", "one tag at a time"};
static const struct plant_words some = {0, 1, NULL, NULL};

static const struct row {
    const char *title;
    const struct argp_child *children;
    const struct plant_words *takes;
    const char *words[6];
    const char *said; /* on stderr, its first line, behind the program's name; "": nothing */
} rows[] = {
    {"a plant file alone", plant_json_child, &one, {"p"}, ""},
    {"no plant file", plant_json_child, &one, {NULL}, "which plant file?"},
    {"two plant files",
     plant_json_child,
     &one,
     {"p", "q"},
     "one plant file at a time; 'q' is too much"},
    {"a plant file and a tag", plant_child, &two, {"p", "a/b/c"}, ""},
    {"a tag is missing", plant_child, &two, {"p"}, "say both"},
    {"two tags", plant_child, &two, {"p", "a", "b"}, "'b' is too much: one tag at a time"},
    {"not even a plant file", plant_words_child, &some, {NULL}, ""},
    {"all options", plant_json_child, &one, {"-j", "--lines=l", "p", "--maps", "m"}, ""},
    {"no --json where none is", plant_child, &one, {"--json", "p"}, "unrecognized option '--json'"},
    {"no --maps where the verb has its own",
     plant_words_child,
     &one,
     {"--maps=m", "p"},
     "unrecognized option '--maps=m'"},
    {"a duration", plant_child, &one, {"p", "-t", "50ms"}, ""},
    {"a duration without a unit",
     plant_child,
     &one,
     {"p", "-t", "5"},
     "'5' is not a duration; write it with its unit, like 7s"},
    {"a duration of nothing",
     plant_child,
     &one,
     {"p", "-t", "0s"},
     "'0s' is not a duration; write it with its unit, like 7s"},
    {"a day", plant_child, &one, {"p", "-d", "2024-02-29"}, ""},
    {"a day that is none",
     plant_child,
     &one,
     {"p", "-d", "2026-13-45"},
     "'2026-13-45' is no day; write it like 2026-11-23"},
    {"a leap day of no leap year",
     plant_child,
     &one,
     {"p", "-d", "2026-02-29"},
     "'2026-02-29' is no day; write it like 2026-11-23"},
    {"a day without its zeros",
     plant_child,
     &one,
     {"p", "-d", "2026-2-3"},
     "'2026-2-3' is no day; write it like 2026-11-23"},
    {"a moment, which is no day",
     plant_child,
     &one,
     {"p", "-d", "2026-11-23T08:00"},
     "'2026-11-23T08:00' is no day; write it like 2026-11-23"},
    {"a day of nothing",
     plant_child,
     &one,
     {"p", "-d", ""},
     "'' is no day; write it like 2026-11-23"},
};

static void each_row_is_taken_or_refused_in_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char kept[6][20], *argv[8] = {(char[]){"verb"}}, said[512] = "";
        FILE *file = tmpfile();
        for (size_t k = 0; k < 6 && rows[i].words[k]; k++) {
            snprintf(kept[k], sizeof kept[k], "%s", rows[i].words[k]);
            argv[k + 1] = kept[k];
        }
        pid_t child = fork();
        if (child == 0) {
            struct verb v = {.on.takes = *rows[i].takes};
            dup2(fileno(file), STDERR_FILENO);
            _exit(run(rows[i].children, &v, argv) ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        rewind(file);
        bool spoke = fgets(said, sizeof said, file) != NULL;
        const char *behind = strstr(said, "verb: ");
        said[strcspn(said, "\n")] = 0;
        if (spoke != (*rows[i].said != 0) ||
            (spoke && (!behind || strcmp(behind + strlen("verb: "), rows[i].said) != 0)) ||
            (status == 0) == spoke)
            fail_msg("%s: status %d, said \"%s\"", rows[i].title, status, said);
        fclose(file);
    }
}

static void words_and_options_arrive_where_they_belong(void **state)
{
    (void)state;
    struct verb v = {.on.takes = {3, 3, "say more", "say less"}};
    char verb[] = "verb", plant[] = "p", lines[] = "-l", file[] = "l.yaml", tag[] = "a/b/c",
         value[] = "-1", json[] = "--json", maps[] = "--maps=m", end[] = "--";
    char *argv[] = {verb, plant, lines, file, tag, json, maps, end, value, NULL};
    assert_true(run(plant_json_child, &v, argv));
    assert_string_equal(v.on.plant_file, "p");
    assert_string_equal(v.on.subject, "a/b/c");
    assert_string_equal(v.on.value, "-1");
    assert_string_equal(v.on.options.lines_file, "l.yaml");
    assert_string_equal(v.on.options.library, "m");
    assert_true(v.on.json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_taken_or_refused_in_its_words),
        cmocka_unit_test(words_and_options_arrive_where_they_belong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
