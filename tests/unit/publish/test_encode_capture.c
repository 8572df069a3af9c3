/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "publish/encode_capture.h"

#define UNKNOWN ((double)NAN)

static json_t *encoded(size_t room, const struct capture_sample *s, uint32_t count)
{
    static char buffer[CAPTURE_ROOM];
    struct json j = json_into(buffer, room);
    encode_capture(&j, "mill/sump/high", "mill/sump/level", "m", s, count);
    assert_false(j.overflow);
    json_t *o = json_loadb(buffer, json_length(&j), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(o);
    return o;
}

static void samples_stand_oldest_first_and_a_bad_one_is_null(void **state)
{
    (void)state;
    const struct capture_sample s[] = {{0, 1.5}, {1000, UNKNOWN}, {1764100000123, 2}};
    json_t *o = encoded(512, s, 3);
    json_t *samples = json_object_get(o, "samples");
    assert_string_equal(json_string_value(json_object_get(o, "alarm")), "mill/sump/high");
    assert_string_equal(json_string_value(json_object_get(o, "tag")), "mill/sump/level");
    assert_string_equal(json_string_value(json_object_get(o, "unit")), "m");
    assert_int_equal(json_array_size(samples), 3);
    assert_int_equal(json_integer_value(json_array_get(json_array_get(samples, 0), 0)), 0);
    assert_true(json_is_null(json_array_get(json_array_get(samples, 1), 1)));
    json_t *last = json_array_get(samples, 2);
    assert_int_equal(json_integer_value(json_array_get(last, 0)), 1764100000123);
    assert_true(json_is_real(json_array_get(last, 1)));
    json_decref(o);
    o = encoded(512, s, 0);
    assert_int_equal(json_array_size(json_object_get(o, "samples")), 0);
    json_decref(o);
}

static void the_newest_fit_however_long_their_digits(void **state)
{
    (void)state;
    static struct capture_sample s[CAPTURE_MAX];
    for (uint32_t i = 0; i < CAPTURE_MAX; i++)
        s[i] = (struct capture_sample){INT64_MIN + i, -1.2345678901234567e-300};
    for (size_t room = 300; room <= CAPTURE_ROOM; room += 4999) {
        json_t *o = encoded(room, s, CAPTURE_MAX);
        json_t *samples = json_object_get(o, "samples");
        size_t n = json_array_size(samples);
        assert_true(n > 0);
        assert_int_equal(json_integer_value(json_array_get(json_array_get(samples, n - 1), 0)),
                         s[CAPTURE_MAX - 1].t_ms);
        json_decref(o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_stand_oldest_first_and_a_bad_one_is_null),
        cmocka_unit_test(the_newest_fit_however_long_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
