/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded in front of the C library, it makes calls of one site fail. A site is a function together
 * with the places in the program that led there; places are offsets, so that they stay what they
 * are from run to run.
 *
 *   FAIL_LIST   a file; each new site is written to it, "site HASH FUNCTION", at the end its calls,
 *               "calls HASH N", and "failed HASH FUNCTION call N at PLACES" when it was made to
 * fail FAIL_SITE   the one that fails FAIL_AT     its first call that fails; 1 if not given
 *   FAIL_TIMES  how many fail in a row; 0: all from there on; 1 if not given
 *   FAIL_ERRNO  with this
 *   FAIL_STORM  signals a second, of which nobody wants to hear
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { DEPTH = 48, OURS = 3, SITES = 1 << 14, MODULES = 64 };

static struct {
    uintptr_t from, to;
} modules[MODULES]; /* the first is the program itself */
static unsigned module_count;

static struct {
    _Atomic uint64_t hash;
    _Atomic unsigned calls;
} sites[SITES];

static _Atomic bool ready;
static int list = -1;
static uint64_t wanted;
static unsigned fail_at = 1, fail_times = 1;
static int fail_errno = EIO;

static __thread int inside __attribute__((tls_model("initial-exec")));

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Without anything that could come back here. */
static void say(const char *format, ...)
{
    char line[160];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (list >= 0 && n > 0)
        syscall(SYS_write, list, line, (size_t)n);
}

static unsigned module_of(uintptr_t at)
{
    unsigned i = 0;
    while (i < module_count && (at < modules[i].from || at >= modules[i].to))
        i++;
    return i;
}

static uint64_t mix(uint64_t hash, uint64_t x)
{
    for (int i = 0; i < 8; i++) {
        hash ^= x >> 8 * i & 0xFF;
        hash *= UINT64_C(1099511628211);
    }
    return hash;
}

/* Whoever called, and the nearest places of the program itself. */
static uint64_t site_of(const char *function, uintptr_t places[OURS])
{
    void *stack[DEPTH];
    int depth = backtrace(stack, DEPTH), ours = 0;
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = function; *c; c++)
        hash = mix(hash, (unsigned char)*c);
    for (int i = 3; i < depth && ours < OURS; i++) { /* behind site_of, fails and the wrapper */
        uintptr_t at = (uintptr_t)stack[i];
        unsigned m = module_of(at);
        if (m != 0 && i > 3)
            continue;
        if (m < module_count)
            hash = mix(hash, m << 28 ^ (at - modules[m].from));
        if (m == 0)
            places[ours++] = at - modules[0].from;
    }
    return hash;
}

static unsigned count_call(uint64_t hash, const char *function)
{
    unsigned at = (unsigned)hash % SITES;
    for (unsigned n = 0; n < SITES; n++, at = (at + 1) % SITES) {
        uint64_t there = 0;
        if (atomic_compare_exchange_strong(&sites[at].hash, &there, hash))
            say("site %016llx %s\n", (unsigned long long)hash, function);
        else if (there != hash)
            continue;
        return atomic_fetch_add(&sites[at].calls, 1) + 1;
    }
    return 0;
}

static bool fails(const char *function)
{
    if (!atomic_load_explicit(&ready, memory_order_relaxed) || inside)
        return false;
    int keep = errno;
    inside = 1;
    uintptr_t places[OURS] = {0};
    uint64_t hash = site_of(function, places);
    unsigned call = count_call(hash, function);
    bool yes = hash == wanted && call >= fail_at && (!fail_times || call < fail_at + fail_times);
    if (yes)
        say("failed %016llx %s call %u at %#lx %#lx %#lx\n", (unsigned long long)hash, function,
            call, (unsigned long)places[0], (unsigned long)places[1], (unsigned long)places[2]);
    inside = 0;
    errno = yes ? fail_errno : keep;
    return yes;
}

/* ---- memory ---------------------------------------------------------------------------------- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t align, size_t size);

EXPORT void *malloc(size_t size)
{
    return fails("malloc") ? (errno = ENOMEM, NULL) : __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
    return fails("calloc") ? (errno = ENOMEM, NULL) : __libc_calloc(count, size);
}

EXPORT void *realloc(void *at, size_t size)
{
    return fails("realloc") ? (errno = ENOMEM, NULL) : __libc_realloc(at, size);
}

EXPORT int posix_memalign(void **to, size_t align, size_t size)
{
    if (fails("posix_memalign"))
        return ENOMEM;
    *to = __libc_memalign(align, size);
    return *to ? 0 : ENOMEM;
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
    return fails("aligned_alloc") ? (errno = ENOMEM, NULL) : __libc_memalign(align, size);
}

/* ---- the system ------------------------------------------------------------------------------ */

static void *next(const char *name)
{
    inside++;
    void *f = dlsym(RTLD_NEXT, name);
    inside--;
    if (!f)
        abort();
    return f;
}

