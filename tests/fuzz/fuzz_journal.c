/* SPDX-License-Identifier: Apache-2.0 */
/* A journal that somebody else wrote, or that a card damaged: rows, cursors, gaps, topics and kept
 * states of any type and size, or bytes of the file itself. It is used as the broker thread uses one:
 * opened, read in all lanes, written to, acknowledged, trimmed. What is added must come back, once
 * and in order, whatever lies around it. SQLite's file is in memory: the linker sends its opening
 * here. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#include "publish/store.h"

enum { ROWS_MOST = 400 };
static char dir[64];
static unsigned char *image; /* of a sound journal */
static sqlite3_int64 image_size;

static struct {
    struct script script;
    unsigned opened;
    bool making; /* the sound one: nothing is played */
} now;

int __real_sqlite3_open_v2(const char *file, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *file, sqlite3 **db, int flags, const char *vfs);
void __wrap_mark_open(struct journal *j);
void __wrap_mark_write(const struct journal *j);
bool __wrap_mark_proves(const struct journal *j);
uint64_t __wrap_mark_read(const struct journal *j, int lane);

/* ---- damage ---------------------------------------------------------------------------------- */

static void bind(sqlite3_stmt *s, int at, struct script *in)
{
    static const sqlite3_int64 odd[16] = {0, 1, 2, 3, -1, 4, 10, 20, INT64_MAX, INT64_MIN,
                                          INT64_MAX - 1, UINT32_MAX, INT32_MAX, 1700000000000, 100,
                                          (sqlite3_int64)1 << 40};
    uint8_t kind = script_byte(in), bytes[64];
    switch (kind & 7) {
    case 0:
    case 1:
    case 2:
        sqlite3_bind_int64(s, at, odd[kind >> 4]);
        break;
    case 3:
        sqlite3_bind_int64(s, at, script_byte(in));
        break;
    case 4:
        sqlite3_bind_text(s, at, (const char *)bytes,
                          (int)script_bytes(in, bytes, kind >> 3), SQLITE_TRANSIENT);
        break;
    case 5:
        sqlite3_bind_blob(s, at, bytes, (int)script_bytes(in, bytes, kind >> 3), SQLITE_TRANSIENT);
        break;
    case 6:
        sqlite3_bind_double(s, at, (double)odd[kind >> 4] * 1.5);
        break;
    default:
        sqlite3_bind_null(s, at);
    }
}

static void change_rows(sqlite3 *db, struct script *in)
{
    static const char *const words[16] = {
        "INSERT OR REPLACE INTO history VALUES (?1, ?2, ?3, ?4)",
        "INSERT OR REPLACE INTO event VALUES (?1, ?2, ?3, ?4)",
        "INSERT OR REPLACE INTO audit VALUES (?1, ?2, ?3, ?4)",
        "UPDATE history SET topic = ?2, payload = ?3 WHERE seq = ?1",
        "INSERT OR REPLACE INTO topic VALUES (?1, ?2)",
        "UPDATE topic SET topic = ?2 WHERE id = ?1",
        "INSERT OR REPLACE INTO lane VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        "UPDATE lane SET last = ?2, acked = ?3 WHERE lane = ?1",
        "UPDATE lane SET overlap = ?2, lost = ?3, refused = ?4 WHERE lane = ?1",
        "INSERT OR REPLACE INTO gap VALUES (?1, ?2, ?3)",
        "INSERT OR REPLACE INTO refused VALUES (?1, ?2, ?3)",
        "INSERT INTO kept VALUES (?1, ?2)",
        "UPDATE journal SET epoch = ?1",
        "DELETE FROM topic WHERE id = ?1",
        "DELETE FROM lane WHERE lane = ?1",
        "DELETE FROM journal",
    };
    for (int i = 0; i < 6 && in->left; i++) {
        sqlite3_stmt *s = NULL;
        if (sqlite3_prepare_v2(db, words[script_byte(in) & 15], -1, &s, NULL) == SQLITE_OK) {
            for (int k = 1; k <= sqlite3_bind_parameter_count(s); k++)
                bind(s, k, in);
            sqlite3_step(s);
        }
        sqlite3_finalize(s);
    }
}

