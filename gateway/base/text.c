/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool text_is_name(const char *s, size_t length)
{
    if (length == 0 || length > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = s[i];
        bool fine = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '_' || c == '-';
        if (!fine)
            return false;
    }
    return true;
}

/* Bytes of the sequence that begins here, 0 when it is none (Unicode 15, table 3-7). */
static size_t utf8_sequence(const unsigned char *s, size_t left)
{
    unsigned char c = s[0];
    if (c < 0x80)
        return c != 0;
    size_t more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
    if (c < 0xC2 || c > 0xF4 || more >= left)
        return 0;
    unsigned char low = 0x80, high = 0xBF;
    if (c == 0xE0)
        low = 0xA0;
    else if (c == 0xED)
        high = 0x9F;
    else if (c == 0xF0)
        low = 0x90;
    else if (c == 0xF4)
        high = 0x8F;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    return more + 1;
}

bool text_is_utf8(const char *s, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)s;
    for (size_t i = 0; i < length;) {
        size_t step = utf8_sequence(bytes + i, length - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

static int lower(char c)
{
    return tolower((unsigned char)c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau's distance in the restricted form: one swap of neighbours counts once. Upper and lower
 * case are the same, because people mistype exactly that. */
static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t rows[3][NAME_MAX_BYTES + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= nb; j++)
        above[j] = j;
    for (size_t i = 1; i <= na; i++) {
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t change = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[nb];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    if (length == 0 || length > NAME_MAX_BYTES)
        return NULL;
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        if (other == 0 || other > NAME_MAX_BYTES)
            continue;
        size_t longer = length > other ? length : other;
        size_t apart = longer - least(length, other);
        if (apart > (longer + 2) / 3)
            continue;
        size_t distance = edit_distance(word, length, candidates[i], other);
        /* A third of the word, and never all of it. */
        if (distance <= (longer + 2) / 3 && distance < longer && distance < best_distance) {
            best = candidates[i];
            best_distance = distance;
        }
    }
    return best;
}

uint64_t text_hash(uint64_t seed, const void *data, size_t length)
{
    uint64_t hash = seed ? seed : UINT64_C(14695981039346656037);
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

/* Reads to the end of fd; the size of a pipe or of something in /proc isn't known before. */
static char *read_all(int fd, size_t expected, size_t limit, size_t *length)
{
    size_t room = expected + 2, used = 0;
    char *text = malloc(room);
    while (text) {
        ssize_t got = read(fd, text + used, room - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        used += (size_t)got;
        if (used > limit) {
            errno = EFBIG;
            break;
        }
        if (got == 0) {
            text[used] = '\0';
            *length = used;
            return text;
        }
        if (used + 1 == room) {
            room *= 2;
            char *more = realloc(text, room);
            if (!more)
                break;
            text = more;
        }
    }
    free(text);
    return NULL;
}

char *text_read_file(const char *path, size_t limit, size_t *length)
{
    /* A pipe without a writer, the kernel's log: a reload must not wait for what never comes. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    char *text = NULL;
    struct stat st;
    if (fstat(fd, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            errno = EISDIR;
        else if (!S_ISREG(st.st_mode))
            errno = ENOTSUP;
        else if ((uintmax_t)st.st_size > limit)
            errno = EFBIG;
        else
            text = read_all(fd, (size_t)st.st_size, limit, length);
    }
    int why = errno;
    close(fd);
    errno = why;
    return text;
}
