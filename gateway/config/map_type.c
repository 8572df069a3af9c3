/* SPDX-License-Identifier: Apache-2.0 */
/* Types, their byte orders, and which bits of a register are meant. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/map.h"
#include "config/map_parts.h"

const struct type_facts type_facts[RAW_COUNT] = {
    [RAW_BOOL] = {"bool", 0, 1, false, false, false},
    [RAW_U8] = {"u8", 1, 1, true, false, true},
    [RAW_S8] = {"s8", 1, 1, true, true, true},
    [RAW_U16] = {"u16", 2, 1, true, false, true},
    [RAW_S16] = {"s16", 2, 1, true, true, true},
    [RAW_U24] = {"u24", 3, 2, true, false, true},
    [RAW_S24] = {"s24", 3, 2, true, true, true},
    [RAW_U32] = {"u32", 4, 2, true, false, true},
    [RAW_S32] = {"s32", 4, 2, true, true, true},
    [RAW_U48] = {"u48", 6, 3, true, false, true},
    [RAW_S48] = {"s48", 6, 3, true, true, true},
    [RAW_U64] = {"u64", 8, 4, true, false, true},
    [RAW_S64] = {"s64", 8, 4, true, true, true},
    [RAW_F16] = {"f16", 2, 1, false, true, true},
    [RAW_F32] = {"f32", 4, 2, false, true, true},
    [RAW_F64] = {"f64", 8, 4, false, true, true},
    [RAW_BCD16] = {"bcd16", 2, 1, false, false, true},
    [RAW_BCD32] = {"bcd32", 4, 2, false, false, true},
    [RAW_BCD64] = {"bcd64", 8, 4, false, false, true},
    [RAW_M10K32] = {"m10k32", 4, 2, false, true, true},
    [RAW_M10K48] = {"m10k48", 6, 3, false, true, true},
    [RAW_M10K64] = {"m10k64", 8, 4, false, true, true},
    [RAW_SM16] = {"sm16", 2, 1, false, true, true},
    [RAW_STRING] = {"string", 0, 0, false, false, false},
    [RAW_TIME] = {"time", 0, 0, false, false, false},
};

const char *const type_names[RAW_COUNT] = {
    "bool",  "u8",     "s8",     "u16",    "s16",  "u24",    "s24", "u32",   "s32",
    "u48",   "s48",    "u64",    "s64",    "f16",  "f32",    "f64", "bcd16", "bcd32",
    "bcd64", "m10k32", "m10k48", "m10k64", "sm16", "string", "time"};

static const struct {
    const char *name;
    uint8_t bytes, words;
} time_facts[] = {
    [TIME_UNIX32] = {"unix", 4, 2},       [TIME_UNIX64] = {"unix64", 8, 4},
    [TIME_UNIX_MS] = {"unix_ms", 8, 4},   [TIME_PM800] = {"pm800", 0, 3},
    [TIME_SIX] = {"six", 0, 6},           [TIME_IEC870] = {"iec870", 0, 4},
    [TIME_SEL] = {"sel", 0, 6},           [TIME_GE469] = {"ge469", 0, 4},
    [TIME_FINDER7M] = {"finder7m", 0, 4},
};
static const char *const time_names[] = {"unix",   "unix64", "unix_ms", "pm800",   "six",
                                         "iec870", "sel",    "ge469",   "finder7m"};
static const char *const string_forms[] = {"2", "low", "high"};
enum { STRING_FORMS = sizeof string_forms / sizeof *string_forms };
enum { TIME_NAMES = sizeof time_names / sizeof *time_names };

const char *raw_type_name(enum raw_type t)
{
    return type_facts[t].name;
}

static unsigned letters_of(unsigned type)
{
    if (type == RAW_STRING) {
        return 2;
    }
    return type == RAW_U24 || type == RAW_S24 ? 4 : type_facts[type].bytes;
}

static bool order_letters(const char *text, unsigned letters, unsigned unused, uint8_t out[8])
{
    uint8_t place[8];
    unsigned seen = 0;
    if (strlen(text) != letters) {
        return false;
    }
    for (unsigned i = 0; i < letters; i++) {
        unsigned letter = (unsigned char)text[i] - (unsigned)'A';
        if (letter >= letters || (seen & 1U << letter) != 0) {
            return false;
        }
        seen |= 1U << letter;
        place[letter] = (uint8_t)i;
    }
    for (unsigned i = unused; i < letters; i++) {
        out[i - unused] = place[i];
    }
    return true;
}

bool byte_order_parse(const char *text, unsigned type, uint8_t out[8])
{
    unsigned letters = letters_of(type);
    return letters >= 2 &&
           order_letters(text, letters, letters == 4 && type_facts[type].bytes == 3, out);
}

void default_orders(uint8_t order[RAW_COUNT][8])
{
    static const char letters[] = "ABCDEFGH";
    for (unsigned t = 0; t < RAW_COUNT; t++) {
        for (uint8_t i = 0; i < 8; i++) {
            order[t][i] = i;
        }
        char plain[9] = "";
        memcpy(plain, letters, letters_of(t));
        byte_order_parse(plain, t, order[t]);
    }
    /* One byte of a register; the low one unless the tag says `byte: high`. */
    order[RAW_U8][0] = order[RAW_S8][0] = 1;
}

