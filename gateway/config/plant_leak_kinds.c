/* SPDX-License-Identifier: Apache-2.0 */
/* Leaks that one instrument, or a few switches, tell. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/plant_leak.h"

static bool missing(struct leak_builder *b, const char *what)
{
    return complain(&b->w->b->r, b->key, "%s `%s` has no %s", leak_kind_words[b->l->kind],
                    b->l->name, what);
}

bool read_direction(struct leak_builder *b)
{
    static const char *const words[] = {"rising", "falling", "both"};
    unsigned which = 2;
    bool good = read_word(&b->w->b->r, b->n.direction, "direction", words, 3, &which);
    b->l->rising = which != 1;
    b->l->falling = which != 0;
    return good;
}

static bool read_idle(struct leak_builder *b)
{
    bool good = true;
    if (b->n.level == NULL) {
        good = missing(b, "level; it watches one while nothing flows: `level:` and `surface:`");
    }
    good = add_level(b, true) && good;
    if (b->n.inlet == NULL && b->n.outlet == NULL) {
        good = missing(b, "inlet and no outlet; say which tags are true while water may flow: "
                          "`inlet:`, `outlet:`");
    }
    good = add_booleans(b, b->n.inlet, ROLE_INLET, "inlet") && good;
    good = add_booleans(b, b->n.outlet, ROLE_OUTLET, "outlet") && good;
    return read_quantity(&b->w->b->r, b->n.min, "min", QUANTITY_FLOW, 0, 1e6, &b->l->k) && good;
}

static bool read_sump(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    bool good = true;
    if (b->n.level == NULL) {
        good = missing(b, "level; say `level:` and `surface:`");
    }
    good = add_level(b, true) && good;
    good = add_pumps(b, b->n.pumps) && good;
    good = add_boolean(b, b->n.float_, ROLE_FLOAT, "float", NULL) && good;
    good = read_quantity(r, b->n.k, "k", QUANTITY_FLOW, 0, 1e6, &b->l->k) && good;
    return read_quantity(r, b->n.h, "h", QUANTITY_VOLUME, 0, 1e6, &b->l->h) && good;
}

/* A limit that could not be read is above or below none. known: so is the unit of them all. */
static bool in_order(struct leak_builder *b, bool known)
{
    const struct {
        const char *word;
        const struct node *n;
        double x;
    } limits[] = {{"hh", b->n.hh, b->l->high_high},
                  {"h", b->n.high_, b->l->high},
                  {"l", b->n.l, b->l->low},
                  {"ll", b->n.ll, b->l->low_low}};
    int above = -1, given = 0;
    bool good = true;
    for (int i = 0; i < 4; i++) {
        given += limits[i].n != NULL;
        if (limits[i].n == NULL || isnan(limits[i].x)) {
            continue;
        }
        if (known && above >= 0 && !(limits[above].x > limits[i].x)) {
            good = complain(&b->w->b->r, limits[i].n,
                            "%s is %g and %s is %g; the order is hh > h > l > ll",
                            limits[above].word, limits[above].x, limits[i].word, limits[i].x);
        }
        above = i;
    }
    return (given > 0 || missing(b, "limit; say `hh:`, `h:`, `l:` or `ll:`")) && good;
}

/* Delays and a deadband as they suit the signal, where nothing else was said. */
static void suit(struct leak_builder *b, const struct tag_facts *f, double limit)
{
    struct alarm_looks usual = *b->looks;
    delays_by_signal(f, &usual);
    if (b->n.looks.delay == NULL) {
        b->looks->on_delay_ms = usual.on_delay_ms;
    }
    if (says_no_end(&b->n.looks)) {
        b->looks->off_delay_ms = usual.off_delay_ms;
    }
    if (isnan(b->l->deadband)) {
        b->l->deadband = deadband_by_signal(f, limit);
    }
}

/* The tag that the kind looks at. false after a complaint: nothing is known of it. */
static bool watch_tag(struct leak_builder *b, struct tag_facts *f)
{
    return b->n.tag == NULL ? missing(b, "tag; say `tag: area/device/tag`")
                            : add_value(b, b->n.tag, "tag", f);
}

