/* SPDX-License-Identifier: Apache-2.0 */
/* The minutes before an alarm: the member "capture" of its event. */
#ifndef PUBLISH_ENCODE_CAPTURE_H
#define PUBLISH_ENCODE_CAPTURE_H

#include "publish/json.h"
#include "watch/capture.h"

enum { CAPTURE_ROOM = 60 * 1024 };

/* {"alarm":..,"tag":..,"unit":..,"samples":[[ms,x],..]}: oldest first, x null where it wasn't good. What
 * doesn't fit into the room that j has left is missing at the old end. */
void encode_capture(struct json *j, const char *alarm, const char *tag, const char *unit,
                    const struct capture_sample *samples, uint32_t count);

#endif
