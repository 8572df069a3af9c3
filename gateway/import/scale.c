/* SPDX-License-Identifier: Apache-2.0 */
#include "import/scale.h"

#include <stdlib.h>
#include <string.h>

static bool differ(double a, double b)
{
    return a < b || a > b;
}

/* The straight part from 0 to 1, and a tag of its own that takes the root. */
static void make_root(struct import_list *l, struct import_row *row, const char *k)
{
    struct import_row *whole = import_again(l, row, row->name);
    whole->every_ms = 0;
    whole->writable = false;
    whole->order_name = "";
    whole->type = RAW_F64;
    whole->from = row;
    whole->root_k = k;
    memset(whole->span, 0, sizeof whole->span);
    row->span[2] = "0";
    row->span[3] = "1";
    row->name = import_printf(l, "%s.linear", row->name);
    row->unit = "";
    row->writable = false;
}

void scale_span(struct import_list *l, struct import_row *row, const char *const ends[4], bool root,
                bool negate)
{
    double x[4];
    for (unsigned i = 0; i < 4; i++) {
        if (ends[i] == NULL) {
            import_skip(l, row, "its scaling lacks a number");
            return;
        }
        x[i] = strtod(ends[i], NULL);
        row->span[i] = ends[i];
    }
    if (!differ(x[0], x[1]) || !differ(x[2], x[3])) {
        import_skip(l, row, "its scaling has no width");
    } else if (root && (negate || differ(x[2], 0) || x[3] < 0)) {
        import_skip(l, row, "a square root that does not rise from 0 can't be said in a map");
    } else if (root) {
        make_root(l, row, ends[3]);
    } else if (negate) {
        row->span[2] = import_real(l, -x[2]);
        row->span[3] = import_real(l, -x[3]);
    }
}

void scale_factor(struct import_list *l, struct import_row *row, const char *text, const char *what)
{
    row->scale = import_number(l, text);
    double x = row->scale == NULL ? 0 : strtod(row->scale, NULL);
    if (!differ(x, 0))
        import_skip(l, row, "%s `%.20s` is no number to multiply by", what, text);
    else if (!differ(x, 1))
        row->scale = NULL;
}

void scale_offset(struct import_list *l, struct import_row *row, const char *text, const char *what)
{
    row->offset = import_number(l, text);
    if (row->offset == NULL)
        import_skip(l, row, "%s `%.20s` is no number", what, text);
    else if (!differ(strtod(row->offset, NULL), 0))
        row->offset = NULL;
}
