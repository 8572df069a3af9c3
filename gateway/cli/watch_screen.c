/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch_screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const char enter[] = "\033[?1049h\033[?25l\033[?7l",
                  leave[] = "\033[?7h\033[?25h\033[?1049l";

static struct termios before;
static volatile sig_atomic_t is_open, stop, resized;

static void on_stop(int number)
{
    (void)number;
    stop = 1;
}

static void on_resize(int number)
{
    (void)number;
    resized = 1;
}

/* A bug of ours must not leave a terminal in which nobody can read what it was. */
static void on_crash(int number)
{
    screen_close();
    signal(number, SIG_DFL);
    raise(number);
}

static void listen_to(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

bool screen_open(void)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT},
                     crashes[] = {SIGABRT, SIGSEGV, SIGBUS};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        listen_to(stops[i], on_stop);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        listen_to(crashes[i], on_crash);
    listen_to(SIGWINCH, on_resize);

    struct termios raw = before;
    raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    raw.c_cc[VSUSP] = _POSIX_VDISABLE;
    is_open = tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0;
    resized = 1;
    return is_open && screen_write(enter, sizeof enter - 1);
}

void screen_close(void)
{
    if (!is_open)
        return;
    is_open = 0;
    ssize_t ignored = write(STDOUT_FILENO, leave, sizeof leave - 1);
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

bool screen_resized(unsigned *rows, unsigned *columns)
{
    struct winsize size;
    if (!resized)
        return false;
    resized = 0;
    *rows = 24;
    *columns = 80;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        *rows = size.ws_row;
        *columns = size.ws_col;
    }
    return true;
}

bool screen_told_to_stop(void)
{
    return stop;
}

bool screen_write(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDOUT_FILENO, text, length);
        if (n > 0) {
            text += n;
            length -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            struct pollfd p = {STDOUT_FILENO, POLLOUT, 0};
            poll(&p, 1, 1000);
        } else if (n == 0 || errno != EINTR) {
            return false;
        }
        if (stop)
            return true;
    }
    return true;
}
