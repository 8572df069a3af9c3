/* SPDX-License-Identifier: Apache-2.0 */
/* Frames field by field; also those that are short, and those that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/why.h"

static char told[8192];

static const char *tell(const struct why_frame *f)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    why_print_frame(out, f);
    fclose(out);
    assert_in_range(length, 1, sizeof told - 1);
    memcpy(told, text, length + 1);
    free(text);
    return told;
}

static void each_field_has_its_name(void **state)
{
    (void)state;
    static const struct {
        struct why_frame frame;
        const char *parts[4];
    } cases[] = {
        {{"tcp", "002A0000000601030060", false, false, 0, 0}, {"transaction 42", "length 6"}},
        {{"tcp", "002A00000006010300600002", false, false, 96, 2},
         {"transaction 42, protocol 0, length 6, unit 1", "read holding registers", "first 96",
          "count 2"}},
        {{"tcp", "002A00000007010304", true, false, 96, 2}, {"unit 1"}},
        {{"tcp", "002A0000000701030443CE4000", true, false, 96, 2},
         {"byte count 4", "registers from 96", "96: 43CE 4000"}},
        {{"tcp", "002A00000003018302", true, false, 96, 2},
         {"function 3 + 128 (refused)", "exception 02 (illegal data address)"}},
        {{"tcp", "002A0000000401010105", true, true, 16, 3},
         {"read coils", "bits from 16", "16: 05"}},
        {{"rtu", "010300000001840A", false, false, 0, 1}, {"unit 1", "CRC 0A84 (right)"}},
        {{"rtu", "0103020007F986", true, false, 0, 1}, {"0: 0007", "CRC 86F9 (right)"}},
        {{"rtu", "0103020007F987", true, false, 0, 1}, {"CRC 87F9 (wrong)"}},
        {{"tcp", "002A000000050103020007FFFF", true, false, 0, 1}, {"byte count 2"}},
        {{"tcp", "", true, false, 0, 1}, {"(nothing)"}},
        {{"rtu", "01", true, false, 0, 1}, {"01"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = tell(&cases[i].frame);
        for (size_t k = 0; k < 4 && cases[i].parts[k]; k++)
            if (!strstr(text, cases[i].parts[k]))
                fail_msg("row %zu lacks '%s': %s", i, cases[i].parts[k], text);
    }
}

static void whatever_came_is_told_within_bounds(void **state)
{
    (void)state;
    char hex[2 * 300 + 1];
    srand(3);
    for (int round = 0; round < 3000; round++) {
        size_t length = (size_t)rand() % 300;
        for (size_t i = 0; i < length; i++)
            snprintf(hex + 2 * i, 3, "%02X", (unsigned)rand() & 0xFF);
        hex[2 * length] = 0;
        const struct why_frame f = {.framing = rand() % 2 ? "tcp" : "rtu",
                                    .hex = hex,
                                    .answer = rand() % 2,
                                    .bits = rand() % 2,
                                    .first = (uint32_t)rand() & 0xFFFF};
        tell(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_has_its_name),
        cmocka_unit_test(whatever_came_is_told_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
