/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, and the one line in which anything is typed. */
#ifndef CLI_WATCH_LINE_H
#define CLI_WATCH_LINE_H

#include <stdbool.h>

enum watch_key {                   /* below 256: the byte itself */
    WATCH_UP = 256, WATCH_DOWN, WATCH_PAGE_UP, WATCH_PAGE_DOWN, WATCH_HOME, WATCH_END, WATCH_BACK_TAB,
    WATCH_OTHER,
    WATCH_TAB = '\t', WATCH_ENTER = '\r', WATCH_CLEAR = 21 /* ^U */, WATCH_ESCAPE = 27,
    WATCH_BACKSPACE = 127,
};

struct watch_line {
    char prompt[400];
    char text[160];
};

enum line_end { LINE_GOES_ON, LINE_ENTERED, LINE_GIVEN_UP };

void watch_line_begin(struct watch_line *l, const char *prompt, const char *text);
enum line_end watch_line_key(struct watch_line *l, int key);

#endif
