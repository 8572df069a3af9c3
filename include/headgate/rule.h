/* SPDX-License-Identifier: Apache-2.0 */
/* What a plant file wants watched: alarms, leaks, equipment, incidents, after parsing and checking.
 * Immutable, in the plant's arena. Flows are m3/h, levels m, volumes m3, areas m2, rain mm/h,
 * evaporation mm/d; what a tag says in another unit is brought there by its factor. Times in ms. */
#ifndef HEADGATE_RULE_H
#define HEADGATE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "headgate/place.h"
#include "headgate/map.h"

#define RULE_NONE UINT32_MAX       /* no alarm, no area, no leak */

/* ---- alarms ---------------------------------------------------------------------------------- */

enum priority { PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH, PRIORITY_CRITICAL, PRIORITY_COUNT };

/* What makes an alarm true. All alarms of a plant stand in one list: those that people wrote, then
 * those that leaks, signals, devices and lines bring along. */
enum alarm_origin {
    ALARM_CONDITION,               /* `alarms:`; origin_index: in plant->conditions */
    ALARM_LEAK,                    /* a leak point believes that water is missing; in plant->leaks */
    ALARM_BLIND,                   /* a leak point has been blind beyond its deadline; leaks */
    ALARM_BIAS,                    /* balance: the learned baseline is beyond what meters may err; leaks */
    ALARM_HEALTH,                  /* sump: a pump lifts less than it did; leaks */
    ALARM_PROOF,                   /* a leak's proof test is overdue; leaks */
    ALARM_SIGNAL,                  /* an input of a leak or an alarm isn't fit; a tag number */
    ALARM_DEVICE_LOST,             /* plant->devices */
    ALARM_LINE_LOST,               /* plant->lines: all of its devices are lost */
    ALARM_STALLED,                 /* a basin isn't getting emptier though its pumps run; plant->basins */
    ALARM_THREAT,                  /* water reaches this equipment within its warning time; plant->equipment */
    ALARM_FLOOD,                   /* more alarms than a person can take */
    ALARM_ORIGIN_COUNT
};

struct alarm_rule {
    const char *path;              /* "mill/sump/level-high": area/device/alarm; unique; tail of its topic */
    struct place at;               /* where it, or what brought it along, was written */
    uint32_t area;                 /* plant->areas; RULE_NONE: the gateway's own ("gateway/...") */
    uint8_t origin;                /* enum alarm_origin */
    uint8_t priority;              /* enum priority */
    uint8_t tarp;                  /* level of the trigger action response plan, 1..4; 0: none */
    bool latch;                    /* stays until a person resets it */
    bool ack_required;             /* default true: returned to normal, it still waits for a person */
    bool shelvable;                /* default: all but critical */
    uint32_t origin_index;
    int64_t on_delay_ms, off_delay_ms;
    int64_t realarm_ms;            /* acknowledged and still active: annunciated again; 0: never */
    int64_t max_shelve_ms;
    uint32_t parent;               /* an alarm that, while active, makes this one suppressed; RULE_NONE */
    uint32_t suppress_by;          /* a boolean tag that, while true, suppresses; TAG_NONE */
    uint32_t group;                /* first-out group: number, by area unless `group:` says otherwise */
    const char *group_name;
    const char *about, *consequence, *response;        /* "" when none */
};

enum condition_kind { CONDITION_ABOVE, CONDITION_BELOW, CONDITION_IS, CONDITION_RISES, CONDITION_FALLS };

struct alarm_condition {           /* of one tag */
    uint32_t tag;
    uint8_t kind;                  /* enum condition_kind */
    double limit;                  /* ABOVE, BELOW: value; RISES, FALLS: by so much ... */
    double clear;                  /* ABOVE, BELOW: back beyond this value it is over */
    int64_t within_ms;             /* RISES, FALLS: ... within this time */
    const char *word;              /* IS: an enum's word or a text; NULL: compare with `limit` (1: true) */
    uint32_t samples;              /* so many readings in a row, for slow tags; default 1 */
};

/* ---- leaks ----------------------------------------------------------------------------------- */

