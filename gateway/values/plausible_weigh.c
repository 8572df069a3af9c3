/* SPDX-License-Identifier: Apache-2.0 */
/* What speaks for a reading, in natural logarithms of odds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/plausible_parts.h"

/* Words of equipment aren't evenly spread: many are 0. */
static const double zero_share = 0.35;
/* (10/16)^4 is 0.15, but small numbers are commoner than others and more often look like digits. */
static const double bcd_share = 0.25;
static const double bcd_again = 0.62; /* one more nibble that changes, and still is a digit */
static const double m10k_share = 0.5; /* most numbers in registers are below 10000 */

void plausible_say(struct plausible *p, const char *what)
{
    size_t n = strlen(p->why);
    snprintf(p->why + n, sizeof p->why - n, "%s%s", n > 0 ? ", " : "", what);
}

static bool is_decimal(unsigned type)
{
    return type == RAW_BCD16 || type == RAW_BCD32 || type == RAW_BCD64;
}

static bool is_m10k(unsigned type)
{
    return type == RAW_M10K32 || type == RAW_M10K48 || type == RAW_M10K64;
}

static bool is_signed(unsigned type)
{
    return type == RAW_S16 || type == RAW_S32 || type == RAW_S48 || type == RAW_S64 ||
           type == RAW_SM16;
}

/* ---- how often random words would fit -------------------------------------------------------- */

/* Decades between two magnitudes; what is a ten-thousandth of the upper one isn't meant. */
static double decades(double low, double high)
{
    if (!(high > 0))
        return 0;
    double least = high * 1e-4;
    return log10(high / (low > least ? low : least)) + 1e-6;
}

static double chance_real(const struct plausible_look *l, double low, double high)
{
    double all = l->way->type == RAW_F64 ? 616 : l->way->type == RAW_F16 ? 9 : 76;
    double above = decades(low > 0 ? low : 0, high);
    double below = low < 0 ? decades(high < 0 ? -high : 0, -low) : 0;
    return 0.5 * (above + below) / all;
}

/* One register: spread evenly as much as by its size. */
static double chance_word(double low, double high, double all)
{
    double both = low < 0 && high > 0 ? 0.5 : 1;
    double even = (high - low + 1) / all;
    double sized = (decades(fmax(low, 1), fmax(high, 0)) + decades(fmax(-high, 1), fmax(-low, 0))) /
                   log10(all) * both;
    /* Many registers hold states and choices: 0, 1, 2 ... */
    double small = low <= 0 && high >= 0 ? 0.5 : 0;
    if (high >= 1 && low <= 20)
        small += 0.025 * (floor(fmin(high, 20)) - ceil(fmax(low, 1)) + 1);
    return 0.4 * fmin(even, 1) + 0.4 * fmin(sized, 1) + 0.2 * fmax(small, 0);
}

/* The uppermost word of several is 0, or small, or anything. */
static double chance_lead(double low, double high, double all)
{
    double most = floor(fmax(fabs(low), fabs(high))), least = low > 0 ? floor(low) : 0;
    double p = fmin((floor(high) - floor(low) + 1) / all, 1);
    p += 0.3 * log((most + 1) / (least + 1)) / log(all);
    if (least < 1)
        p += zero_share + (low < 0 ? 0.05 : 0);
    return fmin(p, 1);
}

static double chance_whole(const struct plausible_look *l, double low, double high)
{
    double base = 65536, share = 1, words = l->way->words;
    unsigned type = l->way->type;
    if (is_decimal(type) || is_m10k(type)) {
        base = 10000;
        share = is_m10k(type) ? m10k_share : bcd_share;
    } else if (type == RAW_U8) {
        base = 256;
    }
    if (!is_signed(type) && !is_m10k(type))
        low = fmax(low, 0);
    double most = fmax(fabs(low), fabs(high)), used = 1, all = base;
    for (; used < words && all <= most; used++)
        all *= base;
    low = fmax(low, -all);
    high = fmin(high, all);
    if (high < low)
        return 1e-9;
    double below = all / base;
    double p =
        used > 1 ? chance_lead(low / below, high / below, base) : chance_word(low, high, base);
    return p * pow(share, used) * pow(zero_share, words - used);
}

