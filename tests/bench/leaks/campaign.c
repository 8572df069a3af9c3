/* SPDX-License-Identifier: Apache-2.0 */
/* One plant, many seeds: prints rows "goal <tab> what <tab> measured <tab> limit <tab> verdict". */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "empty.h"
#include "inject.h"
#include "judge.h"
#include "plants.h"
#include "rivals.h"
#include "write.h"

enum { SEEDS_MAX = 256, SIZES_MAX = 8 };

struct size {
    double flow, within_h; /* goal: median; 0: none */
    const char *goal; /* "G2"; "" */
    bool estimate; /* G9 counts it */
};

struct campaign {
    enum bench_plant plant;
    void (*run)(struct series *, uint64_t, double, const struct leak_plan *);
    const char *goal, *unit; /* of the false alarms; the delays are told in */
    double false_most, unit_h;
    struct size sizes[SIZES_MAX];
};

static const struct campaign campaigns[] = {
    {BENCH_POND,
     pond_run,
     "G1",
     "h",
     0.5,
     1,
     {{10, 0, "", false},
      {20, 20, "G2", false},
      {50, 10, "G2", false},
      {100, 5, "G2", true},
      {200, 0, "", true},
      {500, 1, "G2", true},
      {2000, 0, "", true}}},
    {BENCH_TANK,
     tank_run,
     "G3",
     "h",
     0.05,
     1,
     {{0.1, 0, "", false},
      {0.2, 8, "G3", false},
      {0.5, 0, "", true},
      {1, 1.25, "G3", true},
      {2, 0, "", true},
      {5, 0, "", true},
      {20, 0, "", true}}},
    {BENCH_PIPE,
     pipe_run,
     "G4",
     "min",
     0.5,
     1 / 60.0,
     {{1.5, 0, "", false},
      {3, 15, "G4", false},
      {6, 3, "G4", true},
      {15, 1, "G4", true},
      {30, 0, "", true},
      {75, 20 / 60.0, "G4", true}}},
    {BENCH_SUMP,
     sump_run,
     "G8",
     "min",
     0,
     1 / 60.0,
     {{4, 0, "", false},
      {8, 0, "", false},
      {15, 60, "G8", false},
      {30, 0, "", false},
      {45, 5, "G8", false},
      {80, 5, "G8", false}}},
    {BENCH_IDLE,
     tank_run,
     "",
     "h",
     0.5,
     1,
     {{0.2, 0, "", false}, {0.5, 0, "", false}, {1, 0, "", false}, {5, 0, "", false}}},
    {BENCH_ZONE,
     zone_run,
     "",
     "h",
     0,
     1,
     {{3, 0, "", false},
      {5.5, 0, "", false},
      {10, 0, "", false},
      {20, 0, "", false},
      {50, 0, "", false}}},
};

struct options {
    uint32_t seeds;
    uint64_t first;
    double days;
    bool rivals, verbose, dry;
    unsigned faults;
};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* NaN counts as the worst. */
static double quantile(double *x, uint32_t n, double share)
{
    if (n == 0)
        return NOTHING;
    for (uint32_t i = 0; i < n; i++)
        x[i] = isnan(x[i]) ? NEVER : x[i];
    qsort(x, n, sizeof *x, ascending);
    double at = share * (n - 1);
    uint32_t i = (uint32_t)at;
    if (i + 1 >= n || isinf(x[i + 1]))
        return x[i + (at > i && i + 1 < n ? 1 : 0)];
    return x[i] + (at - i) * (x[i + 1] - x[i]);
}

static void row(const char *goal, const char *what, const char *measured, const char *limit,
                int fine)
{
    printf("%s\t%s\t%s\t%s\t%s\n", goal, what, measured, limit,
           fine < 0 ? ""
           : fine   ? "met"
                    : "MISSED");
    fflush(stdout);
}

static void told(char *out, size_t room, const double *delays, uint32_t n, const struct campaign *c)
{
    double x[SEEDS_MAX];
    uint32_t found = 0;
    for (uint32_t i = 0; i < n; i++)
        found += isfinite(delays[i]) ? 1 : 0;
    memcpy(x, delays, n * sizeof *x);
    double middle = quantile(x, n, 0.5) / c->unit_h;
    double late = quantile(x, n, 0.9) / c->unit_h;
    if (found == 0)
        snprintf(out, room, "never");
    else
        snprintf(out, room, "%.2f found, median %.3g %s, p90 %.3g", (double)found / n, middle,
                 c->unit, late);
}

