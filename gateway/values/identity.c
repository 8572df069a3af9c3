/* SPDX-License-Identifier: Apache-2.0 */
#include "values/identity.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "values/decode.h"
#include "values/number.h"

static bool is_number(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_REAL;
}

/* A float is what is written as long as it is the float nearest to it. */
static int compare(const struct value *v, const struct value *written)
{
    if (v->kind == VALUE_REAL && v->single) {
        float x = (float)v->real, y = (float)value_number(written);
        return (x > y) - (x < y);
    }
    return value_compare(v, written);
}

bool identity_fits(const struct identity *id, const struct value *v)
{
    for (uint32_t i = 0; i < id->is_count; i++) {
        const struct value *is = &id->is[i];
        if (id->to && id->to[i].kind != VALUE_NONE) {
            if (is_number(v) && compare(v, is) >= 0 && compare(v, &id->to[i]) <= 0)
                return true;
        } else if (is_number(v) && is_number(is) ? compare(v, is) == 0 : value_equal(v, is)) {
            return true;
        }
    }
    return id->is_count == 0;
}

bool identity_is(const char *written, const struct value *v)
{
    char text[IDENTITY_ROOM];
    struct decimal d;
    if (v->kind == VALUE_TEXT)
        return strlen(written) == v->length && memcmp(written, v->text, v->length) == 0;
    if (is_number(v) && text_to_decimal(written, &d)) {
        struct value w =
            d.places > 9 ? value_real(d.real)
                         : (struct value){.kind = VALUE_INT, .places = d.places, .i = d.mantissa};
        return compare(v, &w) == 0;
    }
    return strcmp(identity_text(v, text), written) == 0;
}

const char *identity_text(const struct value *v, char out[IDENTITY_ROOM])
{
    enum { HASH = 18 };
    size_t n = 0;
    switch ((enum value_kind)v->kind) {
    case VALUE_NONE:
        break;
    case VALUE_BOOL:
        n = (size_t)snprintf(out, IDENTITY_ROOM, "%s", v->truth ? "true" : "false");
        break;
    case VALUE_INT:
        n = text_from_fixed(out, v->i < 0, v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i,
                            v->places);
        break;
    case VALUE_UINT:
        n = text_from_fixed(out, false, v->u, v->places);
        break;
    case VALUE_REAL:
        n = text_from_real(out, v->real, v->single);
        break;
    case VALUE_TEXT:
        n = v->length < IDENTITY_ROOM ? v->length : IDENTITY_ROOM - 1 - HASH;
        while (n < v->length && n > 0 && ((unsigned char)v->text[n] & 0xC0) == 0x80)
            n--; /* not in the middle of a character */
        memcpy(out, v->text, n);
        if (n < v->length)
            n += (size_t)snprintf(out + n, IDENTITY_ROOM - n, "~%016jx",
                                  (uintmax_t)text_hash(0, v->text, v->length));
        break;
    }
    out[n] = '\0';
    return out;
}
