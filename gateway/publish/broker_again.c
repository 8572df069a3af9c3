/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that the broker's access rules denied: people mend rules, and then nothing shall be missing.
 */
#include "publish/session.h"

#define ROUND_EVERY (3 * NS_PER_S)

enum { LOOKED_AT = 256, LANES = MESSAGE_JOURNALED };

static uint32_t place(const struct again *a, uint32_t topic)
{
    uint32_t i = 0;
    while (i < a->count && a->topics[i].topic != topic)
        i++;
    return i;
}

static void begin(struct broker *b)
{
    struct again *a = &b->again;
    a->running = true;
    a->due = mono_add(b->now, ROUND_EVERY);
    a->count = 0;
}

/* The next one that may be tried now. false: none. */
static bool next_row(struct broker *b, struct row *row)
{
    struct again *a = &b->again;
    for (int n = 0; n < LOOKED_AT; n++) {
        uint64_t seq = journal_next_refused(b->journal, a->at.lane, a->at.next, DENIED);
        if (!seq) {
            a->at.next = 0;
            a->running = a->at.lane + 1 < LANES;
            a->at.lane = a->running ? a->at.lane + 1 : 0;
            if (!a->running)
                return false;
            continue;
        }
        struct journal_cursor at = {a->at.lane, seq};
        a->at.next = seq;
        bool there = journal_fetch(b->journal, &at, row) && row->seq == seq && row->topic &&
                     journal_refusal(b->journal, a->at.lane, seq) == DENIED;
        uint32_t i = there ? place(a, send_topic(row->topic)) : 0;
        if (there && i == AGAIN_TOPICS) {
            a->running = false; /* the next round goes on from here */
            return false;
        }
        if (there && (i == a->count || a->topics[i].answer == YES))
            return true;
        if (there && a->topics[i].answer == ASKED)
            return false;
        a->at.next++;
    }
    return false;
}

void again_pump(struct broker *b, uint32_t room)
{
    struct again *a = &b->again;
    struct row row;
    if (!a->running && mono_before(b->now, a->due))
        return;
    if (!a->running)
        begin(b);
    for (; room > 0 && !journal_refusals_wait(b->journal) && next_row(b, &row); room--) {
        uint32_t topic = send_topic(row.topic), i = place(a, topic);
        if (!send_again(b, a->at.lane, &row))
            return;
        if (i == a->count) {
            a->topics[a->count].topic = topic;
            a->topics[a->count++].answer = ASKED;
        }
        a->at.next = row.seq + 1;
    }
}

void again_landed(struct broker *b, const struct flight *f)
{
    struct again *a = &b->again;
    uint32_t i = place(a, f->topic);
    bool taken = f->reason < 0x80 && !f->gap;
    if (i < a->count)
        a->topics[i].answer = taken ? YES : NO;
    if (taken)
        journal_accepted(b->journal, (enum message_lane)(f->lane - LANE_AGAIN), f->seq);
}

void again_lost(struct broker *b)
{
    b->again.running = false;
    b->again.at = (struct journal_cursor){.lane = MESSAGE_HISTORY};
}
