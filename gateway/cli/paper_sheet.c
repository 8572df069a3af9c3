/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/paper.h"

static bool refused(const char *file)
{
    fprintf(stderr, "headgate: cannot write %s: %s\n", file, strerror(errno));
    return false;
}

bool sheet_open(struct sheet *s, const char *file)
{
    *s = (struct sheet){0};
    if (!file || strcmp(file, "-") == 0) {
        s->out = stdout;
        return true;
    }
    s->file = file;
    if (asprintf(&s->draft, "%s.XXXXXX", file) < 0) {
        s->draft = NULL;
        errno = ENOMEM;
        return refused(file);
    }
    int fd = mkstemp(s->draft);
    s->out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (s->out) {
        mode_t mask = umask(0);
        umask(mask);
        if (fchmod(fd, 0666 & ~mask) == 0)
            return true;
    }
    refused(file);
    if (s->out)
        fclose(s->out);
    else if (fd >= 0)
        close(fd);
    if (fd >= 0)
        unlink(s->draft);
    free(s->draft);
    return false;
}

bool sheet_close(struct sheet *s, bool good)
{
    const char *name = s->file ? s->file : "standard output";
    if (!good)
        refused(name);
    if (!s->file)
        return good;
    if (good && fsync(fileno(s->out)) != 0)
        good = refused(name);
    if (fclose(s->out) != 0 && good)
        good = refused(name);
    if (good && rename(s->draft, s->file) != 0)
        good = refused(name);
    if (!good)
        unlink(s->draft);
    free(s->draft);
    return good;
}
