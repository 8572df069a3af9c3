/* SPDX-License-Identifier: Apache-2.0 */
#include "app/why.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "poll/frames.h"
#include "publish/member.h"
#include "publish/topic.h"
#include "values/decode.h"
#include "values/explain.h"

enum { RULE_ROOM = 400 };

static const char *tag_path(const struct why_view *v, uint32_t tag, char *out, size_t room)
{
    const struct plant *plant = v->plan->plant;
    struct why_feed f;
    if (tag >= plant->first_derived)
        snprintf(out, room, "%s", plant->derived[tag - plant->first_derived].path);
    else if (why_find(v, tag, &f))
        snprintf(out, room, "%s/%s", f.device->path, f.device->map->points[f.point].name);
    return out;
}

static const char *ago(char out[32], wall_t now, wall_t then)
{
    return text_from_duration(out, (now.ms > then.ms ? now.ms - then.ms : 0) * NS_PER_MS);
}

/* ---- the rule that made the quality -------------------------------------------------------------
 */

static bool begins(const char *text, const char *with)
{
    return text && strncmp(text, with, strlen(with)) == 0;
}

static void rule_of_time(const struct why_view *v, const struct why_feed *f, const struct sample *s,
                         char *out)
{
    char a[32], b[32];
    if (begins(s->reason, "frozen")) {
        const struct heartbeat *h = &f->device->map->heartbeat;
        snprintf(out, RULE_ROOM,
                 "heartbeat: %s has to change within %s and does not, so the device's program may "
                 "have stopped; whatever it says is uncertain",
                 h->point >= 0 ? f->device->map->points[h->point].name : "it",
                 text_from_duration(a, h->within_ns));
        return;
    }
    int64_t limit = board_stale_ns(v->board, f->request, f->feed);
    wall_t last = board_tag(v->board, f->device->first_tag + f->point)->last_time;
    snprintf(out, RULE_ROOM,
             "stale: no news since %s ago; more than %s of silence makes it uncertain",
             ago(a, v->wall, last), text_from_duration(b, limit));
}

static void rule_of_exchange(const struct why_view *v, const struct why_feed *f,
                             const struct sample *s, char *out)
{
    const struct frame *bad = f->bad;
    char a[32];
    if (bad && bad->fault == FAULT_EXCEPTION)
        snprintf(out, RULE_ROOM, "the device answered, and refused: exception %02u, %s (%s ago)",
                 bad->exception, bad->why ? bad->why : s->reason, ago(a, v->wall, bad->time));
    else
        snprintf(out, RULE_ROOM, "the last exchange brought no data: %s (%s ago)",
                 bad && bad->why ? bad->why : s->reason,
                 ago(a, v->wall, bad ? bad->time : s->time));
}

/* Trouble of the way there, as the board is told it; everything else came with an answer. */
static bool is_of_the_way(const struct why_feed *f, const struct sample *s)
{
    bool newer = f->bad && (!f->good || f->bad->number > f->good->number);
    return newer || s->quality == QUALITY_COMM_FAILURE || s->quality == QUALITY_NOT_CONNECTED;
}

static void rule_of_unread(const struct why_view *v, const struct why_feed *f, char *out)
{
    const struct map *map = f->device->map;
    const struct point *who = &map->points[map->identity.point];
    const struct sample *s =
        &board_tag(v->board, f->device->first_tag + (uint32_t)map->identity.point)->now;
    char text[160];
    if (s->value.kind == VALUE_TEXT)
        snprintf(text, sizeof text, "which is %s", s->value.length ? "not read yet" : "empty");
    else
        snprintf(text, sizeof text, "and of that comes: %s", s->reason ? s->reason : "nothing yet");
    snprintf(out, RULE_ROOM,
             "the answer was good, but on this connection nothing has said yet who answers, so "
             "all of it is uncertain: the map tells one piece of equipment from another by `%.*s`, "
             "%s",
             (int)who->name_length, who->name, text);
}