static bool read_limit(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    struct leak_rule *l = b->l;
    struct tag_facts f;
    const struct {
        const struct node *n;
        const char *word;
        double *out;
    } limits[] = {{b->n.hh, "hh", &l->high_high},
                  {b->n.high_, "h", &l->high},
                  {b->n.l, "l", &l->low},
                  {b->n.ll, "ll", &l->low_low},
                  {b->n.deadband, "deadband", &l->deadband},
                  {b->n.max_jump, "max_jump", &l->max_jump}};
    double first = UNSAID;
    bool known = watch_tag(b, &f), good = known;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        good = read_in_unit(r, limits[i].n, limits[i].word, known ? f.unit : NULL, limits[i].out) &&
               good;
        first = isnan(first) ? *limits[i].out : first;
    }
    if (l->deadband < 0) {
        good = complain(r, b->n.deadband, "a deadband is 0 or more");
    }
    good = in_order(b, known) && good;
    if (good) {
        suit(b, &f, first);
    }
    return good;
}

static bool read_roc(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    struct leak_rule *l = b->l;
    struct tag_facts f;
    bool whole = b->n.tag != NULL && b->n.by != NULL && b->n.within != NULL;
    bool known = b->n.tag != NULL && add_value(b, b->n.tag, "tag", &f);
    const char *unit = known ? f.unit : NULL;
    bool good = whole || missing(b, "tag, amount or time; say `tag:`, `by: 0.5` and `within: 10m`");
    if (!read_in_unit(r, b->n.by, "by", unit, &l->by)) {
        good = false;
    } else if (b->n.by != NULL && !(l->by > 0)) {
        good = complain(r, b->n.by,
                        "by is %s; it says how much, above zero; which way says "
                        "`direction:`",
                        b->n.by->text);
    }
    bool timed = read_ms(r, b->n.within, "within", 1000, 7 * 24 * MS_PER_HOUR, &l->within_ms);
    good = read_direction(b) && timed && good;
    good = read_in_unit(r, b->n.max_jump, "max_jump", unit, &l->max_jump) && good;
    if (!known || !timed || b->n.within == NULL) {
        return false;
    }
    suit(b, &f, l->by);
    l->deadband = UNSAID;
    if (b->n.looks.delay == NULL) {
        b->looks->on_delay_ms = 0; /* the window has waited already */
    }
    if (f.every_ms < l->within_ms) {
        return good;
    }
    char period[32];
    return complain(r, b->n.within,
                    "within is %s, but `%s` is read every %s only; make it longer, or read the tag "
                    "more often",
                    b->n.within->text, f.slowest,
                    text_from_duration(period, f.every_ms * NS_PER_MS));
}

static bool read_shift(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    struct tag_facts f;
    const struct node *plain[] = {b->n.k, b->n.h};
    double *out[] = {&b->l->k, &b->l->h};
    bool good = watch_tag(b, &f);
    good =
        read_in_unit(r, b->n.max_jump, "max_jump", good ? f.unit : NULL, &b->l->max_jump) && good;
    for (size_t i = 0; i < 2; i++) {
        const char *word = i == 0 ? "k" : "h";
        if (!read_real(r, plain[i], word, out[i])) {
            good = false;
        } else if (plain[i] != NULL && !(*out[i] > 0)) {
            good = complain(r, plain[i], "%s is in standard deviations, above zero", word);
        }
    }
    return read_direction(b) && good;
}

/* "2", or "2oo3": two out of three. */
/* known: so is the number of inputs. */
static bool read_vote(struct leak_builder *b, bool known)
{
    const struct reader *r = &b->w->b->r;
    const struct node *n = b->n.vote;
    uint64_t vote = 1, of = b->count;
    char text[16];
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, "vote")) {
        return false;
    }
    const char *out_of = strstr(n->text, "oo");
    size_t length = out_of == NULL ? n->length : (size_t)(out_of - n->text);
    bool good = length > 0 && length < sizeof text;
    if (good) {
        memcpy(text, n->text, length);
        text[length] = '\0';
        good = whole_u64(text, &vote) && vote > 0 && (out_of == NULL || whole_u64(out_of + 2, &of));
    }
    if (!good) {
        return complain(r, n, "vote `%.24s`: write 2, or 2oo3 for two out of three", n->text);
    }
    if (known && of != b->count) {
        return complain(r, n, "vote is %s, but there are %u inputs", n->text, b->count);
    }
    if (known && vote > b->count) {
        return complain(r, n, "vote is %s, but there are only %u inputs; it would never be true",
                        n->text, b->count);
    }
    b->l->vote = (uint32_t)vote;
    return true;
}

