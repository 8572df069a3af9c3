/* SPDX-License-Identifier: Apache-2.0 */
/* How a tag is read: its request, what went over the wire for it, and what became of the bytes. */
#include <stdio.h>
#include <string.h>

#include "app/why.h"
#include "poll/frames.h"
#include "publish/member.h"
#include "values/decode.h"
#include "values/explain.h"

static void find_feed(const struct plan *plan, struct why_feed *f)
{
    uint32_t device = (uint32_t)(f->device - plan->plant->devices), line = f->device->line;
    for (uint32_t i = plan->first_request[line]; i < plan->first_request[line + 1]; i++) {
        const struct request *r = &plan->requests[i];
        for (uint32_t k = 0; k < r->feed_count && r->unit == f->device->unit; k++)
            if (r->feeds[k].device == device && r->feeds[k].point == f->root) {
                f->request = r;
                f->feed = &r->feeds[k];
                return;
            }
    }
}

bool why_find(const struct why_view *v, uint32_t tag, struct why_feed *out)
{
    const struct plant *plant = v->plan->plant;
    *out = (struct why_feed){0};
    if (tag >= plant->first_derived)
        return false;
    out->device = &plant->devices[plant_device_of(plant, tag)];
    out->point = out->root = tag - out->device->first_tag;
    const struct point *points = out->device->map->points;
    while (points[out->root].from >= 0)
        out->root = (uint32_t)points[out->root].from;
    find_feed(v->plan, out);
    const struct frames *fs =
        v->poller && out->request ? poller_frames(v->poller, out->request) : NULL;
    uint16_t address = points[out->root].address, words = points[out->root].words;
    out->good = frames_find(fs, address, words, FRAME_GOOD);
    out->bad = frames_find(fs, address, words, FRAME_BAD);
    out->before = frames_find(fs, address, words, FRAME_BEFORE);
    return true;
}

/* ---- request and line ---------------------------------------------------------------------------
 */

static const char *table_word(uint8_t table)
{
    static const char *const words[TABLE_COUNT] = {
        [TABLE_COIL] = "coil",
        [TABLE_DISCRETE] = "discrete",
        [TABLE_INPUT] = "input",
        [TABLE_HOLDING] = "holding",
    };
    return table < TABLE_COUNT ? words[table] : "?";
}

static void put_request(struct json *j, const struct why_view *v, const struct why_feed *f)
{
    const struct request *r = f->request;
    const struct point *p = &f->device->map->points[f->root];
    struct explain_address a;
    explain_address(&a, (enum table)p->table, p->address);
    json_word(j, ",\"address\":{\"table\":");
    json_put_string(j, table_word(p->table));
    put_int(j, "wire", p->address);
    put_text(j, "hex", a.hex);
    put_int(j, "number", a.number);
    put_text(j, "modicon", a.modicon);
    put_text(j, "iec", a.iec);
    put_int(j, "words", p->words);
    json_word(j, "},\"request\":");
    if (!r) {
        json_word(j, "null");
        return;
    }
    uint32_t from = v->plan->first_request[r->line], to = v->plan->first_request[r->line + 1];
    json_word(j, "{\"number\":");
    json_int(j, (int64_t)(r - v->plan->requests) - from + 1);
    put_int(j, "of", to - from);
    put_int(j, "function", adu_function(r->table));
    put_int(j, "first", r->first);
    put_int(j, "count", r->count);
    put_int(j, "offset", f->feed->offset);
    put_int(j, "tags", r->feed_count);
    put_int(j, "period_ms", r->period_ns / NS_PER_MS);
    put_int(j, "every_nth", f->feed->every_nth ? f->feed->every_nth : 1);
    put_truth(j, "once", r->once);
    json_word(j, "}");
}

