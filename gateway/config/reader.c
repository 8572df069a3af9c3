/* SPDX-License-Identifier: Apache-2.0 */
#include "config/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { DIAGS_KEPT = 200, TEXT_MAX = 2000, WORD_MAX = 80, CANDIDATES_MAX = 1000, FIELDS_MAX = 64 };

struct place place_of(const struct reader *r, const struct node *n)
{
    const char *file = n->origin == 0 ? r->file : r->others[n->origin - 1];
    return (struct place){file, n->line, n->column};
}

bool place_is(struct place a, struct place b)
{
    return a.file == b.file && a.line == b.line && a.column == b.column;
}

__attribute__((format(printf, 4, 0))) static void tell(const struct reader *r,
                                                       enum diag_level level, const struct node *n,
                                                       const char *format, va_list args)
{
    char text[600];
    vsnprintf(text, sizeof text, format, args);
    if (n->kind != NODE_LOST) {
        diag_add(r->ds, level, place_of(r, n), "%s", text);
    }
}

bool complain(const struct reader *r, const struct node *n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(r, DIAG_ERROR, n, format, args);
    va_end(args);
    return false;
}

bool complain_if(const struct reader *r, bool mistake, const struct node *n, const char *format,
                 ...)
{
    va_list args;
    va_start(args, format);
    if (mistake) {
        tell(r, DIAG_ERROR, n, format, args);
    }
    va_end(args);
    return false;
}

bool complain_at(const struct reader *r, struct place at, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    diag_add(r->ds, DIAG_ERROR, at, "%s", text);
    return false;
}

void caution(const struct reader *r, const struct node *n, const char *format, ...)
{
    va_list args;
    if (r->hushed && n->origin != ORIGIN_OVERLAY) {
        return;
    }
    va_start(args, format);
    tell(r, DIAG_WARNING, n, format, args);
    va_end(args);
}

/* Comparing a wrong word with every name is work; nobody reads more than the first complaints. */
static const char *meant(const struct reader *r, const char *word, const char *const *candidates,
                         size_t count)
{
    if (diags_count(r->ds) >= DIAGS_KEPT || strlen(word) > WORD_MAX) {
        return NULL;
    }
    const char *nearest =
        text_nearest(word, candidates, count < CANDIDATES_MAX ? count : CANDIDATES_MAX);
    return nearest == NULL || strlen(nearest) > WORD_MAX ? NULL : nearest;
}

const char *did_you_mean(const struct reader *r, const char *word, const char *const *candidates,
                         size_t count)
{
    static _Thread_local char text[WORD_MAX + 24];
    const char *nearest = meant(r, word, candidates, count);
    if (nearest == NULL) {
        return "";
    }
    snprintf(text, sizeof text, ", did you mean `%s`?", nearest);
    return text;
}

