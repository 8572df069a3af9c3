/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fails at a turn of a switch: preloaded into the gateway, for files under TROUBLE_DIR.
 * TROUBLE_SWITCH is a file: what is wrong now, how many calls have failed, and the state of the
 * pages of journal.db and of its log. A page whose sync failed counts as written with the kernel,
 * and is not on the disk: when the power goes it is lost, unless it was written once more. So it is
 * with a sync that lies, as a file system does in the moment in which it becomes read-only. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WELL, SYNC_FAILS, READ_ONLY, SYNC_LIES };
enum { PAGE = 4096, PAGES = 8192, FILES = 2 };
enum { CLEAN, DIRTY, LOST };

static struct trouble {
    int knob, failed;
    char pages[FILES][PAGES];
} nothing, *t = &nothing;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("TROUBLE_SWITCH");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED)
        t = at;
    if (fd >= 0)
        close(fd);
}

static int under(const char *path)
{
    const char *dir = getenv("TROUBLE_DIR");
    return dir && path && strncmp(path, dir, strlen(dir)) == 0;
}

static int path_of(int fd, char path[4096])
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, 4095);
    path[n < 0 ? 0 : n] = '\0';
    return under(path);
}

static int of(int fd)
{
    char path[4096];
    return path_of(fd, path);
}

static char *pages_of(const char *path)
{
    const char *name = strrchr(path, '/');
    if (t == &nothing || !name || !under(path))
        return NULL;
    return strcmp(name, "/journal.db") == 0       ? t->pages[0]
           : strcmp(name, "/journal.db-wal") == 0 ? t->pages[1]
                                                  : NULL;
}

static char *pages(int fd)
{
    char path[4096];
    return path_of(fd, path) ? pages_of(path) : NULL;
}

static void written(int fd, off64_t at, ssize_t n)
{
    char *p = n > 0 ? pages(fd) : NULL;
    /* What stands at the front of a page since long stays, whatever becomes of the rest. */
    for (off64_t i = (at + PAGE - 1) / PAGE; p && i <= (at + n - 1) / PAGE && i < PAGES; i++)
        p[i] = DIRTY;
}

static int synced(int fd, int rc)
{
    char *p = pages(fd);
    for (int i = 0; p && i < PAGES; i++)
        if (p[i] == DIRTY)
            p[i] = rc == 0 ? CLEAN : LOST;
    return rc;
}

static void cut_to(char *p, off64_t size)
{
    for (off64_t i = (size + PAGE - 1) / PAGE; p && i < PAGES; i++)
        p[i] = CLEAN;
}

static int fails(int code)
{
    __atomic_add_fetch(&t->failed, 1, __ATOMIC_RELAXED);
    errno = code;
    return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int lies(int fd)
{
    if (t->knob != SYNC_LIES || !of(fd))
        return 0;
    t->knob = READ_ONLY;
    synced(fd, fails(EROFS));
    return 1;
}

int fsync(int fd)
{
    return lies(fd) ? 0
                    : synced(fd, t->knob == SYNC_FAILS && of(fd) ? fails(EIO) : REAL(fsync)(fd));
}

int fdatasync(int fd)
{
    return lies(fd)
               ? 0
               : synced(fd, t->knob == SYNC_FAILS && of(fd) ? fails(EIO) : REAL(fdatasync)(fd));
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    return t->knob == READ_ONLY && of(fd) ? fails(EROFS) : REAL(write)(fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    ssize_t done = t->knob == READ_ONLY && of(fd) ? fails(EROFS) : REAL(pwrite)(fd, bytes, n, at);
    written(fd, at, done);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    ssize_t done = t->knob == READ_ONLY && of(fd) ? fails(EROFS) : REAL(pwrite64)(fd, bytes, n, at);
    written(fd, at, done);
    return done;
}

int ftruncate(int fd, off_t size)
{
    int rc = t->knob == READ_ONLY && of(fd) ? fails(EROFS) : REAL(ftruncate)(fd, size);
    if (rc == 0)
        cut_to(pages(fd), size);
    return rc;
}

int ftruncate64(int fd, off64_t size)
{
    int rc = t->knob == READ_ONLY && of(fd) ? fails(EROFS) : REAL(ftruncate64)(fd, size);
    if (rc == 0)
        cut_to(pages(fd), size);
    return rc;
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    if (t->knob != READ_ONLY || !of(fd))
        return REAL(posix_fallocate)(fd, at, n);
    fails(EROFS);
    return EROFS;
}

int unlink(const char *path)
{
    int rc = t->knob == READ_ONLY && under(path) ? fails(EROFS) : REAL(unlink)(path);
    if (rc == 0)
        cut_to(pages_of(path), 0);
    return rc;
}

int rename(const char *from, const char *to)
{
    return t->knob == READ_ONLY && under(to) ? fails(EROFS) : REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    return t->knob == READ_ONLY && under(path) ? fails(EROFS) : REAL(mkdir)(path, mode);
}

static int forbidden(const char *path, int flags)
{
    return t->knob == READ_ONLY && (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) && under(path);
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    return forbidden(path, flags) ? fails(EROFS) : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    return forbidden(path, flags) ? fails(EROFS) : REAL(open64)(path, flags, mode);
}
