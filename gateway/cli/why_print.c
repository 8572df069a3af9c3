/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/why.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "cli/quality.h"

static const json_t *get(const json_t *o, const char *name)
{
    return json_object_get(o, name);
}

static const char *text(const json_t *o, const char *name)
{
    const char *s = json_string_value(get(o, name));
    return s ? s : "";
}

static long long whole(const json_t *o, const char *name)
{
    return json_integer_value(get(o, name));
}

static bool there(const json_t *o, const char *name)
{
    const json_t *x = get(o, name);
    return x && !json_is_null(x);
}

/* Any value as people read it. */
static const char *value(const json_t *o, const char *name, char *out, size_t room)
{
    const json_t *x = get(o, name);
    if (json_is_string(x))
        snprintf(out, room, "%s", json_string_value(x));
    else if (json_is_integer(x))
        snprintf(out, room, "%lld", (long long)json_integer_value(x));
    else if (json_is_real(x))
        snprintf(out, room, "%.10g", json_real_value(x));
    else if (json_is_boolean(x))
        snprintf(out, room, "%s", json_is_true(x) ? "true" : "false");
    else
        snprintf(out, room, "-");
    return out;
}

static const char *age(char out[32], const json_t *o, const char *name, long long now)
{
    long long then = whole(o, name);
    if (then == 0)
        return "never";
    return text_from_duration(out, (now > then ? now - then : 0) * NS_PER_MS);
}

static void heading(FILE *out, const json_t *w, long long now)
{
    char v[256], a[32];
    fprintf(out, "%s = %s%s%s   %s%s%s   %s%s\n", text(w, "tag"), value(w, "value", v, sizeof v),
            text(w, "unit")[0] ? " " : "", text(w, "unit"),
            quality_word((enum quality)whole(w, "quality")), text(w, "reason")[0] ? ": " : "",
            text(w, "reason"), age(a, w, "timestamp", now), whole(w, "timestamp") ? " ago" : "");
    if (whole(w, "quality") != QUALITY_GOOD && whole(w, "last_timestamp") != 0)
        fprintf(out, "  last good   %s, %s ago\n", value(w, "last", v, sizeof v),
                age(a, w, "last_timestamp", now));
    if (text(w, "about")[0])
        fprintf(out, "  about       %s\n", text(w, "about"));
    fprintf(out, "  rule        %s\n", text(w, "rule"));
}

static void device(FILE *out, const json_t *w, long long now)
{
    const json_t *d = get(w, "device"), *l = get(w, "line");
    char a[32];
    if (!d)
        return;
    fprintf(out, "  device      %s: unit %lld on line %s (%s), map %s", text(d, "path"),
            whole(d, "unit"), text(l, "name"), text(l, "connect"), text(d, "map"));
    if (there(d, "state"))
        fprintf(out, "; %s%s%s%s%s", text(d, "state"), whole(d, "since") ? " for " : "",
                whole(d, "since") ? age(a, d, "since", now) : "", text(d, "reason")[0] ? ", " : "",
                text(d, "reason"));
    fputc('\n', out);
    if (there(l, "good"))
        fprintf(out,
                "              line %s; of this unit %lld good, %lld timeouts, %lld garbled, %lld "
                "refused\n",
                text(l, "state"), whole(l, "good"), whole(l, "timeouts"), whole(l, "garbled"),
                whole(l, "exceptions"));
}

static void request(FILE *out, const json_t *w)
{
    const json_t *a = get(w, "address"), *r = get(w, "request");
    char period[32];
    if (!a)
        return;
    fprintf(out, "  address     %s %lld (%s; number %lld; %s%s%s)", text(a, "table"),
            whole(a, "wire"), text(a, "hex"), whole(a, "number"), text(a, "modicon"),
            text(a, "iec")[0] ? "; " : "", text(a, "iec"));
    fprintf(out, whole(a, "words") > 1 ? ", %lld of them\n" : "\n", whole(a, "words"));
    if (!there(w, "request")) {
        fputs("  request     none of the plan\n", out);
        return;
    }
    fprintf(out,
            "  request     %lld of %lld on its line: function %lld, %lld..%lld, for %lld tags, ",
            whole(r, "number"), whole(r, "of"), whole(r, "function"), whole(r, "first"),
            whole(r, "first") + whole(r, "count") - 1, whole(r, "tags"));
    if (json_is_true(get(r, "once")))
        fputs("once a connection", out);
    else
        fprintf(out, "every %s", text_from_duration(period, whole(r, "period_ms") * NS_PER_MS));
    if (whole(r, "every_nth") > 1)
        fprintf(out, " (this tag with each %lldth answer)", whole(r, "every_nth"));
    fprintf(out, "; offset %lld\n", whole(r, "offset"));
}

