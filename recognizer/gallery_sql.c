/* SPDX-License-Identifier: MIT
 * The gallery's file: SQLite, WAL, mode 0600. A file is looked at as bytes before SQLite may touch it, so that what is
 * not ours stays as it is. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "recognizer/gallery_internal.h"

#define OURS 0x46545247 /* application id: "FTRG" */
enum { VERSION = 1, HEADER = 100, WAIT_MS = 10000 };

struct gallery_file { sqlite3 *db; char *path; };

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS people(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, "
    "added INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS samples(id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE, code BLOB NOT NULL, bits BLOB NOT NULL, "
    "quality REAL NOT NULL, thumbnail BLOB, source TEXT NOT NULL, added INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS samples_person ON samples(person);"
    "INSERT OR IGNORE INTO meta VALUES ('format', 'facetrail gallery'), ('version', '1');"
    "PRAGMA application_id = 0x46545247; PRAGMA user_version = 1;";

/* Takes SQLite's last error of this file. */
static enum status refuse(const struct gallery_file *f)
{
    int code = sqlite3_errcode(f->db) & 0xff;
    const char *text = sqlite3_errmsg(f->db);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return fail(BAD_DATA, "%s: the gallery is damaged: %s", f->path, text);
    if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN)
        return fail(NO_RESOURCE, "%s: the gallery cannot be written here: %s", f->path, text);
    if (code == SQLITE_BUSY)
        return fail(NO_RESOURCE, "%s: another program keeps the gallery busy", f->path);
    return fail(NO_RESOURCE, "%s: gallery: %s", f->path, text);
}

static enum status script(struct gallery_file *f, const char *sql)
{
    return sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : refuse(f);
}

static int bind(sqlite3_stmt *st, const char *kinds, va_list values)
{
    int bad = SQLITE_OK;
    for (int i = 1; *kinds && !bad; i++, kinds++) {
        if (*kinds == 'i') {
            bad = sqlite3_bind_int64(st, i, va_arg(values, int64_t));
        } else if (*kinds == 'f') {
            bad = sqlite3_bind_double(st, i, va_arg(values, double));
        } else if (*kinds == 't') {
            bad = sqlite3_bind_text(st, i, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
        } else {
            const void *at = va_arg(values, const void *);
            size_t n = va_arg(values, size_t);
            bad = sqlite3_bind_blob64(st, i, at, n, SQLITE_TRANSIENT);
        }
    }
    return bad;
}

/* Prepares and binds. *out is NULL on failure. */
static enum status start(struct gallery_file *f, sqlite3_stmt **out, const char *sql, const char *kinds,
                         va_list values)
{
    *out = NULL;
    if (sqlite3_prepare_v2(f->db, sql, -1, out, NULL) == SQLITE_OK && bind(*out, kinds, values) == SQLITE_OK)
        return OK;
    enum status s = refuse(f);
    sqlite3_finalize(*out);
    *out = NULL;
    return s;
}

enum status gallery_file_do(struct gallery_file *f, const char *sql, const char *kinds, ...)
{
    sqlite3_stmt *st;
    va_list values;
    va_start(values, kinds);
    enum status s = start(f, &st, sql, kinds, values);
    va_end(values);
    int step = SQLITE_ROW;
    while (!s && step == SQLITE_ROW)
        step = sqlite3_step(st);
    if (!s && step != SQLITE_DONE)
        s = refuse(f);
    sqlite3_finalize(st);
    return s;
}

enum status gallery_file_number(struct gallery_file *f, int64_t *out, bool *found, const char *sql, const char *kinds,
                                ...)
{
    sqlite3_stmt *st;
    va_list values;
    va_start(values, kinds);
    enum status s = start(f, &st, sql, kinds, values);
    va_end(values);
    *found = false;
    if (s)
        return s;
    int step = sqlite3_step(st);
    if (step == SQLITE_ROW) {
        *out = sqlite3_column_int64(st, 0);
        *found = true;
    } else if (step != SQLITE_DONE) {
        s = refuse(f);
    }
    sqlite3_finalize(st);
    return s;
}

enum status gallery_file_version(struct gallery_file *f, int64_t *version)
{
    bool found;
    return gallery_file_number(f, version, &found, "PRAGMA data_version", "");
}

enum status gallery_file_each(struct gallery_file *f, const char *sql, gallery_take *take, void *context)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(f->db, sql, -1, &st, NULL) != SQLITE_OK)
        return refuse(f);
    enum status s = OK;
    int step = SQLITE_ROW;
    while (!s && (step = sqlite3_step(st)) == SQLITE_ROW)
        s = take(context, &(struct gallery_kept){.name = (const char *)sqlite3_column_text(st, 0),
                                                 .id = sqlite3_column_int64(st, 1),
                                                 .thumbnail = {sqlite3_column_blob(st, 2), (size_t)sqlite3_column_bytes(st, 2)},
                                                 .source = (const char *)sqlite3_column_text(st, 3)});
    if (!s && step != SQLITE_DONE)
        s = refuse(f);
    sqlite3_finalize(st);
    return s;
}

