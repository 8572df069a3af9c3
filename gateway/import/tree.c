/* SPDX-License-Identifier: Apache-2.0 */
#include "import/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct tree_place {
    const json_t *object;
    uint32_t line;
};

static void blank_comments(char *text, size_t length)
{
    bool quoted = false;
    for (size_t i = 0; i + 1 < length; i++) {
        if (text[i] == '\\' && quoted) {
            i++;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && text[i] == '/' && text[i + 1] == '/') {
            while (i < length && text[i] != '\n')
                text[i++] = ' ';
        } else if (!quoted && text[i] == '/' && text[i + 1] == '*') {
            while (i < length && !(text[i] == '*' && text[i + 1] == '/')) {
                if (text[i] != '\n')
                    text[i] = ' ';
                i++;
            }
            if (i + 1 < length)
                text[i] = text[i + 1] = ' ';
        }
    }
}

/* The next object that opens in the text, in the order in which jansson keeps them. */
static uint32_t next_object(const char **at, uint32_t *line)
{
    bool quoted = false;
    for (const char *c = *at; *c != '\0'; c++) {
        if (*c == '\n')
            (*line)++;
        if (*c == '\\' && quoted && c[1] != '\0') {
            c++;
        } else if (*c == '"') {
            quoted = !quoted;
        } else if (*c == '{' && !quoted) {
            *at = c + 1;
            return *line;
        }
    }
    return *line;
}

struct walk {
    struct tree *doc;
    const char *at;
    uint32_t line;
    size_t room;
};

static bool walk(struct walk *w, json_t *value, unsigned deep)
{
    size_t i;
    json_t *inner;
    if (deep > TREE_DEPTH_MAX)
        return false;
    if (json_is_object(value)) {
        uint32_t line = next_object(&w->at, &w->line);
        if (w->doc->count < w->room)
            w->doc->places[w->doc->count++] = (struct tree_place){value, line};
        void *iter = json_object_iter(value);
        for (; iter != NULL; iter = json_object_iter_next(value, iter))
            if (!walk(w, json_object_iter_value(iter), deep + 1))
                return false;
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, inner)
        {
            if (!walk(w, inner, deep + 1))
                return false;
        }
    }
    return true;
}

static int by_object(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct tree_place *)a)->object;
    uintptr_t y = (uintptr_t)((const struct tree_place *)b)->object;
    return (x > y) - (x < y);
}

/* jansson 2.14 loses a letter of a text when there is no memory to lengthen it, and goes on: HR100
 * would become HR10. So its memory is watched while it reads. */
static json_malloc_t given_malloc;
static bool starved;

static void *watched_malloc(size_t bytes)
{
    void *p = given_malloc(bytes);
    starved |= p == NULL;
    return p;
}

static json_t *load(const char *text, size_t length, json_error_t *error)
{
    json_free_t given_free;
    json_get_alloc_funcs(&given_malloc, &given_free);
    starved = false;
    json_set_alloc_funcs(watched_malloc, given_free);
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, error);
    json_set_alloc_funcs(given_malloc, given_free);
    if (!starved)
        return root;
    json_decref(root);
    return NULL;
}

bool tree_read(struct import_list *l, char *text, size_t length, bool comments, struct tree *out)
{
    json_error_t error;
    *out = (struct tree){.root = NULL};
    if (comments)
        blank_comments(text, length);
    out->root = load(text, length, &error);
    if (out->root == NULL && starved)
        return import_exhaust(l);
    if (out->root == NULL)
        return import_refuse(l, error.line > 0 ? (uint32_t)error.line : 0, "no JSON: %s",
                             error.text);
    size_t braces = 0;
    for (size_t i = 0; i < length; i++)
        braces += text[i] == '{';
    out->places = arena_get_array(l->arena, braces + 1, sizeof *out->places);
    struct walk w = {out, text, 1, braces};
    if (out->places != NULL && walk(&w, out->root, 0)) {
        qsort(out->places, out->count, sizeof *out->places, by_object);
        return true;
    }
    json_decref(out->root);
    out->root = NULL;
    return import_refuse(l, 0, "more than %d levels", TREE_DEPTH_MAX);
}

uint32_t tree_line(const struct tree *d, const json_t *object)
{
    struct tree_place wanted = {object, 0};
    const struct tree_place *found =
        d->count == 0 ? NULL : bsearch(&wanted, d->places, d->count, sizeof *d->places, by_object);
    return found == NULL ? 0 : found->line;
}

json_t *tree_copy(struct import_list *l, const json_t *object)
{
    json_t *copy = json_object();
    if (copy == NULL || json_object_update(copy, (json_t *)(uintptr_t)object) != 0)
        import_exhaust(l);
    return copy;
}

const char *tree_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

bool tree_whole(const json_t *value, int64_t *out)
{
    uint64_t unsigned_value;
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    const char *text = json_string_value(value);
    if (text == NULL)
        return false;
    if (text_to_u64(text, &unsigned_value) && unsigned_value <= INT64_MAX) {
        *out = (int64_t)unsigned_value;
        return true;
    }
    return text_to_s64(text, out);
}

const char *tree_number_text(struct import_list *l, const json_t *value)
{
    if (json_is_string(value))
        return json_string_value(value);
    return json_is_number(value) ? import_real(l, json_number_value(value)) : "";
}
