/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "sim/server_parts.h"

static void come_in(void *arg, uint32_t events)
{
    struct endpoint *e = arg;
    (void)events;
    int fd = accept4(e->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (e->peer_count >= PEERS_MOST) {
        close(fd);
        return;
    }
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    peer_new(e, fd);
}

/* A loopback address is meant as it stands: the plant was written for a simulator. */
static bool is_loopback(const char *host, struct in_addr *out)
{
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    return inet_pton(AF_INET, host, out) == 1 && ntohl(out->s_addr) >> 24 == 127;
}

static bool listen_at(struct endpoint *e, uint16_t port_base)
{
    const struct line *line = &e->server->plant->lines[e->line];
    struct sockaddr_in at = {.sin_family = AF_INET};
    if (is_loopback(line->host, &at.sin_addr)) {
        at.sin_port = htons(line->port);
    } else {
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        at.sin_port = htons(port_base == 0 ? 0 : (uint16_t)(port_base + e->line));
    }
    int one = 1;
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    e->listener = (struct watcher){fd, EPOLLIN, come_in, e};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0 ||
        !loop_add(e->server->loop, &e->listener)) {
        log_error("%s: can't listen at %s:%u: %s", line->name, inet_ntoa(at.sin_addr),
                  ntohs(at.sin_port), strerror(errno));
        if (fd >= 0)
            close(fd);
        e->listener.fd = -1;
        return false;
    }
    snprintf(e->address, sizeof e->address, "%s://%s:%u", e->rtu ? "rtu+tcp" : "tcp",
             inet_ntoa(at.sin_addr), ntohs(at.sin_port));
    return true;
}

static bool make_dir(struct server *s, const char *dir)
{
    if (dir != NULL) {
        s->dir_made = mkdir(dir, 0755) == 0; /* what is there already stays afterwards too */
        char *whole = realpath(dir, NULL);
        bool fits = whole != NULL && strlen(whole) < sizeof s->dir;
        if (fits)
            snprintf(s->dir, sizeof s->dir, "%s", whole);
        else
            log_error("%s: %s", dir, whole == NULL ? strerror(errno) : "too long a path");
        free(whole);
        return fits;
    }
    snprintf(s->dir, sizeof s->dir, "/tmp/headgate-sim-XXXXXX");
    s->dir_made = mkdtemp(s->dir) != NULL;
    if (!s->dir_made)
        log_error("%s: %s", s->dir, strerror(errno));
    return s->dir_made;
}

static bool needs_dir(const struct plant *plant)
{
    for (uint32_t i = 0; i < plant->line_count; i++)
        if (plant->lines[i].transport == TRANSPORT_RTU)
            return true;
    return false;
}

struct server *server_new(struct loop *loop, const struct plant *plant, const struct image *image,
                          const struct server_setup *setup)
{
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct server){.loop = loop, .plant = plant, .image = image};
    s->endpoints = calloc((size_t)plant->line_count + 1, sizeof *s->endpoints);
    bool good = s->endpoints != NULL;
    for (uint32_t i = 0; good && i < plant->line_count; i++)
        s->endpoints[i] = (struct endpoint){.server = s,
                                            .line = i,
                                            .rtu = plant->lines[i].transport != TRANSPORT_TCP,
                                            .listener = {.fd = -1}};
    if (good && needs_dir(plant))
        good = make_dir(s, setup->dir);
    if (good && setup->port_base != 0 && setup->port_base + plant->line_count > 65536) {
        log_error("%u lines don't fit behind port %u", plant->line_count, setup->port_base);
        good = false;
    }
    for (uint32_t i = 0; good && i < plant->line_count; i++)
        good = plant->lines[i].transport == TRANSPORT_RTU
                   ? terminal_open(&s->endpoints[i])
                   : listen_at(&s->endpoints[i], setup->port_base);
    if (!good) {
        server_free(s);
        return NULL;
    }
    return s;
}

void server_free(struct server *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; s->endpoints != NULL && i < s->plant->line_count; i++) {
        struct endpoint *e = &s->endpoints[i];
        while (e->peers != NULL)
            peer_free(e->peers);
        int fd = e->listener.fd;
        loop_remove(s->loop, &e->listener);
        if (fd >= 0)
            close(fd);
        terminal_close(e);
    }
    if (s->dir_made)
        rmdir(s->dir);
    free(s->endpoints);
    free(s);
}

void server_tick(struct server *s)
{
    for (uint32_t i = 0; i < s->plant->line_count; i++)
        for (struct peer *p = s->endpoints[i].rtu ? s->endpoints[i].peers : NULL; p != NULL;
             p = p->next)
            peer_tick(p);
}

const char *server_address(const struct server *s, uint32_t line)
{
    return s->endpoints[line].address;
}

uint64_t server_answers(const struct server *s)
{
    return s->answers;
}

bool server_write_lines(const struct server *s, const char *file)
{
    char fresh[4096];
    int n = snprintf(fresh, sizeof fresh, "%s.%ld", file, (long)getpid());
    FILE *f = n > 0 && (size_t)n < sizeof fresh ? fopen(fresh, "we") : NULL;
    if (f == NULL) {
        log_error("%s: %s", file, strerror(errno));
        return false;
    }
    for (uint32_t i = 0; i < s->plant->line_count; i++)
        fprintf(f, "%s: \"%s\"\n", s->plant->lines[i].name, s->endpoints[i].address);
    bool written = fflush(f) == 0 && ferror(f) == 0;
    written = fclose(f) == 0 && written;
    if (!written || rename(fresh, file) != 0) {
        log_error("%s: %s", file, strerror(errno));
        unlink(fresh);
        return false;
    }
    return true;
}
