/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities with their units, tags that must measure something, curves of storage. */
#include <string.h>

#include "base/text.h"
#include "config/plant_rules.h"

enum { LEVEL_LOWEST = -100, LEVEL_HIGHEST = 10000 }; /* m: straight walls for any datum */

/* "420 m3/h": the number, and where the unit begins. */
static bool split(const char *text, double *number, const char **unit)
{
    char digits[64];
    size_t length = strspn(text, "+-0123456789.eE");
    /* An `e` that begins a unit is none of the number. */
    while (length > 0 && (text[length - 1] == 'e' || text[length - 1] == 'E')) {
        length--;
    }
    if (length == 0 || length >= sizeof digits) {
        return false;
    }
    memcpy(digits, text, length);
    digits[length] = '\0';
    *unit = text + length + strspn(text + length, " ");
    return text_to_real(digits, number);
}

static bool in_range(const struct reader *r, const struct node *n, const char *what,
                     const char *unit, double low, double high, double x)
{
    if (x >= low && x <= high) {
        return true;
    }
    if (low == 0 && x < 0) {
        return complain(r, n, "%s is %s; it can't be below zero", what, n->text);
    }
    return complain(r, n, "%s is %s; it can be %g to %g %s", what, n->text, low, high, unit);
}

bool read_quantity(const struct reader *r, const struct node *n, const char *what, enum quantity q,
                   double low, double high, double *out)
{
    double number, factor;
    const char *unit;
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, what)) {
        return false;
    }
    if (!split(n->text, &number, &unit)) {
        return complain(r, n, "%s `%.40s` is no quantity; write it with its unit, like 12.5 %s",
                        what, n->text, quantity_unit(q));
    }
    if (*unit == '\0') {
        return complain(r, n, "%s `%.40s` says no unit; write %.40s %s; known are %s", what,
                        n->text, n->text, quantity_unit(q), quantity_examples(q));
    }
    if (!unit_factor(unit, q, &factor)) {
        return complain(r, n, "%s: `%.24s` is no unit of %s; write it in %s", what, unit,
                        quantity_words(q), quantity_examples(q));
    }
    double x = number * factor;
    if (!in_range(r, n, what, quantity_unit(q), low, high, x)) {
        return false;
    }
    *out = x;
    return true;
}

bool read_share_of(const struct reader *r, const struct node *n, const char *what, double high,
                   double *out)
{
    double number;
    const char *rest;
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, what)) {
        return false;
    }
    bool good = split(n->text, &number, &rest) && (*rest == '\0' || strcmp(rest, "%") == 0);
    if (!good) {
        return complain(r, n, "%s `%.40s` is a share, like 0.5%% or 0.005", what, n->text);
    }
    double x = *rest == '%' ? number / 100 : number;
    if (*rest == '\0' && x > high && x <= 100 * high) {
        return complain(r, n, "%s %s is %g%%; did you mean %s%%? It can be 0%% to %g%%", what,
                        n->text, x * 100, n->text, high * 100);
    }
    if (!(x >= 0 && x <= high)) {
        return complain(r, n, "%s is %s; it can be 0%% to %g%%", what, n->text, high * 100);
    }
    *out = x;
    return true;
}

bool read_in_unit(const struct reader *r, const struct node *n, const char *what, const char *unit,
                  double *out)
{
    double number, factor = 1;
    const char *said;
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, what)) {
        return false;
    }
    if (!split(n->text, &number, &said) || (n->quoted && *said == '\0')) {
        bool plain = unit == NULL || *unit == '\0';
        return complain(r, n, "%s `%.40s` is no number; write 1.5%s%.24s", what, n->text,
                        plain ? "" : " or 1.5 ", plain ? "" : unit);
    }
    if (*said != '\0' && unit != NULL && !unit_convert(said, unit, &factor)) {
        return complain(r, n, "%s: `%.24s` cannot be brought to the tag's unit%s%.24s%s", what,
                        said, *unit == '\0' ? ", for it has none" : " `", unit,
                        *unit == '\0' ? "" : "`");
    }
    *out = number * factor;
    return true;
}

uint32_t read_boolean_tag(struct rule_builder *w, const struct node *n, const char *what)
{
    struct tag_facts f;
    if (n == NULL || !is_scalar(&w->b->r, n, what)) {
        return TAG_NONE;
    }
    uint32_t tag = find_tag(w->b, n, what);
    if (tag == TAG_NONE) {
        return tag;
    }
    tag_facts(w, tag, &f);
    if (!f.boolean && !f.numeric) {
        complain(&w->b->r, n, "%s: `%.120s` is a text or a time, not true or false", what, n->text);
    } else if (!f.boolean) {
        complain(&w->b->r, n,
                 "%s: `%.120s` is a number, not true or false; take a bit of it, or derive one, "
                 "like {of: {x: %.120s}, is: x > 0}",
                 what, n->text, n->text);
    }
    if (!f.boolean) {
        return TAG_NONE;
    }
    return tag;
}

