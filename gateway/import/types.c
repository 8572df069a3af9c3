/* SPDX-License-Identifier: Apache-2.0 */
#include "import/types.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/map.h"

static const struct {
    uint8_t words, bytes;
    bool whole;
} facts[RAW_COUNT] = {
    [RAW_BOOL] = {1, 0, false},   [RAW_U8] = {1, 1, true},      [RAW_S8] = {1, 1, true},
    [RAW_U16] = {1, 2, true},     [RAW_S16] = {1, 2, true},     [RAW_U24] = {2, 3, true},
    [RAW_S24] = {2, 3, true},     [RAW_U32] = {2, 4, true},     [RAW_S32] = {2, 4, true},
    [RAW_U48] = {3, 6, true},     [RAW_S48] = {3, 6, true},     [RAW_U64] = {4, 8, true},
    [RAW_S64] = {4, 8, true},     [RAW_F16] = {1, 2, false},    [RAW_F32] = {2, 4, false},
    [RAW_F64] = {4, 8, false},    [RAW_BCD16] = {1, 2, false},  [RAW_BCD32] = {2, 4, false},
    [RAW_BCD64] = {4, 8, false},  [RAW_M10K32] = {2, 4, false}, [RAW_M10K48] = {3, 6, false},
    [RAW_M10K64] = {4, 8, false}, [RAW_SM16] = {1, 2, false},
};

unsigned type_words(int type)
{
    return type < 0 ? 0 : facts[type].words;
}

unsigned type_bytes(int type)
{
    return type < 0 ? 0 : facts[type].bytes;
}

bool type_is_whole(int type)
{
    return type >= 0 && facts[type].whole;
}

bool type_is_float(int type)
{
    return type == RAW_F16 || type == RAW_F32 || type == RAW_F64;
}

int type_by_name(const char *name)
{
    for (int t = 0; t < RAW_COUNT; t++)
        if (strcmp(raw_type_name((enum raw_type)t), name) == 0)
            return t;
    return -1;
}

int type_of_size(int type, unsigned words)
{
    static const struct {
        int16_t like, words, type;
    } sizes[] = {
        {RAW_U16, 1, RAW_U16},     {RAW_U16, 2, RAW_U32},     {RAW_U16, 3, RAW_U48},
        {RAW_U16, 4, RAW_U64},     {RAW_S16, 1, RAW_S16},     {RAW_S16, 2, RAW_S32},
        {RAW_S16, 3, RAW_S48},     {RAW_S16, 4, RAW_S64},     {RAW_F32, 2, RAW_F32},
        {RAW_F32, 4, RAW_F64},     {RAW_BCD16, 1, RAW_BCD16}, {RAW_BCD16, 2, RAW_BCD32},
        {RAW_BCD16, 4, RAW_BCD64},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].like == type && sizes[i].words == (int)words)
            return sizes[i].type;
    return -1;
}

