/* SPDX-License-Identifier: Apache-2.0 */
/* What passes through the door: finished messages, from the plant thread to the broker thread. */
#ifndef PUBLISH_MESSAGE_H
#define PUBLISH_MESSAGE_H

#include <stdint.h>

#include "headgate/time.h"

/* Lanes. The first three are journaled, numbered, at QoS 1; the others are not. */
enum message_lane {
    MESSAGE_HISTORY,               /* topic: history/<gateway>/<area>/<device> */
    MESSAGE_EVENT,
    MESSAGE_AUDIT,
    MESSAGE_JOURNALED,             /* how many lanes the journal has */
    MESSAGE_STATE = MESSAGE_JOURNALED,   /* retained, QoS 1: device, gateway, meta */
    MESSAGE_VALUE,                 /* retained, QoS 0 */
    MESSAGE_STATS,                 /* QoS 0 */
    MESSAGE_REPLY,                 /* QoS 1, not retained: replies, bulletins */
    MESSAGE_KEEP,                  /* journaled without a row: a state that is kept by itself */
};

/* Followed by topic_length bytes of topic (whole, not terminated) and payload_length bytes of
 * payload. Payloads of journaled lanes are without their head: the broker thread puts
 * {"gateway":..,"epoch":..,"seq":.., in front; so they begin with a key and end with "}". Behind the
 * payload come, with rows (and KEEP, which has neither topic nor payload), keep_length bytes: a key,
 * its NUL, and a state that is to be on disk with this row and never without it; with replies,
 * correlation_length bytes of MQTT 5 correlation data. */
struct message {
    uint8_t lane;                  /* enum message_lane */
    uint8_t urgent;                /* journaled: commit at once */
    uint16_t topic_length;
    uint32_t payload_length;
    uint64_t seq;                  /* journaled: given by the plant thread, rising by one per lane;
                                      a jump is a loss, which the broker thread turns into a gap
                                      frame. 0: the journal gives the next (audit). State: a ticket,
                                      rising, for door.retracted; 0: nobody asks for the answer */
    wall_t time;
    uint32_t keep_length;
    uint8_t correlation_length;
};

#endif