static void change_bytes(unsigned char *bytes, struct script *in)
{
    for (int i = 0; i < 16 && in->left; i++) {
        size_t at = ((size_t)script_byte(in) << 16 | script_u16(in)) % (size_t)image_size;
        bytes[at] = script_byte(in);
    }
}

int __wrap_sqlite3_open_v2(const char *file, sqlite3 **db, int flags, const char *vfs)
{
    if (now.making)
        return __real_sqlite3_open_v2(file, db, flags, vfs);
    int rc = __real_sqlite3_open_v2(":memory:", db, flags, vfs);
    if (rc != SQLITE_OK || now.opened++ > 0) /* what takes the place of a damaged one is new */
        return rc;
    bool raw = script_byte(&now.script) % 4 == 3;
    unsigned char *copy = sqlite3_malloc64((sqlite3_uint64)image_size);
    HOLDS(copy);
    memcpy(copy, image, (size_t)image_size);
    if (raw)
        change_bytes(copy, &now.script);
    rc = sqlite3_deserialize(*db, "main", copy, image_size, image_size,
                             SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    HOLDS(rc == SQLITE_OK);
    if (!raw)
        change_rows(*db, &now.script);
    return SQLITE_OK;
}

/* What is noted beside the journal is of no more worth than the journal. */
void __wrap_mark_open(struct journal *j)
{
    j->mark = -1;
}

void __wrap_mark_write(const struct journal *j)
{
    (void)j;
}

bool __wrap_mark_proves(const struct journal *j)
{
    (void)j;
    return true;
}

uint64_t __wrap_mark_read(const struct journal *j, int lane)
{
    (void)j;
    (void)lane;
    uint8_t x = script_byte(&now.script);
    return x < 0xF0 ? x % 16 : UINT64_MAX - x;
}

/* Its three megabytes would be most of the work. */
bool __real_recent_init(struct recent *r, size_t bytes, uint32_t rows);
bool __wrap_recent_init(struct recent *r, size_t bytes, uint32_t rows);
bool __wrap_recent_init(struct recent *r, size_t bytes, uint32_t rows)
{
    return __real_recent_init(r, bytes / 64, rows / 64);
}

int __wrap_posix_fallocate(int fd, off_t at, off_t length);
int __wrap_posix_fallocate(int fd, off_t at, off_t length)
{
    (void)fd;
    (void)at;
    (void)length;
    return 0;
}

/* ---- a sound one ----------------------------------------------------------------------------- */

static bool add(struct journal *j, enum message_lane lane, const char *topic, const char *body)
{
    const struct message m = {.lane = (uint8_t)lane,
                              .topic_length = (uint16_t)strlen(topic),
                              .payload_length = (uint32_t)strlen(body),
                              .time = {1700000000000}};
    return journal_add(j, &m, topic, body);
}

static struct journal *open_it(void)
{
    const char *why;
    const struct journal_limits limits = {.keep_ns = 3600 * NS_PER_S, .max_bytes = 1 << 20};
    return journal_open(dir, limits, (wall_t){1700000000000}, &why);
}

static void begin(void)
{
    char path[128], sql[256];
    now.making = true;
    struct journal *j = open_it();
    HOLDS(j);
    for (int i = 0; i < 12; i++) {
        HOLDS(add(j, MESSAGE_HISTORY, i % 2 ? "r/s/history/g/a/x" : "r/s/history/g/a/y",
                  "\"device\":\"a/x\",\"timestamp\":1,\"values\":{\"flow\":1.5}}"));
        HOLDS(add(j, MESSAGE_EVENT, "r/s/event/g", "\"type\":\"up\"}"));
    }
    HOLDS(add(j, MESSAGE_AUDIT, "r/s/audit/g", "\"verb\":\"ack\"}"));
    HOLDS(journal_keep(j, "alarm/a/x/high", "something", 9));
    HOLDS(journal_keep(j, "leak/dam", "something else", 14));
    HOLDS(journal_commit(j));
    journal_ack(j, MESSAGE_HISTORY, 6);
    journal_refused(j, MESSAGE_EVENT, 3, 0x87);
    HOLDS(journal_commit(j));
    journal_close(j);
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/journal.db", dir);
    HOLDS(__real_sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    snprintf(sql, sizeof sql, "PRAGMA journal_mode=DELETE; PRAGMA page_size=512; VACUUM");
    HOLDS(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    unsigned char *made = sqlite3_serialize(db, "main", &image_size, 0);
    image = malloc((size_t)image_size);
    HOLDS(made && image);
    memcpy(image, made, (size_t)image_size);
    sqlite3_free(made);
    sqlite3_close(db);
    unlink(path);
    now.making = false;
}

static void clean(void)
{
    static const char *const names[] = {"journal.lock", "journal.ballast", "journal.db",
                                        "journal.db.damaged-1700000000"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    quiet();
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD); /* locks and counters are a quarter of the work */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    snprintf(dir, sizeof dir, "%s/headgate-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    HOLDS(mkdtemp(dir));
    atexit(clean);
    begin();
    return 0;
}

/* ---- using it -------------------------------------------------------------------------------- */

static void read_all(struct journal *j, enum message_lane lane)
{
    uint64_t first = journal_first(j, lane);
    struct journal_cursor c = {lane, first ? first : 1};
    struct row row;
    uint64_t before = 0;
    for (int i = 0; i < ROWS_MOST && journal_fetch(j, &c, &row); i++) {
        HOLDS(row.payload && (i == 0 || row.seq > before) && c.next == row.seq + 1);
        HOLDS(!row.topic || strlen(row.topic) <= row.topic_length);
        before = row.seq;
        uint64_t refused = journal_next_refused(j, lane, row.seq, 0x87);
        HOLDS(!refused || refused >= row.seq);
    }
}

static void kept(void *me, const char *key, const void *blob, size_t size)
{
    HOLDS(!me && key && blob && size > 0);
}

/* It may be refused and told; but a row that was taken and is on disk is there. */
static void write_some(struct journal *j, enum message_lane lane)
{
    static const char body[] = "\"new\":1}";
    uint64_t seq = journal_next(j, lane);
    HOLDS(seq > 0);
    if (!add(j, lane, "r/s/event/g", body) || !journal_commit(j))
        return;
    uint64_t last = journal_committed(j, lane);
    HOLDS(last + 1 == journal_next(j, lane) && last >= journal_acked(j, lane));
    struct journal_cursor c = {lane, last};
    struct row row;
    HOLDS(journal_fetch(j, &c, &row));
    HOLDS(row.seq == last && row.payload_length == sizeof body - 1);
    HOLDS(memcmp(row.payload, body, sizeof body - 1) == 0);
    HOLDS(row.topic && strcmp(row.topic, "r/s/event/g") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    now.script = (struct script){bytes, length};
    now.opened = 0;
    /* In its place on the disk stands something as long as it is said to be: what is long isn't
     * looked through before it is used. */
    char path[128];
    snprintf(path, sizeof path, "%s/journal.db", dir);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    HOLDS(fd >= 0 && ftruncate(fd, script_byte(&now.script) & 1 ? 1 << 30 : 0) == 0);
    close(fd);
    struct journal *j = open_it();
    if (!j)
        return 0;
    struct journal_stats stats;
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        read_all(j, (enum message_lane)i);
    journal_each_kept(j, kept, NULL);
    journal_stats(j, &stats);
    (void)journal_seq_at(j, MESSAGE_HISTORY, (wall_t){1700000000000});
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        write_some(j, (enum message_lane)i);
    for (int i = 0; i < MESSAGE_JOURNALED; i++) {
        journal_ack(j, (enum message_lane)i, journal_committed(j, (enum message_lane)i));
        journal_set_overlap(j, (enum message_lane)i, journal_acked(j, (enum message_lane)i));
    }
    journal_commit(j);
    for (int i = 0; i < 20 && journal_trim(j, (wall_t){1700000000000}, (mono_t){NS_PER_S * i}); i++)
        ;
    for (int i = 0; i < MESSAGE_JOURNALED; i++)
        write_some(j, (enum message_lane)i);
    journal_stats(j, &stats);
    journal_close(j);
    return 0;
}
