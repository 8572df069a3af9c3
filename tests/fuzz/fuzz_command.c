/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a command: what the broker thread makes of it, what goes through the door from it,
 * and what the watch room does then. Input: the verb on a line of its own ('!' in front: retained),
 * the response topic on the next, then the payload. */
#include "world.h"

#include "app/wish.h"
#include "base/text.h"
#include "publish/order.h"
#include "publish/session.h"

static struct broker *b;
static unsigned told; /* rows of the audit */

bool __wrap_journal_add(struct journal *j, const struct message *m, const char *topic,
                        const char *payload);
uint64_t __wrap_journal_epoch(const struct journal *j);
uint64_t __wrap_journal_first(const struct journal *j, enum message_lane lane);
uint64_t __wrap_journal_acked(const struct journal *j, enum message_lane lane);
uint64_t __wrap_journal_seq_at(struct journal *j, enum message_lane lane, wall_t time);

static void is_json(const char *text, size_t length)
{
    json_error_t error;
    json_t *o = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    HOLDS(json_is_object(o));
    json_decref(o);
}

bool __wrap_journal_add(struct journal *j, const struct message *m, const char *topic,
                        const char *payload)
{
    char text[2048] = "{";
    (void)j;
    HOLDS(m->lane == MESSAGE_AUDIT && strcmp(topic, b->audit_topic) == 0);
    HOLDS(m->payload_length < sizeof text - 1);
    memcpy(text + 1, payload, m->payload_length);
    is_json(text, m->payload_length + 1);
    told++;
    return true;
}

uint64_t __wrap_journal_epoch(const struct journal *j)
{
    (void)j;
    return 1700000000;
}

uint64_t __wrap_journal_first(const struct journal *j, enum message_lane lane)
{
    (void)j;
    return lane == MESSAGE_EVENT ? 10 : 1000;
}

uint64_t __wrap_journal_acked(const struct journal *j, enum message_lane lane)
{
    (void)j;
    return lane == MESSAGE_EVENT ? 90 : 5000;
}

uint64_t __wrap_journal_seq_at(struct journal *j, enum message_lane lane, wall_t time)
{
    uint64_t first = __wrap_journal_first(j, lane), last = __wrap_journal_acked(j, lane);
    int64_t at = (int64_t)first + (time.ms - WORLD_START) / 1000;
    return at < (int64_t)first ? first : at > (int64_t)last ? last + 1 : (uint64_t)at;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    quiet();
    world_load();
    b = calloc(1, sizeof *b);
    HOLDS(b);
    b->door = &world.door;
    b->journal = (struct journal *)(void *)&told; /* never looked into: see above */
    b->setup = (struct broker_setup){.mqtt = &world.side.plant->mqtt,
                                     .site = world.side.plant->site,
                                     .gateway = world.side.plant->gateway,
                                     .version = "1"};
    b->wall.ms = WORLD_START;
    door_allow(&world.door, &world.side.plant->commands);
    HOLDS(send_init(b));
    return 0;
}

static size_t line_of(struct script *s, char *to, size_t room)
{
    const uint8_t *end = s->left ? memchr(s->at, '\n', s->left) : NULL;
    size_t whole = end ? (size_t)(end - s->at) + 1 : s->left, n = end ? whole - 1 : whole;
    n = n < room - 1 ? n : room - 1;
    if (n)
        memcpy(to, s->at, n);
    to[n] = '\0';
    s->at += whole;
    s->left -= whole;
    return n;
}

/* Replies go where they were asked to, but never onto what the gateway tells of the plant. */
static unsigned replies(void)
{
    unsigned n = 0;
    for (; b->outbox_first != b->outbox_end; b->outbox_first++, n++) {
        const struct outbound *o = &b->outbox[b->outbox_first % OUTBOX];
        HOLDS(*o->topic && *o->topic != '$' && !strpbrk(o->topic, "+#"));
        HOLDS(text_is_utf8(o->topic, strlen(o->topic)));
        HOLDS(strncmp(o->topic, "r/s/", 4) != 0 || strncmp(o->topic, "r/s/reply/", 10) == 0);
        HOLDS(!o->retained);
        is_json(o->payload, o->length);
        free(o->topic);
        free(o->payload);
    }
    return n;
}