static bool read_switch(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    bool any = b->n.inputs != NULL && (b->n.inputs->kind != NODE_LIST || b->n.inputs->length > 0);
    bool good = any ? add_booleans(b, b->n.inputs, ROLE_SWITCH, "inputs")
                    : missing(b, "inputs; say `inputs: [area/device/tag]`");
    good = read_vote(b, good) && good;
    good = add_boolean(b, b->n.test, ROLE_TEST, "test", NULL) && good;
    good = read_ms(r, b->n.debounce, "debounce", 0, MS_PER_HOUR, &b->l->debounce_ms) && good;
    good = read_bool(r, b->n.normally_closed, "normally_closed", &b->l->normally_closed) && good;
    if (says_no_end(&b->n.looks)) {
        b->looks->off_delay_ms = 10000;
    }
    return good;
}

static bool read_weir(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    struct leak_rule *l = b->l;
    bool good = true;
    if (b->n.head == NULL) {
        good = missing(b, "head; say `head: area/device/tag`, the height of water above the notch");
    }
    good = add_measured(b, b->n.head, ROLE_HEAD, "head", QUANTITY_LENGTH, NULL) && good;
    if ((b->n.angle == NULL) == (b->n.width == NULL)) {
        good = b->n.angle == NULL
                   ? missing(b, "shape; say `angle: 90` of a V-notch, or `width: 2 m` of a sharp "
                                "crest")
                   : complain(r, b->n.width,
                              "a weir has an `angle` (V-notch) or a `width` (sharp crest), not "
                              "both");
    }
    good = read_in_unit(r, b->n.angle, "angle", "deg", &l->angle) && good;
    if (!isnan(l->angle) && !(l->angle >= 25 && l->angle <= 100)) {
        good = complain(r, b->n.angle,
                        "angle is %s; the formula of V-notches holds from 25 to 100 degrees",
                        b->n.angle->text);
    }
    good =
        read_quantity(r, b->n.width, "width", QUANTITY_LENGTH, 0.01, 1000, &l->crest_width) && good;
    good = read_quantity(r, b->n.zero, "zero", QUANTITY_LENGTH, -10, 10, &l->zero) && good;
    good = read_quantity(r, b->n.high, "high", QUANTITY_FLOW, 0, 1e6, &l->high) && good;
    good = read_quantity(r, b->n.deadband, "deadband", QUANTITY_FLOW, 0, 1e6, &l->deadband) && good;
    good =
        read_quantity(r, b->n.max_jump, "max_jump", QUANTITY_LENGTH, 0, 1e3, &l->max_jump) && good;
    suit(b, &(struct tag_facts){.numeric = true, .unit = "m3/h"}, isnan(l->high) ? 0 : l->high);
    return good;
}

static bool read_freeboard(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    struct leak_rule *l = b->l;
    bool good = true;
    if (b->n.level == NULL) {
        good = missing(b, "level; say `level: area/device/tag`");
    }
    good = add_level(b, false) && good;
    if (b->n.crest == NULL || b->n.min == NULL) {
        good = missing(b, "crest or no limit; say `crest: 6.0 m` and `min: 1.0 m`");
    }
    good = read_quantity(r, b->n.crest, "crest", QUANTITY_LENGTH, -500, 10000, &l->crest) && good;
    good = read_quantity(r, b->n.min, "min", QUANTITY_LENGTH, 0, 100, &l->freeboard_min) && good;
    good =
        read_quantity(r, b->n.deadband, "deadband", QUANTITY_LENGTH, 0, 100, &l->deadband) && good;
    good =
        read_quantity(r, b->n.max_jump, "max_jump", QUANTITY_LENGTH, 0, 1e3, &l->max_jump) && good;
    suit(b, &(struct tag_facts){.numeric = true, .unit = "m"},
         isnan(l->freeboard_min) ? 0 : l->freeboard_min);
    return good;
}