bool read_order(const struct reader *r, const struct node *n, unsigned type, uint8_t out[8])
{
    unsigned letters = letters_of(type);
    if (!is_scalar(r, n, "an order")) {
        return false;
    }
    if (letters < 2) {
        return complain(r, n, "%s has no byte order%s", type_names[type],
                        letters == 1 ? "; say `byte: low` or `byte: high`" : "");
    }
    return byte_order_parse(n->text, type, out) ||
           complain(r, n,
                    "order `%.20s`: %s takes each letter of %.*s once, the most significant "
                    "byte is A",
                    n->text, type_names[type], (int)letters, "ABCDEFGH");
}

/* One word is the order of all numbers with as many bytes as it has letters. */
static bool read_one_order(const struct reader *r, const struct node *n,
                           uint8_t order[RAW_COUNT][8], bool given[RAW_COUNT])
{
    bool fits = false;
    for (unsigned t = 0; t < RAW_COUNT; t++) {
        if (type_facts[t].number && n->length == letters_of(t) &&
            byte_order_parse(n->text, t, order[t])) {
            given[t] = fits = true;
        }
    }
    return fits || complain(r, n,
                            "order `%.20s` is none: use each letter once, like CDAB, or give "
                            "one for a type: {f32: CDAB}",
                            n->text);
}

bool read_orders(const struct reader *r, const struct node *n, uint8_t order[RAW_COUNT][8],
                 bool given[RAW_COUNT])
{
    if (n->kind == NODE_SCALAR) {
        return read_one_order(r, n, order, given);
    }
    if (!is_mapping(r, n, "order")) {
        return false;
    }
    bool good = true;
    for (const struct node *k = n->first; k != NULL; k = k->next->next) {
        unsigned type = RAW_COUNT;
        if (!read_word(r, k, "type", type_names, RAW_COUNT, &type) ||
            !read_order(r, k->next, type, order[type])) {
            good = false;
            continue;
        }
        given[type] = true;
    }
    return good;
}

static bool read_string(const struct map_builder *b, const struct tag_nodes *n, struct point *p,
                        const struct node *tag)
{
    unsigned form = STRING_TWO;
    uint64_t len = 0;
    bool good = n->len != NULL || complain_if(&b->r, !b->loose, tag,
                                              "a string needs `len: N`, its length in registers");
    good = read_u64(&b->r, n->len, "len", 1, REGISTERS_MAX, &len) && good;
    good = read_word(&b->r, n->chars, "chars", string_forms, STRING_FORMS, &form) && good;
    p->words = (uint16_t)len;
    p->string_form = (uint8_t)form;
    return good;
}

