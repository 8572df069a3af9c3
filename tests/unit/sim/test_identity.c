/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/identity.h"
#include "sim/image.h"

static const struct map map = {
    .name = "acme/p3", .title = "Acme pump of the third kind", .hash = "0123456789abcdef"};
static const struct device device = {.path = "mill/pump-1", .map = &map};

static void basic_objects_are_maker_model_and_revision(void **state)
{
    (void)state;
    static const uint8_t expected[] = "\x2b\x0e\x01\x83\x00\x00\x03\x00\x04"
                                      "Acme"
                                      "\x01\x02"
                                      "P3"
                                      "\x02\x04"
                                      "V1.0";
    uint8_t out[PDU_MAX];
    size_t n = identity_answer(&device, (const uint8_t[]){43, 14, 1, 0}, 4, out);
    assert_int_equal(n, sizeof expected - 1);
    assert_memory_equal(out, expected, n);
}

static void single_objects_are_said_alone(void **state)
{
    (void)state;
    static const uint8_t expected[] = "\x2b\x0e\x04\x83\x00\x00\x01\x80\x10"
                                      "0123456789abcdef";
    uint8_t out[PDU_MAX];
    size_t n = identity_answer(&device, (const uint8_t[]){43, 14, 4, 0x80}, 4, out);
    assert_int_equal(n, sizeof expected - 1);
    assert_memory_equal(out, expected, n);
}

static void what_does_not_fit_follows(void **state)
{
    (void)state;
    char title[180], name[150];
    memset(title, 'a', sizeof title);
    memset(name, 'b', sizeof name);
    title[10] = ' ';
    title[sizeof title - 1] = name[sizeof name - 1] = '\0';
    struct map wordy = {.name = name, .title = title, .hash = "0"};
    struct device d = {.path = "a/b", .map = &wordy};
    uint8_t request[4] = {43, 14, 3, 0}, out[PDU_MAX];
    unsigned objects = 0, pages = 0;
    do {
        size_t n = identity_answer(&d, request, 4, out);
        assert_true(n <= PDU_MAX);
        objects += out[6];
        request[3] = out[5];
        pages++;
    } while (out[4] == 0xFF && pages < 10);
    assert_int_equal(objects, 7);
    assert_true(pages > 1 && pages < 10);
}

static void a_report_carries_the_title(void **state)
{
    (void)state;
    uint8_t out[PDU_MAX];
    size_t n = identity_answer(&device, (const uint8_t[]){17}, 1, out);
    assert_int_equal(n, 4 + strlen(map.title));
    assert_int_equal(out[1], n - 2);
    assert_int_equal(out[3], 0xFF);
    assert_memory_equal(out + 4, map.title, strlen(map.title));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(basic_objects_are_maker_model_and_revision),
        cmocka_unit_test(single_objects_are_said_alone),
        cmocka_unit_test(what_does_not_fit_follows),
        cmocka_unit_test(a_report_carries_the_title),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
