/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the four tables a cell names: by whole words, because `Discrete Output Coils` begins
 * like `Discrete inputs`; and by numbers, which are functions to some and areas to others. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "import/address.h"

enum { ROOM = 128, FUNCTION_MOST = 127 };
enum {
    COIL = 1U << TABLE_COIL,
    DISCRETE = 1U << TABLE_DISCRETE,
    INPUT = 1U << TABLE_INPUT,
    HOLDING = 1U << TABLE_HOLDING,
    BITS = COIL | DISCRETE,
    WORDS = INPUT | HOLDING,
    ANY = BITS | WORDS
};

/* What a word adds. */
enum {
    W_COIL = 1,
    W_DISCRETE = 2,
    W_BIT = 4,
    W_IN = 8,
    W_OUT = 16,
    W_HOLDING = 32,
    W_WORD = 64,
    W_FUNCTION = 128
};

static const struct {
    const char *word;
    unsigned adds;
} words[] = {
    {"coils", W_COIL},        {"coil", W_COIL},       {"discretes", W_DISCRETE},
    {"discrete", W_DISCRETE}, {"digital", W_BIT},     {"binary", W_BIT},
    {"bits", W_BIT},          {"bit", W_BIT},         {"contacts", W_BIT},
    {"contact", W_BIT},       {"status", W_BIT},      {"inputs", W_IN},
    {"input", W_IN},          {"outputs", W_OUT},     {"output", W_OUT},
    {"holdings", W_HOLDING},  {"holding", W_HOLDING}, {"registers", W_WORD},
    {"register", W_WORD},     {"regs", W_WORD},       {"reg", W_WORD},
    {"words", W_WORD},        {"word", W_WORD},       {"analogue", W_WORD},
    {"analog", W_WORD},       {"internal", W_WORD},   {"hr", W_HOLDING},
    {"ir", W_IN | W_WORD},    {"di", W_IN | W_BIT},   {"do", W_OUT | W_BIT},
    {"ai", W_IN | W_WORD},    {"ao", W_OUT | W_WORD}, {"functioncode", W_FUNCTION},
    {"function", W_FUNCTION}, {"func", W_FUNCTION},   {"fc", W_FUNCTION},
    {"code", W_FUNCTION},
};

struct cell {
    enum digits digits;
    unsigned words; /* W_x of all of them */
    unsigned functions, writes, areas; /* tables, by each reading of the numbers */
    bool no_function, no_area; /* some number can't be read so */
    bool numbers, bare; /* bare: it may be read both ways */
};

static void take_function(struct cell *c, unsigned long number)
{
    static const uint8_t reads[5] = {0, COIL, DISCRETE, HOLDING, INPUT};
    bool coils = number == 5 || number == 15;
    bool holdings = number == 6 || number == 16 || number == 22 || number == 23;
    if (number >= 1 && number <= 4)
        c->functions |= reads[number];
    else if (coils || holdings)
        c->writes |= coils ? COIL : HOLDING;
    else
        c->no_function = true;
}

static void take_area(struct cell *c, unsigned long number)
{
    static const uint8_t areas[5] = {COIL, DISCRETE, 0, INPUT, HOLDING};
    if (number < 5 && areas[number] != 0)
        c->areas |= areas[number];
    else
        c->no_area = true;
}

/* 3  03  4x  4xxxx  0x03  03h: digits first; false: something else. */
static bool take_number(struct cell *c, const char *s)
{
    size_t n = strlen(s), digits = strspn(s, "0123456789");
    bool zero_x = strncmp(s, "0x", 2) == 0 && s[2] != '\0' && s[2] != 'x';
    bool hex = zero_x || (n > 1 && s[n - 1] == 'h');
    if (digits == 0 || n > 8)
        return false;
    char *end;
    unsigned long number = strtoul(s + (zero_x ? 2 : 0), &end, hex ? 16 : 10);
    if (digits == n && number > FUNCTION_MOST)
        return true; /* an address beside the words: Holding (40001 ...) */
    if (digits == 1 && n > 1 && strspn(s + 1, "x") == n - 1) {
        c->no_function = true;
        take_area(c, number);
    } else if (hex) {
        if (*end != '\0' && !(*end == 'h' && end[1] == '\0'))
            return false;
        c->no_area = true;
        take_function(c, number);
    } else if (digits == n) {
        /* Nobody writes area 03. */
        c->no_area |= n > 1 && *s == '0' && c->digits != DIGITS_AREAS;
        c->bare = true;
        take_function(c, number);
        take_area(c, number);
    } else {
        return false;
    }
    c->numbers = true;
    return true;
}

/* Words that were written together, too: FC03, HoldingRegister. */
static void take_run(struct cell *c, const char *s)
{
    unsigned adds = 0;
    while (*s != '\0' && !isdigit((unsigned char)*s)) {
        size_t i = 0, count = sizeof words / sizeof *words;
        while (i < count && strncmp(words[i].word, s, strlen(words[i].word)) != 0)
            i++;
        if (i == count)
            return;
        adds |= words[i].adds;
        s += strlen(words[i].word);
    }
    if (*s == '\0' || take_number(c, s))
        c->words |= adds;
}

static unsigned by_direction(unsigned of, unsigned in, unsigned out)
{
    bool is_in = (of & W_IN) != 0, is_out = (of & W_OUT) != 0;
    return is_in == is_out ? in | out : is_in ? in : out;
}

static unsigned by_words(unsigned w)
{
    if (w & W_HOLDING)
        return w & W_IN ? INPUT | HOLDING : w & (W_COIL | W_DISCRETE) ? 0 : HOLDING;
    if (w & W_COIL)
        return w & W_IN ? (w & W_OUT ? BITS : DISCRETE) : COIL;
    if (w & W_WORD && w & (W_BIT | W_DISCRETE))
        return by_direction(w, DISCRETE | INPUT, COIL | HOLDING);
    if (w & W_DISCRETE && !(w & (W_IN | W_OUT)))
        return DISCRETE;
    if (w & (W_BIT | W_DISCRETE))
        return by_direction(w, DISCRETE, COIL);
    if (w & W_WORD)
        return by_direction(w, INPUT, HOLDING);
    return by_direction(w, DISCRETE | INPUT, COIL | HOLDING);
}

unsigned table_words(const char *text, enum digits digits, bool *open)
{
    struct cell c = {.digits = digits};
    char run[ROOM];
    *open = false;
    for (const char *s = text; *s != '\0';) {
        size_t n = 0;
        for (; isalnum((unsigned char)*s); s++)
            if (n + 1 < sizeof run)
                run[n++] = (char)tolower((unsigned char)*s);
        run[n] = '\0';
        if (n > 0)
            take_run(&c, run);
        s += n == 0;
    }
    unsigned named = by_words(c.words);
    if (!c.numbers)
        return (c.words & ~(unsigned)W_FUNCTION) == 0 ? 0 : named;
    unsigned function = c.functions == 0 ? c.writes : c.functions, area = c.areas;
    if (c.no_function || (c.writes & ~function) != 0 || (c.bare && digits == DIGITS_AREAS))
        function = 0;
    if (c.no_area || (c.bare && (digits == DIGITS_FUNCTIONS || c.words & W_FUNCTION)))
        area = 0;
    function &= named;
    area &= named;
    *open = function != 0 && area != 0 && function != area;
    return *open ? function | area : function != 0 ? function : area;
}
