/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/probe.h"
#include "config/map.h"
#include "poll/adu.h"
#include "publish/json.h"

enum { SHOWN_AT_LEAST = 3 }; /* though they don't fit, where others do */

/* What YAML could take for something else stands in quotes. */
static void put_word(char *out, size_t room, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.";
    size_t n = 0;
    bool bare = strspn(word, plain) == strlen(word) && word[0] > '9';
    if (bare) {
        snprintf(out, room, "%s", word);
        return;
    }
    out[n++] = '"';
    for (; *word != '\0' && n + 4 < room; word++) {
        if (*word == '"' || *word == '\\')
            out[n++] = '\\';
        if ((unsigned char)*word >= 0x20)
            out[n++] = *word;
    }
    out[n++] = '"';
    out[n] = '\0';
}

static void scale_of(const struct plausible *c, char out[32])
{
    out[0] = '\0';
    if (c->point.type != RAW_STRING && (c->point.scale.mantissa != 1 || c->point.scale.places != 0))
        snprintf(out, 32, "%.10g", c->point.scale.real);
}

/* The line of a map. */
static void map_line(const struct probe *p, const struct plausible *c, char *out, size_t room)
{
    const struct point *at = &c->point;
    char scale[32], unit[80];
    scale_of(c, scale);
    size_t n = (size_t)snprintf(out, room, "value_%u: {at: %s %u, type: %s", at->address,
                                table_name((enum table)at->table), at->address,
                                raw_type_name((enum raw_type)at->type));
    if (at->type == RAW_STRING)
        n += (size_t)snprintf(out + n, room - n, ", len: %u", at->words);
    if (at->bit >= 0)
        n += (size_t)snprintf(out + n, room - n, ", bit: %d", at->bit);
    if (c->order[0] != '\0')
        n += (size_t)snprintf(out + n, room - n, ", %s: %s", at->type == RAW_U8 ? "byte" : "order",
                              c->order);
    if (scale[0] != '\0')
        n += (size_t)snprintf(out + n, room - n, ", scale: %s", scale);
    if (p->unit_of[0] != '\0' && at->type != RAW_STRING && at->bit < 0) {
        put_word(unit, sizeof unit, p->unit_of);
        n += (size_t)snprintf(out + n, room - n, ", unit: %s", unit);
    }
    snprintf(out + n, room - n, "}");
}

static const struct probe_window *window_of(const struct probe_result *r, const struct plausible *c)
{
    for (size_t i = 0; i < r->window_count; i++) {
        const struct probe_window *w = &r->windows[i];
        if (w->rounds > 0 && w->table == c->point.table && c->point.address >= w->first &&
            c->point.address + c->point.words <= w->first + w->count)
            return w;
    }
    return NULL;
}

static uint16_t word_of(const struct probe_window *w, const struct plausible *c, unsigned i)
{
    return w->words[w->rounds - 1][c->point.address - w->first + i];
}

static void print_value(const struct plausible *c, char *out, size_t room)
{
    struct json j = json_into(out, room - 1);
    json_value(&j, &c->value);
    *j.at = '\0';
}

/* "; refused: 30 to 38 and 40 with exception 2 (illegal data address)" */
static void print_refused(const struct probe_window *w)
{
    uint16_t at = 0, count;
    uint8_t exception = 0, said = 0;
    for (; (count = probe_refused(w, &at, &exception)) > 0; at = (uint16_t)(at + count)) {
        if (said != 0 && said != exception)
            printf(" with exception %u (%s)", said, adu_exception_name(said));
        printf("%s%u", said == 0 ? "; refused: " : ", ", w->first + at);
        if (count > 1)
            printf(" to %u", (unsigned)w->first + at + count - 1U);
        said = exception;
    }
    if (said != 0)
        printf(" with exception %u (%s)", said, adu_exception_name(said));
}

static bool read_elsewhere(const struct probe_result *r, uint16_t address)
{
    for (size_t i = 0; i < r->window_count; i++)
        if (r->windows[i].asked == address && r->windows[i].rounds > 0 &&
            r->windows[i].known[address - r->windows[i].first])
            return true;
    return false;
}

