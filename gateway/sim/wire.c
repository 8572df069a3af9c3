/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/wire.h"

#include <string.h>

#include "sim/identity.h"

enum { MBAP = 7, RTU_LEAST = 4 };

enum wire_result wire_tcp(const struct image *i, uint32_t line, const uint8_t *in, size_t length,
                          size_t *used, uint8_t *out, size_t *answered)
{
    if (length < MBAP)
        return WIRE_MORE;
    size_t follows = (size_t)in[4] << 8 | in[5]; /* unit and PDU */
    if (in[2] != 0 || in[3] != 0 || follows < 2 || follows > PDU_MAX + 1)
        return WIRE_BROKEN;
    if (length < MBAP - 1 + follows)
        return WIRE_MORE;
    *used = MBAP - 1 + follows;
    size_t pdu = image_answer(i, line, in[6], in + MBAP, follows - 1, out + MBAP);
    memcpy(out, in, MBAP);
    out[4] = (uint8_t)((pdu + 1) >> 8);
    out[5] = (uint8_t)(pdu + 1);
    *answered = MBAP + pdu;
    return WIRE_ANSWER;
}

/* CRC-16/MODBUS, a bit at a time: a few hundred bytes a second want no table. */
static uint16_t crc(const uint8_t *bytes, size_t length)
{
    unsigned sum = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            sum = (sum & 1) != 0 ? sum >> 1 ^ 0xA001 : sum >> 1;
    }
    return (uint16_t)sum;
}

static bool sealed(const uint8_t *frame, size_t length)
{
    uint16_t sum = crc(frame, length - 2);
    return frame[length - 2] == (sum & 0xFF) && frame[length - 1] == sum >> 8;
}

/* Length of the frame that begins here; 0: not yet known. RTU has no length field, so it follows
 * from the function; of one that we don't know, the checksum has to tell. */
static size_t rtu_length(const uint8_t *in, size_t length)
{
    uint8_t function = in[1];
    if (function >= 1 && function <= 6)
        return 8;
    if (function == 22)
        return 10;
    if (function == 15 || function == 16)
        return length < 7 ? 0 : (size_t)in[6] + 9;
    if (function == IDENTITY_REPORT)
        return 4;
    if (function == IDENTITY_MEI)
        return 7;
    for (size_t n = RTU_LEAST; n <= length && n <= PDU_MAX + 3; n++)
        if (sealed(in, n))
            return n;
    return length > PDU_MAX + 3 ? length : 0;
}

enum wire_result wire_rtu(const struct image *i, uint32_t line, const uint8_t *in, size_t length,
                          size_t *used, uint8_t *out, size_t *answered)
{
    size_t frame = length < RTU_LEAST ? 0 : rtu_length(in, length);
    if (frame == 0 || length < frame)
        return WIRE_MORE;
    if (!sealed(in, frame))
        return WIRE_BROKEN;
    *used = frame;
    if (!image_has_unit(i, line, in[0]))
        return WIRE_SILENT;
    size_t pdu = image_answer(i, line, in[0], in + 1, frame - 3, out + 1);
    out[0] = in[0];
    uint16_t sum = crc(out, pdu + 1);
    out[pdu + 1] = (uint8_t)sum;
    out[pdu + 2] = (uint8_t)(sum >> 8);
    *answered = pdu + 3;
    return WIRE_ANSWER;
}