static double chance(const struct plausible_look *l, double low, double high)
{
    low /= l->scale;
    high /= l->scale;
    double p =
        plausible_is_real(l->way->type) ? chance_real(l, low, high) : chance_whole(l, low, high);
    return fmin(fmax(p, 1e-9), 1);
}

/* Numbers that digits have to make show it again with each change. */
static double digits_evidence(const struct plausible_look *l)
{
    unsigned changes = 0;
    for (uint32_t i = 1; i < l->rounds; i++)
        changes += fabs(l->values[i] - l->values[i - 1]) > 0;
    if (!is_decimal(l->way->type))
        return 0;
    return -log(bcd_again) * fmin(changes, 6);
}

/* ---- the range ------------------------------------------------------------------------------- */

/* All digits that somebody read agree, as far as a float can tell. */
static bool agrees(const struct plausible_wish *w, double now)
{
    return w->digit > 0 && fabs(now) > 0 &&
           fabs(now - w->expect) <= fmax(w->digit, fabs(w->expect) * 1e-7) * (1 + 1e-9);
}

static void weigh_nearness(const struct plausible_look *l, struct plausible *p)
{
    const struct plausible_wish *w = l->wish;
    double now = l->values[l->rounds - 1];
    if (isnan(w->expect))
        return;
    double half = fmax(fmax(w->high - w->expect, w->expect - w->low), 1e-12);
    p->score += 1.5 - 3 * fabs(now - w->expect) / half;
    if (agrees(w, now))
        p->score += 0.8 * log(fmax(half / w->digit, 1)); /* what is only near is that by chance */
}

static void weigh_range(const struct plausible_look *l, struct plausible *p)
{
    const struct plausible_wish *w = l->wish;
    uint32_t inside = 0;
    for (uint32_t i = 0; i < l->rounds; i++)
        inside += l->values[i] >= w->low && l->values[i] <= w->high;
    double now = fabs(l->values[l->rounds - 1]), most = fmax(fabs(w->low), fabs(w->high));
    p->fits = inside == l->rounds;
    if (inside == 0) {
        p->score -= 14;
        plausible_say(p, "outside the range");
        return;
    }
    if (!p->fits) {
        p->score -= 5;
        plausible_say(p, "not always inside the range");
        return;
    }
    double random = chance(l, w->low, w->high);
    p->score += -log(now > 0 ? random : fmax(random, zero_share)) + digits_evidence(l);
    if (!plausible_is_real(l->way->type) && l->scale > (w->high - w->low) / 10)
        p->score -= 4; /* nobody measures with fewer than ten steps */
    if (!(now > 0)) {
        p->score -= 3;
        plausible_say(p, "0, as many registers are");
    } else if (plausible_is_real(l->way->type) && now < most * 1e-4) {
        p->score -= 9; /* floats of wrong halves are tiny or huge */
        p->fits = false;
        plausible_say(p, "far too small for this range");
    } else if (now < most * 1e-3) {
        p->score -= 2;
        plausible_say(p, "very small for this range");
    } else {
        plausible_say(p, isnan(w->expect) ? "in the range"
                         : agrees(w, l->values[l->rounds - 1])
                             ? "what is expected, to the last digit"
                             : "near what is expected");
    }
    weigh_nearness(l, p);
    /* A number just above the middle of 65536 is rare, unless its first bit is a sign. */
    if (l->way->type == RAW_SM16 && l->values[l->rounds - 1] < 0 && now / l->scale < 4096)
        p->score += 2.5;
    if (is_m10k(l->way->type) && l->values[l->rounds - 1] < 0)
        p->score -= 2;
    /* Nor does 0xFFFF stand in front of another word by chance. */
    if (is_signed(l->way->type) && l->way->words > 1 && l->values[l->rounds - 1] < 0 &&
        now / l->scale < pow(65536, l->way->words - 1))
        p->score += 1.5;
    /* The range tells whether there is a sign. */
    bool negative = w->low < 0;
    if (negative && !is_signed(l->way->type) && !plausible_is_real(l->way->type) &&
        !is_m10k(l->way->type))
        p->score -= 3;
    if (!negative && is_signed(l->way->type))
        p->score -= 1;
}

