/* SPDX-License-Identifier: Apache-2.0 */
/* One MQTT connection, kept up for ever: MQTT 5 or 3.1.1, TLS, back-off, deadlines. No thread, no
 * queue of its own: a message is accepted while connected, or it is not. Used from one thread:
 *
 *     struct pollfd p = {mqtt_fd(c), mqtt_wants(c), 0};
 *     poll(&p, 1, until mqtt_due(c));
 *     mqtt_run(c, p.revents, now);
 *
 * Hooks are called by mqtt_run, mqtt_publish and mqtt_drop; `message` and `acked` must not call
 * anything here, no hook may call mqtt_free. */
#ifndef PUBLISH_MQTT_H
#define PUBLISH_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/plant.h"
#include "headgate/time.h"

struct mqtt_client;

struct mqtt_message {
    const char *topic;
    const void *payload;
    size_t length;
    bool retained;
    uint8_t qos;
    const char *response_topic;    /* MQTT 5; NULL: none */
    const void *correlation;
    size_t correlation_length;
    const char *content_type;      /* mqtt_publish: NULL: none */
};

struct mqtt_hooks {                /* each may be NULL */
    void *me;
    void (*connecting)(void *me);  /* last chance to set the will */
    void (*connected)(void *me);
    void (*lost)(void *me, const char *why);           /* also when an attempt fails; once each */
    void (*message)(void *me, const struct mqtt_message *m);
    /* QoS 1: the broker's answer, reason >= 0x80: refused. QoS 0: bytes are in the socket. */
    void (*acked)(void *me, int mid, int reason);
};

/* client_id: NULL takes to->client_id. `to` must outlive the client. Secrets and certificates are
 * read at each connect, so a wrong one can be mended while running. */
struct mqtt_client *mqtt_new(const struct mqtt *to, const char *client_id, struct mqtt_hooks hooks,
                             const char **why);
void mqtt_free(struct mqtt_client *c);                 /* hangs up without a word */
bool mqtt_will(struct mqtt_client *c, const char *topic, const char *payload, size_t length);

int mqtt_fd(const struct mqtt_client *c);              /* -1: no socket now; changes with each attempt */
short mqtt_wants(const struct mqtt_client *c);         /* POLLIN, perhaps POLLOUT */
mono_t mqtt_due(const struct mqtt_client *c);          /* call mqtt_run by then */
void mqtt_run(struct mqtt_client *c, short revents, mono_t now);   /* connects when it is time to */

bool mqtt_connected(const struct mqtt_client *c);
bool mqtt_refused(const struct mqtt_client *c);        /* in the latest attempt: somebody answered, and said no */
bool mqtt_congested(const struct mqtt_client *c);      /* the socket takes no more for now */
uint16_t mqtt_window(const struct mqtt_client *c);     /* QoS 1 publishes that may be in flight */

enum mqtt_result { MQTT_SENT, MQTT_NOT_CONNECTED, MQTT_TOO_LARGE, MQTT_FAILED };
enum mqtt_result mqtt_publish(struct mqtt_client *c, const struct mqtt_message *m, int *mid);
/* What was published leaves at once only if it is a single message; several wait for each other until
 * this is called, at the end of the caller's turn (or until the kernel's patience of 200 ms ends). */
void mqtt_flush(struct mqtt_client *c);
bool mqtt_subscribe(struct mqtt_client *c, const char *filter, int qos);   /* again after each connect */
/* The same, with mqtt_message.retained as the publisher said it, not only for what the broker had kept
 * before. MQTT 3.1.1 cannot: there what is new always comes without. */
bool mqtt_subscribe_as_published(struct mqtt_client *c, const char *filter, int qos);

void mqtt_drop(struct mqtt_client *c, const char *why, mono_t now);   /* hang up, come back later */
void mqtt_disconnect(struct mqtt_client *c);           /* says goodbye: no will is sent; stays away */

#endif