static void put_line(struct json *j, const struct why_view *v, const struct why_feed *f)
{
    static const char *const states[] = {[LINE_DOWN] = "down",
                                         [LINE_CONNECTING] = "connecting",
                                         [LINE_UP] = "up",
                                         [LINE_SUSPECT] = "suspect"};
    const struct line *l = &v->plan->plant->lines[f->device->line];
    char where[300];
    if (l->transport == TRANSPORT_RTU)
        snprintf(where, sizeof where, "%s %u%c%u", l->device, l->baud, l->parity, l->stop_bits);
    else
        snprintf(where, sizeof where, "%s:%u%s", l->host, l->port,
                 l->transport == TRANSPORT_TCP ? "" : " (RTU over TCP)");
    json_word(j, ",\"line\":{\"name\":");
    json_put_string(j, l->name);
    put_text(j, "connect", where);
    if (v->poller) {
        struct line_stats s;
        struct unit_stats u;
        poller_line_stats(v->poller, f->device->line, &s);
        put_text(j, "state", states[s.state]);
        put_int(j, "connects", (int64_t)s.connects);
        if (poller_unit_stats(v->poller, f->device->line, f->device->unit, &u)) {
            put_truth(j, "unit_answers", u.answers);
            put_int(j, "good", (int64_t)u.good);
            put_int(j, "timeouts", (int64_t)u.timeouts);
            put_int(j, "garbled", (int64_t)u.garbled);
            put_int(j, "exceptions", (int64_t)u.exceptions);
            put_real(j, "rtt_ms", (double)u.rtt_ns / (double)NS_PER_MS);
        }
    }
    json_word(j, "}");
}

/* ---- exchanges ----------------------------------------------------------------------------------
 */

static const char *fault_word(uint8_t fault)
{
    switch ((enum fault)fault) {
    case FAULT_NONE:
        return "good";
    case FAULT_LINE_DOWN:
        return "line-down";
    case FAULT_TIMEOUT:
        return "timeout";
    case FAULT_GARBLED:
        return "garbled";
    case FAULT_CLOSED:
        return "closed";
    case FAULT_EXCEPTION:
        return "exception";
    case FAULT_BACKED_OFF:
        return "backed-off";
    case FAULT_HOLE:
        return "hole";
    }
    return "?";
}

static void put_hex(struct json *j, const char *name, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    put_key(j, name);
    json_word(j, "\"");
    for (size_t i = 0; i < length; i++) {
        const char pair[2] = {digits[bytes[i] >> 4], digits[bytes[i] & 15]};
        json_raw(j, pair, 2);
    }
    json_word(j, "\"");
}

static void put_frame(struct json *j, const char *name, const struct frame *f)
{
    put_key(j, name);
    if (!f) {
        json_word(j, "null");
        return;
    }
    json_word(j, "{\"number\":");
    json_int(j, f->number);
    put_int(j, "timestamp", f->time.ms);
    put_real(j, "took_ms", (double)mono_since(f->over, f->asked) / (double)NS_PER_MS);
    put_text(j, "framing", f->framing == FRAMING_TCP ? "tcp" : "rtu");
    put_text(j, "verdict", fault_word(f->fault));
    put_text(j, "why", f->why);
    if (f->fault == FAULT_EXCEPTION)
        put_int(j, "exception", f->exception);
    put_truth(j, "proof", f->proof);
    put_int(j, "first", f->first);
    put_int(j, "count", f->count);
    put_int(j, "connection", f->connection);
    put_hex(j, "sent", f->sent, f->sent_length);
    put_hex(j, "received", f->bytes, f->kept);
    put_int(j, "received_length", f->received);
    json_word(j, "}");
}

void why_wire(struct json *j, const struct why_view *v, const struct why_feed *f)
{
    put_request(j, v, f);
    put_line(j, v, f);
    json_word(j, ",\"exchanges\":{\"now\":");
    json_int(j, v->wall.ms);
    put_frame(j, "good", f->good);
    put_frame(j, "bad", f->bad);
    put_frame(j, "before", f->before != f->good && f->before != f->bad ? f->before : NULL);
    json_word(j, "}");
}

/* ---- steps --------------------------------------------------------------------------------------
 */

enum { CHAIN_MAX = 8, TEXT_ROOM = 2 * REGISTERS_MAX + DECODE_TEXT_EXTRA };

