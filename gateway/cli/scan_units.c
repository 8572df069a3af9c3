/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there: one small question to each unit, gently. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/scan.h"

static void add(struct scan *s, unsigned unit)
{
    if (memchr(s->order, (int)unit, s->count) == NULL && s->count < SCAN_UNITS)
        s->order[s->count++] = (uint8_t)unit;
}

static bool whole(const char *word, size_t length, unsigned *out)
{
    char copy[8];
    uint64_t n;
    if (length == 0 || length >= sizeof copy)
        return false;
    memcpy(copy, word, length);
    copy[length] = '\0';
    if (!text_to_u64(copy, &n) || n > 255)
        return false;
    *out = (unsigned)n;
    return true;
}

/* "1-10,17,240-247" */
static bool parse_units(struct scan *s, const char *wish)
{
    bool tcp = s->on.line.transport == TRANSPORT_TCP;
    for (const char *part = wish;; part++) {
        size_t length = strcspn(part, ",");
        const char *dash = memchr(part, '-', length);
        size_t first_length = dash != NULL ? (size_t)(dash - part) : length;
        unsigned first, last;
        if (!whole(part, first_length, &first))
            return false;
        last = first;
        if (dash != NULL && (!whole(dash + 1, length - first_length - 1, &last) || last < first))
            return false;
        if (!tcp && (first == 0 || last > 247))
            return false;
        for (unsigned u = first; u <= last; u++)
            add(s, u);
        part += length;
        if (*part == '\0')
            return true;
    }
}

bool scan_order(struct scan *s, const char *wish)
{
    bool tcp = s->on.line.transport == TRANSPORT_TCP;
    s->units_given = wish != NULL;
    if (wish != NULL && parse_units(s, wish))
        return true;
    if (wish != NULL)
        return oneline_wrong(
            &s->on, "scan",
            "'%.80s': write units like 1-10,17; on this line they go from %d to %d%s", wish,
            tcp ? 0 : 1, tcp ? 255 : 247,
            tcp ? "" : ", and 0 is everybody at once, whom nobody answers for");
    /* What is on the network itself answers to one of these; the others are behind a gateway. */
    if (tcp) {
        add(s, 1);
        add(s, 255);
        add(s, 0);
    }
    for (unsigned u = 1; u <= 247; u++)
        add(s, u);
    return true;
}

bool scan_is_there(const struct scan_unit *u)
{
    return u->state == SCAN_DATA || u->state == SCAN_REFUSES || u->state == SCAN_LATE;
}

static bool by_gateway(uint8_t exception)
{
    return exception == 10 || exception == 11;
}

static void note_late(struct scan *s, const struct exchange *x)
{
    struct scan_unit *u = &s->units[x->late_unit];
    if (x->late == 0 || scan_is_there(u))
        return;
    u->exception = x->late_exception;
    u->state = by_gateway(x->late_exception) ? SCAN_ABSENT : SCAN_LATE;
}

static void note(struct scan_unit *u, const struct exchange *x)
{
    u->wire_ns = x->wire_ns;
    u->exception = x->exception;
    u->foreign = -1;
    switch (x->fault) {
    case FAULT_NONE:
        u->state = SCAN_DATA;
        u->word = single_word(x, 0);
        return;
    case FAULT_EXCEPTION:
        u->state = by_gateway(x->exception) ? SCAN_ABSENT : SCAN_REFUSES;
        return;
    case FAULT_TIMEOUT:
        u->state = SCAN_SILENT;
        return;
    case FAULT_CLOSED:
        u->state = SCAN_HUNG_UP;
        return;
    case FAULT_GARBLED:
    case FAULT_LINE_DOWN:
    case FAULT_BACKED_OFF:
    case FAULT_HOLE:
        break;
    }
    u->state = SCAN_GARBLED;
    u->foreign = x->foreign_unit;
    snprintf(u->why, sizeof u->why, "%s", x->why);
}

/* false: the line is gone, and nothing was asked. */
static bool ask_unit(struct scan *s, uint8_t unit)
{
    struct exchange x;
    single_ask(s->single, unit, 3, 0, 1, &x);
    note_late(s, &x);
    /* Once more, by a question whose answer looks otherwise. */
    if ((x.fault == FAULT_GARBLED || x.fault == FAULT_CLOSED) && !*oneline_stop) {
        struct exchange again;
        single_ask(s->single, unit, 4, 0, 1, &again);
        note_late(s, &again);
        if (again.fault != FAULT_TIMEOUT)
            x = again;
    }
    if (*oneline_stop && x.fault != FAULT_NONE && x.fault != FAULT_EXCEPTION)
        return true;
    if (x.fault == FAULT_LINE_DOWN) {
        snprintf(s->down, sizeof s->down, "%s", x.why);
        return false;
    }
    if (s->units[unit].state == SCAN_NOT_ASKED || x.fault != FAULT_TIMEOUT)
        note(&s->units[unit], &x);
    s->asked++;
    return true;
}

/* Much equipment answers under every number, and is one device all the same. */
static bool answers_to_all(const struct scan *s)
{
    enum { ENOUGH = 6 };
    const struct scan_unit *first = &s->units[s->order[0]];
    if (s->units_given || s->on.line.transport != TRANSPORT_TCP || s->asked != ENOUGH)
        return false;
    for (unsigned i = 0; i < ENOUGH; i++) {
        const struct scan_unit *u = &s->units[s->order[i]];
        if (!scan_is_there(u) || u->state != first->state || u->exception != first->exception ||
            u->word != first->word)
            return false;
    }
    return true;
}

static void progress(const struct scan *s, unsigned found)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%u of %u asked, %u found ", s->asked, s->count, found);
}

void scan_find(struct scan *s)
{
    unsigned found = 0;
    for (unsigned i = 0; i < s->count && !*oneline_stop; i++) {
        if (!ask_unit(s, s->order[i]))
            break;
        found += scan_is_there(&s->units[s->order[i]]);
        progress(s, found);
        s->indifferent = answers_to_all(s);
        if (s->indifferent)
            break;
    }
    if (isatty(STDERR_FILENO))
        fputs("\r                                        \r", stderr);
}
