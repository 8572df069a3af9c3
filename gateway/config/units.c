/* SPDX-License-Identifier: Apache-2.0 */
#include "config/units.h"

#include <string.h>

enum { UNIT_ROOM = 24 };
enum dimension { LENGTH, AREA, VOLUME, FLOW, RATE };

static const struct unit {
    const char *name;
    enum dimension dimension;
    double factor; /* to m, m2, m3, m3/h, mm/h */
} units[] = {
    {"m", LENGTH, 1},
    {"mm", LENGTH, 1e-3},
    {"cm", LENGTH, 1e-2},
    {"dm", LENGTH, 0.1},
    {"km", LENGTH, 1e3},
    {"um", LENGTH, 1e-6},
    {"ft", LENGTH, 0.3048},
    {"[ft_i]", LENGTH, 0.3048},
    {"in", LENGTH, 0.0254},
    {"[in_i]", LENGTH, 0.0254},
    {"yd", LENGTH, 0.9144},
    /* Hydrostatic gauges say their level as the pressure of so much water. */
    {"mH2O", LENGTH, 1},
    {"m[H2O]", LENGTH, 1},
    {"mWC", LENGTH, 1},
    {"mmH2O", LENGTH, 1e-3},
    {"mm[H2O]", LENGTH, 1e-3},
    {"m2", AREA, 1},
    {"cm2", AREA, 1e-4},
    {"mm2", AREA, 1e-6},
    {"ha", AREA, 1e4},
    {"km2", AREA, 1e6},
    {"ft2", AREA, 0.09290304},
    {"acre", AREA, 4046.8564224},
    {"m3", VOLUME, 1},
    {"l", VOLUME, 1e-3},
    {"L", VOLUME, 1e-3},
    {"dm3", VOLUME, 1e-3},
    {"mL", VOLUME, 1e-6},
    {"hl", VOLUME, 0.1},
    {"hL", VOLUME, 0.1},
    {"ML", VOLUME, 1e3},
    {"Mm3", VOLUME, 1e6},
    {"gal", VOLUME, 0.003785411784},
    {"[gal_us]", VOLUME, 0.003785411784},
    {"ft3", VOLUME, 0.028316846592},
    {"[cft_i]", VOLUME, 0.028316846592},
    {"bbl", VOLUME, 0.158987294928},
    {"m3/h", FLOW, 1},
    {"m3/hr", FLOW, 1},
    {"m3/min", FLOW, 60},
    {"m3/s", FLOW, 3600},
    {"m3/d", FLOW, 1.0 / 24},
    {"l/s", FLOW, 3.6},
    {"L/s", FLOW, 3.6},
    {"l/min", FLOW, 0.06},
    {"L/min", FLOW, 0.06},
    {"l/h", FLOW, 1e-3},
    {"L/h", FLOW, 1e-3},
    {"L/d", FLOW, 1e-3 / 24},
    {"mL/min", FLOW, 6e-5},
    {"mL/h", FLOW, 1e-6},
    {"mL/d", FLOW, 1e-6 / 24},
    {"ML/d", FLOW, 1000.0 / 24},
    {"gal/min", FLOW, 0.22712470704},
    {"[gal_us]/min", FLOW, 0.22712470704},
    {"gpm", FLOW, 0.22712470704},
    {"gal/h", FLOW, 0.003785411784},
    {"[gal_us]/h", FLOW, 0.003785411784},
    {"gal/d", FLOW, 0.003785411784 / 24},
    {"[gal_us]/d", FLOW, 0.003785411784 / 24},
    {"MGD", FLOW, 3785.411784 / 24},
    {"ft3/s", FLOW, 101.9406477312},
    {"ft3/min", FLOW, 1.69901079552},
    {"[cft_i]/s", FLOW, 101.9406477312},
    {"[cft_i]/min", FLOW, 1.69901079552},
    {"cfs", FLOW, 101.9406477312},
    {"cfm", FLOW, 1.69901079552},
    {"bbl/d", FLOW, 0.158987294928 / 24},
    {"mm/h", RATE, 1},
    {"mm/min", RATE, 60},
    {"mm/d", RATE, 1.0 / 24},
    {"cm/h", RATE, 10},
    {"cm/d", RATE, 10.0 / 24},
    {"in/h", RATE, 25.4},
    {"[in_i]/h", RATE, 25.4},
    {"in/d", RATE, 25.4 / 24},
    {"l/m2/h", RATE, 1},
};

