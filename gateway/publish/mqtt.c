/* SPDX-License-Identifier: Apache-2.0 */
/* libmosquitto without its threads, its reconnects and its queue: one handle is one connection, and
 * is destroyed with it, because what a handle kept would be sent again behind our back. */
#include "publish/mqtt.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "base/text.h"
#include "publish/lookup.h"
#include "publish/secret.h"
#include "publish/survive.h"
#include "publish/tls.h"

enum state { IDLE, LOOKING, CONNECTING, UP, LEAVING, AWAY };

/* A broker that is back is found within five seconds, after however long an outage: attempts begin
 * at most so far apart, also when they hang. One every few seconds harms nobody. */
#define BACKOFF_MIN (NS_PER_S / 2)
#define BACKOFF_MAX (3 * NS_PER_S)
#define CONNECT_WITHIN (4 * NS_PER_S) /* the kernel asks at 0, 1 and 3 s */
#define CONNACK_WITHIN (10 * NS_PER_S)
#define LOOK_EVERY (20 * NS_PER_MS)
#define LASTING (10 * NS_PER_S) /* a connection that held so long makes us patient no more */
#define MISC_EVERY NS_PER_S

enum { SILENT_MS = 8000 }; /* data that nobody confirms for so long: the kernel hangs up */

struct mqtt_client {
    const struct mqtt *to;
    char *client_id;
    struct mqtt_hooks hooks;
    struct mosquitto *m;
    enum state state;
    mono_t due, misc, since, began; /* began: the latest attempt */
    struct lookup *lookup;
    bool reached; /* there is somebody at the other end */
    int64_t backoff;
    uint64_t chance;
    uint16_t window;
    uint32_t unflushed; /* publishes since mqtt_flush */
    char *will_topic, *will;
    size_t will_length;
    const char *cached_type; /* whose property list is kept */
    mosquitto_property *cached;
    /* Set inside the library's callbacks, acted upon outside of them. */
    bool came_up, gone;
    bool open; /* the socket is connected */
    uint8_t ends; /* turns since the other side hung up */
    bool refused; /* the broker answered, and said no */
    char why[192];
    char said[160]; /* by the library, of TLS; "": nothing */
    char words[192];
};

static void gone(struct mqtt_client *c, const char *why)
{
    if (!c->gone)
        snprintf(c->why, sizeof(c->why), "%s", why);
    c->gone = true;
}

static void on_connect(struct mosquitto *m, void *me, int rc, int flags,
                       const mosquitto_property *properties)
{
    struct mqtt_client *c = me;
    uint16_t most = UINT16_MAX;
    (void)m;
    (void)flags;
    if (rc != 0) {
        c->refused = true;
        gone(c, c->to->version == 5 ? mosquitto_reason_string(rc) : mosquitto_connack_string(rc));
        return;
    }
    mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &most, false);
    c->window = c->to->window ? c->to->window : 200;
    if (most && most < c->window)
        c->window = most;
    c->came_up = true;
}

static void on_disconnect(struct mosquitto *m, void *me, int rc, const mosquitto_property *p)
{
    struct mqtt_client *c = me;
    (void)m;
    (void)p;
    /* Since TLS 1.3 a server says no to our certificate only after the handshake. */
    if (c->to->tls && *c->said && c->state == CONNECTING) {
        c->refused = true;
        gone(c, tls_why(NULL, c->said));
        return;
    }
    gone(me, rc == 0      ? "disconnected"
             : rc >= 0x80 ? mosquitto_reason_string(rc)
                          : mosquitto_strerror(rc));
}

static void on_publish(struct mosquitto *m, void *me, int mid, int reason,
                       const mosquitto_property *p)
{
    struct mqtt_client *c = me;
    (void)m;
    (void)p;
    bool inside = survive_leave();
    if (c->hooks.acked)
        c->hooks.acked(c->hooks.me, mid, reason);
    survive_return(inside);
}

static void on_message(struct mosquitto *m, void *me, const struct mosquitto_message *got,
                       const mosquitto_property *properties)
{
    struct mqtt_client *c = me;
    char *topic = NULL;
    void *data = NULL;
    uint16_t length = 0;
    (void)m;
    if (!c->hooks.message)
        return;
    mosquitto_property_read_string(properties, MQTT_PROP_RESPONSE_TOPIC, &topic, false);
    mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &data, &length, false);
    const struct mqtt_message message = {.topic = got->topic,
                                         .payload = got->payload,
                                         .length = (size_t)got->payloadlen,
                                         .retained = got->retain,
                                         .qos = (uint8_t)got->qos,
                                         .response_topic = topic,
                                         .correlation = data,
                                         .correlation_length = length};
    bool inside = survive_leave();
    c->hooks.message(c->hooks.me, &message);
    survive_return(inside);
    free(topic);
    free(data);
}

