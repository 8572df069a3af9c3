/* SPDX-License-Identifier: Apache-2.0 */
#include "base/period.h"

enum { PERIOD_LEAST_NS = 100 * 1000 };

/* What is read once is read once a day as well; and equipment that was swapped without anybody
 * noticing must show within ten seconds. */
static const int64_t ONCE_AGAIN_NS = 24 * 3600 * NS_PER_S, IDENTITY_NS = 8 * NS_PER_S;

int64_t period_of(const struct device *d, const struct point *p)
{
    int32_t identity = d->map->identity.point;
    if (identity >= 0 && p == &d->map->points[identity])
        return p->every_ns > 0 && p->every_ns < IDENTITY_NS ? p->every_ns : IDENTITY_NS;
    if (p->read_mode != READ_POLL && p->every_ns == 0)
        return ONCE_AGAIN_NS;
    int64_t ns = p->every_ns > 0        ? p->every_ns
                 : d->map->every_ns > 0 ? d->map->every_ns
                                        : d->every_ns;
    if (ns <= 0)
        return NS_PER_S;
    return ns < PERIOD_LEAST_NS ? PERIOD_LEAST_NS : ns;
}
