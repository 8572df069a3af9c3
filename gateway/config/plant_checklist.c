/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be seen before flooded equipment runs again: by class, and as the plant adds. */
#include <string.h>

#include "config/plant_rules.h"

static const int64_t day_ms = 24 * MS_PER_HOUR, half_hour_ms = MS_PER_HOUR / 2;

enum needs { NEEDS_NOTHING, NEEDS_WATER, NEEDS_WET, NEEDS_DEVICE };

static const struct standard {
    unsigned classes;
    enum needs needs;
    struct check_item item;
} standards[] = {
#define ANY (~0U)
#define POWER (1U << CLASS_SUBSTATION | 1U << CLASS_SWITCHGEAR | 1U << CLASS_TRANSFORMER)
#define GEAR (1U << CLASS_SUBSTATION | 1U << CLASS_SWITCHGEAR)
#define CRUSHER (1U << CLASS_CRUSHER)
#define DRIVEN                                                                                     \
    (1U << CLASS_PUMP | 1U << CLASS_MOTOR | 1U << CLASS_MILL | 1U << CLASS_CONVEYOR |              \
     1U << CLASS_CRUSHER)
#define SIGNED(word, words)                                                                        \
    {                                                                                              \
        .name = word, .text = words, .kind = CHECK_MANUAL, .tag = TAG_NONE, .low = UNSAID,         \
        .high = UNSAID, .unit = ""                                                                 \
    }
#define SEEN(word, words, rule)                                                                    \
    {                                                                                              \
        .name = word, .text = words, .kind = CHECK_AUTO, .tag = TAG_NONE, .low = UNSAID,           \
        .high = UNSAID, .builtin = rule, .unit = ""                                                \
    }
#define VALUE(word, words, least, in)                                                              \
    {                                                                                              \
        .name = word, .text = words, .kind = CHECK_MANUAL, .tag = TAG_NONE, .low = least,          \
        .high = UNSAID, .wants_value = true, .unit = in                                            \
    }
    {ANY, NEEDS_WATER, SEEN("below-floor", "Water below the floor for 24 h", BUILTIN_BELOW_FLOOR)},
    {ANY, NEEDS_WET, SEEN("dry", "Wet switch clear for 24 h", BUILTIN_DRY)},
    {ANY, NEEDS_WET, SIGNED("wet-switch-tested", "Wet switch tested")},
    {ANY, NEEDS_DEVICE, SEEN("comm-good", "Communication good for 30 min", BUILTIN_COMM_GOOD)},
    {ANY, NEEDS_NOTHING, SIGNED("clean-dry", "Inspected: clean and dry")},
    {ANY, NEEDS_NOTHING, SIGNED("control-power", "Control power restored")},
    {POWER | DRIVEN, NEEDS_NOTHING, VALUE("insulation", "Insulation resistance", 1, "MOhm")},
    {GEAR, NEEDS_NOTHING, SIGNED("mechanism", "Contacts and mechanism")},
    {POWER, NEEDS_NOTHING, SIGNED("protection", "Protection relays tested")},
    {GEAR, NEEDS_NOTHING, SIGNED("secondary-injection", "Low voltage secondary injection")},
    {POWER, NEEDS_NOTHING, SIGNED("energised", "Energised unloaded")},
    {DRIVEN, NEEDS_NOTHING, SIGNED("rotated", "Rotated by hand")},
    {DRIVEN, NEEDS_NOTHING, SIGNED("bump", "Bump test: direction")},
    {DRIVEN & ~CRUSHER, NEEDS_NOTHING,
     SIGNED("run-30", "Run for 30 min within limits of vibration, temperature and current")},
    {CRUSHER, NEEDS_NOTHING, SIGNED("lubrication", "Lubrication free of water")},
    {CRUSHER, NEEDS_NOTHING, SIGNED("empty-run", "Run empty")},
    {CRUSHER, NEEDS_NOTHING, SIGNED("load-run", "Run at 25, 50 and 100 % of load")},
#undef SIGNED
#undef SEEN
#undef VALUE
};

struct check_nodes {
    const struct node *text, *tag, *low, *high, *for_, *sign, *unit;
};

static bool has(const struct equipment *e, enum needs needs)
{
    return needs == NEEDS_NOTHING || (needs == NEEDS_WATER && e->water != TAG_NONE) ||
           (needs == NEEDS_WET && e->wet != TAG_NONE) ||
           (needs == NEEDS_DEVICE && e->device != RULE_NONE);
}

static uint32_t put_standards(const struct equipment *e, struct check_item *items)
{
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof standards / sizeof *standards; i++) {
        const struct standard *s = &standards[i];
        if ((s->classes >> e->class_ & 1) == 0 || !has(e, s->needs)) {
            continue;
        }
        items[count] = s->item;
        if (s->item.kind == CHECK_AUTO) {
            items[count].for_ms = s->needs == NEEDS_DEVICE ? half_hour_ms : day_ms;
        }
        count++;
    }
    return count;
}

static bool check_ends(const struct reader *r, const struct node *key, const struct check_nodes *n,
                       const struct check_item *c)
{
    return isnan(c->low) || isnan(c->high) || c->low <= c->high ||
           complain(r, n->low == NULL ? key : n->low, "low is above high; nothing lies between");
}

