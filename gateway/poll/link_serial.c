/* SPDX-License-Identifier: Apache-2.0 */
/* The one file that asks libmodbus: it knows termios. What is read and written, we know better. */
#include "poll/link.h"

#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

struct serial {
    modbus_t *modbus; /* holds the port's descriptor and its former settings */
    int lock; /* a descriptor of its own, taken before anything is changed */
};

static const struct {
    uint32_t baud;
    speed_t speed;
} speeds[] = {
    {1200, B1200},       {2400, B2400},       {4800, B4800},       {9600, B9600},
    {19200, B19200},     {38400, B38400},     {57600, B57600},     {115200, B115200},
    {230400, B230400},   {460800, B460800},   {500000, B500000},   {576000, B576000},
    {921600, B921600},   {1000000, B1000000}, {1152000, B1152000}, {1500000, B1500000},
    {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000}, {3500000, B3500000},
    {4000000, B4000000}, {110, B110},         {300, B300},         {600, B600},
};

/* libmodbus takes 9600 for any speed it doesn't know, silently. */
static bool has_speed(const struct termios *settings, uint32_t baud)
{
    for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
        if (speeds[i].baud == baud)
            return cfgetospeed(settings) == speeds[i].speed;
    }
    return false;
}

static const char *lock_port(struct serial *s, const char *path)
{
    s->lock = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->lock < 0)
        return errno == EBUSY ? "the port is in use by another program" : strerror(errno);
    if (!isatty(s->lock))
        return "this is not a serial port";
    if (flock(s->lock, LOCK_EX | LOCK_NB) < 0)
        return "the port is in use by another program";
    return NULL;
}

static const char *set_up(struct serial *s, const struct line *l)
{
    int stop_bits = l->stop_bits == 2 ? 2 : 1;
    s->modbus = modbus_new_rtu(l->device, (int)l->baud, l->parity, l->data_bits, stop_bits);
    if (!s->modbus || modbus_connect(s->modbus) < 0)
        return modbus_strerror(errno);
    int fd = modbus_get_socket(s->modbus);
    struct termios settings;
    if (tcgetattr(fd, &settings) < 0)
        return strerror(errno);
    if (!has_speed(&settings, l->baud))
        return "the port can't run at this speed";
    /* libmodbus asks for reads that return 0 when nothing is there, which can't be told from a
     * port that hung up. */
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSANOW, &settings) < 0)
        return strerror(errno);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return strerror(errno);
    /* Against programs that don't know the lock. Only the tty layer's refusal; no error of ours. */
    (void)ioctl(fd, TIOCEXCL);
    (void)tcflush(fd, TCIOFLUSH);
    return NULL;
}

struct serial *link_serial_open(const struct line *l, int *fd, const char **why)
{
    struct serial *s = calloc(1, sizeof(*s));
    *why = "out of memory";
    if (!s)
        return NULL;
    *why = lock_port(s, l->device);
    if (!*why)
        *why = set_up(s, l);
    if (*why) {
        link_serial_close(s);
        return NULL;
    }
    *fd = modbus_get_socket(s->modbus);
    return s;
}

void link_serial_forget(int fd)
{
    (void)tcflush(fd, TCOFLUSH);
}

void link_serial_close(struct serial *s)
{
    if (!s)
        return;
    if (s->modbus) {
        int fd = modbus_get_socket(s->modbus);
        if (fd >= 0)
            (void)ioctl(fd, TIOCNXCL);
        modbus_close(s->modbus);
        modbus_free(s->modbus);
    }
    if (s->lock >= 0)
        close(s->lock);
    free(s);
}
