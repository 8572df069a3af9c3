/* SPDX-License-Identifier: Apache-2.0 */
/* What a program asks of memory and of the system, refused on demand. A test program whose name ends
 * in _failures has these calls wrapped by the linker (see tests/CMakeLists.txt); so its table can go
 * through every one of them: the first fails, the second fails, and so on until none is left. */
#ifndef TEST_FAILING_H
#define TEST_FAILING_H

#include <stdbool.h>

enum failing {
    FAIL_MEMORY = 1, /* malloc and its like, and every piece taken from an arena */
    FAIL_DATABASE = 2, /* sqlite3_prepare_v2, _step, _exec: as if the disk had failed */
    FAIL_SYSTEM = 4, /* sockets, files and descriptors */
};

/* The n-th call of these kinds from now on fails (1 is the next one), and with `lasting` all after
 * it. error: errno, or SQLite's code, of those that are no memory. */
void fail_at(unsigned kinds, long n, bool lasting, int error);
/* Nothing fails any more. Did something? */
bool fail_none(void);

#endif
