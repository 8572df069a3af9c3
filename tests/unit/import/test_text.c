/* SPDX-License-Identifier: Apache-2.0 */
/* Letters, cells and TOML: what comes before anybody thinks of registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/map_lint.h"
#include "import/cells.h"
#include "import/text_in.h"
#include "import/tidy.h"
#include "import/toml.h"

static struct import_options options;

static struct import_list list_new(void)
{
    struct import_list l = {.file = "list", .options = &options};
    options = (struct import_options){.table = -1, .type = -1};
    l.arena = arena_new(0);
    assert_non_null(l.arena);
    return l;
}

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct {
    const char *title;
    const uint8_t *bytes;
    size_t length;
    const char *text; /* NULL: refused */
} letters[] = {
    {"UTF-8 is left alone", BYTES("m\302\263"), "m\302\263"},
    {"a mark is taken away", BYTES("\357\273\277a"), "a"},
    {"UTF-16 LE", BYTES("\377\376a\0\263\0\n\0"), "a\302\263\n"},
    {"UTF-16 BE", BYTES("\376\377\0a\0\263"), "a\302\263"},
    {"UTF-16 LE without a mark", BYTES("N\0a\0m\0e\0,\0A\0"), "Name,A"},
    {"two halves are one letter", BYTES("\377\376=\330\0\336"), "\360\237\230\200"},
    {"half a letter is none", BYTES("\377\376=\330a\0"), "\357\277\275a"},
    {"Windows-1252", BYTES("20\260C \200"), "20\302\260C \342\202\254"},
    {"three sorts of line ends", BYTES("a\r\nb\rc\n"), "a\nb\nc\n"},
    {"zeros are no text", BYTES("a\0b"), NULL},
    {"nothing is no text", BYTES(""), NULL},
};

static void letters_become_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        struct import_list l = list_new();
        size_t length = 0;
        char *text = import_text(&l, letters[i].bytes, letters[i].length, &length);
        print_message("%s\n", letters[i].title);
        if (letters[i].text == NULL) {
            assert_null(text);
            assert_non_null(l.refused);
        } else {
            assert_string_equal(text, letters[i].text);
            assert_int_equal(length, strlen(letters[i].text));
        }
        arena_free(l.arena);
    }
}

static const struct {
    const char *text;
    const char *cells; /* of all rows, as line:cell|cell; */
} sheets[] = {
    {"a,b\n1,2\n", "1:a|b;2:1|2;"},
    {"a;b\n1,5;2\n", "1:a|b;2:1,5|2;"},
    {"a\tb\n1\t2\n", "1:a|b;2:1|2;"},
    {"\"a\"\"b\" , c \n", "1:a\"b|c;"},
    {"\"two\nlines\",x\n\n\nlast,y", "1:two lines|x;5:last|y;"},
    {"sep=|\na|b,c\n", "2:a|b,c;"},
    {",,\na,b,c\n", "2:a|b|c;"},
};

static void cells_know_their_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++) {
        struct import_list l = list_new();
        struct cells *c = calloc(1, sizeof *c);
        char *text = strdup(sheets[i].text), out[200] = "";
        size_t n = 0;
        cells_init(c, &l, text, strlen(text), 0);
        while (cells_next(c)) {
            n += (size_t)snprintf(out + n, sizeof out - n, "%u:", c->row_line);
            for (unsigned k = 0; k < c->count; k++)
                n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", c->cell[k],
                                      k + 1 < c->count ? "|" : ";");
        }
        assert_string_equal(out, sheets[i].cells);
        free(text);
        free(c);
        arena_free(l.arena);
    }
}

static const struct {
    const char *text, *path, *value; /* value NULL: refused in the line that path says */
} tomls[] = {
    {"a = 1", "a", "1"},
    {"a.b.c = \"x\\u00B0\\n\"", "a.b.c", "x\302\260\n"},
    {"\"a b\" = 'c:\\d'", "a b", "c:\\d"},
    {"[t.u]\na = +1_000", "t.u.a", "1000"},
    {"[t]\nx=1\n[t.u]\na = 0x1F", "t.u.a", "0x1F"},
    {"a = \"\"\"\none\\\n   two\"\"\"", "a", "onetwo"},
    {"a = '''\none\n'two'''", "a", "one\n'two"},
    {"a = [ # why\n 1,\n 2, # not\n]\nb = -0.5e3", "b", "-0.5e3"},
    {"a = {b = [1, {c = true}], d = 1979-05-27T07:32:00Z}", "a.d", "1979-05-27T07:32:00Z"},
    {"[[x]]\na = 1\n[[x]]\na = 2\n[x.y]\nb = 3", "x", "2"},
    {"a = 1\na = 2", "2", NULL},
    {"a = 1 b = 2", "1", NULL},
    {"\n[t]\n\n[t]", "4", NULL},
    {"a = \"never", "1", NULL},
    {"a = [1, 2", "1", NULL},
    {"a = {b = 1", "1", NULL},
    {"a = {b = 1,}", "1", NULL},
    {"a = hello", "1", NULL},
    {"a = 01", "1", NULL},
    {"= 1", "1", NULL},
    {"a", "1", NULL},
    {"[a\nb = 1", "1", NULL},
    {"a = 1\n[a]", "2", NULL},
    {"a = \"\\q\"", "1", NULL},
    {"a = 1__0", "1", NULL},
};

