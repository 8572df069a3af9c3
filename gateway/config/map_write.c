/* SPDX-License-Identifier: Apache-2.0 */
/* What may be written, and how. Nothing is writable that the map doesn't say is. */
#include <math.h>

#include "config/map.h"
#include "config/map_parts.h"

struct write_nodes {
    const struct node *limits, *function, *at;
};

enum { ENCODED_WORDS_MAX = 4 };

static bool is_bits(const struct point *p)
{
    return p->table == TABLE_COIL || p->table == TABLE_DISCRETE;
}

bool map_point_is_number(const struct point *p)
{
    return !is_bits(p) && p->bit < 0 && p->type != RAW_BOOL && p->choice_count == 0;
}

/* Only some bits of its registers are the value's own. */
static bool is_partial(const struct point *p)
{
    return p->bit >= 0 || p->mask != 0 || p->shift != 0 || p->bytes == 1 || p->bytes == 3;
}

static uint8_t usual_function(const struct point *p)
{
    return is_bits(p) ? 5 : is_partial(p) ? 22 : p->words == 1 ? 6 : 16;
}

static bool read_limits_of(const struct map_builder *b, const struct node *n, struct point *p,
                           struct write_rule *w)
{
    double ends[2] = {0, 0};
    if (n == NULL) {
        return true;
    }
    if (!read_reals(&b->r, n, "limits", ends, 2)) {
        return false;
    }
    if (!map_point_is_number(p)) {
        return complain(&b->r, n, "limits are for numbers; this is %s, leave `limits` out",
                        p->choice_count > 0 ? "one of the words of its enum" : "true or false");
    }
    if (ends[0] > ends[1]) {
        return complain(&b->r, n, "the lower limit stands first");
    }
    w->low = ends[0];
    w->high = ends[1];
    w->has_limits = true;
    return true;
}

/* Where it is written, when that isn't where it is read. */
static bool read_elsewhere(const struct map_builder *b, const struct node *n, const struct point *p,
                           struct write_rule *w, uint8_t *table)
{
    uint8_t wanted = is_bits(p) ? TABLE_COIL : TABLE_HOLDING;
    *table = p->table;
    if (n == NULL) {
        return true;
    }
    if (!read_address(b, n, "write: at", table, &w->address)) {
        return false;
    }
    if (b->placed && *table != wanted) {
        return complain(&b->r, n, "write: at: %s is written to a %s, not to `%s`",
                        is_bits(p) ? "a bit table" : "a register",
                        is_bits(p) ? "coil" : "holding register", table_names[*table]);
    }
    return true;
}

static bool read_function(const struct map_builder *b, const struct node *n, const struct point *p,
                          struct write_rule *w)
{
    uint64_t f = w->function;
    if (n == NULL) {
        return true;
    }
    if (!read_u64(&b->r, n, "function", 1, 255, &f)) {
        return false;
    }
    if (is_bits(p) && f != 5 && f != 15) {
        return complain(&b->r, n, "a coil is written with function 5 or 15");
    }
    if (!is_bits(p) && f != 6 && f != 16 && f != 22) {
        return complain_if(&b->r, b->placed, n, "a register is written with function 6, 16 or 22");
    }
    if (b->typed && f == 6 && p->words > 1) {
        return complain(&b->r, n, "function 6 writes one register; %s has %u, take 16",
                        raw_type_name((enum raw_type)p->type), p->words);
    }
    if (b->typed && f == 22 && !is_partial(p)) {
        return complain(&b->r, n,
                        "function 22 is for some bits of a register; this is all of %s, take %s",
                        p->words == 1 ? "it" : "them", p->words == 1 ? "6" : "16");
    }
    w->function = (uint8_t)f;
    return true;
}

static bool check_place(const struct map_builder *b, const struct node *n, const struct point *p,
                        const struct write_rule *w, uint8_t table)
{
    if (table != TABLE_COIL && table != TABLE_HOLDING) {
        return complain(&b->r, n,
                        "what lies in `%s` cannot be written; only coils and holding registers "
                        "can. If it is written elsewhere: `write: {at: %s N}`",
                        table_names[table], is_bits(p) ? "coil" : "holding");
    }
    uint32_t last = w->address + (uint32_t)p->words - 1;
    if (last > UINT16_MAX) {
        return complain(&b->r, n, "write: at: %u registers from %u reach beyond 65535", p->words,
                        w->address);
    }
    if (is_partial(p) && w->function != 22 && (w->address != p->address || table != p->table)) {
        return complain(&b->r, n,
                        "some bits of a register that is written elsewhere than it is read need "
                        "`function: 22`: the others would be overwritten unseen");
    }
    if (is_partial(p) && p->words > 1) {
        return complain(&b->r, n,
                        "only some bits of %u registers are this value's own; those can't be "
                        "written without the others",
                        p->words);
    }
    return true;
}

