/* SPDX-License-Identifier: Apache-2.0 */
/* Events, never libyaml's own document: that one is quadratic in nesting, and follows aliases. */
#include "config/yaml.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "config/names.h"

enum { DEPTH_MAX = 32, SMALL_MAPPING = 8 };

struct open_node { /* a list or mapping that hasn't ended yet */
    struct node *node;
    struct node *last;
    uint32_t children;
};

struct builder {
    struct arena *arena;
    const char *file;
    const struct yaml_limits *limits;
    struct diags *ds;
    struct open_node open[DEPTH_MAX];
    uint32_t depth, nodes, documents;
    char *room; /* texts are packed: a byte should not cost sixteen */
    size_t room_left;
    const struct node *root;
    bool whole; /* nothing stopped us before the end of the file */
};

static __attribute__((format(printf, 3, 4))) bool refuse(struct builder *b, const yaml_mark_t *m,
                                                         const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct place at = {b->file, (uint32_t)m->line + 1, (uint32_t)m->column + 1};
    diag_add(b->ds, DIAG_ERROR, at, "%s", text);
    return false;
}

static const char *keep_text(struct builder *b, const char *text, size_t length)
{
    if (length + 1 > b->room_left) {
        size_t size = length + 1 > 4096 ? length + 1 : 16384;
        b->room = arena_get(b->arena, size);
        b->room_left = b->room == NULL ? 0 : size;
        if (b->room == NULL) {
            return NULL;
        }
    }
    char *kept = b->room;
    memcpy(kept, text, length);
    kept[length] = '\0';
    b->room += length + 1;
    b->room_left -= length + 1;
    return kept;
}

static struct node *add_node(struct builder *b, enum node_kind kind, const yaml_mark_t *m)
{
    if (++b->nodes > b->limits->nodes) {
        refuse(b, m, "more than %u keys and values in one file; split it", b->limits->nodes);
        return NULL;
    }
    struct node *n = arena_get(b->arena, sizeof *n);
    if (n == NULL) {
        refuse(b, m, "out of memory");
        return NULL;
    }
    n->kind = (uint8_t)kind;
    n->line = (uint32_t)m->line + 1;
    n->column = (uint32_t)m->column + 1;
    if (b->depth == 0) {
        b->root = n;
        return n;
    }
    struct open_node *parent = &b->open[b->depth - 1];
    bool is_key = parent->node->kind == NODE_MAPPING && parent->children % 2 == 0;
    if (is_key && kind != NODE_SCALAR) {
        refuse(b, m,
               "a key must be a plain word, not a list or a mapping; is a `{` or `[` of a "
               "value missing its quotes?");
        return NULL;
    }
    if (parent->last == NULL) {
        parent->node->first = n;
    } else {
        parent->last->next = n;
    }
    parent->last = n;
    parent->children++;
    return n;
}

/* Tabs and line ends are for texts; the rest below a space only ever does harm. */
static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
            return true;
        }
    }
    return false;
}

static bool refuse_tag(struct builder *b, const yaml_mark_t *m, const yaml_char_t *tag)
{
    static const char standard[] = "tag:yaml.org,2002:";
    const char *text = (const char *)tag;
    bool known = strncmp(text, standard, sizeof standard - 1) == 0;
    return refuse(b, m,
                  "YAML tags (%s%.40s) are not used here; leave it out, or put the text in quotes",
                  known ? "!!" : "", known ? text + sizeof standard - 1 : text);
}

static bool on_scalar(struct builder *b, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    size_t length = e->data.scalar.length;
    if (e->data.scalar.anchor != NULL) {
        return refuse(b, &e->start_mark, "anchors (&%.40s) are not used here; write the value out",
                      (const char *)e->data.scalar.anchor);
    }
    if (e->data.scalar.tag != NULL) {
        return refuse_tag(b, &e->start_mark, e->data.scalar.tag);
    }
    if (length > b->limits->scalar) {
        return refuse(b, &e->start_mark, "this text has %zu bytes; at most %u are allowed", length,
                      b->limits->scalar);
    }
    if (has_control(text, length)) {
        return refuse(b, &e->start_mark, "control characters are not allowed in a text");
    }
    struct node *n = add_node(b, NODE_SCALAR, &e->start_mark);
    if (n == NULL) {
        return false;
    }
    n->text = keep_text(b, text, length);
    n->length = (uint32_t)length;
    n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return n->text != NULL || refuse(b, &e->start_mark, "out of memory");
}

