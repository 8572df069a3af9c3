/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/encode.h"

#include <math.h>

#include "base/text.h"

static void member(struct json *j, const char *key, uint64_t x)
{
    json_word(j, ",\"");
    json_raw(j, key, strlen(key));
    json_word(j, "\":");
    /* Counters of ours stay below 2^53 for longer than any machine runs. */
    json_int(j, x > INT64_MAX ? INT64_MAX : (int64_t)x);
}

static void member_string(struct json *j, const char *key, const char *s)
{
    json_word(j, ",\"");
    json_raw(j, key, strlen(key));
    json_word(j, "\":");
    json_string(j, s);
}

/* The last guard before a number leaves: what is no number can't be good, whoever said so. */
static bool no_number(const struct sample *s)
{
    return s->value.kind == VALUE_REAL && !isfinite(s->value.real);
}

static bool told(const struct sample *s)
{
    return s->quality == QUALITY_GOOD || s->quality == QUALITY_UNCERTAIN;
}

static void verdict(const struct sample *s, enum quality *quality, const char **reason)
{
    *quality = s->quality;
    *reason = s->reason;
    if (told(s) && no_number(s)) {
        *quality = QUALITY_SENSOR_FAILURE;
        *reason = text_not_finite(s->value.real);
    }
    if (*quality == QUALITY_GOOD && s->value.kind == VALUE_NONE) {
        *quality = QUALITY_BAD;
        *reason = "no value";
    }
}

void encode_value(struct json *j, const struct sample *s, const struct value *last,
                  wall_t last_time, const char *unit)
{
    enum quality quality;
    const char *reason;
    verdict(s, &quality, &reason);
    json_word(j, "{\"value\":");
    if (told(s) && !no_number(s))
        json_value(j, &s->value);
    else
        json_word(j, "null");
    json_word(j, ",\"timestamp\":");
    json_int(j, s->time.ms);
    if (quality == QUALITY_GOOD) {
        json_word(j, ",\"quality\":192");
    } else {
        json_word(j, ",\"quality\":");
        json_int(j, quality);
    }
    if (unit && *unit) {
        json_word(j, ",\"unit\":");
        json_string(j, unit);
    }
    if (quality != QUALITY_GOOD) {
        json_word(j, ",\"reason\":");
        json_string(j, reason ? reason : "unknown");
        if (last && last->kind != VALUE_NONE) {
            json_word(j, ",\"last\":");
            json_value(j, last);
            json_word(j, ",\"last_timestamp\":");
            json_int(j, last_time.ms);
        }
    }
    json_word(j, "}");
}

void frame_begin(struct frame *f, char *buffer, size_t room, const char *device, wall_t time)
{
    f->out = json_into(buffer, room / 2);
    f->bad = json_into(buffer + room / 2, room - room / 2);
    f->count = 0;
    json_word(&f->out, "\"device\":");
    json_string(&f->out, device);
    json_word(&f->out, ",\"timestamp\":");
    json_int(&f->out, time.ms);
    json_word(&f->out, ",\"values\":{");
}

/* How much the end of a frame needs beside the bad tags: "},\"bad\":{" and "}}". */
enum { FRAME_TAIL = 16 };

bool frame_add(struct frame *f, const char *key, uint32_t key_length, const struct sample *s)
{
    enum quality quality;
    const char *reason;
    bool good = s->quality == QUALITY_GOOD && s->value.kind != VALUE_NONE && !no_number(s);
    struct json *j = good ? &f->out : &f->bad;
    struct json before = *j;

    if (f->out.overflow)
        return false;
    if (j->at != j->start && j->at[-1] != '{')
        json_word(j, ",");
    json_raw(j, key, key_length);
    if (good) {
        json_value(j, &s->value);
    } else {
        verdict(s, &quality, &reason);
        json_word(j, "{\"quality\":");
        json_int(j, quality);
        json_word(j, ",\"reason\":");
        json_string(j, reason ? reason : "unknown");
        if (quality == QUALITY_UNCERTAIN && s->value.kind != VALUE_NONE) {
            json_word(j, ",\"value\":");
            json_value(j, &s->value);
        }
        json_word(j, "}");
    }
    if (j->overflow || json_length(&f->out) + json_length(&f->bad) + FRAME_TAIL >
                           (size_t)(f->out.end - f->out.start)) {
        *j = before;
        return false;
    }
    f->count++;
    return true;
}

