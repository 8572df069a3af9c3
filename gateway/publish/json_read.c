/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/json_read.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>

/* In front of all that jansson asked for: what one reading took is known, and given back if it
 * comes to nothing. */
struct piece {
    struct piece *before, *next;
    _Alignas(max_align_t) char bytes[];
};

static _Thread_local struct {
    struct piece *first; /* of the reading that goes on */
    bool reading;
    jmp_buf out;
} now;

static void *take(size_t size)
{
    struct piece *p = malloc(sizeof *p + size);
    if (!p && now.reading)
        longjmp(now.out, 1);
    if (!p)
        return NULL;
    *p = (struct piece){.next = now.reading ? now.first : NULL};
    if (p->next)
        p->next->before = p;
    if (now.reading)
        now.first = p;
    return p->bytes;
}

static void give(void *at)
{
    if (!at)
        return;
    struct piece *p = (struct piece *)(void *)((char *)at - offsetof(struct piece, bytes));
    if (p->before)
        p->before->next = p->next;
    else if (now.first == p)
        now.first = p->next;
    if (p->next)
        p->next->before = p->before;
    free(p);
}

/* Before anything is read: what one pair of functions gave, the other must not take back. */
__attribute__((constructor)) static void begin(void)
{
    json_set_alloc_funcs(take, give);
}

static const char usual[] = "not a JSON object";
static _Thread_local const char *wrong = usual;

const char *json_read_why(void)
{
    return wrong;
}

static const char *in_words(const json_error_t *error)
{
    static const struct {
        enum json_error_code code;
        const char *words;
    } known[] = {
        {json_error_duplicate_key, "not a JSON object: a member stands in it twice"},
        {json_error_numeric_overflow,
         "not a JSON object: a number in it is too large; a whole one beyond 9223372036854775807 "
         "is written as a text"},
        {json_error_null_character, "not a JSON object: a text in it has a zero character"},
        {json_error_invalid_utf8, "not a JSON object: it is not UTF-8"},
    };
    enum json_error_code code = json_error_code(error);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].code == code)
            return known[i].words;
    return usual;
}

json_t *json_read(const char *text, size_t length)
{
    json_error_t error;
    wrong = usual;
    now.first = NULL;
    if (setjmp(now.out)) {
        now.reading = false;
        for (struct piece *p = now.first, *next; p; p = next) {
            next = p->next;
            free(p);
        }
        now.first = NULL;
        return NULL;
    }
    now.reading = true;
    json_t *o = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    now.reading = false;
    now.first = NULL; /* its pieces are each other's neighbours, and nobody else's */
    if (!o)
        wrong = in_words(&error);
    return o;
}
