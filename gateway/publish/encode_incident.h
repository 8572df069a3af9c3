/* SPDX-License-Identifier: Apache-2.0 */
/* An incident as a whole, in JSON: incident/<id>. */
#ifndef PUBLISH_ENCODE_INCIDENT_H
#define PUBLISH_ENCODE_INCIDENT_H

#include "headgate/plant.h"
#include "publish/json.h"
#include "watch/incident.h"

enum { INCIDENT_ROOM = 128 * 1024 };

/* A whole object. What isn't known is null. Checklists of equipment that was hit are in it as long as
 * there is room; else `checks_left_out` says so. */
void encode_incident(struct json *j, const struct plant *p, const struct incident_state *s, wall_t time);

#endif
