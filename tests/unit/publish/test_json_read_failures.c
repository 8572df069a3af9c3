/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from others while memory runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "failing.h"
#include "publish/json_read.h"
#include "publish/order.h"

static const char text[] =
    "{\"id\": \"1\", \"user\": \"Ann\", \"alarm\": \"a/b/c\", \"more\": [1, 2.5, true, [], {}, "
    "[[]], "
    "{\"x\": {\"y\": \"a text that is longer than what a buffer begins with, by far\"}}], "
    "\"k1\": 1, \"k2\": 1, \"k3\": 1, \"k4\": 1, \"k5\": 1, \"k6\": 1, \"k7\": 1, \"k8\": 1}";

static void whatever_piece_of_memory_is_missing_nothing_breaks(void **state)
{
    (void)state;
    for (int lasting = 0; lasting < 2; lasting++)
        for (long n = 1;; n++) {
            json_t *kept = json_read(text, sizeof(text) - 1);
            fail_at(FAIL_MEMORY, n, lasting, 0);
            json_t *o = json_read(text, sizeof(text) - 1);
            bool failed = fail_none();
            assert_true(failed ? o == NULL : json_equal(o, kept));
            json_decref(o);
            assert_string_equal(json_string_value(json_object_get(kept, "user")), "Ann");
            json_decref(kept);
            if (!failed)
                break;
            assert_true(n < 1000);
        }
}

static void an_order_without_memory_is_refused(void **state)
{
    struct order o;
    (void)state;
    for (long n = 1; n < 4; n++) {
        fail_at(FAIL_MEMORY, n, false, 0);
        assert_non_null(order_parse("ack", text, sizeof(text) - 1, &o));
        assert_true(fail_none());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_piece_of_memory_is_missing_nothing_breaks),
        cmocka_unit_test(an_order_without_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
