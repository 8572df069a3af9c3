/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/answer.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

static void key(struct json *j, const char *name)
{
    json_word(j, ",\"");
    json_raw(j, name, strlen(name));
    json_word(j, "\":");
}

static void text_or_null(struct json *j, const char *s)
{
    json_string(j, s && *s ? s : NULL);
}

static void given_text(struct json *j, const char *name, const char *s)
{
    if (!*s)
        return;
    key(j, name);
    json_string(j, s);
}

static void given_number(struct json *j, const char *name, double x)
{
    if (!isfinite(x))
        return;
    key(j, name);
    json_real(j, x, false);
}

static void ends(struct json *j, const struct outcome *a)
{
    key(j, "error");
    json_string(j, a->error);
    key(j, "timestamp");
    json_int(j, a->time.ms);
    json_word(j, "}");
}

static void encode_written(struct json *j, const char *name, const struct written *w)
{
    if (!w)
        return;
    key(j, "written");
    json_raw(j, w->sent ? "true" : "false", w->sent ? 4 : 5);
    key(j, name);
    json_value(j, &w->value);
    if (w->unit && *w->unit) {
        key(j, "unit");
        json_string(j, w->unit);
    }
    key(j, "raw");
    json_string(j, w->raw);
}

void encode_reply(struct json *j, const struct outcome *a)
{
    json_word(j, "{\"id\":");
    text_or_null(j, a->id);
    key(j, "verb");
    json_string(j, a->verb);
    key(j, "status");
    json_string(j, a->status);
    if (a->counts) {
        key(j, "count");
        json_int(j, (int64_t)a->count);
        key(j, "from_seq");
        json_int(j, (int64_t)a->from_seq);
        key(j, "to_seq");
        json_int(j, (int64_t)a->to_seq);
    }
    if (a->order && a->order->verb == ORDER_WRITE)
        given_text(j, "tag", a->order->tag);
    encode_written(j, "value", a->written);
    key(j, "gateway");
    json_string(j, a->gateway);
    ends(j, a);
}

static void given_wish(struct json *j, const char *name, const struct wish *w)
{
    struct value v = wish_value(w);
    if (!w->given)
        return;
    key(j, name);
    json_value(j, &v);
}

/* Only what was given: who asked for what, in the words of the command. */
static void encode_order(struct json *j, const struct order *o)
{
    given_text(j, "user", o->user);
    given_text(j, o->verb == ORDER_PROOF ? "leak" : "alarm", o->alarm);
    if (o->has_seq) {
        key(j, "alarm_seq");
        json_int(j, (int64_t)o->seq);
    }
    given_text(j, "reason", o->reason);
    given_number(j, "minutes", o->minutes);
    if (o->one_shot)
        json_word(j, ",\"one_shot\":true");
    given_text(j, "cause", o->cause);
    given_text(j, "op", o->op);
    given_text(j, "incident", o->incident);
    given_text(j, "subject", o->subject);
    given_text(j, "item", o->item);
    given_text(j, "state", o->state);
    given_number(j, "value", o->value);
    given_text(j, "tag", o->tag);
    given_wish(j, "value", &o->wish);
    given_wish(j, "was", &o->was);
    if (o->within_ms) {
        key(j, "within_ms");
        json_int(j, o->within_ms);
    }
    if (o->time_ms) {
        key(j, "time");
        json_int(j, o->time_ms);
    }
}

void encode_audit(struct json *j, const struct outcome *a)
{
    json_word(j, "\"verb\":");
    json_string(j, a->verb);
    key(j, "id");
    text_or_null(j, a->id);
    key(j, "client");
    text_or_null(j, a->client);
    if (a->order)
        encode_order(j, a->order);
    else if (a->asked)
        json_raw(j, a->asked, strlen(a->asked));
    key(j, "status");
    json_string(j, a->status);
    if (a->counts) {
        key(j, "count");
        json_int(j, (int64_t)a->count);
    }
    encode_written(j, "read", a->written);
    ends(j, a);
}

static bool may_reply_to(const char *root, const char *site, const char *topic)
{
    char own[TOPIC_MAX];
    size_t all = topic_make(own, root, site, TOPIC_REPLY, "", NULL);
    if (!all || !*topic || *topic == '$' || strpbrk(topic, "+#") ||
        !text_is_utf8(topic, strlen(topic)))
        return false;
    return strncmp(topic, own, all - strlen("reply/")) != 0 || strncmp(topic, own, all) == 0;
}

size_t answer_topic(char out[static TOPIC_MAX], const char *root, const char *site,
                    const char *gateway, const char *wanted, const char *client)
{
    size_t length = strlen(wanted);
    if (length < TOPIC_MAX && may_reply_to(root, site, wanted)) {
        memcpy(out, wanted, length + 1);
        return length;
    }
    if (!text_is_name(client, strlen(client)))
        return 0;
    return topic_make(out, root, site, TOPIC_REPLY, gateway, client);
}