static const struct toml *follow(const struct toml *t, const char *path)
{
    while (t != NULL && *path != '\0') {
        char key[40];
        size_t n = strcspn(path, ".");
        memcpy(key, path, n);
        key[n] = '\0';
        path += n + (path[n] == '.');
        t = toml_get(t, key);
        if (t != NULL && t->kind == TOML_ARRAY && t->last != NULL && t->last->kind == TOML_TABLE)
            t = toml_get(t->last, "a");
    }
    return t;
}

static void toml_is_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tomls / sizeof *tomls; i++) {
        struct import_list l = list_new();
        char *text = strdup(tomls[i].text);
        const struct toml *root = toml_read(&l, text, strlen(text));
        print_message("%s\n", tomls[i].text);
        if (tomls[i].value == NULL) {
            assert_null(root);
            assert_non_null(l.refused);
            assert_int_equal(l.refused_line, strtoul(tomls[i].path, NULL, 10));
        } else {
            const struct toml *found = follow(root, tomls[i].path);
            assert_non_null(found);
            assert_string_equal(found->text, tomls[i].value);
        }
        free(text);
        arena_free(l.arena);
    }
}

static const struct {
    const char *name, *tidy;
} names[] = {
    {"P101.Speed", "P101.Speed"},
    {"Pump 101 / speed", "Pump_101_speed"},
    {"D\303\251bit m\302\263", "Debit_m3"},
    {"\303\234berlauf", "Ueberlauf"},
    {"...", ""},
    {"\346\260\264", ""},
    {"_a_", "a"},
    {"a.b.", "a.b"},
};

static const struct {
    const char *theirs, *ours; /* NULL: unknown */
} units[] = {
    {"m\302\263/h", "m3/h"},
    {"[m^3 / h]", "m3/h"},
    {"degC", "Cel"},
    {"\302\260C", "Cel"},
    {"RPM", "rpm"},
    {"kW h", "kWh"},
    {"MW", "MW"},
    {"mW", "mW"},
    {"mA", "mA"},
    {"MA", NULL},
    {"-", ""},
    {"l/s", "L/s"},
    {"\342\204\203", "Cel"},
    {"furlong", NULL},
    {"%", "%"},
    {"C", NULL},
    {"Mg", "t"},
    {"psi", "[psi]"},
    {"[psi]", "[psi]"},
    {"GPM", "[gal_us]/min"},
    {"CFM", "[cft_i]/min"},
    {"ft3", "[cft_i]"},
    {"[cft_i]", "[cft_i]"},
    {"ft", "[ft_i]"},
    {"in", "[in_i]"},
    {"pH", "[pH]"},
    {"N.m", "Nm"},
    {"kNm", "kNm"},
    {"mH2O", "m[H2O]"},
    {"m[H2O]", "m[H2O]"},
    {"hl", "hL"},
    {"MGD", "MGD"},
    {"mPa", "mPa"},
    {"MV", "MV"},
    {"t/d", "t/d"},
    {"tph", "t/h"},
    {"mVA", NULL},
};

static void names_and_units_are_ours(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char out[65];
        tidy_name(names[i].name, out);
        assert_string_equal(out, names[i].tidy);
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const char *ours = tidy_unit(units[i].theirs);
        if (units[i].ours == NULL)
            assert_null(ours);
        else
            assert_string_equal(ours, units[i].ours);
        if (ours != NULL && *ours != '\0') /* check would have it spelt otherwise */
            assert_true(unit_is_listed(ours));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_become_utf8),
        cmocka_unit_test(cells_know_their_line),
        cmocka_unit_test(toml_is_read_strictly),
        cmocka_unit_test(names_and_units_are_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