static void put_steps(struct json *j, const char *tag, const struct explanation *e, bool *first)
{
    char value[400];
    for (uint32_t i = 0; i < e->count; i++) {
        const struct explain_step *s = &e->steps[i];
        json_raw(j, ",", !*first);
        *first = false;
        json_word(j, "{\"tag\":");
        json_put_string(j, tag);
        put_text(j, "kind", explain_kind_name((enum explain_kind)s->kind));
        put_text(j, "text", s->text);
        bool has = s->after.value.kind != VALUE_NONE;
        put_text(j, "after", has ? explain_value(value, sizeof value, &s->after.value) : NULL);
        put_int(j, "quality", s->after.quality);
        put_text(j, "reason", s->after.reason);
        json_word(j, "}");
    }
}

/* What the board made of the same answer, where it knows more than these bytes: what was counted
 * before, who the device is, its clock's zone. */
static void put_beyond(struct json *j, const char *tag, const struct sample *decoded,
                       const struct sample *stands)
{
    bool same = decoded->quality == stands->quality && value_equal(&decoded->value, &stands->value);
    char value[400];
    if (same)
        return;
    json_word(j, ",{\"tag\":");
    json_put_string(j, tag);
    put_text(j, "kind", "beyond");
    put_text(j, "text", "what is known beyond these bytes");
    bool has = stands->value.kind != VALUE_NONE;
    put_text(j, "after", has ? explain_value(value, sizeof value, &stands->value) : NULL);
    put_int(j, "quality", stands->quality);
    put_text(j, "reason", stands->reason);
    json_word(j, "}");
}

static const struct sample *of(const struct why_view *v, const struct why_feed *f, int32_t point)
{
    return point < 0 ? NULL : board_partner(v->board, f->device->first_tag + (uint32_t)point);
}

static void explain_one(const struct why_view *v, const struct why_feed *f, uint32_t point,
                        const struct sample *source, char *text, struct explanation *e,
                        struct explain_hint *hint)
{
    const struct point *p = &f->device->map->points[point];
    const struct explain_input in = {
        .map = f->device->map,
        .point = point,
        .data = f->good->bytes + (f->good->framing == FRAMING_TCP ? 9 : 3),
        .offset = (uint16_t)(f->device->map->points[f->root].address - f->good->first),
        .source = source,
        .exponent = of(v, f, p->exp_from),
        .factor = of(v, f, p->mul_from),
        .condition = of(v, f, p->valid_if.point),
        .text = text,
    };
    explain_point(&in, e);
    explain_hint(hint, &in, &e->result);
}

void why_steps(struct json *j, const struct why_view *v, const struct why_feed *f, char *reason,
               size_t room)
{
    const struct map *map = f->device->map;
    uint32_t chain[CHAIN_MAX], count = 0;
    char text[TEXT_ROOM];
    struct explanation e;
    struct explain_hint hint = {0};
    struct sample source = {0};
    bool first = true;
    json_word(j, ",\"steps\":[");
    for (uint32_t at = f->point; count < CHAIN_MAX; at = (uint32_t)map->points[at].from) {
        chain[count++] = at;
        if (map->points[at].from < 0)
            break;
    }
    bool whole = chain[count - 1] == f->root;
    while (f->good && whole && count > 0) {
        uint32_t point = chain[--count];
        explain_one(v, f, point, &source, text, &e, &hint);
        put_steps(j, map->points[point].name, &e, &first);
        source = e.result;
        const struct explain_step *last = &e.steps[e.count - 1];
        if (last->after.quality != QUALITY_GOOD)
            snprintf(reason, room, "%s: %s (%s)", explain_kind_name((enum explain_kind)last->kind),
                     last->after.reason, last->text);
    }
    const struct sample *stands = of(v, f, (int32_t)f->point);
    if (!first && count == 0 && stands->time.ms == f->good->time.ms)
        put_beyond(j, map->points[f->point].name, &source, stands);
    json_word(j, "]");
    put_int(j, "steps_timestamp", f->good ? f->good->time.ms : 0);
    put_text(j, "hint", hint.looks > 0 ? hint.text : NULL);
}
