/* SPDX-License-Identifier: Apache-2.0 */
/* What people say about an incident. Every word of theirs carries a name. */
#include <math.h>
#include <string.h>

#include "watch/incident_parts.h"

static const int64_t longest_ago_ms = INT64_C(30) * 24 * HOUR_MS;

typedef const char *words_of(unsigned n);

static const char *area_word(unsigned n)
{
    return area_state_words((enum area_state)n);
}

static const char *equipment_word(unsigned n)
{
    return equipment_state_words((enum equipment_state)n);
}

static const char *milestone_word(unsigned n)
{
    return milestone_words((enum milestone)n);
}

static const char *flag_word(unsigned n)
{
    return incident_flag_words((enum incident_flag)n);
}

static const char *answer_word(unsigned n)
{
    static const char *const words[] = {"unknown", "no", "yes"};
    return words[n];
}

/* Which of count words it is; count: none of them. */
static unsigned among(const char *word, words_of *of, unsigned count)
{
    unsigned n = 0;
    while (n < count && strcmp(of(n), word) != 0)
        n++;
    return n;
}

static uint32_t find_area(const struct incident *i, const char *name)
{
    for (uint32_t n = 0; n < i->areas; n++)
        if (strcmp(i->plant->areas[n].name, name) == 0)
            return n;
    return RULE_NONE;
}

static uint32_t find_equipment(const struct incident *i, const char *name)
{
    for (uint32_t n = 0; n < i->equipment; n++)
        if (strcmp(i->plant->equipment[n].name, name) == 0)
            return n;
    return RULE_NONE;
}

static const char *open_it(struct incident *i, const struct order *o, int64_t t_ms, int64_t now_ms)
{
    if (i->now.open)
        return "an incident is open already";
    incident_open(i, o->user, RULE_NONE, o->reason[0] ? o->reason : "Incident", t_ms, now_ms);
    return NULL;
}

static const char *close_it(struct incident *i, const struct order *o, int64_t t_ms, int64_t now_ms)
{
    (void)t_ms;
    incident_close(i, o->user, o->reason, now_ms);
    return NULL;
}

static const char *area(struct incident *i, const struct order *o, int64_t t_ms, int64_t now_ms)
{
    char why[INCIDENT_NOTE_MAX];
    uint32_t n = find_area(i, o->subject);
    unsigned s = among(o->state, area_word, AREA_STATE_COUNT);
    (void)now_ms;
    if (n == RULE_NONE)
        return "there is no area of that name";
    if (s == AREA_STATE_COUNT)
        return "state must be operating, shut_protect, flooded, isolated, dewatering, testing, "
               "workaround or restored";
    incident_put(why, sizeof why, "%s%s%s", o->reason, o->reason[0] ? ", " : "", o->user);
    incident_area_is(i, n, (enum area_state)s, why, t_ms);
    incident_owe(i, OWED_STAGE);
    return NULL;
}

static const char *equipment(struct incident *i, const struct order *o, int64_t t_ms,
                             int64_t now_ms)
{
    const char *first;
    uint32_t n = find_equipment(i, o->subject);
    unsigned s = among(o->state, equipment_word, EQUIPMENT_STATE_COUNT);
    (void)now_ms;
    if (n == RULE_NONE)
        return "there is no equipment of that name";
    if (s == EQUIPMENT_STATE_COUNT)
        return "state must be running, stopped, stopped_protect, flooded, damaged, drying, "
               "testing, ready, restarted or workaround";
    uint32_t open = checklist_open(i, n, &first);
    if (s == EQUIPMENT_READY && open > 0) {
        incident_put(i->refusal, sizeof i->refusal,
                     "not ready: %u items of its list are open, first: %s", open, first);
        return i->refusal;
    }
    equipment_is(i, n, (enum equipment_state)s, o->user, o->reason, t_ms);
    return NULL;
}

static const char *milestone(struct incident *i, const struct order *o, int64_t t_ms,
                             int64_t now_ms)
{
    unsigned m = among(o->subject, milestone_word, MILESTONE_COUNT);
    if (m == MILESTONE_COUNT)
        return "there is no milestone of that name";
    if (m == MILESTONE_CLOSED)
        return "an incident is closed by op close";
    if (i->now.milestones[m].reached)
        return "it has been reached already; revoke it first";
    milestone_reach(i, (enum milestone)m, o->user, false, o->reason, t_ms, now_ms);
    return NULL;
}

static const char *confirm(struct incident *i, const struct order *o, int64_t t_ms, int64_t now_ms)
{
    unsigned m = among(o->subject, milestone_word, MILESTONE_COUNT);
    if (m == MILESTONE_COUNT)
        return "there is no milestone of that name";
    const struct milestone_state *s = &i->now.milestones[m];
    if (s->reached)
        return "it is confirmed already";
    if (!s->proposed)
        return "no evidence proposes it; say op milestone if you know it";
    milestone_reach(i, (enum milestone)m, o->user, false, o->reason,
                    o->time_ms != 0 ? t_ms : s->proposed_ms, now_ms);
    return NULL;
}