/* result, function, its parameters, how they are passed on, what failure looks like */
#define WRAP(TYPE, NAME, PARAMETERS, ARGUMENTS, FAILURE)                                           \
    EXPORT TYPE NAME PARAMETERS;                                                                   \
    TYPE NAME PARAMETERS                                                                           \
    {                                                                                              \
        static TYPE(*_Atomic real) PARAMETERS;                                                     \
        if (!real)                                                                                 \
            real = (TYPE(*) PARAMETERS)next(#NAME);                                                \
        return fails(#NAME) ? (FAILURE) : real ARGUMENTS;                                          \
    }

#define MODE_OF(flags, last)                                                                       \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                       \
        va_list args;                                                                              \
        va_start(args, last);                                                                      \
        mode = va_arg(args, mode_t);                                                               \
        va_end(args);                                                                              \
    }

#define WRAP_OPEN(NAME)                                                                            \
    EXPORT int NAME(const char *path, int flags, ...);                                             \
    int NAME(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        MODE_OF(flags, flags)                                                                      \
        return fails(#NAME) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);          \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)

#define WRAP_ARG(NAME, KIND, SYS)                                                                  \
    EXPORT int NAME(int fd, KIND what, ...);                                                       \
    int NAME(int fd, KIND what, ...)                                                               \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, what);                                                                      \
        void *x = va_arg(args, void *);                                                            \
        va_end(args);                                                                              \
        return fails(#NAME) ? -1 : (int)syscall(SYS, fd, what, x);                                 \
    }
WRAP_ARG(fcntl, int, SYS_fcntl)
WRAP_ARG(fcntl64, int, SYS_fcntl)
WRAP_ARG(ioctl, unsigned long, SYS_ioctl)

WRAP(FILE *, fopen, (const char *path, const char *how), (path, how), NULL)
WRAP(FILE *, fopen64, (const char *path, const char *how), (path, how), NULL)
WRAP(DIR *, opendir, (const char *path), (path), NULL)
WRAP(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), -1)
WRAP(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n), -1)
WRAP(ssize_t, pread, (int fd, void *to, size_t n, off_t at), (fd, to, n, at), -1)
WRAP(ssize_t, pread64, (int fd, void *to, size_t n, off64_t at), (fd, to, n, at), -1)
WRAP(ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at), -1)
WRAP(ssize_t, pwrite64, (int fd, const void *from, size_t n, off64_t at), (fd, from, n, at), -1)
WRAP(int, fsync, (int fd), (fd), -1)
WRAP(int, fdatasync, (int fd), (fd), -1)
WRAP(int, rename, (const char *from, const char *to), (from, to), -1)
WRAP(int, unlink, (const char *path), (path), -1)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), -1)
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size), -1)
WRAP(void *, mmap, (void *at, size_t n, int p, int f, int fd, off_t o), (at, n, p, f, fd, o),
     MAP_FAILED)
WRAP(void *, mmap64, (void *at, size_t n, int p, int f, int fd, off64_t o), (at, n, p, f, fd, o),
     MAP_FAILED)
WRAP(int, stat, (const char *path, struct stat *s), (path, s), -1)
WRAP(int, stat64, (const char *path, struct stat64 *s), (path, s), -1)
WRAP(int, lstat, (const char *path, struct stat *s), (path, s), -1)
WRAP(int, lstat64, (const char *path, struct stat64 *s), (path, s), -1)
WRAP(int, fstat, (int fd, struct stat *s), (fd, s), -1)
WRAP(int, fstat64, (int fd, struct stat64 *s), (fd, s), -1)
WRAP(int, statvfs, (const char *path, struct statvfs *s), (path, s), -1)
WRAP(int, access, (const char *path, int how), (path, how), -1)
WRAP(ssize_t, readlink, (const char *path, char *to, size_t n), (path, to, n), -1)
WRAP(int, flock, (int fd, int what), (fd, what), -1)
WRAP(int, posix_fallocate, (int fd, off_t at, off_t n), (fd, at, n), fail_errno)
WRAP(ssize_t, getrandom, (void *to, size_t n, unsigned how), (to, n, how), -1)

WRAP(int, socket, (int family, int kind, int protocol), (family, kind, protocol), -1)
WRAP(int, connect, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n), -1)
WRAP(int, bind, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n), -1)
WRAP(int, listen, (int fd, int n), (fd, n), -1)
WRAP(int, setsockopt, (int fd, int level, int name, const void *x, socklen_t n),
     (fd, level, name, x, n), -1)
WRAP(int, getsockopt, (int fd, int level, int name, void *x, socklen_t *n), (fd, level, name, x, n),
     -1)