static const struct {
    const char *word;
    int16_t type;
} words[] = {
    {"short", RAW_S16},
    {"int", RAW_S16},
    {"int16", RAW_S16},
    {"sint16", RAW_S16},
    {"s16", RAW_S16},
    {"i16", RAW_S16},
    {"signed", RAW_S16},
    {"signed16", RAW_S16},
    {"signedint", RAW_S16},
    {"signedint16", RAW_S16},
    {"signed16bit", RAW_S16},
    {"16bitsigned", RAW_S16},
    {"integer", RAW_S16},
    {"int2", RAW_S16},
    {"signedinteger", RAW_S16},
    {"word", RAW_U16},
    {"uint", RAW_U16},
    {"uint16", RAW_U16},
    {"int16u", RAW_U16},
    {"u16", RAW_U16},
    {"unsigned", RAW_U16},
    {"unsigned16", RAW_U16},
    {"unsignedint", RAW_U16},
    {"unsignedint16", RAW_U16},
    {"unsignedshort", RAW_U16},
    {"ushort", RAW_U16},
    {"16bitunsigned", RAW_U16},
    {"unsigned16bit", RAW_U16},
    {"bitmap", RAW_U16},
    {"bitfield", RAW_U16},
    {"bitmask", RAW_U16},
    {"unsignedinteger", RAW_U16},
    {"enum", RAW_U16},
    {"long", RAW_S32},
    {"dint", RAW_S32},
    {"int32", RAW_S32},
    {"sint32", RAW_S32},
    {"s32", RAW_S32},
    {"i32", RAW_S32},
    {"int4", RAW_S32},
    {"signedlong", RAW_S32},
    {"longint", RAW_S32},
    {"signed32", RAW_S32},
    {"signed32bit", RAW_S32},
    {"32bitsigned", RAW_S32},
    {"signedint32", RAW_S32},
    {"dword", RAW_U32},
    {"udint", RAW_U32},
    {"uint32", RAW_U32},
    {"int32u", RAW_U32},
    {"u32", RAW_U32},
    {"unsignedlong", RAW_U32},
    {"ulong", RAW_U32},
    {"unsigned32", RAW_U32},
    {"unsigned32bit", RAW_U32},
    {"32bitunsigned", RAW_U32},
    {"unsignedint32", RAW_U32},
    {"float", RAW_F32},
    {"real", RAW_F32},
    {"float32", RAW_F32},
    {"f32", RAW_F32},
    {"float4", RAW_F32},
    {"single", RAW_F32},
    {"float32ieee", RAW_F32},
    {"ieee754", RAW_F32},
    {"ieeefloat", RAW_F32},
    {"floatingpoint", RAW_F32},
    {"real32", RAW_F32},
    {"double", RAW_F64},
    {"lreal", RAW_F64},
    {"float64", RAW_F64},
    {"f64", RAW_F64},
    {"float8", RAW_F64},
    {"float64ieee", RAW_F64},
    {"real64", RAW_F64},
    {"float16", RAW_F16},
    {"f16", RAW_F16},
    {"float16ieee", RAW_F16},
    {"half", RAW_F16},
    {"halffloat", RAW_F16},
    {"halfprecision", RAW_F16},
    {"real16", RAW_F16},
    {"llong", RAW_S64},
    {"lint", RAW_S64},
    {"int64", RAW_S64},
    {"s64", RAW_S64},
    {"i64", RAW_S64},
    {"longlong", RAW_S64},
    {"signed64", RAW_S64},
    {"qword", RAW_U64},
    {"ulint", RAW_U64},
    {"uint64", RAW_U64},
    {"int64u", RAW_U64},
    {"u64", RAW_U64},
    {"lword", RAW_U64},
    {"unsigned64", RAW_U64},
    {"u48", RAW_U48},
    {"s48", RAW_S48},
    {"uint48", RAW_U48},
    {"int48", RAW_S48},
    {"u24", RAW_U24},
    {"s24", RAW_S24},
    {"uint24", RAW_U24},
    {"int24", RAW_S24},
    {"bool", RAW_BOOL},
    {"boolean", RAW_BOOL},
    {"bit", RAW_BOOL},
    {"discrete", RAW_BOOL},
    {"binary", RAW_BOOL},
    {"byte", RAW_U8},
    {"usint", RAW_U8},
    {"u8", RAW_U8},
    {"char", RAW_S8},
    {"sint", RAW_S8},
    {"s8", RAW_S8},
    {"bcd", RAW_BCD16},
    {"bcd16", RAW_BCD16},
    {"lbcd", RAW_BCD32},
    {"bcd32", RAW_BCD32},
    {"bcd64", RAW_BCD64},
    {"m10k32", RAW_M10K32},
    {"m10k48", RAW_M10K48},
    {"m10k64", RAW_M10K64},
    {"mod10", RAW_M10K32},
    {"sm16", RAW_SM16},
    {"string", RAW_STRING},
    {"ascii", RAW_STRING},
    {"utf8", RAW_STRING},
    {"text", RAW_STRING},
    {"char[]", RAW_STRING},
    {"visiblestring", RAW_STRING},
};

struct type_word type_word(const char *word)
{
    struct type_word out = {.type = -1};
    char plain[48];
    size_t n = 0;
    for (const char *c = word; *c != '\0' && n + 1 < sizeof plain; c++)
        if (isalnum((unsigned char)*c))
            plain[n++] = (char)tolower((unsigned char)*c);
    plain[n] = '\0';
    if (strcmp(plain, "int8") == 0 || strcmp(plain, "uint8") == 0) {
        out.type = *plain == 'u' ? RAW_U8 : RAW_S8;
        out.eight = true;
        return out;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, plain) == 0)
            out.type = words[i].type;
    out.bits = strncmp(plain, "bitm", 4) == 0 || strcmp(plain, "bitfield") == 0;
    /* string20, ascii16 */
    size_t letters = strcspn(plain, "0123456789");
    if (out.type < 0 && plain[letters] != '\0' &&
        strspn(plain + letters, "0123456789") == strlen(plain + letters) &&
        (strncmp(plain, "string", letters) == 0 || strncmp(plain, "ascii", letters) == 0) &&
        letters >= 5) {
        unsigned long length = strtoul(plain + letters, NULL, 10);
        out.type = RAW_STRING;
        out.characters = length > 2 * REGISTERS_MAX ? 0 : (uint16_t)length;
    }
    return out;
}
