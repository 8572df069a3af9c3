/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "app/status.h"
#include "small_plant.h"

static const uint8_t data[4] = {0, 7, 0, 9};

/* What a series of ends of request 0 makes of device 0. */
static void a_device_is_what_its_answers_make_it(void **state)
{
    (void)state;
    static const struct {
        enum fault fault;
        uint8_t exception;
        int64_t ms;
        enum device_state after;
        bool changes;
    } steps[] = {
        {FAULT_NONE, 0, 1000, DEVICE_ONLINE, true},
        {FAULT_NONE, 0, 2000, DEVICE_ONLINE, false},
        {FAULT_TIMEOUT, 0, 3000, DEVICE_SILENT, true},
        {FAULT_BACKED_OFF, 0, 4000, DEVICE_SILENT, false},
        {FAULT_NONE, 0, 5000, DEVICE_ONLINE, true},
        {FAULT_EXCEPTION, 2, 6000, DEVICE_ONLINE, false}, /* one refused block among good ones */
        {FAULT_EXCEPTION, 2, 30000, DEVICE_FAULTY, true}, /* nothing good for too long */
        {FAULT_HOLE, 0, 31000, DEVICE_FAULTY, false},
        {FAULT_EXCEPTION, 11, 32000, DEVICE_SILENT, true}, /* the gateway before it says: away */
        {FAULT_LINE_DOWN, 0, 33000, DEVICE_OFFLINE, true},
        {FAULT_GARBLED, 0, 34000, DEVICE_SILENT, true},
    };
    struct status *s = status_new(&small_plant);
    assert_int_equal(status_device(s, 0)->state, DEVICE_UNKNOWN);
    uint32_t changed[4];
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct block b = small_block(0, steps[i].fault, data, steps[i].ms);
        b.exception = steps[i].exception;
        assert_int_equal(status_feed(s, &b, changed), steps[i].changes);
        assert_int_equal(status_device(s, 0)->state, steps[i].after);
        assert_int_equal(status_online(s), steps[i].after == DEVICE_ONLINE);
        if (steps[i].changes)
            assert_int_equal(status_device(s, 0)->since.ms, steps[i].ms);
    }
    const struct device_health *h = status_device(s, 0);
    assert_int_equal(h->good, 3);
    assert_int_equal(h->timeouts, 1);
    assert_int_equal(h->garbled, 1);
    assert_int_equal(h->exceptions, 3);
    assert_int_equal(h->last_ok.ms, 5000);
    assert_int_equal(status_totals(s)->refused, 1);
    status_free(s);
}

static void a_state_is_owed_once_and_in_order(void **state)
{
    (void)state;
    struct status *s = status_new(&small_plant);
    uint32_t device;
    assert_false(status_next_owed(s, &device));
    status_owe(s, 1);
    status_owe(s, 0);
    status_owe(s, 1);
    assert_true(status_next_owed(s, &device));
    assert_int_equal(device, 1);
    status_owe(s, 1);
    assert_true(status_next_owed(s, &device));
    assert_int_equal(device, 0);
    assert_true(status_next_owed(s, &device));
    assert_int_equal(device, 1);
    assert_false(status_next_owed(s, &device));
    status_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_what_its_answers_make_it),
        cmocka_unit_test(a_state_is_owed_once_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
