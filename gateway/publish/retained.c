/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/retained.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "publish/leftover.h"

enum { LEAVE_ROOM = 64 * 1024 };

struct retained {
    struct leftover left;
    struct door *door;
    uint32_t next, gone, refused;
    uint32_t session;
    /* Each message has a ticket, and never an old one; those that are not answered yet. */
    uint64_t first_ticket, next_ticket;
    uint32_t of_ticket[RETRACTIONS];
    bool told;
};

struct retained *retained_new(const char *dir, struct door *door)
{
    struct retained *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    snprintf(r->left.file, sizeof(r->left.file), "%s/retained.txt", dir);
    r->door = door;
    r->first_ticket = r->next_ticket = 1;
    return r;
}

bool retained_restore(struct retained *r, const char *key, const void *bytes, size_t size)
{
    return struck_restore(&r->left.struck, key, bytes, size);
}

/* What the broker has answered since the last call, in the order of tickets. */
static void hear_answers(struct retained *r)
{
    for (; r->first_ticket < r->next_ticket; r->first_ticket++) {
        uint64_t answer = atomic_load(&r->door->retracted[r->first_ticket % RETRACTIONS]);
        if (answer / 2 != r->first_ticket)
            return;
        uint32_t index = r->of_ticket[r->first_ticket % RETRACTIONS];
        if (answer % 2) {
            r->left.old[index].state = LEFTOVER_REFUSED;
            r->refused++;
        } else {
            leftover_gone(&r->left, index);
            r->gone++;
        }
    }
}

void retained_free(struct retained *r)
{
    if (!r)
        return;
    hear_answers(r);
    leftover_strike(&r->left);
    leftover_free(&r->left);
    free(r);
}

void retained_plan(struct retained *r, const struct plant *p)
{
    hear_answers(r);
    leftover_plan(&r->left, p);
    r->first_ticket = r->next_ticket;
    r->next = r->gone = r->refused = 0;
    r->told = false;
    if (r->left.count)
        log_notice("mqtt: %u retained topics are no longer in the plant file and are taken back",
                   r->left.count);
}

/* What an earlier session left unanswered may have been heard or not: it goes once more. What was
 * refused does too, as rules are mended. */
static void begin_session(struct retained *r, uint32_t session)
{
    r->session = session;
    r->first_ticket = r->next_ticket;
    r->next = r->refused = 0;
    r->told = false;
    for (uint32_t i = 0; i < r->left.count; i++)
        if (r->left.old[i].state == LEFTOVER_REFUSED)
            r->left.old[i].state = LEFTOVER_THERE;
}

static bool take_back(struct retained *r, const char *topic)
{
    const struct message m = {
        .lane = MESSAGE_STATE, .topic_length = (uint16_t)strlen(topic), .seq = r->next_ticket};
    char head[sizeof(m) + TOPIC_MAX];
    memcpy(head, &m, sizeof(m));
    memcpy(head + sizeof(m), topic, m.topic_length);
    return mailbox_put(r->door->live, head, sizeof(m) + m.topic_length, "", 0);
}

static void tell(struct retained *r)
{
    r->told = true;
    if (r->gone)
        log_notice("mqtt: %u retained topics were taken back", r->gone);
    if (r->refused)
        log_warn("mqtt: %u retained topics are not taken back, as the broker refuses it: look at "
                 "its access rules; they are tried again with the next connection",
                 r->refused);
}

/* A topic is struck when the broker has acknowledged it, once and for all: what stands there later
 * may be another gateway's. Only a process that dies after the acknowledgement and before the
 * journal's next commit, a few milliseconds, will take it back a second time. What a broker
 * acknowledges and then forgets, as it died before it saved, nobody can tell from that. */
bool retained_tick(struct retained *r)
{
    hear_answers(r);
    bool put = struck_save(&r->left.struck, r->door->rows);
    if (r->left.count && r->left.count == r->gone + r->refused && !r->told)
        tell(r);
    if (r->left.count == r->gone || !atomic_load(&r->door->connected))
        return put;
    uint32_t session = atomic_load(&r->door->sessions);
    if (session != r->session)
        begin_session(r, session);
    for (; r->next < r->left.count; r->next++) {
        if (r->left.old[r->next].state != LEFTOVER_THERE)
            continue;
        if (r->next_ticket - r->first_ticket == RETRACTIONS ||
            mailbox_room(r->door->live) <= LEAVE_ROOM || !take_back(r, r->left.old[r->next].topic))
            break;
        r->of_ticket[r->next_ticket++ % RETRACTIONS] = r->next;
        put = true;
    }
    return put;
}

uint32_t retained_left(const struct retained *r)
{
    return r->left.count - r->gone;
}
