/* SPDX-License-Identifier: Apache-2.0 */
/* What keys do to the view. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/watch_told.h"

size_t watch_key_parse(const char *bytes, size_t length, int *key)
{
    static const struct {
        const char *bytes;
        int key;
    } sequences[] = {
        {"[A", WATCH_UP},       {"OA", WATCH_UP},         {"[B", WATCH_DOWN}, {"OB", WATCH_DOWN},
        {"[5~", WATCH_PAGE_UP}, {"[6~", WATCH_PAGE_DOWN}, {"[H", WATCH_HOME}, {"OH", WATCH_HOME},
        {"[1~", WATCH_HOME},    {"[F", WATCH_END},        {"OF", WATCH_END},  {"[4~", WATCH_END},
        {"[Z", WATCH_BACK_TAB},
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

/* ---- what is chosen -------------------------------------------------------------------------- */

/* Rows come and go between a screen and a key: the choice is the thing that was seen there. */
static uint32_t place_of(const struct watch_view *v, const struct watch_item **rows, uint32_t count)
{
    uint32_t at = v->selected[v->page];
    for (uint32_t i = 0; i < count && v->chosen[v->page] != NULL; i++) {
        if (rows[i] == v->chosen[v->page])
            return i;
    }
    return at < count ? at : count > 0 ? count - 1 : 0;
}

uint32_t watch_choose(struct watch_view *v, const struct watch_item **rows, uint32_t count,
                      int64_t by)
{
    int64_t to = (int64_t)place_of(v, rows, count) + by;
    to = to >= (int64_t)count ? (int64_t)count - 1 : to;
    to = to < 0 ? 0 : to;
    v->selected[v->page] = (uint32_t)to;
    if (v->chosen[v->page] != (count > 0 ? rows[to] : NULL))
        v->seen = false;
    v->chosen[v->page] = count > 0 ? rows[to] : NULL;
    return (uint32_t)to;
}

static void move(struct watch_view *v, const struct watch *w, int64_t by)
{
    if (v->page == WATCH_INCIDENTS) { /* one at a time: its text moves */
        int64_t to = (int64_t)v->top[v->page] + by;
        v->top[v->page] = to < 0 ? 0 : to > DOC_LINES ? DOC_LINES : (uint32_t)to;
        return;
    }
    uint32_t count;
    const struct watch_item **rows = watch_pick(w, v, &count);
    if (rows != NULL)
        watch_choose(v, rows, count, by);
    free(rows);
}

static void other_incident(struct watch_view *v, const struct watch *w, int64_t by)
{
    uint32_t count;
    const struct watch_item **rows = watch_pick(w, v, &count);
    if (rows != NULL)
        watch_choose(v, rows, count, by);
    v->top[v->page] = 0;
    free(rows);
}

static void forget_choice(struct watch_view *v)
{
    v->selected[v->page] = v->top[v->page] = 0;
    v->chosen[v->page] = NULL;
    v->seen = false;
}

/* ---- wishes ---------------------------------------------------------------------------------- */

static const char *refused_without(const struct watch_view *v)
{
    return v->page == WATCH_ALARMS ? "no alarm is chosen" : "no incident is open";
}

static void copy(char *to, size_t room, const char *from)
{
    snprintf(to, room, "%s", from != NULL ? from : "");
}

/* What the person points at. The number is that of the alarm as it was drawn: the gateway refuses
 * what was annunciated again since. */
static bool wish_begin(struct watch_view *v, const struct watch *w, enum watch_ask ask)
{
    const struct watch_item *item = v->chosen[v->page];
    const struct watch_told *told = (const struct watch_told *)item;
    v->wish = (struct watch_wish){.ask = ask};
    if (item == NULL || item->gone) {
        watch_talk_say(&v->talk, true, "%s", refused_without(v));
        return false;
    }
    copy(v->wish.gateway, sizeof v->wish.gateway, watch_gateway_of(w, v->page, item));
    copy(v->wish.subject, sizeof v->wish.subject, item->path);
    v->wish.has_seq = v->page == WATCH_ALARMS;
    v->wish.seq = v->seen ? v->seen_seq : (uint64_t)said_whole(told->said, "seq");
    return true;
}

static void want(struct watch_view *v, const struct watch *w, enum watch_ask ask)
{
    char words[400], prompt[600];
    if (!wish_begin(v, w, ask))
        return;
    if (watch_wish_question(ask) == NULL) {
        v->wished = true;
        return;
    }
    watch_wish_words(&v->wish, words, sizeof words);
    snprintf(prompt, sizeof prompt, "%s, %s: ", words, watch_wish_question(ask));
    watch_line_begin(&v->line, prompt, "");
    v->asks = ask;
}

