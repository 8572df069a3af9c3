/* SPDX-License-Identifier: Apache-2.0 */
/* Plant files that are checked together and belong to one site: topics name equipment, not gateways,
 * so what two gateways both tell is told over each other. */
#ifndef CLI_CHECK_SITES_H
#define CLI_CHECK_SITES_H

#include "base/arena.h"
#include "base/diag.h"
#include "headgate/plant.h"

struct check_site { /* a plant that was read before */
    struct check_site *next;
    const struct plant *plant;
};

/* Compares it with those before, and adds it to them; it must outlive them. */
void check_sites(struct check_site **before, const struct plant *p, struct arena *a,
                 struct diags *ds);

#endif
