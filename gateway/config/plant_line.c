/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets and buses. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/plant_parts.h"

struct line_nodes {
    const struct node *connect, *baud, *parity, *data, *stop, *timeout, *connect_timeout,
        *connect_delay, *delay, *reconnect, *retries, *silent_share, *echo, *about;
};

static const uint32_t bauds[] = {
    50,     75,     110,     134,     150,     200,     300,     600,     1200,    1800,
    2400,   4800,   9600,    19200,   38400,   57600,   115200,  230400,  460800,  500000,
    576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000};

static bool read_serial_path(const struct reader *r, const struct node *n, const char *path,
                             struct line *out)
{
    if (*path != '/' || path[1] == '\0') {
        return complain(r, n,
                        "connect `%.100s`: the path of a serial port is absolute: "
                        "rtu:///dev/serial/by-id/...",
                        n->text);
    }
    if (strncmp(path, "/dev/ttyUSB", 11) == 0 || strncmp(path, "/dev/ttyACM", 11) == 0) {
        caution(r, n,
                "%s gets another number when adapters are plugged in another order; name it by "
                "/dev/serial/by-id/... or by-path",
                path);
    }
    out->device = arena_copy(r->arena, path, strlen(path));
    return out->device != NULL;
}

/* known: what sort of line it is can be told, whatever else is wrong with it. */
static bool read_connect(const struct reader *r, const struct node *n, struct line *out,
                         bool *known)
{
    static const char *const schemes[] = {"tcp://", "rtu://", "rtu+tcp://"};
    if (!is_scalar(r, n, "connect")) {
        return false;
    }
    static const uint8_t transports[] = {TRANSPORT_TCP, TRANSPORT_RTU, TRANSPORT_RTU_OVER_TCP};
    unsigned s = 0;
    while (s < 3 && strncmp(n->text, schemes[s], strlen(schemes[s])) != 0) {
        s++;
    }
    if (s == 3) {
        return complain(r, n,
                        "connect `%.100s`: write tcp://HOST:502, rtu:///dev/serial/by-id/... "
                        "or rtu+tcp://HOST:4001",
                        n->text);
    }
    const char *rest = n->text + strlen(schemes[s]);
    out->transport = transports[s];
    *known = true;
    if (s == 1) {
        return read_serial_path(r, n, rest, out);
    }
    out->port = s == 0 ? 502 : 0;
    if (!split_host(rest, r->arena, &out->host, &out->port)) {
        return complain(r, n,
                        "connect `%.100s`: write %sHOST:PORT, with [..] around an IPv6 address "
                        "and nothing behind the port",
                        n->text, schemes[s]);
    }
    return out->port != 0 || complain(r, n,
                                      "connect `%.100s`: rtu+tcp has no usual port; say which "
                                      "one, like rtu+tcp://HOST:4001",
                                      n->text);
}

static bool read_baud(const struct reader *r, const struct node *n, struct line *out)
{
    uint64_t baud = out->baud, nearest = 0;
    if (!read_u64(r, n, "baud", 1, 10000000, &baud)) {
        return false;
    }
    for (size_t i = 0; i < sizeof bauds / sizeof *bauds; i++) {
        if (bauds[i] <= baud) {
            nearest = bauds[i];
        }
    }
    out->baud = (uint32_t)baud;
    return nearest == baud || complain(r, n,
                                       "baud %ju is no rate of serial ports; the next one "
                                       "below is %ju",
                                       (uintmax_t)baud, (uintmax_t)nearest);
}

static bool refuse_serial(const struct reader *r, const struct line_nodes *n)
{
    const struct node *serial[] = {n->baud, n->parity, n->data, n->stop, n->echo};
    bool good = true;
    for (size_t i = 0; i < sizeof serial / sizeof *serial; i++) {
        if (serial[i] != NULL) {
            good = complain(r, serial[i],
                            "this is a setting of a serial bus, but the line is TCP; leave it out, "
                            "or connect by rtu:// or rtu+tcp://");
        }
    }
    return good;
}

static bool read_bus(const struct reader *r, const struct line_nodes *n, struct line *out)
{
    static const char *const parities[] = {"none", "even", "odd"};
    static const char letters[] = {PARITY_NONE, PARITY_EVEN, PARITY_ODD};
    unsigned parity = 1;
    uint64_t data = 8, stop = 1;
    bool good = read_baud(r, n->baud, out);
    good = read_word(r, n->parity, "parity", parities, 3, &parity) && good;
    good = read_u64(r, n->stop, "stop", 1, 2, &stop) && good;
    good = read_u64(r, n->data, "data", 7, 8, &data) && good;
    if (data == 7) {
        good = complain(r, n->data, "RTU needs 8 data bits; 7 are for Modbus ASCII");
    }
    out->parity = letters[parity];
    out->stop_bits = (uint8_t)stop;
    out->data_bits = 8;
    return read_bool(r, n->echo, "echo", &out->echo) && good;
}

static bool read_share(const struct reader *r, const struct node *n, double *out)
{
    char text[40];
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, "silent_share")) {
        return false;
    }
    if (n->length >= sizeof text) {
        return complain(r, n, "silent_share is a share of time, like 10%% or 0.1");
    }
    memcpy(text, n->text, n->length + 1);
    bool percent = n->length > 1 && text[n->length - 1] == '%';
    if (percent) {
        text[n->length - 1] = '\0';
    }
    double share;
    if (!text_to_real(text, &share) || (share /= percent ? 100 : 1) < 0.001 || share > 0.9) {
        return complain(r, n, "silent_share `%.30s`: write 10%% or 0.1; it can be 0.1%% to 90%%",
                        n->text);
    }
    *out = share;
    return true;
}