static bool read_time(const struct map_builder *b, const struct tag_nodes *n, struct point *p,
                      const struct node *tag)
{
    unsigned form = TIME_UNIX32;
    bool good =
        n->format != NULL && read_word(&b->r, n->format, "format", time_names, TIME_NAMES, &form);
    if (n->format == NULL) {
        complain_if(
            &b->r, !b->loose, tag,
            "a time needs `format:` unix, unix64, unix_ms, pm800, six, iec870, sel, ge469 or "
            "finder7m");
    }
    p->time_form = (uint8_t)form;
    p->bytes = time_facts[form].bytes;
    p->words = time_facts[form].words;
    if (!good) { /* which letters its order has is not known */
        return n->order != NULL && !is_scalar(&b->r, n->order, "an order") && good;
    }
    if (n->order != NULL) {
        unsigned like = p->bytes == 4 ? RAW_U32 : RAW_U64;
        p->own_order = true;
        return p->bytes != 0 ? read_order(&b->r, n->order, like, p->order)
                             : complain(&b->r, n->order, "the order of a `%s` time is fixed",
                                        time_names[form]);
    }
    return good;
}

/* Of no known type: they are for strings or times, but wrong as they stand. */
static void check_texts(const struct map_builder *b, const struct tag_nodes *n)
{
    uint64_t len;
    unsigned word;
    read_u64(&b->r, n->len, "len", 1, REGISTERS_MAX, &len);
    read_word(&b->r, n->chars, "chars", string_forms, STRING_FORMS, &word);
    read_word(&b->r, n->format, "format", time_names, TIME_NAMES, &word);
}

static bool only_for(const struct map_builder *b, const struct node *n, const char *key, bool fits,
                     const char *types)
{
    return n == NULL || fits || !b->typed || complain(&b->r, n, "`%s` is for %s", key, types);
}

static bool read_number_order(const struct map_builder *b, const struct tag_nodes *n,
                              struct point *p)
{
    static const char *const halves[] = {"low", "high"};
    unsigned half = 0;
    bool good = only_for(b, n->byte, "byte", p->bytes == 1, "u8 and s8");
    if (good && n->byte != NULL) {
        good = read_word(&b->r, n->byte, "byte", halves, 2, &half);
        p->order[0] = half == 0 ? 1 : 0;
    }
    if (n->order != NULL && !b->typed) {
        return is_scalar(&b->r, n->order, "an order") && good;
    }
    if (n->order != NULL && p->type != RAW_TIME) {
        good = read_order(&b->r, n->order, p->type, p->order) && good;
        p->own_order = true;
    }
    return good;
}

/* What other lists of registers call our types: no misspelling, so no nearest word helps. */
static bool is_foreign_word(const struct map_builder *b, const struct node *n)
{
    static const char *const words[][2] = {
        {"float", "f32"},  {"float32", "f32"},  {"real", "f32"},     {"single", "f32"},
        {"double", "f64"}, {"float64", "f64"},  {"lreal", "f64"},    {"float16", "f16"},
        {"int", "s16"},    {"int16", "s16"},    {"short", "s16"},    {"uint", "u16"},
        {"uint16", "u16"}, {"word", "u16"},     {"int32", "s32"},    {"dint", "s32"},
        {"long", "s32"},   {"uint32", "u32"},   {"udint", "u32"},    {"dword", "u32"},
        {"ulong", "u32"},  {"int64", "s64"},    {"lint", "s64"},     {"uint64", "u64"},
        {"ulint", "u64"},  {"int8", "s8"},      {"sint", "s8"},      {"uint8", "u8"},
        {"byte", "u8"},    {"usint", "u8"},     {"boolean", "bool"}, {"bit", "bool"},
        {"bcd", "bcd16"},  {"ascii", "string"}, {"str", "string"},
    };
    for (size_t i = 0; n != NULL && n->kind == NODE_SCALAR && i < sizeof words / sizeof *words;
         i++) {
        if (strcasecmp(n->text, words[i][0]) == 0) {
            complain(&b->r, n, "type `%s` is called `%s` here", n->text, words[i][1]);
            return true;
        }
    }
    return false;
}

