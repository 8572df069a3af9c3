/* SPDX-License-Identifier: Apache-2.0 */
#include "app/socket_words.h"

#include <string.h>

#include "app/socket.h"
#include "base/text.h"
#include "config/plant.h"

static void refuse(struct json *j, const char *why)
{
    json_word(j, "{\"error\":");
    json_put_string(j, why);
    json_word(j, "}");
}

static void speak(const struct why_view *v, const char *line, struct json *j)
{
    static const char why[] = "why ";
    if (strcmp(line, "status") == 0) {
        why_status(j, v);
        return;
    }
    if (strcmp(line, "maps") == 0) {
        why_maps(j, v);
        return;
    }
    if (strncmp(line, why, sizeof why - 1) != 0) {
        refuse(j, "ask 'why TAG', 'status' or 'maps'");
        return;
    }
    uint32_t tag = plant_find_tag(v->plan->plant, line + sizeof why - 1);
    if (tag == TAG_NONE)
        refuse(j, "no such tag");
    else
        why_tag(j, v, tag);
}

size_t socket_words(const struct why_view *v, const char *line, size_t length, char *out,
                    size_t room)
{
    char text[SOCKET_LINE_MAX];
    struct json j = json_into(out, room - 1);
    if (length >= sizeof text || !text_is_utf8(line, length)) {
        refuse(&j, "that is no line of text");
    } else {
        memcpy(text, line, length);
        text[length] = 0;
        speak(v, text, &j);
    }
    if (j.overflow) {
        j = json_into(out, room - 1);
        refuse(&j, "there is more to say than an answer holds");
    }
    *j.at++ = '\n';
    return json_length(&j);
}
