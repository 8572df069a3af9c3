/* SPDX-License-Identifier: Apache-2.0 */
/* What the targets share. Each is one translation unit, so that it can be copied and played with. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__asan_default_options(void);

/* Half of what an execution cost was walking the stack at each allocation. */
const char *__asan_default_options(void)
{
    return "malloc_context_size=2:quarantine_size_mb=8:detect_stack_use_after_return=0:"
           "allocator_may_return_null=1";
}

/* What must hold; the sanitizer shows the stack. */
#define HOLDS(what)                                                                                \
    do {                                                                                           \
        if (!(what))                                                                               \
            __builtin_trap();                                                                      \
    } while (0)

/* Input as a script: so many bytes are taken from it as somebody asks for; behind the end are
 * zeros. */
struct script {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t script_byte(struct script *s)
{
    if (!s->left)
        return 0;
    s->left--;
    return *s->at++;
}

static inline uint16_t script_u16(struct script *s)
{
    unsigned high = script_byte(s);
    return (uint16_t)(high << 8 | script_byte(s));
}

static inline size_t script_bytes(struct script *s, uint8_t *to, size_t wanted)
{
    size_t n = wanted < s->left ? wanted : s->left;
    if (n)
        memcpy(to, s->at, n);
    s->at += n;
    s->left -= n;
    return n;
}

static inline void quiet(void)
{
    log_init((enum log_level)0, 0);
}

#endif
