/* SPDX-License-Identifier: Apache-2.0 */
/* What keys do to the view. */
#include <string.h>

#include "cli/watch_rows.h"

size_t watch_key_parse(const char *bytes, size_t length, int *key)
{
    static const struct {
        const char *bytes;
        int key;
    } sequences[] = {
        {"[A", WATCH_UP},       {"OA", WATCH_UP},         {"[B", WATCH_DOWN}, {"OB", WATCH_DOWN},
        {"[5~", WATCH_PAGE_UP}, {"[6~", WATCH_PAGE_DOWN}, {"[H", WATCH_HOME}, {"OH", WATCH_HOME},
        {"[1~", WATCH_HOME},    {"[F", WATCH_END},        {"OF", WATCH_END},  {"[4~", WATCH_END},
    };
    *key = (unsigned char)bytes[0];
    if (*key == '\n')
        *key = WATCH_ENTER;
    if (*key == 8)
        *key = WATCH_BACKSPACE;
    if (*key != WATCH_ESCAPE || length < 2 || (bytes[1] != '[' && bytes[1] != 'O'))
        return 1;
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
        size_t n = strlen(sequences[i].bytes);
        if (length > n && memcmp(bytes + 1, sequences[i].bytes, n) == 0) {
            *key = sequences[i].key;
            return n + 1;
        }
    }
    /* An unknown sequence ends with a letter or '~'; none of it is meant as keys. */
    size_t n = 2;
    while (n < length && (bytes[n] < '@' || bytes[n] > '~'))
        n++;
    *key = WATCH_OTHER;
    return n < length ? n + 1 : n;
}

static void edit(struct watch_view *v, int key)
{
    size_t length = strlen(v->filter);
    switch (key) {
    case WATCH_ENTER:
        v->editing = false;
        break;
    case WATCH_ESCAPE:
        memcpy(v->filter, v->before, sizeof v->filter);
        v->editing = false;
        break;
    case WATCH_BACKSPACE:
        if (length > 0)
            v->filter[length - 1] = 0;
        break;
    default:
        if (key > ' ' && key < WATCH_BACKSPACE && length + 1 < sizeof v->filter) {
            v->filter[length] = (char)key;
            v->filter[length + 1] = 0;
        }
    }
    v->selected[v->page] = v->top[v->page] = 0;
}

/* The rows that are seen are counted anew at each draw, which also keeps `selected` within them. */
static void move(struct watch_view *v, int64_t by)
{
    int64_t to = (int64_t)v->selected[v->page] + by;
    v->selected[v->page] = to < 0 ? 0 : to > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)to;
}

static void enter_device(struct watch_view *v, const struct watch *w)
{
    uint32_t nth = v->selected[WATCH_DEVICES];
    for (uint32_t i = 0; i < w->devices.count; i++) {
        const struct watch_item *item = w->devices.items[i];
        size_t length = strlen(item->path);
        if (!watch_shown(v, item) || nth-- > 0)
            continue;
        if (length + 2 > sizeof v->focus)
            return;
        memcpy(v->focus, item->path, length);
        memcpy(v->focus + length, "/", 2);
        v->page = WATCH_VALUES;
        v->filter[0] = 0;
        v->selected[WATCH_VALUES] = v->top[WATCH_VALUES] = 0;
        return;
    }
}

void watch_key(struct watch_view *v, const struct watch *w, int key)
{
    int64_t page = v->rows > 8 ? v->rows - 6 : 2;
    if (v->editing) {
        edit(v, key);
        return;
    }
    switch (key) {
    case 'q':
    case 'Q':
        v->quit = true;
        break;
    case '/':
        memcpy(v->before, v->filter, sizeof v->before);
        v->editing = true;
        break;
    case WATCH_TAB:
        v->page = v->page == WATCH_DEVICES ? WATCH_VALUES : WATCH_DEVICES;
        v->focus[0] = 0;
        break;
    case WATCH_ENTER:
        if (v->page == WATCH_DEVICES)
            enter_device(v, w);
        break;
    case WATCH_ESCAPE:
    case WATCH_BACKSPACE:
        if (v->focus[0] != 0)
            v->page = WATCH_DEVICES;
        v->focus[0] = v->filter[0] = 0;
        break;
    case WATCH_UP:
    case 'k':
        move(v, -1);
        break;
    case WATCH_DOWN:
    case 'j':
        move(v, 1);
        break;
    case WATCH_PAGE_UP:
        move(v, -page);
        break;
    case WATCH_PAGE_DOWN:
    case ' ':
        move(v, page);
        break;
    case WATCH_HOME:
    case 'g':
        move(v, -(int64_t)UINT32_MAX);
        break;
    case WATCH_END:
    case 'G':
        move(v, UINT32_MAX);
        break;
    default:
        break;
    }
}
