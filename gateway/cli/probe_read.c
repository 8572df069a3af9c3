/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a neighbourhood of which nobody knows what it holds: whole first, in parts where that is
 * refused. */
#include <string.h>

#include "base/clock.h"
#include "cli/probe.h"

/* Wide enough for the widest number and two like it on either side. */
enum { BESIDE = 9 };

/* Where the plant file knows the unit, its map's warnings hold for a probe as well: reading there
 * changes something, or must not be tried. */
static bool is_forbidden(struct probe *p, uint8_t table, uint32_t first, uint32_t count)
{
    const struct plant *plant = p->on.plant;
    for (uint32_t d = 0; plant != NULL && d < plant->device_count; d++) {
        const struct device *device = &plant->devices[d];
        const struct map *m = device->map;
        if (device->line != p->on.number || device->unit != p->unit)
            continue;
        if (limits_never(&m->limits, table, first, first + count - 1) != NULL ||
            map_side_effect(m, table, first, first + count - 1)) {
            p->left_alone = device;
            return true;
        }
    }
    return false;
}

/* After trouble another question, whose answer looks otherwise: it tells whether the unit is there,
 * and on a bus, that nothing of before is still on its way. */
static bool answers_otherwise(struct probe *p, uint8_t function, uint16_t first, uint16_t count)
{
    struct exchange x;
    count = count == 1 ? 2 : 1;
    if (is_forbidden(p, function == 4 ? TABLE_INPUT : TABLE_HOLDING, first, count))
        return false;
    single_ask(p->single, p->unit, function, first, count, &x);
    return x.fault == FAULT_NONE || x.fault == FAULT_EXCEPTION;
}

static bool read_piece(struct probe *p, struct probe_window *w, uint16_t first, uint16_t count,
                       uint16_t *out)
{
    struct exchange x;
    uint8_t function = w->table == TABLE_INPUT ? 4 : 3;
    single_ask(p->single, p->unit, function, first, count, &x);
    if (x.fault != FAULT_NONE && x.fault != FAULT_EXCEPTION && !*oneline_stop) {
        p->silent = !answers_otherwise(p, function, first, count);
        if (!p->silent)
            single_ask(p->single, p->unit, function, first, count, &x);
    }
    w->fault = x.fault;
    w->exception = x.exception;
    w->why = x.why;
    if (x.fault != FAULT_NONE)
        return false;
    w->wire_ns = x.wire_ns;
    for (uint16_t i = 0; i < count; i++)
        out[i] = single_word(&x, i);
    return true;
}

static void keep(struct probe_window *w, uint16_t first, uint16_t count)
{
    if (w->piece_count == PIECES)
        return;
    w->pieces[w->piece_count].first = first;
    w->pieces[w->piece_count++].count = count;
    for (uint16_t i = 0; i < count; i++) {
        w->known[first - w->first + i] = true;
        w->refused[first - w->first + i] = 0;
    }
}

static void note_refusal(struct probe_window *w, uint16_t first, uint16_t count)
{
    for (uint16_t i = 0; i < count && w->fault == FAULT_EXCEPTION; i++)
        w->refused[first - w->first + i] = w->exception;
}

uint16_t probe_refused(const struct probe_window *w, uint16_t *at, uint8_t *exception)
{
    uint32_t from = *at, end;
    while (from < w->count && w->refused[from] == 0)
        from++;
    for (end = from; end < w->count && w->refused[end] == w->refused[from]; end++)
        *exception = w->refused[from];
    *at = (uint16_t)from;
    return (uint16_t)(end - from);
}

uint8_t probe_asked_refused(const struct probe_window *w)
{
    return w->refused[w->asked - w->first];
}

/* Only a refusal of the address is worth another, smaller question. */
static bool worth_splitting(const struct probe_window *w)
{
    return w->fault == FAULT_EXCEPTION && w->exception != 1 && w->exception != 10 &&
           w->exception != 11;
}

