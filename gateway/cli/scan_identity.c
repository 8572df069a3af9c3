/* SPDX-License-Identifier: Apache-2.0 */
/* What a unit says of itself: 43/14, then 17. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/scan.h"

/* Texts of equipment, made fit for terminals and JSON. */
static void clean(const uint8_t *bytes, size_t length, char out[static SCAN_TEXT])
{
    if (length >= SCAN_TEXT)
        length = SCAN_TEXT - 1;
    memcpy(out, bytes, length);
    while (length > 0 && (out[length - 1] == '\0' || out[length - 1] == ' '))
        length--;
    out[length] = '\0';
    bool utf8 = text_is_utf8(out, length);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)out[i];
        if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
            out[i] = '.';
    }
}

static void keep(struct scan_identity *out, const struct identity_object *o)
{
    for (unsigned i = 0; i < out->count; i++)
        if (out->ids[i] == o->id)
            return;
    if (out->count == SCAN_UNITS)
        return;
    out->ids[out->count] = o->id;
    clean(o->value, o->length, out->texts[out->count]);
    out->count++;
}

/* All pages of one access. The frames promise that each begins later than the one before. */
static bool read_stream(struct scan *s, uint8_t unit, enum identity_access access,
                        struct scan_identity *out)
{
    struct exchange x;
    struct identity_page page = {.next = 0};
    do {
        single_identify(s->single, unit, access, page.next, &x, &page);
        if (x.fault != FAULT_NONE) {
            if (x.fault == FAULT_GARBLED && out->conformity == 0)
                snprintf(out->refused, sizeof out->refused, "%s", x.why);
            return false;
        }
        out->conformity = page.conformity;
        for (unsigned i = 0; i < page.count; i++)
            keep(out, &page.objects[i]);
    } while (page.more && !*oneline_stop);
    return true;
}

static void read_report(struct scan *s, uint8_t unit, struct scan_identity *out)
{
    struct exchange x;
    struct identity_report r;
    single_report(s->single, unit, &x, &r);
    if (x.fault != FAULT_NONE)
        return;
    out->reports = true;
    out->runs = r.runs;
    for (unsigned i = 0; i < r.length; i++)
        snprintf(out->report_hex + 2 * (size_t)i, 3, "%02X", r.data[i]);
    /* What is printable stands behind the id and the run state, where those are one byte each. */
    unsigned skip = r.runs >= 0 ? 2 : 0;
    clean(r.data + skip, r.length - skip, out->report);
}

void scan_identify(struct scan *s, uint8_t unit, struct scan_identity *out)
{
    *out = (struct scan_identity){.runs = -1};
    if (!*oneline_stop && read_stream(s, unit, IDENTITY_BASIC, out) && out->conformity > 1 &&
        !*oneline_stop)
        (void)read_stream(s, unit, out->conformity > 2 ? IDENTITY_EXTENDED : IDENTITY_REGULAR, out);
    if (!*oneline_stop)
        read_report(s, unit, out);
    if (!*oneline_stop && s->library != NULL)
        scan_compare(s, unit, out);
}