size_t frame_end(struct frame *f)
{
    json_word(&f->out, "}");
    if (f->bad.at != f->bad.start) {
        json_word(&f->out, ",\"bad\":{");
        json_raw(&f->out, f->bad.start, json_length(&f->bad));
        json_word(&f->out, "}");
    }
    json_word(&f->out, "}");
    return f->out.overflow ? 0 : json_length(&f->out);
}

void encode_device(struct json *j, const struct device_status *d)
{
    json_word(j, "{\"state\":");
    json_string(j, d->state);
    json_word(j, ",\"timestamp\":");
    json_int(j, d->time.ms);
    member_string(j, "gateway", d->gateway);
    member_string(j, "device", d->device->path);
    if (d->reason)
        member_string(j, "reason", d->reason);
    json_word(j, ",\"since\":");
    json_int(j, d->since.ms);
    json_word(j, ",\"last_ok\":");
    if (d->last_ok.ms)
        json_int(j, d->last_ok.ms);
    else
        json_word(j, "null");
    json_word(j, ",\"rtt_ms\":");
    int64_t rtt_us = d->rtt_ns / NS_PER_US;
    if (d->rtt_ns >= 0)
        json_real(j, (double)rtt_us / 1000, false);
    else
        json_word(j, "null");
    member(j, "good", d->good);
    member(j, "timeouts", d->timeouts);
    member(j, "garbled", d->garbled);
    member(j, "exceptions", d->exceptions);
    member_string(j, "line", d->line->name);
    member(j, "unit", d->device->unit);
    member_string(j, "map", d->device->map->name);
    member_string(j, "map_hash", d->device->map->hash);
    if (d->identity)
        member_string(j, "identity", d->identity);
    if (d->expected)
        member_string(j, "identity_expected", d->expected);
    json_word(j, "}");
}

void encode_gateway(struct json *j, const struct gateway_status *g)
{
    json_word(j, "{\"state\":");
    json_string(j, g->state);
    json_word(j, ",\"timestamp\":");
    json_int(j, g->time.ms);
    member_string(j, "gateway", g->gateway);
    if (g->reason)
        member_string(j, "reason", g->reason);
    member_string(j, "version", g->version);
    json_word(j, ",\"started\":");
    json_int(j, g->started.ms);
    member(j, "epoch", g->epoch);
    json_word(j, "}");
}

static void lane(struct json *j, const char *name, const struct stats_lane *l)
{
    json_string(j, name);
    json_word(j, ":{\"acquired\":");
    json_int(j, (int64_t)l->acquired);
    member(j, "acknowledged", l->acked);
    member(j, "waiting", l->waiting);
    member(j, "dropped", l->dropped);
    json_word(j, "}");
}

static void lanes(struct json *j, const struct stats *s)
{
    static const char *const names[MESSAGE_JOURNALED] = {"history", "event", "audit"};
    struct stats_lane sum = {0, 0, 0, 0};
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        sum.acquired += s->lanes[i].acquired;
        sum.acked += s->lanes[i].acked;
        sum.waiting += s->lanes[i].waiting;
        sum.dropped += s->lanes[i].dropped;
    }
    member(j, "acquired", sum.acquired);
    member(j, "acknowledged", sum.acked);
    member(j, "waiting", sum.waiting);
    member(j, "dropped", sum.dropped);
    json_word(j, ",\"lanes\":{");
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        if (i)
            json_word(j, ",");
        lane(j, names[i], &s->lanes[i]);
    }
    json_word(j, "}");
}

