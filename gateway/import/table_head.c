/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import/read_table.h"

static const char *const field_words[FIELD_COUNT] = {
    "name", "address", "other", "table",  "type",  "size", "scale", "offset", "rawlow", "rawhigh",
    "low",  "high",    "unit",  "access", "about", "enum", "bit",   "group",  "order"};

static const struct synonym {
    const char *word;
    uint8_t field;
} synonyms[] = {
    {"tagname", FIELD_NAME},
    {"name", FIELD_NAME},
    {"tag", FIELD_NAME},
    {"signal", FIELD_NAME},
    {"signalname", FIELD_NAME},
    {"parameter", FIELD_NAME},
    {"registername", FIELD_NAME},
    {"measurement", FIELD_NAME},
    {"measurements", FIELD_NAME},
    {"nameenums", FIELD_NAME},
    {"variable", FIELD_NAME},
    {"variablename", FIELD_NAME},
    {"point", FIELD_NAME},
    {"pointname", FIELD_NAME},
    {"registernumber", FIELD_ADDRESS},
    {"register", FIELD_ADDRESS},
    {"reg", FIELD_ADDRESS},
    {"modbusregister", FIELD_ADDRESS},
    {"modbusregisteraddress", FIELD_ADDRESS},
    {"registeraddress", FIELD_ADDRESS},
    {"reference", FIELD_ADDRESS},
    {"no", FIELD_ADDRESS},
    {"start", FIELD_ADDRESS},
    {"wordaddress", FIELD_ADDRESS},
    {"addressregister", FIELD_ADDRESS},
    {"logicaladdress", FIELD_ADDRESS},
    {"regno", FIELD_ADDRESS},
    {"address", FIELD_OTHER},
    {"addr", FIELD_OTHER},
    {"modbusaddress", FIELD_OTHER},
    {"modbusoffset", FIELD_OTHER},
    {"modbusstartaddress", FIELD_OTHER},
    {"startaddress", FIELD_OTHER},
    {"hexaddress", FIELD_OTHER},
    {"hex", FIELD_OTHER},
    {"table", FIELD_TABLE},
    {"area", FIELD_TABLE},
    {"function", FIELD_TABLE},
    {"functioncode", FIELD_TABLE},
    {"fc", FIELD_TABLE},
    {"registertype", FIELD_TABLE},
    {"regtype", FIELD_TABLE},
    {"primarytable", FIELD_TABLE},
    {"modbusfunctionenabled", FIELD_TABLE},
    {"modbusfunction", FIELD_TABLE},
    {"datatype", FIELD_TYPE},
    {"type", FIELD_TYPE},
    {"format", FIELD_TYPE},
    {"dataformat", FIELD_TYPE},
    {"formatcode", FIELD_TYPE},
    {"size", FIELD_SIZE},
    {"length", FIELD_SIZE},
    {"#r", FIELD_SIZE},
    {"noofregisters", FIELD_SIZE},
    {"numberofregisters", FIELD_SIZE},
    {"registers", FIELD_SIZE},
    {"count", FIELD_SIZE},
    {"words", FIELD_SIZE},
    {"noofbytes", FIELD_SIZE},
    {"numberofbytes", FIELD_SIZE},
    {"bytes", FIELD_SIZE},
    {"scale", FIELD_SCALE},
    {"scaling", FIELD_SCALE},
    {"scalefactor", FIELD_SCALE},
    {"multiplier", FIELD_SCALE},
    {"factor", FIELD_SCALE},
    {"resolution", FIELD_SCALE},
    {"gain", FIELD_SCALE},
    {"decimal", FIELD_SCALE},
    {"bias", FIELD_OFFSET},
    {"valueoffset", FIELD_OFFSET},
    {"offset", FIELD_OFFSET},
    {"rawlow", FIELD_RAW_LOW},
    {"rawhigh", FIELD_RAW_HIGH},
    {"rawmin", FIELD_RAW_LOW},
    {"rawmax", FIELD_RAW_HIGH},
    {"scaledlow", FIELD_LOW},
    {"scaledhigh", FIELD_HIGH},
    {"englow", FIELD_LOW},
    {"enghigh", FIELD_HIGH},
    {"unit", FIELD_UNIT},
    {"units", FIELD_UNIT},
    {"engunits", FIELD_UNIT},
    {"engunit", FIELD_UNIT},
    {"eu", FIELD_UNIT},
    {"unitandnotes", FIELD_UNIT},
    {"engineeringunits", FIELD_UNIT},
    {"clientaccess", FIELD_ACCESS},
    {"access", FIELD_ACCESS},
    {"rw", FIELD_ACCESS},
    {"accessrw", FIELD_ACCESS},
    {"readwrite", FIELD_ACCESS},
    {"mode", FIELD_ACCESS},
    {"attribute", FIELD_ACCESS},
    {"description", FIELD_ABOUT},
    {"registerdescription", FIELD_ABOUT},
    {"comment", FIELD_ABOUT},
    {"notes", FIELD_ABOUT},
    {"note", FIELD_ABOUT},
    {"documentation", FIELD_ABOUT},
    {"tooltip", FIELD_ABOUT},
    {"label", FIELD_ABOUT},
    {"namedescription", FIELD_ABOUT},
    {"enums", FIELD_ENUM},
    {"enum", FIELD_ENUM},
    {"valuerange", FIELD_ENUM},
    {"onofftext", FIELD_ENUM},
    {"validrange", FIELD_ENUM},
    {"values", FIELD_ENUM},
    {"bit", FIELD_BIT},
    {"bitno", FIELD_BIT},
    {"bitnumber", FIELD_BIT},
    {"group", FIELD_GROUP},
    {"section", FIELD_GROUP},
    {"category", FIELD_GROUP},
    {"order", FIELD_ORDER},
    {"wordorder", FIELD_ORDER},
    {"byteorder", FIELD_ORDER},
    {"registerorder", FIELD_ORDER},
    {"byteandwordorder", FIELD_ORDER},
    {"wordandbyteorder", FIELD_ORDER},
    {"wordbyteorder", FIELD_ORDER},
    {"bytewordorder", FIELD_ORDER},
    {"endianness", FIELD_ORDER},
    {"endianess", FIELD_ORDER},
    {"endian", FIELD_ORDER},
    {"swap", FIELD_ORDER},
    {"wordswap", FIELD_ORDER},
    {"swapwords", FIELD_ORDER},
    {"byteswap", FIELD_ORDER},
    {"swapbytes", FIELD_ORDER},
};