static void estimates(const struct verdict *v, uint32_t n, const struct campaign *c, double flow)
{
    double rate[SEEDS_MAX], onset[SEEDS_MAX];
    uint32_t asked = 0, rate_in = 0, onset_in = 0, settled = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!v[i].found)
            continue;
        rate[asked] = v[i].asked ? v[i].rate_error : NOTHING;
        onset[asked] = v[i].asked ? v[i].onset_error_h : NOTHING;
        rate_in += v[i].rate_inside ? 1 : 0;
        onset_in += v[i].onset_inside ? 1 : 0;
        settled += v[i].asked && !v[i].preliminary ? 1 : 0;
        asked++;
    }
    if (asked == 0)
        return;
    char what[80], measured[160];
    double r = quantile(rate, asked, 0.9), o = quantile(onset, asked, 0.9);
    snprintf(what, sizeof what, "%s %g m3/h: estimates 3 h after the alarm",
             bench_plant_names[c->plant], flow);
    snprintf(measured, sizeof measured,
             "p90: rate %.0f %%, onset %.2f h; intervals hold %.0f %% and %.0f %%; settled %.0f %%",
             r * 100, o, 100.0 * rate_in / asked, 100.0 * onset_in / asked,
             100.0 * settled / asked);
    row("G9", what, measured, "30 %, 2 h", r <= 0.30 && o <= 2);
}

static void simulate(struct series *s, const struct campaign *c, const struct options *o,
                     uint32_t i, double flow)
{
    double more = c->plant == BENCH_ZONE ? 30 : 0; /* it learns for two weeks */
    c->run(s, o->first + i, o->days + more, &(struct leak_plan){.flow = flow, .dry = o->dry});
    if (o->faults)
        inject(s, o->faults, o->first + i);
}

/* Without meters there is no balance to compare with. */
static bool compared(const struct campaign *c, const struct options *o, unsigned rival)
{
    bool metered = c->plant != BENCH_SUMP && c->plant != BENCH_IDLE;
    return o->rivals && c->plant != BENCH_ZONE && (rival != RIVAL_BALANCE || metered);
}

static void clean_runs(const struct campaign *c, const struct options *o, struct series *s,
                       struct rival_trace traces[RIVAL_COUNT][SEEDS_MAX])
{
    char what[80], measured[160], limit[40];
    double alarms = 0, days = 0;
    uint32_t by[3] = {0};
    for (uint32_t i = 0; i < o->seeds; i++) {
        struct verdict v;
        simulate(s, c, o, i, 0);
        judge(&v, c->plant, s, 10);
        alarms += v.false_alarms;
        days += v.armed_days;
        for (int k = 0; k < 3; k++)
            by[k] += v.false_by[k];
        if (o->verbose && v.false_alarms > 0)
            printf("# seed %llu: %u false\n", (unsigned long long)(o->first + i), v.false_alarms);
        for (unsigned k = 0; k < RIVAL_COUNT && compared(c, o, k); k++)
            rival_trace(&traces[k][i], (enum rival)k, c->plant, s);
    }
    snprintf(what, sizeof what, "%s: false alarms in 30 d", bench_plant_names[c->plant]);
    snprintf(measured, sizeof measured, "%.2f (%g in %.0f d; cusum %u, window %u, other %u)",
             days > 0 ? alarms / days * 30 : NOTHING, alarms, days, by[0], by[1], by[2]);
    snprintf(limit, sizeof limit, "%g", c->false_most);
    row(c->goal, what, measured, limit,
        *c->goal ? days > 0 && alarms / days * 30 <= c->false_most : -1);
}

