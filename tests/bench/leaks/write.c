/* SPDX-License-Identifier: Apache-2.0 */
#include "write.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

/* Everything stands in one area and one device. */
static const char map_text[] = "# SPDX-License-Identifier: Apache-2.0\n"
                               "format: 1\n"
                               "title: \"Instruments of a plant of the bench\"\n"
                               "source:\n"
                               "  - \"Invented: made to be replayed\"\n"
                               "verified: invented\n"
                               "tags:\n"
                               "  level: {at: input 0, type: f32, unit: m}\n"
                               "  in: {at: input 2, type: f32, unit: m3/h}\n"
                               "  out: {at: input 4, type: f32, unit: m3/h}\n"
                               "  out2: {at: input 6, type: f32, unit: m3/h}\n"
                               "  rain: {at: input 8, type: f32, unit: mm/h}\n"
                               "  in_run: {at: discrete 0, type: bool}\n"
                               "  run: {at: discrete 1, type: bool}\n"
                               "  run2: {at: discrete 2, type: bool}\n"
                               "  float: {at: discrete 3, type: bool}\n";

static const char head_text[] =
    "# SPDX-License-Identifier: Apache-2.0\n"
    "# Made by the bench, to be replayed: headgate replay %s.yaml %s.csv --truth truth\n"
    "format: 1\n"
    "site: bench\n"
    "gateway: gw1\n"
    "lines:\n"
    "  plc: {connect: \"tcp://127.0.0.1:1502\"}\n"
    "areas:\n"
    "  site: The plant\n"
    "devices:\n"
    "  plc: {map: bench, line: plc, unit: 1, area: site, every: %llds}\n"
    "leaks:\n"
    "  %s:\n"
    "    area: site\n"
    "    about: Water that nobody can account for\n"
    "    consequence: It stands where it should not\n"
    "    response: Look for it\n";

static const char *const leak_texts[BENCH_PLANT_COUNT] = {
    [BENCH_POND] =
        "    kind: balance\n"
        "    profile: pond\n"
        "    level: site/plc/level\n"
        "    stage: [[0, 0], [1, 24000], [2, 54000], [3, 90000], [4, 132000], [5, 180000], [6, "
        "234000]]\n"
        "    in: [{flow: site/plc/in, accuracy: 0.5%, nominal: 420 m3/h}]\n"
        "    out:\n"
        "      - {flow: site/plc/out, run: site/plc/run, accuracy: 0.5%, nominal: 240 m3/h}\n"
        "      - {flow: site/plc/out2, run: site/plc/run2, accuracy: 0.5%, nominal: 240 m3/h}\n"
        "    rain: {tag: site/plc/rain, catchment: 120000 m2}\n"
        "    evaporation: 4 mm/d\n"
        "    nominal: 420 m3/h\n",
    [BENCH_TANK] =
        "    kind: balance\n"
        "    profile: tank\n"
        "    level: site/plc/level\n"
        "    surface: 201 m2\n"
        "    in: [{flow: site/plc/in, run: site/plc/in_run, accuracy: 0.5%, nominal: 60 m3/h}]\n"
        "    out: [{flow: site/plc/out, run: site/plc/run, accuracy: 0.5%, nominal: 20 m3/h}]\n"
        "    nominal: 20 m3/h\n",
    [BENCH_PIPE] = "    kind: balance\n"
                   "    profile: pipe\n"
                   "    in: [{flow: site/plc/in, accuracy: 0.6%}]\n"
                   "    out: [{flow: site/plc/out, accuracy: 0.6%}]\n"
                   "    mask: [site/plc/in_run]\n"
                   "    nominal: 300 m3/h\n",
    [BENCH_SUMP] = "    kind: sump\n"
                   "    level: site/plc/level\n"
                   "    surface: 6 m2\n"
                   "    pumps: [{run: site/plc/run, capacity: 40 m3/h}]\n"
                   "    float: site/plc/float\n",
    [BENCH_IDLE] = "    kind: idle\n"
                   "    level: site/plc/level\n"
                   "    surface: 201 m2\n"
                   "    inlet: site/plc/in_run\n"
                   "    outlet: site/plc/run\n",
    [BENCH_ZONE] = "    kind: demand\n"
                   "    in: [{flow: site/plc/in}]\n"
                   "    out: [{flow: site/plc/out}]\n",
};

static FILE *open_in(const char *folder, const char *name, const char *tail)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s%s", folder, name, tail);
    if (n < 0 || (size_t)n >= sizeof path) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return fopen(path, "w");
}

static bool close_whole(FILE *f)
{
    bool fine = !ferror(f);
    return fclose(f) == 0 && fine;
}

static bool is_flag(int column)
{
    return column == COL_IN_RUN || column == COL_RUN || column == COL_RUN2 || column == COL_FLOAT;
}

static bool write_samples(const char *folder, const char *name, const struct series *s)
{
    static const int64_t epoch_ms = INT64_C(1136160000000);
    FILE *f = open_in(folder, name, ".csv");
    if (!f)
        return false;
    fputs("timestamp", f);
    for (int k = 0; k < COL_COUNT; k++)
        if (s->column[k])
            fprintf(f, k == COL_TRUE ? ",%s" : ",site/plc/%s", column_names[k]);
    for (uint32_t i = 0; i < s->rows; i++) {
        fprintf(f, "\n%lld", (long long)(epoch_ms + i * s->step_ms));
        for (int k = 0; k < COL_COUNT; k++) {
            if (!s->column[k])
                continue;
            fputc(',', f);
            if (!isnan(s->column[k][i]))
                fprintf(f, is_flag(k) ? "%.0f" : k == COL_LEVEL ? "%.3f" : "%.2f", s->column[k][i]);
        }
    }
    fputc('\n', f);
    return close_whole(f);
}

bool write_files(const char *folder, enum bench_plant plant, const struct series *s)
{
    const char *name = bench_plant_names[plant];
    char maps[4096];
    snprintf(maps, sizeof maps, "%s/maps", folder);
    if (mkdir(maps, 0777) != 0 && errno != EEXIST)
        return false;
    FILE *map = open_in(maps, "bench", ".yaml");
    if (!map)
        return false;
    fputs(map_text, map);
    FILE *file = close_whole(map) ? open_in(folder, name, ".yaml") : NULL;
    if (!file)
        return false;
    fprintf(file, head_text, name, name, (long long)(s->step_ms / 1000), name);
    fputs(leak_texts[plant], file);
    return close_whole(file) && write_samples(folder, name, s);
}
