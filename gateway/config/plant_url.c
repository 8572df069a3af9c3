/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "config/plant_parts.h"

static bool host_is_sane(const char *host, size_t length, bool v6)
{
    if (length == 0 || length > 253) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        char c = host[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool other = v6 ? c == ':' || c == '.' || c == '%' : c == '.' || c == '-' || c == '_';
        if (!letter && !other) {
            return false;
        }
    }
    return true;
}

bool split_host(const char *text, struct arena *a, const char **host, uint16_t *port)
{
    const char *end;
    bool v6 = *text == '[';
    if (v6) {
        text++;
        end = strchr(text, ']');
        if (end == NULL) {
            return false;
        }
    } else {
        end = text + strcspn(text, ":/");
    }
    if (!host_is_sane(text, (size_t)(end - text), v6)) {
        return false;
    }
    *host = arena_copy(a, text, (size_t)(end - text));
    end += v6 ? 1 : 0;
    if (*end == '\0') {
        return *host != NULL;
    }
    uint64_t number;
    if (*end != ':' || !whole_u64(end + 1, &number) || number == 0 || number > UINT16_MAX ||
        strncmp(end + 1, "0x", 2) == 0) {
        return false;
    }
    *port = (uint16_t)number;
    return *host != NULL;
}
