/* SPDX-License-Identifier: Apache-2.0 */
/* What people answer, word by word. */
#include <string.h>

#include "base/text.h"
#include "config/map.h"
#include "import/address.h"
#include "import/import.h"
#include "import/orders.h"
#include "import/types.h"

void import_options_init(struct import_options *o)
{
    *o = (struct import_options){.table = -1, .type = -1, .unit = -1};
}

struct word_value {
    const char *word;
    int value;
};

static bool one_of(const struct word_value *words, const char *value, int *out)
{
    for (; words->word != NULL; words++)
        if (strcmp(words->word, value) == 0) {
            *out = words->value;
            return true;
        }
    return false;
}

static const char *take_order(struct import_options *o, const char *value)
{
    static const char help[] = "an order has each letter once, like AB, CDAB or GHEFCDAB; or "
                               "explains a word of the list, like LB=CDAB or little-endian=CDAB";
    const char *equal = strchr(value, '=');
    const char *letters = equal == NULL ? value : equal + 1;
    size_t n = strlen(letters);
    if (!order_is_letters(letters, n))
        return help;
    if (equal == NULL) {
        o->order[n] = letters;
        return NULL;
    }
    static const char *const known[] = {"B", "L", "BB", "BL", "LB", "LL", "little-endian"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == (size_t)(equal - value) &&
            strncmp(known[i], value, strlen(known[i])) == 0) {
            if (o->named_count >= sizeof o->named / sizeof *o->named)
                return "too many of them";
            o->named[o->named_count][0] = known[i];
            o->named[o->named_count++][1] = letters;
            return NULL;
        }
    return help;
}

const char *import_option(struct import_options *o, const char *name, const char *value)
{
    static const struct word_value bases[] = {{"0", BASE_0},
                                              {"1", BASE_1},
                                              {"40001", BASE_40001},
                                              {"400001", BASE_400001},
                                              {"iec", BASE_IEC},
                                              {"codesys", BASE_CODESYS},
                                              {0}};
    static const struct word_value hexes[] = {{"0", BASE_0}, {"1", BASE_1}, {0}};
    static const struct word_value bits[] = {
        {"0", BITS_0}, {"1", BITS_1}, {"msb0", BITS_MSB0}, {"msb1", BITS_MSB1}, {0}};
    static const struct word_value zeros[] = {{"lost", FIRST}, {"kept", SECOND}, {0}};
    static const struct word_value tens[] = {{"1", FIRST}, {"10", SECOND}, {0}};
    static const struct word_value points[] = {{"bit", FIRST}, {"number", SECOND}, {0}};
    static const struct word_value scalings[] = {{"multiply", FIRST}, {"divide", SECOND}, {0}};
    static const struct word_value decimals[] = {{"point", FIRST}, {"comma", SECOND}, {0}};
    int x = 0;
    if (strcmp(name, "base") == 0) {
        if (strcmp(value, "enron") == 0)
            return "numbers that stand for 32 bits each can't be read as Modbus: not supported";
        if (!one_of(bases, value, &x))
            return "0, 1, 40001, 400001, iec or codesys";
        o->base = (enum base)x;
    } else if (strcmp(name, "hex-base") == 0) {
        if (!one_of(hexes, value, &x))
            return "0 or 1";
        o->hex_base = (enum base)x;
    } else if (strcmp(name, "bit-base") == 0) {
        if (!one_of(bits, value, &x))
            return "0, 1, msb0 or msb1";
        o->bits = (enum bit_base)x;
    } else if (strcmp(name, "zeros") == 0) {
        if (!one_of(zeros, value, &x))
            return "lost or kept";
        o->zeros = (enum import_answer)x;
    } else if (strcmp(name, "dot-one") == 0) {
        if (!one_of(tens, value, &x))
            return "1 or 10";
        o->dot_one = (enum import_answer)x;
    } else if (strcmp(name, "dot-zero") == 0) {
        if (!one_of(points, value, &x))
            return "bit or number";
        o->dot_zero = (enum import_answer)x;
    } else if (strcmp(name, "unit") == 0) {
        uint64_t unit;
        if (!text_to_u64(value, &unit) || unit > 255)
            return "0 to 255";
        o->unit = (int32_t)unit;
    } else if (strcmp(name, "scaling") == 0) {
        if (!one_of(scalings, value, &x))
            return "multiply or divide";
        o->scaling = (enum import_answer)x;
    } else if (strcmp(name, "decimal") == 0) {
        if (!one_of(decimals, value, &x))
            return "point or comma";
        o->decimal = (enum import_answer)x;
    } else if (strcmp(name, "order") == 0) {
        return take_order(o, value);
    } else if (strcmp(name, "table") == 0) {
        for (int t = 0; t < TABLE_COUNT; t++)
            if (strcmp(table_name((enum table)t), value) == 0)
                o->table = t;
        return o->table < 0 ? "coil, discrete, input or holding" : NULL;
    } else if (strcmp(name, "type") == 0) {
        o->type = type_by_name(value);
        return o->type < 0 || o->type == RAW_TIME || o->type == RAW_STRING
                   ? "a type of the map language, like u16, s16 or f32"
                   : NULL;
    } else if (strcmp(name, "columns") == 0) {
        o->columns = value;
    } else if (strcmp(name, "delimiter") == 0) {
        o->delimiter = strcmp(value, "tab") == 0 ? '\t' : *value;
        return *value != '\0' && (value[1] == '\0' || o->delimiter == '\t')
                   ? NULL
                   : "one character, or the word tab";
    } else {
        return "no such option";
    }
    return NULL;
}
