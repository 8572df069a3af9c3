/* SPDX-License-Identifier: Apache-2.0 */
#include "import/headings.h"

#include <ctype.h>
#include <string.h>

void heading_plain(const char *text, char out[HEADING_ROOM])
{
    size_t n = 0;
    for (const char *c = text; *c != '\0' && n + 1 < HEADING_ROOM; c++)
        if (isalnum((unsigned char)*c) || *c == '#')
            out[n++] = (char)tolower((unsigned char)*c);
    out[n] = '\0';
}

bool heading_has(const char *text, const char *const *words)
{
    for (const char *c = text; *c != '\0';) {
        char word[HEADING_ROOM];
        size_t n = 0;
        bool small = false;
        for (; isalnum((unsigned char)*c) && !(small && isupper((unsigned char)*c)); c++) {
            small = islower((unsigned char)*c);
            if (n + 1 < sizeof word)
                word[n++] = (char)tolower((unsigned char)*c);
        }
        word[n] = '\0';
        for (size_t i = 0; words[i] != NULL; i++)
            if (strcmp(words[i], word) == 0)
                return true;
        c += n == 0;
    }
    return false;
}

int heading_find(const struct cells *c, const char *name)
{
    char wanted[HEADING_ROOM], here[HEADING_ROOM];
    heading_plain(name, wanted);
    for (unsigned i = 0; i < c->count; i++) {
        heading_plain(c->cell[i], here);
        if (strcmp(here, wanted) == 0)
            return (int)i;
    }
    return -1;
}
