/* SPDX-License-Identifier: Apache-2.0 */
#include "empty.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "headgate/plant.h"
#include "plants.h"
#include "watch/alarms.h"
#include "watch/incident.h"

enum { PUMPS = 4, STAGES = 12, TAGS = 1 + PUMPS, HOUR_ROWS = 60, FIRST_H = 6, LEAST_LEFT_H = 2 };

static const int64_t epoch_ms = INT64_C(1136160000000);
static const double target_m = 0.2;

struct site {
    struct plant plant;
    struct area area;
    struct basin basin;
    struct pair stage[STAGES];
    struct basin_pump pumps[PUMPS];
};

static void site_make(struct site *s)
{
    static const char *const names[PUMPS] = {"p1", "p2", "p3", "p4"};
    memset(s, 0, sizeof *s);
    s->area = (struct area){.name = "pit", .title = "Pit"};
    for (int k = 0; k < STAGES; k++) {
        double level = 6 * pow((double)k / (STAGES - 1), 1.5);
        s->stage[k] = (struct pair){level, pit_volume(level)};
    }
    for (uint32_t k = 0; k < PUMPS; k++)
        s->pumps[k] = (struct basin_pump){
            .run = 1 + k, .flow = TAG_NONE, .flow_factor = 1, .capacity = 160, .name = names[k]};
    s->basin = (struct basin){.name = "pit",
                              .level = 0,
                              .factor = 1,
                              .stage = s->stage,
                              .stage_count = STAGES,
                              .target = target_m,
                              .pumps = s->pumps,
                              .pump_count = PUMPS,
                              .alarm_stalled = RULE_NONE,
                              .tag_volume = TAG_NONE,
                              .tag_net = TAG_NONE,
                              .tag_minutes = TAG_NONE};
    s->plant = (struct plant){.site = "bench",
                              .gateway = "bench",
                              .areas = &s->area,
                              .area_count = 1,
                              .basins = &s->basin,
                              .basin_count = 1,
                              .tag_count = TAGS,
                              .first_derived = TAGS,
                              .timezone = "UTC"};
    s->plant.incidents = (struct incident_rules){
        .every_ms = 4 * 3600000, .first_every_ms = 3600000, .first_for_ms = 6 * 3600000};
}

static void feed(struct incident *i, const struct series *pit, uint32_t row)
{
    int64_t t = epoch_ms + row * pit->step_ms;
    struct sample s = {.quality = QUALITY_GOOD, .time = {t}};
    s.value = (struct value){.kind = VALUE_REAL, .real = pit->column[COL_LEVEL][row]};
    incident_sample(i, 0, &s, t);
    for (uint32_t k = 0; k < PUMPS; k++) {
        bool runs = ((unsigned)pit->column[COL_RUN2][row] >> k & 1U) != 0;
        s.value = (struct value){.kind = VALUE_BOOL, .truth = runs};
        incident_sample(i, 1 + k, &s, t);
    }
    incident_tick(i, t);
}

/* When the water truly stood at the target; the last row if it never did. */
static uint32_t empty_row(const struct series *pit)
{
    uint32_t row = 0;
    while (row + 1 < pit->rows && pit->column[COL_TRUE][row] > pit_volume(target_m))
        row++;
    return row;
}

static double by_level(const struct series *pit, uint32_t row)
{
    const double *l = pit->column[COL_LEVEL];
    uint32_t back = row < 12 * HOUR_ROWS ? row : 12 * HOUR_ROWS;
    double rate = (l[row] - l[row - back]) / ((double)back / HOUR_ROWS);
    return rate < 0 ? (l[row] - target_m) / -rate : NEVER;
}

static void ask(struct forecasts *f, const struct incident *i, const struct series *pit,
                uint32_t row, uint32_t empty)
{
    const struct estimate *eta = &incident_now(i)->basins[0].eta_ms;
    double left_h = (double)(empty - row) / HOUR_ROWS;
    double now_ms = (double)(epoch_ms + row * pit->step_ms), end_ms = now_ms + left_h * 3.6e6;
    double told_h = (eta->value - now_ms) / 3.6e6;
    f->untold += isnan(eta->value) ? 1 : 0;
    f->inside += eta->low <= end_ms && end_ms <= eta->high ? 1 : 0;
    f->error[f->count] = fabs(told_h - left_h) / left_h;
    f->by_level[f->count++] = fabs(by_level(pit, row) - left_h) / left_h;
}

void empty_run(struct forecasts *f, const struct series *pit)
{
    struct site site;
    site_make(&site);
    struct alarms *alarms = alarms_new(&site.plant, &(struct alarm_hooks){0});
    struct incident *i = incident_new(&site.plant, alarms, &(struct incident_hooks){0});
    assert(alarms && i);
    struct order open = {.verb = ORDER_INCIDENT,
                         .op = "open",
                         .user = "bench",
                         .value = NOTHING,
                         .reason = "the pit is flooded"};
    *f = (struct forecasts){0};
    uint32_t empty = empty_row(pit), began = 0;
    while (began < empty && pit->column[COL_RUN][began] < 1)
        began++;
    for (uint32_t row = 0; row < empty; row++) {
        feed(i, pit, row);
        if (row == HOUR_ROWS / 2) {
            const char *why = incident_order(i, &open, epoch_ms + row * pit->step_ms);
            if (why)
                fprintf(stderr, "not opened: %s\n", why);
        }
        bool whole = row >= began + FIRST_H * HOUR_ROWS && (row - began) % HOUR_ROWS == 0;
        if (whole && empty - row >= LEAST_LEFT_H * HOUR_ROWS && f->count < EMPTY_HOURS)
            ask(f, i, pit, row, empty);
    }
    incident_free(i);
    alarms_free(alarms);
}
