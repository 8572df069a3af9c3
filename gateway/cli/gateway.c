/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/gateway.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "publish/json_read.h" /* in front of json.h */

#include "app/socket.h"
#include "app/state_dir.h"
#include "app/why.h"
#include "base/clock.h"

static bool wait_for(int fd, short what, mono_t end)
{
    for (;;) {
        int64_t left = mono_since(end, clock_mono());
        struct pollfd p = {.fd = fd, .events = what};
        int n = left > 0 ? poll(&p, 1, (int)(left / NS_PER_MS) + 1) : 0;
        if (n >= 0 || errno != EINTR)
            return n > 0;
    }
}

bool gateway_talk(int fd, const char *line, mono_t end, char *said, size_t room, size_t *length)
{
    size_t asked = strlen(line);
    *length = 0;
    errno = ETIMEDOUT;
    if (!wait_for(fd, POLLOUT, end) || send(fd, line, asked, MSG_NOSIGNAL) != (ssize_t)asked)
        return false;
    while (*length < room && wait_for(fd, POLLIN, end)) {
        ssize_t n = recv(fd, said + *length, room - *length, 0);
        if (n == 0)
            break;
        if (n < 0)
            return false;
        *length += (size_t)n;
    }
    errno = *length ? EPROTO : ETIMEDOUT;
    return *length > 1 && said[*length - 1] == '\n';
}

/* ---- which files it runs by -------------------------------------------------------------------
 */

static const char *text(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s ? s : "";
}

/* Two devices may have one map in two versions, as long as both are known. */
static bool has_map(const json_t *maps, const struct map *map)
{
    for (size_t i = 0; i < json_array_size(maps); i++) {
        const json_t *m = json_array_get(maps, i);
        if (strcmp(text(m, "name"), map->name) == 0 && strcmp(text(m, "hash"), map->hash) == 0)
            return true;
    }
    return false;
}

static void tell(const json_t *said, const struct plan *plan, const struct device *only)
{
    static const char how[] = "reload it (systemctl reload, or SIGHUP)";
    const struct plant *plant = plan->plant;
    const json_t *maps = json_object_get(said, "maps");
    char hash[WHY_HASH];
    bool ours = strcmp(text(said, "gateway"), plant->gateway) == 0 &&
                strcmp(text(said, "site"), plant->site) == 0 && json_is_array(maps);
    if (!ours || strcmp(text(said, "plan"), why_plan_hash(plan, hash)) == 0)
        return;
    for (uint32_t i = 0; i < plant->device_count; i++) {
        const struct device *d = &plant->devices[i];
        if ((only != NULL && strcmp(d->path, only->path) != 0) || has_map(maps, d->map))
            continue;
        fprintf(stderr, "headgate: the gateway that runs here uses another version of map %s: %s\n",
                d->map->name, how);
        return;
    }
    fprintf(stderr,
            "headgate: the gateway that runs here uses another version of the plant file "
            "or of its other maps: %s\n",
            how);
}

void gateway_compare(const struct plan *plan, const char *state_dir, const struct device *only)
{
    enum { PATIENCE_S = 2 };
    int fd = socket_connect(state_dir);
    char *said = fd < 0 ? NULL : malloc(WHY_ROOM);
    size_t length;
    if (said && gateway_talk(fd, "maps\n", mono_add(clock_mono(), PATIENCE_S * NS_PER_S), said,
                             WHY_ROOM, &length)) {
        json_t *answer = json_read(said, length);
        tell(answer, plan, only);
        json_decref(answer);
    }
    free(said);
    if (fd >= 0)
        close(fd);
}

void gateway_compare_beside(const struct plan *plan, const char *given, const char *plant_file,
                            const struct device *only)
{
    char dir[PATH_MAX];
    if (state_dir(dir, sizeof dir, given, plant_file))
        gateway_compare(plan, dir, only);
}
