/* SPDX-License-Identifier: Apache-2.0 */
#include "import/tidy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/map_lint.h"
#include "config/names.h"

/* U+00C0 to U+00FF without their accents. */
static const char latin[64][3] = {
    "A", "A", "A", "A", "Ae", "A", "AE", "C", "E", "E", "E", "E", "I",  "I", "I",  "I",
    "D", "N", "O", "O", "O",  "O", "Oe", "x", "O", "U", "U", "U", "Ue", "Y", "Th", "ss",
    "a", "a", "a", "a", "ae", "a", "ae", "c", "e", "e", "e", "e", "i",  "i", "i",  "i",
    "d", "n", "o", "o", "o",  "o", "oe", "_", "o", "u", "u", "u", "ue", "y", "th", "y"};

/* Bytes of the character at s, and what to write for it. */
static size_t letter(const char *s, const char **out, char plain[2])
{
    unsigned char c = (unsigned char)*s;
    *out = plain;
    plain[1] = '\0';
    if (c < 0x80) {
        plain[0] = isalnum(c) || c == '.' || c == '-' || c == '_' ? *s : '_';
        return 1;
    }
    if (c == 0xC3 && ((unsigned char)s[1] & 0xC0) == 0x80) {
        *out = latin[(unsigned char)s[1] & 0x3F];
        return 2;
    }
    plain[0] = '_';
    if (c == 0xC2 && ((unsigned char)s[1] == 0xB2 || (unsigned char)s[1] == 0xB3))
        plain[0] = (unsigned char)s[1] == 0xB2 ? '2' : '3';
    size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    size_t here = 1;
    while (here < n && ((unsigned char)s[here] & 0xC0) == 0x80)
        here++;
    return here;
}

void tidy_name(const char *text, char out[65])
{
    size_t n = 0;
    while (*text != '\0') {
        char plain[2];
        const char *add;
        text += letter(text, &add, plain);
        for (; *add != '\0' && n < NAME_MAX_BYTES; add++)
            if (*add != '_' || (n > 0 && out[n - 1] != '_'))
                out[n++] = *add;
    }
    while (n > 0 && (out[n - 1] == '_' || out[n - 1] == '.'))
        n--;
    out[n] = '\0';
    size_t dots = strspn(out, "._-");
    if (dots == n)
        out[0] = '\0';
    else if (dots > 0 && (out[0] == '_' || out[0] == '.'))
        memmove(out, out + 1, n);
}

struct naming {
    struct import_list *list;
    struct names taken; /* device/name */
    struct names roots; /* device/name of which there are several: which counter is theirs */
    uint32_t *counters, used; /* the last number given out */
};

enum { PATH_ROOM = 2 * NAME_MAX_BYTES + 2 };

/* false: somebody has it. */
static bool take(struct naming *n, struct import_row *row, const char *name)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%.64s/%.64s", row->device, name);
    if (names_find(&n->taken, path, strlen(path)) != NAMES_NONE)
        return false;
    const char *kept = import_keep(n->list, path, strlen(path));
    names_put(&n->taken, kept, strlen(kept), row->line);
    const char *slash = strchr(kept, '/');
    row->tag = slash == NULL ? "" : slash + 1;
    return true;
}

/* One for all of this name, so that the thousandth doesn't try the 999 before it again. */
static uint32_t *counter(struct naming *n, const struct import_row *row, const char *name)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%.64s/%.64s", row->device, name);
    uint32_t which = names_find(&n->roots, path, strlen(path));
    if (which == NAMES_NONE) {
        which = n->used++;
        n->counters[which] = 1;
        const char *kept = import_keep(n->list, path, strlen(path));
        names_put(&n->roots, kept, strlen(kept), which);
    }
    return &n->counters[which];
}

/* name; or with its group before it, which often tells them apart; or name_2, name_3 ... */
static void claim(struct naming *n, struct import_row *row)
{
    char name[NAME_MAX_BYTES + 1], other[NAME_MAX_BYTES + 1];
    tidy_name(row->name, name);
    if (*name == '\0')
        snprintf(name, sizeof name, "row_%u", row->line);
    if (take(n, row, name))
        return;
    if (*row->group != '\0') {
        char both[200];
        snprintf(both, sizeof both, "%.90s.%.90s", row->group, row->name);
        tidy_name(both, other);
        if (*other != '\0' && take(n, row, other))
            return;
    }
    uint32_t *last = counter(n, row, name);
    while (!arena_exhausted(n->list->arena)) {
        char tail[16];
        snprintf(tail, sizeof tail, "_%u", ++*last);
        snprintf(other, sizeof other, "%.*s%s", (int)(NAME_MAX_BYTES - strlen(tail)), name, tail);
        if (take(n, row, other))
            return;
    }
}

