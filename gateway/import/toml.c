/* SPDX-License-Identifier: Apache-2.0 */
#include "import/toml.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { DEEPEST = 32, NODES_MAX = 1000000, KEYS_MAX = 2000 };

struct reader {
    struct import_list *list;
    const char *at, *end;
    uint32_t line;
    unsigned nodes;
    struct toml *root;
};

static bool refuse(struct reader *r, const char *why)
{
    return import_refuse(r->list, r->line, "TOML: %s", why);
}

static struct toml *node(struct reader *r, enum toml_kind kind)
{
    if (++r->nodes > NODES_MAX) {
        refuse(r, "too much in it");
        return NULL;
    }
    struct toml *n = arena_get(r->list->arena, sizeof *n);
    if (n != NULL) {
        n->kind = (uint8_t)kind;
        n->line = r->line;
        n->text = n->key = "";
    }
    return n;
}

static void add(struct toml *to, struct toml *n)
{
    if (to->first == NULL)
        to->first = n;
    else
        to->last->next = n;
    to->last = n;
    to->count++;
}

static struct toml *find(const struct toml *table, const char *key)
{
    for (struct toml *n = table->first; n != NULL; n = n->next)
        if (strcmp(n->key, key) == 0)
            return n;
    return NULL;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
}

/* Blanks, comments and line ends. */
static void skip_lines(struct reader *r)
{
    for (;;) {
        skip_blanks(r);
        if (r->at < r->end && *r->at == '#')
            while (r->at < r->end && *r->at != '\n')
                r->at++;
        if (r->at >= r->end || *r->at != '\n')
            return;
        r->line++;
        r->at++;
    }
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(marks[n] | c);
    return n;
}

