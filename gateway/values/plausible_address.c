/* SPDX-License-Identifier: Apache-2.0 */
/* The notations in which makers and PLC programs write where a register lies. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "values/plausible.h"

static bool digits_only(const char *s)
{
    return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* %MW100 and %IW100: zero-based, as PLC programs count. */
static bool plc_notation(const char *text, struct plausible_address *out)
{
    static const struct {
        const char *prefix, *took;
        int8_t table;
    } forms[] = {{"%MW", "PLC memory word", TABLE_HOLDING},
                 {"%IW", "PLC input word", TABLE_INPUT},
                 {"%QW", "PLC output word", TABLE_HOLDING}};
    uint64_t n;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strncasecmp(text, forms[i].prefix, 3) != 0)
            continue;
        if (!digits_only(text + 3) || !text_to_u64(text + 3, &n) || n > UINT16_MAX)
            return false;
        out->wire = (uint16_t)n;
        out->table = forms[i].table;
        out->took = forms[i].took;
        return true;
    }
    return false;
}

/* 40001 and 400001: one-based, the first digit names the table. Five digits can be an address too.
 */
static bool register_number(const char *text, uint64_t n, struct plausible_address *out)
{
    size_t length = strlen(text);
    if ((length != 5 && length != 6) || (text[0] != '3' && text[0] != '4'))
        return false;
    uint64_t base = length == 5 ? 10000 : 100000, offset = n % base;
    if (offset == 0 || offset > 65536)
        return false;
    out->wire = (uint16_t)(offset - 1);
    out->table = text[0] == '3' ? TABLE_INPUT : TABLE_HOLDING;
    out->took = text[0] == '3' ? "number of an input register" : "number of a holding register";
    if (n <= UINT16_MAX) {
        out->has_other = true;
        out->other = (uint16_t)n;
        out->other_table = -1;
        out->other_took = "address on the wire";
    }
    return true;
}

bool plausible_address(const char *text, struct plausible_address *out)
{
    uint64_t n;
    *out =
        (struct plausible_address){.table = -1, .other_table = -1, .took = "address on the wire"};
    if (*text == '%')
        return plc_notation(text, out);
    if (!text_to_u64(text, &n))
        return false;
    if (digits_only(text) && register_number(text, n, out))
        return true;
    if (n > UINT16_MAX)
        return false;
    out->wire = (uint16_t)n;
    return true;
}
