/* SPDX-License-Identifier: Apache-2.0 */
/* A list is imported while memory runs out, at each place in turn: it is said, or the map is whole.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "failing.h"
#include "import/import.h"

static const struct {
    const char *format, *file;
    const char *columns; /* NULL: it needs no answers of its own */
} lists[] = {
    {"kepware", "kepware.csv", NULL},
    {"csv", "maker.csv", NULL},
    {"csv", "open.csv", "other=Offset,decimals=Decimals,characters=Size"},
    {"modpoll", "modpoll.csv", NULL},
    {"neuron", "neuron.csv", NULL},
    {"telegraf", "telegraf.conf", NULL},
    {"ignition", "ignition.json", NULL},
    {"wirenboard", "wirenboard.json", NULL},
};

static void *library_malloc(size_t bytes)
{
    return fail_library() ? NULL : malloc(bytes);
}

static void say_all(struct import_options *o, const char *columns)
{
    static const char *const said[][2] = {
        {"base", "40001"},    {"order", "CDAB"}, {"order", "GHEFCDAB"}, {"order", "AB"},
        {"order", "LB=ABCD"}, {"bit-base", "0"}, {"zeros", "kept"},     {"scaling", "multiply"}};
    import_options_init(o);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        assert_null(import_option(o, said[i][0], said[i][1]));
    if (columns == NULL)
        return;
    assert_null(import_option(o, "columns", columns));
    assert_null(import_option(o, "unit", "1"));
}

/* All maps in one text; NULL: it was said that something is wrong. */
static char *import(size_t which, const char *bytes, size_t length)
{
    struct import i;
    struct import_options options;
    char *all = NULL;
    size_t size = 0;
    say_all(&options, lists[which].columns);
    enum import_end end = import_run(&i, import_format(lists[which].format), lists[which].file,
                                     (const uint8_t *)bytes, length, &options);
    bool good = end == IMPORT_DONE;
    for (unsigned k = 0, n = good ? import_maps(&i) : 0; good && k < n; k++) {
        const char *name, *text = import_map(&i, k, &name);
        good = text != NULL && i.list.refused == NULL;
        size_t more = good ? strlen(text) : 0;
        if (good) {
            /* The test's own memory is not what fails. */
            all = test_realloc(all, size + more + 1);
            memcpy(all + size, text, more + 1);
            size += more;
        }
    }
    if (!good) {
        test_free(all);
        all = NULL;
    }
    import_fini(&i);
    return all;
}

static void memory_runs_out(void **state)
{
    (void)state;
    json_set_alloc_funcs(library_malloc, free);
    for (size_t w = 0; w < sizeof lists / sizeof *lists; w++) {
        char path[500];
        size_t length;
        snprintf(path, sizeof path, TEST_SOURCE_DIR "/tests/import/lists/%s", lists[w].file);
        char *bytes = text_read_file(path, 1 << 20, &length);
        assert_non_null(bytes);
        char *whole = import(w, bytes, length);
        assert_non_null(whole);
        for (int lasting = 0; lasting < 2; lasting++) {
            bool failed = true;
            for (long n = 1; failed; n += 1 + n / 300) {
                fail_at(FAIL_MEMORY | FAIL_LIBRARY, n, lasting, 0);
                char *text = import(w, bytes, length);
                failed = fail_none();
                if (text != NULL && strcmp(text, whole) != 0)
                    fail_msg("%s, failure %ld: something is missing:\n%s", lists[w].file, n, text);
                test_free(text);
            }
        }
        test_free(whole);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
