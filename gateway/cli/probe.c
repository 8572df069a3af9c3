/* SPDX-License-Identifier: Apache-2.0 */
/* headgate probe LINE UNIT ADDRESS: what might lie there? Reads the neighbourhood for a while and
 * ranks every way to read it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/probe.h"
#include "cli/verbs.h"

enum { WINDOWS = 4 };

/* "A..B"; numbers may be negative. */
static bool range_of(const char *word, double *low, double *high)
{
    const char *dots = strstr(word, "..");
    char first[40];
    if (dots == NULL || (size_t)(dots - word) >= sizeof first)
        return false;
    memcpy(first, word, (size_t)(dots - word));
    first[dots - word] = '\0';
    return text_to_real_typed(first, low) && text_to_real_typed(dots + 2, high) && *low < *high;
}

static void expect(struct probe *p, const char *word, struct argp_state *state)
{
    double x;
    if (*word == '\0')
        argp_error(state, "--expect: say what should stand there");
    if (text_is_two_numbers(word))
        argp_error(state,
                   "'%s' may group thousands or be a fraction: write it with a point, or without "
                   "the comma",
                   word);
    if (strcmp(word, "on") == 0 || strcmp(word, "true") == 0)
        word = "1";
    else if (strcmp(word, "off") == 0 || strcmp(word, "false") == 0)
        word = "0";
    p->wish.bits = strcmp(word, "0") == 0 || strcmp(word, "1") == 0;
    if (!text_to_real_typed(word, &x)) {
        snprintf(p->text, sizeof p->text, "%s", word);
        p->wish.text = p->text;
        return;
    }
    double slack = fmax(fabs(x) * 0.05, 1e-9);
    p->wish.has_range = true;
    p->wish.expect = x;
    p->wish.digit = text_last_digit(word) / 2;
    p->wish.low = x - (fabs(x) > 0 ? slack : 1);
    p->wish.high = x + (fabs(x) > 0 ? slack : 1);
}

static error_t parse(int key, char *word, struct argp_state *state)
{
    struct probe *p = state->input;
    uint64_t n = 0;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &p->on;
        break;
    case 'x':
        expect(p, word, state);
        break;
    case 'r':
        if (!range_of(word, &p->wish.low, &p->wish.high))
            argp_error(state, "'%s' is not a range; write it like 0..800", word);
        p->wish.has_range = true;
        break;
    case 'u':
        p->unit_of = word;
        break;
    case 'w':
        if (strcmp(word, "0") == 0)
            p->watch_ns = 0;
        else if (!text_to_duration(word, &p->watch_ns) || p->watch_ns < 0)
            argp_error(state, "'%s' is not a duration; write it with its unit, like 5s", word);
        break;
    case 'T':
        p->holding = strcmp(word, "holding") == 0 || strcmp(word, "both") == 0;
        p->input = strcmp(word, "input") == 0 || strcmp(word, "both") == 0;
        if (!p->holding && !p->input)
            argp_error(state, "'%s' is no table of registers; it is holding, input or both", word);
        break;
    case 'n':
        if (!text_to_u64(word, &n) || n < 1 || n > 64)
            argp_error(state, "'%s': 1 to 64 registers", word);
        p->wish.span = (uint16_t)n;
        break;
    case 'j':
        p->json = true;
        break;
    case ARGP_KEY_ARG:
        if (p->on.word_count == ONELINE_WORDS)
            argp_error(state, "'%s' is too much", word);
        p->on.words[p->on.word_count++] = word;
        break;
    case ARGP_KEY_END:
        if (p->on.word_count < 3)
            argp_error(state, "say which LINE, which UNIT and which ADDRESS");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static bool find_address(struct probe *p)
{
    const char *const *words = p->on.words + p->on.used;
    if (p->on.word_count != p->on.used + 2)
        return oneline_wrong(&p->on, "probe", "behind the line come one UNIT and one ADDRESS");
    if (!oneline_unit(&p->on, "probe", words[0], &p->unit))
        return false;
    if (!plausible_address(words[1], &p->address))
        return oneline_wrong(&p->on, "probe",
                             "'%.80s' is no address; write 100, 0x64, 40101, 400101 or %%MW100",
                             words[1]);
    if (!p->holding && !p->input) {
        p->holding = p->address.table != TABLE_INPUT;
        p->input = p->address.table != TABLE_HOLDING;
    }
    p->wish.address = p->address.wire;
    return true;
}

/* The tables around one address; where the only one wanted refuses, the other is tried. */
static size_t open_windows(struct probe *p, struct probe_window *w, uint16_t address)
{
    size_t n = 0;
    if (p->holding)
        probe_find(p, &w[n++], TABLE_HOLDING, address);
    if (p->input)
        probe_find(p, &w[n++], TABLE_INPUT, address);
    if (n == 1 && w[0].piece_count == 0 && w[0].fault == FAULT_EXCEPTION && !*oneline_stop) {
        probe_find(p, &w[n++], p->holding ? TABLE_INPUT : TABLE_HOLDING, address);
        p->other_table = true;
    }
    return n;
}

static bool say_the_same(const struct probe_window *a, const struct probe_window *b)
{
    if (a->rounds == 0 || b->rounds == 0 || a->first != b->first || a->count != b->count ||
        memcmp(a->known, b->known, sizeof a->known) != 0)
        return false;
    return memcmp(a->words[0], b->words[0], sizeof a->words[0]) == 0;
}

static int by_score(const void *a, const void *b)
{
    const struct plausible *x = a, *y = b;
    return x->score < y->score ? 1 : x->score > y->score ? -1 : 0;
}

static size_t rank(const struct probe *p, const struct probe_window *w, size_t windows,
                   uint16_t address, struct plausible *out)
{
    static uint16_t packed[2][PLAUSIBLE_ROUNDS_MAX * PLAUSIBLE_WORDS_MAX];
    struct plausible_words tables[2];
    size_t n = 0;
    for (size_t i = 0; i < windows && n < 2; i++)
        if (w[i].rounds > 0)
            tables[n] = probe_words(&w[i], packed[n]), n++;
    struct plausible_wish wish = p->wish;
    wish.address = address;
    return plausible_rank(tables, n, &wish, out, PROBE_RANKED);
}

static int nothing_read(const struct probe *p, const struct probe_window *w, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "headgate probe: %s, unit %u, %s %u to %u: %s\n", p->on.line.name, p->unit,
                w[i].table == TABLE_INPUT ? "input" : "holding", w[i].first,
                w[i].first + w[i].count - 1U, w[i].why != NULL ? w[i].why : "nothing");
    return verb_no(p->json, count > 0 && w[0].why != NULL ? w[0].why : "nothing was read");
}

