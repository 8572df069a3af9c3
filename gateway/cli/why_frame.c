/* SPDX-License-Identifier: Apache-2.0 */
/* A frame, field by field. It may be short, or no frame at all: what is there is told. */
#include <string.h>

#include "cli/why.h"
#include "poll/frames.h"

struct bytes {
    const uint8_t *at;
    size_t length, next;
};

static size_t read_hex(const char *hex, uint8_t *out, size_t room)
{
    size_t n = 0;
    unsigned byte;
    while (n < room && hex[0] && hex[1] && sscanf(hex, "%2x", &byte) == 1) {
        out[n++] = (uint8_t)byte;
        hex += 2;
    }
    return n;
}

/* The next field of so many bytes; -1: it isn't there. */
static long take(struct bytes *b, size_t size)
{
    if (b->length - b->next < size) {
        b->next = b->length;
        return -1;
    }
    long x = 0;
    for (size_t i = 0; i < size; i++)
        x = x << 8 | b->at[b->next++];
    return x;
}

static const char *function_name(long function)
{
    switch (function) {
    case 1:
        return "read coils";
    case 2:
        return "read discrete inputs";
    case 3:
        return "read holding registers";
    case 4:
        return "read input registers";
    default:
        return "not a read";
    }
}

static void print_hex(FILE *out, const struct bytes *b)
{
    for (size_t i = 0; i < b->length; i++) {
        const char *before = i == 0 ? "" : i % 24 == 0 ? "\n                " : " ";
        fprintf(out, "%s%02X", before, b->at[i]);
    }
    fputs(b->length ? "\n" : "(nothing)\n", out);
}

static void head(FILE *out, struct bytes *b, bool tcp)
{
    long x;
    if (tcp) {
        if ((x = take(b, 2)) >= 0)
            fprintf(out, "transaction %ld", x);
        if ((x = take(b, 2)) >= 0)
            fprintf(out, ", protocol %ld", x);
        if ((x = take(b, 2)) >= 0)
            fprintf(out, ", length %ld, ", x);
    }
    if ((x = take(b, 1)) >= 0)
        fprintf(out, "unit %ld", x);
}

static void words(FILE *out, struct bytes *b, const struct why_frame *f, long count)
{
    uint32_t per = f->bits ? 8 : 1, address = f->first, column = 0;
    for (long left = count; left > 0; column++) {
        size_t size = f->bits ? 1 : 2;
        long x = take(b, size);
        if (x < 0)
            return;
        if (column % 8 == 0)
            fprintf(out, "\n                %5u:", address);
        fprintf(out, f->bits ? " %02lX" : " %04lX", (unsigned long)x);
        address += per;
        left -= (long)size;
    }
}

static void body(FILE *out, struct bytes *b, const struct why_frame *f)
{
    long function = take(b, 1), x;
    if (function < 0)
        return;
    if (f->answer && function & 0x80) {
        fprintf(out, ", function %ld + 128 (refused)", function & 0x7F);
        if ((x = take(b, 1)) >= 0)
            fprintf(out, ", exception %02ld (%s)", x, adu_exception_name((uint8_t)x));
        return;
    }
    fprintf(out, ", function %ld (%s)", function, function_name(function));
    if (!f->answer) {
        if ((x = take(b, 2)) >= 0)
            fprintf(out, ", first %ld", x);
        if ((x = take(b, 2)) >= 0)
            fprintf(out, ", count %ld", x);
        return;
    }
    if ((x = take(b, 1)) < 0)
        return;
    fprintf(out, ", byte count %ld, %s from %u", x, f->bits ? "bits" : "registers", f->first);
    words(out, b, f, x);
}

void why_print_frame(FILE *out, const struct why_frame *f)
{
    uint8_t raw[ADU_MAX + 64];
    struct bytes b = {.at = raw, .length = read_hex(f->hex, raw, sizeof raw)};
    bool tcp = strcmp(f->framing, "tcp") == 0;
    fprintf(out, "    %-11s ", f->answer ? "received" : "sent");
    print_hex(out, &b);
    if (b.length == 0)
        return;
    size_t whole = b.length, sum = tcp ? 0 : 2;
    b.length = whole > sum ? whole - sum : 0;
    fputs("                ", out);
    head(out, &b, tcp);
    body(out, &b, f);
    if (!tcp && whole > 4) {
        uint16_t told = (uint16_t)(raw[whole - 1] << 8 | raw[whole - 2]),
                 own = adu_crc(raw, whole - 2);
        fprintf(out, "%s CRC %04X (%s)", f->answer ? "\n               " : ",", told,
                told == own ? "right" : "wrong");
    }
    if (b.next < b.length)
        fprintf(out, ", and %zu bytes more", b.length - b.next);
    fputc('\n', out);
}

static void hex_of(char *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        snprintf(out + 2 * i, 3, "%02X", bytes[i]);
    out[2 * length] = 0;
}

void why_print_raw(FILE *out, const struct frame *f, uint8_t table)
{
    char hex[2 * (ADU_MAX + 64) + 1];
    if (!f)
        return;
    struct why_frame w = {.framing = f->framing == FRAMING_TCP ? "tcp" : "rtu",
                          .hex = hex,
                          .bits = table <= TABLE_DISCRETE,
                          .first = f->first,
                          .count = f->count};
    hex_of(hex, f->sent, f->sent_length);
    why_print_frame(out, &w);
    hex_of(hex, f->bytes, f->kept < ADU_MAX + 64 ? f->kept : ADU_MAX + 64);
    w.answer = true;
    why_print_frame(out, &w);
}