/* Without a range: what is neither tiny nor huge. */
static void weigh_size(const struct plausible_look *l, struct plausible *p)
{
    double now = fabs(l->values[l->rounds - 1]);
    p->fits = true;
    if (plausible_is_real(l->way->type)) {
        bool sane = now >= 1e-4 && now < 1e9;
        p->score += sane ? -log(chance(l, -1e9, 1e9)) : now > 0 ? -8 : -1;
        plausible_say(p, sane ? "a number of ordinary size" : "0, tiny or huge");
    } else if (l->way->words > 1) {
        double all = pow(65536, l->way->words - 1);
        bool small = now / l->scale < all * 256;
        p->score += small && now > 0 ? 2 : -4;
        plausible_say(p, small ? "a number of ordinary size" : "a huge number");
    }
    p->score += digits_evidence(l);
    /* Letters and digits of texts look like BCD, too. */
    if (is_decimal(l->way->type) || is_m10k(l->way->type))
        p->score += now > 0 ? -0.6 * log(bcd_share) * l->way->words : -6;
    if (is_signed(l->way->type) && l->values[l->rounds - 1] < 0 && now / l->scale < 5000)
        p->score += 2;
}

/* ---- its life -------------------------------------------------------------------------------- */

struct motion {
    double step, low, high; /* greatest step */
    unsigned steps;
    bool rises;
};

static struct motion motion_of(const struct plausible_look *l)
{
    struct motion m = {.low = l->values[0], .high = l->values[0], .rises = true};
    for (uint32_t i = 1; i < l->rounds; i++) {
        double d = l->values[i] - l->values[i - 1];
        m.step = fmax(m.step, fabs(d));
        m.steps += fabs(d) > 0;
        m.rises = m.rises && d >= 0;
        m.low = fmin(m.low, l->values[i]);
        m.high = fmax(m.high, l->values[i]);
    }
    return m;
}

static void weigh_motion(const struct plausible_look *l, struct plausible *p)
{
    const struct plausible_wish *w = l->wish;
    if (l->rounds < 3)
        return;
    struct motion m = motion_of(l);
    if (m.steps == 0) {
        p->score -= 0.7;
        plausible_say(p, "does not move");
        return;
    }
    double span = fmax(fabs(m.low), fabs(m.high));
    if (w->has_range)
        span = fmin(span, w->high - w->low);
    double share = span > 0 ? m.step / span : 1;
    /* What comes in steps of its own resolution is as smooth as it can be. */
    if (!plausible_is_real(l->way->type) && m.step <= 2.5 * l->scale)
        share = fmin(share, 0.04);
    if (share < 0.01) {
        p->score += 1.8;
        plausible_say(p, m.rises ? "only rises, smoothly" : "moves smoothly");
    } else if (share < 0.05) {
        p->score += 1;
        plausible_say(p, m.rises ? "only rises" : "moves little");
    } else if (share < 0.2) {
        p->score -= 0.7;
        plausible_say(p, "moves much");
    } else {
        p->score -= 3.5;
        plausible_say(p, "jumps, like one half of a longer number");
    }
    if (m.rises && m.steps > 1 && l->way->words > 1)
        p->score += 0.5;
}