static void rule_of_device(const struct why_view *v, const struct why_feed *f,
                           const struct sample *s, const char *step, char *out)
{
    const struct point *p = &f->device->map->points[f->point];
    if (s->quality == QUALITY_GOOD)
        snprintf(out, RULE_ROOM, "the last answer was good, and nothing speaks against the value");
    else if (!f->request && p->read_mode == READ_ON_DEMAND)
        snprintf(out, RULE_ROOM, "never asked by the gateway: the map has it read on demand only");
    else if (!f->request)
        snprintf(out, RULE_ROOM, "no request of the plan reads it: %s", s->reason);
    else if (begins(s->reason, "another identity"))
        snprintf(out, RULE_ROOM,
                 "what answers may be another piece of equipment than the map or the plant file "
                 "means, so nothing of it is believed: %s",
                 s->reason);
    else if (begins(s->reason, "identity not yet read"))
        rule_of_unread(v, f, out);
    else if (begins(s->reason, "not on this model"))
        snprintf(out, RULE_ROOM,
                 "the device refuses the address, and the map says that not every model has it");
    else if (begins(s->reason, "frozen") || begins(s->reason, "stale"))
        rule_of_time(v, f, s, out);
    else if (s->time.ms == 0)
        snprintf(out, RULE_ROOM, "nothing has come yet since the gateway started: %s", s->reason);
    else if (s->quality == QUALITY_NOT_CONNECTED)
        snprintf(out, RULE_ROOM, "the line itself is down: %s", s->reason);
    else if (is_of_the_way(f, s))
        rule_of_exchange(v, f, s, out);
    else if (begins(s->reason, "counter"))
        snprintf(out, RULE_ROOM, "a counter only rises (wraps and resets as the map allows): %s",
                 s->reason);
    else
        snprintf(out, RULE_ROOM, "the answer was good, what it says is not: %s",
                 step[0] ? step : s->reason);
}

static void rule_of_derived(const struct why_view *v, const struct derived *d,
                            const struct sample *s, char *out)
{
    if (!d->expression) {
        snprintf(out, RULE_ROOM, "made by the gateway's own watching%s%s", s->reason ? ": " : "",
                 s->reason ? s->reason : "");
        return;
    }
    const struct input *worst = NULL;
    enum quality quality = QUALITY_GOOD;
    for (uint32_t i = 0; i < d->input_count; i++) {
        enum quality q = board_tag(v->board, d->inputs[i].tag)->now.quality;
        if (q < quality) {
            quality = q;
            worst = &d->inputs[i];
        }
    }
    char path[256] = "";
    if (worst)
        snprintf(out, RULE_ROOM, "the worst input decides: %s (%s), %s", worst->name,
                 tag_path(v, worst->tag, path, sizeof path),
                 board_tag(v->board, worst->tag)->now.reason);
    else if (s->quality == QUALITY_GOOD)
        snprintf(out, RULE_ROOM,
                 "all inputs are good, and so is what the expression makes of them");
    else
        snprintf(out, RULE_ROOM,
                 "all inputs are good, but not what the expression makes of them: %s",
                 s->reason ? s->reason : "no value");
}

/* ---- members ------------------------------------------------------------------------------------
 */

static void put_value(struct json *j, const char *name, const struct value *v)
{
    put_key(j, name);
    json_value(j, v);
}

static void put_sample(struct json *j, const struct sample *s)
{
    put_value(j, "value", &s->value);
    put_int(j, "quality", s->quality);
    put_text(j, "reason", s->reason);
    put_int(j, "timestamp", s->time.ms);
}

static const struct point *point_of(const struct why_view *v, uint32_t tag)
{
    const struct plant *plant = v->plan->plant;
    struct why_feed f;
    if (tag >= plant->first_derived)
        return &plant->derived[tag - plant->first_derived].point;
    return why_find(v, tag, &f) ? &f.device->map->points[f.point] : NULL;
}

/* What report by exception says of it now. */
static void tell_decision(const struct why_view *v, uint32_t tag, const struct point *p,
                          const struct lane_told *told, char *out, size_t room)
{
    const struct sample *s = &board_tag(v->board, tag)->now;
    char a[32], b[32], rest[80] = "";
    if (!v->publishes) {
        snprintf(out, room, "nobody was told: asked by hand, beside the gateway");
        return;
    }
    if (!v->plan->plant->mqtt.values) {
        snprintf(out, room, "values aren't published: the plant file turns that lane off");
        return;
    }
    if (!told->known) {
        snprintf(out, room, "not told to the present session of the broker yet");
        return;
    }
    if (board_news(v->board, tag, LANE_VALUE, v->wall)) {
        snprintf(out, room, "news: it goes out as soon as the door has room");
        return;
    }
    if (p->max_silence_ns > 0)
        snprintf(rest, sizeof rest, "; again at latest %s after that",
                 text_from_duration(a, p->max_silence_ns));
    double change = fabs(value_number(&s->value) - value_number(&told->value));
    if (p->deadband > 0 && isfinite(change) && change > 0)
        snprintf(out, room,
                 "no news: differs by %g from what was told %s ago, its deadband is %g%s", change,
                 ago(b, v->wall, told->time), p->deadband, rest);
    else
        snprintf(out, room, "no news: unchanged since it was told %s ago%s",
                 ago(b, v->wall, told->time), rest);
}