/* The heading without what stands in brackets, and without its number system. */
static void core(const char *text, char out[HEADING_ROOM], bool *hex)
{
    char open[160];
    size_t n = 0;
    int deep = 0;
    for (const char *c = text; *c != '\0' && n + 1 < sizeof open; c++) {
        deep += *c == '(' || *c == '[';
        if (deep == 0)
            open[n++] = *c;
        deep -= (*c == ')' || *c == ']') && deep > 0;
    }
    open[n] = '\0';
    heading_plain(open, out);
    char all[HEADING_ROOM];
    heading_plain(text, all);
    *hex = strstr(all, "hex") != NULL;
    static const char *const tails[] = {"hexadecimal", "decimal", "hex", "dec"};
    for (size_t i = 0; i < 4; i++) {
        size_t length = strlen(out), tail = strlen(tails[i]);
        if (length > tail && strcmp(out + length - tail, tails[i]) == 0)
            out[length - tail] = '\0';
    }
}

static int field_of(const char *text, bool *hex)
{
    char here[HEADING_ROOM], whole[HEADING_ROOM];
    core(text, here, hex);
    heading_plain(text, whole);
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
        if (strcmp(synonyms[i].word, here) == 0 || strcmp(synonyms[i].word, whole) == 0)
            return synonyms[i].field;
    return -1;
}

