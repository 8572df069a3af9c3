/* SPDX-License-Identifier: Apache-2.0 */
/* headgate watch while it runs: the broker, the terminal, and what goes between them. */
#ifndef CLI_WATCH_SESSION_H
#define CLI_WATCH_SESSION_H

#include "cli/watch.h"
#include "publish/mqtt.h"

struct watch_session {
    struct watch *watch;
    struct watch_view view;
    struct canvas canvas;
    struct mqtt_client *client;
    bool subscribe, heard, changed;
    bool only_alarms;              /* an order needs to hear no more than these */
    char trouble[160], title[200], id[64];
    mono_t counted_at;
    uint64_t counted;
};

bool watch_session_begin(struct watch_session *s, const struct mqtt *to, const char *root,
                   const char *site, const char **why);
void watch_session_end(struct watch_session *s);

/* Waits for the broker, for keys (fd -1: none) or for the time. true: there are keys. */
bool watch_session_wait(struct watch_session *s, int keys, mono_t until);
/* Sends a wish that was made; the answer comes with a later wait. */
void watch_session_send(struct watch_session *s);

/* Each is all of a run, and returns its exit status. */
int watch_session_once(struct watch_session *s, int64_t patience_ns, bool json);
int watch_session_live(struct watch_session *s);
/* wish: an alarm's path, or a milestone of the open incident; its gateway is looked for. */
int watch_session_order(struct watch_session *s, const struct watch_wish *wish, int64_t patience_ns);

#endif