static void one_line(const char *s, size_t room)
{
    size_t n = strnlen(s, room);
    HOLDS(n < room && text_is_utf8(s, n));
    for (size_t i = 0; i < n; i++)
        HOLDS((unsigned char)s[i] >= 0x20 && s[i] != 0x7F);
}

/* Only the one tag that may be, between the limits of the plant file. */
static const char *judge(const struct order *o)
{
    static char said[WISH_SAID];
    const struct plant *plant = world.side.plant;
    struct value wish = wish_value(&o->wish), was = wish_value(&o->was);
    struct write_job job;
    const char *why =
        wish_judge(plant, o->tag, &wish, o->was.given ? &was : NULL, &job, said);
    if (why)
        return why;
    HOLDS(strcmp(o->tag, "a/x/target") == 0 && strcmp(plant->devices[job.device].path, "a/x") == 0);
    HOLDS(job.count == 1 && job.words[0] >= 10 && job.words[0] <= 40 && job.masks[0] == 0xFFFF);
    return NULL;
}

/* As the plant thread does it. */
static void carry_out(const struct command *c, const char *payload)
{
    struct order o;
    const char *why = order_parse(c->verb, payload, c->payload_length, &o);
    one_line(o.user, sizeof o.user);
    one_line(o.alarm, sizeof o.alarm);
    one_line(o.reason, sizeof o.reason);
    one_line(o.subject, sizeof o.subject);
    one_line(o.item, sizeof o.item);
    one_line(o.tag, sizeof o.tag);
    one_line(o.wish.text, sizeof o.wish.text);
    world_open();
    world_put(0, 2.5, true);
    if (!why && o.verb == ORDER_WRITE)
        why = judge(&o);
    else if (!why)
        why = lookout_order(world.lookout, &o, world.now);
    tell_answer(world.teller, c, &o, why);
    if (!why) {
        world_run(world.now + 5000);
        tell_owed_states(world.teller);
        tell_states(world.teller, (wall_t){world.now});
    }
    world_listen();
    world_close();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct script s = {bytes, length};
    char verb[300], topic[400], response[300];
    line_of(&s, verb, sizeof verb);
    line_of(&s, response, sizeof response);
    snprintf(topic, sizeof topic, "r/s/cmd/g/%s", verb + (*verb == '!'));
    uint8_t *payload = malloc(s.left + 1);
    HOLDS(payload);
    size_t payload_length = script_bytes(&s, payload, s.left);
    const struct mqtt_message m = {.topic = topic,
                                   .payload = payload,
                                   .length = payload_length,
                                   .retained = *verb == '!',
                                   .response_topic = *response ? response : NULL,
                                   .correlation = response,
                                   .correlation_length = strlen(response)};
    told = 0;
    b->guard.count = b->guard.next = 0; /* nothing was obeyed yet */
    command_heard(b, &m);
    command_run(b);
    b->replay.active = false;
    unsigned said = replies();
    free(payload);
    size_t n;
    const void *at = mailbox_peek(world.door.commands, &n);
    HOLDS(!at || told == 0); /* refused and obeyed at once */
    HOLDS(said <= told);
    if (at) {
        struct command c;
        HOLDS(n >= sizeof c && !m.retained);
        memcpy(&c, at, sizeof c);
        HOLDS(n == sizeof c + c.payload_length);
        char *copy = malloc(c.payload_length + 1U);
        HOLDS(copy);
        memcpy(copy, (const char *)at + sizeof c, c.payload_length);
        copy[c.payload_length] = '\0';
        carry_out(&c, copy);
        free(copy);
        mailbox_done(world.door.commands);
        HOLDS(!mailbox_peek(world.door.commands, &n));
    }
    return 0;
}
