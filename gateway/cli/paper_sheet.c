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

/* What is there and is no ordinary file, like a device or a pipe, is written to and not replaced.
 */
static bool open_special(struct sheet *s, const char *file)
{
    struct stat there;
    if (stat(file, &there) != 0 || S_ISREG(there.st_mode) || S_ISDIR(there.st_mode))
        return false;
    s->out = fopen(file, "we");
    if (!s->out)
        refused(file);
    return true;
}

static bool is_same(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool sheet_open(struct sheet *s, const char *file, const char *read)
{
    *s = (struct sheet){0};
    if (!file || strcmp(file, "-") == 0) {
        s->out = stdout;
        return true;
    }
    if (is_same(file, read)) {
        fprintf(stderr, "headgate: %s is what this is made from, and is not replaced\n", file);
        return false;
    }
    s->file = file;
    if (open_special(s, file))
        return s->out != NULL;
    /* Behind a link that leads to a file lies the file that is meant. */
    s->real = realpath(file, NULL);
    if (asprintf(&s->draft, "%s.XXXXXX", s->real ? s->real : file) < 0) {
        free(s->real);
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
    free(s->real);
    return false;
}

bool sheet_close(struct sheet *s, bool good)
{
    const char *name = s->file ? s->file : "standard output";
    if (!good)
        refused(name);
    if (!s->file) {
        clearerr(stdout); /* told once is enough */
        return good;
    }
    if (good && s->draft && fsync(fileno(s->out)) != 0)
        good = refused(name);
    if (fclose(s->out) != 0 && good)
        good = refused(name);
    if (good && s->draft && rename(s->draft, s->real ? s->real : s->file) != 0)
        good = refused(name);
    if (!good && s->draft)
        unlink(s->draft);
    free(s->draft);
    free(s->real);
    return good;
}
