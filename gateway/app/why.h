/* SPDX-License-Identifier: Apache-2.0 */
/* Why a tag is what it is, as JSON: from the bytes on the wire to what was published, for people who
 * doubt it. The same for a running gateway and for equipment that was asked by hand. Looks, and changes
 * nothing. */
#ifndef APP_WHY_H
#define APP_WHY_H

#include "app/status.h"
#include "poll/poller.h"
#include "publish/json.h"
#include "values/board.h"

struct why_view {
    const struct plan *plan;
    const struct board *board;
    const struct poller *poller;   /* NULL: nothing is known of exchanges and lines */
    struct status *status;         /* NULL: nothing is known of devices */
    bool publishes;                /* false: nobody hears what the board learns */
    wall_t wall;                   /* now */
};

enum { WHY_ROOM = 64 * 1024, WHY_INPUTS_MAX = 64 };

/* An object, without an end of line. Too long for its room: see j->overflow. */
void why_tag(struct json *j, const struct why_view *v, uint32_t tag);
/* The gateway in short: lines, devices, tags. */
void why_status(struct json *j, const struct why_view *v);
/* The maps that are in use, each with its hash; whose gateway it is, and the plan's hash. */
void why_maps(struct json *j, const struct why_view *v);
/* Of which equipment is asked where, and by which maps. Returns out. */
enum { WHY_HASH = 17 };
const char *why_plan_hash(const struct plan *plan, char out[WHY_HASH]);

/* ---- between why.c and why_wire.c ---- */

struct why_feed {                  /* how a tag is read */
    const struct device *device;
    const struct request *request; /* NULL: by no request of this plan */
    const struct feed *feed;
    uint32_t point, root;          /* root: the one on the wire, where the point is computed */
    const struct frame *good, *bad, *before;
};
/* false: no device says it. */
bool why_find(const struct why_view *v, uint32_t tag, struct why_feed *out);
/* Members of the object: request, line, exchanges; the steps of the last good answer. reason: what
 * the last step says when it isn't good; "" else. */
void why_wire(struct json *j, const struct why_view *v, const struct why_feed *f);
void why_steps(struct json *j, const struct why_view *v, const struct why_feed *f, char *reason,
               size_t room);

#endif