static bool read_reconnect(const struct reader *r, const struct node *n, struct line *out)
{
    static const struct field fields[] = {{"min", 0}, {"max", sizeof(void *)}};
    const struct node *k[2] = {NULL, NULL};
    if (n == NULL) {
        return true;
    }
    bool good = take_fields(r, n, fields, 2, k, "reconnect");
    good = read_duration(r, k[0], "min", 10 * NS_PER_MS, 3600 * NS_PER_S, &out->reconnect_min_ns) &&
           good;
    good = read_duration(r, k[1], "max", 10 * NS_PER_MS, 3600 * NS_PER_S, &out->reconnect_max_ns) &&
           good;
    if (good && out->reconnect_max_ns < out->reconnect_min_ns) {
        if (k[1] != NULL) {
            return complain(r, k[1], "reconnect: max is shorter than min");
        }
        out->reconnect_max_ns = out->reconnect_min_ns;
    }
    return good;
}

static bool read_times(const struct reader *r, const struct line_nodes *n, struct line *out)
{
    uint64_t retries = 1;
    bool good = read_duration(r, n->timeout, "timeout", NS_PER_MS, 60 * NS_PER_S, &out->timeout_ns);
    good = read_duration(r, n->connect_timeout, "connect_timeout", 10 * NS_PER_MS, 120 * NS_PER_S,
                         &out->connect_timeout_ns) &&
           good;
    good = read_duration(r, n->connect_delay, "connect_delay", 0, 60 * NS_PER_S,
                         &out->connect_delay_ns) &&
           good;
    good = read_duration(r, n->delay, "delay", 0, 10 * NS_PER_S, &out->delay_ns) && good;
    good = read_u64(r, n->retries, "retries", 0, 10, &retries) && good;
    out->retries = (uint8_t)retries;
    good = read_share(r, n->silent_share, &out->silent_share) && good;
    return read_reconnect(r, n->reconnect, out) && good;
}

static bool read_line(struct plant_builder *b, const struct node *key, const struct node *value,
                      struct line *out)
{
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct line_nodes, name)                                                   \
    }
    static const struct field fields[] = {
        FIELD(connect), FIELD(baud),      FIELD(parity),          FIELD(data),
        FIELD(stop),    FIELD(timeout),   FIELD(connect_timeout), FIELD(connect_delay),
        FIELD(delay),   FIELD(reconnect), FIELD(retries),         FIELD(silent_share),
        FIELD(echo),    FIELD(about)};
    struct line_nodes n = {0};
    const char *about = NULL;
    *out = (struct line){.baud = 19200,
                         .timeout_ns = NS_PER_S,
                         .connect_timeout_ns = 3 * NS_PER_S,
                         .reconnect_min_ns = 500 * NS_PER_MS,
                         .reconnect_max_ns = 4 * NS_PER_S,
                         .silent_share = 0.1};
    out->at = place_of(&b->r, key);
    bool good = read_name(&b->r, key, "line", &out->name), known = false;
    good = take_fields(&b->r, value, fields, sizeof fields / sizeof *fields, &n, "a line") && good;
    if (value->kind != NODE_MAPPING) {
        return false;
    }
    if (n.connect == NULL) {
        good = complain(&b->r, key, "line `%s` leads nowhere; say `connect: tcp://HOST:502`",
                        key->text);
    } else {
        good = read_connect(&b->r, n.connect, out, &known) && good;
    }
    bool tcp = known && out->transport == TRANSPORT_TCP;
    good = (tcp ? refuse_serial(&b->r, &n) : read_bus(&b->r, &n, out)) && good;
    good = read_times(&b->r, &n, out) && good;
    good = read_text(&b->r, n.about, "about", &about) && good;
    const struct node *other =
        b->line_overrides == NULL ? NULL : node_get(b->line_overrides, key->text);
    return (other == NULL || read_connect(&b->overrides_reader, other, out, &known)) && good;
#undef FIELD
}

/* Two buses on one port would take each other's answers. */
static bool check_ports(struct plant_builder *b)
{
    struct names ports;
    bool good = true;
    names_init(&ports, false, b->r.arena);
    for (uint32_t i = 0; i < b->plant->line_count; i++) {
        const struct line *l = &b->plant->lines[i];
        if (l->name == NULL || l->device == NULL || l->transport != TRANSPORT_RTU) {
            continue;
        }
        uint32_t before = names_put(&ports, l->device, strlen(l->device), i);
        if (before != NAMES_NONE) {
            good = complain_at(&b->r, l->at,
                               "line `%s` uses the same port as line `%s`; units of one "
                               "bus belong to one line",
                               l->name, b->plant->lines[before].name);
        }
    }
    names_fini(&ports);
    return good;
}

bool read_lines(struct plant_builder *b, const struct node *n)
{
    if (n == NULL || n->kind != NODE_MAPPING || n->length == 0) {
        lose_name(b, "line", "", 0);
        return complain(&b->r, n == NULL ? &(struct node){.line = 1, .column = 1} : n,
                        "a plant has lines: {plc: {connect: \"tcp://10.0.0.1:502\"}}");
    }
    struct line *lines = arena_get_array(b->r.arena, n->length, sizeof *lines);
    bool good = lines != NULL;
    uint32_t count = 0;
    for (const struct node *k = n->first; lines != NULL && k != NULL; k = k->next->next) {
        struct line *line = &lines[count];
        good = read_line(b, k, k->next, line) && good;
        if (line->name == NULL || !claim_name(&b->r, &b->lines, k, line->name, count, "line")) {
            lose_name(b, "line", k->text, k->length);
            good = false;
        }
        count++;
    }
    b->plant->lines = lines;
    b->plant->line_count = count;
    return check_ports(b) && good;
}