static enum status load_people(struct gallery_file *f, struct gallery_copy *out)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(f->db, "SELECT id, name, added FROM people ORDER BY name", -1, &st, NULL) != SQLITE_OK)
        return refuse(f);
    enum status s = OK;
    int step = SQLITE_ROW;
    while (!s && (step = sqlite3_step(st)) == SQLITE_ROW)
        s = gallery_take_person(out, sqlite3_column_int64(st, 0), (const char *)sqlite3_column_text(st, 1),
                                sqlite3_column_int64(st, 2));
    if (!s && step != SQLITE_DONE)
        s = refuse(f);
    sqlite3_finalize(st);
    return s;
}

static struct gallery_row sample_row(sqlite3_stmt *st)
{
    return (struct gallery_row){
        .id = sqlite3_column_int64(st, 0),
        .person = sqlite3_column_int64(st, 1),
        .code = sqlite3_column_blob(st, 2),
        .code_size = (size_t)sqlite3_column_bytes(st, 2),
        .bits = sqlite3_column_blob(st, 3),
        .bits_size = (size_t)sqlite3_column_bytes(st, 3),
        .quality = sqlite3_column_double(st, 4),
        .source = (const char *)sqlite3_column_text(st, 5),
        .added = sqlite3_column_int64(st, 6),
    };
}

static enum status load_samples(struct gallery_file *f, struct gallery_copy *out)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(f->db, "SELECT id, person, code, bits, quality, source, added FROM samples "
                                  "ORDER BY person, id", -1, &st, NULL) != SQLITE_OK)
        return refuse(f);
    enum status s = OK;
    int step = SQLITE_ROW;
    while (!s && (step = sqlite3_step(st)) == SQLITE_ROW) {
        struct gallery_row row = sample_row(st);
        s = gallery_take_sample(out, &row);
    }
    if (!s && step != SQLITE_DONE)
        s = refuse(f);
    sqlite3_finalize(st);
    return s;
}

/* Both tables as they are at one moment, unless a change of our own is going on. */
enum status gallery_file_load(struct gallery_file *f, struct gallery_copy *out)
{
    bool alone = sqlite3_get_autocommit(f->db);
    out->path = f->path;
    enum status s = alone ? script(f, "BEGIN") : OK;
    if (!s && !(s = load_people(f, out)) && !(s = gallery_sort_people(out)))
        s = load_samples(f, out);
    if (alone)
        sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
    return s;
}

void gallery_file_forget(struct gallery_file *f)
{
    sqlite3_exec(f->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
}

enum looks { LOOKS_MISSING, LOOKS_EMPTY, LOOKS_OURS };

/* Looks at the file's first bytes only: SQLite writes the application id at byte 68, big end first. */
static enum status look(enum looks *out, const char *path)
{
    unsigned char head[HEADER];
    struct stat about;
    int at = open(path, O_RDONLY | O_CLOEXEC);
    *out = LOOKS_MISSING;
    if (at < 0)
        return errno == ENOENT ? OK : fail(NO_RESOURCE, "%s: %s", path, strerror(errno));
    ssize_t n = fstat(at, &about) || !S_ISREG(about.st_mode) ? -1 : read(at, head, sizeof head);
    close(at);
    if (n < 0)
        return fail(BAD_DATA, "%s: this is not a file, a gallery is wanted", path);
    *out = n == 0 ? LOOKS_EMPTY : LOOKS_OURS;
    if (n > 0 && (n < HEADER || memcmp(head, "SQLite format 3", 16) != 0))
        return fail(BAD_DATA, "%s: this is not a gallery (not an SQLite file)", path);
    if (n > 0 && ((uint32_t)head[68] << 24 | head[69] << 16 | head[70] << 8 | head[71]) != OURS)
        return fail(BAD_DATA, "%s: this is another program's SQLite file, not a gallery", path);
    return OK;
}

/* The file must be private from its first moment: SQLite gives its journals the same mode. */
static enum status make_file(const char *path)
{
    int at = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (at < 0)
        return fail(NO_RESOURCE, "%s: the gallery cannot be made: %s", path, strerror(errno));
    close(at);
    return OK;
}

static enum status connect(struct gallery_file *f, const char *name, int flags)
{
    sqlite3_close(f->db);
    f->db = NULL;
    if (sqlite3_open_v2(name, &f->db, flags, NULL) != SQLITE_OK)
        return f->db ? refuse(f) : fail(NO_RESOURCE, "%s: no memory", f->path);
    sqlite3_busy_timeout(f->db, WAIT_MS);
    return script(f, "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;"
                     "PRAGMA synchronous = NORMAL;");
}

/* For a gallery on a read-only place, where SQLite cannot make the files that WAL needs. */
static enum status connect_frozen(struct gallery_file *f)
{
    char *name = sqlite3_mprintf("file:");
    for (const char *c = f->path; name && *c; c++) {
        char *longer = strchr("%?#", *c) ? sqlite3_mprintf("%s%%%02x", name, *c) : sqlite3_mprintf("%s%c", name, *c);
        sqlite3_free(name);
        name = longer;
    }
    char *whole = name ? sqlite3_mprintf("%s?immutable=1", name) : NULL;
    enum status s = whole ? connect(f, whole, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
                          : fail(NO_RESOURCE, "%s: no memory", f->path);
    sqlite3_free(name);
    sqlite3_free(whole);
    return s;
}

/* Reads every page once: damage is said now, before anything is written. */
static enum status check(struct gallery_file *f)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(f->db, "PRAGMA quick_check(1)", -1, &st, NULL) != SQLITE_OK)
        return refuse(f);
    enum status s = OK;
    int step = sqlite3_step(st);
    const char *text = step == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : "";
    if (step != SQLITE_ROW)
        s = refuse(f);
    else if (!text || strcmp(text, "ok") != 0)
        s = fail(BAD_DATA, "%s: the gallery is damaged: %s", f->path, text ? text : "?");
    sqlite3_finalize(st);
    return s;
}

