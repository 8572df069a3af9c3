/* SPDX-License-Identifier: Apache-2.0 */
/* What a person at the screen asks of a gateway, and what it answers. Pure: a wish in, JSON out; an
 * answer in, words out. */
#ifndef CLI_WATCH_TALK_H
#define CLI_WATCH_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/time.h"

enum watch_ask {
    ASK_NOTHING, ASK_FILTER,       /* these two concern nobody else */
    ASK_ACK, ASK_RESET, ASK_SHELVE, ASK_UNSHELVE, ASK_OOS, ASK_IN_SERVICE, ASK_CONFIRM, ASK_BULLETIN,
};

struct watch_wish {
    enum watch_ask ask;
    char gateway[68];
    char subject[304];             /* an alarm's path, or an incident's id */
    bool has_seq;
    uint64_t seq;                  /* the alarm's, as the person saw it */
    double minutes;
    char text[160];                /* reason, cause or milestone */
};

/* What the line is asked for ("minutes and reason"); NULL: nothing has to be typed. */
const char *watch_wish_question(enum watch_ask ask);
/* Takes what was typed. NULL: well; else what is missing. */
const char *watch_wish_take(struct watch_wish *w, const char *typed);
/* "ack mill/sump/level-high" */
void watch_wish_words(const struct watch_wish *w, char *out, size_t room);

struct watch_command {
    char topic[160];               /* behind root and site: "cmd/gw1/ack" */
    char payload[2048];
    size_t length;                 /* 0: too long to be sent */
};

enum { TALK_WAITING = 16, TALK_PATIENCE_S = 5 };

struct watch_talk {
    const char *user, *client;     /* who; where the answers go */
    uint32_t asked;                /* the newest command's id */
    struct {
        uint32_t id;               /* 0: free */
        bool late;                 /* given up; an answer is still of interest */
        mono_t until;
        char gateway[68], words[360];
    } waiting[TALK_WAITING];
    char status[640];              /* for the screen; "": nothing */
    bool refused;                  /* the status is bad news */
    bool done;                     /* the newest answer said so */
};

/* The command for a wish, ready to be sent; its answer is waited for from now. false: it can't be
 * sent, see status. */
bool watch_talk_ask(struct watch_talk *t, const struct watch_wish *w, wall_t wall, mono_t now,
              struct watch_command *out);
/* It could not be sent after all. */
void watch_talk_unsent(struct watch_talk *t, const char *why);
/* A message on reply/<gateway>/<client>. */
void watch_talk_hear(struct watch_talk *t, const void *payload, size_t length);
/* Gives up on answers that are late. true: the status has changed. */
bool watch_talk_tick(struct watch_talk *t, mono_t now);
mono_t watch_talk_due(const struct watch_talk *t);           /* when watch_talk_tick has something to do */
void watch_talk_say(struct watch_talk *t, bool refused, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
