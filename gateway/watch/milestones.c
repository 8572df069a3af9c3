/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence proposes, people confirm. Only what the alarm system itself knows counts by itself, and
 * pumping out where the plant file allows it. */
#include <math.h>
#include <string.h>

#include "watch/incident_parts.h"

static const int64_t plug_ms = 2 * HOUR_MS; /* the source loses less than it could see */
static const int64_t stand_ms = 60 * 1000; /* threatened equipment stands */

int milestones_stage(const struct incident_state *s)
{
    for (int m = MILESTONE_COUNT - 1; m >= 0; m--)
        if (s->milestones[m].reached)
            return m;
    return -1;
}

static void spaced(char *out, size_t room, const char *word)
{
    incident_put(out, room, "%s", word);
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = ' ';
}

/* Two of the flags say the same as milestones; they must not contradict each other. */
static void follow_flag(struct incident *i, enum milestone m, bool yes, const char *who,
                        int64_t t_ms)
{
    if (m != MILESTONE_PLUGGED && m != MILESTONE_CONTAINED)
        return;
    unsigned f = m == MILESTONE_PLUGGED ? FLAG_PLUGGED : FLAG_CONTAINED;
    i->now.flags[f].answer = yes ? ANSWER_YES : ANSWER_NO;
    i->now.flags[f].t_ms = t_ms;
    incident_put(i->now.flags[f].who, sizeof i->now.flags[f].who, "%s", who);
}

void milestone_reach(struct incident *i, enum milestone m, const char *who, bool automatic,
                     const char *evidence, int64_t t_ms, int64_t now_ms)
{
    struct milestone_state *s = &i->now.milestones[m];
    char words[40], text[INCIDENT_NOTE_MAX], old[INCIDENT_NOTE_MAX];
    incident_put(old, sizeof old, "%s", evidence[0] ? evidence : s->evidence);
    bool again = s->revoked;
    *s = (struct milestone_state){
        .reached = true, .automatic = automatic, .t_ms = t_ms, .proposed_ms = s->proposed_ms};
    incident_put(s->who, sizeof s->who, "%s", who);
    incident_put(s->evidence, sizeof s->evidence, "%s", old);
    follow_flag(i, m, true, who, t_ms);
    if (m == MILESTONE_PLUGGED)
        i->memory.source_quiet = false;
    spaced(words, sizeof words, milestone_words(m));
    incident_put(text, sizeof text, "%s%s, %s %s", words, again ? " again" : "",
                 automatic ? "by" : "said", automatic ? (old[0] ? old : "rule") : who);
    incident_owe(i, OWED_STAGE);
    incident_tell(i, INCIDENT_MILESTONE, milestone_words(m), text, now_ms);
}

void milestone_propose(struct incident *i, enum milestone m, const char *evidence, int64_t t_ms)
{
    struct milestone_state *s = &i->now.milestones[m];
    char words[40], text[INCIDENT_NOTE_MAX];
    if (s->reached || s->proposed)
        return;
    s->proposed = true;
    s->proposed_ms = t_ms;
    incident_put(s->evidence, sizeof s->evidence, "%s", evidence);
    spaced(words, sizeof words, milestone_words(m));
    incident_put(text, sizeof text, "suspected, not confirmed: %s (%s)", words, evidence);
    incident_tell(i, INCIDENT_PROPOSED, milestone_words(m), text, t_ms);
}

void milestone_revoke(struct incident *i, enum milestone m, const char *who, const char *why,
                      int64_t now_ms)
{
    struct milestone_state *s = &i->now.milestones[m];
    char words[40], text[INCIDENT_NOTE_MAX];
    if (!s->reached && !s->proposed)
        return;
    bool reached = s->reached;
    *s = (struct milestone_state){.revoked = reached || s->revoked, .t_ms = now_ms};
    incident_put(s->who, sizeof s->who, "%s", who[0] ? who : "rule");
    incident_put(s->evidence, sizeof s->evidence, "%s", why);
    i->memory.denied |= 1u << m;
    if (m == MILESTONE_PLUGGED)
        i->memory.dried.on = false;
    if (reached)
        follow_flag(i, m, false, s->who, now_ms);
    spaced(words, sizeof words, milestone_words(m));
    incident_put(text, sizeof text, reached ? "NO LONGER %s: %s" : "no longer suspected: %s (%s)",
                 words, why[0] ? why : s->who);
    if (reached)
        incident_owe(i, OWED_REVOKED);
    incident_tell(i, INCIDENT_REVOKED, milestone_words(m), text, now_ms);
}

/* What evidence says now. Proposed while it lasts; people's word isn't touched by it. */
static void evidence(struct incident *i, enum milestone m, bool is, bool automatic,
                     const char *words, int64_t now_ms)
{
    struct milestone_state *s = &i->now.milestones[m];
    if (!is) /* when it comes back, it is new */
        i->memory.denied &= ~(1u << m);
    if (s->reached || (is && (i->memory.denied & 1u << m)))
        return;
    if (is && automatic && !s->revoked)
        milestone_reach(i, m, "", true, words, now_ms, now_ms);
    else if (is)
        milestone_propose(i, m, words, now_ms);
    else if (s->proposed)
        milestone_revoke(i, m, "", "the evidence is gone", now_ms);
}

