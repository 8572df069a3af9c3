/* SPDX-License-Identifier: Apache-2.0 */
/* A look into a journal that somebody else may be writing: nothing is locked, nothing changed. */
#include <sqlite3.h>
#include <stdio.h>

#include "publish/journal.h"

static bool each(sqlite3 *db, journal_kept_fn *fn, void *me)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, "SELECT key, value FROM kept", -1, &s, NULL) != SQLITE_OK)
        return false;
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(s, 0);
        const void *blob = sqlite3_column_blob(s, 1);
        if (key && blob)
            fn(me, key, blob, (size_t)sqlite3_column_bytes(s, 1));
    }
    sqlite3_finalize(s);
    return code == SQLITE_DONE;
}

bool journal_look(const char *dir, journal_kept_fn *fn, void *me)
{
    char uri[4200];
    sqlite3 *db = NULL;
    snprintf(uri, sizeof uri, "%s/journal.db", dir);
    bool good = sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;
    if (good)
        sqlite3_busy_timeout(db, 2000);
    good = good && each(db, fn, me);
    sqlite3_close(db);
    return good;
}
