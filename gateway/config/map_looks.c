/* SPDX-License-Identifier: Apache-2.0 */
/* What reads alike whether a tag comes from registers or from another tag. */
#include "config/map_parts.h"

const char *const kind_names[5] = {"gauge", "counter", "state", "event", "text"};

static bool read_valid(const struct map_builder *b, const struct node *n, struct point *p)
{
    double ends[2];
    if (n == NULL) {
        return true;
    }
    if (p->from < 0 && (!type_facts[p->type].number || p->bit >= 0 || p->choice_count > 0)) {
        return complain(&b->r, n, "`valid` is for numbers");
    }
    if (!read_reals(&b->r, n, "valid", ends, 2)) {
        return false;
    }
    if (ends[0] > ends[1]) {
        return complain(&b->r, n, "valid: the lower end stands first");
    }
    p->has_valid = true;
    p->valid_low = ends[0];
    p->valid_high = ends[1];
    return true;
}

static unsigned usual_kind(const struct point *p)
{
    if (p->from >= 0) {
        return KIND_GAUGE;
    }
    if (p->type == RAW_STRING || p->type == RAW_TIME) {
        return KIND_TEXT;
    }
    return p->type == RAW_BOOL || p->bit >= 0 || p->choice_count > 0 ? KIND_STATE : KIND_GAUGE;
}

static bool read_counter(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    unsigned kind = usual_kind(p);
    bool known = read_word(&b->r, n->kind, "kind", kind_names, 5, &kind), good = known;
    p->kind = (uint8_t)kind;
    bool number = p->from >= 0 || (type_facts[p->type].number && p->bit < 0);
    if (kind == KIND_COUNTER && (!number || p->choice_count > 0)) {
        good = complain(&b->r, n->kind, "only numbers count; this is none");
    }
    if (known && kind != KIND_COUNTER && (n->wrap != NULL || n->reset != NULL)) {
        const struct node *wrong = n->wrap != NULL ? n->wrap : n->reset;
        return complain(&b->r, wrong, "`wrap` and `reset` are for counters; add `kind: counter`");
    }
    p->has_wrap = n->wrap != NULL;
    if (!read_real(&b->r, n->wrap, "wrap", &p->wrap)) {
        good = false;
    } else if (n->wrap != NULL && !(p->wrap > 0)) {
        good = complain(&b->r, n->wrap, "wrap is the last value before zero: above 0");
    }
    return read_bool(&b->r, n->reset, "reset", &p->reset) && good;
}

bool read_meaning(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    bool number =
        p->from >= 0 || (type_facts[p->type].number && p->bit < 0 && p->choice_count == 0);
    p->unit = p->about = "";
    p->deadband = number ? b->deadband : 0;
    p->max_silence_ns = b->max_silence_ns;
    bool good = read_valid(b, n->valid, p);
    good = read_counter(b, n, p) && good;
    good = read_text(&b->r, n->unit, "unit", &p->unit) && good;
    good = read_text(&b->r, n->about, "about", &p->about) && good;
    if (n->verified != NULL) {
        unsigned word = 0;
        good = read_word(&b->r, n->verified, "verified", verified_words, VERIFIED_WORDS, &word) &&
               good;
        p->verified = verified_words[word];
    }
    good =
        read_duration(&b->r, n->every, "every", EVERY_MIN_NS, EVERY_MAX_NS, &p->every_ns) && good;
    good = read_duration(&b->r, n->max_silence, "max_silence", NS_PER_MS, EVERY_MAX_NS,
                         &p->max_silence_ns) &&
           good;
    if (n->deadband != NULL && !number) {
        return complain(&b->r, n->deadband, "`deadband` is for numbers");
    }
    return read_deadband(&b->r, n->deadband, &p->deadband) && good;
}
