/* SPDX-License-Identifier: Apache-2.0 */
/* Where messages go, and how much of them is kept on disk. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/plant_parts.h"

enum { ROOT_MAX = 200, WINDOW_MAX = 1000 };

struct mqtt_nodes {
    const struct node *broker, *root, *user, *password, *password_file, *ca, *cert, *key, *version,
        *client_id, *keepalive, *window, *publish, *overlap;
};

/* known: it is told whether it speaks TLS, whatever else is wrong with it. */
static bool read_broker(struct plant_builder *b, const struct node *n, struct mqtt *m, bool *known)
{
    *known = n == NULL;
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(&b->r, n, "broker")) {
        return false;
    }
    const char *rest = strstr(n->text, "://");
    size_t scheme = rest == NULL ? 0 : (size_t)(rest - n->text);
    m->tls = scheme == 5 && strncmp(n->text, "mqtts", 5) == 0;
    if (rest == NULL || (!m->tls && (scheme != 4 || strncmp(n->text, "mqtt", 4) != 0))) {
        return complain(&b->r, n, "broker `%.80s`: write mqtt://HOST:1883 or mqtts://HOST:8883",
                        n->text);
    }
    *known = true;
    if (strchr(rest, '@') != NULL) {
        return complain(&b->r, n,
                        "no user or password in the broker's address; say `user:` and "
                        "`password_file:`");
    }
    m->port = m->tls ? 8883 : 1883;
    return split_host(rest + 3, b->r.arena, &m->host, &m->port) ||
           complain(&b->r, n,
                    "broker `%.80s`: write mqtt://HOST:1883, with [..] around an IPv6 "
                    "address and nothing behind the port",
                    n->text);
}

static bool read_root(struct plant_builder *b, const struct node *n, struct mqtt *m)
{
    if (n == NULL) {
        return true;
    }
    if (!read_text(&b->r, n, "root", &m->root)) {
        return false;
    }
    size_t length = strlen(m->root);
    bool good = length > 0 && length <= ROOT_MAX && m->root[0] != '$' &&
                strpbrk(m->root, "+#\n\t") == NULL && m->root[0] != '/' &&
                m->root[length - 1] != '/' && strstr(m->root, "//") == NULL;
    return good || complain(&b->r, n,
                            "root `%.80s` is the beginning of every topic, like mine/v1: "
                            "no + or #, no $ in front, no empty level",
                            m->root);
}

/* "credential:NAME" is a file that systemd lays out for the service. */
static bool read_path(struct plant_builder *b, const struct node *n, const char *what,
                      const char **out)
{
    static const char credential[] = "credential:";
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(&b->r, n, what)) {
        return false;
    }
    if (n->length == 0) {
        return complain(&b->r, n, "%s is the path of a file", what);
    }
    if (strncmp(n->text, credential, sizeof credential - 1) != 0) {
        *out = path_beside(b, n->text);
        return *out != NULL;
    }
    const char *name = n->text + sizeof credential - 1;
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!text_is_name(name, strlen(name))) {
        return complain(&b->r, n, "%s: a credential has a name of A-Z a-z 0-9 . _ -", what);
    }
    *out = arena_printf(b->r.arena, "%s/%s",
                        folder != NULL ? folder : "/run/credentials/headgate.service", name);
    return *out != NULL;
}

static bool read_files(struct plant_builder *b, const struct mqtt_nodes *n, bool known,
                       struct mqtt *m)
{
    bool good = read_path(b, n->password_file, "password_file", &m->password_file);
    good = read_path(b, n->ca, "ca", &m->ca) && good;
    good = read_path(b, n->cert, "cert", &m->cert) && good;
    good = read_path(b, n->key, "key", &m->key) && good;
    if (n->password != NULL) {
        good = complain(&b->r, n->password,
                        "a password does not belong into this file; write it to "
                        "a file of its own and say `password_file: PATH` or "
                        "`password_file: credential:NAME`");
    }
    if (n->password_file != NULL && n->user == NULL) {
        good = complain(&b->r, n->password_file, "a password needs a `user:`");
    }
    if ((n->cert == NULL) != (n->key == NULL)) {
        good = complain(&b->r, n->cert != NULL ? n->cert : n->key,
                        "`cert` and `key` belong "
                        "together");
    }
    const struct node *tls = n->ca != NULL ? n->ca : n->cert;
    if (tls != NULL && !m->tls && known) {
        good = complain(&b->r, tls, "certificates need TLS: `broker: mqtts://...`");
    }
    bool near =
        m->host != NULL && (strncmp(m->host, "127.", 4) == 0 || strcmp(m->host, "localhost") == 0 ||
                            strcmp(m->host, "::1") == 0);
    if (n->password_file != NULL && !m->tls && !near && known) {
        caution(&b->r, n->password_file,
                "the password travels unencrypted over mqtt://; use mqtts://");
    }
    return good;
}

