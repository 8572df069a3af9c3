/* SPDX-License-Identifier: Apache-2.0 */
/* The file of answers: written at its end only, a line at a time, and kept before anything else is
 * asked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "publish/json_read.h"
/* Jansson's names first: see publish/json.h. */
#include "base/text.h"
#include "cli/commission.h"
#include "cli/point_words.h"
#include "config/names.h"
#include "publish/json.h"

enum { FILE_LIMIT = 256 << 20 };

static bool refused(const char *file)
{
    fprintf(stderr, "headgate: cannot keep answers in %s: %s; --record FILE says where else\n",
            file, strerror(errno));
    return false;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static const char *member(struct arena *a, const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    return text ? arena_copy(a, text, strlen(text)) : "";
}

static bool read_verdict(const char *word, uint8_t *out)
{
    for (unsigned v = VERDICT_YES; v <= VERDICT_SKIP; v++)
        if (strcmp(word, verdict_word((enum verdict)v)) == 0) {
            *out = (uint8_t)v;
            return true;
        }
    return false;
}

static struct record *read_record(struct arena *a, const char *line, size_t length)
{
    json_t *o = json_read(line, length);
    struct record *r = o ? arena_get(a, sizeof *r) : NULL;
    if (r) {
        *r = (struct record){.when = member(a, o, "when"),
                             .by = member(a, o, "by"),
                             .tag = member(a, o, "tag"),
                             .fingerprint = member(a, o, "fingerprint"),
                             .map_version = member(a, o, "map_version"),
                             .connect = member(a, o, "connect"),
                             .raw = member(a, o, "raw"),
                             .value = member(a, o, "value"),
                             .unit = member(a, o, "unit"),
                             .reason = member(a, o, "reason"),
                             .quality = (int)json_integer_value(json_object_get(o, "quality")),
                             .expected = member(a, o, "expected"),
                             .note = member(a, o, "note")};
        if (arena_exhausted(a) || !*r->tag || !*r->when ||
            !read_verdict(member(a, o, "verdict"), &r->verdict))
            r = NULL;
    }
    json_decref(o);
    return r;
}

/* What was put off keeps what was said before. */
static void take(struct work_point *p, const struct record *r)
{
    if (r->verdict == VERDICT_SKIP && p->last)
        return;
    p->last = r;
    p->state = r->verdict == VERDICT_SKIP                    ? POINT_OPEN
               : strcmp(r->fingerprint, p->fingerprint) != 0 ? POINT_AGAIN
               : r->verdict == VERDICT_YES                   ? POINT_DONE
                                                             : POINT_FAILED;
}

static bool name_points(struct work *w, struct names *names)
{
    char path[TAG_WORDS];
    names_init(names, false, w->arena);
    for (uint32_t i = 0; i < w->count; i++) {
        words_of_tag(path, w->plant, work_device(w, i)->first_tag + w->points[i].point);
        const char *kept = arena_copy(w->arena, path, strlen(path));
        if (!kept)
            return false;
        (void)names_put(names, kept, strlen(kept), i);
    }
    return !arena_exhausted(w->arena);
}

/* By its length: what the end of the power leaves behind may be full of zeroes. */
static void read_lines(struct work *w, const struct names *names, const char *text, size_t length)
{
    const char *end = text + length;
    unsigned number = 1;
    for (const char *line = text; line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            stop = end;
        const struct record *r =
            stop > line ? read_record(w->arena, line, (size_t)(stop - line)) : NULL;
        uint32_t i = r ? names_find(names, r->tag, strlen(r->tag)) : NAMES_NONE;
        if (!r && stop > line) {
            fprintf(stderr, "%s:%u: this is no answer; it is left alone\n", w->file, number);
            w->torn++;
        }
        if (i != NAMES_NONE)
            take(&w->points[i], r);
        line = stop + 1;
    }
}

/* A plant file, say: answers at its end would spoil it. What the end of the power left of the first
 * answer may be some bytes of it, or zeroes. */
static bool is_foreign(const char *text, size_t length)
{
    static const char begins[] = "{\"when\":";
    size_t whole = sizeof begins - 1;
    return length > 0 && *text != '\0' && !memmem(text, length, begins, whole) &&
           strncmp(text, begins, length < whole ? length : whole) != 0;
}

bool records_load(struct work *w)
{
    struct names names;
    size_t length;
    char *text = text_read_file(w->file, FILE_LIMIT, &length);
    if (!text)
        return errno == ENOENT || refused(w->file);
    if (is_foreign(text, length)) {
        fprintf(stderr,
                "headgate: %s holds something else than answers; --record FILE says where else\n",
                w->file);
        free(text);
        return false;
    }
    bool good = name_points(w, &names);
    if (good)
        read_lines(w, &names, text, length);
    names_fini(&names);
    free(text);
    if (good && !arena_exhausted(w->arena))
        return true;
    errno = ENOMEM;
    return refused(w->file);
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* Nothing is made yet: a file that is removed again could hold somebody else's answers by then. */
bool records_ready(const struct work *w)
{
    const char *slash = strrchr(w->file, '/');
    int fd = open(w->file, O_RDWR | O_APPEND | O_CLOEXEC);
    if (fd >= 0)
        return close(fd) == 0 || refused(w->file);
    if (errno != ENOENT)
        return refused(w->file);
    const char *folder = slash == NULL ? "."
                         : slash == w->file
                             ? "/"
                             : arena_copy(w->arena, w->file, (size_t)(slash - w->file));
    return (folder != NULL && faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0) ||
           refused(w->file);
}

static void put(struct json *j, const char *name, const char *text)
{
    json_raw(j, ",\"", 2);
    json_raw(j, name, strlen(name));
    json_word(j, "\":");
    json_put_string(j, text);
}

size_t record_json(char out[static RECORD_ROOM], const struct record *r)
{
    struct json j = json_into(out, RECORD_ROOM);
    json_word(&j, "{\"when\":");
    json_put_string(&j, r->when);
    put(&j, "by", r->by);
    put(&j, "tag", r->tag);
    put(&j, "verdict", verdict_word((enum verdict)r->verdict));
    put(&j, "raw", r->raw);
    put(&j, "value", r->value);
    put(&j, "unit", r->unit);
    json_word(&j, ",\"quality\":");
    json_int(&j, r->quality);
    put(&j, "reason", r->reason);
    put(&j, "expected", r->expected);
    put(&j, "note", r->note);
    put(&j, "fingerprint", r->fingerprint);
    put(&j, "map_version", r->map_version);
    put(&j, "connect", r->connect);
    json_word(&j, "}\n");
    return j.overflow ? 0 : json_length(&j);
}

/* A line that was torn by the end of the power is ended first, and stands by itself. */
static bool begins_a_line(int fd, off_t end)
{
    char last = '\n';
    return end <= 0 || pread(fd, &last, 1, end - 1) != 1 || last == '\n';
}

/* All of it, or nothing: a full disk leaves no half of a line behind. */
static bool write_line(int fd, const char *line, size_t length)
{
    char text[RECORD_ROOM + 1] = "\n";
    off_t end = lseek(fd, 0, SEEK_END);
    size_t lead = begins_a_line(fd, end) ? 0 : 1;
    memcpy(text + lead, line, length);
    ssize_t written = write(fd, text, length + lead);
    if (written < 0)
        return false;
    if ((size_t)written == length + lead)
        return fsync(fd) == 0;
    (void)!ftruncate(fd, end);
    errno = ENOSPC;
    return false;
}

static bool append(const char *file, const char *line, size_t length)
{
    int fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return refused(file);
    bool good = (flock(fd, LOCK_EX) == 0 && write_line(fd, line, length)) || refused(file);
    close(fd);
    return good;
}

bool records_add(struct work *w, uint32_t i, const struct record *r)
{
    char line[RECORD_ROOM];
    size_t length = record_json(line, r);
    if (length == 0) {
        errno = EMSGSIZE;
        return refused(w->file);
    }
    if (!append(w->file, line, length))
        return false;
    const struct record *kept = read_record(w->arena, line, length - 1);
    if (!kept) {
        errno = ENOMEM;
        return refused(w->file);
    }
    take(&w->points[i], kept);
    return true;
}
