/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a plant file before anything is begun for it: all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/side.h"

static const char head[] = "format: 1\n"
                           "site: s\n"
                           "gateway: g\n"
                           "mqtt: {broker: 'mqtt://127.0.0.1:1883', root: r}\n"
                           "lines:\n"
                           "  l: {connect: 'tcp://127.0.0.1:1'}\n"
                           "areas: {a: A}\n"
                           "devices:\n"
                           "  d: {map: box, line: l, unit: 1, area: a, every: 1s}\n";
static const char map[] = "format: 1\n"
                          "tags:\n"
                          "  head: {at: holding 0, type: u16}\n";

static void write_file(const char *name, const char *text, const char *more)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fputs(more, f);
    fclose(f);
}

static int in_a_folder(void **state)
{
    static char folder[] = "/tmp/headgate-test-XXXXXX";
    (void)state;
    if (!mkdtemp(folder) || chdir(folder) != 0 || mkdir("maps", 0700) != 0)
        return -1;
    write_file("maps/box.yaml", map, "");
    return 0;
}

static int out_of_it(void **state)
{
    char folder[64];
    (void)state;
    if (!getcwd(folder, sizeof folder))
        return -1;
    unlink("plant.yaml");
    unlink("maps/box.yaml");
    rmdir("maps");
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void mistakes_in_expressions_are_told_with_all_others(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        unsigned lines[3]; /* of the plant file, each with one mistake; 0: no more */
    } facts[] = {
        {"derived:\n  a/x/y: {of: {h: a/d/head}, is: h + 1}\n", {0}},
        {"derived:\n  a/x/y: {of: {h: a/d/head}, is: h +}\n", {11}},
        {"derived:\n  a/x/y: {of: {h: a/d/head}, is: os.time()}\n", {11}},
        {"derived:\n  a/x/y: {of: {h: a/d/head}, is: h +}\n  a/x/z: {of: {h: a/d/head}, is: 1 +}\n",
         {11, 12}},
        {"derived:\n  a/x/y: {of: {h: a/x/z}, is: h}\n  a/x/z: {of: {h: a/x/y}, is: h}\n", {12}},
        {"derived:\n  a/x/y: {of: {h: a/d/head}, is: h +}\nbogus: 1\n", {11, 12}},
    };
    const struct plant_options options = {.library = "nowhere"};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct side side;
        struct diags *ds = diags_new();
        write_file("plant.yaml", head, facts[i].more);
        bool well = side_plan(&side, "plant.yaml", &options, ds);
        assert_int_equal(well, facts[i].lines[0] == 0);
        diags_sort(ds);
        size_t told = 0;
        for (size_t k = 0; k < diags_count(ds); k++) {
            const struct diag *d = diags_at(ds, k);
            if (d->level == DIAG_ERROR)
                assert_int_equal(d->at.line, facts[i].lines[told++]);
        }
        assert_true(told == 3 || facts[i].lines[told] == 0);
        side_fini(&side);
        diags_free(ds);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_in_expressions_are_told_with_all_others),
    };
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