static bool on_start(struct builder *b, enum node_kind kind, const yaml_event_t *e,
                     const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL) {
        return refuse(b, &e->start_mark, "anchors (&%.40s) are not used here; write the value out",
                      (const char *)anchor);
    }
    if (tag != NULL) {
        return refuse_tag(b, &e->start_mark, tag);
    }
    if (b->depth >= b->limits->depth || b->depth >= DEPTH_MAX) {
        return refuse(b, &e->start_mark, "nested deeper than %u levels", b->limits->depth);
    }
    struct node *n = add_node(b, kind, &e->start_mark);
    if (n == NULL) {
        return false;
    }
    b->open[b->depth++] = (struct open_node){.node = n};
    return true;
}

static void repeated(struct builder *b, const struct node *key, const struct node *before)
{
    struct place at = {b->file, key->line, key->column};
    diag_add(b->ds, DIAG_ERROR, at, "`%.64s` stands here twice, first in line %u; remove one",
             key->text, before->line);
}

static const struct node *earlier(const struct node *mapping, const struct node *key)
{
    for (const struct node *k = mapping->first; k != key; k = k->next->next) {
        if (k->length == key->length && memcmp(k->text, key->text, key->length) == 0) {
            return k;
        }
    }
    return NULL;
}

static void check_keys(struct builder *b, const struct node *mapping)
{
    if (mapping->length <= SMALL_MAPPING) {
        for (const struct node *k = mapping->first; k != NULL; k = k->next->next) {
            const struct node *before = earlier(mapping, k);
            if (before != NULL) {
                repeated(b, k, before);
            }
        }
        return;
    }
    struct names seen;
    names_init(&seen, false, b->arena);
    for (const struct node *k = mapping->first; k != NULL; k = k->next->next) {
        uint32_t before = names_put(&seen, k->text, k->length, k->line);
        if (before != NAMES_NONE) {
            repeated(b, k, &(struct node){.line = before});
        }
    }
    names_fini(&seen);
}

static bool on_end(struct builder *b)
{
    assert(b->depth > 0);
    struct open_node *o = &b->open[--b->depth];
    assert(o->node != NULL);
    o->node->length = o->node->kind == NODE_MAPPING ? o->children / 2 : o->children;
    if (o->node->kind == NODE_MAPPING) {
        check_keys(b, o->node);
    }
    return true;
}

static bool on_event(struct builder *b, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(b, e);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, NODE_LIST, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, NODE_MAPPING, e, e->data.mapping_start.anchor,
                        e->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(b);
    case YAML_ALIAS_EVENT:
        return refuse(b, &e->start_mark, "aliases (*%.40s) are not used here; write the value out",
                      (const char *)e->data.alias.anchor);
    case YAML_DOCUMENT_START_EVENT:
        return ++b->documents == 1 ||
               refuse(b, &e->start_mark, "a second document begins here; one file, one document");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return true;
}

/* libyaml says what it stumbled over; people want to know what to do. */
static const char *advice(const char *problem, char found)
{
    static const struct {
        const char *problem, *advice;
    } known[] = {
        {"mapping values are not allowed", "a text with `: ` in it needs quotes; or the line is "
                                           "indented too far"},
        {"could not find expected ':'", "a key needs `: ` behind it"},
        {"did not find expected key", "the indentation differs from the lines above, or a quote "
                                      "or bracket is not closed"},
        {"did not find expected ',' or", "a comma or the closing bracket is missing"},
        {"did not find expected '-' indicator", "the indentation differs from the items above"},
        {"did not find expected node content", "a value is missing, or one comma is too many"},
        {"found unexpected end of stream", "a quote is not closed"},
        {"found unknown escape character", "inside double quotes a backslash must be doubled; "
                                           "single quotes leave it alone"},
        {"found undefined tag handle", "put a text that begins with `!` in quotes"},
        {"block sequence entries are not allowed", "begin a list on a line of its own"},
    };
    if (strstr(problem, "cannot start any token") != NULL) {
        return found == '\t' ? "tabs cannot indent; use spaces"
                             : "put a text that begins with this character in quotes";
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strstr(problem, known[i].problem) != NULL) {
            return known[i].advice;
        }
    }
    return "this is not YAML";
}

