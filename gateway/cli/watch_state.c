/* SPDX-License-Identifier: Apache-2.0 */
/* What the messages of a site said last. Nothing in them is believed to be well-formed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/watch_told.h"

enum { ITEMS_MAX = 1000000, PAYLOAD_MAX = 64 * 1024, PATH_BYTES_MAX = 300 };

/* ---- lists ----------------------------------------------------------------------------------- */

static bool rehash(struct watch_list *l, uint32_t slot_count)
{
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL)
        return false;
    for (uint32_t i = 0; i < l->count; i++) {
        const char *path = l->items[i]->path;
        uint32_t at = (uint32_t)text_hash(0, path, strlen(path)) & (slot_count - 1);
        while (slots[at] != 0)
            at = (at + 1) & (slot_count - 1);
        slots[at] = i + 1;
    }
    free(l->slots);
    l->slots = slots;
    l->slot_count = slot_count;
    return true;
}

/* The item of that path, made when it is new. NULL: there is no room for more. */
void *watch_item_of(struct watch_list *l, const char *path, size_t size)
{
    if ((l->count + 1) * 2 > l->slot_count &&
        !rehash(l, l->slot_count == 0 ? 64 : l->slot_count * 2))
        return NULL;
    uint32_t at = (uint32_t)text_hash(0, path, strlen(path)) & (l->slot_count - 1);
    for (; l->slots[at] != 0; at = (at + 1) & (l->slot_count - 1)) {
        struct watch_item *there = l->items[l->slots[at] - 1];
        if (strcmp(there->path, path) == 0) {
            there->gone = false;
            there->era = l->era;
            return there;
        }
    }
    if (l->count >= ITEMS_MAX)
        return NULL;
    if (l->count == l->room) {
        uint32_t room = l->room == 0 ? 64 : l->room * 2;
        struct watch_item **more = realloc(l->items, room * sizeof(*more));
        if (more == NULL)
            return NULL;
        l->items = more;
        l->room = room;
    }
    struct watch_item *item = calloc(1, size);
    char *copy = strdup(path);
    if (item == NULL || copy == NULL) {
        free(item);
        free(copy);
        return NULL;
    }
    item->path = copy;
    item->era = l->era;
    l->items[l->count++] = item;
    l->slots[at] = l->count;
    l->sorted = false;
    return item;
}

const struct watch_item *watch_find(const struct watch_list *l, const char *path, size_t length)
{
    if (l->slot_count == 0)
        return NULL;
    uint32_t at = (uint32_t)text_hash(0, path, length) & (l->slot_count - 1);
    for (; l->slots[at] != 0; at = (at + 1) & (l->slot_count - 1)) {
        const struct watch_item *there = l->items[l->slots[at] - 1];
        if (strncmp(there->path, path, length) == 0 && there->path[length] == 0)
            return there;
    }
    return NULL;
}

static bool speaks(const struct watch_item *gateway)
{
    const struct watch_gateway *g = (const struct watch_gateway *)gateway;
    return g->item.gone || strcmp(g->state, "offline") != 0;
}

/* A device is known by its own path, a tag's by the tag's without its last part. */
static const char *gateway_of(const struct watch *w, enum watch_page page,
                              const struct watch_item *item)
{
    if (page != WATCH_DEVICES && page != WATCH_VALUES)
        return watch_gateway_of(w, page, item);
    const char *end = page == WATCH_VALUES ? strrchr(item->path, '/') : NULL;
    size_t length = end != NULL ? (size_t)(end - item->path) : strlen(item->path);
    const struct watch_device *d =
        (const struct watch_device *)watch_find(&w->devices, item->path, length);
    return d != NULL ? d->gateway : NULL;
}

static const char offline[] = "gateway offline";

const char *watch_old(const struct watch *w, const struct watch_view *v, enum watch_page page,
                      const struct watch_item *item)
{
    if (v->trouble != NULL)
        return "not connected";
    const struct watch_list *of = page == WATCH_PAGES ? &w->gateways : watch_list_of(w, page);
    if (item->era != of->era)
        return "not heard again";
    if (page == WATCH_PAGES)
        return NULL;
    const char *gateway = gateway_of(w, page, item);
    if (gateway != NULL) {
        const struct watch_item *g = watch_find(&w->gateways, gateway, strlen(gateway));
        if (g != NULL)
            return speaks(g) ? NULL : offline;
    }
    for (uint32_t i = 0; i < w->gateways.count; i++) {
        if (speaks(w->gateways.items[i]))
            return NULL;
    }
    return w->gateways.count > 0 ? offline : NULL;
}

static int by_path(const void *a, const void *b)
{
    const struct watch_item *const *x = a, *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}

static void sort(struct watch_list *l)
{
    if (l->sorted || l->count == 0)
        return;
    qsort(l->items, l->count, sizeof(*l->items), by_path);
    l->sorted = rehash(l, l->slot_count);
}