uint32_t read_number_tag(struct rule_builder *w, const struct node *n, const char *what)
{
    struct tag_facts f;
    if (n == NULL || !is_scalar(&w->b->r, n, what)) {
        return TAG_NONE;
    }
    uint32_t tag = find_tag(w->b, n, what);
    if (tag == TAG_NONE) {
        return tag;
    }
    tag_facts(w, tag, &f);
    if (!f.numeric) {
        complain(&w->b->r, n, "%s: `%.120s` is %s; here a number is needed", what, n->text,
                 f.boolean ? "true or false, or a state" : "a text or a time");
        return TAG_NONE;
    }
    return tag;
}

uint32_t read_measured_tag(struct rule_builder *w, const struct node *n, const char *what,
                           enum quantity q, double *factor)
{
    struct tag_facts f;
    uint32_t tag = read_number_tag(w, n, what);
    if (tag == TAG_NONE) {
        return tag;
    }
    tag_facts(w, tag, &f);
    if (*f.unit == '\0') {
        complain(&w->b->r, n,
                 "%s: `%.120s` has no unit, and %s is needed; say `unit: %s` where the tag is "
                 "written; known are %s",
                 what, n->text, quantity_words(q), quantity_unit(q), quantity_examples(q));
        return TAG_NONE;
    }
    if (!unit_factor(f.unit, q, factor)) {
        complain(&w->b->r, n,
                 "%s: `%.120s` is in %.24s, and %s is needed, in %s; if it is another tag that you "
                 "mean, name it, else derive one",
                 what, n->text, f.unit, quantity_words(q), quantity_examples(q));
        return TAG_NONE;
    }
    return tag;
}

static bool read_pairs(struct rule_builder *w, const struct node *n, const struct pair **out,
                       uint32_t *count)
{
    const struct reader *r = &w->b->r;
    if (n->kind != NODE_LIST || n->length < 2) {
        return complain(r, n,
                        "stage is a list of at least two pairs of level and volume, in m and m3: "
                        "[[0, 0], [1, 24000]]");
    }
    if (n->length > STAGE_MAX) {
        return complain(r, n, "stage has %u pairs; at most %d are taken", n->length, STAGE_MAX);
    }
    struct pair *pairs = arena_get_array(r->arena, n->length, sizeof *pairs);
    bool good = pairs != NULL;
    uint32_t i = 0;
    bool follows = false;
    for (const struct node *k = n->first; pairs != NULL && k != NULL; k = k->next, i++) {
        double xy[2] = {0, 0};
        bool read = read_reals(r, k, "a pair of stage", xy, 2);
        pairs[i] = (struct pair){xy[0], xy[1]};
        good = read && good;
        if (read && follows && !(xy[0] > pairs[i - 1].x && xy[1] > pairs[i - 1].y)) {
            good = complain(r, k,
                            "stage goes from [%g, %g] to [%g, %g]: both level and volume must rise "
                            "from pair to pair",
                            pairs[i - 1].x, pairs[i - 1].y, xy[0], xy[1]);
        }
        follows = read;
    }
    *out = pairs;
    *count = i;
    return good;
}

static bool read_surface(struct rule_builder *w, const struct node *n, const struct pair **out,
                         uint32_t *count)
{
    double area = 0;
    if (!read_quantity(&w->b->r, n, "surface", QUANTITY_AREA, 0, 1e9, &area)) {
        return false;
    }
    if (!(area > 0)) {
        return complain(&w->b->r, n, "surface is %s; a tank has more", n->text);
    }
    struct pair *pairs = arena_get_array(w->b->r.arena, 2, sizeof *pairs);
    if (pairs == NULL) {
        return false;
    }
    pairs[0] = (struct pair){LEVEL_LOWEST, LEVEL_LOWEST * area};
    pairs[1] = (struct pair){LEVEL_HIGHEST, LEVEL_HIGHEST * area};
    *out = pairs;
    *count = 2;
    return true;
}

bool read_stage(struct rule_builder *w, const struct node *stage, const struct node *surface,
                const struct pair **out, uint32_t *count)
{
    bool good = true;
    if (stage != NULL && surface != NULL) {
        good = complain(&w->b->r, surface,
                        "`surface` is for straight walls; there is a `stage` already, leave one "
                        "out");
    }
    if (surface != NULL) {
        good = read_surface(w, surface, out, count) && good;
    }
    return (stage == NULL || read_pairs(w, stage, out, count)) && good;
}

void check_stage_covers(struct rule_builder *w, const struct node *n, uint32_t level, double factor,
                        const struct pair *stage, uint32_t count)
{
    struct tag_facts f;
    if (n == NULL || stage == NULL || count < 2 || level == TAG_NONE) {
        return;
    }
    tag_facts(w, level, &f);
    double high = f.high * factor;
    if (f.has_span && high > stage[count - 1].x * 1.0000001) {
        caution(&w->b->r, n,
                "`%s` can say up to %g m, but stage ends at %g m; above that the volume is not "
                "known, and the point is blind",
                f.path, high, stage[count - 1].x);
    }
}