/* Offers what evidence proposes; Enter takes the first. */
static void want_milestone(struct watch_view *v, const struct watch *w)
{
    char all[300], first[64], prompt[400];
    if (!wish_begin(v, w, ASK_CONFIRM))
        return;
    watch_incident_proposed((const struct watch_told *)v->chosen[v->page], all, sizeof all, first,
                            sizeof first);
    if (first[0] == 0) {
        watch_talk_say(&v->talk, true, "no milestone of %s waits for confirmation",
                       v->wish.subject);
        return;
    }
    snprintf(prompt, sizeof prompt, "confirm (%s): ", all);
    watch_line_begin(&v->line, prompt, first);
    v->asks = ASK_CONFIRM;
}

/* true: the key was one of the page's own. */
static bool page_key(struct watch_view *v, const struct watch *w, int key)
{
    static const struct {
        int key;
        enum watch_ask ask;
    } alarm_keys[] = {{'a', ASK_ACK},      {'r', ASK_RESET}, {'s', ASK_SHELVE},
                      {'u', ASK_UNSHELVE}, {'o', ASK_OOS},   {'i', ASK_IN_SERVICE}};
    for (size_t i = 0; v->page == WATCH_ALARMS && i < sizeof alarm_keys / sizeof *alarm_keys; i++) {
        if (alarm_keys[i].key == key) {
            want(v, w, alarm_keys[i].ask);
            return true;
        }
    }
    if (v->page == WATCH_ALARMS && key == 'n')
        v->all = !v->all;
    else if (v->page == WATCH_INCIDENTS && key == 'c')
        want_milestone(v, w);
    else if (v->page == WATCH_INCIDENTS && key == 'b')
        want(v, w, ASK_BULLETIN);
    else if (v->page == WATCH_INCIDENTS && (key == ']' || key == '['))
        other_incident(v, w, key == ']' ? 1 : -1);
    else
        return false;
    return true;
}

static void type(struct watch_view *v, int key)
{
    enum line_end end = watch_line_key(&v->line, key);
    if (v->asks == ASK_FILTER) {
        snprintf(v->filter, sizeof v->filter, "%.*s", (int)sizeof v->filter - 1,
                 end == LINE_GIVEN_UP ? v->before : v->line.text);
        forget_choice(v);
    } else if (end == LINE_ENTERED) {
        const char *missing = watch_wish_take(&v->wish, v->line.text);
        if (missing != NULL) {
            watch_talk_say(&v->talk, true, "%s", missing);
            return;
        }
        v->wished = true;
    }
    if (end != LINE_GOES_ON)
        v->asks = ASK_NOTHING;
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void turn(struct watch_view *v, int to)
{
    v->page = (enum watch_page)((to + WATCH_PAGES) % WATCH_PAGES);
    v->focus[0] = 0;
    v->seen = false;
}

static void enter_device(struct watch_view *v, const struct watch *w)
{
    uint32_t count;
    const struct watch_item **rows = watch_pick(w, v, &count);
    const struct watch_item *item =
        rows != NULL && count > 0 ? rows[watch_choose(v, rows, count, 0)] : NULL;
    if (item != NULL && strlen(item->path) + 2 <= sizeof v->focus) {
        snprintf(v->focus, sizeof v->focus, "%s/", item->path);
        v->page = WATCH_VALUES;
        v->filter[0] = 0;
        forget_choice(v);
    }
    free(rows);
}

static void scroll(struct watch_view *v, const struct watch *w, int key)
{
    int64_t page = v->rows > 8 ? v->rows - 6 : 2;
    switch (key) {
    case WATCH_UP:
    case 'k':
        move(v, w, -1);
        break;
    case WATCH_DOWN:
    case 'j':
        move(v, w, 1);
        break;
    case WATCH_PAGE_UP:
        move(v, w, -page);
        break;
    case WATCH_PAGE_DOWN:
    case ' ':
        move(v, w, page);
        break;
    case WATCH_HOME:
    case 'g':
        move(v, w, -(int64_t)UINT32_MAX);
        break;
    case WATCH_END:
    case 'G':
        move(v, w, UINT32_MAX);
        break;
    default:
        break;
    }
}

static void site_key(struct watch_view *v, const struct watch *w, int key)
{
    switch (key) {
    case 'q':
    case 'Q':
        v->quit = true;
        break;
    case '/':
        memcpy(v->before, v->filter, sizeof v->before);
        watch_line_begin(&v->line, "filter: ", v->filter);
        v->asks = ASK_FILTER;
        break;
    case WATCH_TAB:
        turn(v, (int)v->page + 1);
        break;
    case WATCH_BACK_TAB:
        turn(v, (int)v->page - 1);
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
    default:
        if (key >= '1' && key < '1' + WATCH_PAGES)
            turn(v, key - '1');
        else
            scroll(v, w, key);
    }
}

void watch_key(struct watch_view *v, const struct watch *w, int key)
{
    /* What was answered has been seen. */
    watch_talk_say(&v->talk, false, "%s", "");
    if (v->asks != ASK_NOTHING)
        type(v, key);
    else if (!page_key(v, w, key))
        site_key(v, w, key);
}
