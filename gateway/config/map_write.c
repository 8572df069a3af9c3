/* SPDX-License-Identifier: Apache-2.0 */
/* What may be written, and how. Nothing is writable that the map doesn't say is. */
#include "config/map_parts.h"

static uint8_t usual_function(const struct point *p)
{
    return p->table == TABLE_COIL ? 5 : p->bit >= 0 ? 22 : p->words == 1 ? 6 : 16;
}

bool read_write(const struct map_builder *b, const struct node *n, struct point *p)
{
    static const struct field fields[] = {{"limits", 0}};
    const struct node *limits = NULL;
    double ends[2] = {0, 0};
    bool writable = true;
    if (n == NULL) {
        return true;
    }
    if (n->kind != NODE_MAPPING) {
        if (!read_bool(&b->r, n, "write", &writable)) {
            return false;
        }
    } else {
        if (!take_fields(&b->r, n, fields, 1, &limits, "write") ||
            !read_reals(&b->r, limits, "limits", ends, 2)) {
            return false;
        }
        if (ends[0] > ends[1]) {
            return complain(&b->r, limits, "the lower limit stands first");
        }
    }
    if (!writable) {
        return true;
    }
    if (p->table != TABLE_COIL && p->table != TABLE_HOLDING) {
        return complain(&b->r, n,
                        "what lies in `%s` cannot be written; only coils and holding registers can",
                        table_names[p->table]);
    }
    struct write_rule *w = arena_get(b->r.arena, sizeof *w);
    if (w == NULL) {
        return false;
    }
    *w = (struct write_rule){.at = place_of(&b->r, n),
                             .low = ends[0],
                             .high = ends[1],
                             .has_limits = limits != NULL,
                             .function = usual_function(p),
                             .address = p->address};
    p->write = w;
    return true;
}
