/* SPDX-License-Identifier: Apache-2.0 */
#include "import/orders.h"

#include <ctype.h>
#include <string.h>

#include "import/headings.h"
#include "import/types.h"

void order_set(struct import_row *row, bool low_word_first, bool low_byte_first)
{
    unsigned bytes = row->type == RAW_STRING ? 2 : type_bytes(row->type);
    if (bytes == 3)
        bytes = 4;
    if (bytes < 2)
        return;
    for (unsigned i = 0; i < bytes; i++) {
        unsigned word = i / 2, byte = i % 2;
        if (low_word_first)
            word = bytes / 2 - 1 - word;
        if (low_byte_first)
            byte = 1 - byte;
        row->order[i] = (char)('A' + 2 * word + byte);
    }
    row->order[bytes] = '\0';
}

bool order_word(const char *word, bool *low_word_first, bool *low_byte_first)
{
    static const struct {
        const char *word;
        bool low_word_first, low_byte_first;
    } words[] = {
        {"AB", false, false},       {"BA", true, true},       {"ABCD", false, false},
        {"DCBA", true, true},       {"BADC", false, true},    {"CDAB", true, false},
        {"ABCDEFGH", false, false}, {"HGFEDCBA", true, true}, {"BADCFEHG", false, true},
        {"GHEFCDAB", true, false},  {"MSW-BE", false, false}, {"LSW-LE", true, true},
        {"MSW-LE", false, true},    {"LSW-BE", true, false},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0) {
            *low_word_first = words[i].low_word_first;
            *low_byte_first = words[i].low_byte_first;
            return true;
        }
    return false;
}

bool order_is_letters(const char *s, size_t n)
{
    unsigned seen = 0;
    if (n != 2 && n != 4 && n != 6 && n != 8)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < 'A' || s[i] >= 'A' + (int)n || (seen & 1U << (s[i] - 'A')) != 0)
            return false;
        seen |= 1U << (s[i] - 'A');
    }
    return true;
}

/* Words low first, bytes low first, and what both are called. */
static const struct phrase {
    const char *text, *letters;
} phrases[] = {
    {"bigendian", "ABCD"},
    {"highwordfirst", "ABCD"},
    {"hiwordfirst", "ABCD"},
    {"mswfirst", "ABCD"},
    {"mostsignificantwordfirst", "ABCD"},
    {"noswap", "ABCD"},
    {"notswapped", "ABCD"},
    {"unswapped", "ABCD"},
    {"lowwordfirst", "CDAB"},
    {"lowordfirst", "CDAB"},
    {"lswfirst", "CDAB"},
    {"leastsignificantwordfirst", "CDAB"},
    {"wordswap", "CDAB"},
    {"wordswapped", "CDAB"},
    {"wordsswapped", "CDAB"},
    {"swapwords", "CDAB"},
    {"swappedwords", "CDAB"},
    {"littleendianbyteswap", "CDAB"}, /* as Modbus Poll has it */
    {"byteswap", "BADC"},
    {"byteswapped", "BADC"},
    {"bytesswapped", "BADC"},
    {"swapbytes", "BADC"},
    {"swappedbytes", "BADC"},
    {"bigendianbyteswap", "BADC"},
    {"wordandbyteswap", "DCBA"},
    {"byteandwordswap", "DCBA"},
    {"wordandbyteswapped", "DCBA"},
    {"byteandwordswapped", "DCBA"},
};

/* Of a column that asks about swapping: none, word, byte, both; yes, where it says of what. */
static const char *swap_answer(const char *plain, bool words, bool bytes)
{
    static const struct phrase answers[] = {
        {"none", "ABCD"}, {"no", "ABCD"},    {"false", "ABCD"},    {"off", "ABCD"},
        {"n", "ABCD"},    {"0", "ABCD"},     {"word", "CDAB"},     {"words", "CDAB"},
        {"byte", "BADC"}, {"bytes", "BADC"}, {"wordbyte", "DCBA"}, {"byteword", "DCBA"},
    };
    static const char *const yes[] = {"yes", "true", "on", "y", "1", "x", "swapped"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strcmp(plain, answers[i].text) == 0)
            return answers[i].letters;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (strcmp(plain, yes[i]) == 0 && words != bytes)
            return words ? "CDAB" : "BADC";
    return NULL;
}

bool order_phrase(struct import_row *row, const char *text, const char *heading)
{
    char plain[HEADING_ROOM], above[HEADING_ROOM], letters[HEADING_ROOM];
    const char *found = NULL;
    heading_plain(text, plain);
    heading_plain(heading, above);
    size_t n = strlen(plain);
    bool words = strstr(above, "word") != NULL, bytes = strstr(above, "byte") != NULL;
    if (n == 0 || strcmp(plain, "na") == 0)
        return true;
    for (size_t i = 0; i <= n; i++)
        letters[i] = (char)toupper((unsigned char)plain[i]);
    if (order_is_letters(letters, n)) {
        memcpy(row->said, letters, n + 1);
        return true;
    }
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases && found == NULL; i++)
        if (strcmp(plain, phrases[i].text) == 0)
            found = phrases[i].letters;
    if (found == NULL && strstr(above, "swap") != NULL)
        found = swap_answer(plain, words, bytes);
    if (found == NULL && strcmp(plain, "littleendian") == 0) {
        /* Said of words it is clear; else some mean CDAB by it, and others DCBA. */
        if (!words || bytes) {
            row->order_name = "little-endian";
            return true;
        }
        found = "CDAB";
    }
    if (found == NULL)
        return false;
    memcpy(row->said, found, strlen(found) + 1);
    row->said_any = true;
    return true;
}

const char *order_settle(struct import_list *l, struct import_row *row)
{
    bool text = row->type == RAW_STRING, low_word, low_byte;
    unsigned bytes = text ? 2 : type_bytes(row->type), room = bytes == 3 ? 4 : bytes;
    size_t n = strlen(row->said);
    if (n == 0 || row->type == RAW_BOOL)
        return NULL;
    if (n == room) {
        memcpy(row->order, row->said, n + 1);
        return NULL;
    }
    if (!order_word(row->said, &low_word, &low_byte) || (!row->said_any && n < room))
        return import_printf(l, "the order `%s` is one of %u bytes, and this type has %u",
                             row->said, (unsigned)n, bytes);
    if (text && low_word)
        return "texts have no low word: their order is AB or BA";
    if (room < 2 && low_byte)
        return "an order that swaps bytes, and a type of one byte: say which register half it is";
    order_set(row, low_word, low_byte);
    return NULL;
}
