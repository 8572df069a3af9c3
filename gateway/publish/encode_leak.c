/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/encode_leak.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "publish/member.h"

static const char *const kinds[LEAK_KIND_COUNT] = {
    [LEAK_BALANCE] = "balance",     [LEAK_DEMAND] = "demand", [LEAK_IDLE] = "idle",
    [LEAK_SUMP] = "sump",           [LEAK_LIMIT] = "limit",   [LEAK_ROC] = "roc",
    [LEAK_SHIFT] = "shift",         [LEAK_SWITCH] = "switch", [LEAK_WEIR] = "weir",
    [LEAK_FREEBOARD] = "freeboard",
};

static const char *const states[] = {
    [LEAK_LEARNING] = "learning",
    [LEAK_LIVE] = "live",
    [LEAK_SUSPECT] = "suspect",
    [LEAK_BLIND] = "blind",
};

static const char *const classes[] = {
    [LEAK_NO_CLASS] = NULL,
    [LEAK_MINOR] = "minor",
    [LEAK_MAJOR] = "major",
    [LEAK_RUPTURE] = "rupture",
};

static void put_moment(struct json *j, const char *name, bool known, int64_t ms)
{
    put_key(j, name);
    if (known)
        json_int(j, ms);
    else
        json_word(j, "null");
}

/* A moment that may be unknown, kept as a double. */
static void put_time(struct json *j, const char *name, double ms)
{
    put_key(j, name);
    if (ms > -9e15 && ms < 9e15)
        json_int(j, llround(ms));
    else
        json_word(j, "null");
}

static void put_estimate(struct json *j, const char *name, const struct estimate *e)
{
    put_key(j, name);
    json_word(j, "{\"value\":");
    json_real(j, e->value, false);
    put_real(j, "low", e->low);
    put_real(j, "high", e->high);
    json_word(j, "}");
}

static void put_onset(struct json *j, const struct estimate *e)
{
    json_word(j, ",\"onset\":{\"value\":");
    if (e->value > -9e15 && e->value < 9e15)
        json_int(j, llround(e->value));
    else
        json_word(j, "null");
    put_time(j, "low", e->low);
    put_time(j, "high", e->high);
    json_word(j, "}");
}

void leak_words(char out[static LEAK_WORDS], const struct leak_view *v, int64_t now_ms)
{
    char when[CALENDAR_MAX];
    const char *why = v->state == LEAK_BLIND && *v->why ? v->why : "";
    bool since = v->firing && v->onset_ms.value > -9e15 && v->onset_ms.value < 9e15;
    if (since)
        calendar_near(when, llround(v->onset_ms.value), now_ms);
    snprintf(out, LEAK_WORDS, "%s%s%s%s%s%s%s", v->text, *v->text && *why ? "; " : "",
             *why ? "blind: " : "", why, since ? " (since about " : "", since ? when : "",
             since ? ")" : "");
    if (!*out && v->state == LEAK_LEARNING)
        snprintf(out, LEAK_WORDS, "learning what is normal here: %.0f h left", v->learning_left_h);
    if (!*out && v->state == LEAK_LIVE)
        snprintf(out, LEAK_WORDS, "looking; nothing is missing");
}

void encode_leak(struct json *j, const struct plant *p, const struct leak_rule *r,
                 const struct leak_view *v, wall_t time)
{
    char words[LEAK_WORDS];
    leak_words(words, v, time.ms);
    json_word(j, "{\"leak\":");
    json_string(j, r->name);
    put_text(j, "kind", kinds[r->kind]);
    put_text(j, "area", r->area < p->area_count ? p->areas[r->area].name : NULL);
    put_text(j, "state", states[v->state]);
    put_key(j, "since");
    json_int(j, v->since_ms);
    put_key(j, "timestamp");
    json_int(j, time.ms);
    put_truth(j, "firing", v->firing);
    put_truth(j, "frozen", v->frozen);
    put_moment(j, "fired", v->firing, v->fired_ms);
    put_estimate(j, "rate", &v->rate);
    put_onset(j, &v->onset_ms);
    put_estimate(j, "lost", &v->lost);
    put_truth(j, "preliminary", v->preliminary);
    put_text(j, "class", classes[v->class_]);
    put_text(j, "detector", v->detector);
    put_real(j, "score", v->score);
    put_real(j, "limit", v->limit);
    put_text(j, "unit", v->score_unit);
    put_real(j, "value", v->value);
    put_real(j, "unaccounted_24h", v->unaccounted_24h);
    put_real(j, "coverage", v->coverage);
    put_real(j, "drift", v->drift);
    put_real(j, "sigma", v->sigma);
    put_real(j, "baseline", v->baseline);
    put_real(j, "baseline_sd", v->baseline_sd);
    put_truth(j, "meters_disagree", v->bias);
    if (r->kind == LEAK_SUMP)
        put_truth(j, "pump_worn", v->pump_worn);
    if (r->kind == LEAK_FREEBOARD)
        put_real(j, "minutes", v->minutes);
    put_real(j, "learning_left_h", v->learning_left_h);
    put_moment(j, "blind_since", v->state == LEAK_BLIND, v->blind_since_ms);
    put_text(j, "why", v->why);
    put_text(j, "text", words);
    put_text(j, "about", r->about);
    json_word(j, "}");
}