bool read_loose(struct leak_builder *b)
{
    const struct reader *r = &b->w->b->r;
    struct leak_rule *l = b->l;
    struct tag_facts f;
    const struct {
        const struct node *n;
        const char *word;
        enum quantity q;
    } quantities[] = {{b->n.nominal, "nominal", QUANTITY_FLOW},
                      {b->n.bias_max, "bias_max", QUANTITY_FLOW},
                      {b->n.width, "width", QUANTITY_LENGTH},
                      {b->n.zero, "zero", QUANTITY_LENGTH},
                      {b->n.high, "high", QUANTITY_FLOW},
                      {b->n.crest, "crest", QUANTITY_LENGTH}},
      tags[] = {{b->n.flow, "flow", QUANTITY_FLOW},
                {b->n.head, "head", QUANTITY_LENGTH},
                {b->n.level, "level", QUANTITY_LENGTH}};
    const struct {
        const struct node *n;
        const char *word;
    } truths[] = {{b->n.inlet, "inlet"},  {b->n.outlet, "outlet"}, {b->n.mask, "mask"},
                  {b->n.float_, "float"}, {b->n.inputs, "inputs"}, {b->n.test, "test"}},
      times[] = {
          {b->n.step, "step"}, {b->n.tau, "tau"}, {b->n.hold, "hold"}, {b->n.within, "within"}};
    const struct {
        const struct node *n;
        const char *word, *unit;
    } numbers[] = {{b->n.hh, "hh", NULL},       {b->n.l, "l", NULL}, {b->n.ll, "ll", NULL},
                   {b->n.by, "by", NULL},       {b->n.c, "c", ""},   {b->n.c_h, "c_h", ""},
                   {b->n.angle, "angle", "deg"}};
    double number;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        read_in_unit(r, numbers[i].n, numbers[i].word, numbers[i].unit, &number);
    }
    for (size_t i = 0; i < sizeof quantities / sizeof *quantities; i++) {
        read_quantity(r, quantities[i].n, quantities[i].word, quantities[i].q, -HUGE_VAL, HUGE_VAL,
                      &number);
    }
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        add_measured(b, tags[i].n, ROLE_VALUE, tags[i].word, tags[i].q, NULL);
    }
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) {
        add_booleans(b, truths[i].n, ROLE_RUN, truths[i].word);
    }
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        read_ms(r, times[i].n, times[i].word, 1000, 7 * 24 * MS_PER_HOUR, &l->within_ms);
    }
    if (b->n.tag != NULL) {
        add_value(b, b->n.tag, "tag", &f);
    }
    if (b->n.pumps != NULL) {
        add_pumps(b, b->n.pumps);
    }
    read_walls(b);
    add_meters(b, b->n.in, ROLE_IN, "in");
    add_meters(b, b->n.out, ROLE_OUT, "out");
    add_rain(b, b->n.rain);
    add_evaporation(b, b->n.evaporation);
    read_direction(b);
    read_vote(b, false);
    read_ms(r, b->n.debounce, "debounce", 0, MS_PER_HOUR, &l->debounce_ms);
    read_bool(r, b->n.normally_closed, "normally_closed", &l->normally_closed);
    return false;
}

bool read_kind(struct leak_builder *b)
{
    switch ((enum leak_kind)b->l->kind) {
    case LEAK_IDLE:
        return read_idle(b);
    case LEAK_SUMP:
        return read_sump(b);
    case LEAK_LIMIT:
        return read_limit(b);
    case LEAK_ROC:
        return read_roc(b);
    case LEAK_SHIFT:
        return read_shift(b);
    case LEAK_SWITCH:
        return read_switch(b);
    case LEAK_WEIR:
        return read_weir(b);
    case LEAK_FREEBOARD:
        return read_freeboard(b);
    case LEAK_BALANCE:
    case LEAK_DEMAND:
    case LEAK_KIND_COUNT:
        break;
    }
    return false;
}