static bool read_lanes(struct plant_builder *b, const struct node *n, struct mqtt *m)
{
    static const char *const words[] = {"values", "history"};
    if (n == NULL) {
        return true;
    }
    if (!is_list(&b->r, n, "publish")) {
        return false;
    }
    bool on[2] = {false, false}, good = true;
    for (const struct node *i = n->first; i != NULL; i = i->next) {
        unsigned lane = 0;
        good = read_word(&b->r, i, "publish", words, 2, &lane) && good;
        on[lane] = true;
    }
    m->values = on[0];
    m->history = on[1];
    return good;
}

static bool read_client_id(struct plant_builder *b, const struct node *n, struct mqtt *m)
{
    if (n == NULL) {
        m->client_id =
            arena_printf(b->r.arena, "headgate-%s-%s", b->plant->site, b->plant->gateway);
        return m->client_id != NULL;
    }
    return read_text(&b->r, n, "client_id", &m->client_id) &&
           (*m->client_id != '\0' || complain(&b->r, n,
                                              "client_id is empty; leave it out, or give "
                                              "one that no other client uses"));
}

static bool read_version(struct plant_builder *b, const struct node *n, struct mqtt *m)
{
    static const char *const words[] = {"5", "3.1.1"};
    unsigned version = 0;
    bool good = read_word(&b->r, n, "version", words, 2, &version);
    m->version = version == 0 ? 5 : 3;
    return good;
}

bool read_mqtt(struct plant_builder *b, const struct node *n)
{
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct mqtt_nodes, name)                                                   \
    }
    static const struct field fields[] = {
        FIELD(broker),    FIELD(root),   FIELD(user),    FIELD(password), FIELD(password_file),
        FIELD(ca),        FIELD(cert),   FIELD(key),     FIELD(version),  FIELD(client_id),
        FIELD(keepalive), FIELD(window), FIELD(publish), FIELD(overlap)};
    struct mqtt_nodes k = {0};
    struct mqtt *m = &b->plant->mqtt;
    uint64_t window = 200;
    bool known;
    *m = (struct mqtt){.host = "127.0.0.1",
                       .port = 1883,
                       .root = "headgate",
                       .version = 5,
                       .keepalive_ns = 15 * NS_PER_S,
                       .values = true,
                       .history = true,
                       .overlap_ns = 60 * NS_PER_S};
    m->at = (struct place){b->r.file, n == NULL ? 1 : n->line, n == NULL ? 1 : n->column};
    bool good =
        n == NULL || take_fields(&b->r, n, fields, sizeof fields / sizeof *fields, &k, "mqtt");
    good = read_broker(b, k.broker, m, &known) && good;
    good = read_root(b, k.root, m) && good;
    good = read_text(&b->r, k.user, "user", &m->user) && good;
    good = read_files(b, &k, known, m) && good;
    good = read_version(b, k.version, m) && good;
    good = read_client_id(b, k.client_id, m) && good;
    good = read_duration(&b->r, k.keepalive, "keepalive", 5 * NS_PER_S, 65535 * NS_PER_S,
                         &m->keepalive_ns) &&
           good;
    good = read_u64(&b->r, k.window, "window", 1, WINDOW_MAX, &window) && good;
    m->window = (uint16_t)window;
    good =
        read_duration(&b->r, k.overlap, "overlap", 0, 24 * 3600 * NS_PER_S, &m->overlap_ns) && good;
    return read_lanes(b, k.publish, m) && good;
#undef FIELD
}

bool read_journal(struct plant_builder *b, const struct node *n)
{
    enum { LEAST = 1 << 20 };
    static const struct field fields[] = {{"keep", 0}, {"size", sizeof(void *)}};
    const struct node *k[2] = {NULL, NULL};
    struct journal_limits *j = &b->plant->journal;
    *j = (struct journal_limits){72 * 3600 * NS_PER_S, INT64_C(2) << 30};
    if (n == NULL) {
        return true;
    }
    bool good = take_fields(&b->r, n, fields, 2, k, "journal");
    good = read_duration(&b->r, k[0], "keep", 0, 10 * YEAR_NS, &j->keep_ns) && good;
    if (k[1] != NULL && !is_scalar(&b->r, k[1], "size")) {
        return false;
    }
    if (k[1] != NULL && (!text_to_size(k[1]->text, &j->max_bytes) || j->max_bytes < LEAST)) {
        good = complain(&b->r, k[1], "size is a size of 1MiB or more, like 512MiB or 2GiB");
    }
    return good;
}
