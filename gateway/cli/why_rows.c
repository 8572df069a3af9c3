/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/why_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "cli/quality.h"
#include "publish/member.h"

static void take(struct why_row *row, const json_t *good, const json_t *bad)
{
    row->quality = QUALITY_GOOD;
    if (bad) {
        const char *reason = json_string_value(json_object_get(bad, "reason"));
        row->quality = (int)json_integer_value(json_object_get(bad, "quality"));
        snprintf(row->reason, sizeof row->reason, "%s", reason ? reason : "");
        good = json_object_get(bad, "value");
    }
    size_t length = good ? json_dumpb(good, row->value, sizeof row->value - 1,
                                      JSON_ENCODE_ANY | JSON_REAL_PRECISION(12))
                         : 0;
    if (length == 0)
        snprintf(row->value, sizeof row->value, "null");
    else if (length < sizeof row->value)
        row->value[length] = 0;
    else
        snprintf(row->value, sizeof row->value, "\"...\"");
}

static bool look(void *me, const struct journal_seen *seen)
{
    struct why_rows *r = me;
    char quoted[80];
    int n = snprintf(quoted, sizeof quoted, "\"%s\":", r->name);
    if (!memmem(seen->payload, seen->payload_length, quoted, (size_t)n))
        return true;
    /* The head that goes in front of it on its way out has nothing that matters here. */
    char *text = malloc(seen->payload_length + 1);
    if (!text)
        return false;
    text[0] = '{';
    memcpy(text + 1, seen->payload, seen->payload_length);
    json_t *frame = json_read(text, seen->payload_length + 1);
    free(text);
    const json_t *good = json_object_get(json_object_get(frame, "values"), r->name);
    const json_t *bad = json_object_get(json_object_get(frame, "bad"), r->name);
    if (good || bad) {
        struct why_row *row = &r->rows[r->count++];
        *row = (struct why_row){.seq = seen->seq, .time = seen->time, .refused = seen->refused};
        take(row, good, bad);
    }
    json_decref(frame);
    return r->count < WHY_ROWS;
}

void why_rows_read(struct why_rows *r, const char *state_dir, const json_t *why)
{
    const char *topic = json_string_value(json_object_get(why, "history_topic"));
    const char *name = json_string_value(json_object_get(why, "name"));
    *r = (struct why_rows){0};
    if (!topic || !name)
        return;
    snprintf(r->name, sizeof r->name, "%s", name);
    r->known = journal_look_rows(state_dir, topic, &r->lane, look, r);
}

static const char *fate(const struct why_rows *r, const struct why_row *row)
{
    if (row->refused)
        return "refused by the broker";
    return row->seq <= r->lane.acked ? "acknowledged" : "waiting";
}

void why_rows_print(FILE *out, const struct why_rows *r)
{
    char time[CALENDAR_MAX];
    if (!r->known) {
        fputs("  journal     there is none to look into\n", out);
        return;
    }
    fprintf(out, "  journal     acknowledged up to %llu of %llu (epoch %llu)\n",
            (unsigned long long)r->lane.acked, (unsigned long long)r->lane.last,
            (unsigned long long)r->lane.epoch);
    for (uint32_t i = 0; i < r->count; i++) {
        const struct why_row *row = &r->rows[i];
        fprintf(out, "    %-11llu %s  %s  %s%s%s, %s\n", (unsigned long long)row->seq,
                calendar_second(time, row->time.ms), row->value,
                quality_word((enum quality)row->quality), row->reason[0] ? ": " : "", row->reason,
                fate(r, row));
    }
    if (r->count == 0)
        fprintf(out, "    no row of the last %d carries it\n", JOURNAL_LOOK_BACK);
}

void why_rows_json(FILE *out, const struct why_rows *r)
{
    char text[4096];
    struct json j = json_into(text, sizeof text);
    json_word(&j, ",\"journal\":");
    if (r->known) {
        json_word(&j, "{\"epoch\":");
        json_int(&j, (int64_t)r->lane.epoch);
        put_int(&j, "last", (int64_t)r->lane.last);
        put_int(&j, "acked", (int64_t)r->lane.acked);
        json_word(&j, ",\"rows\":[");
        for (uint32_t i = 0; i < r->count; i++) {
            const struct why_row *row = &r->rows[i];
            json_raw(&j, ",", i > 0);
            json_word(&j, "{\"seq\":");
            json_int(&j, (int64_t)row->seq);
            put_int(&j, "timestamp", row->time.ms);
            put_key(&j, "value");
            json_raw(&j, row->value, strlen(row->value));
            put_int(&j, "quality", row->quality);
            put_text(&j, "reason", row->reason);
            put_text(&j, "fate", fate(r, row));
            json_word(&j, "}");
        }
        json_word(&j, "]}");
    } else {
        json_word(&j, "null");
    }
    fwrite(text, 1, json_length(&j), out);
}