static void explore(struct probe *p, struct probe_window *w, uint16_t first, uint16_t count)
{
    uint16_t words[PLAUSIBLE_WORDS_MAX];
    if (*oneline_stop)
        return;
    bool forbidden = is_forbidden(p, w->table, first, count);
    if (!forbidden && read_piece(p, w, first, count, words)) {
        keep(w, first, count);
        return;
    }
    if (count == 1 || (!forbidden && !worth_splitting(w))) {
        if (!forbidden)
            note_refusal(w, first, count);
        return;
    }
    explore(p, w, first, count / 2);
    explore(p, w, (uint16_t)(first + count / 2), (uint16_t)(count - count / 2));
}

/* Equipment that gives its values only whole refuses both halves of one. */
static void explore_pairs(struct probe *p, struct probe_window *w)
{
    uint16_t words[4];
    uint32_t end = (uint32_t)w->first + w->count;
    for (uint32_t a = w->first + BESIDE - 1U; a <= w->first + BESIDE + 1U; a++) {
        for (uint16_t n = 2; n <= 4 && a + n <= end; n = (uint16_t)(n * 2)) {
            bool all = true;
            for (uint16_t i = 0; i < n; i++)
                all = all && w->known[a - w->first + i];
            if (!all && !*oneline_stop && !is_forbidden(p, w->table, a, n) &&
                read_piece(p, w, (uint16_t)a, n, words))
                keep(w, (uint16_t)a, n);
        }
    }
}

void probe_find(struct probe *p, struct probe_window *w, uint8_t table, uint16_t address)
{
    uint32_t first = address > BESIDE ? address - (uint32_t)BESIDE : 0;
    uint32_t end = (uint32_t)address + p->wish.span + BESIDE;
    if (end > UINT16_MAX + 1U)
        end = UINT16_MAX + 1U;
    *w = (struct probe_window){.table = table, .first = (uint16_t)first, .asked = address};
    w->count = (uint16_t)(end - first);
    w->why = "not asked, as nothing before was answered";
    if (p->silent)
        return;
    explore(p, w, w->first, w->count);
    if (worth_splitting(w) && w->first + BESIDE == address)
        explore_pairs(p, w);
    if (w->piece_count > 0)
        w->fault = FAULT_NONE;
}

/* One round of one window; false: not whole, so it doesn't count. */
static bool read_round(struct probe *p, struct probe_window *w)
{
    uint16_t *row = w->words[w->rounds];
    memset(row, 0, sizeof w->words[0]);
    for (uint32_t i = 0; i < w->piece_count; i++)
        if (!read_piece(p, w, w->pieces[i].first, w->pieces[i].count,
                        row + (w->pieces[i].first - w->first)))
            return false;
    w->rounds++;
    return true;
}

void probe_watch(struct probe *p, struct probe_window *const *w, size_t count)
{
    uint32_t rounds = p->watch_ns > 0 ? PROBE_ROUNDS : 1;
    mono_t start = clock_mono();
    for (uint32_t i = 0; i < rounds && !*oneline_stop; i++) {
        single_rest(p->single, mono_add(start, rounds > 1 ? p->watch_ns * i / (rounds - 1) : 0));
        for (size_t k = 0; k < count && !*oneline_stop; k++)
            if (w[k]->piece_count > 0)
                read_round(p, w[k]);
    }
}

/* Rounds as the ranking wants them: without the room between. */
struct plausible_words probe_words(const struct probe_window *w, uint16_t *packed)
{
    for (uint32_t i = 0; i < w->rounds; i++)
        memcpy(packed + (size_t)i * w->count, w->words[i], w->count * sizeof *packed);
    return (struct plausible_words){.table = w->table,
                                    .first = w->first,
                                    .count = w->count,
                                    .rounds = w->rounds,
                                    .words = packed,
                                    .known = w->known};
}
