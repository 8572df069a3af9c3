/* SPDX-License-Identifier: Apache-2.0 */
/* The board's knowledge of who answers, and of the scales that others hang on. Not for other rooms. */
#ifndef VALUES_BADGE_H
#define VALUES_BADGE_H

#include "values/identity.h"
#include "values/slate.h"

enum doubt {
    DOUBT_NONE,
    DOUBT_UNREAD,                  /* a new connection, or a silence, and the identity isn't read yet */
    DOUBT_SINCE,                   /* another one than in the run before */
    DOUBT_OTHER,                   /* another one than it was, or than it may be */
};

struct badge {                     /* of each device whose map identifies it */
    uint32_t device;
    uint32_t connection;           /* on which it was read last; 0: on none */
    uint8_t state;                 /* enum identity_state */
    bool remembered;               /* `known` is of an earlier run, and nothing was read in this one */
    bool mark;                     /* its tags still have to be told */
    bool redo;                     /* what is seldom read was read while in doubt */
    bool missed;                   /* it was told that nothing says who it is */
    mono_t unread;                 /* since when; 0: it is read */
    char known[IDENTITY_ROOM];     /* which one it ought to be; "": not yet known */
    char now[IDENTITY_ROOM];       /* which one answered last */
    char reason[IDENTITY_REASON_ROOM];
    char why_unread[IDENTITY_REASON_ROOM];
};

struct seen {                      /* a badge that a request has to do with */
    uint32_t badge;
    uint32_t feed;                 /* of the request, that brings the identity; NONE: another one does */
};

struct scale {                     /* a tag that others are scaled by */
    uint32_t device, point;
    struct value was;              /* NONE: not yet known */
};

struct notice {
    struct board_notice told;
    char text[BOARD_NOTICE_ROOM], was[IDENTITY_ROOM], is[IDENTITY_ROOM];
};

/* Built when units, sheets and asked are; false: no memory. */
bool badges_build(struct board *b);
void badges_free(struct board *b);

/* Before the tags of a block are decoded: may it be believed? data_at: the identity's own feed. */
void badges_look(struct board *b, const struct block *block, uint32_t start, uint32_t end);
/* When they are: tags of equipment that is another one now, which other requests read. */
void badges_mark(struct board *b, const struct block *block);
/* A sample of a device in doubt. */
void badges_doubt(const struct board *b, const struct unit *u, struct sample *s);
/* After a reload: b's badge of the device, from that of the board before. */
void badges_carry(struct board *b, const struct board *before, const struct change *c);

/* Scales that the request just brought: has one changed? */
void scales_look(struct board *b, const struct request *r);

/* The next free notice; NULL: there are too many that nobody took. */
struct notice *notice_new(struct board *b, enum board_notice_kind kind, uint32_t device);

#endif