static int run(struct probe *p)
{
    static struct probe_window windows[WINDOWS];
    static struct plausible found[2 * PROBE_RANKED];
    struct probe_window *all[WINDOWS];
    size_t first = open_windows(p, windows, p->address.wire), count = first;
    if (p->address.has_other && !*oneline_stop && first <= 2) {
        bool holding = p->holding, input = p->input;
        p->holding = p->input = true;
        count += open_windows(p, windows + count, p->address.other);
        p->holding = holding;
        p->input = input;
    }
    for (size_t i = 0; i < count; i++)
        all[i] = &windows[i];
    probe_watch(p, all, count);
    bool read = false;
    for (size_t i = 0; i < count; i++)
        read = read || windows[i].rounds > 0;
    if (!read)
        return nothing_read(p, windows, first);
    struct probe_result r = {.windows = windows, .window_count = count, .found = found};
    r.same_tables = first == 2 && say_the_same(&windows[0], &windows[1]);
    r.count = rank(p, windows, r.same_tables ? 1 : first, p->address.wire, found);
    if (count > first) {
        bool same = count - first == 2 && say_the_same(&windows[first], &windows[first + 1]);
        size_t more =
            rank(p, windows + first, same ? 1 : count - first, p->address.other, found + r.count);
        for (size_t i = 0; i < more; i++)
            found[r.count + i].score -= 2;
        r.count += more;
        qsort(found, r.count, sizeof *found, by_score);
        for (size_t i = 0; i < r.count; i++)
            if (found[i].point.type == RAW_STRING)
                found[i].value.text = found[i].text;
    }
    (p->json ? probe_print_json : probe_print)(p, &r);
    return r.count > 0 && found[0].fits ? EXIT_DONE : EXIT_NO;
}

int verb_probe(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"expect", 'x', "VALUE", 0, "what should stand there: a number, on, off, or part of a text",
         0},
        {"range", 'r', "A..B", 0, "between what it should be", 0},
        {"unit-of", 'u', "TEXT", 0, "its unit, for the lines to paste", 0},
        {"watch", 'w', "TIME", 0, "how long to watch it move (3s); 0: read once", 0},
        {"table", 'T', "TABLE", 0, "holding, input or both (both)", 0},
        {"count", 'n', "N", 0, "look for it in so many registers from ADDRESS on (1)", 0},
        {"json", 'j', NULL, 0, "for programs", 0},
        {0},
    };
    static const struct argp_child children[] = {{&oneline_argp, 0, "The line:", 1}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "LINE UNIT ADDRESS\nPLANT LINE-NAME UNIT ADDRESS",
        .doc =
            "What might lie at this address? Every type, order and scale, one register before and "
            "behind too, ranked, with lines to paste into a map.",
        .children = children,
    };
    static struct probe p;
    p = (struct probe){.wish = {.span = 1, .slack = 1, .expect = (double)NAN},
                       .unit_of = "",
                       .watch_ns = 3 * NS_PER_S};
    int status;
    if (!verb_arguments(&argp, argc, argv, &p))
        return EXIT_NO;
    bool good = oneline_find(&p.on, "probe", &status);
    if (good && !find_address(&p)) {
        good = false;
        status = EXIT_USAGE;
    }
    if (!good) {
        status = oneline_no(&p.on, p.json, status);
    } else {
        status = EXIT_NO;
        struct single_setup setup = {.stop = oneline_stop};
        oneline_catch();
        if (oneline_open(&p.on, &setup, "probe", &p.single))
            status = run(&p);
        else
            status = verb_no(p.json, "the line can't be opened");
        single_close(p.single);
    }
    oneline_close(&p.on);
    return status;
}