enum leak_kind {
    LEAK_BALANCE, LEAK_DEMAND, LEAK_IDLE, LEAK_SUMP, LEAK_LIMIT, LEAK_ROC, LEAK_SHIFT, LEAK_SWITCH,
    LEAK_WEIR, LEAK_FREEBOARD, LEAK_KIND_COUNT
};

enum leak_profile { PROFILE_POND, PROFILE_TANK, PROFILE_PIPE };

enum input_role {
    ROLE_LEVEL,                    /* m */
    ROLE_IN, ROLE_OUT,             /* m3/h */
    ROLE_RUN,                      /* a run feedback: partner of a flow (see partner), or of a pump */
    ROLE_RAIN, ROLE_EVAPORATION,   /* mm/h; mm/d */
    ROLE_MASK,                     /* a commanded state: when it changes, a pipe is in transient */
    ROLE_PUMP,                     /* sump: a pump's run feedback; `nominal` is its capacity, m3/h */
    ROLE_FLOAT,                    /* sump: the high-high float */
    ROLE_INLET, ROLE_OUTLET,       /* idle: true while water may flow */
    ROLE_VALUE,                    /* limit, roc, shift: any number; demand: a net flow */
    ROLE_HEAD,                     /* weir: m over the notch */
    ROLE_SWITCH, ROLE_TEST,        /* switch: the votes; true while somebody tests */
    ROLE_COUNT
};

struct leak_input {
    uint32_t tag;
    uint8_t role;                  /* enum input_role */
    int16_t partner;               /* index of the run feedback of this flow in the same leak; -1 */
    double factor;                 /* engineering value x factor = the role's unit */
    double nominal;                /* m3/h: of a meter or a pump; 0: the leak's */
    double accuracy;               /* of a meter, a share of its reading: 0.005; 0: unknown */
    int64_t every_ms;              /* how often the tag is read */
    bool digital;                  /* no stuck, no spikes */
    struct place at;
};

struct leak_rule {
    const char *name;              /* "tailings-dam" */
    struct place at;
    uint8_t kind, profile;
    uint32_t area;
    const char *about;
    const char *unit;              /* limit, roc, shift: of the value; NULL: the kind reckons in m3 and hours */
    const struct leak_input *inputs;   /* in the order of the roles above, then as written */
    uint32_t input_count;
    const struct pair *stage;      /* m, m3, both strictly rising; NULL: a pipe, or no volume */
    uint32_t stage_count;
    double nominal;                /* m3/h; > 0 for balance */
    char hash[17];                 /* of everything in this rule that changes what is learned */

    /* What people may set; NaN (or 0 ms): the profile's or the kind's default. */
    double k, h, c, c_h;           /* cusum drift and limit, window factor, noise factor; idle: k is
                                      the smallest leak that counts, m3/h */
    int64_t step_ms, tau_ms, hold_ms;                  /* evaluation, filter, transient hold */
    int64_t learn_ms;              /* history before it is armed */
    double bias_max;               /* m3/h */
    double catchment, runoff;      /* m2, share; rain on the pond itself is always counted */
    int64_t lag_ms;                /* of the run-off */
    double evaporation;            /* mm/d, constant; 0 */
    double max_jump;               /* spikes: of the level (m), or of the value */
    int64_t stuck_ms, max_gap_ms;  /* -1: off */
    double high_high, high, low, low_low, deadband;    /* limit: of the value; weir: flow; NaN: none */
    double by;                     /* roc: so much ... */
    int64_t within_ms;             /* ... within this time */
    bool rising, falling;          /* roc, shift: which way counts */
    uint32_t vote;                 /* switch: so many of the inputs; default 1 */
    int64_t debounce_ms;
    bool normally_closed;          /* switch: wet is false */
    double angle, crest_width, zero;   /* weir: V angle in degrees (25..100) or a sharp crest's width in m; head offset */
    double crest, freeboard_min;   /* freeboard: m; crest - level below freeboard_min alarms */

    int64_t blind_ms;              /* blind for longer is an alarm; default 1 h, switches 5 min */
    int64_t clear_hold_ms;         /* quiet for so long before the alarm's condition ends */
    int64_t proof_every_ms;        /* proof test; 0: none */
    int64_t proof_last_ms;         /* wall; 0: never said */

