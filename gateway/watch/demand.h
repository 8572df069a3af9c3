/* SPDX-License-Identifier: Apache-2.0 */
/* A zone whose users aren't metered: what flows in against what this time of the week usually
 * takes. Three looks at the same net flow: hours against a weekly profile, nights against nights,
 * and (with a tank in the zone, whose level makes hours noisy) days against days. */
#ifndef WATCH_DEMAND_H
#define WATCH_DEMAND_H

#include "watch/kind.h"

enum {
    DEMAND_BINS = 672,             /* quarters of an hour in a week */
    DEMAND_RENEW = 192,            /* ... and in the two days that make a new offset */
};

struct demand_input {
    double sum, last;              /* of this quarter; newest */
    uint32_t n;
    bool known;
};

struct demand_mean {               /* of an hour, a night or a day */
    double sum;
    uint32_t n;
    int64_t number;                /* which one */
};

/* CUSUM of hourly excess over the weekly profile. */
struct demand_hours {
    float profile[DEMAND_BINS];    /* m3/h; NaN: never seen */
    float renewing[DEMAND_RENEW];  /* flow over the profile since the alarm, or since it fell */
    double recent[24];             /* hourly excess, NaN: none; by hour number */
    double offset;                 /* slow: growth and season */
    double scale;                  /* mean |excess| of an hour */
    double power, follow;          /* mean square of an hour, and its product with the hour before */
    double before;                 /* the hour before's excess */
    int64_t before_hour;           /* ... and its end */
    double s, fallen;              /* CUSUM up, and down */
    double holiday;                /* CUSUM up, of what a day off wouldn't explain either */
    double excess, excess2;        /* sums since s left zero */
    double carried;                /* how much of the offset was taken over after alarms */
    int64_t onset_ms, recent_hour;
    uint32_t scaled;               /* hours that made the scale, up to its memory */
    uint32_t run, renew_n;
    bool fired, renew_up, renew_down;
};

struct demand {
    struct demand_input in[KIND_INPUT_MAX];
    struct demand_hours hours;
    struct kind_slow night, day;
    struct demand_mean hour_of, night_of, day_of;
    double off_sum;                /* of this hour, against a day off */
    float weekday[7];              /* days against the mean day, m3/h */
    uint8_t weekday_n[7];
    double usual;                  /* mean net flow, a week's memory */
    double flow, volume;           /* of the previous quarter */
    double value;                  /* newest net flow */
    int64_t quarter, began_ms, now_ms;
    uint32_t usual_n;
    bool begun, flow_known, volume_known, value_known;
    struct kind_hold hold;
    uint8_t by;                    /* which look fired first: 1 hours, 2 night, 3 day */
};

struct demand_bin {                /* one quarter's net flow, and when that was in the zone */
    double flow;
    uint32_t of_week;              /* 0: Monday 00:00 */
    int64_t week;                  /* since the beginning; 1: the first */
};

bool demand_hours_learned(const struct demand_hours *w);
double demand_hours_sd(const struct demand_hours *w, double usual);
struct demand_excess {             /* of a quarter or an hour; NaN: not known yet */
    double own;                    /* over its profile and offset */
    double off;                    /* over what a day off takes at this time */
};
/* A quarter is over. */
struct demand_excess demand_hours_bin(struct demand_hours *w, const struct demand_bin *b,
                                      bool learning);
/* An hour is over: its mean excess. */
void demand_hours_feed(struct demand_hours *w, const struct leak_rule *r, struct demand_excess e,
                       double usual, int64_t end_ms);
double demand_last_day(const struct demand_hours *w, int64_t now_ms);    /* m3 more than usual; NaN */
void demand_hours_restart(struct demand_hours *w);
void demand_hours_reset(struct demand_hours *w);
double demand_hours_wander(const struct demand_hours *w);
double demand_hours_limit(const struct demand_hours *w, const struct leak_rule *r);
double demand_hours_k(const struct leak_rule *r);
double demand_hours_h(const struct leak_rule *r);
extern const struct kind_slow_rule demand_night_rule, demand_day_rule;

void demand_view(const void *state, const struct leak_context *c, struct leak_view *v);
uint32_t demand_curve(const void *state, const struct leak_context *c, struct leak_sense *out);
bool demand_has_tank(const struct leak_rule *r);

#endif