struct mqtt_client *mqtt_new(const struct mqtt *to, const char *client_id, struct mqtt_hooks hooks,
                             const char **why)
{
    struct mqtt_client *c = calloc(1, sizeof(*c));
    *why = "out of memory";
    if (!c)
        return NULL;
    c->to = to;
    c->hooks = hooks;
    c->backoff = BACKOFF_MIN;
    c->client_id = strdup(client_id ? client_id : to->client_id);
    if (!c->client_id) {
        free(c);
        return NULL;
    }
    c->chance = text_hash(0, c->client_id, strlen(c->client_id));
    mosquitto_lib_init();
    survive_init();
    *why = NULL;
    return c;
}

static void hang_up(struct mqtt_client *c)
{
    if (c->m)
        mosquitto_destroy(c->m);
    c->m = NULL;
    lookup_end(c->lookup);
    c->lookup = NULL;
    c->came_up = c->reached = false;
    c->unflushed = 0;
}

void mqtt_free(struct mqtt_client *c)
{
    if (!c)
        return;
    hang_up(c);
    mosquitto_property_free_all(&c->cached);
    free(c->client_id);
    free(c->will_topic);
    free(c->will);
    free(c);
    mosquitto_lib_cleanup();
}

bool mqtt_will(struct mqtt_client *c, const char *topic, const char *payload, size_t length)
{
    char *t = strdup(topic), *p = malloc(length + 1);
    if (!t || !p) {
        free(t);
        free(p);
        return false;
    }
    memcpy(p, payload, length);
    free(c->will_topic);
    free(c->will);
    c->will_topic = t;
    c->will = p;
    c->will_length = length;
    return true;
}

/* OpenSSL would ask at the terminal for a key's passphrase. */
static int no_passphrase(char *out, int size, int writing, void *me)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)me;
    return 0;
}

static bool log_in(struct mqtt_client *c)
{
    char room[SECRET_PATH_MAX];
    size_t length = 0;
    if (!c->to->user)
        return true;
    const char *path = secret_path(c->to->password_file, room);
    char *password = path ? secret_read(path, &length) : NULL;
    if (path && !password) {
        char why[160];
        snprintf(why, sizeof(why), "the password file can't be read: %s", strerror(errno));
        gone(c, why);
        return false;
    }
    int rc = mosquitto_username_pw_set(c->m, c->to->user, password);
    secret_free(password, length);
    if (rc != MOSQ_ERR_SUCCESS)
        gone(c, mosquitto_strerror(rc));
    return rc == MOSQ_ERR_SUCCESS;
}

static bool readable(struct mqtt_client *c, const char *what, const char *path)
{
    char why[160];
    if (!path || access(path, R_OK) == 0)
        return true;
    snprintf(why, sizeof(why), "TLS can't be set up: `%s` can't be read: %s", what,
             strerror(errno));
    gone(c, why);
    return false;
}

/* Whatever fails here must not end in a connection: it would be in plain text. */
static bool wrap_up(struct mqtt_client *c)
{
    char rooms[3][SECRET_PATH_MAX];
    const struct mqtt *to = c->to;
    if (!to->tls)
        return true;
    const char *ca = to->ca ? secret_path(to->ca, rooms[0]) : "/etc/ssl/certs/ca-certificates.crt";
    const char *cert = secret_path(to->cert, rooms[1]), *key = secret_path(to->key, rooms[2]);
    if (!readable(c, "ca", ca) || !readable(c, "cert", cert) || !readable(c, "key", key))
        return false;
    int rc = mosquitto_tls_set(c->m, ca, NULL, cert, key, no_passphrase);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_tls_opts_set(c->m, 1, "tlsv1.2", NULL);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_tls_insecure_set(c->m, false);
    if (rc != MOSQ_ERR_SUCCESS)
        gone(c, "TLS can't be set up: look at ca, cert and key");
    return rc == MOSQ_ERR_SUCCESS;
}

static const char bad_file[] = "Error: Unable to load";

/* In the library's words; ours come from it when TLS fails. */
static void on_log(struct mosquitto *m, void *me, int level, const char *text)
{
    struct mqtt_client *c = me;
    (void)m;
    (void)level;
    bool ssl = strstr(text, "OpenSSL Error") || strstr(text, "verification failed");
    if ((!*c->said && ssl) || strncmp(text, bad_file, sizeof(bad_file) - 1) == 0)
        snprintf(c->said, sizeof(c->said), "%s", text);
}