void watch_sort(struct watch *w)
{
    sort(&w->values);
    sort(&w->devices);
    sort(&w->gateways);
    sort(&w->alarms);
    sort(&w->leaks);
    sort(&w->incidents);
    sort(&w->bulletins);
}

/* ---- out of JSON ----------------------------------------------------------------------------- */

static const char empty[] = "";

/* Slots are NULL, or own their text. */
static void set_text(char **slot, const char *text)
{
    if (*slot != NULL && strcmp(*slot, text) == 0)
        return;
    char *copy = strdup(text);
    if (copy == NULL)
        return;
    free(*slot);
    *slot = copy;
}

static void set_member(char **slot, const json_t *from, const char *name)
{
    const char *text = json_string_value(json_object_get(from, name));
    set_text(slot, text != NULL ? text : empty);
}

static int64_t whole(const json_t *from, const char *name)
{
    return json_integer_value(json_object_get(from, name));
}

static uint64_t counter(const json_t *from, const char *name)
{
    int64_t x = whole(from, name);
    return x > 0 ? (uint64_t)x : 0;
}

static void set_value(char **slot, enum watch_form *form, const json_t *value)
{
    char digits[32];
    *form = WATCH_WORD;
    if (json_is_string(value)) {
        *form = WATCH_TEXT;
        set_text(slot, json_string_value(value));
    } else if (json_is_integer(value)) {
        digits[text_from_s64(digits, json_integer_value(value))] = 0;
        set_text(slot, digits);
    } else if (json_is_real(value)) {
        digits[text_from_real(digits, json_real_value(value), false)] = 0;
        set_text(slot, digits);
    } else if (json_is_boolean(value)) {
        set_text(slot, json_is_true(value) ? "true" : "false");
    } else {
        *form = WATCH_NULL;
        set_text(slot, empty);
    }
}

static void hear_value(struct watch_value *v, const json_t *said)
{
    set_value(&v->text, &v->form, json_object_get(said, "value"));
    set_value(&v->last, &v->last_form, json_object_get(said, "last"));
    set_member(&v->unit, said, "unit");
    set_member(&v->reason, said, "reason");
    v->quality = (int)whole(said, "quality");
    v->time.ms = whole(said, "timestamp");
    v->last_time.ms = whole(said, "last_timestamp");
}

static void hear_device(struct watch_device *d, const json_t *said)
{
    const json_t *rtt = json_object_get(said, "rtt_ms");
    set_member(&d->state, said, "state");
    set_member(&d->reason, said, "reason");
    set_member(&d->gateway, said, "gateway");
    set_member(&d->line, said, "line");
    set_member(&d->map, said, "map");
    d->unit = whole(said, "unit");
    d->since.ms = whole(said, "since");
    d->last_ok.ms = whole(said, "last_ok");
    d->rtt_ms = json_is_number(rtt) ? json_number_value(rtt) : -1;
    d->good = counter(said, "good");
    d->bad = counter(said, "timeouts") + counter(said, "garbled") + counter(said, "exceptions");
}

static void hear_gateway(struct watch_gateway *g, const json_t *said)
{
    set_member(&g->state, said, "state");
    set_member(&g->reason, said, "reason");
    set_member(&g->version, said, "version");
    g->started.ms = whole(said, "started");
    g->time.ms = whole(said, "timestamp");
}

static double rate(uint64_t now, uint64_t before, int64_t ms)
{
    return ms > 0 && now >= before ? (double)(now - before) * 1000 / (double)ms : -1;
}

static void hear_stats(struct watch_gateway *g, const json_t *said)
{
    int64_t passed = whole(said, "timestamp") - g->stats_time.ms;
    uint64_t polls = counter(said, "polls"), updates = counter(said, "updates");
    g->polls_per_s = g->counted ? rate(polls, g->polls, passed) : -1;
    g->updates_per_s = g->counted ? rate(updates, g->updates, passed) : -1;
    g->counted = true;
    g->stats_time.ms = whole(said, "timestamp");
    g->polls = polls;
    g->updates = updates;
    g->acquired = counter(said, "acquired");
    g->acknowledged = counter(said, "acknowledged");
    g->waiting = counter(said, "waiting");
    g->dropped = counter(said, "dropped");
    g->errors = counter(said, "errors");
    g->lines = counter(said, "lines");
    g->lines_up = counter(said, "lines_up");
    g->devices = counter(said, "devices");
    g->devices_online = counter(said, "devices_online");
    g->tags = counter(said, "tags");
    g->tags_good = counter(said, "tags_good");
    g->resident_bytes = counter(said, "resident_bytes");
    set_member(&g->trouble, said, "journal_trouble");
}

/* ---- messages -------------------------------------------------------------------------------- */

enum { VALUE, DEVICE, GATEWAY, STATS, TOLD, CLASSES = TOLD + 4 };

