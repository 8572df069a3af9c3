/* SPDX-License-Identifier: Apache-2.0 */
/* What people may command. Without a word of the plant file nothing is obeyed that changes
 * anything: whoever may publish on the broker could otherwise silence an alarm. */
#include "base/permit.h"
#include "config/plant_parts.h"

struct command_nodes {
    const struct node *allow, *fresh;
};

static const uint32_t reading = PERMIT_BIT(PERMIT_REPLAY) | PERMIT_BIT(PERMIT_BULLETIN);

static bool read_allow(const struct reader *r, const struct node *n, uint32_t *allow)
{
    const char *const *words;
    size_t count = permit_words(&words);
    bool good = true;
    if (n == NULL) {
        return true;
    }
    if (!is_list(r, n, "allow")) {
        return false;
    }
    *allow = 0;
    for (const struct node *i = n->first; i != NULL; i = i->next) {
        unsigned word = 0;
        bool known = read_word(r, i, "command", words, count, &word);
        if (known) {
            *allow |= permit_parse(words[word]);
        }
        good = known && good;
    }
    if (good && !(*allow & PERMIT_BIT(PERMIT_REPLAY))) {
        caution(r, n,
                "no historian can ask for rows that it missed; add `replay`, which changes "
                "nothing");
    }
    return good;
}

bool read_commands(struct plant_builder *b, const struct node *n)
{
    static const struct field fields[] = {{"allow", offsetof(struct command_nodes, allow)},
                                          {"fresh", offsetof(struct command_nodes, fresh)}};
    struct command_rules *out = &b->plant->commands;
    struct command_nodes c = {0};
    int64_t fresh_ns = 30 * NS_PER_S;
    *out = (struct command_rules){
        .at = n != NULL ? place_of(&b->r, n) : (struct place){b->r.file, 1, 1}, .allow = reading};
    bool good = n == NULL || take_fields(&b->r, n, fields, 2, &c, "commands");
    good = read_allow(&b->r, c.allow, &out->allow) && good;
    good = read_duration(&b->r, c.fresh, "fresh", NS_PER_S, 3600 * NS_PER_S, &fresh_ns) && good;
    /* A story's clock runs fast; messages take as long as ever. */
    double pace = b->options != NULL && b->options->pace > 1 ? b->options->pace : 1;
    out->fresh_ms = (int64_t)((double)(fresh_ns / NS_PER_MS) * pace);
    return good;
}
