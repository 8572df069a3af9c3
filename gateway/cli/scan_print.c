/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/scan.h"
#include "publish/json.h"

void scan_print_begin(const struct scan *s)
{
    const struct line *l = &s->on.line;
    bool bus = l->transport != TRANSPORT_TCP;
    int64_t least = s->rate > 0 ? (int64_t)(1e9 / s->rate) : 0;
    int64_t silent = l->timeout_ns + (bus ? 50 * NS_PER_MS : 0);
    int64_t answered = bus ? 80 * NS_PER_MS : 5 * NS_PER_MS;
    char fast[32], slow[32], wait[32];
    if (silent < least)
        silent = least;
    if (answered < least)
        answered = least;
    fprintf(stderr,
            "%s: %u unit%s, one question at a time, %s for an answer: %s when all answer, %s when "
            "nobody does; then at most %u questions to each that is there; Ctrl-C shows what was "
            "found\n",
            l->name, s->count, s->count == 1 ? "" : "s", text_from_duration(wait, l->timeout_ns),
            text_from_duration(fast, answered * s->count),
            text_from_duration(slow, silent * s->count), 5 + scan_library_cost(s));
    if (s->json) {
        char text[600];
        struct json j = json_into(text, sizeof text);
        json_string(&j, l->name);
        printf("{\"line\":%.*s,\"units\":[", (int)json_length(&j), text);
    }
}

static void print_state(uint8_t unit, const struct scan_unit *u)
{
    printf("unit %-3u  ", unit);
    if (u->state == SCAN_DATA)
        printf("answers, %.1f ms; holding 0 is 0x%04X\n", (double)u->wire_ns / 1e6, u->word);
    else if (u->state == SCAN_REFUSES)
        printf("answers, %.1f ms, by exception %u: %s\n", (double)u->wire_ns / 1e6, u->exception,
               adu_exception_name(u->exception));
    else
        printf("answers late: give it more time by --timeout\n");
}

static const char *object_name(uint8_t id, char out[20])
{
    const char *name = adu_object_name(id);
    if (name != NULL)
        return name;
    snprintf(out, 20, "object %u", id);
    return out;
}

static void print_text(const struct scan *s, uint8_t unit, const struct scan_identity *i)
{
    char name[20];
    print_state(unit, &s->units[unit]);
    for (unsigned k = 0; k < i->count; k++)
        printf("          %s: %s\n", object_name(i->ids[k], name), i->texts[k]);
    if (i->refused[0] != '\0')
        printf("          its answer to 43/14 is wrong: %s\n", i->refused);
    if (i->reports)
        printf("          reports \"%s\"%s (function 17: %s)\n", i->report,
               i->runs < 0   ? ""
               : i->runs > 0 ? ", runs"
                             : ", does not run",
               i->report_hex);
    for (unsigned k = 0; k < i->fit_count; k++)
        printf("          fits %s: %s (%s)\n", i->fits[k].map->name, i->fits[k].reads,
               i->fits[k].map->title);
    for (unsigned k = 0; k < i->guess_count; k++)
        printf("          may fit %s: %u of %u values plausible (%s)\n", i->guesses[k].map->name,
               i->guesses[k].plausible, i->guesses[k].judged, i->guesses[k].map->title);
    fflush(stdout);
}

static void json_fits(struct json *j, const struct scan_fit *fits, unsigned count, bool guess)
{
    json_word(j, "[");
    for (unsigned k = 0; k < count; k++) {
        json_raw(j, ",", k > 0);
        json_word(j, "{\"map\":");
        json_string(j, fits[k].map->name);
        if (guess) {
            json_word(j, ",\"plausible\":");
            json_int(j, fits[k].plausible);
            json_word(j, ",\"of\":");
            json_int(j, fits[k].judged);
        } else {
            json_word(j, ",\"reads\":");
            json_string(j, fits[k].reads);
        }
        json_word(j, "}");
    }
    json_word(j, "]");
}