    uint32_t alarm, alarm_blind, alarm_bias, alarm_health, alarm_proof;   /* plant->alarms; RULE_NONE */
    uint32_t tag_rate, tag_unaccounted;                /* tags that this leak makes; TAG_NONE */
    uint32_t tag_flow, tag_minutes;                    /* weir: flow; freeboard: min to the limit */
};

/* ---- equipment, basins, incidents ------------------------------------------------------------- */

struct basin {                     /* where leaked water stands, and how it is pumped out */
    const char *name;
    struct place at;
    uint32_t area;
    uint32_t level;                /* tag */
    double factor;                 /* of its level, to m */
    const struct pair *stage;      /* m, m3; NULL: no volumes, only levels */
    uint32_t stage_count;
    double target;                 /* m: empty enough */
    struct basin_pump {
        uint32_t run, flow;        /* tags; TAG_NONE */
        double flow_factor, capacity;   /* m3/h */
        const char *name;
    } const *pumps;
    uint32_t pump_count;
    const uint32_t *wet;           /* boolean tags that are true while wet */
    uint32_t wet_count;
    uint32_t alarm_stalled;
    uint32_t tag_volume, tag_net, tag_minutes;         /* made here: m3, m3/h, min until empty */
};

enum check_kind { CHECK_AUTO, CHECK_MANUAL };

struct check_item {                /* of a recommissioning list */
    const char *name, *text;
    uint8_t kind;
    uint32_t tag;                  /* AUTO: this tag ... TAG_NONE: one of the built-in rules */
    double low, high;              /* ... stands within [low, high] (booleans are 0 and 1) ... */
    int64_t for_ms;                /* ... for so long */
    uint8_t builtin;               /* enum check_builtin */
    bool wants_value;              /* MANUAL: signed with a number, which has to be >= low (and <= high) */
    const char *unit;
};
enum check_builtin { BUILTIN_NONE, BUILTIN_BELOW_FLOOR, BUILTIN_COMM_GOOD, BUILTIN_DRY };

enum equipment_class {
    CLASS_OTHER, CLASS_PUMP, CLASS_MOTOR, CLASS_CRUSHER, CLASS_MILL, CLASS_SUBSTATION, CLASS_SWITCHGEAR,
    CLASS_TRANSFORMER, CLASS_CONVEYOR, CLASS_COUNT
};

struct equipment {
    const char *name;              /* "crusher-switchgear" */
    struct place at;
    uint8_t class_;                /* enum equipment_class */
    const char *about, *owner;
    uint32_t area;
    uint32_t water;                /* level tag; TAG_NONE */
    double water_factor;
    double floor;                  /* m on that level's scale; NaN */
    uint32_t basin;                /* whose level `water` is; RULE_NONE */
    uint32_t running;              /* boolean tag; TAG_NONE */
    uint32_t wet;                  /* its own wet switch; TAG_NONE */
    uint32_t device;               /* whose comm quality counts; RULE_NONE */
    int64_t warn_ms;               /* water within this time is an alarm; default 2 h */
    const struct check_item *checks;
    uint32_t check_count;
    uint32_t alarm_threat;
    uint32_t tag_minutes;          /* made here: minutes until the floor is reached; TAG_NONE */
};

struct incident_rules {
    struct place at;
    int64_t every_ms;              /* bulletins; 4 h */
    int64_t first_every_ms, first_for_ms;              /* 1 h for 6 h */
    bool automatic;                /* opened by rule; default true */
    bool auto_dewatering;          /* its milestones need no person */
    int64_t neighbour_ms;          /* leak and flood switch in neighbouring areas within 2 h */
    int64_t capture_ms;            /* pre-trigger; 10 min; 0: none */
    bool drill;                    /* the whole plant file is a drill */
};

struct alarm_settings {
    bool comm;                     /* lost devices and lines are alarms */
    uint8_t comm_priority;
    int64_t comm_after_ms;         /* 30 s */
    bool signals;                  /* inputs gone bad are alarms */
    uint8_t signal_priority;
    uint32_t flood_begin, flood_end;                   /* annunciations in 10 min; 10, 5 */
};

#endif