static void polling(struct json *j, const struct stats *s)
{
    static const char *const late[8] = {"1", "2", "5", "10", "20", "50", "100", "more"};
    const struct {
        const char *key;
        uint64_t x;
    } rows[] = {
        {"lines", s->lines},
        {"lines_up", s->lines_up},
        {"devices", s->devices},
        {"devices_online", s->devices_online},
        {"tags", s->tags},
        {"tags_good", s->tags_good},
        {"updates", s->updates},
        {"polls", s->polls},
        {"good", s->good},
        {"errors", s->timeouts + s->garbled + s->exceptions},
        {"timeouts", s->timeouts},
        {"garbled", s->garbled},
        {"exceptions", s->exceptions},
        {"overruns", s->overruns},
        {"skipped", s->skipped},
        {"probes", s->probes},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        member(j, rows[i].key, rows[i].x);
    json_word(j, ",\"late_ms\":{");
    for (int i = 0; i < 8; i++) {
        if (i)
            json_word(j, ",");
        json_string(j, late[i]);
        json_word(j, ":");
        json_int(j, (int64_t)s->late_ms[i]);
    }
    json_word(j, "}");
}

void encode_stats(struct json *j, const struct stats *s)
{
    json_word(j, "{\"timestamp\":");
    json_int(j, s->time.ms);
    member_string(j, "gateway", s->gateway);
    member(j, "epoch", s->epoch);
    json_word(j, ",\"started\":");
    json_int(j, s->started.ms);
    json_word(j, ",\"interval_ms\":");
    json_int(j, s->interval_ns / NS_PER_MS);
    lanes(j, s);
    polling(j, s);
    member(j, "published", s->published);
    member(j, "refused", s->refused);
    member(j, "no_subscriber", s->no_subscriber);
    member(j, "reconnects", s->reconnects);
    member(j, "broker_failures", s->broker_failures);
    member(j, "live_dropped", s->live_dropped);
    member(j, "replayed", s->replayed);
    member(j, "journal_bytes", s->journal_bytes);
    member(j, "oldest_unacked_ms", s->oldest_unacked_ms);
    if (s->journal_trouble)
        member_string(j, "journal_trouble", s->journal_trouble);
    member_string(j, "clock", s->clock);
    member(j, "resident_bytes", s->resident_bytes);
    member(j, "cpu_ms", s->cpu_ms);
    if (s->alarms) {
        json_word(j, ",\"alarms\":");
        json_raw(j, s->alarms, strlen(s->alarms));
    }
    json_word(j, "}");
}

void encode_event(struct json *j, const struct event *e)
{
    json_word(j, "\"type\":");
    json_string(j, e->type);
    member_string(j, "subject", e->subject);
    member_string(j, "text", e->text);
    json_word(j, ",\"timestamp\":");
    json_int(j, e->time.ms);
    if (e->more && *e->more) {
        json_word(j, ",");
        json_raw(j, e->more, strlen(e->more));
    }
    json_word(j, "}");
}

void encode_head(struct json *j, const char *gateway, uint64_t epoch, uint64_t seq)
{
    json_word(j, "{\"gateway\":");
    json_string(j, gateway);
    json_word(j, ",\"epoch\":");
    json_int(j, (int64_t)epoch);
    json_word(j, ",\"seq\":");
    json_int(j, (int64_t)seq);
    json_word(j, ",");
}

void encode_gap(struct json *j, wall_t time, uint64_t from_seq, uint64_t to_seq, const char *reason)
{
    json_word(j, "\"timestamp\":");
    json_int(j, time.ms);
    json_word(j, ",\"gap\":{\"from_seq\":");
    json_int(j, (int64_t)from_seq);
    member(j, "to_seq", to_seq);
    member_string(j, "reason", reason);
    json_word(j, "}}");
}
