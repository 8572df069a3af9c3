/* SPDX-License-Identifier: Apache-2.0 */
/* A sump that pumps keep empty. How fast it fills while they stand is its inflow; the rest (how
 * much they run, how long at a stretch, whether the water rises in spite of them, a float) sees the
 * floods that leave no time for fills. */
#ifndef WATCH_SUMP_H
#define WATCH_SUMP_H

#include "watch/kind.h"

enum { SUMP_KEPT = 40, SUMP_MINUTES = 60, SUMP_PUMPS = 16 };

enum sump_cause { SUMP_INFLOW, SUMP_DUTY, SUMP_RUN, SUMP_RISE, SUMP_FLOAT, SUMP_CAUSES };

struct sump_ring {                 /* the newest so many numbers */
    double x[SUMP_KEPT];
    uint32_t n, at;
};

struct sump_span {                 /* of a volume, between 3-sample ends */
    double first_t, first_v;       /* sums of the first three; s, m3 */
    double last_t[3], last_v[3];
    int64_t from_ms;
    uint32_t n;
    bool open;
};

struct sump_pump {
    double reference, recent;      /* what it lifts, m3/h */
    uint32_t n;
};

struct sump {
    bool running[KIND_INPUT_MAX], known[KIND_INPUT_MAX];
    struct sump_span fill, draw;   /* while no pump runs, and while one does */
    struct sump_ring fills, runs;  /* m3/h; s */
    double base, spread, usual_run;        /* their medians, and how far fills lie from theirs; NaN */
    struct sump_pump pumps[SUMP_PUMPS];
    double s;                      /* CUSUM of closed fills, m3 */
    double open_s;                 /* with the fill that goes on */
    double inflow, last_inflow;    /* newest, and that of the fill before; m3/h; NaN */
    double excess;                 /* m3 since s left zero */
    double drawn;                  /* m3/h that the last run drew, waiting for the next fill; NaN */
    struct kind_line rise;         /* level since pumps changed, by the minute */
    double rise_rate;              /* m/h, newest; NaN */
    double usual_duty;
    int64_t run_ms[SUMP_MINUTES];  /* pumps ran, by minute */
    int64_t duty_ms, minute;       /* sum of them; newest */
    int64_t began_ms, now_ms, heard_ms;    /* heard: when one that runs said so last */
    int64_t run_from_ms, last_run_ms, settled_ms, rise_from_ms, onset_ms, hour;
    uint32_t count_on, count_pumps, duty_hours, drawn_by, minutes_known;
    uint32_t fast;                 /* minutes in a row that brought more than all pumps lift */
    struct kind_hold hold;
    bool begun, all_known, whole_run, float_on;
    bool on[SUMP_CAUSES];
    uint8_t by;                    /* enum sump_cause that fired first */
};

struct sump_limits {
    double k, h, capacity;         /* m3/h, m3, m3/h of the largest pump (0: unknown) */
    double all, now;               /* m3/h that all pumps lift (0: unknown), and those that run */
    double base, spread;           /* of the fills; NaN */
};

void sump_ring_put(struct sump_ring *r, double x);
double sump_ring_median(const struct sump_ring *r);

struct sump_limits sump_limits(const struct sump *s, const struct leak_rule *r);
bool sump_learned(const struct sump *s, const struct leak_rule *r);
bool sump_learns(const struct sump *s, const struct leak_context *c);
/* So long pumps have been running, as far as anybody heard; ms. */
int64_t sump_run_ms(const struct sump *s);
double sump_duty(const struct sump *s);
double sump_duty_limit(const struct sump *s);

/* A level was read: the fill or the run that goes on. */
void sump_level(struct sump *s, const struct leak_context *c, double level, int64_t t_ms);
void sump_fill_end(struct sump *s, const struct leak_context *c, int64_t t_ms);
void sump_run_end(struct sump *s, const struct leak_context *c, int64_t t_ms);
void sump_forget(struct sump *s);  /* the level's past counts for nothing */
bool sump_worn(const struct sump *s);

void sump_view(const void *state, const struct leak_context *c, struct leak_view *v);
void sump_say(const struct leak_view *v, char *text, size_t room);
uint32_t sump_curve(const void *state, const struct leak_context *c, struct leak_sense *out);

#endif
