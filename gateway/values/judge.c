/* SPDX-License-Identifier: Apache-2.0 */
#include "values/judge.h"

#include <math.h>

#include "values/decode.h"

static void make_bad(struct sample *s, enum quality quality, const char *reason)
{
    s->value = (struct value){.kind = VALUE_NONE};
    s->quality = quality;
    s->reason = reason;
}

/* Codes 1 to 3 are somebody's wrong map; the others are the plant's own trouble. */
static void judge_exception(uint8_t code, struct sample *s)
{
    static const struct {
        enum quality quality;
        const char *reason;
    } meaning[] = {
        [1] = {QUALITY_CONFIG_ERROR, "illegal function"},
        [2] = {QUALITY_CONFIG_ERROR, "illegal data address"},
        [3] = {QUALITY_CONFIG_ERROR, "illegal data value"},
        [4] = {QUALITY_DEVICE_FAILURE, "device failure"},
        [5] = {QUALITY_DEVICE_FAILURE, "device busy, acknowledged"},
        [6] = {QUALITY_DEVICE_FAILURE, "device busy"},
        [7] = {QUALITY_DEVICE_FAILURE, "refused by the device"},
        [8] = {QUALITY_DEVICE_FAILURE, "memory parity error"},
        [10] = {QUALITY_COMM_FAILURE, "gateway: no path to the target"},
        [11] = {QUALITY_COMM_FAILURE, "gateway: target did not answer"},
    };
    s->quality = QUALITY_DEVICE_FAILURE;
    s->reason = "exception of the maker's own";
    if (code < sizeof meaning / sizeof *meaning && meaning[code].reason) {
        s->quality = meaning[code].quality;
        s->reason = meaning[code].reason;
    }
}

struct sample judge_fault(const struct block *block)
{
    struct sample s = {.time = block->time, .quality = QUALITY_COMM_FAILURE};
    const char *why = "no answer";
    switch (block->fault) {
    case FAULT_EXCEPTION:
        judge_exception(block->exception, &s);
        return s;
    case FAULT_LINE_DOWN:
        s.quality = QUALITY_NOT_CONNECTED;
        why = "line down";
        break;
    case FAULT_HOLE:
        s.quality = QUALITY_CONFIG_ERROR;
        why = "illegal data address";
        break;
    case FAULT_GARBLED:
        why = "garbled answer";
        break;
    case FAULT_CLOSED:
        why = "connection closed";
        break;
    case FAULT_NONE:
    case FAULT_TIMEOUT:
    case FAULT_BACKED_OFF:
        break;
    }
    s.reason = block->why ? block->why : why;
    return s;
}

static bool is_number(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_REAL;
}

bool judge_counter(const struct point *p, const struct value *before, struct sample *s)
{
    if (s->quality != QUALITY_GOOD || !is_number(&s->value))
        return false;
    double now = value_number(&s->value);
    if (p->has_wrap && now > p->wrap) {
        make_bad(s, QUALITY_SENSOR_FAILURE, "above the value where the counter wraps");
        return false;
    }
    if (p->reset || !is_number(before) || value_compare(&s->value, before) >= 0)
        return true;
    /* A wrap is the shorter way round; anything else went backwards. */
    double forward = p->wrap - value_number(before) + now;
    if (!p->has_wrap || forward > p->wrap / 2) {
        s->quality = QUALITY_UNCERTAIN;
        s->reason = "counter ran backwards";
    }
    return true;
}

void judge_condition(const struct condition *c, const struct point *of, const struct sample *other,
                     struct sample *s)
{
    if (s->value.kind == VALUE_NONE)
        return;
    if (other->value.kind == VALUE_NONE) {
        bool known = other->quality != QUALITY_NOT_CONNECTED && other->reason;
        make_bad(s, known ? other->quality : QUALITY_BAD,
                 known ? other->reason : "its condition is not yet read");
    } else if (!decode_condition(c, of, other)) {
        make_bad(s, QUALITY_SENSOR_FAILURE, "declared invalid by the device");
    } else if (other->quality != QUALITY_GOOD && s->quality == QUALITY_GOOD) {
        s->quality = other->quality;
        s->reason = other->reason;
    }
}