static bool protected_now(struct incident *i, int64_t now_ms, char *words, size_t room)
{
    uint32_t stand = 0, run = 0;
    for (uint32_t n = 0; n < i->equipment; n++) {
        const struct equipment *e = &i->plant->equipment[n];
        if (!i->now.equipment[n].threatened || e->running == TAG_NONE)
            continue;
        if (incident_is_off(i, e->running))
            stand++;
        else
            run++;
    }
    incident_put(words, room, "%u threatened, all standing", stand);
    return lasting(&i->memory.stands, stand > 0 && run == 0, now_ms, stand_ms);
}

static bool plugged_now(struct incident *i, int64_t now_ms, char *words, size_t room)
{
    const struct incident_state *s = &i->now;
    struct incident_memory *m = &i->memory;
    if (s->leak >= i->plant->leak_count)
        return false;
    const struct source *src = &i->sources[s->leak];
    if (src->state == LEAK_BLIND || isnan(src->score))
        return lasting(&m->dried, false, now_ms, plug_ms);
    /* Without a rate to compare, a detector that has become quiet is what there is. */
    bool small =
        isfinite(src->rate.value) && src->drift > 0 ? src->rate.value < src->drift : !src->firing;
    bool was = m->dried.on;
    if (small && !was)
        m->source_score = src->score;
    bool is = lasting(&m->dried, small, now_ms, plug_ms);
    incident_put(words, room, "the source lost less than %.3g for 2 h, and its sum falls",
                 src->drift);
    return is && (src->score < m->source_score || !src->firing);
}

static bool contained_now(const struct incident *i, char *words, size_t room)
{
    uint32_t known = 0, rose = 0, steady = 0;
    for (uint32_t n = 0; n < i->basins; n++) {
        const struct lasting *h = &i->logs[n].steady;
        known++;
        rose += i->logs[n].rose;
        steady += h->on;
    }
    incident_put(words, room, "no level has risen by more than 1 cm for 1 h");
    return known > 0 && rose > 0 && steady == known;
}

static bool dewatering_now(const struct incident *i, int64_t now_ms, char *words, size_t room)
{
    for (uint32_t n = 0; n < i->basins; n++)
        if (i->logs[n].falling.on && now_ms - i->logs[n].falling.since_ms >= HOUR_MS / 2) {
            incident_put(words, room, "pumps run and %s has been falling for 30 min",
                         i->plant->basins[n].name);
            return true;
        }
    return false;
}

static bool dewatered_now(const struct incident *i, int64_t now_ms, char *words, size_t room)
{
    uint32_t was = 0;
    for (uint32_t n = 0; n < i->basins; n++) {
        const struct basin_log *l = &i->logs[n];
        was += l->was_wet;
        if (!l->empty.on || now_ms - l->empty.since_ms < HOUR_MS)
            return false;
    }
    incident_put(words, room, "every level at its target for 1 h, wet switches clear");
    return was > 0;
}

static void restarts_now(const struct incident *i, bool *first, bool *all, bool *tests)
{
    uint32_t hit = 0, back = 0, again = 0, testing = 0;
    for (uint32_t n = 0; n < i->equipment; n++) {
        const struct equipment_record *r = &i->now.equipment[n];
        uint8_t s = r->state;
        bool touched = r->threatened || (s != EQUIPMENT_RUNNING && s != EQUIPMENT_STOPPED);
        hit += touched;
        back += touched &&
                (s == EQUIPMENT_RESTARTED || s == EQUIPMENT_WORKAROUND || s == EQUIPMENT_RUNNING);
        again += s == EQUIPMENT_RESTARTED || s == EQUIPMENT_WORKAROUND;
        testing += s == EQUIPMENT_TESTING || s == EQUIPMENT_READY;
    }
    *tests = testing > 0;
    *first = again > 0;
    *all = hit > 0 && again > 0 && back == hit;
}

void milestones_tick(struct incident *i, int64_t now_ms)
{
    char words[INCIDENT_NOTE_MAX];
    bool own = i->plant->incidents.auto_dewatering, first, all, tests;
    evidence(i, MILESTONE_PROTECTED, protected_now(i, now_ms, words, sizeof words), false, words,
             now_ms);
    evidence(i, MILESTONE_PLUGGED, plugged_now(i, now_ms, words, sizeof words), false, words,
             now_ms);
    evidence(i, MILESTONE_CONTAINED, contained_now(i, words, sizeof words), false, words, now_ms);
    evidence(i, MILESTONE_DEWATERING, dewatering_now(i, now_ms, words, sizeof words), own, words,
             now_ms);
    evidence(i, MILESTONE_DEWATERED, dewatered_now(i, now_ms, words, sizeof words), own, words,
             now_ms);
    restarts_now(i, &first, &all, &tests);
    evidence(i, MILESTONE_TESTING, tests, false, "equipment is being tested", now_ms);
    evidence(i, MILESTONE_FIRST_RESTART, first, false, "something runs again", now_ms);
    evidence(i, MILESTONE_RESTARTED, all, false, "everything that was hit runs again", now_ms);
}
