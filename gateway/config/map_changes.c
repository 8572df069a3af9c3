/* SPDX-License-Identifier: Apache-2.0 */
/* A map that lies over another one may say something of `rtd_7`, where below stands `rtd_{n}`; or
 * turn off `status.ready`, where below stand `bits`. */
#include <stdio.h>
#include <string.h>

#include "config/map_merge.h"
#include "config/map_parts.h"

static struct plain_tag *plain_of(const struct map_builder *b, const char *name)
{
    uint32_t i = name == NULL ? NAMES_NONE : names_find(&b->plain, name, strlen(name));
    return i == NAMES_NONE ? NULL : &b->plain_tags[i];
}

const struct node *change_of(const struct map_builder *b, const char *name)
{
    const struct plain_tag *t = b->merged ? plain_of(b, name) : NULL;
    return t != NULL && t->change ? t->key->next : NULL;
}

bool is_change(const struct map_builder *b, const struct node *key)
{
    const struct plain_tag *t = b->merged ? plain_of(b, key->text) : NULL;
    return t != NULL && t->change;
}

const char *repeat_label(const struct node *label, uint64_t i, char number[24])
{
    snprintf(number, 24, "%ju", (uintmax_t)i + 1);
    return label == NULL ? number : label->kind == NODE_SCALAR ? label->text : NULL;
}

static void mark(const struct map_builder *b, const struct node *key, const char *name)
{
    struct plain_tag *t = plain_of(b, name);
    if (t != NULL && t->key != key) {
        t->change = true;
    }
}

static bool mark_bits(const struct map_builder *b, const struct node *bits, const struct node *key,
                      const char *name, const char *label)
{
    bool good = true;
    for (const struct node *k = bits->first; k != NULL; k = k->next->next) {
        const char *word = k->next->kind == NODE_SCALAR ? k->next->text : "";
        word += strncmp(word, "not ", 4) == 0 ? 4 : 0;
        const char *whole =
            put_label(b->scratch, arena_printf(b->scratch, "%s.%s", name, word), label);
        struct plain_tag *t = plain_of(b, whole);
        if (t == NULL) {
            continue;
        }
        mark(b, key, whole);
        if (!node_is_off(t->key->next)) {
            good =
                complain(&b->r, t->key,
                         "`%s` is a bit of `%s`: it can be turned `off`, or `bits` of `%s` written "
                         "anew",
                         whole, name, key->text);
        }
    }
    return good;
}

static bool mark_one(const struct map_builder *b, const struct node *key)
{
    const struct node *repeat = node_get(key->next, "repeat"), *bits = node_get(key->next, "bits");
    const struct node *n =
        repeat == NULL || repeat->kind != NODE_MAPPING ? NULL : node_get(repeat, "n");
    const struct node *label = n != NULL && n->kind == NODE_LIST ? n->first : NULL;
    bool many = repeat != NULL && strstr(key->text, "{n}") != NULL, good = true;
    uint64_t count = many ? repeat_count(repeat) : 1;
    if (!many && (bits == NULL || bits->kind != NODE_MAPPING)) {
        return true;
    }
    for (uint64_t i = 0; i < count; i++) {
        char number[24];
        const char *text = many ? repeat_label(label, i, number) : NULL;
        const char *name = put_label(b->scratch, key->text, text);
        mark(b, key, many ? name : NULL);
        if (name != NULL && bits != NULL && bits->kind == NODE_MAPPING) {
            good = mark_bits(b, bits, key, name, text) && good;
        }
        label = label == NULL ? NULL : label->next;
    }
    return good;
}

static const char *suggest_plain(const struct map_builder *b, const struct node *tags,
                                 const struct node *key)
{
    enum { MOST = 1000 };
    const char *candidates[MOST];
    size_t count = 0;
    for (const struct node *k = tags->first; k != NULL && count < MOST; k = k->next->next) {
        if (k != key) {
            candidates[count++] = k->text;
        }
    }
    return did_you_mean(&b->r, key->text, candidates, count);
}

/* What was turned off was there: what is left of `off` found nothing to turn off. */
static bool refuse_idle(const struct map_builder *b, const struct node *tags)
{
    bool good = true;
    for (const struct node *k = tags->first; k != NULL; k = k->next->next) {
        if (node_is_off(k->next) && !is_change(b, k) && b->loose) {
            mark(b, tags, k->text);
        } else if (node_is_off(k->next) && !is_change(b, k)) {
            good = complain(&b->r, k, "`%.64s: off`, but there is no such tag below%s", k->text,
                            suggest_plain(b, tags, k));
            mark(b, tags, k->text);
        }
    }
    return good;
}

bool find_changes(struct map_builder *b, const struct node *tags)
{
    if (!b->merged) {
        return true;
    }
    b->plain_tags = arena_get_array(b->scratch, tags->length + 1U, sizeof *b->plain_tags);
    if (b->plain_tags == NULL) {
        return false;
    }
    uint32_t count = 0;
    for (const struct node *k = tags->first; k != NULL; k = k->next->next) {
        if (strstr(k->text, "{n}") == NULL) {
            b->plain_tags[count].key = k;
            names_put(&b->plain, k->text, k->length, count++);
        }
    }
    bool good = true;
    for (const struct node *k = tags->first; k != NULL; k = k->next->next) {
        good = (k->next->kind != NODE_MAPPING || mark_one(b, k)) && good;
    }
    return refuse_idle(b, tags) && good;
}
