/* SPDX-License-Identifier: Apache-2.0 */
/* The words for what a plant file allows people to command. */
#ifndef BASE_PERMIT_H
#define BASE_PERMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/order.h"

const char *permit_word(unsigned permit);              /* "ack" */
const char *permit_group(unsigned permit);             /* "alarms"; NULL: in none */
/* A permit or a group of them, as bits; 0: no such word. */
uint32_t permit_parse(const char *word);
/* All words that permit_parse knows. */
size_t permit_words(const char *const **words);
/* What people may write to this tag; NULL: nothing. */
const struct write_permit *permit_write(const struct command_rules *rules, uint32_t tag);
/* "alarms, incident, replay"; "nothing". Groups where they are whole. Returns out. */
enum { PERMIT_TEXT_MAX = 160 };
const char *permit_text(char out[PERMIT_TEXT_MAX], uint32_t allow);

#endif
