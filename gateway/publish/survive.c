/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/survive.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

static _Thread_local sigjmp_buf landing;
static _Thread_local volatile sig_atomic_t armed;

/* C lets a handler of SIGABRT that abort() itself has raised go elsewhere (7.22.4.1), and glibc
 * holds no lock then. When it returns, abort() goes on and ends the process. */
static void on_abort(int signal)
{
    (void)signal;
    if (!armed)
        return;
    armed = 0;
    siglongjmp(landing, 1);
}

void survive_init(void)
{
    struct sigaction now, mine;
    memset(&mine, 0, sizeof(mine));
    mine.sa_handler = on_abort;
    sigemptyset(&mine.sa_mask);
    if (sigaction(SIGABRT, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        sigaction(SIGABRT, &mine, NULL);
}

bool survive(void (*fn)(void *me), void *me)
{
    /* Without the mask, which would cost a system call each time: SIGABRT stays blocked after a
     * jump, and abort() unblocks it. */
    if (sigsetjmp(landing, 0))
        return false;
    armed = 1;
    fn(me);
    armed = 0;
    return true;
}

bool survive_leave(void)
{
    bool was = armed;
    armed = 0;
    return was;
}

void survive_return(bool was)
{
    armed = was;
}