static enum status check_version(struct gallery_file *f)
{
    int64_t tables = 0;
    int64_t version = 0;
    bool found;
    enum status s = gallery_file_number(f, &version, &found, "PRAGMA user_version", "");
    if (!s)
        s = gallery_file_number(f, &tables, &found,
                                "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN "
                                "('meta', 'people', 'samples')",
                                "");
    if (s)
        return s;
    if (version > VERSION)
        return fail(BAD_MATCH, "%s: gallery of version %lld, this program knows version %d", f->path,
                    (long long)version, VERSION);
    return tables == 3 ? OK : fail(BAD_DATA, "%s: the gallery is damaged: tables are missing", f->path);
}

struct wanted { const struct gallery_file *file; const char *codes; bool same; };

/* A row of the codes' name and how many samples have such codes. */
static enum status compare_codes(void *context, const struct gallery_kept *row)
{
    struct wanted *w = context;
    w->same = row->name && strcmp(row->name, w->codes) == 0;
    if (w->same || row->id == 0)
        return OK;
    return fail(BAD_MATCH, "%s: the gallery's codes were made by %s, this recognizer is %s: take those weights, or "
                           "make a gallery for it of the thumbnails in this one: facetrail people renew NEW.db", w->file->path, row->name, w->codes);
}

static enum status check_codes(struct gallery_file *f, const char *codes, enum gallery_open_mode mode)
{
    struct wanted w = {f, codes, false};
    enum status s = gallery_file_each(f, "SELECT value, (SELECT count(*) FROM samples), NULL, NULL FROM meta "
                                         "WHERE key = 'codes'", compare_codes, &w);
    if (s || w.same || mode == GALLERY_READ)
        return s;
    return gallery_file_do(f, "INSERT OR REPLACE INTO meta VALUES ('codes', ?)", "t", codes);
}

static enum status set_up(struct gallery_file *f)
{
    enum status s = script(f, "BEGIN IMMEDIATE");
    if (s)
        return s;
    if ((s = script(f, schema)) || (s = script(f, "COMMIT"))) {
        sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
        return s;
    }
    return script(f, "PRAGMA journal_mode = WAL");
}

static enum status open_existing(struct gallery_file *f, enum gallery_open_mode mode)
{
    enum status s = connect(f, f->path, SQLITE_OPEN_READWRITE);
    if (!s)
        s = check(f);
    if (s == NO_RESOURCE && mode == GALLERY_READ && !(s = connect_frozen(f)))
        s = check(f);
    return s ? s : check_version(f);
}

enum status gallery_file_open(struct gallery_file **out, const char *path, enum gallery_open_mode mode,
                              const char *codes)
{
    enum looks looks = LOOKS_MISSING;
    char *full = sqlite3_mprintf("%s%s", *path == '/' ? "" : "./", path); /* SQLite gives some names a meaning */
    struct gallery_file *f = memory_alloc(1, sizeof *f);
    enum status s = !full || !f ? fail(NO_RESOURCE, "%s: no memory", path) : look(&looks, path);
    *out = NULL;
    if (f)
        f->path = full ? memory_text(full) : NULL;
    sqlite3_free(full);
    if (!s && !f->path)
        s = fail(NO_RESOURCE, "%s: no memory", path);
    if (!s && looks != LOOKS_OURS && mode == GALLERY_READ) {
        gallery_file_close(&f);
        return OK;
    }
    if (!s && looks == LOOKS_OURS)
        s = open_existing(f, mode);
    else if (!s && !(s = make_file(path)) && !(s = connect(f, f->path, SQLITE_OPEN_READWRITE)))
        s = set_up(f);
    if (!s && codes)
        s = check_codes(f, codes, mode);
    if (s) {
        gallery_file_close(&f);
        return s;
    }
    *out = f;
    return OK;
}

void gallery_file_close(struct gallery_file **f)
{
    if (!*f)
        return;
    sqlite3_close((*f)->db);
    memory_free(&(*f)->path);
    memory_free(f);
}
