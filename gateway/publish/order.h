/* SPDX-License-Identifier: Apache-2.0 */
/* From a command's JSON to an order. Strict: a member that isn't known is refused by name, because
 * what somebody meant and nobody obeyed is worse than a refusal. */
#ifndef PUBLISH_ORDER_H
#define PUBLISH_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "headgate/order.h"

/* What is said to a verb that doesn't exist. */
extern const char order_unknown[];

bool order_verb(const char *word, enum order_verb *out);
const char *order_verb_name(enum order_verb v);

/* NULL: done. Else why not, valid until the next call (of one thread); id, client and user are filled
 * in as far as they could be read, for the answer. */
const char *order_parse(const char *verb, const char *payload, size_t length, struct order *out);

/* Why a verb that knows these members refuses another one. Returns out. */
enum { ORDER_SAID = 160 };
const char *order_no_member(char out[ORDER_SAID], const char *verb, const char *key,
                            const char *const *names, size_t count);

#endif