/* The type as it is written, or as it must be; false after a complaint. */
static bool find_type(const struct map_builder *b, const struct tag_nodes *n, bool bits,
                      const struct node *tag, const char *table, unsigned *type)
{
    *type = bits ? RAW_BOOL : RAW_U16;
    if (n->type == NULL && !bits && n->bit == NULL) {
        return complain_if(&b->r, b->placed && !b->loose, tag,
                           "no type; say `type: u16`, f32, ... or `bit: N`");
    }
    if (is_foreign_word(b, n->type) ||
        !read_word(&b->r, n->type, "type", type_names, RAW_COUNT, type)) {
        return false;
    }
    if (bits && *type != RAW_BOOL) {
        return complain(&b->r, n->type, "a %s is one bit: its type is bool", table);
    }
    return true;
}

bool read_type(struct map_builder *b, const struct tag_nodes *n, struct point *p,
               const struct node *tag)
{
    bool bits = p->table == TABLE_COIL || p->table == TABLE_DISCRETE;
    unsigned type;
    bool good = find_type(b, n, bits, tag, table_names[p->table], &type);
    b->typed = good;
    if (good && bits && n->bit != NULL) {
        good = complain(&b->r, n->bit,
                        "a %s is one bit: leave `bit` out, or say `at: %s ...` if that of a "
                        "register is meant",
                        table_names[p->table], p->table == TABLE_COIL ? "holding" : "input");
    } else if (type == RAW_BOOL && n->bit != NULL) {
        type = RAW_U16;
    }
    if (!b->typed) {
        type = RAW_U64;
    }
    p->type = (uint8_t)type;
    p->bytes = type_facts[type].bytes;
    p->words = type_facts[type].words;
    memcpy(p->order, b->order[type], sizeof p->order);
    good = only_for(b, n->len, "len", type == RAW_STRING, "strings") && good;
    good = only_for(b, n->chars, "chars", type == RAW_STRING, "strings") && good;
    good = only_for(b, n->format, "format", type == RAW_TIME, "times") && good;
    if (type == RAW_STRING) {
        good = read_string(b, n, p, tag) && good;
    } else if (type == RAW_TIME) {
        good = read_time(b, n, p, tag) && good;
    } else if (!b->typed) {
        check_texts(b, n);
    }
    return read_number_order(b, n, p) && good;
}

unsigned raw_bits(const struct point *p)
{
    return p->bytes * 8U;
}

static bool read_mask(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    unsigned width = raw_bits(p);
    uint64_t all = width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1, shift = 0;
    p->mask = all;
    bool good = read_u64(&b->r, n->mask, "mask", 1, all, &p->mask);
    good = read_u64(&b->r, n->shift, "shift", 0, width - 1, &shift) && good;
    p->shift = (uint8_t)shift;
    if (good && p->mask >> shift == 0) {
        good =
            complain(&b->r, n->shift, "shifted by %s, nothing of the mask is left", n->shift->text);
    }
    return good;
}

bool read_bit_keys(const struct map_builder *b, const struct tag_nodes *n, struct point *p)
{
    static const char whole[] = "whole numbers (u16, u32, ...)";
    bool integer = type_facts[p->type].integer, several = n->mask != NULL || n->shift != NULL;
    bool one = p->type == RAW_BOOL && n->bit != NULL; /* which was told */
    uint64_t bit = 0;
    bool good = only_for(b, n->bit, "bit", integer || one, whole);
    good = only_for(b, n->mask, "mask", integer, whole) && good;
    good = only_for(b, n->shift, "shift", integer, whole) && good;
    good = only_for(b, n->bits, "bits", integer, whole) && good;
    good = only_for(b, n->invert, "invert", n->bit != NULL || p->type == RAW_BOOL,
                    "bits, coils and discrete inputs") &&
           good;
    if (integer && n->bit != NULL) {
        good = read_u64(&b->r, n->bit, "bit", 0, raw_bits(p) - 1, &bit) && good;
        p->bit = (int8_t)bit;
    }
    if (integer && n->bit != NULL && several) {
        good = complain(&b->r, n->bit, "`bit` is one bit, `mask` is several; keep one of them");
    }
    if (integer && several) {
        good = read_mask(b, n, p) && good;
    }
    return read_bool(&b->r, n->invert, "invert", &p->inverted) && good;
}