static void leaking_runs(const struct campaign *c, const struct options *o, struct series *s,
                         const struct size *size, const double limits[RIVAL_COUNT])
{
    static struct verdict v[SEEDS_MAX];
    double delays[SEEDS_MAX], rivals[RIVAL_COUNT][SEEDS_MAX];
    for (uint32_t i = 0; i < o->seeds; i++) {
        simulate(s, c, o, i, size->flow);
        judge(&v[i], c->plant, s, 10);
        delays[i] = v[i].found ? v[i].delay_h : NEVER;
        if (o->verbose)
            printf("# %g seed %llu: %.3g %s by %s, rate %.4g, onset off %.3g h\n", size->flow,
                   (unsigned long long)(o->first + i), delays[i] / c->unit_h, c->unit,
                   v[i].detector, v[i].rate, v[i].onset_error_h);
        for (unsigned k = 0; k < RIVAL_COUNT && compared(c, o, k); k++) {
            struct rival_trace t;
            rival_trace(&t, (enum rival)k, c->plant, s);
            rivals[k][i] = rival_delay(&t, limits[k], s->onset_s, 240);
            rival_free(&t);
        }
    }
    char what[80], measured[160], limit[40] = "";
    uint32_t found = 0;
    for (uint32_t i = 0; i < o->seeds; i++)
        found += isfinite(delays[i]) ? 1 : 0;
    snprintf(what, sizeof what, "%s %g m3/h", bench_plant_names[c->plant], size->flow);
    told(measured, sizeof measured, delays, o->seeds, c);
    if (size->within_h > 0)
        snprintf(limit, sizeof limit, "%.2g %s", size->within_h, c->unit);
    double middle = quantile(delays, o->seeds, 0.5) / c->unit_h;
    bool fine = middle <= size->within_h * (1 + 1e-9) && found >= 0.99 * o->seeds;
    row(size->goal, what, measured, limit, size->within_h > 0 ? fine : -1);
    for (unsigned k = 0; k < RIVAL_COUNT && compared(c, o, k); k++) {
        static const char *const names[] = {"fixed limit", "24-h balance"};
        told(measured, sizeof measured, rivals[k], o->seeds, c);
        snprintf(what, sizeof what, "  beside it: %s at %.3g", names[k], fabs(limits[k]));
        row("", what, measured, "", -1);
    }
    if (size->estimate)
        estimates(v, o->seeds, c, size->flow);
}

static void campaign(const struct campaign *c, const struct options *o, double only)
{
    static struct rival_trace traces[RIVAL_COUNT][SEEDS_MAX];
    double limits[RIVAL_COUNT];
    struct series s;
    series_init(&s);
    clean_runs(c, o, &s, traces);
    for (unsigned k = 0; k < RIVAL_COUNT && compared(c, o, k); k++) {
        limits[k] = rival_limit(traces[k], o->seeds, 1);
        for (uint32_t i = 0; i < o->seeds; i++)
            rival_free(&traces[k][i]);
    }
    for (const struct size *size = c->sizes; size < c->sizes + SIZES_MAX && size->flow > 0; size++)
        if (only <= 0 || fabs(size->flow - only) < 1e-9)
            leaking_runs(c, o, &s, size, limits);
    series_fini(&s);
}

/* G7: false alarms of each fault by itself and of all five, and how late 100 m3/h are found with
 * all. */
static void faults(const struct options *o)
{
    static const struct {
        const char *name;
        unsigned faults;
        double most;
    } cases[] = {{"gaps", INJECT_GAPS, 0},
                 {"spikes", INJECT_SPIKES, 0},
                 {"stuck level", INJECT_STUCK, 0},
                 {"5 cm recalibration", INJECT_STEP, 0},
                 {"dead outflow meter", INJECT_DEAD, 0},
                 {"all five", INJECT_FIVE, 1.5},
                 {"level drift of -2 mm/h", INJECT_DRIFT, 0}};
    struct series s;
    series_init(&s);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double alarms = 0, days = 0;
        for (uint32_t i = 0; i < o->seeds; i++) {
            struct verdict v;
            pond_run(&s, o->first + i, o->days, &(struct leak_plan){0});
            inject(&s, cases[k].faults, o->first + i);
            judge(&v, BENCH_POND, &s, 10);
            alarms += v.false_alarms;
            days += v.armed_days;
            if (o->verbose && v.false_alarms > 0)
                printf("# %s seed %llu: %u false\n", cases[k].name,
                       (unsigned long long)(o->first + i), v.false_alarms);
        }
        char what[80], measured[80];
        snprintf(what, sizeof what, "pond with %s: false alarms in 30 d", cases[k].name);
        snprintf(measured, sizeof measured, "%.2f (%g in %.0f d)", alarms / days * 30, alarms,
                 days);
        row("G7", what, measured, cases[k].most > 0 ? "1.5" : "",
            cases[k].most > 0 ? alarms / days * 30 <= 1.5 : -1);
    }
    struct campaign c = campaigns[0];
    struct options with = *o;
    with.faults = INJECT_FIVE;
    with.rivals = false;
    leaking_runs(&c, &with, &s, &(struct size){100, 6, "G7", false}, NULL);
    series_fini(&s);
}

