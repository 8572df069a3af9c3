/* SPDX-License-Identifier: Apache-2.0 */
/* The last rows of the journal that carry a tag, and what became of them. */
#ifndef CLI_WHY_ROWS_H
#define CLI_WHY_ROWS_H

#include "publish/json_read.h"

#include <stdbool.h>
#include <stdio.h>

#include "publish/journal.h"

enum { WHY_ROWS = 5, WHY_LINE_MAX = 248 };

struct why_rows {
    bool known;                    /* there is a journal, and the tag goes there */
    struct journal_lane lane;
    uint32_t count;
    char name[72];                 /* of the tag, as frames call it */
    struct why_row {
        uint64_t seq;
        wall_t time;
        int refused;
        char value[160];           /* as JSON */
        char reason[96];
        int quality;
    } rows[WHY_ROWS];
};

void why_rows_read(struct why_rows *r, const char *state_dir, const json_t *why);
void why_rows_print(FILE *out, const struct why_rows *r);
void why_rows_json(FILE *out, const struct why_rows *r);       /* ,"journal":{...} */

#endif
