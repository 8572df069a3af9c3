/* SPDX-License-Identifier: Apache-2.0 */
/* What a program asks of memory and of the system, refused on demand. A test program whose name ends
 * in _failures has these calls wrapped by the linker (see tests/CMakeLists.txt); so its table can go
 * through every one of them: the first fails, the second fails, and so on until none is left. */
#ifndef TEST_FAILING_H
#define TEST_FAILING_H

#include <stdbool.h>

enum failing {
    FAIL_MEMORY = 1, /* malloc and its like, and every piece taken from an arena */
    FAIL_DATABASE = 2, /* SQLite opens, prepares, steps and executes: as if the disk had failed */
    FAIL_SYSTEM = 4, /* sockets, files, descriptors and threads */
    FAIL_LIBRARY = 16, /* memory that a library asks for, where a test gives it: see fail_library */
    FAIL_LATE = 8, /* with FAIL_DATABASE: a step or execution is done, but reported as failed */
};

/* The n-th call of these kinds from now on fails (1 is the next one), and with `lasting` all after
 * it. error: errno, or SQLite's code, of those that are no memory. */
void fail_at(unsigned kinds, long n, bool lasting, int error);
bool fail_library(void);
/* Nothing fails any more. Did something? */
bool fail_none(void);

#endif
