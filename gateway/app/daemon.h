/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway as a process: two threads, signals, systemd. */
#ifndef APP_DAEMON_H
#define APP_DAEMON_H

#include <stdint.h>

struct daemon_options {
    const char *plant_file;
    const char *lines_file;        /* NULL: none */
    const char *library;           /* NULL: the installed maps */
    const char *state_dir;         /* NULL: $STATE_DIRECTORY, else state/ beside the plant file */
    int64_t run_ns;                /* 0: until told to stop */
};

int daemon_run(const struct daemon_options *o);        /* an exit status: 0, or 1 when it could not start */

#endif