static void exchange(FILE *out, const json_t *w, const char *name, const char *title, long long now)
{
    const json_t *f = get(get(w, "exchanges"), name);
    char a[32];
    if (!json_is_object(f))
        return;
    const char *why = text(f, "why");
    bool good = strcmp(text(f, "verdict"), "good") == 0;
    fprintf(out, "  %s%s, %s ago, took %.1f ms: %s%s%s\n", title,
            json_is_true(get(f, "proof")) ? " (asked to prove the bus)" : "",
            age(a, f, "timestamp", now), json_real_value(get(f, "took_ms")), text(f, "verdict"),
            why[0] && !good ? ", " : "", good ? "" : why);
    long long function = whole(get(w, "request"), "function");
    struct why_frame frame = {.framing = text(f, "framing"),
                              .hex = text(f, "sent"),
                              .bits = function == 1 || function == 2,
                              .first = (uint32_t)whole(f, "first"),
                              .count = (uint32_t)whole(f, "count")};
    why_print_frame(out, &frame);
    frame.hex = text(f, "received");
    frame.answer = true;
    why_print_frame(out, &frame);
}

static void steps(FILE *out, const json_t *w, long long now)
{
    const json_t *all = get(w, "steps");
    char a[32];
    if (json_array_size(all) == 0)
        return;
    fprintf(out, "  decoding of the last good answer, %s ago\n", age(a, w, "steps_timestamp", now));
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *s = json_array_get(all, i), *before = i ? json_array_get(all, i - 1) : NULL;
        if (before && strcmp(text(s, "tag"), text(before, "tag")) != 0)
            fprintf(out, "    %s\n", text(s, "tag"));
        fprintf(out, "    %-11s %s", text(s, "kind"), text(s, "text"));
        if (there(s, "after"))
            fprintf(out, " = %s", text(s, "after"));
        if (there(s, "reason"))
            fprintf(out, "   %s: %s", quality_word((enum quality)whole(s, "quality")),
                    text(s, "reason"));
        fputc('\n', out);
    }
    if (there(w, "hint"))
        fprintf(out, "    hint        %s\n", text(w, "hint"));
}

static void inputs(FILE *out, const json_t *w, long long now)
{
    const json_t *all = get(w, "inputs");
    char v[256], a[32];
    if (!all)
        return;
    if (there(w, "expression"))
        fprintf(out, "  expression  %s\n", text(w, "expression"));
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *in = json_array_get(all, i);
        fprintf(out, "    %-11s %s = %s, %s%s%s, %s ago: %s\n", text(in, "name"), text(in, "tag"),
                value(in, "value", v, sizeof v), quality_word((enum quality)whole(in, "quality")),
                text(in, "reason")[0] ? ": " : "", text(in, "reason"), age(a, in, "timestamp", now),
                text(in, "rule"));
    }
    if ((size_t)whole(w, "input_count") > json_array_size(all))
        fprintf(out, "    and %lld more\n",
                whole(w, "input_count") - (long long)json_array_size(all));
}

void why_print(FILE *out, const json_t *w)
{
    long long now = whole(w, "now");
    heading(out, w, now);
    inputs(out, w, now);
    device(out, w, now);
    request(out, w);
    exchange(out, w, "good", "last good exchange", now);
    exchange(out, w, "bad", "last bad exchange", now);
    exchange(out, w, "before", "the one before", now);
    steps(out, w, now);
    fprintf(out, "  published   %s\n", text(get(w, "publish"), "decision"));
}
