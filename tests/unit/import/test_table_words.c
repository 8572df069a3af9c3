/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables a cell names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import/address.h"

enum { C = 1 << TABLE_COIL, D = 1 << TABLE_DISCRETE, I = 1 << TABLE_INPUT, H = 1 << TABLE_HOLDING };

static const struct {
    const char *text;
    unsigned tables;
    enum digits digits;
    bool open;
} cases[] = {
    {"Holding Register", H, DIGITS_UNSAID, false},
    {"HOLDING_REGISTERS", H, DIGITS_UNSAID, false},
    {"HoldingRegister", H, DIGITS_UNSAID, false},
    {"holding", H, DIGITS_UNSAID, false},
    {"Input Register", I, DIGITS_UNSAID, false},
    {"inputregisters", I, DIGITS_UNSAID, false},
    {"Analog Input", I, DIGITS_UNSAID, false},
    {"Analogue Output", H, DIGITS_UNSAID, false},
    {"Output Register", H, DIGITS_UNSAID, false},
    {"Coils", C, DIGITS_UNSAID, false},
    {"Coil status", C, DIGITS_UNSAID, false},
    {"Coil register", C, DIGITS_UNSAID, false},
    {"Discrete Output Coils", C, DIGITS_UNSAID, false},
    {"Digital Output", C, DIGITS_UNSAID, false},
    {"DO", C, DIGITS_UNSAID, false},
    {"Discrete Input Contacts", D, DIGITS_UNSAID, false},
    {"DISCRETES_INPUT", D, DIGITS_UNSAID, false},
    {"Discrete", D, DIGITS_UNSAID, false},
    {"Digital input", D, DIGITS_UNSAID, false},
    {"Input Contact", D, DIGITS_UNSAID, false},
    {"Input coil", D, DIGITS_UNSAID, false},
    {"Input status", D, DIGITS_UNSAID, false},
    {"DI", D, DIGITS_UNSAID, false},
    {"HR", H, DIGITS_UNSAID, false},
    {"IR", I, DIGITS_UNSAID, false},
    {"Inputs", D | I, DIGITS_UNSAID, false},
    {"Outputs", C | H, DIGITS_UNSAID, false},
    {"Register", I | H, DIGITS_UNSAID, false},
    {"Internal", I | H, DIGITS_UNSAID, false},
    {"Bits", C | D, DIGITS_UNSAID, false},
    {"Input/holding", I | H, DIGITS_UNSAID, false},
    {"RO", 0, DIGITS_UNSAID, false},
    {"Process data", 0, DIGITS_UNSAID, false},
    {"function", 0, DIGITS_UNSAID, false},
    {"4x", H, DIGITS_UNSAID, false},
    {"3xxxx", I, DIGITS_UNSAID, false},
    {"1x", D, DIGITS_FUNCTIONS, false},
    {"0x", C, DIGITS_UNSAID, false},
    {"0x02", D, DIGITS_UNSAID, false},
    {"0x03", H, DIGITS_AREAS, false},
    {"02h", D, DIGITS_UNSAID, false},
    {"03", H, DIGITS_UNSAID, false},
    {"03 (0x03)", H, DIGITS_UNSAID, false},
    {"FC04", I, DIGITS_UNSAID, false},
    {"fc 1", C, DIGITS_UNSAID, false},
    {"Function code 2", D, DIGITS_UNSAID, false},
    {"Read Holding Registers (3)", H, DIGITS_UNSAID, false},
    {"Input registers (3)", I, DIGITS_UNSAID, false},
    {"Coils (4)", 0, DIGITS_UNSAID, false},
    {"3/16", H, DIGITS_UNSAID, false},
    {"1, 5, 15", C, DIGITS_UNSAID, false},
    {"3/5", 0, DIGITS_FUNCTIONS, false},
    {"3, 4", I | H, DIGITS_UNSAID, false},
    {"6", H, DIGITS_UNSAID, false},
    {"2", D, DIGITS_UNSAID, false},
    {"0", C, DIGITS_UNSAID, false},
    {"0", 0, DIGITS_FUNCTIONS, false},
    {"7", 0, DIGITS_UNSAID, false},
    {"Holding (40001-49999)", H, DIGITS_UNSAID, false},
    {"3", H | I, DIGITS_UNSAID, true},
    {"4", I | H, DIGITS_UNSAID, true},
    {"1", C | D, DIGITS_UNSAID, true},
    {"3", H, DIGITS_FUNCTIONS, false},
    {"4", I, DIGITS_FUNCTIONS, false},
    {"3", I, DIGITS_AREAS, false},
    {"04", H, DIGITS_AREAS, false},
    {"1", D, DIGITS_AREAS, false},
    {"2", 0, DIGITS_AREAS, false},
};

static void words_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool open;
        unsigned tables = table_words(cases[i].text, cases[i].digits, &open);
        if (tables != cases[i].tables || open != cases[i].open)
            fail_msg("%s (%d): tables %u, %s", cases[i].text, (int)cases[i].digits, tables,
                     open ? "open" : "not open");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_are_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