/* What people asked for stands first; that its neighbours were read is little comfort. */
static void print_asked(const struct probe_result *r)
{
    for (size_t i = 0; i < r->window_count; i++) {
        const struct probe_window *w = &r->windows[i];
        uint8_t exception = probe_asked_refused(w);
        if (exception != 0 && !read_elsewhere(r, w->asked))
            printf("%s %u, which was asked for, is refused: exception %u (%s)\n",
                   table_name((enum table)w->table), w->asked, exception,
                   adu_exception_name(exception));
    }
}

static void print_head(const struct probe *p, const struct probe_result *r)
{
    const char *word = p->on.words[p->on.used + 1];
    printf("%s, unit %u: %s taken as the %s", p->on.line.name, p->unit, word, p->address.took);
    if (p->address.has_other)
        printf(" and, less likely, as the %s %u", p->address.other_took, p->address.other);
    printf("; on the wire %u (0x%04X)\n", p->address.wire, p->address.wire);
    print_asked(r);
    for (size_t i = 0; i < r->window_count; i++) {
        const struct probe_window *w = &r->windows[i];
        printf("%s %u to %u: ", table_name((enum table)w->table), w->first,
               w->first + w->count - 1U);
        if (w->rounds == 0)
            printf("not read: %s%s", w->fault == FAULT_EXCEPTION ? "refused, " : "",
                   w->why != NULL ? w->why : "interrupted");
        else
            printf("read %u time%s in %u piece%s, %.1f ms each", w->rounds,
                   w->rounds == 1 ? "" : "s", w->piece_count, w->piece_count == 1 ? "" : "s",
                   (double)w->wire_ns / 1e6);
        if (w->rounds > 0)
            print_refused(w);
        putchar('\n');
    }
    if (p->left_alone != NULL)
        printf("what the map of %s forbids to read is left alone\n", p->left_alone->path);
    if (p->other_table)
        printf("the table that was asked for refuses; the other one was tried\n");
    if (r->same_tables)
        printf("input says what holding says: only one of them is shown\n");
    if (!p->wish.has_range && p->wish.text == NULL)
        printf("without --expect or --range the best guess is a weak one\n");
    putchar('\n');
}

void probe_print(const struct probe *p, const struct probe_result *r)
{
    print_head(p, r);
    size_t shown = r->count < PROBE_SHOWN ? r->count : PROBE_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        const struct plausible *c = &r->found[i];
        if (!c->fits && r->found[0].fits && i >= SHOWN_AT_LEAST)
            break;
        const struct probe_window *w = window_of(r, c);
        char value[200], scale[32], line[256], type[40];
        print_value(c, value, sizeof value);
        scale_of(c, scale);
        snprintf(type, sizeof type, "%s%s%s%s%s", raw_type_name((enum raw_type)c->point.type),
                 c->order[0] != '\0' ? " " : "", c->order, scale[0] != '\0' ? " x " : "", scale);
        printf("%2zu  %s %u  %s = %s%s%s\n    raw", i + 1, table_name((enum table)c->point.table),
               c->point.address, type, value, p->unit_of[0] != '\0' ? " " : "", p->unit_of);
        for (unsigned k = 0; w != NULL && k < c->point.words; k++)
            printf(" %04X", word_of(w, c, k));
        printf("; %s\n", c->why);
        map_line(p, c, line, sizeof line);
        printf("      %s\n", line);
    }
    if (r->count == 0 && p->wish.text != NULL)
        printf("no text in these registers has '%s' in it\n", p->wish.text);
    else if (r->count == 0)
        puts("no reading of these registers is plausible");
    else if (!r->found[0].fits)
        puts("\nnone of them fits what is expected");
}

static void json_refused(struct json *j, const struct probe_window *w)
{
    uint16_t at = 0, count;
    uint8_t exception = 0;
    json_word(j, ",\"refused\":[");
    for (bool any = false; (count = probe_refused(w, &at, &exception)) > 0; any = true) {
        json_raw(j, ",", any);
        json_word(j, "{\"first\":");
        json_int(j, w->first + at);
        json_word(j, ",\"count\":");
        json_int(j, count);
        json_word(j, ",\"exception\":");
        json_int(j, exception);
        json_word(j, "}");
        at = (uint16_t)(at + count);
    }
    json_word(j, "]");
}

