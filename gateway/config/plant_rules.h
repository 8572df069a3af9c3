/* SPDX-License-Identifier: Apache-2.0 */
/* How the files that read what is to be watched divide their work. Not for other rooms. */
#ifndef CONFIG_PLANT_RULES_H
#define CONFIG_PLANT_RULES_H

#include <math.h>

#include "config/plant_parts.h"
#include "config/units.h"

/* What the rooms behind have place for. */
enum { RULE_EQUIPMENT_MAX = 128, RULE_BASINS_MAX = 16, RULE_CHECKS_MAX = 16, RULE_AREAS_MAX = 64 };
enum { LEAK_INPUTS_MAX = 64, STAGE_MAX = 200 };
#define MS_PER_HOUR INT64_C(3600000)
#define UNSAID ((double)NAN)

struct list { /* grows in the scratch arena; its old halves go with that */
    void *items;
    uint32_t count, room;
};

/* What may be said of an alarm wherever one is brought along. */
struct alarm_looks {
    uint8_t priority, tarp;
    bool latch, ack, shelvable;
    int64_t on_delay_ms, off_delay_ms, realarm_ms, max_shelve_ms;
    uint32_t suppress_by;
    const char *group, *about, *consequence, *response;
};

struct alarm_nodes { /* keys that alarms and leaks have in common */
    const struct node *priority, *latch, *ack, *shelve, *realarm, *tarp, *group, *suppress_by,
        *about, *consequence, *response, *delay, *off_for;
};

struct tag_facts {
    const char *path;
    const struct point *point; /* of a derived tag that only passes another on: that one's */
    const char *unit;
    uint32_t device; /* all of it comes from this one; RULE_NONE: from several, or from here */
    int64_t every_ms; /* the slowest of what it is made of */
    bool boolean, numeric; /* an expression may be either: both */
    bool made; /* by the watch room */
    bool has_span;
    double low, high; /* of the span, in its unit */
    const char *slowest; /* path of the tag that every_ms comes from */
};

struct tag_origin { /* of a derived tag, as found so far */
    uint8_t state; /* 0 new, 1 being found, 2 known */
    uint32_t device, slowest;
    int64_t every_ms;
};

struct rule_builder {
    struct plant_builder *b;
    const struct plant_nodes *nodes;
    struct tag_origin *origins; /* per derived tag */
    struct list derived; /* the plant's, growing by what is made here */
    struct list alarms, conditions;
    struct names alarm_names, leak_names, group_names, signals;
    struct list groups; /* const char * */
    struct alarm_looks *written; /* of conditions, in their order */
    const char **written_paths;
    struct place *written_at;
    uint32_t *written_areas;
    struct leak_rule *leaks;
    struct alarm_looks *leak_looks;
    bool *leak_readable; /* its kind is known */
    uint32_t leak_count;
    struct basin *basins;
    uint32_t basin_count;
    struct equipment *equipment;
    uint32_t equipment_count;
    int64_t max_shelve_ms;
};

/* plant_rules.c: everything below, in its order; before: nothing was wrong until here */
bool read_rules(struct plant_builder *b, const struct plant_nodes *n);
void *list_add(const struct rule_builder *w, struct list *l,
               size_t size); /* zeroed; NULL: memory */
uint32_t find_area(const struct plant_builder *b, const struct node *n); /* NULL: RULE_NONE */
bool has_area(const struct reader *r, const struct node *key, const struct node *n);
bool read_ms(const struct reader *r, const struct node *n, const char *what, int64_t low_ms,
             int64_t high_ms, int64_t *out);
bool read_ms_or_off(const struct reader *r, const struct node *n, const char *what, int64_t low_ms,
                    int64_t high_ms, int64_t *out); /* -1: `off` or false */

/* plant_tags.c */
void tag_facts(struct rule_builder *w, uint32_t tag, struct tag_facts *out);
bool make_tag(struct rule_builder *w, const struct node *key, uint32_t area, const char *device,
              const char *name, const char *unit, const char *about, double deadband,
              uint32_t *out);

/* plant_measure.c: "420 m3/h"; a share as "0.5%" or 0.005 */
bool read_quantity(const struct reader *r, const struct node *n, const char *what, enum quantity q,
                   double low, double high, double *out);
bool read_share_of(const struct reader *r, const struct node *n, const char *what, double high,
                   double *out);
/* A plain number in this unit, or a number with a unit that can be brought to it; unit: NULL: nobody
 * knows the tag's. */
bool read_in_unit(const struct reader *r, const struct node *n, const char *what, const char *unit,
                  double *out);
/* A tag that must be true or false. */
uint32_t read_boolean_tag(struct rule_builder *w, const struct node *n, const char *what);
/* A tag whose unit can be brought to the quantity's; its factor. */
uint32_t read_measured_tag(struct rule_builder *w, const struct node *n, const char *what,
                           enum quantity q, double *factor);
uint32_t read_number_tag(struct rule_builder *w, const struct node *n, const char *what);
bool read_stage(struct rule_builder *w, const struct node *stage, const struct node *surface,
                const struct pair **out, uint32_t *count);
/* A word of warning when the gauge can say more than the table knows. */
void check_stage_covers(struct rule_builder *w, const struct node *n, uint32_t level, double factor,
                        const struct pair *stage, uint32_t count);

/* plant_looks.c */
extern const char *const priority_words[PRIORITY_COUNT];
struct alarm_looks plain_looks(const struct rule_builder *w, uint8_t priority);
bool read_looks_of_alarm(struct rule_builder *w, const struct node *key,
                         const struct alarm_nodes *n, const char *what, struct alarm_looks *out);
bool says_no_end(const struct alarm_nodes *n);          /* neither off_for nor for */
void delays_by_signal(const struct tag_facts *f, struct alarm_looks *l);
double deadband_by_signal(const struct tag_facts *f, double limit);

/* plant_alarm.c */
bool read_alarm_settings(struct rule_builder *w, const struct node *n);
bool read_alarms(struct rule_builder *w, const struct node *n);

/* plant_leak.c: names and tags first, for alarms and leaks may be about them */
bool name_leaks(struct rule_builder *w, const struct node *n);
bool read_leaks(struct rule_builder *w, const struct node *n);

/* plant_incident.c */
bool name_basins(struct rule_builder *w, const struct node *incidents);
bool read_incidents(struct rule_builder *w, const struct node *n);

/* plant_equipment.c */
bool name_equipment(struct rule_builder *w, const struct node *n);
bool read_equipment(struct rule_builder *w, const struct node *n);

/* plant_checklist.c */
bool read_checklist(struct rule_builder *w, const struct node *n, struct equipment *e);

/* plant_generate.c: all alarms in one list, with parents and groups; false after a complaint */
bool generate_alarms(struct rule_builder *w);

#endif
