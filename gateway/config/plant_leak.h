/* SPDX-License-Identifier: Apache-2.0 */
/* How the files that read leak points divide their work. Not for other rooms. */
#ifndef CONFIG_PLANT_LEAK_H
#define CONFIG_PLANT_LEAK_H

#include "config/plant_rules.h"

struct leak_nodes {
    const struct node *kind, *area, *learn, *blind_after, *clear_after, *proof;
    const struct node *profile, *level, *stage, *surface, *area_m2, *in, *out, *flow, *rain,
        *evaporation, *nominal, *mask, *k, *h, *c, *c_h, *step, *tau, *hold, *bias_max, *max_gap,
        *max_jump, *stuck_after;
    const struct node *inlet, *outlet, *min, *pumps, *float_, *tag, *hh, *high_, *l, *ll, *deadband,
        *by, *within, *direction, *inputs, *vote, *debounce, *normally_closed, *test, *head, *angle,
        *width, *zero, *high, *crest;
    struct alarm_nodes looks;
};

struct leak_builder {
    struct rule_builder *w;
    const struct node *key;
    struct leak_nodes n;
    struct leak_rule *l;
    struct alarm_looks *looks;
    struct leak_input inputs[LEAK_INPUTS_MAX];
    uint32_t count;
    bool known; /* its kind; else what hangs on that is not told */
    bool profile_known;
};

extern const char *const leak_kind_words[LEAK_KIND_COUNT];
extern const char *const profile_words[3];

/* plant_leak_inputs.c */
bool add_boolean(struct leak_builder *b, const struct node *n, enum input_role role,
                 const char *what, int *index); /* n NULL: nothing to add */
bool add_booleans(struct leak_builder *b, const struct node *n, enum input_role role,
                  const char *what); /* one tag or a list */
bool add_measured(struct leak_builder *b, const struct node *n, enum input_role role,
                  const char *what, enum quantity q, int *index);
bool add_value(struct leak_builder *b, const struct node *n, const char *what,
               struct tag_facts *facts);
bool add_meters(struct leak_builder *b, const struct node *n, enum input_role role,
                const char *what);
bool add_pumps(struct leak_builder *b, const struct node *n);
bool add_rain(struct leak_builder *b, const struct node *n);
bool add_evaporation(struct leak_builder *b, const struct node *n);
bool add_level(struct leak_builder *b, bool stage_needed); /* level, with stage or surface */
bool read_walls(struct leak_builder *b);                   /* those without the level */
bool keep_inputs(struct leak_builder *b); /* sorted, into the rule */

/* plant_leak_kinds.c, plant_leak_balance.c */
bool read_balance(struct leak_builder *b);
bool read_demand(struct leak_builder *b);
bool read_kind(struct leak_builder *b);
bool read_loose(struct leak_builder *b); /* of no known kind: what means the same in all; false */
bool read_direction(struct leak_builder *b);

#endif