static void put_publishing(struct json *j, const struct why_view *v, uint32_t tag)
{
    const struct point *p = point_of(v, tag);
    const struct lane_told told = board_told(v->board, tag, LANE_VALUE);
    char text[256];
    json_word(j, ",\"publish\":{\"deadband\":");
    json_put_real(j, p->deadband, false);
    put_int(j, "max_silence_ms", p->max_silence_ns / NS_PER_MS);
    json_word(j, ",\"told\":");
    if (told.known) {
        json_word(j, "{\"timestamp\":");
        json_int(j, told.time.ms);
        put_int(j, "quality", told.quality);
        put_value(j, "value", &told.value);
        json_word(j, "}");
    } else {
        json_word(j, "null");
    }
    tell_decision(v, tag, p, &told, text, sizeof text);
    put_text(j, "decision", text);
    json_word(j, "}");
}

static void put_inputs(struct json *j, const struct why_view *v, const struct derived *d)
{
    put_text(j, "expression", d->expression);
    put_int(j, "input_count", d->input_count);
    json_word(j, ",\"inputs\":[");
    for (uint32_t i = 0; i < d->input_count && i < WHY_INPUTS_MAX; i++) {
        const struct input *in = &d->inputs[i];
        const struct sample *s = &board_tag(v->board, in->tag)->now;
        char text[RULE_ROOM] = "";
        json_raw(j, ",", i > 0);
        json_word(j, "{\"name\":");
        json_put_string(j, in->name);
        put_text(j, "tag", tag_path(v, in->tag, text, sizeof text));
        put_sample(j, s);
        struct why_feed f;
        if (why_find(v, in->tag, &f))
            rule_of_device(v, &f, s, "", text);
        else
            rule_of_derived(v, &v->plan->plant->derived[in->tag - v->plan->plant->first_derived], s,
                            text);
        put_text(j, "rule", text);
        json_word(j, "}");
    }
    json_word(j, "]");
}

static void put_device(struct json *j, const struct why_view *v, const struct why_feed *f)
{
    const struct device *d = f->device;
    json_word(j, ",\"device\":{\"path\":");
    json_put_string(j, d->path);
    put_text(j, "map", d->map->name);
    put_int(j, "unit", d->unit);
    if (v->status) {
        uint32_t index = (uint32_t)(d - v->plan->plant->devices);
        const struct device_health *h = status_device(v->status, index);
        put_text(j, "state", device_state_name((enum device_state)h->state));
        put_text(j, "reason", h->why);
        put_int(j, "since", h->since.ms);
        put_int(j, "last_ok", h->last_ok.ms);
    }
    json_word(j, "}");
}

/* Where its rows are in the journal. */
static void put_history(struct json *j, const struct why_view *v, uint32_t tag)
{
    const struct plant *plant = v->plan->plant;
    char topic[TOPIC_MAX];
    struct why_feed f;
    const char *device = why_find(v, tag, &f)
                             ? f.device->path
                             : plant->derived[tag - plant->first_derived].device_path;
    size_t length =
        topic_make(topic, plant->mqtt.root, plant->site, TOPIC_HISTORY, plant->gateway, device);
    put_text(j, "history_topic", plant->mqtt.history && length ? topic : NULL);
    put_text(j, "name", point_of(v, tag)->name);
}

void why_tag(struct json *j, const struct why_view *v, uint32_t tag)
{
    const struct tag_state *state = board_tag(v->board, tag);
    const struct point *p = point_of(v, tag);
    char path[256], rule[RULE_ROOM] = "", step[RULE_ROOM] = "";
    struct why_feed f;
    json_word(j, "{\"tag\":");
    json_put_string(j, tag_path(v, tag, path, sizeof path));
    put_text(j, "gateway", v->plan->plant->gateway);
    put_text(j, "site", v->plan->plant->site);
    put_int(j, "now", v->wall.ms);
    put_sample(j, &state->now);
    put_text(j, "unit", p->unit);
    put_text(j, "about", p->about);
    put_value(j, "last", &state->last);
    put_int(j, "last_timestamp", state->last_time.ms);
    if (why_find(v, tag, &f)) {
        put_device(j, v, &f);
        why_wire(j, v, &f);
        why_steps(j, v, &f, step, sizeof step);
        rule_of_device(v, &f, &state->now, step, rule);
    } else {
        const struct derived *d = &v->plan->plant->derived[tag - v->plan->plant->first_derived];
        put_inputs(j, v, d);
        rule_of_derived(v, d, &state->now, rule);
    }
    put_text(j, "rule", rule);
    put_publishing(j, v, tag);
    put_history(j, v, tag);
    json_word(j, "}");
}