/* \n \" \u00B0 ... ; never longer than what it was written as. */
static bool escape(struct reader *r, char *out, size_t *used)
{
    static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
    char c = *r->at;
    const char *known = c == '\0' ? NULL : strchr(from, c);
    if (known != NULL) {
        out[(*used)++] = to[known - from];
        r->at++;
        return true;
    }
    size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
    uint32_t x = 0;
    if (digits == 0 || (size_t)(r->end - r->at) <= digits)
        return refuse(r, "an escape that there is not");
    for (size_t i = 1; i <= digits; i++) {
        if (!isxdigit((unsigned char)r->at[i]))
            return refuse(r, "an escape that there is not");
        c = (char)tolower((unsigned char)r->at[i]);
        x = x << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    if (x == 0 || x > 0x10FFFF || (x >= 0xD800 && x < 0xE000))
        return refuse(r, "an escape for no letter");
    *used += put_utf8(out + *used, x);
    r->at += digits + 1;
    return true;
}

/* "basic", 'literal', and both in three quotes over many lines. */
static const char *quoted(struct reader *r, bool lines_allowed)
{
    char quote = *r->at;
    bool basic = quote == '"';
    size_t left = (size_t)(r->end - r->at), used = 0;
    bool many = left >= 3 && r->at[1] == quote && r->at[2] == quote;
    if (many && !lines_allowed) {
        refuse(r, "a key in three quotes");
        return NULL;
    }
    r->at += many ? 3 : 1;
    const char *begin = r->at;
    if (many && r->at < r->end && *r->at == '\n') {
        r->line++;
        r->at++;
    }
    /* Room for the longest it can become: the distance to the end of the quote is looked at first,
     * so that a file of quotes doesn't cost its square. */
    const char *close = begin;
    while (close < r->end &&
           !(*close == quote &&
             (!many || (close + 2 < r->end && close[1] == quote && close[2] == quote)))) {
        if (*close == '\n' && !many)
            break;
        close += basic && *close == '\\' && close + 1 < r->end ? 2 : 1;
    }
    if (close >= r->end || *close != quote) {
        refuse(r, "a text that is never closed");
        return NULL;
    }
    while (many && close + 3 < r->end && close[3] == quote)
        close++; /* quotes that belong to the text: """a"""" */
    char *out = arena_get(r->list->arena, (size_t)(close - begin) + 1);
    if (out == NULL)
        return NULL;
    while (r->at < close) {
        if (basic && *r->at == '\\') {
            const char *rest = r->at + 1 + strspn(r->at + 1, " \t");
            r->at++;
            if (many && *rest == '\n') {
                for (r->at = rest; r->at < close && strchr(" \t\n", *r->at) != NULL; r->at++)
                    r->line += *r->at == '\n';
                continue;
            }
            if (!escape(r, out, &used))
                return NULL;
            continue;
        }
        r->line += *r->at == '\n';
        out[used++] = *r->at++;
    }
    r->at = close + (many ? 3 : 1);
    out[used] = '\0';
    if (strlen(out) != used || !text_is_utf8(out, used)) {
        refuse(r, "a text that is none");
        return NULL;
    }
    return out;
}

static bool is_bare(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static const char *take_key(struct reader *r)
{
    skip_blanks(r);
    if (r->at < r->end && (*r->at == '"' || *r->at == '\''))
        return quoted(r, false);
    const char *begin = r->at;
    while (r->at < r->end && is_bare(*r->at))
        r->at++;
    if (r->at == begin) {
        refuse(r, "no key where one should be");
        return NULL;
    }
    return import_keep(r->list, begin, (size_t)(r->at - begin));
}

/* The table `key` in `in`, made if it isn't there; of an array of tables its last one. */
static struct toml *step_into(struct reader *r, struct toml *in, const char *key)
{
    struct toml *found = find(in, key);
    if (found == NULL) {
        found = in->count >= KEYS_MAX ? NULL : node(r, TOML_TABLE);
        if (found == NULL) {
            refuse(r, "more than 2000 keys in a table");
            return NULL;
        }
        found->key = key;
        add(in, found);
        return found;
    }
    if (found->kind == TOML_ARRAY && !found->closed && found->last != NULL)
        found = found->last;
    if (found->kind != TOML_TABLE || found->closed) {
        refuse(r, "a key that is a value already");
        return NULL;
    }
    return found;
}

static struct toml *take_value(struct reader *r, unsigned deep);

/* a.b.c = value, into a table */
static bool take_pair(struct reader *r, struct toml *table, unsigned deep)
{
    const char *key = take_key(r);
    unsigned dots = 0;
    while (key != NULL) {
        skip_blanks(r);
        if (r->at >= r->end || *r->at != '.')
            break;
        r->at++;
        table = ++dots + deep > DEEPEST ? NULL : step_into(r, table, key);
        if (table == NULL)
            return refuse(r, "too deep");
        key = take_key(r);
    }
    if (key == NULL)
        return false;
    if (r->at >= r->end || *r->at != '=')
        return refuse(r, "no = behind a key");
    r->at++;
    if (find(table, key) != NULL)
        return import_refuse(r->list, r->line, "TOML: the key `%.60s` stands here twice", key);
    if (table->count >= KEYS_MAX)
        return refuse(r, "more than 2000 keys in a table");
    struct toml *value = take_value(r, deep + 1);
    if (value == NULL)
        return false;
    value->key = key;
    add(table, value);
    return true;
}

static bool take_inline(struct reader *r, struct toml *table, unsigned deep)
{
    r->at++;
    skip_blanks(r);
    while (r->at < r->end && *r->at != '}') {
        if (!take_pair(r, table, deep))
            return false;
        skip_blanks(r);
        if (r->at < r->end && *r->at == ',') {
            r->at++;
            skip_blanks(r);
            if (r->at < r->end && *r->at == '}')
                return refuse(r, "a comma before }");
        } else if (r->at >= r->end || *r->at != '}') {
            return refuse(r, "neither , nor } in an inline table");
        }
    }
    if (r->at >= r->end)
        return refuse(r, "an inline table that is never closed");
    r->at++;
    table->closed = true;
    return true;
}

static bool take_array(struct reader *r, struct toml *array, unsigned deep)
{
    r->at++;
    array->closed = true;
    for (;;) {
        skip_lines(r);
        if (r->at >= r->end)
            return refuse(r, "an array that is never closed");
        if (*r->at == ']') {
            r->at++;
            return true;
        }
        struct toml *value = take_value(r, deep + 1);
        if (value == NULL)
            return false;
        add(array, value);
        skip_lines(r);
        if (r->at < r->end && *r->at == ',')
            r->at++;
        else if (r->at >= r->end || *r->at != ']')
            return refuse(r, "neither , nor ] in an array");
    }
}

/* 1_000, 0x1F, 0o17, 0b1, -1.5e3, inf, 1979-05-27T07:32:00Z */
static struct toml *take_bare(struct reader *r)
{
    const char *begin = r->at;
    char plain[64];
    size_t n = 0;
    while (r->at < r->end && (is_bare(*r->at) || strchr("+.:", *r->at) != NULL) && *r->at != '\0')
        r->at++;
    bool good = r->at > begin && (size_t)(r->at - begin) < sizeof plain;
    for (const char *c = begin; good && c < r->at; c++) {
        bool between = *c == '_' && c > begin && isxdigit((unsigned char)c[-1]) && c + 1 < r->at &&
                       isxdigit((unsigned char)c[1]);
        good = *c != '_' || between;
        if (*c != '_')
            plain[n++] = *c;
    }
    plain[n] = '\0';
    struct toml *value = good ? node(r, TOML_TEXT) : NULL;
    if (value == NULL) {
        refuse(r, "a value that can't be read");
        return NULL;
    }
    uint64_t x;
    double real;
    const char *digits = plain + (*plain == '+');
    const char *magnitude = digits + (*digits == '-');
    bool padded = *magnitude == '0' && isdigit((unsigned char)magnitude[1]);
    value->text = import_keep(r->list, digits, strlen(digits));
    if (strcmp(plain, "true") == 0 || strcmp(plain, "false") == 0) {
        value->kind = TOML_TRUTH;
        value->truth = *plain == 't';
    } else if (!padded && text_to_s64(digits, &value->whole)) {
        value->kind = TOML_WHOLE;
    } else if (!padded && text_to_u64(digits, &x) && x <= INT64_MAX) {
        value->kind = TOML_WHOLE;
        value->whole = (int64_t)x;
    } else if ((strncmp(plain, "0o", 2) == 0 || strncmp(plain, "0b", 2) == 0) &&
               strspn(plain + 2, plain[1] == 'o' ? "01234567" : "01") == n - 2 && n > 2 && n < 20) {
        value->kind = TOML_WHOLE;
        value->whole = strtoll(plain + 2, NULL, plain[1] == 'o' ? 8 : 2);
    } else if (!padded && text_to_real(digits, &real)) {
        value->kind = TOML_REAL;
    } else if (!(n >= 8 && strpbrk(plain, "-:") != NULL && isdigit((unsigned char)*plain) &&
                 strspn(plain, "0123456789-:.+TZtz") == n)) {
        refuse(r, "a value that can't be read (texts stand in quotes)");
        return NULL;
    }
    return value;
}

static struct toml *take_value(struct reader *r, unsigned deep)
{
    skip_blanks(r);
    if (deep > DEEPEST) {
        refuse(r, "too deep");
        return NULL;
    }
    char c = r->at < r->end ? *r->at : '\0';
    if (c == '"' || c == '\'') {
        struct toml *value = node(r, TOML_TEXT);
        if (value != NULL)
            value->text = quoted(r, true);
        return value == NULL || value->text == NULL ? NULL : value;
    }
    if (c == '{' || c == '[') {
        struct toml *value = node(r, c == '{' ? TOML_TABLE : TOML_ARRAY);
        bool good =
            value != NULL && (c == '{' ? take_inline(r, value, deep) : take_array(r, value, deep));
        return good ? value : NULL;
    }
    return take_bare(r);
}

/* [a.b], [[a.b]]: the table that what follows belongs to. */
static struct toml *take_heading(struct reader *r)
{
    bool many = r->at + 1 < r->end && r->at[1] == '[';
    struct toml *table = r->root;
    r->at += many ? 2 : 1;
    const char *key = take_key(r);
    unsigned dots = 0;
    for (;; key = take_key(r)) {
        if (key == NULL)
            return NULL;
        skip_blanks(r);
        if (r->at >= r->end || *r->at != '.')
            break;
        r->at++;
        table = ++dots > DEEPEST ? NULL : step_into(r, table, key);
        if (table == NULL) {
            refuse(r, "too deep");
            return NULL;
        }
    }
    if (r->at >= r->end || *r->at != ']' || (many && (r->at + 1 >= r->end || r->at[1] != ']'))) {
        refuse(r, "a heading that is not closed");
        return NULL;
    }
    r->at += many ? 2 : 1;
    if (!many) {
        table = step_into(r, table, key);
        if (table != NULL && table->defined) {
            refuse(r, "this table stands in the file twice");
            return NULL;
        }
        if (table != NULL)
            table->defined = true;
        return table;
    }
    struct toml *array = find(table, key), *element = node(r, TOML_TABLE);
    if (array == NULL && table->count < KEYS_MAX) {
        array = node(r, TOML_ARRAY);
        if (array != NULL) {
            array->key = key;
            add(table, array);
        }
    }
    if (array == NULL || element == NULL) {
        refuse(r, "more than 2000 keys in a table");
        return NULL;
    }
    if (array->kind != TOML_ARRAY || array->closed) {
        refuse(r, "an array of tables that is something else already");
        return NULL;
    }
    add(array, element);
    return element;
}

const struct toml *toml_read(struct import_list *l, char *text, size_t length)
{
    struct reader r = {.list = l, .at = text, .end = text + length, .line = 1};
    r.root = node(&r, TOML_TABLE);
    struct toml *table = r.root;
    for (;;) {
        skip_lines(&r);
        if (table == NULL || arena_exhausted(l->arena) || l->refused != NULL)
            return NULL;
        if (r.at >= r.end)
            return r.root;
        if (*r.at == '[')
            table = take_heading(&r);
        else if (!take_pair(&r, table, 0))
            return NULL;
        skip_blanks(&r);
        if (r.at < r.end && *r.at == '#')
            continue;
        if (table != NULL && r.at < r.end && *r.at != '\n')
            refuse(&r, "something behind the end of a value");
    }
}

const struct toml *toml_get(const struct toml *table, const char *key)
{
    return table == NULL || table->kind != TOML_TABLE ? NULL : find(table, key);
}

const char *toml_text(const struct toml *table, const char *key)
{
    const struct toml *n = toml_get(table, key);
    return n == NULL || n->kind == TOML_TABLE || n->kind == TOML_ARRAY ? "" : n->text;
}

bool toml_whole(const struct toml *table, const char *key, int64_t *out)
{
    const struct toml *n = toml_get(table, key);
    if (n == NULL || n->kind != TOML_WHOLE)
        return false;
    *out = n->whole;
    return true;
}
