/* SPDX-License-Identifier: Apache-2.0 */
#include "import/text_in.h"

#include <string.h>

#include "base/text.h"

/* What Windows-1252 has where ISO 8859-1 has control characters; 0: nothing. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

static size_t put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static uint32_t unit16(const uint8_t *bytes, bool big)
{
    return big ? (uint32_t)bytes[0] << 8 | bytes[1] : (uint32_t)bytes[1] << 8 | bytes[0];
}

/* Half a pair, or half a unit at the end: U+FFFD. */
static size_t from_utf16(char *out, const uint8_t *bytes, size_t length, bool big)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < length; i += 2) {
        uint32_t c = unit16(bytes + i, big);
        if (c >= 0xD800 && c < 0xDC00 && i + 3 < length) {
            uint32_t low = unit16(bytes + i + 2, big);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                i += 2;
            }
        }
        n += put(out + n, c >= 0xD800 && c < 0xE000 ? 0xFFFD : c);
    }
    return n;
}

static size_t from_windows(char *out, const uint8_t *bytes, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        uint32_t c = bytes[i];
        if (c >= 0x80 && c < 0xA0)
            c = windows_1252[c - 0x80] == 0 ? 0xFFFD : windows_1252[c - 0x80];
        n += put(out + n, c);
    }
    return n;
}

/* CR LF, and CR alone as old machines wrote it, become LF. */
static size_t one_line_end(char *text, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\r' && i + 1 < length && text[i + 1] == '\n')
            continue;
        text[n++] = text[i] == '\r' ? '\n' : text[i];
    }
    text[n] = '\0';
    return n;
}

/* Text without a mark that has a zero in every second byte near its beginning. */
static bool looks_utf16(const uint8_t *bytes, size_t length, bool big)
{
    size_t zeros = 0, looked = length < 64 ? length / 2 : 32;
    for (size_t i = 0; i < looked; i++)
        zeros += bytes[2 * i + (big ? 0 : 1)] == 0 && bytes[2 * i + (big ? 1 : 0)] != 0;
    return looked >= 4 && zeros * 4 >= looked * 3;
}

char *import_text(struct import_list *l, const uint8_t *bytes, size_t length, size_t *out_length)
{
    char *out = arena_get_array(l->arena, length + 4, 3);
    size_t n;
    if (out == NULL)
        return NULL;
    bool little = length >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE;
    bool big = length >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF;
    if (little || big) {
        n = from_utf16(out, bytes + 2, length - 2, big);
    } else if (looks_utf16(bytes, length, false) || looks_utf16(bytes, length, true)) {
        big = looks_utf16(bytes, length, true);
        n = from_utf16(out, bytes, length, big);
        import_note(l, NOTE_TOLD, 0, "read as UTF-16 %s without a mark", big ? "BE" : "LE");
    } else {
        size_t mark = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        n = length - mark;
        memcpy(out, bytes + mark, n);
        if (memchr(out, '\0', n) == NULL && !text_is_utf8(out, n)) {
            n = from_windows(out, bytes + mark, length - mark);
            import_note(l, NOTE_TOLD, 0, "not UTF-8; read as Windows-1252");
        }
    }
    if (memchr(out, '\0', n) != NULL || length == 0) {
        import_refuse(l, 0, length == 0 ? "the file is empty" : "this is no text");
        return NULL;
    }
    *out_length = one_line_end(out, n);
    return out;
}
