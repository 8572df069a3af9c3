/* SPDX-License-Identifier: Apache-2.0 */
/* What people are told of an incident, in JSON: bulletin/<id>, and the member "bulletin" of its event. */
#ifndef PUBLISH_ENCODE_BULLETIN_H
#define PUBLISH_ENCODE_BULLETIN_H

#include "publish/json.h"
#include "watch/incident.h"

enum { BULLETIN_ROOM = 6 * BULLETIN_MAX + 1024 };

/* A whole object. whole: with its text, which an event has already. */
void encode_bulletin(struct json *j, const struct incident_state *i, const struct bulletin *b,
                     bool whole);

/* Members of an event: "change":..,"incident":{..}: which one, and how far it has come. */
void encode_incident_brief(struct json *j, const struct incident_state *i,
                           enum incident_change what);

/* A bulletin that was kept: is it one that may be told again? */
bool bulletin_sound(const char *id, const char *payload, size_t length);

#endif
