/* SPDX-License-Identifier: Apache-2.0 */
/* Every word of a file may be wrong. Whatever stands in its place, the file is either taken, or
 * refused with a place inside of it for each mistake. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <yaml.h>

#include "base/text.h"
#include "config/plant.h"
#include "../pace.h"
#include "mistakes.h"

#define EVERYTHING TEST_SOURCE_DIR "/tests/unit/config/everything/"

enum { SPOTS = 4000 };

struct spot { /* of a word, or of a mapping or list with its brackets */
    size_t begin, end;
    bool scalar;
};

static const char *const instead[] = {
    "", "~", "''", "x", "-1", "0", "1", "3", "0.5", "1e999", "99999999999999999999", "true", "5s",
    "10 parsecs", "-5 m", "5 %", "nan", "[]", "{}", "[a, b]", "[1, 2]", "[2, 1]", "[[0, 0], [0, 1]]",
    "{a: b}", "{tag: mill/a/level}", "{0: a, 0: b}", "mill/a/level", "mill/a/nothing", "\"a\\nb\"",
    "\"\\u00e9\"", "input 0", "holding 65535", "0x7FFF..0x10", "not level", "rises", "ABCD", "AACD",
    "&x y", "*x", "!!int 5", "\"\\0\"", "{",
};
enum { INSTEADS = sizeof instead / sizeof *instead };

static struct spot spots[SPOTS];
static char *every_plant, *every_map, *watch_map, *over_map;

static size_t find_spots(const char *text)
{
    struct {
        size_t begin;
        bool flow;
    } open[32];
    size_t depth = 0, count = 0;
    yaml_parser_t parser;
    yaml_event_t e = {0};
    assert_true(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    for (bool more = true; more; yaml_event_delete(&e)) {
        assert_true(yaml_parser_parse(&parser, &e));
        more = e.type != YAML_STREAM_END_EVENT;
        if (e.type == YAML_MAPPING_START_EVENT || e.type == YAML_SEQUENCE_START_EVENT) {
            assert_true(depth < 32);
            open[depth].begin = e.start_mark.index;
            open[depth++].flow = e.end_mark.index > e.start_mark.index;
        }
        bool closes = e.type == YAML_MAPPING_END_EVENT || e.type == YAML_SEQUENCE_END_EVENT;
        depth -= closes;
        assert_true(count < SPOTS);
        if (closes && open[depth].flow) {
            spots[count++] = (struct spot){open[depth].begin, e.end_mark.index, false};
        } else if (e.type == YAML_SCALAR_EVENT) {
            spots[count++] = (struct spot){e.start_mark.index, e.end_mark.index, true};
        }
    }
    yaml_parser_delete(&parser);
    return count;
}

static void write_file(const char *name, const char *head, size_t length, const char *middle,
                       const char *tail)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fwrite(head, 1, length, f);
    fputs(middle, f);
    fputs(tail, f);
    fclose(f);
}

static const struct plant *load(struct diags *ds, struct arena *a)
{
    const struct plant_options options = {.library = "nowhere"};
    return plant_load(a, "plant.yaml", &options, ds);
}

/* Every line of what was told begins with FILE:LINE:COLUMN: inside of a file of ours. */
static bool has_places(const char *told, int most)
{
    for (const char *at = told; *at;) {
        int line = 0, column = 0, used = 0;
        char file[64];
        if (sscanf(at, "%63[^:]:%d:%d: %n", file, &line, &column, &used) != 3 || used == 0 ||
            line < 1 || line > most + 1 || column < 1) {
            return false;
        }
        const char *end = strchr(at, '\n');
        at = end ? end + 1 : at + strlen(at);
    }
    return true;
}

static int lines_of(const char *text)
{
    int n = 1;
    for (; *text; text++) {
        n += *text == '\n';
    }
    return n;
}

static uint32_t taken, refused;
static int lines; /* of the longest file */

static void try_one(const char *name, const char *text, const struct spot *s, const char *word)
{
    write_file(name, text, s->begin, word, text + s->end);
    struct arena *a = arena_new(0);
    struct diags *ds = diags_new();
    const struct plant *p = load(ds, a);
    char *told = told_by(ds);
    bool well = (p == NULL) == (diags_errors(ds) > 0) && has_places(told, lines);
    if (!well) {
        fail_msg("%s: `%.*s` replaced by `%s`: %s, and told:\n%s", name,
                 (int)(s->end - s->begin < 60 ? s->end - s->begin : 60), text + s->begin, word,
                 p ? "taken" : "refused", told);
    }
    taken += p != NULL;
    refused += p == NULL;
    free(told);
    diags_free(ds);
    arena_free(a);
}

/* A ninth of all pairs, another ninth for each word; see pace.h. */
static void every_word_of(const char *name, const char *text)
{
    size_t step = pace_step(9), count = find_spots(text);
    taken = refused = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = i % step; k < INSTEADS; k += step) {
            try_one(name, text, &spots[i], instead[k]);
        }
    }
    write_file(name, text, strlen(text), "", "");
    print_message("%s: %u variants taken, %u refused\n", name, taken, refused);
    assert_true(refused > taken);
}

static void the_file_itself_is_taken(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct diags *ds = diags_new();
    if (load(ds, a) == NULL) {
        char *told = told_by(ds);
        fail_msg("%s", told);
    }
    diags_free(ds);
    arena_free(a);
}

static void every_word_of_a_plant_file_may_be_wrong(void **state)
{
    (void)state;
    every_word_of("plant.yaml", every_plant);
}

static void every_word_of_a_map_may_be_wrong(void **state)
{
    (void)state;
    every_word_of("maps/e.yaml", every_map);
}

static void every_word_of_a_map_over_another_may_be_wrong(void **state)
{
    (void)state;
    every_word_of("maps/x.yaml", over_map);
}

static char folder[] = "/tmp/headgate-test-XXXXXX";

static int in_a_folder(void **state)
{
    (void)state;
    size_t length;
    every_plant = text_read_file(EVERYTHING "plant.yaml", 1 << 20, &length);
    every_map = text_read_file(EVERYTHING "maps/e.yaml", 1 << 20, &length);
    watch_map = text_read_file(EVERYTHING "maps/w.yaml", 1 << 20, &length);
    over_map = text_read_file(EVERYTHING "maps/x.yaml", 1 << 20, &length);
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("maps", 0700) != 0) {
        return -1;
    }
    if (!every_plant || !every_map || !watch_map || !over_map) {
        return -1;
    }
    write_file("maps/e.yaml", every_map, strlen(every_map), "", "");
    lines = lines_of(every_plant);
    if (lines < lines_of(every_map)) {
        lines = lines_of(every_map);
    }
    write_file("maps/w.yaml", watch_map, strlen(watch_map), "", "");
    write_file("maps/x.yaml", over_map, strlen(over_map), "", "");
    write_file("plant.yaml", every_plant, strlen(every_plant), "", "");
    return 0;
}

static int out_of_it(void **state)
{
    (void)state;
    free(every_plant);
    free(every_map);
    free(watch_map);
    free(over_map);
    unlink("plant.yaml");
    unlink("maps/e.yaml");
    unlink("maps/w.yaml");
    unlink("maps/x.yaml");
    rmdir("maps");
    return chdir("/") != 0 || rmdir(folder) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_itself_is_taken),
        cmocka_unit_test(every_word_of_a_plant_file_may_be_wrong),
        cmocka_unit_test(every_word_of_a_map_may_be_wrong),
        cmocka_unit_test(every_word_of_a_map_over_another_may_be_wrong),
    };
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