/* What other tools call it. NULL: nothing that is known. */
static const char *our_word(const char *word, const char *what)
{
    static const struct {
        const char *what, *ours, *theirs[12];
    } words[] = {
        {"a device",
         "unit",
         {"slave", "slave_id", "slaveid", "unit_id", "unitid", "id", "address", "addr", "station",
          "node", "device_id"}},
        {"a device", "every", {"interval", "poll", "poll_interval", "period", "rate", "scan_rate"}},
        {"a device", "order", {"byte_order", "word_order", "endian", "endianness", "swap"}},
        {"a device", "about", {"description", "comment"}},
        {"a line",
         "connect",
         {"ip", "host", "url", "port", "address", "server", "endpoint", "uri"}},
        {"a line", "baud", {"baudrate", "baud_rate", "speed"}},
        {"a line", "stop", {"stop_bits", "stopbits"}},
        {"a line", "data", {"data_bits", "databits", "bytesize"}},
        {"a line", "about", {"description", "comment"}},
        {"a tag", "at", {"address", "addr", "register", "reg"}},
        {"a tag", "type", {"data_type", "datatype"}},
        {"a tag", "order", {"byte_order", "word_order", "endian", "endianness", "swap"}},
        {"a tag", "scale", {"factor", "multiplier", "gain"}},
        {"a tag", "every", {"interval", "poll", "poll_interval", "period", "rate", "scan_rate"}},
        {"a tag", "about", {"description", "comment"}},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (size_t k = 0; strcmp(words[i].what, what) == 0 && words[i].theirs[k] != NULL; k++)
            if (strcasecmp(words[i].theirs[k], word) == 0)
                return words[i].ours;
    return NULL;
}

/* The index of the field that was probably meant; count: nobody knows. */
static size_t unknown_key(const struct reader *r, const struct node *key,
                          const struct field *fields, size_t count, const char *what)
{
    const char *keys[FIELDS_MAX] = {NULL}, *ours = our_word(key->text, what);
    size_t known = count < FIELDS_MAX ? count : FIELDS_MAX, i = 0;
    for (size_t k = 0; k < known; k++) {
        keys[k] = fields[k].key;
    }
    if (ours == NULL) {
        ours = meant(r, key->text, keys, known);
    }
    complain(r, key, "`%.64s` is no key of %s%s%s%s", key->text, what,
             ours == NULL ? "" : ", did you mean `", ours == NULL ? "" : ours,
             ours == NULL ? "" : "`?");
    while (i < count && (ours == NULL || strcmp(fields[i].key, ours) != 0)) {
        i++;
    }
    return i;
}

/* Of a key that stands twice, a mistake told already, the first, as node_get() has it: who looks at
 * it in two ways must see one thing. */
static void put_field(const struct field *field, void *nodes, const struct node *n)
{
    const struct node *first;
    void *slot = (char *)nodes + field->offset;
    memcpy(&first, slot, sizeof first);
    if (first == NULL || first->kind == NODE_LOST) {
        memcpy(slot, &n, sizeof n);
    }
}

bool take_fields(const struct reader *r, const struct node *mapping, const struct field *fields,
                 size_t count, void *nodes, const char *what)
{
    static const struct node lost = {.text = "", .kind = NODE_LOST};
    if (mapping->kind != NODE_MAPPING) {
        return complain(r, mapping, "%s is a mapping of keys and values, like {%s: ...}", what,
                        fields[0].key);
    }
    bool good = true;
    for (const struct node *k = mapping->first; k != NULL; k = k->next->next) {
        const struct node *n = k->next;
        size_t i = 0;
        while (i < count && (*k->text != *fields[i].key || strcmp(k->text, fields[i].key) != 0)) {
            i++;
        }
        if (i == count) {
            i = unknown_key(r, k, fields, count, what);
            n = &lost;
        } else if (node_is_null(n)) {
            complain(r, k, "`%s` has no value; give one, or leave the key out", k->text);
            n = &lost;
        }
        good = good && n->kind != NODE_LOST;
        if (i < count) {
            put_field(&fields[i], nodes, n);
        }
    }
    return good;
}

bool is_scalar(const struct reader *r, const struct node *n, const char *what)
{
    return n->kind == NODE_SCALAR || complain(r, n, "%s is one value, not a %s", what,
                                              n->kind == NODE_LIST ? "list" : "mapping");
}

bool is_list(const struct reader *r, const struct node *n, const char *what)
{
    return n->kind == NODE_LIST || complain(r, n, "%s is a list, like [a, b]", what);
}

bool is_mapping(const struct reader *r, const struct node *n, const char *what)
{
    return n->kind == NODE_MAPPING || complain(r, n, "%s is a mapping, like {a: b}", what);
}

/* What *out said stays when there is no memory: those who go on to the next mistake may look at it.
 */
static bool keep_text(const struct reader *r, const struct node *n, const char **out)
{
    const char *copy = arena_copy(r->arena, n->text, n->length);
    if (copy != NULL) {
        *out = copy;
    }
    return copy != NULL;
}

bool read_text(const struct reader *r, const struct node *n, const char *what, const char **out)
{
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, what)) {
        return false;
    }
    if (n->length > TEXT_MAX) {
        return complain(r, n, "%s has %u bytes; at most %d are allowed", what, n->length, TEXT_MAX);
    }
    return keep_text(r, n, out);
}

bool is_plain_name(const char *text, size_t length)
{
    return text_is_name(text, length) && strspn(text, ".") < length;
}

bool read_name(const struct reader *r, const struct node *n, const char *what, const char **out)
{
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, what)) {
        return false;
    }
    if (!is_plain_name(n->text, n->length)) {
        return complain(r, n, "%s `%.64s`: a name has 1 to 64 of A-Z a-z 0-9 . _ -", what, n->text);
    }
    return keep_text(r, n, out);
}

bool read_word(const struct reader *r, const struct node *n, const char *what,
               const char *const *words, size_t count, unsigned *out)
{
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, what)) {
        return false;
    }
    char all[300] = "";
    size_t length = 0;
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(words[i], n->text) == 0) {
            *out = i;
            return true;
        }
        if (length < sizeof all) {
            length += (size_t)snprintf(all + length, sizeof all - length, "%s%s", i == 0 ? "" : " ",
                                       words[i]);
        }
    }
    const char *near = did_you_mean(r, n->text, words, count);
    return complain(r, n, "%s `%.40s` is not known%s%s%s", what, n->text, near,
                    *near == '\0' ? "; one of: " : "", *near == '\0' ? all : "");
}

bool read_bool(const struct reader *r, const struct node *n, const char *what, bool *out)
{
    if (n == NULL) {
        return true;
    }
    if (n->kind == NODE_SCALAR && !n->quoted) {
        if (strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0) {
            *out = n->text[0] == 't';
            return true;
        }
    }
    return complain(r, n, "%s is true or false, without quotes; nothing else counts", what);
}

