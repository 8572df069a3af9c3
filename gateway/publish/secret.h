/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold a secret, or the means to prove one. */
#ifndef PUBLISH_SECRET_H
#define PUBLISH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct mqtt;

enum { SECRET_PATH_MAX = 512 };

/* A bare name is one of systemd's credentials, when there are any. Returns room or name. */
const char *secret_path(const char *name, char room[SECRET_PATH_MAX]);

/* All of a password file, without the line's end; free it with secret_free. NULL with errno. */
char *secret_read(const char *path, size_t *length);
void secret_free(char *secret, size_t length);

/* Each of a broker's files that has something wrong with it. trouble: why it can't be read; NULL: others
 * than its owner can read it. */
void secret_check(const struct mqtt *m,
                  void (*tell)(void *me, const char *key, const char *path, const char *trouble),
                  void *me);

#endif
