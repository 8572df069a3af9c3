/* SPDX-License-Identifier: Apache-2.0 */
/* A plant of the bench as files that `headgate replay` takes: PLANT.yaml, its map, PLANT.csv. */
#ifndef BENCH_WRITE_H
#define BENCH_WRITE_H

#include "rules.h"
#include "series.h"

/* Into a folder that exists. false: a file could not be written; errno says why. */
bool write_files(const char *folder, enum bench_plant plant, const struct series *s);

#endif
