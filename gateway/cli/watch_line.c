/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch_line.h"

#include <stdio.h>
#include <string.h>

void watch_line_begin(struct watch_line *l, const char *prompt, const char *text)
{
    snprintf(l->prompt, sizeof l->prompt, "%s", prompt);
    snprintf(l->text, sizeof l->text, "%s", text);
}

/* A character of several bytes goes as a whole. */
static void rub_out(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && ((unsigned char)text[--length] & 0xC0) == 0x80)
        continue;
    text[length] = 0;
}

enum line_end watch_line_key(struct watch_line *l, int key)
{
    size_t length = strlen(l->text);
    switch (key) {
    case WATCH_ENTER:
        return LINE_ENTERED;
    case WATCH_ESCAPE:
        return LINE_GIVEN_UP;
    case WATCH_BACKSPACE:
        rub_out(l->text);
        break;
    case WATCH_CLEAR:
        l->text[0] = 0;
        break;
    default:
        if (key >= ' ' && key < 256 && length + 1 < sizeof l->text) {
            l->text[length] = (char)key;
            l->text[length + 1] = 0;
        }
    }
    return LINE_GOES_ON;
}
