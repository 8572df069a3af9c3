/* SPDX-License-Identifier: Apache-2.0 */
/* headgate why, as text: from the JSON that a gateway (or ask) has to say. */
#ifndef CLI_WHY_H
#define CLI_WHY_H

#include "publish/json_read.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

void why_print(FILE *out, const json_t *why);          /* all but the journal */

/* One frame with each of its fields named. framing: "tcp" or "rtu"; hex without spaces. asked_first:
 * the address that the answer's registers begin at. */
struct why_frame {
    const char *framing, *hex;
    bool answer;
    bool bits;                     /* an answer of coils or discrete inputs */
    uint32_t first, count;
};
void why_print_frame(FILE *out, const struct why_frame *f);
/* What is remembered of an exchange; NULL: nothing is printed. */
struct frame;
void why_print_raw(FILE *out, const struct frame *f, uint8_t table);

#endif
