/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import/read_table.h"

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
    {"scalingfactor", FIELD_SCALE},
    {"divisor", FIELD_SCALE},
    {"divider", FIELD_SCALE},
    {"decimals", FIELD_DECIMALS},
    {"decimalplaces", FIELD_DECIMALS},
    {"noofdecimals", FIELD_DECIMALS},
    {"numberofdecimals", FIELD_DECIMALS},
    {"slave", FIELD_SLAVE},
    {"slaveid", FIELD_SLAVE},
    {"slaveno", FIELD_SLAVE},
    {"slavenumber", FIELD_SLAVE},
    {"slaveaddress", FIELD_SLAVE},
    {"unitid", FIELD_SLAVE},
    {"unitno", FIELD_SLAVE},
    {"unitnumber", FIELD_SLAVE},
    {"unitaddress", FIELD_SLAVE},
    {"unitidentifier", FIELD_SLAVE},
    {"modbusid", FIELD_SLAVE},
    {"modbusslave", FIELD_SLAVE},
    {"modbusslaveid", FIELD_SLAVE},
    {"modbusunit", FIELD_SLAVE},
    {"modbusunitid", FIELD_SLAVE},
    {"stationaddress", FIELD_SLAVE},
    {"nodeid", FIELD_SLAVE},
    {"bias", FIELD_OFFSET},
    {"valueoffset", FIELD_OFFSET},
    {"offset", FIELD_OFFSET},
    {"rawlow", FIELD_RAW_LOW},
    {"rawhigh", FIELD_RAW_HIGH},
    {"rawmin", FIELD_RAW_LOW},
    {"rawmax", FIELD_RAW_HIGH},
    {"scaledlow", FIELD_LOW},
    {"scaledhigh", FIELD_HIGH},
    {"scaledmin", FIELD_LOW},
    {"scaledmax", FIELD_HIGH},
    {"englow", FIELD_LOW},
    {"enghigh", FIELD_HIGH},
    {"engmin", FIELD_LOW},
    {"engmax", FIELD_HIGH},
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
static void core(const char *text, char out[HEADING_ROOM])
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
    static const char *const tails[] = {"hexadecimal", "decimal", "hex", "dec"};
    for (size_t i = 0; i < 4; i++) {
        size_t length = strlen(out), tail = strlen(tails[i]);
        if (length > tail && strcmp(out + length - tail, tails[i]) == 0)
            out[length - tail] = '\0';
    }
}

static const struct synonym *field_of(const char *text)
{
    char here[HEADING_ROOM], whole[HEADING_ROOM];
    core(text, here);
    heading_plain(text, whole);
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
        if (strcmp(synonyms[i].word, here) == 0 || strcmp(synonyms[i].word, whole) == 0)
            return &synonyms[i];
    return NULL;
}

bool table_is_hex(const char *text)
{
    char plain[HEADING_ROOM];
    heading_plain(text, plain);
    return strstr(plain, "hex") != NULL;
}

/* Such a word gives way to any other for its field: `Type` beside `Data type`. */
static bool is_weak(const struct synonym *s)
{
    static const char *const words[] = {"type", "format", "formatcode", "function", "area"};
    for (size_t i = 0; s != NULL && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], s->word) == 0)
            return true;
    return false;
}

/* `No.` beside an address is the row's own number. */
static bool is_running(const struct synonym *s)
{
    return s != NULL && strcmp(s->word, "no") == 0;
}

static int find_plain(const char *const *texts, unsigned count, const char *a, const char *b)
{
    char plain[HEADING_ROOM];
    for (unsigned i = 0; i < count; i++) {
        heading_plain(texts[i], plain);
        if (strcmp(plain, a) == 0 || strcmp(plain, b) == 0)
            return (int)i;
    }
    return -1;
}