/* From round to round: how far a word went at most, and how often it changed. */
static int word_steps(const struct plausible_look *l, unsigned k, unsigned *changes)
{
    const struct plausible_words *t = l->table;
    const uint16_t *at = t->words + (l->address - t->first) + k;
    int most = 0;
    *changes = 0;
    for (uint32_t i = 1; i < l->rounds; i++) {
        uint16_t after = at[(size_t)i * t->count], before = at[(size_t)(i - 1) * t->count];
        int d = abs((int16_t)(uint16_t)(after - before));
        most = d > most ? d : most;
        *changes += d > 0;
    }
    return most;
}

/* The lower words of a longer number jump, and nothing else explains why. Those of a float that
 * moves can't stand still. */
static void weigh_lower_words(const struct plausible_look *l, struct plausible *p)
{
    unsigned jumping = 0, still = 0, changes;
    if (l->way->words == 1 || is_decimal(l->way->type) || is_m10k(l->way->type))
        return;
    unsigned lead = (unsigned)(p->point.order[0] / 2);
    const struct plausible_words *t = l->table;
    for (unsigned k = 0; k < l->way->words; k++) {
        bool jumps = word_steps(l, k, &changes) > 2048;
        uint16_t now = t->words[(size_t)(t->rounds - 1) * t->count + (l->address - t->first) + k];
        jumping += k != lead && jumps;
        still += k != lead && changes == 0 && now != 0;
    }
    (void)word_steps(l, lead, &changes);
    if (still > 0 && changes > 1 && plausible_is_real(l->way->type)) {
        p->score -= 3;
        plausible_say(p, "but its lower words stand still");
    }
    if (jumping == 0)
        return;
    p->score += 1.2 * jumping;
    plausible_say(p, jumping == 1 ? "its lower word jumps" : "its lower words jump");
}

/* ---- where it lies --------------------------------------------------------------------------- */

/* Floats, and numbers with a high word of 0, come in rows. */
static void weigh_neighbours(const struct plausible_look *l, struct plausible *p)
{
    static const int beside[] = {-2, -1, 1, 2};
    unsigned seen = 0, alike = 0;
    if (l->way->words == 1)
        return;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        int64_t at = (int64_t)l->address + beside[i] * l->way->words;
        double x;
        if (at < 0 || at > UINT16_MAX || !plausible_covers(l->table, (uint32_t)at, l->way->words))
            continue;
        seen++;
        if (!plausible_decode(l->table, l->way, (uint32_t)at, &x))
            continue;
        double limit = plausible_is_real(l->way->type) ? 1e8 : pow(65536, l->way->words - 1) * 64;
        alike += fabs(x) >= 1e-4 && fabs(x) < limit;
    }
    if (seen < 2)
        return;
    p->score += (2.0 * alike / seen - 1) * (plausible_is_real(l->way->type) ? 1.5 : 0.8);
    if (alike == seen)
        plausible_say(p, "its neighbours read alike");
}

static void weigh_place(const struct plausible_look *l, struct plausible *p)
{
    const struct plausible_wish *w = l->wish;
    int off = 0;
    if (l->address < w->address)
        off = l->address - w->address;
    else if (l->address >= w->address + (w->span > 0 ? w->span : 1))
        off = l->address - (w->address + (w->span > 0 ? w->span : 1) - 1);
    if (off == 0)
        return;
    p->score -= off == -1 ? 0.9 : off == 1 ? 1.2 : 1.6 + 0.2 * abs(off);
    char text[40];
    snprintf(text, sizeof text, "%d %s", abs(off), off < 0 ? "before" : "behind");
    plausible_say(p, text);
}

void plausible_weigh(const struct plausible_look *l, struct plausible *p)
{
    if (l->wish->has_range)
        weigh_range(l, p);
    else
        weigh_size(l, p);
    weigh_motion(l, p);
    weigh_lower_words(l, p);
    weigh_neighbours(l, p);
    weigh_place(l, p);
}
