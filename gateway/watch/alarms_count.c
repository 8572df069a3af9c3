/* SPDX-License-Identifier: Apache-2.0 */
/* How many, how often, how long: rings that move with time, so that counting costs the same in the
 * middle of a flood as on a quiet night. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "watch/alarms_parts.h"

enum { FLOOD_BEGIN = 10, FLOOD_END = 5 };

static size_t slot(int64_t x, int64_t size)
{
    int64_t s = x % size;
    return (size_t)(s < 0 ? s + size : s);
}

static int64_t part(int64_t x, int64_t of) /* rounded down, also below zero */
{
    return x / of - (x % of < 0);
}

uint32_t alarms_flood_begin(const struct alarms *a)
{
    uint32_t begin = a->plant->alarm_settings.flood_begin;
    return begin ? begin : FLOOD_BEGIN;
}

static uint32_t flood_end(const struct alarms *a)
{
    uint32_t end = a->plant->alarm_settings.flood_end;
    return end ? end : FLOOD_END;
}

static void roll_minutes(struct alarms *a, int64_t minute)
{
    if (minute - a->minute >= DAY_MINUTES) {
        memset(a->minutes, 0, sizeof(a->minutes));
        a->minute = minute;
    }
    while (a->minute < minute)
        memset(&a->minutes[slot(++a->minute, DAY_MINUTES)], 0, sizeof(a->minutes[0]));
}

/* The engine's own alarm. It isn't counted among those that it is about. */
static void say_flood(struct alarms *a, bool flood, int64_t now_ms)
{
    a->flood = flood;
    if (flood)
        a->in_flood = a->flood_low = 0;
    if (a->flood_index == RULE_NONE)
        return;
    struct alarm_evidence *last = &a->items[a->flood_index].s.evidence;
    if (!flood)
        snprintf(last->more, sizeof(last->more), "\"annunciations\":%u,\"low\":%u", a->in_flood,
                 a->flood_low);
    struct alarm_evidence e = {.value = a->in_window, .limit = alarms_flood_begin(a)};
    snprintf(e.text, sizeof(e.text), "more than %u alarms within 10 minutes",
             alarms_flood_begin(a));
    alarms_set(a, a->flood_index, flood, &e, now_ms, now_ms);
}

void alarms_count_time(struct alarms *a, int64_t now_ms)
{
    int64_t second = part(now_ms, 1000);
    if (!a->started) {
        a->started = true;
        a->start_ms = now_ms;
        a->second = second;
        a->minute = part(second, 60);
    }
    while (a->second < second && (a->in_window || a->flood)) {
        uint16_t *bucket = &a->seconds[slot(++a->second, FLOOD_SECONDS)];
        a->in_window -= *bucket;
        *bucket = 0;
        roll_minutes(a, part(a->second, 60));
        if (!a->flood)
            continue;
        a->minutes[slot(a->minute, DAY_MINUTES)].flood_ms += 1000;
        if (a->in_window < flood_end(a))
            say_flood(a, false, now_ms);
    }
    if (a->second < second)
        a->second = second;
    roll_minutes(a, part(a->second, 60));
}

/* ---- one by one --------------------------------------------------------------------------------
 */

static void roll_hours(struct item *it, int64_t hour)
{
    if (it->hours_at == ALARM_NEVER || hour - it->hours_at >= 24) {
        memset(it->hours, 0, sizeof(it->hours));
        it->hours_at = hour;
    }
    while (it->hours_at < hour)
        it->hours[slot(++it->hours_at, 24)] = 0;
}

void alarms_count_told(struct alarms *a, uint32_t i)
{
    if (i == a->flood_index)
        return;
    struct item *it = &a->items[i];
    uint16_t *bucket = &a->seconds[slot(a->second, FLOOD_SECONDS)];
    if (*bucket < UINT16_MAX) {
        ++*bucket;
        a->in_window++;
    }
    a->minutes[slot(a->minute, DAY_MINUTES)].by_priority[it->s.priority]++;
    int64_t hour = part(a->minute, 60);
    roll_hours(it, hour);
    if (it->hours[slot(hour, 24)] < UINT16_MAX)
        it->hours[slot(hour, 24)]++;
    if (!a->flood && a->in_window > alarms_flood_begin(a))
        say_flood(a, true, it->s.told_ms);
    a->in_flood += a->flood;
    a->flood_low += a->flood && it->s.priority == PRIORITY_LOW;
}

void alarms_count_ack(struct alarms *a, int64_t told_ms, int64_t now_ms)
{
    if (told_ms == ALARM_NEVER)
        return;
    a->acks[a->ack_next] = (struct ack){now_ms, now_ms - told_ms};
    a->ack_next = (a->ack_next + 1) % ACKS_KEPT;
    if (a->ack_count < ACKS_KEPT)
        a->ack_count++;
}

uint32_t alarms_count_day(const struct alarms *a, uint32_t i)
{
    const struct item *it = &a->items[i];
    int64_t hour = part(a->minute, 60);
    uint32_t sum = 0;
    if (it->hours_at == ALARM_NEVER)
        return 0;
    for (int64_t h = hour - 23; h <= it->hours_at; h++)
        sum += it->hours[slot(h, 24)];
    return sum;
}

/* Annunciations `ago` minutes ago, within the day. */
const struct minute *alarms_count_minute(const struct alarms *a, int64_t ago)
{
    return &a->minutes[slot(a->minute - ago, DAY_MINUTES)];
}