static void print_json(const struct scan *s, uint8_t unit, const struct scan_identity *i,
                       bool first)
{
    static char text[256 * 1024]; /* as many objects as there can be, escaped */
    const struct scan_unit *u = &s->units[unit];
    struct json j = json_into(text, sizeof text);
    json_word(&j, "{\"unit\":");
    json_int(&j, unit);
    json_word(&j, ",\"answer\":");
    json_string(&j, u->state == SCAN_DATA      ? "data"
                    : u->state == SCAN_REFUSES ? "exception"
                                               : "late");
    json_word(&j, ",\"exception\":");
    json_int(&j, u->exception);
    json_word(&j, ",\"wire_ms\":");
    json_real(&j, (double)u->wire_ns / 1e6, false);
    json_word(&j, ",\"conformity\":");
    json_int(&j, i->conformity);
    json_word(&j, ",\"identity\":{");
    for (unsigned k = 0; k < i->count; k++) {
        char id[8];
        snprintf(id, sizeof id, "%u", i->ids[k]);
        json_raw(&j, ",", k > 0);
        json_string(&j, id);
        json_word(&j, ":");
        json_string(&j, i->texts[k]);
    }
    json_word(&j, "},\"report\":");
    json_string(&j, i->reports ? i->report_hex : NULL);
    json_word(&j, ",\"fits\":");
    json_fits(&j, i->fits, i->fit_count, false);
    json_word(&j, ",\"may_fit\":");
    json_fits(&j, i->guesses, i->guess_count, true);
    json_word(&j, "}");
    printf("%s%.*s", first ? "\n" : ",\n", (int)json_length(&j), text);
}

void scan_print_unit(const struct scan *s, uint8_t unit, const struct scan_identity *i, bool first)
{
    if (s->json)
        print_json(s, unit, i, first);
    else
        print_text(s, unit, i);
}

static unsigned number_of(const struct scan *s, enum scan_state state)
{
    unsigned n = 0;
    for (unsigned u = 0; u < SCAN_UNITS; u++)
        n += s->units[u].state == state;
    return n;
}

static void end_json(const struct scan *s)
{
    char text[256];
    bool first = true;
    printf("],\n\"garbled\":[");
    for (unsigned u = 0; u < SCAN_UNITS; u++) {
        if (s->units[u].state != SCAN_GARBLED)
            continue;
        struct json j = json_into(text, sizeof text);
        json_string(&j, s->units[u].why);
        printf("%s{\"unit\":%u,\"foreign\":%d,\"why\":%.*s}", first ? "" : ",", u,
               s->units[u].foreign, (int)json_length(&j), text);
        first = false;
    }
    printf("],\"absent\":%u,\"silent\":%u,\"hung_up\":%u,\"asked\":%u,\"complete\":%s,\"answers_to_"
           "all\":%s}\n",
           number_of(s, SCAN_ABSENT), number_of(s, SCAN_SILENT), number_of(s, SCAN_HUNG_UP),
           s->asked, s->indifferent || s->asked >= s->count ? "true" : "false",
           s->indifferent ? "true" : "false");
}

void scan_print_end(const struct scan *s, bool any)
{
    if (s->json) {
        end_json(s);
        return;
    }
    for (unsigned u = 0; u < SCAN_UNITS; u++) {
        const struct scan_unit *x = &s->units[u];
        if (x->state == SCAN_GARBLED && x->foreign >= 0)
            printf("unit %-3u  asked, and unit %d answered: %s\n", u, x->foreign, x->why);
        else if (x->state == SCAN_GARBLED)
            printf("unit %-3u  no answer to believe: %s\n", u, x->why);
    }
    if (s->indifferent)
        printf("It answers the same under every number: one device that doesn't look at them. "
               "--units asks them all the same.\n");
    if (s->down[0] != '\0')
        printf("the line went away, and the scan with it: %s\n", s->down);
    printf("%s%u unit%s asked: %u there", any ? "" : "nobody found; ", s->asked,
           s->asked == 1 ? "" : "s",
           number_of(s, SCAN_DATA) + number_of(s, SCAN_REFUSES) + number_of(s, SCAN_LATE));
    if (number_of(s, SCAN_ABSENT) > 0)
        printf(", %u absent (says a gateway)", number_of(s, SCAN_ABSENT));
    if (number_of(s, SCAN_GARBLED) > 0)
        printf(", %u garbled", number_of(s, SCAN_GARBLED));
    if (number_of(s, SCAN_HUNG_UP) > 0)
        printf(", %u for which the other end hung up", number_of(s, SCAN_HUNG_UP));
    printf(", %u silent\n", number_of(s, SCAN_SILENT));
}
