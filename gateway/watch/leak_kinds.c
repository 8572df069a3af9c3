/* SPDX-License-Identifier: Apache-2.0 */
/* Which detector stands behind which word of a plant file. */
#include "watch/leak_parts.h"

const struct leak_kind_ops *const leak_kinds[LEAK_KIND_COUNT] = {
    [LEAK_BALANCE] = &leak_balance,     [LEAK_DEMAND] = &leak_demand, [LEAK_IDLE] = &leak_idle,
    [LEAK_SUMP] = &leak_sump,           [LEAK_LIMIT] = &leak_limit,   [LEAK_ROC] = &leak_roc,
    [LEAK_SHIFT] = &leak_shift,         [LEAK_SWITCH] = &leak_switch, [LEAK_WEIR] = &leak_weir,
    [LEAK_FREEBOARD] = &leak_freeboard,
};
