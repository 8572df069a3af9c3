/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fails at a turn of a switch: preloaded into the gateway, for files under TROUBLE_DIR.
 * TROUBLE_SWITCH is a file of two ints: what is wrong now, and how many calls have failed. */
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

enum { WELL, SYNC_FAILS, READ_ONLY };

static volatile int nothing[2];
static volatile int *knob = nothing;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("TROUBLE_SWITCH");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at = fd < 0 ? MAP_FAILED
                      : mmap(NULL, sizeof(nothing), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED)
        knob = at;
    if (fd >= 0)
        close(fd);
}

static int under(const char *path)
{
    const char *dir = getenv("TROUBLE_DIR");
    return dir && path && strncmp(path, dir, strlen(dir)) == 0;
}

static int of(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    if (n < 0)
        return 0;
    path[n] = '\0';
    return under(path);
}

static int fails(int code)
{
    __atomic_add_fetch(&knob[1], 1, __ATOMIC_RELAXED);
    errno = code;
    return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd)
{
    return *knob == SYNC_FAILS && of(fd) ? fails(EIO) : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return *knob == SYNC_FAILS && of(fd) ? fails(EIO) : REAL(fdatasync)(fd);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    return *knob == READ_ONLY && of(fd) ? fails(EROFS) : REAL(write)(fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return *knob == READ_ONLY && of(fd) ? fails(EROFS) : REAL(pwrite)(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return *knob == READ_ONLY && of(fd) ? fails(EROFS) : REAL(pwrite64)(fd, bytes, n, at);
}

int ftruncate(int fd, off_t size)
{
    return *knob == READ_ONLY && of(fd) ? fails(EROFS) : REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return *knob == READ_ONLY && of(fd) ? fails(EROFS) : REAL(ftruncate64)(fd, size);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    if (*knob != READ_ONLY || !of(fd))
        return REAL(posix_fallocate)(fd, at, n);
    fails(EROFS);
    return EROFS;
}

int unlink(const char *path)
{
    return *knob == READ_ONLY && under(path) ? fails(EROFS) : REAL(unlink)(path);
}

int rename(const char *from, const char *to)
{
    return *knob == READ_ONLY && under(to) ? fails(EROFS) : REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    return *knob == READ_ONLY && under(path) ? fails(EROFS) : REAL(mkdir)(path, mode);
}

static int forbidden(const char *path, int flags)
{
    return *knob == READ_ONLY && (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) && under(path);
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