static bool prepare(struct mqtt_client *c)
{
    c->m = mosquitto_new(c->client_id, true, c);
    if (!c->m) {
        gone(c, "out of memory");
        return false;
    }
    int window = c->to->window ? c->to->window : 200;
    mosquitto_int_option(c->m, MOSQ_OPT_PROTOCOL_VERSION,
                         c->to->version == 5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    mosquitto_int_option(c->m, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_int_option(c->m, MOSQ_OPT_SEND_MAXIMUM, window);
    mosquitto_connect_v5_callback_set(c->m, on_connect);
    mosquitto_disconnect_v5_callback_set(c->m, on_disconnect);
    mosquitto_publish_v5_callback_set(c->m, on_publish);
    mosquitto_message_v5_callback_set(c->m, on_message);
    mosquitto_log_callback_set(c->m, on_log);
    if (c->will_topic && mosquitto_will_set(c->m, c->will_topic, (int)c->will_length, c->will, 1,
                                            true) != MOSQ_ERR_SUCCESS) {
        gone(c, "the will can't be set");
        return false;
    }
    return log_in(c) && wrap_up(c);
}

static const char *why_of(struct mqtt_client *c, int rc)
{
    int error = errno;
    if (rc == MOSQ_ERR_TLS && strncmp(c->said, bad_file, sizeof(bad_file) - 1) == 0) {
        snprintf(c->words, sizeof(c->words), "TLS can't be set up: %s",
                 c->said + strlen("Error: "));
        return c->words;
    }
    if (rc == MOSQ_ERR_TLS) {
        c->refused = true;
        return tls_why(mosquitto_ssl_get(c->m), c->said);
    }
    return rc == MOSQ_ERR_ERRNO ? strerror(error) : mosquitto_strerror(rc);
}

static void attempt(struct mqtt_client *c, mono_t now)
{
    int64_t keepalive = c->to->keepalive_ns / NS_PER_S;
    c->state = CONNECTING;
    c->open = c->refused = false;
    c->ends = 0;
    c->said[0] = '\0';
    if (c->hooks.connecting)
        c->hooks.connecting(c->hooks.me);
    if (prepare(c)) {
        int rc = mosquitto_connect_async(c->m, c->to->host, c->to->port,
                                         keepalive < 5       ? 5
                                         : keepalive > 65535 ? 65535
                                                             : (int)keepalive);
        if (rc != MOSQ_ERR_SUCCESS)
            gone(c, why_of(c, rc));
        /* The library's sockets, a pair for its threads among them, would pass to a child. */
        (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
        unsigned silent = SILENT_MS;
        (void)setsockopt(mosquitto_socket(c->m), IPPROTO_TCP, TCP_USER_TIMEOUT, &silent,
                         sizeof(silent));
    }
    c->due = mono_add(now, CONNECT_WITHIN);
    c->misc = mono_add(now, MISC_EVERY);
}

/* The library asks for the host by itself, and waits for the answer: that it will come soon is
 * tried beforehand. */
static void look(struct mqtt_client *c, mono_t now)
{
    const char *why;
    c->due = mono_add(now, LOOK_EVERY);
    switch (lookup_state(c->lookup, &why)) {
    case LOOKUP_RUNS:
        break;
    case LOOKUP_FOUND:
        lookup_end(c->lookup);
        c->lookup = NULL;
        attempt(c, now);
        break;
    case LOOKUP_FAILED:
        gone(c, why);
        break;
    }
}

static void begin(struct mqtt_client *c, mono_t now)
{
    c->gone = false;
    c->began = now;
    if (!lookup_needed(c->to->host)) {
        attempt(c, now);
        return;
    }
    c->state = LOOKING;
    c->lookup = lookup_begin(c->to->host);
    if (c->lookup)
        look(c, now);
    else
        gone(c, "out of memory");
}

/* Somebody has taken the connection: now he may think. */
static void wait_longer(struct mqtt_client *c, mono_t now)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    if (c->reached)
        gone(c, c->to->tls
                    ? "the broker accepted the connection but does not answer: is it a TLS port?"
                    : "the broker accepted the connection but does not answer");
    else if (getpeername(mosquitto_socket(c->m), (struct sockaddr *)&peer, &length) != 0)
        gone(c, "nobody answers at that address");
    c->reached = true;
    c->due = mono_add(now, CONNACK_WITHIN - CONNECT_WITHIN);
}

/* Up to a quarter more or less, so that a plant's gateways don't come back all at once. */
static int64_t jittered(struct mqtt_client *c, int64_t ns)
{
    c->chance = c->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ns - ns / 4 + (int64_t)((c->chance >> 33) % (uint64_t)(ns / 2));
}

static void lose(struct mqtt_client *c, mono_t now)
{
    bool leaving = c->state == LEAVING;
    if (c->state == UP && mono_since(now, c->since) >= LASTING)
        c->backoff = BACKOFF_MIN;
    hang_up(c);
    c->gone = false;
    c->state = leaving ? AWAY : IDLE;
    mono_t next = mono_add(c->began, jittered(c, c->backoff));
    mono_t soonest = mono_add(now, jittered(c, BACKOFF_MIN));
    c->due = leaving ? MONO_NEVER : mono_before(next, soonest) ? soonest : next;
    c->backoff = c->backoff * 2 > BACKOFF_MAX ? BACKOFF_MAX : c->backoff * 2;
    if (c->hooks.lost)
        c->hooks.lost(c->hooks.me, c->why);
}

static void check(struct mqtt_client *c, int rc)
{
    /* Every error is "come back later": some of them end the library's own loops for good. */
    if (rc != MOSQ_ERR_SUCCESS)
        gone(c, why_of(c, rc));
}

/* With TLS the library does not notice that nobody listens, and has taken the error from the
 * socket. */
static void refused_connect(struct mqtt_client *c)
{
    int error = 0;
    socklen_t length = sizeof(error);
    if (c->to->tls && c->open) {
        c->refused = true;
        gone(c, "TLS: the broker hung up before TLS came about: is it a TLS port, and does it "
                "take our certificate?");
        return;
    }
    getsockopt(mosquitto_socket(c->m), SOL_SOCKET, SO_ERROR, &error, &length);
    gone(c, strerror(error ? error : ECONNREFUSED));
}

/* The library would wait in a circle for the rest of a handshake. What came before the end may be
 * the reason for it, and is read first: in one turn the handshake, in the next what was said to it.
 */
static bool hung_up(struct mqtt_client *c, short revents)
{
    char byte;
    bool over = (revents & (POLLERR | POLLHUP)) != 0;
    if (!over && c->to->tls && (revents & POLLIN))
        over = recv(mosquitto_socket(c->m), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    return over && (!c->to->tls || !c->open || ++c->ends > 3);
}

static void read_all(void *me)
{
    struct mqtt_client *c = me;
    check(c, mosquitto_loop_read(c->m, 1));
}

/* Debian's library has an assert for brokers that send an MQTT 5 property it doesn't know. */
static void read_from(struct mqtt_client *c)
{
    if (!survive(read_all, c))
        gone(c, "the broker sent what is not MQTT");
}

void mqtt_run(struct mqtt_client *c, short revents, mono_t now)
{
    if (c->state == AWAY)
        return;
    if (c->state == IDLE || c->state == LOOKING) {
        if (mono_before(now, c->due))
            return;
        if (c->state == IDLE)
            begin(c, now);
        else
            look(c, now);
    } else {
        c->open = c->open || (revents & (POLLOUT | POLLIN | POLLERR | POLLHUP)) == POLLOUT;
        if (!c->gone && (revents & POLLOUT))
            check(c, mosquitto_loop_write(c->m, 1));
        if (!c->gone && (revents & (POLLIN | POLLHUP | POLLERR)))
            read_from(c);
        if (!c->gone && !c->came_up && c->state == CONNECTING && hung_up(c, revents))
            refused_connect(c);
        if (!c->gone && !mono_before(now, c->misc)) {
            check(c, mosquitto_loop_misc(c->m));
            c->misc = mono_add(now, MISC_EVERY);
        }
    }
    if (!c->gone && c->came_up) {
        c->came_up = false;
        c->state = UP;
        c->since = now;
        if (c->hooks.connected)
            c->hooks.connected(c->hooks.me);
    }
    if (!c->gone && c->state == CONNECTING && !mono_before(now, c->due))
        wait_longer(c, now);
    if (c->gone)
        lose(c, now);
}

int mqtt_fd(const struct mqtt_client *c)
{
    return c->m ? mosquitto_socket(c->m) : -1;
}

short mqtt_wants(const struct mqtt_client *c)
{
    return c->m && mosquitto_want_write(c->m) ? POLLIN | POLLOUT : POLLIN;
}

mono_t mqtt_due(const struct mqtt_client *c)
{
    if (c->gone)
        return (mono_t){0};
    switch (c->state) {
    case IDLE:
    case LOOKING:
        return c->due;
    case CONNECTING:
        return mono_min(c->due, c->misc);
    case UP:
    case LEAVING:
        return c->misc;
    case AWAY:
        break;
    }
    return MONO_NEVER;
}

bool mqtt_connected(const struct mqtt_client *c)
{
    return c->state == UP && !c->gone;
}

bool mqtt_congested(const struct mqtt_client *c)
{
    return c->m && mosquitto_want_write(c->m);
}

/* The library writes each packet by itself; held back here, many of them make one segment. */
static void cork(struct mqtt_client *c, int on)
{
    int fd = mosquitto_socket(c->m);
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

void mqtt_flush(struct mqtt_client *c)
{
    if (c->unflushed > 1 && c->m)
        cork(c, 0);
    c->unflushed = 0;
}

bool mqtt_refused(const struct mqtt_client *c)
{
    return c->refused;
}

uint16_t mqtt_window(const struct mqtt_client *c)
{
    return c->window;
}

/* The property list of a message; *own: to be freed. */
static mosquitto_property *properties(struct mqtt_client *c, const struct mqtt_message *m,
                                      bool *own)
{
    mosquitto_property *list = NULL;
    *own = false;
    if (c->to->version != 5)
        return NULL;
    if (m->content_type && !m->correlation_length && !m->response_topic) {
        if (m->content_type != c->cached_type) {
            mosquitto_property_free_all(&c->cached);
            mosquitto_property_add_string(&c->cached, MQTT_PROP_CONTENT_TYPE, m->content_type);
            c->cached_type = m->content_type;
        }
        return c->cached;
    }
    if (m->content_type)
        mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, m->content_type);
    if (m->response_topic)
        mosquitto_property_add_string(&list, MQTT_PROP_RESPONSE_TOPIC, m->response_topic);
    if (m->correlation_length)
        mosquitto_property_add_binary(&list, MQTT_PROP_CORRELATION_DATA, m->correlation,
                                      (uint16_t)m->correlation_length);
    *own = true;
    return list;
}

enum mqtt_result mqtt_publish(struct mqtt_client *c, const struct mqtt_message *m, int *mid)
{
    bool own;
    /* While disconnected the library would say no and keep the message all the same. */
    if (!mqtt_connected(c))
        return MQTT_NOT_CONNECTED;
    mosquitto_property *list = properties(c, m, &own);
    if (++c->unflushed == 2)
        cork(c, 1);
    int rc = mosquitto_publish_v5(c->m, mid, m->topic, (int)m->length, m->payload, m->qos,
                                  m->retained, list);
    if (own)
        mosquitto_property_free_all(&list);
    switch (rc) {
    case MOSQ_ERR_SUCCESS:
        return c->gone ? MQTT_NOT_CONNECTED : MQTT_SENT;
    case MOSQ_ERR_OVERSIZE_PACKET:
    case MOSQ_ERR_PAYLOAD_SIZE:
        return MQTT_TOO_LARGE;
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_MALFORMED_UTF8:
    case MOSQ_ERR_QOS_NOT_SUPPORTED:
    case MOSQ_ERR_RETAIN_NOT_SUPPORTED:
        return MQTT_FAILED;
    default:
        gone(c, mosquitto_strerror(rc));
        return MQTT_NOT_CONNECTED;
    }
}

static bool subscribe(struct mqtt_client *c, const char *filter, int qos, int options)
{
    if (!mqtt_connected(c))
        return false;
    check(c, mosquitto_subscribe_v5(c->m, NULL, filter, qos, options, NULL));
    return !c->gone;
}

bool mqtt_subscribe(struct mqtt_client *c, const char *filter, int qos)
{
    return subscribe(c, filter, qos, 0);
}

bool mqtt_subscribe_as_published(struct mqtt_client *c, const char *filter, int qos)
{
    return subscribe(c, filter, qos, c->to->version == 5 ? MQTT_SUB_OPT_RETAIN_AS_PUBLISHED : 0);
}

void mqtt_drop(struct mqtt_client *c, const char *why, mono_t now)
{
    if (c->state == IDLE || c->state == AWAY)
        return;
    gone(c, why);
    lose(c, now);
}

void mqtt_disconnect(struct mqtt_client *c)
{
    if (c->state == UP && !c->gone && mosquitto_disconnect(c->m) == MOSQ_ERR_SUCCESS) {
        c->state = LEAVING;
        return;
    }
    hang_up(c);
    c->state = AWAY;
}
