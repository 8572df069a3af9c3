/* SPDX-License-Identifier: Apache-2.0 */
/* What played equipment says it is: functions 17 and 43/14, out of its map's name and title. Pure.
 */
#ifndef SIM_IDENTITY_H
#define SIM_IDENTITY_H

#include "headgate/plant.h"

enum { IDENTITY_REPORT = 17, IDENTITY_MEI = 43 };

/* The answer to a request with one of these functions; both begin with the function code. out: at
 * least 253 bytes. */
size_t identity_answer(const struct device *d, const uint8_t *request, size_t length, uint8_t *out);

#endif