static bool starts_with_idle_zero(const char *digits)
{
    return digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
}

bool whole_u64(const char *text, uint64_t *out)
{
    return !starts_with_idle_zero(text) && text_to_u64(text, out);
}

bool whole_s64(const char *text, int64_t *out)
{
    return !starts_with_idle_zero(*text == '-' ? text + 1 : text) && text_to_s64(text, out);
}

static bool is_number(const struct reader *r, const struct node *n, const char *what)
{
    if (!is_scalar(r, n, what)) {
        return false;
    }
    if (n->quoted) {
        return complain(r, n, "%s is a number; write it without quotes", what);
    }
    const char *digits = *n->text == '-' || *n->text == '+' ? n->text + 1 : n->text;
    if (starts_with_idle_zero(digits)) {
        return complain(r, n,
                        "%s `%.40s`: a number with a leading zero could be read as octal; "
                        "leave the zero out, or write 0x...",
                        what, n->text);
    }
    return true;
}

bool read_u64(const struct reader *r, const struct node *n, const char *what, uint64_t low,
              uint64_t high, uint64_t *out)
{
    if (n == NULL) {
        return true;
    }
    if (!is_number(r, n, what)) {
        return false;
    }
    uint64_t x;
    if (!text_to_u64(n->text, &x)) {
        return complain(r, n, "%s `%.40s` is no whole number; write 12 or 0x0C", what, n->text);
    }
    if (x < low || x > high) {
        return complain(r, n, "%s is %s; it can be %ju to %ju", what, n->text, (uintmax_t)low,
                        (uintmax_t)high);
    }
    *out = x;
    return true;
}

bool read_s64(const struct reader *r, const struct node *n, const char *what, int64_t *out)
{
    if (n == NULL) {
        return true;
    }
    if (!is_number(r, n, what)) {
        return false;
    }
    return text_to_s64(n->text, out) ||
           complain(r, n, "%s `%.40s` is no whole number; write 12, -12 or 0x0C", what, n->text);
}

bool read_real(const struct reader *r, const struct node *n, const char *what, double *out)
{
    if (n == NULL) {
        return true;
    }
    if (!is_number(r, n, what)) {
        return false;
    }
    return text_to_real(n->text, out) ||
           complain(r, n, "%s `%.40s` is no number; write 1.5, -2 or 1e-3", what, n->text);
}

bool read_reals(const struct reader *r, const struct node *n, const char *what, double *out,
                size_t count)
{
    if (n == NULL) {
        return true;
    }
    if (n->kind != NODE_LIST || n->length != count) {
        return complain(r, n, "%s is a list of %zu numbers, like [0, 10]", what, count);
    }
    bool good = true;
    for (const struct node *i = n->first; i != NULL; i = i->next) {
        good = read_real(r, i, what, out++) && good;
    }
    return good;
}

bool read_deadband(const struct reader *r, const struct node *n, double *out)
{
    double band = 0;
    if (!read_real(r, n, "deadband", &band)) {
        return false;
    }
    if (band < 0) {
        return complain(r, n, "a deadband is 0 or more");
    }
    *out = n == NULL ? *out : band;
    return true;
}

bool read_decimal(const struct reader *r, const struct node *n, const char *what,
                  struct decimal *out)
{
    if (n == NULL) {
        return true;
    }
    if (!is_number(r, n, what)) {
        return false;
    }
    return text_to_decimal(n->text, out) ||
           complain(r, n, "%s `%.40s` is no number; write 0.1, -2 or 1e-3", what, n->text);
}

bool read_duration(const struct reader *r, const struct node *n, const char *what, int64_t low,
                   int64_t high, int64_t *out)
{
    if (n == NULL) {
        return true;
    }
    if (!is_scalar(r, n, what)) {
        return false;
    }
    int64_t ns;
    if (!text_to_duration(n->text, &ns)) {
        return complain(r, n,
                        "%s `%.40s` is no duration; write 500ms, 5s, 10m, 72h (with the unit)",
                        what, n->text);
    }
    if (ns < low || ns > high) {
        char a[32], b[32];
        return complain(r, n, "%s is %s; it can be %s to %s", what, n->text,
                        text_from_duration(a, low), text_from_duration(b, high));
    }
    *out = ns;
    return true;
}

bool check_format(const struct reader *r, const struct node *root, const struct node *format)
{
    if (format == NULL) {
        return complain(r, root, "`format: 1` is missing; begin the file with it");
    }
    if (format->kind != NODE_SCALAR || strcmp(format->text, "1") != 0) {
        return complain(r, format, "this version reads `format: 1` only");
    }
    return true;
}
