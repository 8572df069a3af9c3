/* SPDX-License-Identifier: Apache-2.0 */
#include "import/orders.h"

#include <string.h>

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
