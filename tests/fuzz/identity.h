/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to functions 17 and 43/14, judged a second time: what is called good must be one frame whose
 * counts agree with each other to the byte, and every beginning of it must have been called that. */
#ifndef FUZZ_IDENTITY_H
#define FUZZ_IDENTITY_H

#include "fuzz.h"
#include "poll/adu_identity.h"

/* The body in a frame whose outside is right, so that the inside is what is judged. */
static size_t identity_frame(uint8_t *out, const struct identity_ask *ask, const uint8_t *body,
                             size_t n)
{
    uint8_t *pdu = out + (ask->framing == FRAMING_TCP ? 6 : 0);
    if (ask->framing == FRAMING_TCP)
        memcpy(out, (const uint8_t[]){0x12, 0x34, 0, 0, 0, (uint8_t)(n + 2)}, 6);
    pdu[0] = 7;
    pdu[1] = ask->function;
    if (n > 0)
        memcpy(pdu + 2, body, n);
    size_t whole = (size_t)(pdu - out) + 2 + n;
    if (ask->framing == FRAMING_TCP)
        return whole;
    uint16_t crc = adu_crc(pdu, 2 + n);
    out[whole] = (uint8_t)crc;
    out[whole + 1] = (uint8_t)(crc >> 8);
    return whole + 2;
}

static void identity_holds(const struct identity_ask *ask, const struct answer *a)
{
    static struct identity_page page;
    if (ask->function == FUNCTION_REPORT) {
        struct identity_report r;
        adu_identity_report(a, &r);
        HOLDS(r.length == a->data[0] && r.length >= 2 && 1U + r.length == a->length);
        return;
    }
    adu_identity_page(a, &page);
    size_t at = 6;
    int before = -1;
    HOLDS(a->data[0] == 14 && a->data[1] == ask->access && page.count == a->data[5]);
    for (unsigned i = 0; i < page.count; i++) {
        HOLDS(at + 2 <= a->length && page.objects[i].id == a->data[at]);
        HOLDS(page.objects[i].value == a->data + at + 2);
        HOLDS(page.objects[i].length == a->data[at + 1]);
        HOLDS(page.objects[i].id > before && page.objects[i].id >= ask->object);
        before = page.objects[i].id;
        at += 2U + page.objects[i].length;
    }
    HOLDS(at == a->length);
    HOLDS(!page.more || (page.next > ask->object && page.count > 0 && page.next > before));
}

static void identity_judged(int framing, const uint8_t *in, size_t n)
{
    if (n < 2)
        return;
    struct identity_ask ask = {.framing = (uint8_t)framing,
                               .transaction = 0x1234,
                               .unit = 7,
                               .function = in[0] & 1 ? FUNCTION_REPORT : FUNCTION_MEI,
                               .access = (uint8_t)(1 + (in[0] >> 1 & 3)),
                               .object = in[0] & 8 ? in[1] : 0};
    uint8_t frame[300] = {0};
    struct answer a;
    size_t body = n - 2 < 252 ? n - 2 : 252;
    size_t length = identity_frame(frame, &ask, in + 2, body);
    enum verdict v = adu_identity_check(&ask, frame, length, &a);
    if (v != ADU_GOOD)
        return;
    HOLDS(a.data >= frame && a.data + a.length <= frame + length);
    identity_holds(&ask, &a);
    struct answer part;
    for (size_t k = 0; k < length; k++)
        HOLDS(adu_identity_check(&ask, frame, k, &part) == ADU_MORE);
    HOLDS(adu_identity_check(&ask, frame, length + 1, &part) == ADU_BAD);
}

#endif
