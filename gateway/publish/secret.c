/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "headgate/plant.h"

enum { PASSWORD_MAX = 4096 };

const char *secret_path(const char *name, char room[SECRET_PATH_MAX])
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!name || strchr(name, '/') || !folder ||
        snprintf(room, SECRET_PATH_MAX, "%s/%s", folder, name) >= SECRET_PATH_MAX)
        return name;
    return room;
}

char *secret_read(const char *path, size_t *length)
{
    char *secret = text_read_file(path, PASSWORD_MAX, length);
    while (secret && *length > 0 && (secret[*length - 1] == '\n' || secret[*length - 1] == '\r'))
        secret[--*length] = '\0';
    return secret;
}

void secret_free(char *secret, size_t length)
{
    if (secret)
        explicit_bzero(secret, length);
    free(secret);
}

void secret_check(const struct mqtt *m,
                  void (*tell)(void *me, const char *key, const char *path, const char *trouble),
                  void *me)
{
    const struct {
        const char *key, *name;
        bool secret;
    } files[] = {{"ca", m->ca, false},
                 {"cert", m->cert, false},
                 {"key", m->key, true},
                 {"password_file", m->password_file, true}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char room[SECRET_PATH_MAX];
        struct stat s;
        const char *path = secret_path(files[i].name, room);
        /* systemd's are there only while the service runs, and are nobody else's. */
        if (!path || strstr(path, "/credentials/"))
            continue;
        if (access(path, R_OK) != 0)
            tell(me, files[i].key, path, strerror(errno));
        else if (files[i].secret && stat(path, &s) == 0 && (s.st_mode & 077))
            tell(me, files[i].key, path, NULL);
    }
}
