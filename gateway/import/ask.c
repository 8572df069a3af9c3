/* SPDX-License-Identifier: Apache-2.0 */
/* Questions: what is missing, what the choices mean, and what they make of three rows. */
#include <string.h>

#include "config/map.h"
#include "import/settle.h"
#include "import/types.h"

enum { SAMPLES = 3 };

struct choice_of {
    const char *words; /* as typed */
    const char *means;
    int value;
    const char *text; /* for orders */
};

struct question {
    enum need need;
    const char *asks;
    const struct choice_of *choices;
};

static const struct choice_of bases[] = {
    {"--base 0", "the number is what is sent", BASE_0, NULL},
    {"--base 1", "the first register is called 1", BASE_1, NULL},
    {"--base 40001", "the first digit of five (or six) is the table: 40001 is holding 0",
     BASE_40001, NULL},
    {"--base 400001", "the same, of six digits only: 400001 is holding 0", BASE_400001, NULL},
    {"--base iec", "indices of IEC 61131: %MW100 is holding 100, %MD100 begins there", BASE_IEC,
     NULL},
    {0}};
static const struct choice_of prefixed_bases[] = {
    {"--base 1", "400001 is holding 0 (the usual setting)", BASE_1, NULL},
    {"--base 0", "400000 is holding 0 (the device is set to zero-based addresses)", BASE_0, NULL},
    {0}};
static const struct choice_of counted_bases[] = {
    {"--base 1", "the first register is called 1 (the usual setting)", BASE_1, NULL},
    {"--base 0", "the number is what is sent", BASE_0, NULL},
    {0}};
static const struct choice_of doubles[] = {
    {"--base iec", "%MD10 begins at word 10", BASE_IEC, NULL},
    {"--base codesys", "%MD10 is words 20 and 21", BASE_CODESYS, NULL},
    {0}};
static const struct choice_of hexes[] = {
    {"--hex-base 0", "what is printed in hexadecimal is what is sent", BASE_0, NULL},
    {"--hex-base 1", "it counts from 1 too", BASE_1, NULL},
    {0}};
static const struct choice_of zeros[] = {
    {"--zeros lost", "a spreadsheet took the leading zeros: these are coils", FIRST, NULL},
    {"--zeros kept", "they are as they were meant", SECOND, NULL},
    {0}};
static const struct choice_of tables[] = {{"--table holding", "function 3", TABLE_HOLDING, NULL},
                                          {"--table input", "function 4", TABLE_INPUT, NULL},
                                          {"--table coil", "function 1", TABLE_COIL, NULL},
                                          {"--table discrete", "function 2", TABLE_DISCRETE, NULL},
                                          {0}};
static const struct choice_of types[] = {
    {"--type u16", "one register, 0 to 65535", RAW_U16, NULL},
    {"--type s16", "one register, -32768 to 32767", RAW_S16, NULL},
    {"--type f32", "two registers, a float (any type of the map language is taken)", RAW_F32, NULL},
    {0}};
static const struct choice_of tens[] = {
    {"--dot-one 1", ".1 is bit 1", FIRST, NULL},
    {"--dot-one 10", ".1 was .10 before a spreadsheet took it for a number", SECOND, NULL},
    {0}};
static const struct choice_of points[] = {
    {"--dot-zero number", "a spreadsheet made 100.0 of 100: there is no bit", SECOND, NULL},
    {"--dot-zero bit", ".0 is bit 0: one bit, without scale and type", FIRST, NULL},
    {0}};
static const struct choice_of bits[] = {
    {"--bit-base 0", "bit 0 is the least significant", BITS_0, NULL},
    {"--bit-base 1", "bit 1 is the least significant", BITS_1, NULL},
    {"--bit-base msb0", "bit 0 is the most significant", BITS_MSB0, NULL},
    {"--bit-base msb1", "bit 1 is the most significant", BITS_MSB1, NULL},
    {0}};
static const struct choice_of orders2[] = {
    {"--order AB", "texts: the first character in the high byte", 0, "AB"},
    {"--order BA", "texts: the first character in the low byte", 0, "BA"},
    {0}};
