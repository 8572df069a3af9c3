/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/recent.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool recent_init(struct recent *r, size_t bytes, uint32_t rows)
{
    *r = (struct recent){.size = bytes, .capacity = rows};
    r->bytes = malloc(bytes);
    r->rows = calloc(rows, sizeof(*r->rows));
    return r->bytes && r->rows;
}

void recent_fini(struct recent *r)
{
    free(r->bytes);
    free(r->rows);
    *r = (struct recent){0};
}

const struct recent_row *recent_at(const struct recent *r, uint64_t i)
{
    assert(i >= r->first && i < r->end);
    return &r->rows[i % r->capacity];
}

/* Where length bytes in one piece fit between the newest row and the oldest one. */
static bool place(const struct recent *r, size_t length, size_t *at)
{
    if (r->first == r->end) {
        *at = 0;
        return length < r->size;
    }
    size_t tail = recent_at(r, r->first)->at;
    if (r->head > tail) {
        *at = length < r->size - r->head ? r->head : 0;
        return *at || length < tail;
    }
    *at = r->head;
    return length < tail - r->head;
}

bool recent_put(struct recent *r, struct recent_row row, const char *payload)
{
    size_t at;
    /* An empty payload would lie where its neighbour lies, and head == tail means empty. */
    size_t length = row.length ? row.length : 1;
    while (r->end - r->first == r->capacity || !place(r, length, &at)) {
        if (r->first == r->saved)
            return false;
        r->first++;
    }
    if (row.length)
        memcpy(r->bytes + at, payload, row.length);
    row.at = at;
    r->rows[r->end++ % r->capacity] = row;
    r->head = at + length;
    r->waiting_bytes += row.length;
    return true;
}

struct recent_row recent_lose(struct recent *r)
{
    assert(r->saved < r->end);
    struct recent_row row = *recent_at(r, r->saved);
    r->first = ++r->saved;
    r->waiting_bytes -= row.length;
    return row;
}

void recent_saved(struct recent *r, uint64_t upto)
{
    assert(upto >= r->saved && upto <= r->end);
    for (; r->saved < upto; r->saved++)
        r->waiting_bytes -= recent_at(r, r->saved)->length;
}

void recent_forget(struct recent *r)
{
    r->first = r->saved;
}

bool recent_find(const struct recent *r, uint64_t seq, uint64_t *i)
{
    uint64_t low = r->first, high = r->saved;
    if (low == high || recent_at(r, low)->from > seq)
        return false;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (recent_at(r, middle)->seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    *i = low;
    return low < r->saved;
}