void tidy_names(struct import_list *l)
{
    struct naming n = {.list = l};
    n.counters = arena_get_array(l->arena, l->row_count + 1U, sizeof *n.counters);
    if (n.counters == NULL)
        return;
    names_init(&n.taken, true, l->arena);
    names_init(&n.roots, true, l->arena);
    for (struct import_row *row = l->rows; row != NULL; row = row->next) {
        if (row->gone)
            continue;
        claim(&n, row);
        if (strcmp(row->tag, row->name) != 0)
            import_note(l, NOTE_RENAMED, row->line, "%.200s: renamed to %s", row->name, row->tag);
    }
    names_fini(&n.taken);
    names_fini(&n.roots);
}

static const struct {
    const char *theirs, *ours;
} units[] = {
    {"rpm", "rpm"},
    {"r/min", "rpm"},
    {"1/min", "rpm"},
    {"min-1", "rpm"},
    {"u/min", "rpm"},
    {"tr/min", "rpm"},
    {"degc", "Cel"},
    {"deg c", "Cel"},
    {"\302\260c", "Cel"},
    {"\342\204\203", "Cel"},
    {"celsius", "Cel"},
    {"cel", "Cel"},
    {"\302\272c", "Cel"},
    {"degf", "[degF]"},
    {"deg f", "[degF]"},
    {"\302\260f", "[degF]"},
    {"fahrenheit", "[degF]"},
    {"[degf]", "[degF]"},
    {"k", "K"},
    {"kelvin", "K"},
    {"%", "%"},
    {"percent", "%"},
    {"pct", "%"},
    {"%rh", "%"},
    {"% rh", "%"},
    {"\302\260", "deg"},
    {"deg", "deg"},
    {"\302\272", "deg"},
    {"v", "V"},
    {"volt", "V"},
    {"volts", "V"},
    {"a", "A"},
    {"amp", "A"},
    {"amps", "A"},
    {"ampere", "A"},
    {"hz", "Hz"},
    {"hertz", "Hz"},
    {"w", "W"},
    {"watt", "W"},
    {"watts", "W"},
    {"kw", "kW"},
    {"va", "VA"},
    {"kva", "kVA"},
    {"mva", "MVA"},
    {"var", "var"},
    {"vars", "var"},
    {"kvar", "kvar"},
    {"mvar", "Mvar"},
    {"wh", "Wh"},
    {"kwh", "kWh"},
    {"mwh", "MWh"},
    {"gwh", "GWh"},
    {"varh", "varh"},
    {"kvarh", "kvarh"},
    {"mvarh", "Mvarh"},
    {"vah", "VAh"},
    {"kvah", "kVAh"},
    {"ah", "Ah"},
    {"kv", "kV"},
    {"ka", "kA"},
    {"bar", "bar"},
    {"mbar", "mbar"},
    {"pa", "Pa"},
    {"hpa", "hPa"},
    {"kpa", "kPa"},
    {"psi", "[psi]"},
    {"mh2o", "m[H2O]"},
    {"m h2o", "m[H2O]"},
    {"mmh2o", "mm[H2O]"},
    {"mwc", "m[H2O]"},
    {"m", "m"},
    {"meter", "m"},
    {"metre", "m"},
    {"cm", "cm"},
    {"km", "km"},
    {"ft", "[ft_i]"},
    {"feet", "[ft_i]"},
    {"in", "[in_i]"},
    {"inch", "[in_i]"},
    {"m2", "m2"},
    {"m3", "m3"},
    {"cbm", "m3"},
    {"cum", "m3"},
    {"l", "L"},
    {"liter", "L"},
    {"litre", "L"},
    {"liters", "L"},
    {"litres", "L"},
    {"hl", "hL"},
    {"gal", "[gal_us]"},
    {"ft3", "[cft_i]"},
    {"m3/h", "m3/h"},
    {"m3/hr", "m3/h"},
    {"cmh", "m3/h"},
    {"m3/min", "m3/min"},
    {"m3/s", "m3/s"},
    {"m3/d", "m3/d"},
    {"m3/day", "m3/d"},
    {"l/s", "L/s"},
    {"l/sec", "L/s"},
    {"l/min", "L/min"},
    {"lpm", "L/min"},
    {"l/h", "L/h"},
    {"l/hr", "L/h"},
    {"gpm", "[gal_us]/min"},
    {"gal/min", "[gal_us]/min"},
    {"usgpm", "[gal_us]/min"},
    {"mgd", "MGD"},
    {"ft3/s", "[cft_i]/s"},
    {"cfs", "[cft_i]/s"},
    {"cfm", "[cft_i]/min"},
    {"s", "s"},
    {"sec", "s"},
    {"second", "s"},
    {"seconds", "s"},
    {"ms", "ms"},
    {"min", "min"},
    {"minute", "min"},
    {"minutes", "min"},
    {"h", "h"},
    {"hr", "h"},
    {"hrs", "h"},
    {"hour", "h"},
    {"hours", "h"},
    {"d", "d"},
    {"day", "d"},
    {"days", "d"},
    {"kg", "kg"},
    {"g", "g"},
    {"t", "t"},
    {"t/h", "t/h"},
    {"kg/h", "kg/h"},
    {"kg/m3", "kg/m3"},
    {"m/s", "m/s"},
    {"mm/s", "mm/s"},
    {"km/h", "km/h"},
    {"nm", "Nm"},
    {"ohm", "Ohm"},
    {"\316\251", "Ohm"},
    {"\342\204\246", "Ohm"},
    {"kohm", "kOhm"},
    {"ph", "[pH]"},
    {"ppm", "ppm"},
    {"ppb", "ppb"},
    {"db", "dB"},
    {"lx", "lx"},
    {"lux", "lx"},
    {"w/m2", "W/m2"},
    {"j", "J"},
    {"kj", "kJ"},
    {"gj", "GJ"},
    {"us/cm", "uS/cm"},
    {"\302\265s/cm", "uS/cm"},
    {"\316\274s/cm", "uS/cm"},
    {"ntu", "NTU"},
    {"mg/l", "mg/L"},
    {"g/l", "g/L"},
    {"mm/h", "mm/h"},
    {"um", "um"},
    {"\302\265m", "um"},
    {"\302\265s", "us"},
};