static void syntax_error(struct builder *b, const yaml_parser_t *p, const char *text, size_t length)
{
    yaml_mark_t mark = p->problem_mark;
    if (p->error == YAML_MEMORY_ERROR) {
        refuse(b, &mark, "out of memory");
        return;
    }
    const char *problem = p->problem == NULL ? "cannot be parsed" : p->problem;
    if (p->error == YAML_READER_ERROR) {
        mark = p->mark;
        refuse(b, &mark, "%s: only printable UTF-8 text is allowed here", problem);
        return;
    }
    char found = mark.index < length ? text[mark.index] : '\0';
    refuse(b, &mark, "%s: %s", advice(problem, found), problem);
}

static void parse_events(struct builder *b, const char *text, size_t length)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        diag_add(b->ds, DIAG_ERROR, (struct place){b->file, 1, 1}, "out of memory");
        return;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            syntax_error(b, &parser, text, length);
            break;
        }
        more = on_event(b, &event) && event.type != YAML_STREAM_END_EVENT;
        b->whole = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

static bool fit_to_parse(const char *text, size_t length, const char *file,
                         const struct yaml_limits *limits, struct diags *ds)
{
    struct place at = {file, 1, 1};
    if (length > limits->bytes) {
        diag_add(ds, DIAG_ERROR, at, "the file is longer than %zu bytes; split it", limits->bytes);
        return false;
    }
    for (size_t i = 0, start = 0; i <= length; i++) {
        if (i < length && text[i] != '\n') {
            continue;
        }
        if (!text_is_utf8(text + start, i - start)) {
            diag_add(ds, DIAG_ERROR, at, "this line is not UTF-8 text; save the file as UTF-8");
            return false;
        }
        start = i + 1;
        at.line++;
    }
    return true;
}

const struct node *yaml_parse(struct arena *a, const char *text, size_t length, const char *file,
                              const struct yaml_limits *limits, struct diags *ds)
{
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        length -= 3;
    }
    if (!fit_to_parse(text, length, file, limits, ds)) {
        return NULL;
    }
    struct builder b = {.arena = a, .file = file, .limits = limits, .ds = ds};
    parse_events(&b, text, length);
    if (b.whole && b.root == NULL) {
        diag_add(ds, DIAG_ERROR, (struct place){file, 1, 1},
                 "the file is empty; it should begin with `format: 1`");
    }
    return b.whole ? b.root : NULL;
}

struct node *node_copy(struct arena *a, const struct node *n, unsigned by)
{
    struct node *copy = arena_get(a, sizeof *copy);
    if (copy == NULL) {
        return NULL;
    }
    *copy = *n;
    copy->next = NULL;
    copy->origin = (uint16_t)(n->origin + by);
    const struct node **tail = &copy->first;
    for (const struct node *i = n->kind == NODE_SCALAR ? NULL : n->first; i != NULL; i = i->next) {
        struct node *inner = node_copy(a, i, by);
        if (inner == NULL) {
            return NULL;
        }
        *tail = inner;
        tail = &inner->next;
    }
    return copy;
}

bool node_is_null(const struct node *n)
{
    return n->kind == NODE_SCALAR && !n->quoted &&
           (n->length == 0 || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

const struct node *node_get(const struct node *mapping, const char *key)
{
    for (const struct node *k = mapping->first; k != NULL; k = k->next->next) {
        if (strcmp(k->text, key) == 0) {
            return k->next;
        }
    }
    return NULL;
}
