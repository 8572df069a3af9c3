/* SPDX-License-Identifier: Apache-2.0 */
/* Qualities in words, for people at a terminal. */
#ifndef CLI_QUALITY_H
#define CLI_QUALITY_H

#include "headgate/value.h"

const char *quality_word(enum quality q);              /* "comm failure" */

#endif