/* The recorded runs, with all five faults laid on them anew for each seed. */
static int vectors(const struct options *o, const char *folder)
{
    char path[4096], what[80], measured[160];
    struct series clean, faulty;
    double delays[SEEDS_MAX];
    bool read = true;
    series_init(&clean);
    series_init(&faulty);
    for (int leaking = 0; leaking < 2 && read; leaking++) {
        snprintf(path, sizeof path, "%s/pond_%s.csv", folder, leaking ? "leak100" : "normal");
        read = series_read(&clean, path);
        double alarms = 0, days = 0;
        for (uint32_t i = 0; i < o->seeds && read; i++) {
            struct verdict v;
            series_copy(&faulty, &clean);
            inject(&faulty, o->faults ? o->faults : INJECT_FIVE, o->first + i);
            judge(&v, BENCH_POND, &faulty, 8);
            alarms += v.false_alarms;
            days += v.armed_days;
            delays[i] = v.found ? v.delay_h : NEVER;
        }
        if (!read)
            break;
        double a_month = alarms / days * 30;
        snprintf(what, sizeof what, "recorded pond, all five faults: false alarms in 30 d%s",
                 leaking ? ", before the leak" : "");
        snprintf(measured, sizeof measured, "%.2f (%g in %.0f d)", a_month, alarms, days);
        row("G7", what, measured, "1.5", a_month <= 1.5);
        if (leaking) {
            told(measured, sizeof measured, delays, o->seeds, &campaigns[0]);
            row("G7", "recorded pond, all five faults: 100 m3/h", measured, "6 h",
                quantile(delays, o->seeds, 0.5) <= 6 && quantile(delays, o->seeds, 0.99) <= 192);
        }
    }
    if (!read)
        fprintf(stderr, "%s: not read; the recorded runs are left out\n", path);
    series_fini(&clean);
    series_fini(&faulty);
    return read ? 0 : 1;
}

static void cost_of_a_year(const struct options *o)
{
    struct series s;
    struct cost c;
    char measured[120];
    series_init(&s);
    zone_run(&s, o->first, 365, &(struct leak_plan){0});
    judge_cost(&c, BENCH_ZONE, &s);
    double took = c.step_ns * 1e-9 * c.rows;
    snprintf(measured, sizeof measured, "%u rows in %.3f s; %zu bytes", s.rows, took, c.bytes);
    row("G13", "zone: a year of quarters of an hour", measured, "0.5 s", took <= 0.5);
    series_fini(&s);
}

static void cost(const struct options *o)
{
    for (int k = 0; k < 3; k++) {
        struct series s;
        struct cost c;
        char what[80], measured[120];
        series_init(&s);
        campaigns[k].run(&s, o->first, o->days, &(struct leak_plan){0});
        judge_cost(&c, campaigns[k].plant, &s);
        snprintf(what, sizeof what, "%s: cost of an evaluation, with its samples",
                 bench_plant_names[campaigns[k].plant]);
        snprintf(measured, sizeof measured, "%.0f ns with a sample of each of %u inputs; %zu bytes",
                 c.step_ns, c.samples, c.bytes);
        row("G13", what, measured, "1000 ns, 16 kB", c.step_ns <= 1000 && c.bytes <= 16384);
        series_fini(&s);
    }
}

