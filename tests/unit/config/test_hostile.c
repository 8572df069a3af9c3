/* SPDX-License-Identifier: Apache-2.0 */
/* Files that were made to hurt: refused soon, and without taking the machine's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/map.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

enum { MEGA = 1 << 20 };

/* begin, then unit as often as it fits into bytes, then end. %d in unit: a running number. */
struct hostile {
    const char *title, *begin, *unit, *end;
    size_t bytes;
};

static const struct hostile cases[] = {
    {"brackets, 200,000 deep", "", "[", "", 200000},
    {"brackets deep inside of a tag", "format: 1\ntags: ", "[", "", 200000},
    {"mappings in mappings", "", "{a: ", "", MEGA - 8},
    {"lists in lists", "", "- ", "", MEGA - 8},
    {"a megabyte of items", "format: 1\ntags: [", "a,", "]", MEGA - 32},
    {"a megabyte of keys", "format: 1\ntags:\n", "  k%d: 1\n", "", MEGA - 32},
    {"keys in one line", "{", "%d,", "}", MEGA - 32},
    {"aliases of aliases", "a: &a [x,x]\nb: &b [*a,*a]\n", "c: [*b,*b]\n", "", 1000},
    {"a giant scalar", "format: 1\ntitle: \"", "x", "\"\n", MEGA - 32},
    {"a giant folded scalar", "format: 1\ntitle: >\n", " x\n", "", MEGA - 32},
    {"exclamation marks", "", "!", "", MEGA - 8},
    {"anchors", "", "&a ", "", MEGA - 8},
    {"directives", "", "%%TAG ! x\n", "", MEGA - 16},
    {"quotes", "", "\"", "", MEGA - 8},
    {"colons", "", "a:", "", MEGA - 8},
    {"question marks", "", "? ", "", MEGA - 8},
    {"tags that multiply", "format: 1\ntags:\n",
     "  k{n}%d: {at: holding 1, type: u16, repeat: {count: 65536, stride: 1}}\n", "", MEGA - 100},
    {"unknown keys", "format: 1\ntags:\n", "  k%d: {a: 1, b: 2, c: 3, d: 4}\n", "", MEGA - 64},
    {"longer than a map may be", "format: 1\n", "# x\n", "", MEGA + 4096},
};

static char *build(const struct hostile *h, size_t *length)
{
    char *text = malloc(h->bytes + 256), unit[200];
    assert_non_null(text);
    size_t at = (size_t)sprintf(text, "%s", h->begin);
    for (int i = 0; at < h->bytes; i++) {
        const char *number = strstr(h->unit, "%d");
        int n = number == NULL ? snprintf(unit, sizeof unit, "%s", h->unit)
                               : snprintf(unit, sizeof unit, "%.*s%d%s", (int)(number - h->unit),
                                          h->unit, i, number + 2);
        memcpy(text + at, unit, (size_t)n);
        at += (size_t)n;
    }
    at += (size_t)sprintf(text + at, "%s", h->end);
    *length = at;
    return text;
}

static long resident_kb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* In a child, so that one case's memory is not another's. 0: refused in time and in bounds. */
static int refuse(const struct hostile *h)
{
#ifdef SANITIZED
    const long room_kb = 1L << 30;
#else
    const long room_kb = 16 * 1024;
#endif
    size_t length;
    char *text = build(h, &length);
    struct arena *a = arena_new(0);
    struct diags *ds = diags_new();
    long before = resident_kb();
    clock_t start = clock();
    const struct map *m = map_parse(a, text, length, "hostile.yaml", "x", ds);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    long grown = resident_kb() - before;
    if (m != NULL || diags_errors(ds) == 0) {
        fprintf(stderr, "%s: was not refused\n", h->title);
        return 1;
    }
    /* A hundred milliseconds is the promise; a busy machine gets ten times that. */
    if (seconds > 1.0 || grown > room_kb) {
        fprintf(stderr, "%s: %.3f s, %ld KB\n", h->title, seconds, grown);
        return 1;
    }
    diags_free(ds);
    arena_free(a);
    free(text);
    return 0;
}

static void hostile_maps_are_refused_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            _exit(refuse(&cases[i]));
        }
        int status = 1;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0) {
            fail_msg("%s: status %d", cases[i].title, status);
        }
    }
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    static const char *const texts[] = {
        "format: 1\ntitle: \xC3(\n", "\xFF\xFEg", "format: 1\ntitle: \"a\\0b\"\n",
        "format: 1\ntitle: \"a\\x07b\"\n", "format: 1\ntitle: \xED\xA0\x80\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena *a = arena_new(0);
        struct diags *ds = diags_new();
        assert_null(map_parse(a, texts[i], strlen(texts[i]), "x.yaml", "x", ds));
        assert_true(diags_errors(ds) > 0);
        diags_free(ds);
        arena_free(a);
    }
    struct arena *a = arena_new(0);
    struct diags *ds = diags_new();
    assert_null(map_parse(a, "format: 1\0", 10, "x.yaml", "x", ds));
    diags_free(ds);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_maps_are_refused_at_once),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