static const struct choice_of orders4[] = {
    {"--order ABCD", "high word first", 0, "ABCD"},
    {"--order CDAB", "low word first", 0, "CDAB"},
    {"--order BADC", "high word first, bytes swapped", 0, "BADC"},
    {"--order DCBA", "the lowest byte first", 0, "DCBA"},
    {0}};
static const struct choice_of orders8[] = {
    {"--order ABCDEFGH", "high word first", 0, "ABCDEFGH"},
    {"--order GHEFCDAB", "low word first", 0, "GHEFCDAB"},
    {"--order CDABGHEF", "low word first in each half, high half first", 0, "CDABGHEF"},
    {"--order HGFEDCBA", "the lowest byte first", 0, "HGFEDCBA"},
    {0}};
static const struct choice_of named[] = {
    {"--order LB=CDAB",
     "Neuron's word behind # (its versions disagree on what it means), its order", 0, NULL},
    {0}};
/* Of a column: what some mean by it, and others. */
static const struct choice_of named_plain[] = {
    {"--order little-endian=CDAB", "the low word first, in each the high byte", 0, NULL},
    {"--order little-endian=DCBA", "the lowest byte first", 0, NULL},
    {0}};

static const struct choice_of scalings[] = {
    {"--scaling multiply", "the value is raw times the number", FIRST, NULL},
    {"--scaling divide", "the value is raw by the number", SECOND, NULL},
    {0}};

static const struct question questions[] = {
    {NEED_BASE, "what its addresses count from", bases},
    {NEED_HEX, "what its hexadecimal addresses count from", hexes},
    {NEED_ZEROS, "what the short addresses among the long ones are", zeros},
    {NEED_TABLE, "which table its addresses belong to", tables},
    {NEED_TYPE, "which type its values have", types},
    {NEED_DOUBLE, "where its double words begin", doubles},
    {NEED_DOT_ONE, "whether a bit .1 is bit 1", tens},
    {NEED_DOT_ZERO, "whether the .0 behind its addresses is a bit", points},
    {NEED_BITS, "how its bits are counted", bits},
    {NEED_ORDER2, "the order of characters in texts", orders2},
    {NEED_ORDER4, "the order of the words of 32-bit values", orders4},
    {NEED_ORDER8, "the order of the words of 64-bit values", orders8},
    {NEED_NAMED, "what its own words for byte orders mean", named},
    {NEED_SCALING, "whether its scales multiply or divide", scalings},
};

static void answer(struct import_options *o, enum need need, const struct choice_of *c)
{
    switch (need) {
    case NEED_BASE:
    case NEED_DOUBLE:
        o->base = (enum base)c->value;
        break;
    case NEED_HEX:
        o->hex_base = (enum base)c->value;
        break;
    case NEED_ZEROS:
        o->zeros = (enum import_answer)c->value;
        break;
    case NEED_TABLE:
        o->table = c->value;
        break;
    case NEED_TYPE:
        o->type = c->value;
        break;
    case NEED_DOT_ONE:
        o->dot_one = (enum import_answer)c->value;
        break;
    case NEED_DOT_ZERO:
        o->dot_zero = (enum import_answer)c->value;
        break;
    case NEED_BITS:
        o->bits = (enum bit_base)c->value;
        break;
    case NEED_ORDER2:
        o->order[2] = c->text;
        break;
    case NEED_ORDER4:
        o->order[4] = c->text;
        break;
    case NEED_ORDER8:
        o->order[8] = c->text;
        break;
    case NEED_SCALING:
        o->scaling = (enum import_answer)c->value;
        break;
    case NEED_NAMED:
    case NEED_COUNT:
        break;
    }
}

/* 0x12345678 in this order: 0x5678 0x1234 */
static void print_words(const char *order, FILE *out)
{
    static const uint8_t bytes[] = {0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0};
    size_t n = strlen(order);
    fputs(n == 4 ? ": 0x12345678 is" : ": 0x123456789ABCDEF0 is", out);
    for (size_t i = 0; i + 1 < n; i += 2)
        fprintf(out, " 0x%02X%02X", bytes[order[i] - 'A'], bytes[order[i + 1] - 'A']);
}

