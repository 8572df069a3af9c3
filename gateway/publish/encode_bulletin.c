/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/json_read.h" /* in front of json.h */

#include "publish/encode_bulletin.h"

#include <string.h>

#include "base/text.h"

/* Milestones come in any order; the furthest is the stage. */
static const char *stage(const struct incident_state *i)
{
    for (unsigned m = MILESTONE_COUNT; m-- > 0;)
        if (i->milestones[m].reached && !i->milestones[m].revoked)
            return milestone_words((enum milestone)m);
    return "opened";
}

void encode_bulletin(struct json *j, const struct incident_state *i, const struct bulletin *b,
                     bool whole)
{
    json_word(j, "{\"incident\":");
    json_put_string(j, i->id);
    json_word(j, ",\"number\":");
    json_int(j, b->number);
    json_word(j, ",\"timestamp\":");
    json_int(j, b->t_ms);
    json_word(j, ",\"why\":");
    json_put_string(j, b->why);
    json_word(j, ",\"stage\":");
    json_put_string(j, stage(i));
    json_word(j, ",\"next\":");
    if (i->open)
        json_int(j, i->next_bulletin_ms);
    else
        json_word(j, "null");
    if (i->drill)
        json_word(j, ",\"drill\":true");
    if (whole) {
        json_word(j, ",\"text\":");
        json_put_string(j, b->text);
    }
    json_word(j, "}");
}

void encode_incident_brief(struct json *j, const struct incident_state *i,
                           enum incident_change what)
{
    json_word(j, "\"change\":");
    json_put_string(j, incident_change_words(what));
    json_word(j, ",\"incident\":{\"id\":");
    json_put_string(j, i->id);
    json_word(j, ",\"stage\":");
    json_put_string(j, stage(i));
    if (i->open)
        json_word(j, ",\"open\":true");
    else
        json_word(j, ",\"open\":false");
    if (i->drill)
        json_word(j, ",\"drill\":true");
    json_word(j, ",\"opened\":");
    json_int(j, i->opened_ms);
    json_word(j, ",\"bulletin\":");
    json_int(j, i->bulletin);
    json_word(j, "}");
}

/* Its name becomes a part of a topic, and what it says is retained for whoever comes. */
bool bulletin_sound(const char *id, const char *payload, size_t length)
{
    json_t *o = text_is_name(id, strlen(id)) ? json_read(payload, length) : NULL;
    bool sound = json_is_object(o);
    json_decref(o);
    return sound;
}
