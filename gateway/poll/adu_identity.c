/* SPDX-License-Identifier: Apache-2.0 */
#include "poll/adu_identity.h"

#include <assert.h>

#include "poll/adu_parts.h"

enum { MEI_IDENTITY = 14, MEI_HEAD = 6, MORE_FOLLOWS = 0xff };

static bool is_conformity(uint8_t c)
{
    return (c & 0x7f) >= IDENTITY_BASIC && (c & 0x7f) <= IDENTITY_EXTENDED;
}

/* The six bytes in front of the objects, each as soon as it is there. */
static const char *check_head(const struct identity_ask *ask, const uint8_t *b, size_t n)
{
    if (n > 0 && b[0] != MEI_IDENTITY)
        return "wrong MEI type";
    if (n > 1 && b[1] != ask->access)
        return "wrong access code";
    if (n > 2 && !is_conformity(b[2]))
        return "a conformity level that does not exist";
    if (n > 3 && b[3] != 0 && b[3] != MORE_FOLLOWS)
        return "neither more nor no more objects follow";
    if (n > 3 && b[3] != 0 && ask->access == IDENTITY_SINGLE)
        return "more objects than the one asked for";
    /* Or people who ask on would ask for ever. */
    if (n > 4 && b[3] != 0 && b[4] <= ask->object)
        return "the next object is not a later one";
    if (n > 5 && (ask->access == IDENTITY_SINGLE ? b[5] != 1 : b[5] > OBJECTS_MAX))
        return "wrong number of objects";
    if (n > 5 && b[3] != 0 && b[5] == 0)
        return "wrong number of objects";
    return NULL;
}

/* An object may stand here: id rises, and what is asked for comes first. */
static const char *check_object(const struct identity_ask *ask, int before, uint8_t id)
{
    if (ask->access == IDENTITY_SINGLE)
        return id == ask->object ? NULL : "another object than asked for";
    if (id < ask->object)
        return "an object from before those asked for";
    return id > before ? NULL : "objects out of order";
}

static enum verdict page_body(const void *me, const uint8_t *body, size_t n, size_t *length,
                              const char **why)
{
    const struct identity_ask *ask = me;
    *why = check_head(ask, body, n);
    if (*why)
        return ADU_BAD;
    if (n < MEI_HEAD)
        return ADU_MORE;
    size_t at = MEI_HEAD;
    int before = -1;
    for (unsigned i = 0; i < body[5]; i++) {
        if (at < n) {
            *why = check_object(ask, before, body[at]);
            if (!*why && body[3] != 0 && body[at] >= body[4])
                *why = "the next object has been told already";
            if (*why)
                return ADU_BAD;
            before = body[at];
        }
        if (at + 1 >= n)
            return ADU_MORE;
        at += 2U + body[at + 1];
        if (at > ADU_BODY_MAX) {
            *why = "objects longer than any answer";
            return ADU_BAD;
        }
    }
    *length = at;
    return at > n ? ADU_MORE : ADU_GOOD;
}

/* Its count, then at least an id and whether it runs. */
static enum verdict report_body(const void *me, const uint8_t *body, size_t n, size_t *length,
                                const char **why)
{
    (void)me;
    if (!n)
        return ADU_MORE;
    if (body[0] < 2 || body[0] > ADU_BODY_MAX - 1) {
        *why = "wrong byte count";
        return ADU_BAD;
    }
    *length = 1U + body[0];
    return n < *length ? ADU_MORE : ADU_GOOD;
}

static struct expectation expected(const struct identity_ask *ask)
{
    bool mei = ask->function == FUNCTION_MEI;
    assert(mei || ask->function == FUNCTION_REPORT);
    return (struct expectation){.framing = ask->framing,
                                .transaction = ask->transaction,
                                .unit = ask->unit,
                                .function = ask->function,
                                .least = mei ? MEI_HEAD : 3,
                                .most = ADU_BODY_MAX,
                                .body = mei ? page_body : report_body,
                                .me = ask};
}

size_t adu_identity_ask(uint8_t out[static ADU_MAX], const struct identity_ask *ask)
{
    struct expectation e = expected(ask);
    const uint8_t body[3] = {MEI_IDENTITY, ask->access, ask->object};
    bool mei = ask->function == FUNCTION_MEI;
    assert(!mei || (ask->access >= IDENTITY_BASIC && ask->access <= IDENTITY_SINGLE));
    return adu_wrap(out, &e, body, mei ? sizeof(body) : 0);
}

enum verdict adu_identity_check(const struct identity_ask *ask, const uint8_t *bytes, size_t length,
                                struct answer *answer)
{
    struct expectation e = expected(ask);
    return adu_judge(&e, bytes, length, answer);
}

void adu_identity_page(const struct answer *good, struct identity_page *out)
{
    const uint8_t *b = good->data;
    *out = (struct identity_page){.conformity = b[2] & 0x7f,
                                  .individual = (b[2] & 0x80) != 0,
                                  .more = b[3] != 0,
                                  .next = b[4],
                                  .count = b[5]};
    const uint8_t *at = b + MEI_HEAD;
    for (unsigned i = 0; i < out->count; i++) {
        out->objects[i] = (struct identity_object){at[0], at[1], at + 2};
        at += 2U + at[1];
    }
    assert(at == b + good->length);
}

void adu_identity_report(const struct answer *good, struct identity_report *out)
{
    const uint8_t *b = good->data;
    *out = (struct identity_report){.data = b + 1, .length = b[0], .runs = -1};
    if (b[2] == 0 || b[2] == 0xff)
        out->runs = b[2] != 0;
}

const char *adu_object_name(uint8_t id)
{
    static const char *const names[] = {"vendor",  "product code", "revision",   "vendor url",
                                        "product", "model",        "application"};
    return id < sizeof(names) / sizeof(names[0]) ? names[id] : NULL;
}