WRAP(int, getsockname, (int fd, struct sockaddr *x, socklen_t *n), (fd, x, n), -1)
WRAP(int, getpeername, (int fd, struct sockaddr *x, socklen_t *n), (fd, x, n), -1)
WRAP(ssize_t, send, (int fd, const void *from, size_t n, int how), (fd, from, n, how), -1)
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *m, int how), (fd, m, how), -1)
WRAP(ssize_t, recv, (int fd, void *to, size_t n, int how), (fd, to, n, how), -1)
WRAP(int, poll, (struct pollfd * at, nfds_t n, int ms), (at, n, ms), -1)
WRAP(int, ppoll, (struct pollfd * at, nfds_t n, const struct timespec *t, const sigset_t *s),
     (at, n, t, s), -1)
WRAP(int, epoll_create1, (int flags), (flags), -1)
WRAP(int, epoll_ctl, (int e, int what, int fd, struct epoll_event *x), (e, what, fd, x), -1)
WRAP(int, epoll_wait, (int e, struct epoll_event *x, int n, int ms), (e, x, n, ms), -1)
WRAP(int, epoll_pwait2,
     (int e, struct epoll_event *x, int n, const struct timespec *t, const sigset_t *s),
     (e, x, n, t, s), -1)
WRAP(int, eventfd, (unsigned n, int flags), (n, flags), -1)
WRAP(int, eventfd_read, (int fd, eventfd_t *x), (fd, x), -1)
WRAP(int, signalfd, (int fd, const sigset_t *s, int flags), (fd, s, flags), -1)
WRAP(int, pthread_create, (pthread_t * to, const pthread_attr_t *how, void *(*f)(void *), void *me),
     (to, how, f, me), fail_errno)
WRAP(int, tcgetattr, (int fd, struct termios *t), (fd, t), -1)
WRAP(int, tcsetattr, (int fd, int when, const struct termios *t), (fd, when, t), -1)
WRAP(int, tcflush, (int fd, int what), (fd, what), -1)
WRAP(int, getrlimit, (__rlimit_resource_t what, struct rlimit *x), (what, x), -1)
WRAP(int, setrlimit, (__rlimit_resource_t what, const struct rlimit *x), (what, x), -1)

/* Out of memory at its first look-up the C library forgets for ever where names are looked up, or
 * fails an assertion of its own: what happens inside is not ours to mend. */
EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out)
{
    typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    static look_up *_Atomic real;
    if (!real)
        real = (look_up *)next("getaddrinfo");
    if (fails("getaddrinfo"))
        return fail_errno == ENOMEM ? EAI_MEMORY : EAI_SYSTEM;
    inside++;
    int error = real(node, service, hints, out);
    inside--;
    return error;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static int add_module(struct dl_phdr_info *info, size_t size, void *me)
{
    (void)size;
    (void)me;
    uintptr_t from = UINTPTR_MAX, to = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD)
            continue;
        uintptr_t at = info->dlpi_addr + p->p_vaddr;
        from = at < from ? at : from;
        to = at + p->p_memsz > to ? at + p->p_memsz : to;
    }
    if (module_count < MODULES && from < to) {
        modules[module_count].from = from;
        modules[module_count++].to = to;
    }
    return 0;
}

static void not_wanted(int signal)
{
    (void)signal;
}

static void storm(unsigned a_second)
{
    struct sigaction a = {.sa_handler = not_wanted}; /* without SA_RESTART */
    struct itimerval every = {{0, 1000000 / (int)a_second}, {0, 1000000 / (int)a_second}};
    sigaction(SIGALRM, &a, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
}

static unsigned long number(const char *name, unsigned long otherwise, int base)
{
    const char *text = getenv(name);
    return text && *text ? strtoul(text, NULL, base) : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
    void *stack[4];
    inside = 1;
    backtrace(stack, 4); /* loads what it needs */
    dl_iterate_phdr(add_module, NULL);
    const char *path = getenv("FAIL_LIST");
    if (path)
        list = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                            0600);
    /* Out of the way of descriptors that somebody counts. */
    if (list >= 0)
        list = (int)syscall(SYS_fcntl, list, F_DUPFD_CLOEXEC, 200);
    wanted = number("FAIL_SITE", 0, 16);
    fail_at = (unsigned)number("FAIL_AT", 1, 10);
    fail_times = (unsigned)number("FAIL_TIMES", 1, 10);
    fail_errno = (int)number("FAIL_ERRNO", EIO, 10);
    if (number("FAIL_STORM", 0, 10))
        storm((unsigned)number("FAIL_STORM", 0, 10));
    inside = 0;
    atomic_store(&ready, path != NULL);
}

__attribute__((destructor)) static void end(void)
{
    atomic_store(&ready, false);
    for (unsigned i = 0; i < SITES; i++)
        if (sites[i].hash)
            say("calls %016llx %u\n", (unsigned long long)sites[i].hash, sites[i].calls);
}