static void json_head(const struct probe *p, const struct probe_result *r)
{
    char text[8192];
    struct json j = json_into(text, sizeof text);
    json_word(&j, "{\"line\":");
    json_string(&j, p->on.line.name);
    json_word(&j, ",\"unit\":");
    json_int(&j, p->unit);
    json_word(&j, ",\"took\":");
    json_string(&j, p->address.took);
    json_word(&j, ",\"address\":");
    json_int(&j, p->address.wire);
    json_word(&j, ",\"same_tables\":");
    json_raw(&j, r->same_tables ? "true" : "false", r->same_tables ? 4 : 5);
    printf("%.*s,\"tables\":[", (int)json_length(&j), text);
    for (size_t i = 0; i < r->window_count; i++) {
        const struct probe_window *w = &r->windows[i];
        j = json_into(text, sizeof text);
        json_word(&j, "{\"table\":");
        json_string(&j, table_name((enum table)w->table));
        json_word(&j, ",\"first\":");
        json_int(&j, w->first);
        json_word(&j, ",\"count\":");
        json_int(&j, w->count);
        json_word(&j, ",\"rounds\":");
        json_int(&j, w->rounds);
        json_word(&j, ",\"exception\":");
        uint8_t asked = probe_asked_refused(w);
        json_int(&j, w->rounds == 0 ? w->exception : asked);
        json_word(&j, ",\"why\":");
        json_string(&j, w->rounds == 0 ? w->why : asked != 0 ? adu_exception_name(asked) : NULL);
        json_refused(&j, w);
        json_word(&j, "}");
        printf("%s%.*s", i > 0 ? "," : "", (int)json_length(&j), text);
    }
    printf("],\n\"candidates\":[");
}

static void json_candidate(const struct probe *p, const struct probe_result *r, size_t i)
{
    const struct plausible *c = &r->found[i];
    const struct probe_window *w = window_of(r, c);
    char text[2048], line[256];
    struct json j = json_into(text, sizeof text);
    json_word(&j, "{\"rank\":");
    json_int(&j, (int64_t)i + 1);
    json_word(&j, ",\"table\":");
    json_string(&j, table_name((enum table)c->point.table));
    json_word(&j, ",\"address\":");
    json_int(&j, c->point.address);
    json_word(&j, ",\"type\":");
    json_string(&j, raw_type_name((enum raw_type)c->point.type));
    json_word(&j, ",\"order\":");
    json_string(&j, c->order[0] != '\0' ? c->order : NULL);
    json_word(&j, ",\"bit\":");
    if (c->point.bit >= 0)
        json_int(&j, c->point.bit);
    else
        json_word(&j, "null");
    json_word(&j, ",\"scale\":");
    json_real(&j, c->point.type == RAW_STRING ? 1 : c->point.scale.real, false);
    json_word(&j, ",\"raw\":[");
    for (unsigned k = 0; w != NULL && k < c->point.words; k++) {
        json_raw(&j, ",", k > 0);
        json_int(&j, word_of(w, c, k));
    }
    json_word(&j, "],\"value\":");
    json_value(&j, &c->value);
    json_word(&j, ",\"score\":");
    json_real(&j, c->score, false);
    json_word(&j, ",\"fits\":");
    json_raw(&j, c->fits ? "true" : "false", c->fits ? 4 : 5);
    json_word(&j, ",\"why\":");
    json_string(&j, c->why);
    map_line(p, c, line, sizeof line);
    json_word(&j, ",\"line\":");
    json_string(&j, line);
    json_word(&j, "}");
    printf("%s%.*s", i > 0 ? ",\n" : "\n", (int)json_length(&j), text);
}

void probe_print_json(const struct probe *p, const struct probe_result *r)
{
    json_head(p, r);
    for (size_t i = 0; i < r->count && i < PROBE_SHOWN; i++)
        json_candidate(p, r, i);
    puts("]}");
}