static const char *revoke(struct incident *i, const struct order *o, int64_t t_ms, int64_t now_ms)
{
    unsigned m = among(o->subject, milestone_word, MILESTONE_COUNT);
    (void)t_ms;
    if (m == MILESTONE_COUNT)
        return "there is no milestone of that name";
    if (m == MILESTONE_DETECTED)
        return "what was detected stays so; close the incident instead";
    if (!i->now.milestones[m].reached)
        return "it has not been reached";
    milestone_revoke(i, (enum milestone)m, o->user, o->reason, now_ms);
    return NULL;
}

static const char *flag(struct incident *i, const struct order *o, int64_t t_ms, int64_t now_ms)
{
    unsigned f = among(o->subject, flag_word, FLAG_COUNT);
    unsigned a = among(o->state, answer_word, 3);
    char text[INCIDENT_NOTE_MAX];
    if (f == FLAG_COUNT)
        return "flag must be contained, plugged, environment_release or people_safe";
    if (a == 3)
        return "state must be yes, no or unknown";
    i->now.flags[f].answer = (uint8_t)a;
    i->now.flags[f].t_ms = t_ms;
    incident_put(i->now.flags[f].who, sizeof i->now.flags[f].who, "%s", o->user);
    incident_put(text, sizeof text, "%s: %s, says %s", o->subject, o->state, o->user);
    for (char *c = text; *c && *c != ':'; c++)
        if (*c == '_')
            *c = ' ';
    incident_owe(i, OWED_STAGE);
    incident_tell(i, INCIDENT_FLAG, flag_word(f), text, now_ms);
    if (f == FLAG_RELEASE || f == FLAG_PEOPLE_SAFE)
        return NULL;
    enum milestone m = f == FLAG_PLUGGED ? MILESTONE_PLUGGED : MILESTONE_CONTAINED;
    if (a == ANSWER_YES && !i->now.milestones[m].reached)
        milestone_reach(i, m, o->user, false, o->reason, t_ms, now_ms);
    else if (a != ANSWER_YES && i->now.milestones[m].reached)
        milestone_revoke(i, m, o->user, o->reason, now_ms);
    /* Revoking says "no"; "unknown" is what was said. */
    i->now.flags[f].answer = (uint8_t)a;
    return NULL;
}

static const char *signoff(struct incident *i, const struct order *o, int64_t t_ms, int64_t now_ms)
{
    uint32_t n = find_equipment(i, o->subject);
    (void)now_ms;
    return n == RULE_NONE ? "there is no equipment of that name" : checklist_sign(i, n, o, t_ms);
}

static const char *ask_bulletin(struct incident *i, const struct order *o, int64_t t_ms,
                                int64_t now_ms)
{
    (void)o;
    (void)t_ms;
    (void)now_ms;
    incident_owe(i, OWED_ASKED);
    return NULL;
}

static const char *drill(struct incident *i, const struct order *o, int64_t now_ms)
{
    bool on = strcmp(o->state, "on") == 0;
    char text[INCIDENT_NOTE_MAX];
    if (!on && strcmp(o->state, "off") != 0)
        return "state must be on or off";
    if (on == i->memory.drill)
        return on ? "a drill is being held already" : "no drill is being held";
    if (!on && i->plant->incidents.drill)
        return "the plant file itself says that all of this is a drill";
    if (i->now.open)
        return on ? "a real incident is open: no drill now"
                  : "the drill's incident is still open: close it first";
    i->memory.drill = on;
    incident_put(text, sizeof text, on ? "a drill begins, says %s" : "the drill is over, says %s",
                 o->user);
    incident_tell(i, INCIDENT_DRILL, "drill", text, now_ms);
    return NULL;
}

const char *incident_order(struct incident *i, const struct order *o, int64_t now_ms)
{
    static const struct {
        const char *op;
        const char *(*act)(struct incident *, const struct order *, int64_t, int64_t);
        bool nameless, anytime;
    } ops[] = {
        {"open", open_it, false, true},         {"close", close_it, false, false},
        {"area", area, false, false},           {"equipment", equipment, false, false},
        {"milestone", milestone, false, false}, {"confirm", confirm, false, false},
        {"revoke", revoke, false, false},       {"flag", flag, false, false},
        {"signoff", signoff, false, false},     {"bulletin", ask_bulletin, true, false},
    };
    size_t n = 0, count = sizeof ops / sizeof *ops;
    if (o->verb == ORDER_DRILL)
        return o->user[0] ? drill(i, o, now_ms) : "say who you are: user";
    while (n < count && strcmp(ops[n].op, o->op) != 0)
        n++;
    if (n == count)
        return "op must be open, close, area, equipment, milestone, confirm, revoke, flag, signoff "
               "or bulletin";
    if (!ops[n].nameless && !o->user[0])
        return "say who you are: user";
    if (!ops[n].anytime && !i->now.open)
        return "no incident is open";
    if (o->incident[0] && strcmp(o->incident, i->now.id) != 0)
        return "that incident is not open";
    if (o->time_ms != 0 && (o->time_ms > now_ms || now_ms - o->time_ms > longest_ago_ms))
        return "time must lie in the past, within 30 days";
    return ops[n].act(i, o, o->time_ms != 0 ? o->time_ms : now_ms, now_ms);
}