static const struct {
    enum dimension dimension;
    double factor; /* of the dimension's own unit */
    const char *unit, *words, *examples;
} quantities[QUANTITY_COUNT] = {
    [QUANTITY_LENGTH] = {LENGTH, 1, "m", "a length", "m, cm, mm, ft or in"},
    [QUANTITY_AREA] = {AREA, 1, "m2", "an area", "m2, ha, km2, ft2 or acre"},
    [QUANTITY_VOLUME] = {VOLUME, 1, "m3", "a volume", "m3, L, ML, gal or ft3"},
    [QUANTITY_FLOW] = {FLOW, 1, "m3/h", "a flow", "m3/h, m3/d, l/s, L/min or gal/min"},
    [QUANTITY_RAIN] = {RATE, 1, "mm/h", "a rate of rain", "mm/h, mm/min, mm/d or in/h"},
    [QUANTITY_EVAPORATION] = {RATE, 24, "mm/d", "an evaporation", "mm/d, mm/h or in/d"},
};

/* "m³/h", "m^3/h" and "m3 / h" are "m3/h". */
static bool plain(const char *unit, char out[UNIT_ROOM])
{
    size_t at = 0;
    for (const char *c = unit; *c != '\0'; c++) {
        char letter = *c;
        if (letter == ' ' || letter == '^') {
            continue;
        }
        if (strncmp(c, "\xC2\xB2", 2) == 0 || strncmp(c, "\xC2\xB3", 2) == 0) {
            letter = c[1] == '\xB2' ? '2' : '3';
            c++;
        }
        if (at + 1 >= UNIT_ROOM) {
            return false;
        }
        out[at++] = letter;
    }
    out[at] = '\0';
    return at > 0;
}

static const struct unit *find(const char *unit)
{
    char name[UNIT_ROOM];
    if (!plain(unit, name)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(units[i].name, name) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

bool unit_factor(const char *unit, enum quantity q, double *factor)
{
    const struct unit *u = find(unit);
    if (u == NULL || u->dimension != quantities[q].dimension) {
        return false;
    }
    *factor = u->factor * quantities[q].factor;
    return true;
}

const char *quantity_unit(enum quantity q)
{
    return quantities[q].unit;
}

const char *quantity_words(enum quantity q)
{
    return quantities[q].words;
}

const char *quantity_examples(enum quantity q)
{
    return quantities[q].examples;
}

bool unit_convert(const char *from, const char *to, double *factor)
{
    const struct unit *a = find(from), *b = find(to);
    if (a != NULL && b != NULL && a->dimension == b->dimension) {
        *factor = a == b ? 1 : a->factor / b->factor;
        return true;
    }
    char x[UNIT_ROOM], y[UNIT_ROOM];
    if (!plain(from, x) || !plain(to, y) || strcmp(x, y) != 0) {
        return false;
    }
    *factor = 1;
    return true;
}

enum unit_class unit_class_of(const char *unit)
{
    static const char *const pressures[] = {"bar", "mbar", "Pa", "hPa", "kPa", "MPa", "psi"};
    static const char *const temperatures[] = {"Cel", "degC", "\302\260C", "C",
                                               "K",   "degF", "F",         "[degF]"};
    const struct unit *u = find(unit);
    if (u != NULL) {
        return u->dimension == LENGTH ? UNIT_LEVEL : u->dimension == FLOW ? UNIT_FLOW : UNIT_OTHER;
    }
    for (size_t i = 0; i < sizeof pressures / sizeof *pressures; i++) {
        if (strcmp(pressures[i], unit) == 0) {
            return UNIT_PRESSURE;
        }
    }
    for (size_t i = 0; i < sizeof temperatures / sizeof *temperatures; i++) {
        if (strcmp(temperatures[i], unit) == 0) {
            return UNIT_TEMPERATURE;
        }
    }
    return UNIT_OTHER;
}
