/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/identity.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sim/image.h"

enum {
    MEI_TYPE = 14,
    HEAD = 7, /* function, MEI type, access, conformity, more, next, count */
    SINGLE = 4,
    CONFORMITY = 0x83, /* extended, stream and individual */
    SERVER_ID = 'H',
};

/* Objects that are there, in rising order; the last one is the maker's own. */
static const uint8_t objects[] = {0, 1, 2, 4, 5, 6, 0x80};
enum { OBJECT_COUNT = sizeof objects / sizeof *objects };

static const char *model_of(const struct map *m)
{
    const char *slash = strrchr(m->name, '/');
    return slash == NULL ? m->name : slash + 1;
}

/* Makers begin their titles with their own name. */
static void vendor(const struct map *m, char *out, size_t room)
{
    snprintf(out, room, "%.*s", (int)strcspn(m->title, " "), m->title);
}

static void upper(const char *text, char *out, size_t room)
{
    snprintf(out, room, "%s", text);
    for (char *c = out; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
}

static size_t text_of(const struct device *d, uint8_t object, char *out, size_t room)
{
    out[0] = '\0';
    switch (object) {
    case 0:
        vendor(d->map, out, room);
        break;
    case 1:
        upper(model_of(d->map), out, room);
        break;
    case 2:
        snprintf(out, room, "V1.0");
        break;
    case 4:
        snprintf(out, room, "%s", d->map->title);
        break;
    case 5:
        snprintf(out, room, "%s", d->map->name);
        break;
    case 6:
        snprintf(out, room, "%s", d->path);
        break;
    case 0x80:
        snprintf(out, room, "%s", d->identity != NULL ? d->identity : d->map->hash);
        break;
    default:
        break;
    }
    return strlen(out);
}

static size_t refuse(uint8_t function, uint8_t code, uint8_t *out)
{
    out[0] = function | 0x80;
    out[1] = code;
    return 2;
}

static bool is_there(uint8_t object)
{
    return memchr(objects, object, OBJECT_COUNT) != NULL;
}

static uint8_t last_of(uint8_t access)
{
    static const uint8_t last[] = {0, 2, 6, 0x80};
    return last[access];
}

/* From `first` on, as many as fit into an answer. */
static size_t stream(const struct device *d, uint8_t access, uint8_t first, uint8_t *out)
{
    size_t n = HEAD;
    char text[200];
    for (size_t i = 0; i < OBJECT_COUNT; i++) {
        if (objects[i] < first || (access != SINGLE && objects[i] > last_of(access)) ||
            (access == SINGLE && objects[i] != first))
            continue;
        size_t length = text_of(d, objects[i], text, sizeof text);
        if (n + 2 + length > PDU_MAX) {
            out[4] = 0xFF;
            out[5] = objects[i];
            break;
        }
        out[n++] = objects[i];
        out[n++] = (uint8_t)length;
        memcpy(out + n, text, length);
        n += length;
        out[6]++;
    }
    return n;
}

static size_t identify(const struct device *d, const uint8_t *request, size_t length, uint8_t *out)
{
    if (length < 2 || request[1] != MEI_TYPE)
        return refuse(IDENTITY_MEI, EXCEPTION_FUNCTION, out);
    if (length != 4 || request[2] < 1 || request[2] > SINGLE)
        return refuse(IDENTITY_MEI, EXCEPTION_VALUE, out);
    uint8_t access = request[2], first = request[3];
    if (access == SINGLE && !is_there(first))
        return refuse(IDENTITY_MEI, EXCEPTION_ADDRESS, out);
    /* Whoever asks for what isn't there begins anew. */
    if (access != SINGLE && !is_there(first))
        first = 0;
    const uint8_t head[HEAD] = {IDENTITY_MEI, MEI_TYPE, access, CONFORMITY};
    memcpy(out, head, HEAD);
    return stream(d, access, first, out);
}

size_t identity_answer(const struct device *d, const uint8_t *request, size_t length, uint8_t *out)
{
    if (request[0] == IDENTITY_MEI)
        return identify(d, request, length, out);
    if (length != 1)
        return refuse(request[0], EXCEPTION_VALUE, out);
    char text[200];
    snprintf(text, sizeof text, "%s", d->map->title);
    size_t n = strlen(text);
    out[0] = IDENTITY_REPORT;
    out[1] = (uint8_t)(2 + n);
    out[2] = SERVER_ID;
    out[3] = 0xFF;
    memcpy(out + 4, text, n);
    return 4 + n;
}
