/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that ask equipment what it is: function 17 (report server id) and 43 with MEI 14 (read
 * device identification). Pure, and as strict as adu.h: the end of an answer follows from its own
 * counts, never from a silence. */
#ifndef POLL_ADU_IDENTITY_H
#define POLL_ADU_IDENTITY_H

#include "poll/adu.h"

enum { FUNCTION_REPORT = 17, FUNCTION_MEI = 43, OBJECTS_MAX = 123 };

enum identity_access { /* as on the wire */
                       IDENTITY_BASIC = 1, /* objects 0 to 2: vendor, product, revision */
                       IDENTITY_REGULAR =
                           2, /* 3 to 6: address in the web, product, model, application */
                       IDENTITY_EXTENDED = 3, /* 128 to 255: whatever the maker likes */
                       IDENTITY_SINGLE = 4, /* this one object */
};

struct identity_ask {
    uint8_t framing; /* enum framing */
    uint16_t transaction; /* TCP */
    uint8_t unit;
    uint8_t function; /* FUNCTION_REPORT or FUNCTION_MEI */
    uint8_t access; /* MEI: enum identity_access */
    uint8_t object; /* MEI: the first one wanted, or the only one */
};

struct identity_object {
    uint8_t id;
    uint8_t length;
    const uint8_t *value; /* inside the answer */
};

struct identity_page { /* one answer to MEI 14 */
    uint8_t conformity;
    bool individual; /* serves IDENTITY_SINGLE too */
    bool more;
    uint8_t next; /* more: the object to ask for, always a later one than was asked for */
    uint8_t count;
    struct identity_object objects[OBJECTS_MAX]; /* in rising order */
};

struct identity_report { /* the answer to function 17 */
    const uint8_t
        *data; /* inside the answer; how long the id is, and what follows, each maker says */
    uint8_t length;
    int8_t runs; /* 1 or 0 where the second byte says so (FF or 00), else -1 */
};

size_t adu_identity_ask(uint8_t out[static ADU_MAX], const struct identity_ask *ask);
/* As adu_check. GOOD: answer->data is the body, for one of the two below. */
enum verdict adu_identity_check(const struct identity_ask *ask, const uint8_t *bytes, size_t length,
                                struct answer *answer);
void adu_identity_page(const struct answer *good, struct identity_page *out);
void adu_identity_report(const struct answer *good, struct identity_report *out);
const char *adu_object_name(uint8_t id); /* "vendor"; NULL for those that makers define */

#endif
