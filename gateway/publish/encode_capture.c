/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/encode_capture.h"

enum { SAMPLE_MOST = 56 }; /* "[-9223372036854775808,-1.2345678901234567e-300]," */

void encode_capture(struct json *j, const char *alarm, const char *tag, const char *unit,
                    const struct capture_sample *samples, uint32_t count)
{
    json_word(j, "{\"alarm\":");
    json_string(j, alarm);
    json_word(j, ",\"tag\":");
    json_string(j, tag);
    json_word(j, ",\"unit\":");
    json_string(j, unit && *unit ? unit : NULL);
    json_word(j, ",\"samples\":[");
    size_t left = (size_t)(j->end - j->at), room = left > 2 ? (left - 2) / SAMPLE_MOST : 0;
    uint32_t first = count > room ? count - (uint32_t)room : 0;
    for (uint32_t i = first; i < count; i++) {
        if (i > first)
            json_word(j, ",");
        json_word(j, "[");
        json_int(j, samples[i].t_ms);
        json_word(j, ",");
        double x = samples[i].x; /* what came as a float is told in a float's digits */
        json_real(j, x, !((double)(float)x < x) && !((double)(float)x > x));
        json_word(j, "]");
    }
    json_word(j, "]}");
}
