/* SPDX-License-Identifier: Apache-2.0 */
#include "failing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <termios.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/arena.h"

static _Atomic unsigned wanted;
static _Atomic long left;
static _Atomic bool lasts, failed;
static _Atomic int code;
/* What a step failed with, the reset of its statement says again. */
static sqlite3_stmt *stumbled;

void fail_at(unsigned kinds, long n, bool lasting, int error)
{
    left = n;
    lasts = lasting;
    code = error;
    failed = false;
    stumbled = NULL;
    wanted = kinds;
}

bool fail_none(void)
{
    wanted = 0;
    stumbled = NULL;
    return failed;
}

static bool fails(enum failing kind)
{
    if (!(wanted & (unsigned)kind))
        return false;
    long n = --left;
    bool now = n == 0 || (n < 0 && lasts);
    if (now) {
        failed = true;
        errno = kind == FAIL_MEMORY ? ENOMEM : code;
    }
    return now;
}

bool fail_library(void)
{
    return fails(FAIL_LIBRARY);
}

/* clang-format off */
#define WRAP(kind, refused, type, name, params, args)                                              \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params { return fails(kind) ? (refused) : __real_##name args; }

WRAP(FAIL_MEMORY, NULL, void *, malloc, (size_t n), (n))
WRAP(FAIL_MEMORY, NULL, void *, calloc, (size_t n, size_t size), (n, size))
WRAP(FAIL_MEMORY, NULL, void *, realloc, (void *p, size_t n), (p, n))
WRAP(FAIL_MEMORY, NULL, void *, aligned_alloc, (size_t alignment, size_t n), (alignment, n))
WRAP(FAIL_MEMORY, NULL, char *, strdup, (const char *s), (s))
WRAP(FAIL_DATABASE, code, int, sqlite3_prepare_v2, (sqlite3 *db, const char *sql, int n, sqlite3_stmt **s, const char **tail), (db, sql, n, s, tail))
WRAP(FAIL_DATABASE, code, int, sqlite3_prepare_v3, (sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **s, const char **tail), (db, sql, n, flags, s, tail))
WRAP(FAIL_DATABASE, code, int, sqlite3_wal_checkpoint_v2, (sqlite3 *db, const char *name, int mode, int *log, int *done), (db, name, mode, log, done))
WRAP(FAIL_SYSTEM, -1, int, socket, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(FAIL_SYSTEM, -1, int, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
WRAP(FAIL_SYSTEM, -1, int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size), (fd, level, name, value, size))
WRAP(FAIL_SYSTEM, -1, int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size), (fd, level, name, value, size))
WRAP(FAIL_SYSTEM, -1, int, getsockname, (int fd, struct sockaddr *own, socklen_t *size), (fd, own, size))
WRAP(FAIL_SYSTEM, -1, ssize_t, send, (int fd, const void *bytes, size_t n, int how), (fd, bytes, n, how))
WRAP(FAIL_SYSTEM, -1, ssize_t, recv, (int fd, void *bytes, size_t n, int how), (fd, bytes, n, how))
WRAP(FAIL_SYSTEM, -1, ssize_t, read, (int fd, void *bytes, size_t n), (fd, bytes, n))
WRAP(FAIL_SYSTEM, -1, int, tcgetattr, (int fd, struct termios *out), (fd, out))
WRAP(FAIL_SYSTEM, -1, int, tcsetattr, (int fd, int when, const struct termios *to), (fd, when, to))
WRAP(FAIL_SYSTEM, -1, int, epoll_create1, (int flags), (flags))
WRAP(FAIL_SYSTEM, -1, int, epoll_ctl, (int e, int op, int fd, struct epoll_event *event), (e, op, fd, event))
WRAP(FAIL_SYSTEM, -1, int, eventfd, (unsigned n, int flags), (n, flags))
WRAP(FAIL_SYSTEM, -1, int, fdatasync, (int fd), (fd))
WRAP(FAIL_SYSTEM, -1, int, rename, (const char *from, const char *to), (from, to))
WRAP(FAIL_SYSTEM, -1, int, unlink, (const char *path), (path))
WRAP(FAIL_SYSTEM, -1, int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(FAIL_SYSTEM, -1, int, flock, (int fd, int how), (fd, how))
WRAP(FAIL_SYSTEM, -1, int, fstat, (int fd, struct stat *out), (fd, out))
WRAP(FAIL_SYSTEM, -1, int, statvfs, (const char *path, struct statvfs *out), (path, out))
WRAP(FAIL_SYSTEM, -1, ssize_t, pread, (int fd, void *bytes, size_t n, off_t at), (fd, bytes, n, at))
WRAP(FAIL_SYSTEM, code, int, posix_fallocate, (int fd, off_t at, off_t n), (fd, at, n))
WRAP(FAIL_SYSTEM, -1, int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(FAIL_SYSTEM, EAGAIN, int, pthread_create, (pthread_t *t, const pthread_attr_t *how, void *(*fn)(void *), void *me), (t, how, fn, me))
WRAP(FAIL_SYSTEM, -1, int, stat, (const char *path, struct stat *out), (path, out))
WRAP(FAIL_SYSTEM, -1, ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n))
WRAP(FAIL_SYSTEM, -1, ssize_t, pwrite, (int fd, const void *bytes, size_t n, off_t at), (fd, bytes, n, at))
WRAP(FAIL_SYSTEM, NULL, FILE *, fopen, (const char *path, const char *mode), (path, mode))
/* clang-format on */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return fails(FAIL_SYSTEM) ? -1 : __real_open(path, flags, mode);
}