void table_look(const char *const *texts, struct table_head *h)
{
    static const char *const registers[] = {"register", "registers", "reg", "regs",
                                            "word",     "words",     "r",   NULL};
    static const char *const bytes[] = {"byte",  "bytes",     "octets",     "char",
                                        "chars", "character", "characters", NULL};
    static const char *const bits[] = {"bit", "bits", NULL};
    static const char *const divides[] = {"divisor", "divider",  "divide", "divided",
                                          "teiler",  "diviseur", NULL};
    static const char *const multiplies[] = {"multiplier", "multiply", "multiplied", NULL};
    static const char *const factors[] = {"factor", "gain", "resolution", "faktor", "facteur"};
    static const char *const functions[] = {"function", "functions", "functioncode", "fc", NULL};
    h->found = 0;
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        h->found += h->column[f] >= 0;
    if (h->column[FIELD_SIZE] >= 0 && h->size_unit == SIZE_UNSAID) {
        const char *text = texts[h->column[FIELD_SIZE]];
        bool of[4] = {false, heading_has(text, registers), heading_has(text, bytes),
                      heading_has(text, bits)};
        for (unsigned u = SIZE_REGISTERS; u <= SIZE_BITS; u++)
            if (of[u] && of[SIZE_REGISTERS] + of[SIZE_BYTES] + of[SIZE_BITS] == 1)
                h->size_unit = (enum size_unit)u;
    }
    h->scale_how = SCALE_OPEN;
    if (h->column[FIELD_SCALE] >= 0) {
        const char *text = texts[h->column[FIELD_SCALE]];
        char plain[HEADING_ROOM];
        bool by = heading_has(text, divides), times = heading_has(text, multiplies);
        core(text, plain);
        for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
            times |= !by && strcmp(plain, factors[i]) == 0;
        if (by != times)
            h->scale_how = by ? SCALE_DIVIDES : SCALE_MULTIPLIES;
    }
    if (h->column[FIELD_TABLE] >= 0 && h->digits == DIGITS_UNSAID &&
        heading_has(texts[h->column[FIELD_TABLE]], functions))
        h->digits = DIGITS_FUNCTIONS;
}

/* A second column for the same: the one with the surer word. Where two are as good, and which one
 * makes a difference to the number, people say. */
static void take_rival(struct table_head *h, enum field f, int column, bool weak, bool *weak_now)
{
    bool matters = f == FIELD_TYPE || f == FIELD_SCALE || f == FIELD_TABLE || f == FIELD_BIT ||
                   f == FIELD_SLAVE;
    if (weak && !*weak_now)
        return;
    if (*weak_now && !weak) {
        h->column[f] = column;
        *weak_now = false;
        unsigned kept = 0;
        for (unsigned i = 0; i < h->doubt_count; i++)
            if (h->doubts[i].kind != DOUBT_RIVALS || h->doubts[i].field != f)
                h->doubts[kept++] = h->doubts[i];
        h->doubt_count = kept;
        return;
    }
    struct table_doubt *d = matters ? table_doubt(h, DOUBT_RIVALS, column) : NULL;
    if (d == NULL)
        return;
    d->rival = column;
    d->column = h->column[f];
    d->field = f;
}

/* Columns whose heading is a word for several things stay unread until people say which. */
static void doubt_headings(const char *const *texts, unsigned count, struct table_head *h)
{
    int offset = h->column[FIELD_OFFSET];
    if (offset >= 0 && h->column[FIELD_ADDRESS] >= 0 &&
        find_plain(texts + offset, 1, "offset", "offset") == 0 &&
        table_doubt(h, DOUBT_OFFSET, offset) != NULL)
        h->column[FIELD_OFFSET] = -1;
    int decimal = find_plain(texts, count, "decimal", "decimal");
    if (decimal >= 0 && decimal != h->column[FIELD_ADDRESS] && decimal != h->column[FIELD_OTHER])
        (void)table_doubt(h, DOUBT_DECIMAL, decimal);
    if (h->column[FIELD_DECIMALS] >= 0 &&
        table_doubt(h, DOUBT_PLACES, h->column[FIELD_DECIMALS]) != NULL)
        h->column[FIELD_DECIMALS] = -1;
}

void table_match(const char *const *texts, unsigned count, struct table_head *out)
{
    *out = (struct table_head){.second_order = -1};
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        out->column[f] = -1;
    bool hexes[CELLS_MAX] = {false}, weak[FIELD_COUNT] = {false};
    /* `Decimal` beside `Hex` is the address, twice. */
    int decimal = find_plain(texts, count, "decimal", "dec");
    if (find_plain(texts, count, "hex", "hexadecimal") < 0)
        decimal = -1;
    bool numbered = false;
    for (unsigned i = 0; i < count; i++) {
        const struct synonym *word = field_of(texts[i]);
        numbered |= word != NULL && !is_running(word) &&
                    (word->field == FIELD_ADDRESS || word->field == FIELD_OTHER);
    }
    for (unsigned i = 0; i < count; i++) {
        const struct synonym *word = field_of(texts[i]);
        hexes[i] = table_is_hex(texts[i]);
        if ((word == NULL && (int)i != decimal) || (is_running(word) && numbered))
            continue;
        int f = word == NULL ? FIELD_ADDRESS : word->field;
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
        if (out->column[f] >= 0) {
            take_rival(out, (enum field)f, (int)i, is_weak(word), &weak[f]);
            continue;
        }
        out->column[f] = (int)i;
        weak[f] = is_weak(word);
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
        out->name_is_about = true;
    }
    doubt_headings(texts, count, out);
    table_look(texts, out);
}