static const char *const classes[CLASSES] = {
    [VALUE] = "value/",
    [DEVICE] = "device/",
    [GATEWAY] = "gateway/",
    [STATS] = "stats/",
    [TOLD + TOLD_ALARM] = "alarm/",
    [TOLD + TOLD_LEAK] = "leak/",
    [TOLD + TOLD_INCIDENT] = "incident/",
    [TOLD + TOLD_BULLETIN] = "bulletin/",
};

static void *subject(struct watch *w, int class, const char *path)
{
    if (class == VALUE) {
        struct watch_value *v = watch_item_of(&w->values, path, sizeof *v);
        if (v != NULL && v->text == NULL)
            hear_value(v, NULL);
        return v != NULL && v->text && v->last && v->unit && v->reason ? v : NULL;
    }
    if (class == DEVICE) {
        struct watch_device *d = watch_item_of(&w->devices, path, sizeof *d);
        if (d != NULL && d->state == NULL)
            hear_device(d, NULL);
        return d != NULL && d->state && d->reason && d->line && d->map ? d : NULL;
    }
    struct watch_gateway *g = watch_item_of(&w->gateways, path, sizeof *g);
    if (g != NULL && g->state == NULL) {
        hear_gateway(g, NULL);
        set_text(&g->trouble, empty);
    }
    return g != NULL && g->state && g->reason && g->version && g->trouble ? g : NULL;
}

void watch_hear(struct watch *w, const char *topic, const void *payload, size_t length)
{
    size_t prefix = strlen(w->prefix);
    int class = 0;
    w->messages++;
    if (strncmp(topic, w->prefix, prefix) != 0)
        return;
    topic += prefix;
    while (class < CLASSES && strncmp(topic, classes[class], strlen(classes[class])) != 0)
        class ++;
    if (class == CLASSES)
        return;
    const char *path = topic + strlen(classes[class]);
    json_t *said = NULL;
    if (length > 0 && length <= PAYLOAD_MAX)
        said = json_read(payload, length);
    if ((length > 0 && !json_is_object(said)) || *path == 0 || strlen(path) > PATH_BYTES_MAX) {
        w->odd++;
        json_decref(said);
        return;
    }
    if (class >= TOLD) {
        watch_take_told(w, (enum told)(class - TOLD), path, said, payload, length);
        return;
    }
    struct watch_item *item = subject(w, class, path);
    if (item != NULL && length == 0)
        item->gone = true;
    else if (item != NULL && class == VALUE)
        hear_value((struct watch_value *)item, said);
    else if (item != NULL && class == DEVICE)
        hear_device((struct watch_device *)item, said);
    else if (item != NULL && class == GATEWAY)
        hear_gateway((struct watch_gateway *)item, said);
    else if (item != NULL)
        hear_stats((struct watch_gateway *)item, said);
    json_decref(said);
}

void watch_new_era(struct watch *w)
{
    struct watch_list *lists[] = {&w->values, &w->devices,   &w->gateways, &w->alarms,
                                  &w->leaks,  &w->incidents, &w->bulletins};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        lists[i]->era++;
}

struct watch *watch_new(const char *root, const char *site)
{
    struct watch *w = calloc(1, sizeof *w);
    if (w != NULL && asprintf(&w->prefix, "%s/%s/", root, site) < 0) {
        free(w);
        return NULL;
    }
    return w;
}

static void free_list(struct watch_list *l)
{
    for (uint32_t i = 0; i < l->count; i++) {
        free(l->items[i]->path);
        free(l->items[i]);
    }
    free(l->items);
    free(l->slots);
}

void watch_free(struct watch *w)
{
    if (w == NULL)
        return;
    for (uint32_t i = 0; i < w->values.count; i++) {
        struct watch_value *v = (struct watch_value *)w->values.items[i];
        free(v->text);
        free(v->last);
        free(v->unit);
        free(v->reason);
    }
    for (uint32_t i = 0; i < w->devices.count; i++) {
        struct watch_device *d = (struct watch_device *)w->devices.items[i];
        free(d->state);
        free(d->reason);
        free(d->line);
        free(d->gateway);
        free(d->map);
    }
    for (uint32_t i = 0; i < w->gateways.count; i++) {
        struct watch_gateway *g = (struct watch_gateway *)w->gateways.items[i];
        free(g->state);
        free(g->reason);
        free(g->version);
        free(g->trouble);
    }
    struct watch_list *told[] = {&w->alarms, &w->leaks, &w->incidents, &w->bulletins};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        watch_free_told(told[i]);
        free_list(told[i]);
    }
    free_list(&w->values);
    free_list(&w->devices);
    free_list(&w->gateways);
    free(w->prefix);
    free(w);
}

const char *watch_quality_name(int quality)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {192, "good"},  {64, "uncertain"}, {0, "bad"},         {4, "config"},    {8, "unconnected"},
        {12, "device"}, {16, "sensor"},    {20, "last known"}, {24, "no comms"}, {28, "out of use"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].number == quality)
            return names[i].name;
    }
    return "bad";
}