int __real_sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs)
{
    *db = NULL;
    return fails(FAIL_DATABASE) ? code : __real_sqlite3_open_v2(path, db, flags, vfs);
}

int __real_sqlite3_exec(sqlite3 *db, const char *sql, int (*fn)(void *, int, char **, char **),
                        void *me, char **why);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*fn)(void *, int, char **, char **),
                        void *me, char **why);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*fn)(void *, int, char **, char **),
                        void *me, char **why)
{
    bool refuse = fails(FAIL_DATABASE);
    int rc = refuse && !(wanted & FAIL_LATE) ? code : __real_sqlite3_exec(db, sql, fn, me, why);
    return refuse ? code : rc;
}

int __real_sqlite3_step(sqlite3_stmt *s);
int __wrap_sqlite3_step(sqlite3_stmt *s);
int __wrap_sqlite3_step(sqlite3_stmt *s)
{
    if (!fails(FAIL_DATABASE))
        return __real_sqlite3_step(s);
    if (wanted & FAIL_LATE)
        __real_sqlite3_step(s);
    stumbled = s;
    return code;
}

int __real_sqlite3_reset(sqlite3_stmt *s);
int __wrap_sqlite3_reset(sqlite3_stmt *s);
int __wrap_sqlite3_reset(sqlite3_stmt *s)
{
    int rc = __real_sqlite3_reset(s);
    if (!s || s != stumbled)
        return rc;
    stumbled = NULL;
    return code;
}

int __real_sqlite3_finalize(sqlite3_stmt *s);
int __wrap_sqlite3_finalize(sqlite3_stmt *s);
int __wrap_sqlite3_finalize(sqlite3_stmt *s)
{
    if (s == stumbled)
        stumbled = NULL;
    return __real_sqlite3_finalize(s);
}

/* An arena that gave nothing once gives nothing any more; so the real one is asked for more than
 * there is. */
void *__real_arena_get(struct arena *a, size_t bytes);
void *__wrap_arena_get(struct arena *a, size_t bytes);
void *__wrap_arena_get(struct arena *a, size_t bytes)
{
    return __real_arena_get(a, fails(FAIL_MEMORY) ? SIZE_MAX / 2 : bytes);
}

void *__real_arena_get_array(struct arena *a, size_t count, size_t size);
void *__wrap_arena_get_array(struct arena *a, size_t count, size_t size);
void *__wrap_arena_get_array(struct arena *a, size_t count, size_t size)
{
    bool refuse = fails(FAIL_MEMORY);
    return __real_arena_get_array(a, refuse ? SIZE_MAX / 2 : count, refuse ? SIZE_MAX / 2 : size);
}

char *__real_arena_copy(struct arena *a, const char *text, size_t length);
char *__wrap_arena_copy(struct arena *a, const char *text, size_t length);
char *__wrap_arena_copy(struct arena *a, const char *text, size_t length)
{
    return fails(FAIL_MEMORY) ? __real_arena_get(a, SIZE_MAX / 2)
                              : __real_arena_copy(a, text, length);
}

char *__wrap_arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *__wrap_arena_printf(struct arena *a, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    char *copy = n < 0 ? NULL : __wrap_arena_copy(a, text, (size_t)n);
    free(text);
    return copy;
}