/* Where the size of the letter tells milli from mega. */
static const struct {
    const char *theirs, *ours;
} cased[] = {{"MW", "MW"},       {"mW", "mW"},     {"mA", "mA"},     {"MA", NULL},   {"mV", "mV"},
             {"MV", "MV"},       {"mm", "mm"},     {"MM", NULL},     {"MPa", "MPa"}, {"mPa", "mPa"},
             {"ML", "ML"},       {"ml", "mL"},     {"ML/d", "ML/d"}, {"mL", "mL"},   {"mg", "mg"},
             {"Mg", "t"},        {"MJ", "MJ"},     {"mJ", "mJ"},     {"mWh", "mWh"}, {"MWh", "MWh"},
             {"mS/cm", "mS/cm"}, {"MOhm", "MOhm"}, {"mOhm", "mOhm"}, {"kNm", "kNm"}, {"S", "S"},
             {"F", NULL},        {"C", NULL},      {"H", NULL},      {"T", NULL}};

/* Blanks, ^, superscripts and brackets away: "[ m³ / h ]" is "m3/h". */
static bool plain_unit(const char *text, char out[32])
{
    size_t n = 0;
    size_t length = strlen(text);
    bool bracket = length > 2 && ((*text == '[' && text[length - 1] == ']') ||
                                  (*text == '(' && text[length - 1] == ')'));
    for (size_t i = bracket; i < length - bracket; i++) {
        char c = text[i];
        if (c == ' ' || c == '^' || c == '\t')
            continue;
        if (strncmp(text + i, "\302\262", 2) == 0 || strncmp(text + i, "\302\263", 2) == 0) {
            c = text[i + 1] == '\262' ? '2' : '3';
            i++;
        } else if (strncmp(text + i, "\302\240", 2) == 0) {
            i++;
            continue;
        }
        if (n + 1 >= 32)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

/* milli and mega: where a unit has letters of both sizes, its first one is meant as it stands. m3,
 * min and metre have no such prefix. */
static bool other_prefix(const char *theirs, const char *ours)
{
    bool small = false, large = false;
    for (const char *c = theirs; *c != '\0'; c++) {
        small |= islower((unsigned char)*c) != 0;
        large |= isupper((unsigned char)*c) != 0;
    }
    return small && large && strchr("mM", *theirs) != NULL && strchr("mM", *ours) != NULL &&
           *theirs != *ours && isalpha((unsigned char)theirs[1]) && strncmp(ours, "min", 3) != 0 &&
           strcmp(ours, "m") != 0;
}

const char *tidy_unit(const char *text)
{
    char plain[32], low[32];
    if (!plain_unit(text, plain))
        return NULL;
    if (*plain == '\0' || strcmp(plain, "-") == 0 || strcmp(plain, "--") == 0 ||
        strcasecmp(plain, "n/a") == 0 || strcmp(plain, "1") == 0)
        return "";
    for (size_t i = 0; i < sizeof cased / sizeof *cased; i++)
        if (strcmp(cased[i].theirs, plain) == 0)
            return cased[i].ours;
    size_t n = strlen(plain);
    for (size_t i = 0; i <= n; i++)
        low[i] = (char)tolower((unsigned char)plain[i]);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].theirs, low) == 0)
            return other_prefix(plain, units[i].ours) ? NULL : units[i].ours;
    return unit_is_listed(text) ? text : unit_spelling(plain);
}

void tidy_units(struct import_list *l)
{
    for (struct import_row *row = l->rows; row != NULL; row = row->next) {
        if (row->gone || *row->unit == '\0')
            continue;
        const char *unit = tidy_unit(row->unit);
        if (unit == NULL)
            import_note(l, NOTE_TOLD, row->line,
                        "%.100s: unit `%.40s` is not in our list; kept as "
                        "it is",
                        row->name, row->unit);
        else
            row->unit = unit;
    }
}