void table_match(const char *const *texts, unsigned count, struct table_head *out)
{
    *out = (struct table_head){.second_order = -1};
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        out->column[f] = -1;
    bool hexes[CELLS_MAX] = {false};
    for (unsigned i = 0; i < count; i++) {
        int f = field_of(texts[i], &hexes[i]);
        if (f < 0)
            continue;
        /* A second number for the same thing: the one in hexadecimal is what is held against. */
        if (f == FIELD_ADDRESS && (hexes[i] || out->column[f] >= 0))
            f = FIELD_OTHER;
        else if (f == FIELD_OTHER && out->column[f] >= 0 && out->column[FIELD_ADDRESS] < 0) {
            f = FIELD_ADDRESS;
            if (hexes[i]) {
                out->column[f] = out->column[FIELD_OTHER];
                f = FIELD_OTHER;
                out->column[f] = -1;
            }
        }
        if (f == FIELD_ORDER && out->column[f] >= 0)
            out->second_order = (int)i;
        if (out->column[f] >= 0)
            continue;
        out->column[f] = (int)i;
        out->found++;
    }
    if (out->column[FIELD_ADDRESS] < 0) {
        out->column[FIELD_ADDRESS] = out->column[FIELD_OTHER];
        out->column[FIELD_OTHER] = -1;
    }
    out->hex = out->column[FIELD_ADDRESS] >= 0 && hexes[out->column[FIELD_ADDRESS]];
    out->other_hex = out->column[FIELD_OTHER] >= 0 && hexes[out->column[FIELD_OTHER]];
    if (out->column[FIELD_NAME] < 0) {
        out->column[FIELD_NAME] = out->column[FIELD_ABOUT];
        out->column[FIELD_ABOUT] = -1;
    }
    char plain[HEADING_ROOM];
    if (out->column[FIELD_SIZE] >= 0) {
        heading_plain(texts[out->column[FIELD_SIZE]], plain);
        out->bytes = strstr(plain, "byte") != NULL;
    }
    if (out->column[FIELD_SCALE] >= 0) {
        heading_plain(texts[out->column[FIELD_SCALE]], plain);
        out->scale_open = strcmp(plain, "scale") == 0 || strcmp(plain, "scaling") == 0;
    }
}

static bool one_column(struct import_list *l, const char *pair, size_t length,
                       const char *const *texts, unsigned count, uint32_t line,
                       struct table_head *out)
{
    const char *equal = memchr(pair, '=', length);
    if (equal == NULL)
        return import_refuse(l, 0, "--columns: `%.*s` is no FIELD=HEADING", (int)length, pair);
    size_t word = (size_t)(equal - pair), heading = length - word - 1;
    int field = -1;
    for (int f = 0; f < FIELD_COUNT; f++)
        if (strlen(field_words[f]) == word && strncmp(field_words[f], pair, word) == 0)
            field = f;
    if (field < 0)
        return import_refuse(l, 0,
                             "--columns: there is no field `%.*s`; there are name, address, other, "
                             "table, type, size, scale, offset, rawlow, rawhigh, low, high, unit, "
                             "access, about, enum, bit, group and order",
                             (int)word, pair);
    const char *wanted = import_keep(l, equal + 1, heading);
    for (unsigned i = 0; i < count; i++) {
        if (strcasecmp(texts[i], wanted) != 0)
            continue;
        bool hex;
        (void)field_of(texts[i], &hex);
        if (field == FIELD_ADDRESS && out->column[FIELD_OTHER] >= 0)
            out->column[FIELD_OTHER] = -1;
        for (unsigned f = 0; f < FIELD_COUNT; f++)
            if (out->column[f] == (int)i)
                out->column[f] = -1;
        out->column[field] = (int)i;
        if (field == FIELD_ADDRESS)
            out->hex = hex;
        if (field == FIELD_OTHER)
            out->other_hex = hex;
        if (field == FIELD_ORDER || out->second_order == (int)i)
            out->second_order = -1;
        return true;
    }
    return import_refuse(l, line, "--columns: no column is called `%s`", wanted);
}

bool table_columns(struct import_list *l, const char *columns, const char *const *texts,
                   unsigned count, uint32_t line, struct table_head *out)
{
    while (columns != NULL && *columns != '\0') {
        size_t length = strcspn(columns, ",");
        if (!one_column(l, columns, length, texts, count, line, out))
            return false;
        columns += length + (columns[length] == ',');
    }
    return true;
}
