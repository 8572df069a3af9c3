/* SPDX-License-Identifier: Apache-2.0 */
/* Tags that other tags hang on: what scales a value, or vouches for it, is taken from the answer that
 * brings the value, whether its own turn to be told has come or not. Where two questions bring them,
 * the value waits for the next reading of the other: it counts when both readings agree. Not for
 * other rooms. */
#ifndef VALUES_MATE_H
#define VALUES_MATE_H

#include "values/slate.h"

struct mate { /* a tag that others of its device hang on, or what such a tag is computed from */
    uint32_t device, point;
    uint32_t request, feed; /* that bring it; NONE: nothing does */
    uint32_t connection; /* on which it was read last; 0: on none */
    uint32_t pass; /* that made it known last; 0: none */
    uint32_t read; /* pass that read it, which is an earlier one where it had to wait itself */
    bool plain; /* hangs on no other tag itself */
    struct sample now; /* as it was read last, told or not */
};

struct held { /* a value that waits */
    struct sample sample;
    struct value by[2]; /* exponent and factor that it was made with */
    uint32_t connection;
    uint32_t pass; /* that read it */
    bool quiet; /* it isn't its turn to be told; others hang on it */
    bool unsure; /* what it hangs on was read on another connection */
    uint8_t missed; /* values before it that waited in vain */
};

bool mates_build(struct board *b); /* behind the steps; false: no memory */
void mates_free(struct board *b);

/* What part of a request a block speaks of. */
struct extent {
    const struct block *block;
    uint32_t start, end; /* registers or bits of the request */
};
static inline bool extent_has(const struct extent *e, uint32_t offset, uint32_t words)
{
    return offset >= e->start && offset + words <= e->end;
}

/* Between the plain tags of a block and its steps: what they hang on, as this answer has it. */
void mates_hear(struct board *b, const struct extent *e);
/* What a step's tag hangs on is applied to its sample. */
void mates_apply(const struct board *b, const struct step *step, const struct block *block,
                 struct sample *s);
/* The step's tag was told, or only read (s: as what). */
void mates_note(struct board *b, const struct step *step, const struct block *block,
                const struct sample *s);
/* Which of the tags that it hangs on must be read once more, before a sample of the step is believed;
 * a bit each. 0: none. */
uint8_t mates_missing(const struct board *b, const struct step *step, const struct sample *s);
/* Keeps the sample until they are. */
void mates_hold(struct board *b, const struct step *step, const struct block *block, uint8_t missing,
                const struct sample *s);
/* The same of what is only read, as others hang on it. */
void mates_hold_quietly(struct board *b, const struct step *step, const struct block *block,
                        uint8_t missing, const struct sample *s);
/* In front of the steps: what waited for plain tags of this block, and is of another request. */
void mates_settle_others(struct board *b, const struct block *block);
/* Behind all others: what waited for tags of this block, or is computed from what did. */
void mates_settle(struct board *b, const struct block *block);
/* The block is trouble; its tags are told. */
void mates_fault(struct board *b, const struct extent *e);
const struct mate *mates_find(const struct board *b, uint32_t tag); /* NULL: nothing hangs on it */
/* After a reload: as what they were read last, told or not, and on which connection; and what waits. */
void mates_carry(struct board *b, const struct board *before, const struct change *c);

#endif