static void print_result(struct import_list *l, const struct import_row *row,
                         const struct import_options *o, FILE *out)
{
    struct import_row copy = *row;
    uint32_t needs = 0;
    const char *why = settle_row(l, &copy, o, &needs);
    uint32_t of_address = 1U << NEED_BASE | 1U << NEED_HEX | 1U << NEED_ZEROS | 1U << NEED_DOUBLE;
    if (why != NULL) {
        fprintf(out, "impossible: %s\n", why);
        return;
    }
    if (needs & 1U << NEED_ZEROS)
        fputs("hangs on --zeros", out);
    else if (needs & of_address)
        fputs("wherever it lies", out);
    else if (needs & 1U << NEED_TABLE)
        fprintf(out, "address %u", copy.address);
    else
        fprintf(out, "%s %u", table_name((enum table)copy.table), copy.address);
    if (copy.type >= 0)
        fprintf(out, ", %s", raw_type_name((enum raw_type)copy.type));
    if (needs & 1U << NEED_BITS)
        fputs(", a bit of it", out);
    if (copy.bit >= 0)
        fprintf(out, ", bit %d", copy.bit);
    if (copy.scale != NULL && !copy.scale_open)
        fprintf(out, ", times %s", copy.scale);
    if (strlen(copy.order) == 4 || strlen(copy.order) == 8)
        print_words(copy.order, out);
    fputc('\n', out);
}

static void print_spot(const struct import_row *row, FILE *out)
{
    const struct spot *s = &row->spot;
    static const char digits[] = "01034";
    if (s->notation == SPOT_PREFIXED && s->table >= 0)
        fprintf(out, "%s%c%0*u", s->hex ? "H" : "",
                s->table == TABLE_COIL       ? digits[0]
                : s->table == TABLE_DISCRETE ? digits[1]
                : s->table == TABLE_INPUT    ? digits[3]
                                             : digits[4],
                s->digits - 1, s->number);
    else
        fprintf(out, s->hex ? "0x%X" : "%u", s->number);
    if (s->bit >= 0)
        fprintf(out, ".%d", s->bit);
}

static bool is_plain_word(const struct import_row *row)
{
    return strcmp(row->order_name, "little-endian") == 0;
}

static void ask_one(struct import_list *l, const struct question *q, FILE *out)
{
    bool is_prefixed = false, is_counted = true;
    const struct import_row *samples[SAMPLES] = {NULL};
    unsigned count = 0;
    for (struct import_row *row = l->rows; row != NULL && count < SAMPLES; row = row->next) {
        struct import_row copy = *row;
        uint32_t needs = 0;
        if (row->gone || settle_row(l, &copy, l->options, &needs) != NULL ||
            (needs & 1U << q->need) == 0)
            continue;
        is_counted &= row->spot.notation == SPOT_COUNTED;
        is_prefixed |= row->spot.notation == SPOT_PREFIXED;
        samples[count++] = row;
    }
    fprintf(out, "%s does not say %s. Say it:\n", l->file, q->asks);
    const struct choice_of *choices = q->choices;
    if (q->need == NEED_BASE && is_prefixed)
        choices = prefixed_bases;
    else if (q->need == NEED_BASE && is_counted)
        choices = counted_bases;
    else if (q->need == NEED_NAMED && count > 0 && is_plain_word(samples[0]))
        choices = named_plain;
    for (const struct choice_of *c = choices; c->words != NULL; c++)
        fprintf(out, "  %-18s %s\n", c->words, c->means);
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, "  row %u, %.60s, ", samples[i]->line, samples[i]->name);
        print_spot(samples[i], out);
        if (*samples[i]->order_name != '\0')
            fprintf(out, " %s%s", is_plain_word(samples[i]) ? "" : "#", samples[i]->order_name);
        fputc('\n', out);
        for (const struct choice_of *c = choices; c->words != NULL && q->need != NEED_NAMED; c++) {
            struct import_options o = *l->options;
            answer(&o, q->need, c);
            fprintf(out, "    %-18s ", c->words);
            print_result(l, samples[i], &o, out);
        }
    }
}

void settle_ask(struct import_list *l, uint32_t needs, FILE *out)
{
    for (const struct import_question *q = l->questions; q != NULL; q = q->next)
        fputs(q->text, out);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (needs & 1U << questions[i].need)
            ask_one(l, &questions[i], out);
}