/* By itself: a tag stands where it should, for so long. */
static bool read_auto(struct rule_builder *w, const struct node *key, const struct check_nodes *n,
                      struct check_item *c)
{
    const struct reader *r = &w->b->r;
    struct tag_facts f = {.unit = NULL};
    const struct node *wrong[] = {n->sign, n->unit};
    bool good = true;
    for (size_t i = 0; i < 2; i++) {
        if (wrong[i] != NULL) {
            good = complain(r, wrong[i],
                            "a check looks at a `tag:`, or somebody signs it (`sign:`), not "
                            "both; the unit is the tag's");
        }
    }
    c->kind = CHECK_AUTO;
    c->tag = is_scalar(r, n->tag, "tag") ? find_tag(w->b, n->tag, "tag") : TAG_NONE;
    if (c->tag != TAG_NONE) {
        tag_facts(w, c->tag, &f);
        c->unit = f.unit;
    }
    if (n->low == NULL && n->high == NULL) {
        good = complain(r, key,
                        "check `%s` has no range; say `low:` or `high:` (of a tag that is "
                        "true or false: 1 or 0)",
                        key->text);
    }
    bool low = read_in_unit(r, n->low, "low", f.unit, &c->low);
    bool high = read_in_unit(r, n->high, "high", f.unit, &c->high);
    good = low && high && check_ends(r, key, n, c) && good;
    good = read_ms(r, n->for_, "for", 0, 30 * 24 * MS_PER_HOUR, &c->for_ms) && good;
    return c->tag != TAG_NONE && good;
}

static bool read_signed(struct rule_builder *w, const struct node *key, const struct check_nodes *n,
                        struct check_item *c)
{
    static const char *const words[] = {"name", "value"};
    const struct reader *r = &w->b->r;
    unsigned sign = c->wants_value ? 1 : 0;
    bool good = true;
    if (n->for_ != NULL) {
        good = complain(r, n->for_,
                        "`for` is of checks that look at a `tag:`; somebody signs this "
                        "one");
    }
    c->kind = CHECK_MANUAL;
    c->tag = TAG_NONE;
    c->builtin = BUILTIN_NONE;
    c->for_ms = 0;
    bool known = read_word(r, n->sign, "sign", words, 2, &sign);
    c->wants_value = sign == 1;
    good = known && good;
    const struct node *idle = n->low != NULL ? n->low : n->high != NULL ? n->high : n->unit;
    if (known && sign == 0 && idle != NULL) {
        good = complain(r, idle, "this is of a value; say also `sign: value`");
    }
    good = read_text(r, n->unit, "unit", &c->unit) && good;
    bool low = read_real(r, n->low, "low", &c->low);
    bool high = read_real(r, n->high, "high", &c->high);
    return low && high && check_ends(r, key, n, c) && good;
}

static bool read_check(struct rule_builder *w, const struct node *key, const struct node *value,
                       struct check_item *c)
{
    static const struct field fields[] = {
        {"text", offsetof(struct check_nodes, text)}, {"tag", offsetof(struct check_nodes, tag)},
        {"low", offsetof(struct check_nodes, low)},   {"high", offsetof(struct check_nodes, high)},
        {"for", offsetof(struct check_nodes, for_)},  {"sign", offsetof(struct check_nodes, sign)},
        {"unit", offsetof(struct check_nodes, unit)}};
    const struct reader *r = &w->b->r;
    struct check_nodes n = {0};
    bool good = take_fields(r, value, fields, sizeof fields / sizeof *fields, &n, "a check");
    if (value->kind != NODE_MAPPING) {
        return false;
    }
    good = read_text(r, n.text, "text", &c->text) && good;
    if (*c->text == '\0') {
        c->text = c->name;
    }
    return (n.tag != NULL ? read_auto(w, key, &n, c) : read_signed(w, key, &n, c)) && good;
}

bool read_checklist(struct rule_builder *w, const struct node *n, struct equipment *e)
{
    const struct reader *r = &w->b->r;
    uint32_t most = (uint32_t)(sizeof standards / sizeof *standards);
    if (n != NULL && !is_mapping(r, n, "checks")) {
        return false;
    }
    struct check_item *items =
        arena_get_array(r->arena, most + (n == NULL ? 0 : n->length), sizeof *items);
    if (items == NULL) {
        return false;
    }
    uint32_t count = put_standards(e, items);
    bool good = true;
    for (const struct node *k = n == NULL ? NULL : n->first; k != NULL; k = k->next->next) {
        uint32_t i = 0;
        while (i < count && strcmp(items[i].name, k->text) != 0) {
            i++;
        }
        if (i == count) {
            items[i] = (struct check_item){
                .name = "", .text = "", .unit = "", .tag = TAG_NONE, .low = UNSAID, .high = UNSAID};
            count++;
        }
        good = read_name(r, k, "check", &items[i].name) && good;
        good = read_check(w, k, k->next, &items[i]) && good;
    }
    if (count > RULE_CHECKS_MAX) {
        good = complain(r, n, "`%s` has %u checks, built in and added; at most %d are kept",
                        e->name, count, RULE_CHECKS_MAX);
    }
    e->checks = items;
    e->check_count = count;
    return good;
}