/* G10: hourly forecasts of when a flooded pit is empty. */
static void pit(const struct options *o)
{
    static double error[SEEDS_MAX * EMPTY_HOURS], by_level[SEEDS_MAX * EMPTY_HOURS];
    uint32_t n = 0, inside = 0, untold = 0;
    struct series s;
    series_init(&s);
    for (uint32_t i = 0; i < o->seeds; i++) {
        struct forecasts f;
        pit_run(&s, o->first + i);
        empty_run(&f, &s);
        memcpy(error + n, f.error, f.count * sizeof *error);
        memcpy(by_level + n, f.by_level, f.count * sizeof *by_level);
        n += f.count;
        inside += f.inside;
        untold += f.untold;
        if (o->verbose)
            printf("# seed %llu: %u forecasts over %.0f h, %u inside, %u untold, median error %.0f "
                   "%%\n",
                   (unsigned long long)(o->first + i), f.count, s.rows / 60.0, f.inside, f.untold,
                   100 * quantile(f.error, f.count, 0.5));
    }
    char measured[160];
    double middle = 100 * quantile(error, n, 0.5), late = 100 * quantile(error, n, 0.9);
    double held = 100.0 * inside / n;
    snprintf(measured, sizeof measured,
             "median %.1f %%, p90 %.1f %%, interval holds %.0f %% (%u of %u not told)", middle,
             late, held, untold, n);
    row("G10", "pit: error of the time until it is empty", measured, "10, 25, 75..97 %",
        middle <= 10 && late <= 25 && held >= 75 && held <= 97);
    snprintf(measured, sizeof measured, "median %.1f %%, p90 %.1f %%",
             100 * quantile(by_level, n, 0.5), 100 * quantile(by_level, n, 0.9));
    row("", "  beside it: the level of 12 h drawn on", measured, "", -1);
    series_fini(&s);
}

/* One seed as files to replay: with a leak of so many m3/h, and with faults if they are asked for.
 */
static int write_one(const struct campaign *c, const struct options *o, double flow,
                     const char *folder)
{
    struct series s;
    series_init(&s);
    simulate(&s, c, o, 0, flow);
    bool fine = write_files(folder, c->plant, &s);
    if (!fine)
        perror(folder);
    else if (flow > 0)
        fprintf(stderr, "%g m3/h leak from second %.0f on\n", flow, s.onset_s);
    series_fini(&s);
    return fine ? 0 : 1;
}

static int usage(void)
{
    fputs("usage: bench_leaks pond|tank|pipe|sump|idle|zone|faults|vectors|pit|cost [--seeds N] "
          "[--first SEED] "
          "[--days D]\n"
          "           [--only SIZE] [--no-rivals] [--faults MASK] [--dry] [--folder DIR] "
          "[--verbose]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct options o = {.seeds = 64, .first = 1000, .days = 30, .rivals = true};
    double only = 0;
    const char *folder = "../shared/data/vectors", *into = NULL;
    if (argc < 2)
        return usage();
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--no-rivals") == 0)
            o.rivals = false;
        else if (strcmp(argv[i], "--verbose") == 0)
            o.verbose = judge_tells = true;
        else if (strcmp(argv[i], "--dry") == 0)
            o.dry = true;
        else if (i + 1 == argc)
            return usage();
        else if (strcmp(argv[i], "--seeds") == 0)
            o.seeds = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--first") == 0)
            o.first = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--days") == 0)
            o.days = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--k") == 0)
            bench_tuning.k = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--c") == 0)
            bench_tuning.c = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--c-h") == 0)
            bench_tuning.c_h = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--write") == 0)
            into = argv[++i];
        else if (strcmp(argv[i], "--folder") == 0)
            folder = argv[++i];
        else if (strcmp(argv[i], "--only") == 0)
            only = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--faults") == 0)
            o.faults = (unsigned)strtoul(argv[++i], NULL, 0);
        else
            return usage();
    }
    if (o.seeds < 1 || o.seeds > SEEDS_MAX)
        return usage();
    if (strcmp(argv[1], "faults") == 0) {
        faults(&o);
        return 0;
    }
    if (strcmp(argv[1], "vectors") == 0)
        return vectors(&o, folder);
    if (strcmp(argv[1], "pit") == 0) {
        pit(&o);
        return 0;
    }
    if (strcmp(argv[1], "cost") == 0) {
        cost(&o);
        cost_of_a_year(&o);
        return 0;
    }
    for (size_t k = 0; k < sizeof campaigns / sizeof *campaigns; k++)
        if (strcmp(argv[1], bench_plant_names[campaigns[k].plant]) == 0) {
            if (into)
                return write_one(&campaigns[k], &o, only, into);
            campaign(&campaigns[k], &o, only);
            return 0;
        }
    return usage();
}