static const char *cannot(const struct point *p)
{
    if (p->type == RAW_STRING || p->type == RAW_TIME) {
        return "texts and times can't be written";
    }
    if (p->curve == CURVE_TABLE || p->curve == CURVE_WEIR || p->curve == CURVE_PF4Q) {
        return "a value that was bent by a table, a weir or pf4q can't be turned back into its "
               "registers; write the tag that it is made of";
    }
    if (p->parts != NULL || (!is_bits(p) && p->words > ENCODED_WORDS_MAX)) {
        return "registers that don't lie side by side can't be written together";
    }
    return NULL;
}

static bool read_rule(const struct map_builder *b, const struct node *n, struct point *p,
                      struct write_rule *w)
{
    static const struct field fields[] = {{"limits", offsetof(struct write_nodes, limits)},
                                          {"function", offsetof(struct write_nodes, function)},
                                          {"at", offsetof(struct write_nodes, at)}};
    struct write_nodes nodes = {0};
    uint8_t table;
    bool good = n->kind != NODE_MAPPING || take_fields(&b->r, n, fields, 3, &nodes, "write");
    const char *why = cannot(p);
    if (why != NULL) {
        return complain(&b->r, n, "%s", why);
    }
    good = read_limits_of(b, nodes.limits, p, w) && good;
    good = read_function(b, nodes.function, p, w) && good;
    good = read_elsewhere(b, nodes.at, p, w, &table) && good;
    return good && b->placed && b->typed && check_place(b, n, p, w, table);
}

bool read_write(const struct map_builder *b, const struct node *n, struct point *p)
{
    bool writable = true;
    if (n == NULL) {
        return true;
    }
    if (n->kind != NODE_MAPPING && !read_bool(&b->r, n, "write", &writable)) {
        return false;
    }
    if (!writable) {
        return true;
    }
    struct write_rule *w = arena_get(b->r.arena, sizeof *w);
    if (w == NULL) {
        return false;
    }
    *w = (struct write_rule){
        .at = place_of(&b->r, n), .function = usual_function(p), .address = p->address};
    if (!read_rule(b, n, p, w)) {
        return false;
    }
    p->write = w;
    return true;
}

bool shift_write(const struct map_builder *b, const struct node *key, struct point *p,
                 uint64_t step)
{
    if (p->write == NULL || step == 0) {
        return true;
    }
    struct write_rule *w = arena_get(b->r.arena, sizeof *w);
    uint64_t address = p->write->address + step;
    if (address + p->words - 1 > UINT16_MAX) {
        return complain(&b->r, key, "repeated, this tag is written beyond address 65535");
    }
    if (w == NULL) {
        return false;
    }
    *w = *p->write;
    w->address = (uint16_t)address;
    p->write = w;
    return true;
}

static bool check_valid(const struct map_builder *b, const struct point *p)
{
    const struct write_rule *w = p->write;
    if (!w->has_limits || !p->has_valid || (w->low >= p->valid_low && w->high <= p->valid_high)) {
        return true;
    }
    return complain_at(&b->r, w->at,
                       "`%s`: limits [%g, %g] reach beyond what is valid when read, [%g, %g]",
                       p->name, w->low, w->high, p->valid_low, p->valid_high);
}

/* What is only known when all tags are: never `never`, and no scale that another tag decides. */
bool check_writes(const struct map_builder *b)
{
    const struct limits *l = &b->map->limits;
    struct place told = {0};
    bool good = true;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct point *p = &b->points[i];
        const struct write_rule *w = p->write;
        if (w == NULL || place_is(told, w->at)) { /* of a repeated tag, once */
            continue;
        }
        size_t before = diags_errors(b->r.ds);
        good = check_valid(b, p) && good;
        if (p->from >= 0 || p->exp_from >= 0 || p->mul_from >= 0 || p->valid_if.point >= 0) {
            good = complain_at(&b->r, w->at, "`%s` can't be written: %s", p->name,
                               p->from >= 0 ? "it is computed, and stands in no register"
                               : p->valid_if.point >= 0
                                   ? "another tag decides whether it means anything"
                                   : "another tag decides its scale, and may change meanwhile");
        }
        unsigned table = is_bits(p) ? TABLE_COIL : TABLE_HOLDING;
        if (limits_never(l, table, w->address, w->address + p->words - 1U) != NULL)
            good = complain_at(&b->r, w->at,
                               "`%s` would be written where `limits: {never: [...]}` forbids "
                               "to touch anything: leave `write` out, or make that range end "
                               "beside address %u",
                               p->name, (unsigned)w->address);
        told = diags_errors(b->r.ds) > before ? w->at : told;
    }
    return good;
}
